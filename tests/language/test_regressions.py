"""What CPython and the translator once did differently; each case is the smallest that showed it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest

from checker import check
from checker.explicit.explore import explore
from checker.explicit.outcomes import outcomes
from checker.language.elaborate import Elaborated, elaborate
from checker.language.errors import ModelError
from checker.language.execution import Execution
from checker.language.loader import load
from checker.regimes.regime import NONE
from checker.system.run import State, Verdict
from checker.system.transition_system import Call, Hazard

# name: (fields, body, expected): what the fields (or a hazard) are after the steps.
STEPS: dict[str, tuple[str, str, dict[str, Any] | str]] = {
    "a filter keeps None out of a sum": (
        "o = Array(2, Optional(Int(0, 1)), init=[None, 1]); n = Int(0, 5)",
        "self.n = sum(x for x in self.o if x is not None)",
        {"n": 1},
    ),
    "a filter keeps None out of a maximum": (
        "o = Array(2, Optional(Int(0, 1)), init=[None, 1]); n = Int(0, 5)",
        "self.n = max((x for x in self.o if x is not None), default=5)",
        {"n": 1},
    ),
    "arguments of min are all evaluated before they are compared": (
        "o = Optional(Int(0, 1)); n = Int(0, 1)",
        "self.n = min(self.o, 1 // self.n)",
        "division",
    ),
    "sum sees each item before the next one is evaluated": (
        "o = Optional(Int(0, 1)); n = Int(0, 1)",
        "self.n = sum(self.o if i == 0 else 1 // self.n for i in range(2))",
        "none",
    ),
    "the default of max is evaluated before the generator runs": (
        "n = Int(0, 1); p = Array(1, Int(0, 1))",
        "self.n = max((self.p[self.n + 1] for i in range(2)), default=1 // self.n)",
        "division",
    ),
    "a tuple is indexed from its end": (
        "n = Int(0, 3)",
        "self.n = (1, 2, 3)[self.n - 1]",
        {"n": 3},
    ),
    "a tuple never equals a list": (
        "n = Int(0, 1); b = Bool(init=True)",
        "self.b = [self.n, 1] == (self.n, 1)",
        {"b": False},
    ),
    "None is a member of no set": (
        "o = Optional(Int(0, 1)); s = Set(2, init={0, 1}); b = Bool(init=True)",
        "self.b = self.o in self.s",
        {"b": False},
    ),
    "None cannot be discarded": (
        "o = Optional(Int(0, 1)); s = Set(2)",
        "self.s.discard(self.o)",
        "none",
    ),
    "a value is in a domain": (
        "n = Int(0, 3, init=2); b = Bool()",
        "self.b = self.n in Int(1, 2) and None not in Int(1, 2)",
        {"b": True},
    ),
    "a loop runs over a domain": (
        "n = Int(0, 6)",
        "for i in Int(1, 2): self.n += i",
        {"n": 3},
    ),
    "a pattern that fails binds nothing": (
        "n = Int(0, 2); k = Int(0, 5)",
        "y = 0\nmatch (self.n, 5):\n    case (1, y): pass\nself.k = y",
        {"k": 0},
    ),
    "an array is taken apart by a pattern": (
        "p = Array(2, Int(0, 1), init=[0, 1]); k = Int(0, 2)",
        "match self.p:\n    case [0, x]: self.k = x\n    case _: self.k = 2",
        {"k": 1},
    ),
    "a swap of rows goes through the rows themselves": (
        "g = Array(2, Array(2, Int(0, 2)), init=[[0, 1], [1, 2]])",
        "self.g[0], self.g[1] = self.g[1], self.g[0]",
        {"g": [[1, 2], [1, 2]]},
    ),
    "a name for an array follows it, also from a tuple": (
        "p = Array(2, Int(0, 2), init=[0, 1]); k = Int(0, 2)",
        "x, y = self.p, 0\nself.p[0] = 2\nself.k = x[0]",
        {"k": 2},
    ),
    "rows in a list are the rows themselves": (
        "g = Array(2, Array(2, Int(0, 2)), init=[[0, 1], [1, 2]]); k = Int(0, 2)",
        "a, b = [r for r in self.g], list(self.g)\nself.g[0][0] = 2\nself.k = min(a[0][0], b[0][0])",
        {"k": 2},
    ),
    "a list of pairs holds what was there": (
        "p = Array(2, Int(0, 5), init=[1, 2]); k = Int(0, 5)",
        "t = list(enumerate(self.p))\nself.p[0] = 5\nself.k = t[0][1]",
        {"k": 1},
    ),
    "one element under two indices is written once": (
        "g = Array(2, Array(1, Int(0, 2))); i = Int(0, 1); b = Bool()",
        "p = self.g[0] if self.b else self.g[1]\nq = self.g[1] if self.b else self.g[0]\n"
        "r = p if self.i else q\nr[0] = 2",
        {"g": [[2], [0]]},
    ),
    "a break in the else of a loop leaves the loop around it": (
        "n = Int(0, 9)",
        "for i in range(2):\n    for j in range(2): self.n += 1\n    else: break\n    self.n = 9",
        {"n": 2},
    ),
    "elements of an array have each their own default": (
        "o = Array(2, Optional(Int(0, 2)), init=[1, 2]); i = Int(0, 1, init=1)",
        "self.o[self.i] = None",
        {"o": [1, None]},
    ),
}

# Processes, and what else happens: the steps to take, and what the fields are then.
SCHEDULES: dict[str, tuple[str, str, tuple[str, ...], dict[str, Any]]] = {
    "a loop variable that is assigned keeps its value": (
        "x = Int(0, 9)",
        "for i in range(2):\n    i = i + 5\n    yield\n    self.x = i",
        ("act", "act"),
        {"x": 5},
    ),
    "the element of a loop is the one that was read": (
        "q = Array(2, Int(0, 2), init=[1, 2]); x = Int(0, 9)",
        "for v in self.q:\n    yield\n    self.x = v",
        ("act", "other", "act"),
        {"x": 1},
    ),
    "a process goes on inside a match": (
        "x = Int(0, 9)",
        "match self.x:\n    case 0:\n        yield\n        self.x = 1\n    case _:\n        self.x = 9",
        ("act", "act"),
        {"x": 1},
    ),
    "a break in the else of a while leaves the loop around it": (
        "x = Int(0, 9)",
        "for i in range(2):\n    while self.x < 1:\n        yield\n        self.x += 1\n    else: break\n"
        "    self.x = 9\nyield\nself.x = 5",
        ("act", "act"),
        {"x": 1},
    ),
    "a continue in the else of a loop goes on with the loop around it": (
        "x = Int(0, 9)",
        "for i in range(2):\n    for j in range(1): yield\n    else: continue\n    self.x = 9\n"
        "yield\nself.x = 5",
        ("act", "act", "act", "act"),
        {"x": 5},
    ),
    "a local that does not matter may be mentioned": (
        "x = Int(0, 9)",
        "v = self.x\nyield\nif v == v: self.x = 3\nw = v + 1\nself.x += 1",
        ("act", "act"),
        {"x": 4},
    ),
    "a process goes on in the else of a loop": (
        "x = Int(0, 9)",
        "for i in range(2):\n    self.x = i\nelse:\n    yield\n    self.x = 7",
        ("act", "act"),
        {"x": 7},
    ),
}

REFUSED = {
    "a number is not the object True": (
        "n = Int(0, 2)",
        "match self.n:\n    case True: self.n = 1\n    case _: self.n = 2",
        "is no truth value",
    ),
    "a local hides the outer name in the whole function": (
        "n = Int(0, 9)",
        "self.n = LIMIT\nLIMIT = 2",
        "`LIMIT` has no value here",
    ),
    "an iterator is used up": (
        "n = Int(0, 9); p = Array(2, Int(0, 1))",
        "e = enumerate(self.p)\nfor i, v in e: self.n = 1",
        "an iterator is kept",
    ),
}

REFUSED_PROCESSES = {
    "what an interrupted loop runs over is not evaluated twice": (
        "n = Int(0, 3)",
        "for i in range(self.bump()):\n    yield",
        "does something",
    ),
    "an annotated truth value is no number": (
        "n = Int(0, 3)",
        "v: Bool() = self.n + 1\nyield\nself.n = v + 1",
        "gets a value of another kind",
    ),
    "an annotated number is not None": (
        "n = Int(0, 3)",
        "v: Int(0, 3) = None\nyield\nself.n = 1 if v is None else 2",
        "may be None",
    ),
    "a local that is squared for ever is refused soon": (
        "n = Int(0, 3)",
        "v = 2\nwhile self.n < 3:\n    yield\n    v = v * v\n    self.n = v % 3",
        "no bounds can be found for `v`",
    ),
}


@pytest.mark.parametrize("name", STEPS)
def test_step(name: str, tmp_path: Path) -> None:
    """The system and CPython do the same, and it is this."""
    fields, body, expected = STEPS[name]
    model = written(tmp_path, fields, body, "action")
    wanted = expected if isinstance(expected, dict) else ()
    assert list(both(model, ("act",), wanted)) == [expected, expected]


@pytest.mark.parametrize("name", SCHEDULES)
def test_process(name: str, tmp_path: Path) -> None:
    """The same after several steps, between which others may have run."""
    fields, body, steps, expected = SCHEDULES[name]
    model = written(tmp_path, fields, body, "process")
    assert list(both(model, steps, expected)) == [expected, expected]


@pytest.mark.parametrize("name", [*REFUSED, *REFUSED_PROCESSES])
def test_refused(name: str, tmp_path: Path) -> None:
    """What cannot be translated faithfully is an error."""
    mark = "action" if name in REFUSED else "process"
    fields, body, message = (REFUSED | REFUSED_PROCESSES)[name]
    with pytest.raises(ModelError, match=message):
        written(tmp_path, fields, body, mark)


def test_an_absent_value_has_one_form_initially(tmp_path: Path) -> None:
    """`Optional(Int(0, 1), init=ANY)` begins in three states, not in four."""
    model = written(tmp_path, "o = Optional(Int(0, 1), init=ANY)", "pass", "action")
    assert explore(NONE.apply(model.system)).initial == 3


def test_a_choice_among_literals_is_answered_by_the_member(tmp_path: Path) -> None:
    """`choose({1, 3})` asks CPython for 1 or 3, as the decisions of the system say."""
    model = written(tmp_path, "n = Int(0, 3)", "self.n = choose({1, 3})", "action")
    execution = Execution(model)
    execution.reset({"n": 0})
    (action,) = model.system.actions
    assert action.call is not None
    assert execution.perform(action.call, (), (3,)).kind == "done"
    assert execution.observe() == {"n": 3}


def test_a_local_that_is_kept_where_nothing_leads(tmp_path: Path) -> None:
    """A `yield` that is never reached needs no bounds for what would be kept across it."""
    body = "v = choose(0, 1)\nif v > 3:\n    yield\n    self.n = v"
    model = written(tmp_path, "n = Int(0, 1)", body, "process")
    assert len(explore(NONE.apply(model.system))) == 1


def test_a_premise_that_goes_wrong_is_replayed(tmp_path: Path) -> None:
    """The trace of a `leads_to` whose premise cannot be evaluated is one that CPython confirms."""
    path = tmp_path / "premise.py"
    path.write_text(PREMISE, encoding="utf-8")
    (finding,) = check(load(str(path)), properties=("follows",)).findings
    assert finding.verdict is Verdict.VIOLATED
    assert finding.trace is not None and finding.trace.mishap is not None
    assert finding.trace.mishap.kind == "index"


PREMISE = """
from checker import *

class Small(Model):
    n = Int(0, 3)
    p = Array(2, Bool())

    @action
    def act(self):
        self.n = min(3, self.n + 1)

    @leads_to(lambda self: self.p[self.n])
    def follows(self):
        return True
"""


def test_a_truth_value_kept_as_a_number_is_seen_as_one(tmp_path: Path) -> None:
    """`min(1, True)` is True for CPython, and 1 where numbers are kept."""
    body = "v = min(1, self.n == 0)\nw: Int(0, 1) = self.n == 0\nyield\nself.n = v + w"
    model = written(tmp_path, "n = Int(0, 3)", body, "process")
    execution = Execution(model)
    execution.reset({"n": 0})
    execution.perform(Call((), "act", "process"))
    seen = execution.observe()
    assert [(name, type(seen[name])) for name in ("act.v", "act.w")] == [("act.v", int), ("act.w", int)]


def test_an_annotation_is_checked_in_every_pass_of_a_loop(tmp_path: Path) -> None:
    """Also where CPython cannot tell in which pass of a loop over an array it is."""
    body = "v: Int(0, 2) = 0\nfor k in self.q:\n    v -= k\n    yield\nself.n = v"
    model = written(tmp_path, "n = Int(0, 3); q = Array(2, Int(0, 1), init=[1, 1])", body, "process")
    assert list(both(model, ("act",), ())) == ["domain", "domain"]


def written(folder: Path, fields: str, body: str, mark: str) -> Elaborated:
    """A model with one action or process `act`, and one action `other`."""
    text = "from checker import *\n\nLIMIT = 3\n\n\nclass Small(Model):\n"
    text += "".join(f"    {one.strip()}\n" for one in fields.split(";"))
    text += "\n    def bump(self):\n        self.n = min(3, self.n + 1)\n        return 2\n"
    text += f"\n    @{mark}\n    def act(self):\n"
    text += "".join(f"        {line}\n" for line in body.splitlines())
    if " q = " in f" {fields}":
        text += "\n    @action\n    def other(self):\n        self.q[0] = 0\n"
    path = folder / "small.py"
    path.write_text(text, encoding="utf-8")
    return elaborate(load(str(path)))


def both(
    model: Elaborated, steps: tuple[str, ...], wanted: Iterable[str]
) -> Iterator[dict[str, Any] | str]:
    """What the fields of interest are after some steps, or what goes wrong: the system, then CPython."""
    graph = explore(NONE.apply(model.system), max_states=1000)
    state: State = graph.state(0)
    execution = Execution(model)
    execution.reset(model.system.decode(dict(state)))
    wrong = ""
    kind = "done"
    for step in steps:
        told = [
            (action, result)
            for action in model.system.actions
            if action.call is not None and action.call.method == step
            for _, result in outcomes(action, (), state)
        ]
        ((action, result),) = told
        assert action.call is not None
        kind = execution.perform(action.call).kind
        if isinstance(result, Hazard):
            wrong = result.kind
        else:
            state = result
    decoded, seen = model.system.decode(dict(state)), execution.observe()
    yield wrong or {name: decoded[name] for name in wanted}
    yield kind if kind != "done" else {name: seen[name] for name in wanted}
