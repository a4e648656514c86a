"""Let the tests of this folder import their shared modules, and those of the explorer and of expressions."""

from __future__ import annotations

import sys
from pathlib import Path

TESTS = Path(__file__).parents[1]

# Behind whatever is there: the models of this folder are not to hide the gallery's.
sys.path += [str(TESTS / "explicit"), str(TESTS / "system"), str(TESTS / "evidence")]
