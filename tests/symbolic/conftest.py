"""Let the tests of this folder import their shared modules, and those of the explorer's tests."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parents[1] / "explicit")]
