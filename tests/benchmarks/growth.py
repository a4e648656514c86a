"""Measures how time and memory of this project grow with the number of states; run by `make growth`.

Whole cold processes on larger and larger instances of `counter` and `fleet`, from ten thousand states to
a hundred million: counted without keeping edges, and for `fleet` also with all edges and liveness. A
series ends with the largest size, at the time limit, or where the memory does.
"""

from __future__ import annotations

import argparse
import datetime
import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tests.benchmarks.cases import case
from tests.benchmarks.contenders import reconverge
from tests.benchmarks.growth_plot import draw
from tests.benchmarks.machine import machine, versions
from tests.benchmarks.reports import Unfinished
from tests.benchmarks.table import place
from tests.benchmarks.whole_process import run

__all__ = ["main", "markdown"]

_HERE = Path(__file__).parent

_COUNTERS = ((4, 10), (5, 10), (6, 10), (7, 10), (8, 10))
_FLEETS = ((3, 6), (4, 6), (5, 3), (5, 6), (6, 3), (6, 5), (7, 3), (7, 5))

_SERIES = {
    "counter, counted": ("counter", "explore", _COUNTERS),
    "fleet, counted": ("fleet", "explore", _FLEETS),
    "fleet, liveness": ("fleet", "liveness", _FLEETS),
}
"""A model and a question at growing sizes."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, write a JSON file, draw the plot where matplotlib is installed."""
    options = _options(arguments)
    if options.stored is not None:
        document = json.loads(options.stored.read_text(encoding="utf-8"))
    else:
        document = {
            "benchmark": "reconverge growth",
            "date": datetime.datetime.now(datetime.UTC).date().isoformat(),
            "machine": machine(),
            "versions": versions(()),
            "limit": options.limit,
            "series": [],
        }
        output = options.output or _HERE / "results" / "growth.json"
        output.parent.mkdir(parents=True, exist_ok=True)
        for name in _SERIES:
            if name.startswith(tuple(options.only)) or not options.only:
                document["series"].append(_series(name, options.limit, options.largest))
                output.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
        print(f"written to {output}", file=sys.stderr)
    print(markdown(document))
    if options.readme:
        picture = "![Seconds and peak memory over the number of states](growth.svg)"
        place(_HERE / "README.md", "growth", f"{picture}\n\n{markdown(document)}")
    try:
        draw(document, options.svg)
    except ModuleNotFoundError as absent:
        print(f"no plot: {absent.name} is not installed", file=sys.stderr)
    else:
        print(f"drawn in {options.svg}", file=sys.stderr)
    return 0


def markdown(document: Mapping[str, Any]) -> str:
    """The measurements as a Markdown table, and where each series ended."""
    lines = [
        "| series | model | states | steps | seconds | steps/s | peak MB | bytes/state |",
        "|---|---|--:|--:|--:|--:|--:|--:|",
    ]
    for series in document["series"]:
        for point in series["points"]:
            cells = [
                series["name"],
                point["case"],
                f"{point['states']:,}",
                f"{point['steps']:,}",
                f"{point['seconds']:.2f}",
                f"{point['steps'] / point['seconds']:,.0f}",
                f"{point['peak_bytes'] / 1e6:,.0f}",
                f"{point['peak_bytes'] / point['states']:,.0f}",
            ]
            lines.append("| " + " | ".join(cells) + " |")
    ends = [
        f"`{one['name']}` ended at {one['ended']['case']}: {one['ended']['reason']}."
        for one in document["series"]
        if one["ended"]
    ]
    machine_ = document["machine"]
    ends.append(
        f"{machine_['processor']}, {machine_['cores']} cores, {machine_['memory_bytes'] / 2**30:.0f} GiB;"
        f" limit {document['limit']:,.0f} s; {document['date']}."
    )
    return "\n".join([*lines, "", *ends, ""])


def _series(name: str, limit: float, largest: int) -> dict[str, Any]:
    model, mode, sizes = _SERIES[name]
    points: list[dict[str, Any]] = []
    ended = None
    # Unmeasured: at this size whatever is compiled once for a machine has been compiled.
    rehearsal = reconverge(case(model, sizes[1], mode))
    run(rehearsal.command, rehearsal.folder, limit)
    for size in sizes:
        one = case(model, size, mode)
        if one.states is not None and one.states > largest:
            break
        contender = reconverge(one)
        measured = run(contender.command, contender.folder, limit)
        try:
            if measured.late:
                raise Unfinished(f"over the limit of {limit:,.0f} s")
            if measured.returncode < 0:
                raise Unfinished(f"killed by signal {-measured.returncode}")
            report = contender.report(measured.output)
        except Unfinished as problem:
            ended = {"case": one.title, "reason": str(problem).strip() or measured.errors.strip()}
            print(f"{one}: {ended['reason']}", file=sys.stderr)
            break
        counts = (report.states, report.steps)
        if None not in (one.states, one.steps) and counts != (one.states, one.steps):
            raise SystemExit(f"{one}: {counts} counted, but {(one.states, one.steps)} are right")
        points.append(
            {
                "case": one.title,
                "states": report.states,
                "steps": report.steps,
                "seconds": measured.seconds,
                "peak_bytes": measured.memory,
            }
        )
        size_of_it = f"{report.states:,} states, {report.steps:,} steps"
        print(
            f"{one}: {size_of_it}, {measured.seconds:.2f} s, {measured.memory / 1e6:,.0f} MB",
            file=sys.stderr,
            flush=True,
        )
        # Where the size is not known beforehand: the next one is larger still.
        if report.states is not None and report.states > largest:
            break
    return {"name": name, "model": model, "mode": mode, "points": points, "ended": ended}


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="growth", description=__doc__.partition("\n")[0])
    parser.add_argument("--limit", type=float, default=600.0, metavar="SECONDS", help="for one run")
    parser.add_argument(
        "--largest", type=int, default=200_000_000, metavar="STATES", help="do not go beyond"
    )
    parser.add_argument("--only", action="append", default=[], metavar="NAME", help="only these series")
    parser.add_argument("--output", type=Path, metavar="FILE", help="the JSON file")
    parser.add_argument(
        "--svg", type=Path, default=_HERE / "growth.svg", metavar="FILE", help="the plot"
    )
    parser.add_argument(
        "--readme", action="store_true", help="put the table into the README beside this"
    )
    parser.add_argument(
        "--from", dest="stored", type=Path, metavar="FILE", help="draw what a JSON file holds instead"
    )
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
