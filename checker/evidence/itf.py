"""Traces as files: the Informal Trace Format, JSON that other checkers and viewers read too.

Values are written as the format has them: truth values, integers (`{"#bigint": "…"}` beyond
2^53), strings, lists, `{"#tup": […]}`, `{"#set": […]}`, records, `{"#map": [[key, value], …]}`,
and the absent Optional as the variant `{"tag": "None", "value": {"#tup": []}}`. What led to a
state stands in that state's `#meta`. A lasso's last state repeats the state at `loop`.

References
----------
I. Konnov. ADR-015: Informal Trace Format in JSON. Apalache, 2021.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from checker.evidence.trace import Mishap, Named, Trace, TraceError, TraceStep

__all__ = ["ItfError", "from_itf", "to_itf", "value_from_itf", "value_to_itf"]

_EXACT = 2**53 - 1
_NONE = {"tag": "None", "value": {"#tup": []}}
_FORMAT = "ITF"
_ABOUT = "https://apalache-mc.org/docs/adr/015adr-trace.html"


class ItfError(ValueError):
    """The text is not a trace in this format; the message says where and why."""


def to_itf(trace: Trace) -> dict[str, Any]:
    """A trace as a JSON object."""
    meta: dict[str, Any] = {
        "format": _FORMAT,
        "format-description": _ABOUT,
        "description": f"{trace.property or 'run'} of {trace.model}",
        "model": trace.model,
        "parameters": {name: value_to_itf(value) for name, value in trace.parameters},
        "property": trace.property,
        "kind": trace.kind,
        "regime": trace.regime,
    }
    if trace.mishap is not None:
        meta["mishap"] = {
            "kind": trace.mishap.kind,
            "message": trace.mishap.message,
            "name": trace.mishap.name,
            "location": trace.mishap.location,
        }
        if trace.fails_in_step:
            meta["mishap"]["step"] = _step_to_itf(trace.steps[-1])
    states = []
    for index, state in enumerate(trace.states):
        about: dict[str, Any] = {"index": index}
        if index > 0:
            about |= _step_to_itf(trace.steps[index - 1])
        states.append({"#meta": about, **{name: value_to_itf(v) for name, v in state.items()}})
    document: dict[str, Any] = {"#meta": meta, "vars": list(trace.states[0]), "states": states}
    if trace.loop is not None:
        document["loop"] = trace.loop
    return document


def from_itf(document: str | Mapping[str, Any]) -> Trace:
    """Read a trace that `to_itf` wrote: as JSON text, or parsed already.

    Raises
    ------
    ItfError
        If it is not JSON, or not such a trace; the message names the place.
    """
    if isinstance(document, str):
        try:
            document = json.loads(document)
        except (ValueError, RecursionError) as problem:
            raise ItfError(f"not JSON: {problem}") from None
    _need(isinstance(document, Mapping), "the document is not a JSON object")
    assert not isinstance(document, str)
    meta = _entry(document, "#meta", Mapping, "the document")
    names = _entry(document, "vars", list, "the document")
    _need(all(isinstance(name, str) for name in names), '"vars" is not a list of names')
    rows = _entry(document, "states", list, "the document")
    _need(bool(rows), '"states" is empty')
    states = [_state_from_itf(row, index, names) for index, row in enumerate(rows)]
    steps = [
        _step_from_itf(row["#meta"], f'state {index}, "#meta"')
        for index, row in enumerate(rows)
        if index > 0
    ]
    mishap = None
    if meta.get("mishap") is not None:
        where = '"#meta", "mishap"'
        told = _entry(meta, "mishap", Mapping, '"#meta"')
        kind, message, name = (_text(told, key, where) for key in ("kind", "message", "name"))
        place = told.get("location")
        _need(place is None or isinstance(place, str), f'{where}: "location" is not a string')
        mishap = Mishap(kind, message, name, place)
        if "step" in told:
            steps.append(_step_from_itf(_entry(told, "step", Mapping, where), f'{where}, "step"'))
    loop = document.get("loop")
    _need(loop is None or _is_integer(loop), '"loop" is not a number')
    given = _entry(meta, "parameters", Mapping, '"#meta"')
    parameters = tuple((str(k), value_from_itf(v, f"parameter {k}")) for k, v in given.items())
    for name, value in parameters:
        _need(isinstance(value, int), f"parameter {name} is neither a number nor a truth value")
    try:
        return Trace(
            model=_text(meta, "model", '"#meta"'),
            parameters=parameters,
            property=_text(meta, "property", '"#meta"'),
            kind=_text(meta, "kind", '"#meta"'),
            regime=_text(meta, "regime", '"#meta"'),
            states=tuple(states),
            steps=tuple(steps),
            loop=loop,
            mishap=mishap,
        )
    except TraceError as problem:
        raise ItfError(str(problem)) from None


# ---------------------------------------------------------------- values


def value_to_itf(value: Any) -> Any:
    """A value of a model in the format's notation.

    Examples
    --------
    >>> value_to_itf([True, 2**60, None, frozenset({2, 1})])  # doctest: +NORMALIZE_WHITESPACE
    [True, {'#bigint': '1152921504606846976'}, {'tag': 'None', 'value': {'#tup': []}},
     {'#set': [1, 2]}]
    """
    if value is None:
        return {"tag": "None", "value": {"#tup": []}}
    if isinstance(value, bool | str):
        return value
    if isinstance(value, int):
        return value if -_EXACT <= value <= _EXACT else {"#bigint": str(value)}
    if isinstance(value, list):
        return [value_to_itf(item) for item in value]
    if isinstance(value, tuple):
        return {"#tup": [value_to_itf(item) for item in value]}
    if isinstance(value, frozenset):
        # Sorted by notation, so that equal sets are written alike.
        return {"#set": sorted((value_to_itf(item) for item in value), key=_order)}
    if isinstance(value, Mapping):
        if _is_plain_record(value):
            return {name: value_to_itf(item) for name, item in value.items()}
        return {"#map": [[value_to_itf(key), value_to_itf(item)] for key, item in value.items()]}
    raise TypeError(f"no notation for {value!r}")


def value_from_itf(written: Any, where: str = "the value") -> Any:
    """The inverse of `value_to_itf`.

    Raises
    ------
    ItfError
        If it is no value of the format.
    """
    if isinstance(written, bool | str) or _is_integer(written):
        return written
    if isinstance(written, list):
        return [value_from_itf(item, where) for item in written]
    _need(isinstance(written, Mapping), f"{where}: {json.dumps(written)} is not a value")
    if written in (_NONE, {"tag": "None", "value": {}}):
        return None
    special = [key for key in written if key.startswith("#")]
    if not special:
        return {name: value_from_itf(item, where) for name, item in written.items()}
    _need(len(written) == 1, f"{where}: {special[0]} stands beside other keys")
    content = written[special[0]]
    if special[0] == "#bigint":
        try:
            _need(isinstance(content, str), f"{where}: #bigint is not a string")
            return int(content)
        except ValueError:
            raise ItfError(f"{where}: {content!r} is not an integer") from None
    _need(special[0] in ("#tup", "#set", "#map"), f"{where}: unknown notation {special[0]}")
    _need(isinstance(content, list), f"{where}: the content of {special[0]} is not a list")
    items = [value_from_itf(item, where) for item in content]
    if special[0] == "#tup":
        return tuple(items)
    try:
        if special[0] == "#set":
            _need(len(frozenset(items)) == len(items), f"{where}: an element occurs twice in a #set")
            return frozenset(items)
        _need(
            all(isinstance(item, list) and len(item) == 2 for item in items),
            f"{where}: #map is not a list of pairs",
        )
        _need(len({key for key, _ in items}) == len(items), f"{where}: a key occurs twice in a #map")
        return dict(items)
    except TypeError:
        raise ItfError(f"{where}: an element of {special[0]} cannot be compared") from None


def _is_plain_record(value: Mapping[Any, Any]) -> bool:
    """Whether an object with these keys reads back as this record and nothing else."""
    if not all(isinstance(key, str) and not key.startswith("#") for key in value):
        return False
    return set(value) != {"tag", "value"}


def _order(written: Any) -> tuple[str, Any]:
    is_number = _is_integer(written)
    return ("", written) if is_number else ("x", json.dumps(written, sort_keys=True))


# ---------------------------------------------------------------- states and steps


def _state_from_itf(row: Any, index: int, names: list[str]) -> dict[str, Any]:
    where = f"state {index}"
    _need(isinstance(row, Mapping), f"{where} is not a JSON object")
    about = _entry(row, "#meta", Mapping, where)
    _need(about.get("index") == index, f'{where}: its "#meta" has the index {about.get("index")}')
    held = [key for key in row if key != "#meta"]
    for name in names:
        _need(name in row, f"{where} has no value for {name}")
    for name in held:
        _need(name in names, f'{where} has a value for {name}, which is not in "vars"')
    return {name: value_from_itf(row[name], f"{where}, {name}") for name in names}


def _step_to_itf(step: TraceStep | None) -> dict[str, Any]:
    if step is None:
        return {"action": None}
    return {
        "action": step.action,
        "label": step.label,
        "agent": step.agent,
        "kind": step.kind,
        "arguments": [[name, value_to_itf(value)] for name, value in step.arguments],
        "choices": [[name, value_to_itf(value)] for name, value in step.choices],
        "faults": list(step.faults),
    }


def _step_from_itf(about: Mapping[str, Any], where: str) -> TraceStep | None:
    _need("action" in about, f'{where} has no "action" (null where nothing happens)')
    if about["action"] is None:
        return None
    faults = _entry(about, "faults", list, where)
    _need(all(isinstance(name, str) for name in faults), f'{where}: "faults" is not a list of names')
    kind = _text(about, "kind", where)
    _need(kind in ("step", "fault", "intent"), f"{where}: there is no kind of action {kind!r}")
    return TraceStep(
        action=_text(about, "action", where),
        label=_text(about, "label", where),
        agent=_text(about, "agent", where),
        kind=kind,
        arguments=_named_from_itf(about, "arguments", where),
        choices=_named_from_itf(about, "choices", where),
        faults=tuple(faults),
    )


def _named_from_itf(about: Mapping[str, Any], key: str, where: str) -> Named:
    pairs = _entry(about, key, list, where)
    for pair in pairs:
        fits = isinstance(pair, list) and len(pair) == 2 and isinstance(pair[0], str)
        _need(fits, f'{where}: "{key}" is not a list of [name, value]')
    return tuple((name, value_from_itf(value, f"{where}, {name}")) for name, value in pairs)


# ---------------------------------------------------------------- what a document must have


def _need(fits: bool, otherwise: str) -> None:
    if not fits:
        raise ItfError(otherwise)


def _entry(holder: Mapping[str, Any], key: str, kind: type, where: str) -> Any:
    _need(key in holder, f'{where} has no "{key}"')
    wanted = "a list" if kind is list else "an object"
    _need(isinstance(holder[key], kind), f'{where}: "{key}" is not {wanted}')
    return holder[key]


def _text(holder: Mapping[str, Any], key: str, where: str) -> str:
    _need(isinstance(holder.get(key), str), f'{where} has no text "{key}"')
    return str(holder[key])


def _is_integer(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)
