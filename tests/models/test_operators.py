"""Operators as a newcomer writes them from the README, end to end: verdict, trace and cause."""

from __future__ import annotations

import pytest

from checker import (
    ANY,
    Array,
    Bool,
    Enum,
    Int,
    Model,
    Optional,
    Param,
    Set,
    Stale,
    action,
    always,
    attempt,
    check,
    choose,
    converges,
    fault,
    intent,
    process,
    recurs,
    when,
)
from checker.report.cause import explain
from checker.report.glyphs import UNICODE
from checker.report.terminal import findings_lines

# ---------------------------------------------------------------- a work queue


class Queue(Model):
    """Keys are coalesced; a key that fails is retried, and after some retries dropped."""

    keys = Param(2)
    retries = Param(1)

    wanted = Array(keys, Bool(), init=False)
    actual = Array(keys, Bool(), init=False)
    queued = Set(keys)
    tries = Array(keys, Int(0, retries), init=0)

    @intent
    def update(self, key: Int(0, keys - 1)):
        self.wanted[key] = not self.wanted[key]
        self.queued.add(key)

    @process
    def worker(self):
        when(self.queued)
        key = choose(self.queued)
        self.queued.remove(key)
        yield "taken"
        if attempt(self.apply, key):
            self.tries[key] = 0
        elif self.may_retry(key):
            self.queued.add(key)

    def apply(self, key):
        self.actual[key] = self.wanted[key]

    def may_retry(self, key):
        retry = self.tries[key] < self.retries
        self.tries[key] = self.tries[key] + 1 if retry else 0
        return retry

    @converges(setpoint="wanted", output="actual")
    def synced(self):
        return all(self.wanted[key] == self.actual[key] for key in range(self.keys))


class NeverDrops(Queue):
    """The fix: a key stays in the queue until it has been applied."""

    def may_retry(self, key):
        return True


# ---------------------------------------------------------------- leader election


class LeaderElection(Model):
    """A lease with a clock; a leader learns that it has lost it when it next renews."""

    ttl = Param(2)
    candidates = Param(2)

    holder = Optional(Int(0, candidates - 1), init=None)
    left = Int(0, ttl, init=0)
    leads = Array(candidates, Bool(), init=False)

    @action
    def tick(self):
        when(self.left > 0)
        self.left -= 1
        if self.left == 0:
            self.expires()

    def expires(self):
        self.holder = None

    @action
    def acquire(self, who: Int(0, candidates - 1)):
        when(self.holder is None)
        self.holder = who
        self.left = self.ttl
        self.leads[who] = True

    @action
    def renew(self, who: Int(0, candidates - 1)):
        when(self.leads[who])
        if self.holder == who:
            self.left = self.ttl
        else:
            self.leads[who] = False

    @always
    def one_leader(self):
        return sum(self.leads) <= 1

    @recurs
    def somebody_leads(self):
        return any(self.leads)


class StepsDown(LeaderElection):
    """The fix: who leads watches the clock, and stops when its lease ends."""

    def expires(self):
        self.holder = None
        for who in range(self.candidates):
            self.leads[who] = False


# ---------------------------------------------------------------- cleanup by a finalizer


class Cleanup(Model):
    """Creates the volume first and adds its finalizer afterwards: too late."""

    object = Enum("absent", "present", "deleting", init="absent")
    finalizer = Bool(init=False)
    volume = Bool(init=False)

    @intent
    def create(self):
        when(self.object == "absent")
        self.object = "present"

    @intent
    def delete(self):
        when(self.object == "present")
        self.object = "deleting" if self.finalizer else "absent"

    @process(restarts=True)
    def reconcile(self):
        seen = self.object
        protected = self.finalizer
        yield "observed"
        if seen == "present":
            attempt(self.create_volume)
            yield "created"
            if not protected:
                attempt(self.add_finalizer)
        elif seen == "deleting" and attempt(self.delete_volume):
            yield "cleaned"
            attempt(self.remove_finalizer)

    def create_volume(self):
        self.volume = True

    def delete_volume(self):
        self.volume = False

    def add_finalizer(self):
        self.finalizer = True

    def remove_finalizer(self):
        self.finalizer = False
        if self.object == "deleting":
            self.object = "absent"

    @converges
    def nothing_leaks(self):
        return self.object != "absent" or not self.volume


class FinalizerFirst(Cleanup):
    """The fix: nothing is created before its deletion is certain, and an absent object takes none."""

    @process(restarts=True)
    def reconcile(self):
        seen = self.object
        protected = self.finalizer
        yield "observed"
        if seen == "present":
            if protected:
                attempt(self.create_volume)
            else:
                attempt(self.add_finalizer)
        elif seen == "deleting" and attempt(self.delete_volume):
            yield "cleaned"
            attempt(self.remove_finalizer)

    def add_finalizer(self):
        if self.object == "present":
            self.finalizer = True


# ---------------------------------------------------------------- an autoscaler


class Autoscaler(Model):
    """Looks at a late metric; scales up from `high` per pod on and down below `low`."""

    most = Param(4)
    low = Param(1)
    high = Param(2)

    load = Int(0, 6, init=ANY)
    pods = Int(1, most, init=1)
    metric = Stale(load)

    @intent
    def traffic(self, to: Int(0, 6)):
        self.load = to

    @process
    def autoscale(self):
        per_pod = self.metric // self.pods
        yield "measured"
        if per_pod >= self.high and self.pods < self.most:
            self.pods += 1
        elif per_pod < self.low and self.pods > 1:
            self.pods -= 1

    @converges(output="pods")
    def serves(self):
        return self.load <= self.pods * self.high


# ---------------------------------------------------------------- deployment, replica set, pods


class Chain(Model):
    """Each controller looks at the one above it through a cache, and misses its own writes."""

    most = Param(1)

    wanted = Int(0, most, init=ANY)
    replicas = Int(0, most, init=0)
    pods = Int(0, most + 2, init=0)
    sees_wanted = Stale(wanted)
    sees_replicas = Stale(replicas)
    sees_pods = Stale(pods)

    @process(restarts=True)
    def deployment(self):
        spec = self.sees_wanted
        yield "read"
        if self.sees_replicas != spec:
            attempt(self.patch, spec)

    def patch(self, spec):
        self.replicas = spec

    @process(restarts=True)
    def replica_set(self):
        spec = self.sees_replicas
        yield "read"
        if self.sees_pods < spec:
            attempt(self.create)
        elif self.sees_pods > spec:
            attempt(self.delete)

    def create(self):
        self.pods = min(self.pods + 1, self.most + 2)

    def delete(self):
        self.pods = max(self.pods - 1, 0)

    @fault
    def pod_dies(self):
        when(self.pods > 0)
        self.pods -= 1

    @always
    def no_flood(self):
        return self.pods <= self.most + 1


# ---------------------------------------------------------------- verdicts


@pytest.mark.parametrize(
    ("model", "verdicts"),
    [
        (Queue(), {"synced": "violated, lasso"}),
        (NeverDrops(), {"synced": "holds"}),
        (LeaderElection(), {"one_leader": "violated in 4 steps", "somebody_leads": "holds"}),
        (StepsDown(), {"one_leader": "holds", "somebody_leads": "holds"}),
        (Cleanup(), {"nothing_leaks": "violated, lasso"}),
        (FinalizerFirst(), {"nothing_leaks": "holds"}),
        (Autoscaler(), {"serves": "holds"}),
        (Autoscaler(low=2), {"serves": "violated, lasso"}),
        (Chain(), {"no_flood": "violated in 9 steps"}),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Model) else "",
)
def test_verdicts(model: Model, verdicts: dict[str, str]) -> None:
    """The bug is found, and its fix holds."""
    found = check(model)
    said = {finding.property: finding.summary for finding in found}
    assert said == {**verdicts, "well_defined": "holds"}


@pytest.mark.parametrize(
    ("model", "name", "cause"),
    [
        (
            Queue(),
            "synced",
            "nothing more happens while actual=[false, false], wanted=[true, false]: "
            "`worker: apply refused` struck twice",
        ),
        (
            Cleanup(),
            "nothing_leaks",
            "it stays at object=absent, volume=true for ever, though `reconcile` goes on: "
            "`reconcile` acted on a stale `seen` = present while `object` was absent (step 4)",
        ),
        (Autoscaler(low=2), "serves", "`pods` goes 1 → 2 → 1 for ever"),
        (
            Chain(),
            "no_flood",
            "`replica_set` acted three times on a `sees_pods` that never saw its own writes",
        ),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Model) else "",
)
def test_causes(model: Model, name: str, cause: str) -> None:
    """The sentence names what the author can act on."""
    found = check(model)
    assert explain(found, found[name]) == cause


def test_a_decision_is_not_taken_for_a_stale_copy() -> None:
    """`replicas` is what one controller decided from its cache: for the next one it is the truth."""
    lines = [line.plain for line in findings_lines(check(Chain()), width=100, glyphs=UNICODE)]
    believed = [line for line in lines if "stale:" in line]
    assert believed and all("sees_pods" in line for line in believed)


def test_the_diagram_shows_what_a_process_remembers_and_not_what_it_forgets() -> None:
    """Locals appear when they are first set, also to false; where they end is no change."""
    lines = [line.plain for line in findings_lines(check(Cleanup()), width=80, glyphs=UNICODE)]
    drawn = lines[lines.index("  nothing_leaks · converges · finitely_many") :]
    assert drawn == [
        "  nothing_leaks · converges · finitely_many",
        "        reconcile             user",
        "     0  │                     │           object=absent  finalizer=false",
        "        │                     │           volume=false",
        "     1  │                     ◆ create ─▸ object absent → present",
        "     2  ● start → observed ─────────────▸ protected = false  seen = present",
        "     3  │                     ◆ delete ─▸ object present → absent",
        "     4  ● observed → created ───────────▸  stale: seen=present, object=absent",
        "        │                     │           volume false → true",
        "     5  ● created → start ──────────────▸ finalizer false → true",
        " ╭   6  ● start → observed ─────────────▸ protected = true  seen = absent",
        " │   7  ● observed → start    │",
        " ╰─↺ repeats from step 6 for ever",
    ]
