"""Fewer states with the same verdicts: each reduction checks the condition under which it is sound."""

__all__: list[str] = []
