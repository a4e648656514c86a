"""The size of a system is linear in its source, and quantifiers stay one node."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from checker.language.elaborate import elaborate
from checker.language.loader import load
from checker.system.expression import Expression
from checker.system.transition_system import TransitionSystem
from checker.system.walk import topological


def nodes(system: TransitionSystem) -> list[Expression]:
    """Every expression node that the actions consist of, once."""
    return list(topological(root for action in system.actions for root in action.roots()))


def loaded(source: str, path: Path) -> TransitionSystem:
    path.write_text("from checker import *\n\n\nclass Big(Model):\n" + source)
    return elaborate(load(str(path))).system


def branches_in_a_row(count: int) -> str:
    """`if`s one after another, each reading what the one before may have written."""
    fields = "    a = Int(0, 100)\n    b = Int(0, 100)\n\n    @action\n    def act(self):\n"
    return fields + "".join(
        f"        if self.a == {i}:\n            self.b = {i}\n"
        f"        elif self.b > {i}:\n            self.a = {i}\n"
        for i in range(count)
    )


def early_returns(count: int) -> str:
    """Returns that each skip all that follows."""
    head = "    a = Int(0, 400)\n    b = Int(0, 400)\n\n    @action\n    def act(self):\n"
    return head + "".join(
        f"        if self.a == {i}:\n            self.b = {i}\n            return\n"
        for i in range(count)
    )


def branches_across_a_yield(count: int) -> str:
    """Branches before a `yield` whose results are kept."""
    head = (
        "    a = Int(0, 100)\n    b = Int(0, 100)\n\n    @process\n    def act(self):\n        x = 0\n"
    )
    middle = "".join(f"        if self.a == {i}:\n            x = {i}\n" for i in range(count))
    return head + middle + "        yield\n        self.b = x\n"


@pytest.mark.parametrize("source", [branches_in_a_row, early_returns, branches_across_a_yield])
def test_nodes_grow_linearly_with_the_number_of_ifs(source, tmp_path: Path) -> None:
    """Twice as many `if`s make twice as many nodes, not four times or 2^n times."""
    sizes = [len(nodes(loaded(source(count), tmp_path / f"big_{count}.py"))) for count in (20, 40, 80)]
    first, second = sizes[1] - sizes[0], sizes[2] - sizes[1]
    assert second == pytest.approx(2 * first, rel=0.1)
    assert sizes[2] < 80 * 20


def test_many_returns_are_translated(tmp_path: Path) -> None:
    """What follows an early return is nested in it; a few hundred of them are no problem."""
    assert len(loaded(early_returns(300), tmp_path / "deep.py").actions) == 1


QUANTIFIED = """\
    n = Param(4)
    row = Array(n, Int(0, 3))
    up = Array(n, Bool())
    result = Int(0, 50)
    flag = Bool()

    @action
    def act(self):
        {statement}
"""

QUANTIFIERS = [
    ("self.flag = any(self.row[i] > 1 for i in range(self.n))", {"any": 1}),
    ("self.flag = all(self.up[i] for i in range(1, self.n))", {"all": 1}),
    ("self.flag = all(self.up)", {"all": 1}),
    ("self.result = sum(self.row)", {"sum": 1}),
    ("self.result = sum(range(5))", {}),
    ("self.flag = any(up for up in self.up)", {"any": 1}),
    ("self.result = sum(one for one in self.row)", {"sum": 1}),
    ("self.result = sum(1 for one in self.row if one > 1)", {"sum": 1}),
    ("self.flag = any(all(a <= b for b in self.row) for a in self.row)", {"any": 1, "all": 1}),
    (
        "self.flag = any(self.row[i] > 1 for i in range(self.n) for j in range(2) if self.up[j])",
        {"any": 2},
    ),
    # A choice, or a division that may go wrong, depends on the order: written out.
    ("self.flag = any(3 // self.row[i] > 1 for i in range(self.n))", {}),
    ("self.flag = any(self.row[i] > choose(0, 1) for i in range(self.n))", {}),
]


@pytest.mark.parametrize(("statement", "expected"), QUANTIFIERS, ids=[one for one, _ in QUANTIFIERS])
def test_quantifiers_survive(statement: str, expected: dict[str, int], tmp_path: Path) -> None:
    """`any`, `all` and `sum` over a range or an array are one node each, where order does not matter."""
    system = loaded(QUANTIFIED.format(statement=statement), tmp_path / "quantified.py")
    found = Counter(node.operator for node in nodes(system) if node.operator in ("any", "all", "sum"))
    assert found == expected


def test_size_of_a_quantifier_does_not_depend_on_its_range(tmp_path: Path) -> None:
    """Over ten times as many elements the body is still written once."""
    body = "self.flag = any(i > 1 and self.result == i for i in range(self.n))"
    source = QUANTIFIED.format(statement=body)
    small = len(nodes(loaded(source, tmp_path / "small.py")))
    large = len(nodes(loaded(source.replace("Param(4)", "Param(40)"), tmp_path / "large.py")))
    assert small == large
