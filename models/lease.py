"""Leader election by a lease that expires (client-go, `tools/leaderelection`).

A leader takes itself for one until `deadline` ticks after its last renewal; the other candidate waits
for longer, until the lease has expired. Each goes by its own clock: client-go tolerates any difference
between clocks, but not any difference in how fast they go. Assumed here: from one renewal to the next
the leader's clock loses at most `drift` ticks, and a leader that can reach the API server renews in
time. Principle: give up before others may take over.
"""

from checker import Bool, Enum, Int, Model, Param, action, converges, fault, never, when


class Lease(Model):
    """The lease lasts longer than its holder believes by as much as the holder's clock may be slow."""

    deadline = Param(2, min=1)  # RenewDeadline, in ticks
    drift = Param(1, min=1)

    holder = Enum("a", "b")  # who is named in the lease
    # Ticks since the last renewal: of each one's own, on its own clock, and of the lease, on the other's.
    a_age = Int(0, deadline, init=deadline)
    b_age = Int(0, deadline, init=deadline)
    lease_age = Int(0, deadline + drift, init=deadline + drift)
    cut_off = Bool(init=False)  # the holder cannot reach the API server

    @action(agent="a")
    def a_tries(self):  # tryAcquireOrRenew
        when(self.expired() or (self.holder == "a" and self.a_leads() and not self.cut_off))
        self.holder = "a"
        self.a_age = self.lease_age = 0
        self.cut_off = False

    @action(agent="b")
    def b_tries(self):
        when(self.expired() or (self.holder == "b" and self.b_leads() and not self.cut_off))
        self.holder = "b"
        self.b_age = self.lease_age = 0
        self.cut_off = False

    def a_leads(self):
        return self.a_age < self.deadline

    def b_leads(self):
        return self.b_age < self.deadline

    def expired(self):  # LeaseDuration
        return self.lease_age >= self.deadline + self.drift

    def age(self):
        return self.a_age if self.holder == "a" else self.b_age

    @action(agent="time")
    def tick(self):
        when(self.cut_off or self.age() != self.deadline - 1)  # else the leader has renewed by now
        self.a_age = min(self.a_age + 1, self.deadline)
        self.b_age = min(self.b_age + 1, self.deadline)
        self.lease_age = min(self.lease_age + 1, self.deadline + self.drift)

    @fault(agent="time")
    def clock_stalls(self):  # the leader's
        when(self.lease_age < self.age() + self.drift)
        self.lease_age += 1

    @fault
    def holder_is_cut_off(self):
        self.cut_off = True

    @action(agent="network")
    def reconnect(self):
        self.cut_off = False

    @fault
    def holder_crashes(self):  # and comes back as a candidate
        if self.holder == "a":
            self.a_age = self.deadline
        else:
            self.b_age = self.deadline

    @never
    def two_leaders(self):
        return self.a_leads() and self.b_leads()

    @converges(output=("a_age", "b_age"))
    def led(self):  # by the one that is named in the lease
        return self.age() < self.deadline


class WithoutMargin(Lease):
    """The lease ends for everybody when it ends for its holder: client-go refuses such settings."""

    violates = ("two_leaders",)

    def expired(self):
        return self.lease_age >= self.deadline
