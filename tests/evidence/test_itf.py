"""Traces survive being written to a file, and a file that is no trace is refused with a reason."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some

from checker.evidence.itf import ItfError, from_itf, to_itf, value_from_itf, value_to_itf
from checker.evidence.trace import Mishap, Trace, TraceStep

integers = some.integers() | some.sampled_from([2**53 - 1, 2**53, -(2**53), 10**40])
scalars = some.none() | some.booleans() | integers | some.text(max_size=6)
# A model's sets hold numbers; True and 1 would be the same member.
sets = some.frozensets(integers, max_size=4)
names = some.text(max_size=5) | some.sampled_from(["tag", "value", "#set", "#bigint", "#tup"])
values: some.SearchStrategy[Any] = some.recursive(
    scalars | sets,
    lambda inner: (
        some.lists(inner, max_size=3)
        | some.lists(inner, max_size=3).map(tuple)
        | some.dictionaries(names, inner, max_size=3)
    ),
    max_leaves=12,
)

DRIVE = TraceStep("drive", "drive", "taxi", "step")
MOVE = TraceStep("move", "move", "user", "intent", (("to", "b"),), (("how", None),), ("move",))
TRACE = Trace(
    "Taxi",
    (("street", 6), ("lit", True)),
    "arrives",
    "converges",
    "finitely_many",
    ({"at": 0, "seen": None}, {"at": 1, "seen": frozenset({2})}, {"at": 1, "seen": frozenset({2})}),
    (MOVE, None),
    loop=1,
)


def same(left: Any, right: Any) -> bool:
    """Equal, and of the same types all the way down (True is not 1)."""
    if type(left) is not type(right):
        return False
    if isinstance(left, list | tuple):
        return len(left) == len(right) and all(map(same, left, right))
    if isinstance(left, dict):
        return left.keys() == right.keys() and all(same(left[key], right[key]) for key in left)
    return bool(left == right)


@given(values)
def test_values_round_trip(value: Any) -> None:
    """Whatever a field can hold reads back as itself, through real JSON text."""
    assert same(value_from_itf(json.loads(json.dumps(value_to_itf(value)))), value)


def test_numbers_beyond_double_precision_are_tagged() -> None:
    """Other readers of JSON would round them."""
    assert value_to_itf(2**53 - 1) == 2**53 - 1
    assert value_to_itf(2**53) == {"#bigint": "9007199254740992"}


def test_a_record_that_looks_like_a_tag_is_not_taken_for_one() -> None:
    """A record with parts `tag` and `value` is no absent Optional."""
    record = {"tag": "None", "value": ()}
    assert value_from_itf(value_to_itf(record)) == record
    assert value_from_itf(value_to_itf(None)) is None


@pytest.mark.parametrize(
    "trace",
    [
        TRACE,
        replace(TRACE, loop=None),
        replace(TRACE, loop=None, steps=(MOVE, DRIVE, DRIVE), mishap=Mishap("domain", "m", "at", "f:3")),
        replace(TRACE, loop=None, mishap=Mishap("division", "by zero", "arrives")),
        Trace("M", (), "", "", "", ({},), ()),
    ],
    ids=["lasso", "finite", "fails in a step", "predicate fails", "empty"],
)
def test_traces_round_trip(trace: Trace) -> None:
    """States, steps, loop, mishap and what it is evidence for: nothing is lost."""
    assert from_itf(json.dumps(to_itf(trace))) == trace


def test_the_document_is_as_the_format_wants_it() -> None:
    """`vars`, `states` with their index, and `loop` where other tools look for them."""
    document = to_itf(TRACE)
    assert document["vars"] == ["at", "seen"]
    assert [state["#meta"]["index"] for state in document["states"]] == [0, 1, 2]
    assert document["states"][1]["seen"] == {"#set": [2]}
    assert document["loop"] == 1


def broken(change: Any) -> str:
    document = json.loads(json.dumps(to_itf(TRACE)))
    change(document)
    return json.dumps(document)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("{", "not JSON"),
        ("[]", "not a JSON object"),
        ("[" * 100_000, "not JSON"),
        (broken(lambda d: d.pop("vars")), 'no "vars"'),
        (broken(lambda d: d.pop("#meta")), 'no "#meta"'),
        (broken(lambda d: d["states"].clear()), '"states" is empty'),
        (broken(lambda d: d["states"][1].pop("at")), "state 1 has no value for at"),
        (broken(lambda d: d["states"][1].update(x=1)), "state 1 has a value for x"),
        (broken(lambda d: d["states"][2]["#meta"].update(index=7)), "state 2"),
        (broken(lambda d: d["states"][1]["#meta"].pop("action")), 'no "action"'),
        (broken(lambda d: d["states"][1]["#meta"].update(kind="miracle")), "miracle"),
        (broken(lambda d: d["states"][1]["#meta"].update(choices=[["how"]])), "[name, value]"),
        (broken(lambda d: d["states"][0].update(at={"#bigint": "x"})), "'x' is not an integer"),
        (broken(lambda d: d["states"][0].update(at={"#set": [1, 1]})), "occurs twice"),
        (broken(lambda d: d["states"][0].update(at={"#set": [[1]]})), "cannot be compared"),
        (broken(lambda d: d["states"][0].update(at={"#map": [[1]]})), "list of pairs"),
        (broken(lambda d: d["states"][0].update(at={"#unserializable": "f"})), "#unserializable"),
        (broken(lambda d: d["states"][0].update(at={"#tup": [], "x": 1})), "beside other keys"),
        (broken(lambda d: d["states"][0].update(at=1.5)), "1.5 is not a value"),
        (broken(lambda d: d.update(loop="x")), '"loop" is not a number'),
        (broken(lambda d: d.update(loop=2)), "the loop starts at 2"),
        (broken(lambda d: d["#meta"].update(parameters={"street": "wide"})), "parameter street"),
    ],
)
def test_what_is_no_trace_is_refused_with_the_place(text: str, reason: str) -> None:
    """Each damage is named; none gives a traceback or a wrong trace."""
    with pytest.raises(ItfError) as caught:
        from_itf(text)
    assert reason in str(caught.value)
