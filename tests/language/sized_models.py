"""Models whose parameters stand in every kind of place."""

from __future__ import annotations

from checker import (
    ANY,
    Array,
    Bool,
    Input,
    Int,
    Model,
    Nat,
    Optional,
    Param,
    Record,
    Set,
    Stale,
    action,
    always,
    attempt,
    choose,
    converges,
    fault,
    never,
    process,
    reachable,
    transition,
    when,
)


class Everywhere(Model):
    """Ends of domains, initial values, arguments, choices, tests."""

    size = Param(3, min=1, max=5)
    step = Param(2, min=1, max=3)
    low = Param(-1, min=-2, max=0)
    eager = Param(True)

    level = Int(low, size + step, init=size)
    other = Int(low * 2, size, init=ANY)
    third = Int(0, size // step + 1)
    flag = Bool(init=eager)
    maybe = Optional(Int(0, size), init=None)
    both = Record(a=Int(0, size, init=1), b=Int(low, 0))
    seats = Array(2, Int(0, size - 1))

    @action
    def rise(self, by: Int(1, step)):
        when(self.eager or self.level < self.size)
        self.level += by

    @action
    def pick(self):
        if self.flag:
            self.other = choose(Int(self.low * 2, self.size))
        self.flag = not self.flag

    @action
    def share(self, i: Int(0, 1)):
        self.seats[i] = (self.seats[i] + self.step) % self.size
        self.both.a = min(self.both.a + 1, self.size)
        self.both.b = max(self.both.b - 1, self.low)

    @fault
    def forget(self):
        self.maybe = None if self.maybe is not None else self.third
        self.third = self.level // self.step

    @always
    def in_reach(self):
        return self.level in Int(self.low, self.size) or self.eager

    @never
    def far(self):
        return any(seat > self.size for seat in self.seats) or self.other > self.size * 2

    @transition
    def monotone(self, after):
        return after.level >= self.level


class Worker(Model):
    """A process that counts up to a parameter, with locals of three kinds."""

    rounds = Param(2, min=1, max=4)
    quota = Param(3, min=2)

    done = Int(0, rounds, init=0)
    made = Int(0, quota + 1, init=0, volatile=True)
    seen = Stale(done)

    @process(restarts=True)
    def work(self):
        left = self.rounds - self.seen
        top: Int(0, 2 * Worker.quota) = self.quota - 1
        yield "planned"
        while left > 0:
            if self.made < top:
                attempt(self.make)
            left -= 1
            yield "made"
        when(self.made > 0)
        self.done = min(self.done + 1, self.rounds)

    def make(self):
        self.made += 1

    @converges(output="done")
    def finished(self):
        return self.done == self.rounds


class Counting(Worker):
    """A local that grows with a parameter: no interval holds it."""

    @process(restarts=True)
    def work(self):
        i = 0
        while i < self.quota:
            i += 1
            yield "counted"
            self.made = i
        self.done = self.rounds


class Structural(Model):
    """What needs numbers, and beside it what does not."""

    length = Param(2, min=1)
    members = Param(2, min=1)
    passes = Param(2, min=1)
    terms = Param(2, min=1)
    workers = Param(2, min=1)
    several = Param(1, min=1)
    absent = Param(1, min=0)
    lost = Param(1, min=0)
    copies = Param(2, min=1)
    limit = Param(3, min=1)
    outer = Param(1, min=0)

    row = Array(length, Bool())
    group = Set(members)
    begun = Int(0, 9, init=(0, several))
    missing = Optional(Int(0, 9), init=(None, absent))
    kept = Int(0, 9, init=lost, volatile=True)
    level = Int(0, limit)
    view = Stale(level, at_most=outer)
    open_ended = Nat(explore_to=limit + 1)

    @action
    def loop(self):
        for _ in range(self.passes):
            self.level = min(self.level + 1, self.limit)

    @action
    def quantify(self):
        when(any(self.level == i for i in range(self.terms)))
        self.level = max(self.level - 1, 0)

    @action
    def lists(self):
        when(sum([1] * self.copies) > 1)
        self.level = 0

    @process(instances=workers, restarts=True)
    def run(self):
        yield
        self.open_ended = min(self.open_ended + 1, self.limit)

    @reachable
    def full(self):
        return self.level == self.limit


class OnlyHere(Model):
    """A branch that has a meaning only for the values of `kind` that reach it."""

    kind = Param(0, min=0, max=1)
    size = Param(2, min=1)

    row = Array(0, Bool())
    level = Int(0, size)

    @action
    def move(self):
        if self.kind == 1:
            self.row[0] = True
        self.level = self.size


class Narrow(Model):
    """Instances exist for some values of the parameters only."""

    gap = Param(1)
    size = Param(4)

    inner = Int(gap, size, init=2)
    ratio = Int(0, size // gap)

    @action
    def move(self):
        when(self.inner in Int(self.gap + 1, self.size))
        self.inner -= 1


class Gauge(Model):
    """A component with a parameter of its own."""

    reads_as = "shown"

    source = Input()
    most = Param(3, min=2, max=9)
    rounded = Param(False)

    shown = Int(0, most, init=0)

    @action
    def show(self):
        self.shown = min(self.source, self.most) // (2 if self.rounded else 1)


class Shell(Model):
    """A component whose parameters follow those outside."""

    depth = Param(2, min=1, max=8)
    coarse = Param(False)

    world = Int(0, depth, init=ANY)
    gauge = Gauge(world, most=depth + 1, rounded=coarse)

    @action
    def drain(self):
        when(self.gauge > 0)
        self.world = self.gauge - 1

    @always
    def shown(self):
        return self.gauge <= self.depth
