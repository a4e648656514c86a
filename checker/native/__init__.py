"""Machine code from a small subset of Python, through LLVM: knows nothing of systems or models."""
