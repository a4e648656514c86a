"""The benchmarked models of the gallery in Promela, variable by variable and step by step.

That they are faithful is not a matter of trust: their numbers of states and of steps are those of the
models in `models/`, which every run of the benchmark compares.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from tests.benchmarks.promela import Instance, Promela

__all__ = ["promela"]


def promela(model: str, parameters: Mapping[str, int]) -> Promela:
    """The model of a reference such as "fleet::Fleet" at one size.

    Raises
    ------
    KeyError
        If there is no such text.
    """
    return _MODELS[model](**parameters)


def _counter(digits: int, base: int) -> Promela:
    return Promela(
        declarations=f"byte digit[{digits}];",
        instances=[Instance("true", f"digit[{i}] = (digit[{i}] + 1) % {base}") for i in range(digits)],
    )


def _fleet(servers: int, faults: int, promised: bool = True) -> Promela:
    everyone = range(servers)
    instances = []
    for i in everyone:
        fails = f"server[{i}] = FAILED; left = left - 1"
        instances += [
            Instance(f"view[{i}] != server[{i}]", f"view[{i}] = server[{i}]", fair=True),
            Instance(
                f"view[{i}] == ABSENT || view[{i}] == FAILED", f"server[{i}] = STARTING", fair=True
            ),
            Instance(f"server[{i}] == STARTING", f"server[{i}] = RUNNING", fair=promised),
            Instance(f"server[{i}] == STARTING && left > 0", fails),
            Instance(f"server[{i}] == RUNNING && left > 0", fails),
        ]
    failed = " + ".join(f"(server[{i}] == FAILED)" for i in everyone)
    restarted = " || ".join(f"(server[{i}] == STARTING && view[{i}] == RUNNING)" for i in everyone)
    return Promela(
        declarations=(
            "#define ABSENT 0\n#define STARTING 1\n#define RUNNING 2\n#define FAILED 3\n"
            f"byte server[{servers}]; byte view[{servers}]; byte left = {faults};"
        ),
        instances=instances,
        safe=f"{failed} + left <= {faults} && !({restarted})",
        goal=" && ".join(f"server[{i}] == RUNNING" for i in everyone),
    )


def _two_phase_commit(managers: int) -> Promela:
    everyone = range(managers)
    all_heard = " && ".join(f"heard[{i}]" for i in everyone)
    instances = [
        Instance(f"coordinator == INIT && {all_heard}", "coordinator = COMMITTED; commit_sent = true"),
        Instance("coordinator == INIT", "coordinator = ABORTED; abort_sent = true"),
    ]
    for i in everyone:
        instances += [
            Instance(f"manager[{i}] == WORKING", f"manager[{i}] = PREPARED; prepared_sent[{i}] = true"),
            Instance(f"manager[{i}] == WORKING", f"manager[{i}] = ABORTED"),
            Instance(f"coordinator == INIT && prepared_sent[{i}]", f"heard[{i}] = true"),
            Instance("commit_sent", f"manager[{i}] = COMMITTED"),
            Instance("abort_sent", f"manager[{i}] = ABORTED"),
        ]
    committed = " || ".join(f"manager[{i}] == COMMITTED" for i in everyone)
    aborted = " || ".join(f"manager[{i}] == ABORTED" for i in everyone)
    return Promela(
        declarations=(
            "#define WORKING 0\n#define PREPARED 1\n#define COMMITTED 2\n#define ABORTED 3\n"
            f"#define INIT 0\nbyte manager[{managers}]; byte coordinator;\n"
            f"bool heard[{managers}]; bool prepared_sent[{managers}]; bool commit_sent; bool abort_sent;"
        ),
        instances=instances,
        safe=f"!(({committed}) && ({aborted}))",
    )


def _taxi(street: int) -> Promela:
    """One initial state instead of one for each destination: the friend moves to all the others."""
    drive = (
        "if :: position < destination -> position = position + 1"
        " :: position > destination -> position = position - 1 :: else fi"
    )
    return Promela(
        declarations=f"{_integer(street)} position; {_integer(street)} destination;",
        instances=[
            Instance("true", drive, fair=True),
            Instance("position > 0", "position = position - 1", disturbance=True),
            *(Instance("true", f"destination = {hotel}", disturbance=True) for hotel in range(street)),
        ],
        safe=f"0 <= position && position < {street}",
        goal="position == destination",
    )


def _two_reconcilers(clusters: int, ownership: bool = True) -> Promela:
    """One initial state, as in `_taxi`: from it everybody's mind changes to all the others."""
    everyone = range(clusters)
    instances = []
    for me in everyone:
        passes = [f"if :: wanted[{me}] && owner[{me}] == NOBODY -> owner[{me}] = {me} :: else fi"]
        for name in everyone:
            garbage = [f"owner[{name}] == {me}" if ownership else f"owner[{name}] != NOBODY"]
            if name == me:
                garbage.append(f"!wanted[{me}]")
            passes.append(f"if :: {' && '.join(garbage)} -> owner[{name}] = NOBODY :: else fi")
        instances += [
            Instance("true", "; ".join(passes), fair=True),
            Instance("true", f"wanted[{me}] = !wanted[{me}]", disturbance=True),
            Instance(f"owner[{me}] != NOBODY", f"owner[{me}] = NOBODY", disturbance=True),
        ]
    return Promela(
        declarations=(
            f"#define NOBODY {clusters}\nbool wanted[{clusters}];\nbyte owner[{clusters}] = NOBODY;"
        ),
        instances=instances,
        goal=" && ".join(f"(owner[{name}] != NOBODY) == wanted[{name}]" for name in everyone),
    )


def _kubelet(pods: int) -> Promela:
    kind = _integer(pods)
    listen = "running = running + events; events = 0; late = 0"
    listed = "if :: turn == 0 -> running = assigned; events = 0; late = 0"
    waits = ":: else -> if :: events > 0 -> late = late + 1 :: else fi fi"
    return Promela(
        declarations=f"{kind} assigned; {kind} running; {kind} events; byte late; byte turn;",
        instances=[
            Instance("true", f"{listen}; turn = (turn + 1) % 3; {listed} {waits}", fair=True),
            Instance(
                f"assigned < {pods}", "assigned = assigned + 1; events = events + 1", disturbance=True
            ),
            Instance("true", "events = 0; late = 0", disturbance=True),
        ],
        safe="late == 0",
        goal="running == assigned",
    )


def _kuberay(replicas: int) -> Promela:
    """`attempt` in three steps: the effect with its reply, without it (a fault), neither (a fault)."""
    quota = replicas + 2
    kind = _integer(quota + 1)
    create = f"pods = (pods < {quota} -> pods + 1 : {quota})"
    delete = "pods = (pods > 0 -> pods - 1 : 0)"
    again = "have = 0; missing = 0; writing = false"
    forgotten = f"awaited = UNKNOWN; {again}"
    look = (
        "if :: awaited == UNKNOWN -> have = pods :: else -> have = view fi;"
        " awaited = have; missing = desired - have; writing = true"
    )
    write = (
        f"if :: missing > 0 -> {create}; awaited = have + 1"
        f" :: missing < 0 -> {delete}; awaited = have - 1 :: else fi; {again}"
    )
    creates, deletes = "writing && missing > 0", "writing && missing < 0"
    return Promela(
        declarations=(
            f"#define UNKNOWN {quota + 1}\n{kind} desired; {kind} pods; {kind} view;\n"
            f"{kind} awaited = UNKNOWN; bool writing; {kind} have; short missing;"
        ),
        instances=[
            Instance("!writing && (awaited == UNKNOWN || awaited == view)", look, fair=True),
            Instance("writing", write, fair=True),
            Instance("view != pods", "view = pods", fair=True),
            Instance(creates, f"{create}; {forgotten}", disturbance=True),
            Instance(creates, forgotten, disturbance=True),
            Instance(deletes, f"{delete}; {forgotten}", disturbance=True),
            Instance(deletes, forgotten, disturbance=True),
            Instance("writing || awaited != UNKNOWN", forgotten, disturbance=True),
        ],
        safe="pods <= desired + 1",
        goal="pods == desired",
        choices=[f"desired = {number}" for number in range(replicas + 1)],
    )


def _integer(largest: int) -> str:
    """The smallest type of Promela for 0 to `largest`."""
    return "byte" if largest <= 255 else "short"


_MODELS: Mapping[str, Callable[..., Promela]] = {
    "counter::Counter": _counter,
    "fleet::Fleet": _fleet,
    "fleet::UnpromisedStart": lambda **sizes: _fleet(**sizes, promised=False),
    "two_phase_commit::TwoPhaseCommit": _two_phase_commit,
    "taxi::Taxi": _taxi,
    "two_reconcilers::WithOwnership": _two_reconcilers,
    "two_reconcilers::WithoutOwnership": lambda **sizes: _two_reconcilers(**sizes, ownership=False),
    "kubelet::LevelAndEdge": _kubelet,
    "kuberay::WithExpectations": _kuberay,
}
