"""What controllers are made of: components and faults, one to a file."""

from checker.library.attempt import attempt
from checker.library.stale import Stale

__all__ = ["Stale", "attempt"]
