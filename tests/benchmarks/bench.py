"""Measures this project beside SPIN and TLC, whole processes on the same models; run by `make bench`.

Tools take turns, every run's counts and verdicts are compared with the known ones, and a tool that is not
there is said to be missing. The README of this folder says what is measured and how fair it is.
"""

from __future__ import annotations

import argparse
import datetime
import json
import math
import os
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tests.benchmarks.cases import MODES, cases
from tests.benchmarks.contenders import TOOLS, missing
from tests.benchmarks.machine import machine, memory_available, versions
from tests.benchmarks.rounds import Conditions, play
from tests.benchmarks.table import COLUMNS, introduction, markdown, place, rows, with_ratios

__all__ = ["main"]

_HERE = Path(__file__).parent

# What may be; anything else is a failure or a wrong answer.
_OUTCOMES = ("finished", "over the limit", "out of memory")

_LIMITS = {"quick": 60.0, "default": 120.0, "full": 1800.0}


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print a Markdown table and write a JSON file; 1 if a tool failed or gave a wrong answer."""
    options = _options(arguments)
    if options.stored is not None:
        document = json.loads(options.stored.read_text(encoding="utf-8"))
        print(markdown(document), end="")
        if options.readme:
            place(_HERE / "README.md", "bench", markdown(document))
        return 0
    chosen = list(cases(options.level, options.only, options.mode))
    if options.list:
        for case in chosen:
            print(case)
        return 0
    if not chosen:
        print(f"no such case at this level ({options.level}): see --list", file=sys.stderr)
        return 2
    tools = _present(options.tools or list(TOOLS), options.install)
    limit = options.limit or _LIMITS[options.level]
    conditions = Conditions(
        options.repetitions,
        limit,
        options.repeat_below,
        int(0.8 * memory_available()),
        tuple(options.pan.split()),
    )
    document = {
        "benchmark": "reconverge",
        "level": options.level,
        "date": datetime.datetime.now(datetime.UTC).date().isoformat(),
        "machine": machine(),
        "versions": versions(tools),
        "repetitions": options.repetitions,
        "pan": options.pan,
        "limit": limit,
        "records": [],
    }
    output = options.output or _HERE / "results" / f"{options.level}.json"
    _measure(chosen, tools, conditions, document, output)
    if options.readme:
        place(_HERE / "README.md", "bench", markdown(document))
    wrong = [one for one in document["records"] if one["outcome"] not in _OUTCOMES]
    for one in wrong:
        print(f"\n{one['case']} {one['mode']}: {one['tool']}: {one['outcome']}", file=sys.stderr)
    print(f"\nwritten to {output}", file=sys.stderr)
    return 1 if wrong else 0


def _measure(
    chosen: Sequence[Any],
    tools: Sequence[str],
    conditions: Conditions,
    document: dict[str, Any],
    output: Path,
) -> None:
    """Measure case by case; what was measured so far is on the screen and in the file."""
    print(introduction(document) + "\n")
    print("| " + " | ".join(name for name, _ in COLUMNS) + " |")
    print("|" + "|".join("--:" if number else "---" for _, number in COLUMNS) + "|", flush=True)
    output.parent.mkdir(parents=True, exist_ok=True)
    for case in chosen:
        with tempfile.TemporaryDirectory() as folder:
            found = play(case, tools, Path(folder), conditions, _tell)
        records = with_ratios({**one, "limit": conditions.limit} for one in found)
        for one in records:
            one["commands"] = [_portable(command, folder) for command in one.get("commands", [])]
        document["records"] += records
        for row in rows(records, conditions.repetitions):
            print("| " + " | ".join(row) + " |", flush=True)
        output.write_text(json.dumps(document, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def _portable(command: Sequence[str], folder: str) -> list[str]:
    """A command to be repeated elsewhere: without the places of this machine."""
    places = {folder: ".", sys.executable: "python"}
    if os.environ.get("TLA2TOOLS_JAR"):
        places[os.path.abspath(os.environ["TLA2TOOLS_JAR"])] = "tla2tools.jar"
    parts = list(command)
    for place_, name in places.items():
        parts = [part.replace(place_, name) for part in parts]
    return parts


def _present(wanted: Sequence[str], install: bool) -> list[str]:
    """The tools that can be used, in the order of `TOOLS`."""
    present = []
    for tool in TOOLS:
        if tool not in wanted:
            continue
        reason = missing(tool, install)
        if reason is None:
            present.append(tool)
        else:
            print(f"{tool} is missing: {reason}", file=sys.stderr)
    return present


def _tell(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bench", description=__doc__.partition("\n")[0])
    level = parser.add_mutually_exclusive_group()
    for name, text in (("quick", "small sizes, a minute or two"), ("full", "the largest sizes, hours")):
        level.add_argument(f"--{name}", dest="level", action="store_const", const=name, help=text)
    parser.set_defaults(level="default")
    parser.add_argument(
        "--only", action="append", default=[], metavar="NAME", help="only models whose name begins so"
    )
    parser.add_argument("--mode", action="append", default=[], choices=MODES)
    parser.add_argument("--tools", action="append", choices=TOOLS, help="only these tools")
    parser.add_argument("--repetitions", type=_positive, default=3, metavar="N")
    parser.add_argument("--limit", type=float, metavar="SECONDS", help="for one run of one tool")
    parser.add_argument(
        "--repeat-below",
        type=float,
        default=math.inf,
        metavar="SECONDS",
        help="do not repeat a run that took longer",
    )
    parser.add_argument(
        "--pan",
        default="",
        metavar="OPTIONS",
        help='fix the stack and hash table of SPIN, as in --pan="-m10000000 -w25",'
        " instead of fitting them to each case",
    )
    parser.add_argument("--output", type=Path, metavar="FILE", help="the JSON file")
    parser.add_argument(
        "--readme", action="store_true", help="put the table into the README beside this"
    )
    parser.add_argument(
        "--from", dest="stored", type=Path, metavar="FILE", help="print the table of a JSON file instead"
    )
    parser.add_argument("--list", action="store_true", help="name the cases, measure nothing")
    parser.add_argument(
        "--no-install", dest="install", action="store_false", help="do not install SPIN if it is missing"
    )
    return parser.parse_args(arguments)


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("at least 1")
    return number


if __name__ == "__main__":
    sys.exit(main())
