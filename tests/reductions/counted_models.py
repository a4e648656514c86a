"""Models of like parts, for which it matters that parts come and go, and some that cannot be counted."""

from __future__ import annotations

from checker import (
    Array,
    Bool,
    Enum,
    Int,
    Model,
    Optional,
    Param,
    Set,
    action,
    always,
    converges,
    fault,
    never,
    process,
    recurs,
    transition,
    when,
)


class Workers(Model):
    """Several instances of one process, which may crash."""

    workers = Param(3, min=1)
    todo = Int(0, 2, init=2)
    done = Int(0, 2)

    @process(instances=workers, restarts=True)
    def work(self):
        when(self.todo > 0)
        seen = self.todo
        yield "taken"
        assert seen <= self.todo
        self.todo = seen - 1
        self.done = min(self.done + 1, 2)

    @never
    def all_done(self):
        return self.done == 2 and self.todo == 0

    @converges
    def nothing_left(self):
        return self.todo == 0


class Lock(Model):
    """One of several clients holds a lock; promises about two clients, and about their number."""

    clients = Param(3, min=1)
    phase = Array(clients, Enum("idle", "waits", "holds"))
    free = Bool(init=True)

    @action
    def ask(self, i: Int(0, clients - 1)):
        when(self.phase[i] == "idle")
        self.phase[i] = "waits"

    @action
    def take(self, i: Int(0, clients - 1)):
        when(self.phase[i] == "waits" and self.free)
        self.phase[i] = "holds"
        self.free = False

    @action
    def give(self, i: Int(0, clients - 1)):
        when(self.phase[i] == "holds")
        self.phase[i] = "idle"
        self.free = True

    @never
    def two_hold_it(self):
        both = range(self.clients)
        return any(
            i != j and self.phase[i] == "holds" and self.phase[j] == "holds" for i in both for j in both
        )

    @always
    def free_or_held(self):
        return self.free == (sum(phase == "holds" for phase in self.phase) == 0)

    @recurs
    def is_used(self):
        return not self.free

    @transition
    def kept(self, after):
        return self.phase[0] != "holds" or after.phase[0] != "waits"


class Sets(Model):
    """Sets of parts, which the elaboration writes out part by part."""

    size = Param(3, min=1)
    invited = Set(size)
    present = Set(size)

    @action
    def invite(self, i: Int(0, size - 1)):
        when(i not in self.invited)
        self.invited = self.invited | {i}

    @action
    def come(self, i: Int(0, size - 1)):
        when(i in self.invited)
        self.present.add(i)

    @fault
    def alarm(self):
        when(len(self.present) >= 2)
        self.present = set()

    @always
    def only_guests(self):
        return self.present <= self.invited

    @always
    def nobody_is_late(self):
        return len(self.invited - self.present) == 0

    @converges
    def all_there(self):
        return self.present == self.invited


class Votes(Model):
    """A majority decides: the number of parts is also a number."""

    voters = Param(3, min=1)
    yes = Array(voters, Bool())
    decided = Bool()

    @action
    def vote(self, i: Int(0, voters - 1)):
        when(not self.yes[i])
        self.yes[i] = True

    @action
    def decide(self):
        when(2 * sum(self.yes) > self.voters and not self.decided)
        self.decided = True

    @converges
    def is_decided(self):
        return self.decided


class RoundedVotes(Votes):
    """The majority is computed by rounding down, which is in proportion to no size."""

    @action
    def decide(self):
        when(sum(self.yes) > self.voters // 2 and not self.decided)
        self.decided = True


class Relay(Model):
    """Somebody is always at the start, but nobody has to stay: each leaves before it is promised to go on."""

    runners = Param(3, min=1)
    at = Array(runners, Enum("start", "aside", "gone"))

    @action
    def go(self, i: Int(0, runners - 1)):
        when(self.at[i] == "start")
        self.at[i] = "gone"

    @action
    def step_aside(self, i: Int(0, runners - 1)):
        when(self.at[i] == "start" and sum(at == "start" for at in self.at) >= 2)
        self.at[i] = "aside"

    @action
    def step_back(self, i: Int(0, runners - 1)):
        when(self.at[i] == "aside")
        self.at[i] = "start"

    @recurs
    def somebody_goes(self):
        return any(at == "gone" for at in self.at)


class Turns(Model):
    """Two change places: no counter tells, and the one at the front is never the same for long."""

    runners = Param(3, min=1)
    at = Array(runners, Enum("back", "front", "gone"))
    started = Bool()

    @action
    def come_forward(self, i: Int(0, runners - 1)):
        when(not self.started)
        self.at[i] = "front"
        self.started = True

    @action
    def go(self, i: Int(0, runners - 1)):
        when(self.at[i] == "front")
        self.at[i] = "gone"

    @action
    def change_places(self, i: Int(0, runners - 1), j: Int(0, runners - 1)):
        when(self.at[i] == "front" and self.at[j] == "back")
        self.at[i] = "back"
        self.at[j] = "front"

    @recurs
    def somebody_goes(self):
        return any(at == "gone" for at in self.at)


class Meetings(Model):
    """Two at different places may meet, but no two have to stay where they are until they do."""

    guests = Param(3, min=1)
    inside = Array(guests, Bool())
    met = Bool()

    @action
    def enter(self, i: Int(0, guests - 1)):
        when(not self.inside[i] and sum(not inside for inside in self.inside) >= 2)
        self.inside[i] = True

    @action
    def leave(self, i: Int(0, guests - 1)):
        when(self.inside[i] and sum(self.inside) >= 2)
        self.inside[i] = False

    @action
    def meet(self, i: Int(0, guests - 1), j: Int(0, guests - 1)):
        when(self.inside[i] and not self.inside[j])
        self.met = True

    @converges
    def have_met(self):
        return self.met


class Repairs(Model):
    """A part is repaired unless it breaks again; what it comes to depends on how long it may break."""

    machines = Param(3, min=1)
    state = Array(machines, Enum("broken", "in_repair", "fine"))

    @action
    def begin(self, i: Int(0, machines - 1)):
        when(self.state[i] == "broken")
        self.state[i] = "in_repair"

    @action
    def finish(self, i: Int(0, machines - 1)):
        when(self.state[i] == "in_repair")
        self.state[i] = "fine"

    @fault
    def breaks(self, i: Int(0, machines - 1)):
        when(self.state[i] == "in_repair")
        self.state[i] = "broken"

    @converges
    def all_fine(self):
        return all(state == "fine" for state in self.state)


class Elected(Model):
    """The number of a part is stored."""

    nodes = Param(3, min=1)
    up = Array(nodes, Bool(init=True))
    leader = Optional(Int(0, nodes - 1))

    @action
    def lead(self, i: Int(0, nodes - 1)):
        when(self.leader is None and self.up[i])
        self.leader = i


class Lowest(Model):
    """The part with the lowest number goes first."""

    nodes = Param(3, min=1)
    ready = Array(nodes, Bool(init=True))

    @action
    def go(self, i: Int(0, nodes - 1)):
        when(self.ready[i] and all(i <= j or not self.ready[j] for j in range(self.nodes)))
        self.ready[i] = False


class Special(Model):
    """One part is not like the others."""

    nodes = Param(3, min=1)
    ready = Array(nodes, Bool(init=True))

    @action
    def go(self, i: Int(0, nodes - 1)):
        when(self.ready[i] and self.ready[0])
        self.ready[i] = False


class Pairs(Model):
    """What belongs to two parts."""

    nodes = Param(3, min=1)
    knows = Array(nodes, Array(nodes, Bool()))

    @action
    def meet(self, i: Int(0, nodes - 1), j: Int(0, nodes - 1)):
        self.knows[i][j] = True


class FirstThree(Model):
    """Three parts are named one by one; with three parts in all this looks like any of them."""

    nodes = Param(3, min=3)
    ready = Array(nodes, Bool(init=True))

    @action
    def go(self, i: Int(0, nodes - 1)):
        when(self.ready[i] and (self.ready[0] or self.ready[1] or self.ready[2]))
        self.ready[i] = False
