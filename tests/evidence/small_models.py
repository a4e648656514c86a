"""Small models whose runs are replayed: a taxi with every kind of step, and a stale controller."""

from checker import (
    ANY,
    Array,
    Bool,
    Enum,
    Int,
    Model,
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
    intent,
    leads_to,
    never,
    process,
    reachable,
    recoverable,
    recurs,
    transition,
    when,
)


class Everything(Model):
    """Fields of every type, choices, parameters, faults, intents: what a trace has to carry."""

    places = Param(3)

    at = Int(0, places - 1, init=0)
    wish = Int(0, places - 1, init=ANY)
    light = Enum("off", "on", init="off")
    seats = Array(2, Bool(), init=False)
    visited = Set(places, init={0})
    last = Optional(Int(0, places - 1), init=None)
    trip = Record(length=Int(0, 2), paid=Bool())

    @action
    def drive(self):
        when(self.at != self.wish)
        self.last = self.at
        self.at = choose(self.at, self.wish)
        self.visited.add(self.at)
        self.trip.length = min(self.trip.length + 1, 2)

    @action
    def switch(self, to: Enum("off", "on")):
        when(self.light != to)
        self.light = to

    @fault
    def pushed_back(self, by: Int(1, 2)):
        when(self.at >= by)
        self.at -= by
        self.seats[by - 1] = not self.seats[by - 1]

    @intent
    def ask(self, place: Int(0, places - 1)):
        self.wish = place


class Controller(Model):
    """Misses its own writes, as in kuberay#715."""

    desired = Int(0, 2, init=ANY)
    pods = Int(0, 4, init=0)
    view = Stale(pods)

    @process(restarts=True)
    def reconcile(self):
        missing = self.desired - self.view
        yield "observed"
        if missing > 0:
            attempt(self.create_pod)
        elif missing < 0:
            attempt(self.delete_pod)

    def create_pod(self):
        self.pods = min(self.pods + 1, 4)

    def delete_pod(self):
        self.pods = max(self.pods - 1, 0)

    @always
    def no_surplus(self):
        return self.pods <= self.desired + 1

    @converges(setpoint="desired", output="pods")
    def settled(self):
        return self.pods == self.desired


class EveryPromise(Model):
    """A counter that breaks one promise of each kind."""

    n = Int(0, 4, init=0)
    stopped = Bool(init=False)

    @action
    def count(self):
        when(not self.stopped)
        self.n = (self.n + 1) % 4

    @fault
    def stop(self):
        self.stopped = True

    @always
    def small(self):
        return self.n < 2

    @never
    def three(self):
        return self.n == 3

    @transition
    def upwards(self, after):
        return after.n >= self.n

    @converges
    def rests(self):
        return self.n == 0

    @recurs
    def starts_again(self):
        return self.n == 1

    @leads_to("three")
    def then_two(self):
        return self.n == 2

    @recoverable
    def can_count(self):
        return not self.stopped

    @reachable
    def gets_to_two(self):
        return self.n == 2


class GoesWrong(Model):
    """A step that leaves its domain."""

    n = Int(0, 2, init=0)

    @action
    def count(self):
        self.n += 1

    @always
    def small(self):
        return self.n <= 2
