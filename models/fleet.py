"""A fleet of servers, started again from a stale view of each (Käldström 2021, §2.2).

The controller starts whatever it believes to be absent or failed; a start may fail and a running
server may crash, `faults` times in all. Also a reference of exactness: (servers, faults) = (4, 6)
has 103,674 states and 819,048 steps. Principle: what fails finitely often is repaired by retrying,
if each retry may be counted upon to be finished.
"""

from checker import Array, Enum, Int, Model, Param, action, always, converges, fault, when


class Fleet(Model):
    servers = Param(3, min=1)
    faults = Param(2, min=0)

    state = Array(servers, Enum("absent", "starting", "running", "failed"))
    # What the controller believes of each server.
    view = Array(servers, Enum("absent", "starting", "running", "failed"))
    left = Int(0, faults, init=faults)  # faults still to come

    @action
    def observe(self, i: Int(0, servers - 1)):
        when(self.view[i] != self.state[i])
        self.view[i] = self.state[i]

    @action
    def start(self, i: Int(0, servers - 1)):
        when(self.view[i] == "absent" or self.view[i] == "failed")
        self.state[i] = "starting"

    @action(agent="servers")
    def start_ok(self, i: Int(0, servers - 1)):
        when(self.state[i] == "starting")
        self.state[i] = "running"

    @fault(agent="servers")
    def start_fail(self, i: Int(0, servers - 1)):
        when(self.state[i] == "starting" and self.left > 0)
        self.state[i] = "failed"
        self.left -= 1

    @fault(agent="servers")
    def crash(self, i: Int(0, servers - 1)):
        when(self.state[i] == "running" and self.left > 0)
        self.state[i] = "failed"
        self.left -= 1

    @always
    def failures_are_paid_for(self):
        return sum(state == "failed" for state in self.state) + self.left <= self.faults

    @always
    def never_restarted_while_seen_running(self):
        servers = range(self.servers)
        return not any(self.state[i] == "starting" and self.view[i] == "running" for i in servers)

    @converges(output="state")
    def all_running(self):
        return all(state == "running" for state in self.state)


class UnpromisedStart(Fleet):
    """A start that is only possible, and that nobody promises to finish, guarantees nothing."""

    violates = ("all_running",)

    @action(agent="servers", fair=None)
    def start_ok(self, i: Int(0, Fleet.servers - 1)):
        super().start_ok(i)
