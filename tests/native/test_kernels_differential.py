"""Random kernels do as machine code what they do in CPython."""

from __future__ import annotations

import importlib.util
import os
import random
import sys
import tempfile
from pathlib import Path

import numpy as np
from both_ways import both_ways, code_kept_in
from hypothesis import HealthCheck, Phase, event, given, settings
from hypothesis import strategies as st
from random_kernels import LENGTH, ROWS, random_kernel

from checker.native.kernel import Kernel
from checker.native.translate_expressions import KernelError

EXAMPLES = int(os.environ.get("RECONVERGE_EXAMPLES", "15"))


@settings(
    max_examples=EXAMPLES,
    deadline=None,
    # A smaller seed is no smaller program.
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
@given(st.integers(0, 2**48))
def test_random_kernels(seed: int) -> None:
    """Integers, words, truth values and floats, arrays of every type, loops, calls: no difference."""
    event("compared" if compare_seed(seed) else "refused")


def compare_seed(seed: int) -> bool:
    """Compare the random kernel of a seed on a few random arguments; False if it cannot be compiled."""
    draw = random.Random(f"arguments {seed}")
    with tempfile.TemporaryDirectory() as folder:
        program = loaded(random_kernel(seed), Path(folder))
        # From a file, or as LLVM has it in memory: it is laid out differently.
        with code_kept_in(draw.choice([Path(folder), None])):
            try:
                for _ in range(3):
                    both_ways(program, *arguments(draw))
            except KernelError as refusal:
                # Numbers in the source add up to more than 64 bits: the only reason to refuse.
                assert "is no 64-bit" in str(refusal)
                return False
    return True


def loaded(source: str, folder: Path) -> Kernel:
    """The kernel `program` of a module with this source."""
    path = folder / "random_program.py"
    path.write_text(source, encoding="utf-8")
    spec = importlib.util.spec_from_file_location(f"random_program_{abs(hash(source))}", path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    try:
        spec.loader.exec_module(module)
        program: Kernel = module.program
        for one in vars(module).values():
            if isinstance(one, Kernel):
                assert one.tree  # read while the file is there
    finally:
        del sys.modules[spec.name]
    return program


def arguments(draw: random.Random) -> list[object]:
    """Random arguments of a random kernel."""
    rows = [row(draw, code) for code in ROWS.values()]
    x = draw.choice([0.0, -0.0, 1.5, -3.25, float("inf"), float("nan"), draw.gauss(0, 1e6)])
    n = draw.choice([0, 1, 3, -2])
    return [
        number(draw, True),
        number(draw, True),
        number(draw, False),
        draw.random() < 0.5,
        x,
        n,
        *rows,
    ]


def number(draw: random.Random, signed: bool) -> int:
    """Small, at the edges, or anything of 64 bits."""
    if signed:
        edges = [0, 1, -1, 7, -8, 2**31, -(2**31), 2**63 - 1, -(2**63)]
        return draw.choice([*edges, draw.randint(-(2**63), 2**63 - 1), draw.randint(-9, 9)])
    return draw.choice([0, 1, 2**32, 2**63, 2**64 - 1, draw.randint(0, 2**64 - 1), draw.randint(0, 9)])


def row(draw: random.Random, code: str) -> np.ndarray:
    """An array of random elements."""
    if code == "b1":
        return np.array([draw.random() < 0.5 for _ in range(LENGTH)], dtype=code)
    if code == "f8":
        return np.array([draw.choice([0.0, -1.5, 1e300, draw.gauss(0, 9)]) for _ in range(LENGTH)])
    limits = np.iinfo(code)
    low, high = int(limits.min), int(limits.max)
    values = [draw.choice([low, high, 0, 1, draw.randint(low, high)]) for _ in range(LENGTH)]
    return np.array(values, dtype=code)
