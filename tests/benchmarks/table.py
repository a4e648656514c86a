"""The records of a run as a Markdown table, with the ratios to ours, and in their place in the README."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from tests.benchmarks.whole_process import FLOOR

__all__ = ["COLUMNS", "markdown", "place", "rows", "with_ratios"]

COLUMNS = (
    ("model", False),
    ("question", False),
    ("tool", False),
    ("verdict", False),
    ("states", True),
    ("steps", True),
    ("seconds", True),
    ("without compiling", True),
    ("steps/s", True),
    ("peak MB", True),
    ("time ÷ ours", True),
    ("without compiling ÷ ours", True),
    ("memory ÷ ours", True),
)
"""Headings, and whether they stand over numbers."""

_NOTES = (
    "`seconds` is a whole process by the wall clock: for SPIN `spin -a`, gcc and `pan` together, and",
    "`without compiling` is `pan` alone, held against our whole process all the same. `steps/s` are steps of",
    "the model in those seconds. Counts in brackets are of a product with the claim, not of the model. Peak",
    f"memory is of the largest process, for SPIN of `pan`; below {FLOOR // 1_000_000} MB it cannot be told.",
)


def with_ratios(records: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The records of one case, each with its time and memory over ours where both are known."""
    known = [dict(record) for record in records]
    ours = next((one for one in known if one["tool"] == "Reconverge" and "seconds" in one), None)
    for one in known:
        if ours is not None and "seconds" in one:
            one["time_ratio"] = one["seconds"] / ours["seconds"]
            one["time_ratio_without_compiling"] = one["seconds_without_compiling"] / ours["seconds"]
            one["memory_ratio"] = one["peak_bytes"] / ours["peak_bytes"]
        elif ours is not None and one["outcome"] == "over the limit":
            one["time_ratio_above"] = one["limit"] / ours["seconds"]
    return known


def markdown(document: Mapping[str, Any]) -> str:
    """The whole table, under a line that says on what machine and how often it was measured."""
    head = "| " + " | ".join(name for name, _ in COLUMNS) + " |"
    rule = "|" + "|".join("--:" if number else "---" for _, number in COLUMNS) + "|"
    body = ["| " + " | ".join(row) + " |" for row in rows(document["records"], document["repetitions"])]
    return "\n".join([introduction(document), "", head, rule, *body, "", *_NOTES, ""])


def introduction(document: Mapping[str, Any]) -> str:
    """One paragraph: the machine, the versions, the medians."""
    machine = document["machine"]
    versions = ", ".join(f"{name} {version}" for name, version in document["versions"].items())
    if document["pan"]:
        versions += f" (pan {document['pan']})"
    return (
        f"{machine['processor']}, {machine['cores']} cores, {machine['memory_bytes'] / 2**30:.0f} GiB;"
        f" {versions}; medians of {document['repetitions']}, limit {document['limit']:,.0f} s;"
        f" {document['date']}."
    )


def rows(records: Sequence[Mapping[str, Any]], repetitions: int) -> list[list[str]]:
    """The cells of each record, as in `COLUMNS`."""
    return [_row(record, repetitions) for record in records]


def _row(record: Mapping[str, Any], repetitions: int) -> list[str]:
    question = {"explore": "count", "safety": "safety"}.get(record["mode"], "liveness")
    cells = [record["case"], question, record["tool"]]
    if "seconds" not in record:
        late = record["outcome"] == "over the limit"
        seconds = f"> {record['limit']:,.0f}" if late else record["outcome"].partition("\n")[0]
        ratio = f"> {_ratio(record['time_ratio_above'])}" if "time_ratio_above" in record else "–"
        return [*cells, "–", "–", "–", seconds, "–", "–", "–", ratio, "–", "–"]
    seconds = f"{record['seconds']:.2f}"
    if len(record["runs"]) < repetitions:
        seconds += f" ({len(record['runs'])} run)"
    compiled = record["runs"][0]["compiling"] > 0
    # A search that ends at the first violation has not made the steps of the model.
    whole = record["model_steps"] and record["states"] is not None
    rate = f"{record['model_steps'] / record['seconds']:,.0f}" if whole else "–"
    peak = record["peak_bytes"]
    return [
        *cells,
        record["verdict"] or "–",
        _count(record["states"], record["product"]),
        _count(record["steps"], record["product"]),
        seconds,
        f"{record['seconds_without_compiling']:.2f}" if compiled else "–",
        rate,
        f"{peak / 1e6:,.0f}" if peak > FLOOR else f"≤ {FLOOR // 1_000_000}",
        _ratio(record.get("time_ratio")),
        _ratio(record.get("time_ratio_without_compiling")) if compiled else "–",
        _ratio(record.get("memory_ratio")) if peak > FLOOR else "–",
    ]


def _count(number: int | None, product: bool) -> str:
    if number is None:
        return "–"
    return f"({number:,})" if product else f"{number:,}"


def _ratio(ratio: float | None) -> str:
    if ratio is None:
        return "–"
    return f"{ratio:,.0f}" if ratio >= 20 else f"{ratio:.2g}" if ratio < 1 else f"{ratio:.1f}"


def place(file: Path, region: str, text: str) -> None:
    """Put a text between `<!-- region -->` and `<!-- end of region -->` of a file, for what was there.

    Raises
    ------
    ValueError
        If the file has no such region.
    """
    begin, end = f"<!-- {region} -->", f"<!-- end of {region} -->"
    before = file.read_text(encoding="utf-8")
    pattern = re.compile(f"({re.escape(begin)}\n).*?({re.escape(end)})", re.S)
    if not pattern.search(before):
        raise ValueError(f"{file} has no region {region}")
    file.write_text(
        pattern.sub(lambda found: f"{found[1]}\n{text.strip()}\n\n{found[2]}", before), encoding="utf-8"
    )
