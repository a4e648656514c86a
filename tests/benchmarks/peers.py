"""The reference models in the languages of SPIN and TLC, and how their counts are read.

Both count steps as `reconverge explore` does: every enabled action instance, also one that
changes nothing, without the initial state.
"""

from __future__ import annotations

import re

__all__ = ["promela", "spin_counts", "tla", "tlc_counts"]


def promela(model: str, parameters: dict[str, int]) -> str | None:
    """A model as one process with one indivisible option per action; None where there is no such text."""
    if model == "fleet":
        return _fleet_promela(parameters["servers"], parameters["faults"])
    if model == "counter":
        return _counter_promela(parameters["digits"], parameters["base"])
    return None


def tla(model: str, parameters: dict[str, int]) -> tuple[str, str] | None:
    """A module named `Peer` and its configuration; None where there is no such text."""
    if model == "fleet":
        constants = {"Servers": parameters["servers"], "Faults": parameters["faults"]}
        return _FLEET_TLA, _configuration(constants)
    if model == "counter":
        constants = {"Digits": parameters["digits"], "Base": parameters["base"]}
        return _COUNTER_TLA, _configuration(constants)
    return None


def spin_counts(output: str) -> tuple[int, int]:
    """(states, steps) in the report of a `pan` run to its end.

    Raises
    ------
    ValueError
        If the search was cut short or found an error: then the counts are of something else.
    """
    stored = re.search(r"(\d+) states, stored", output)
    transitions = re.search(r"(\d+) transitions", output)
    if (
        not (stored and transitions)
        or "errors: 0" not in output
        or "max search depth too small" in output
    ):
        raise ValueError(f"spin did not finish its search:\n{output}")
    return int(stored[1]), int(transitions[1]) - 1


def tlc_counts(output: str) -> tuple[int, int]:
    """(states, steps) in the report of a TLC run to its end; raises ValueError as `spin_counts` does."""
    found = re.search(
        r"^(\d+) states generated, (\d+) distinct states found, 0 states left", output, re.M
    )
    if not found or "No error has been found" not in output:
        raise ValueError(f"TLC did not finish its search:\n{output}")
    return int(found[2]), int(found[1]) - 1


def _counter_promela(digits: int, base: int) -> str:
    options = "\n".join(
        f"  :: d_step {{ digit[{i}] = (digit[{i}] + 1) % {base}; assert(digit[{i}] < {base}) }}"
        for i in range(digits)
    )
    return f"byte digit[{digits}];\nactive proctype counter() {{\nend: do\n{options}\n  od\n}}\n"


def _fleet_promela(servers: int, faults: int) -> str:
    """0 absent, 1 starting, 2 running, 3 failed; `seen` is the controller's stale view."""
    everyone = range(servers)
    failed = " + ".join(f"(server[{i}] == 3)" for i in everyone)
    ahead = " || ".join(f"(server[{i}] == 1 && seen[{i}] == 2)" for i in everyone)
    safe = f"(budget <= {faults} && {failed} + budget <= {faults} && !({ahead}))"
    steps = []
    for i in everyone:
        steps += [
            f"seen[{i}] != server[{i}] -> seen[{i}] = server[{i}]",
            f"(seen[{i}] == 0 || seen[{i}] == 3) -> server[{i}] = 1",
            f"server[{i}] == 1 -> server[{i}] = 2",
            f"(server[{i}] == 1 && budget > 0) -> server[{i}] = 3; budget = budget - 1",
            f"(server[{i}] == 2 && budget > 0) -> server[{i}] = 3; budget = budget - 1",
        ]
    options = "\n".join(f"  :: d_step {{ {step}; assert(SAFE) }}" for step in steps)
    return (
        f"#define SAFE {safe}\n"
        f"byte server[{servers}]; byte seen[{servers}]; byte budget = {faults};\n"
        f"active proctype fleet() {{\nend: do\n{options}\n  od\n}}\n"
    )


def _configuration(constants: dict[str, int]) -> str:
    lines = [f"  {name} = {value}" for name, value in constants.items()]
    return "\n".join(["CONSTANTS", *lines, "SPECIFICATION Spec", "INVARIANT Safe", ""])


_COUNTER_TLA = """---- MODULE Peer ----
EXTENDS Naturals
CONSTANTS Digits, Base
VARIABLE digit
Init == digit = [i \\in 1..Digits |-> 0]
Next == \\E i \\in 1..Digits : digit' = [digit EXCEPT ![i] = (@ + 1) % Base]
Spec == Init /\\ [][Next]_digit
Safe == \\A i \\in 1..Digits : digit[i] < Base
====
"""

_FLEET_TLA = """---- MODULE Peer ----
EXTENDS Naturals, FiniteSets
CONSTANTS Servers, Faults
VARIABLES server, seen, budget
Everyone == 1..Servers
Init == /\\ server = [i \\in Everyone |-> "absent"]
        /\\ seen = server
        /\\ budget = Faults
Observe(i) == /\\ seen[i] # server[i]
              /\\ seen' = [seen EXCEPT ![i] = server[i]]
              /\\ UNCHANGED <<server, budget>>
Becomes(i, state) == server' = [server EXCEPT ![i] = state] /\\ UNCHANGED seen
Start(i) == seen[i] \\in {"absent", "failed"} /\\ Becomes(i, "starting") /\\ UNCHANGED budget
StartOk(i) == server[i] = "starting" /\\ Becomes(i, "running") /\\ UNCHANGED budget
Fails(i, from) == server[i] = from /\\ budget > 0 /\\ Becomes(i, "failed") /\\ budget' = budget - 1
Next == \\E i \\in Everyone : \\/ Observe(i) \\/ Start(i) \\/ StartOk(i)
                             \\/ Fails(i, "starting") \\/ Fails(i, "running")
Spec == Init /\\ [][Next]_<<server, seen, budget>>
Safe == /\\ Cardinality({i \\in Everyone : server[i] = "failed"}) + budget <= Faults
        /\\ \\A i \\in Everyone : ~(server[i] = "starting" /\\ seen[i] = "running")
====
"""
