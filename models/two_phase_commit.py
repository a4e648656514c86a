"""Two-phase commit (Gray and Lamport, Consensus on Transaction Commit, 2006; the TLA+ module TwoPhase).

All resource managers commit or all abort, although each may abort by itself until it has prepared.
Here as a reference of exactness: 2, 3, 4, 5 managers have 56, 288, 1,568, 8,832 reachable states
(`-p managers=5`). As in the original, nobody is promised to act: it is about safety only.
"""

from checker import Array, Bool, Enum, Int, Model, Param, action, always, reachable, when


class TwoPhaseCommit(Model):
    managers = Param(3, min=1)

    manager = Array(managers, Enum("working", "prepared", "committed", "aborted"))
    coordinator = Enum("init", "committed", "aborted")
    heard = Array(managers, Bool())  # whose "prepared" the coordinator has received

    # Messages that were sent: never lost, and received any number of times.
    prepared_sent = Array(managers, Bool())
    commit_sent = Bool()
    abort_sent = Bool()

    @action(fair=None)
    def prepare(self, i: Int(0, managers - 1)):
        when(self.manager[i] == "working")
        self.manager[i] = "prepared"
        self.prepared_sent[i] = True

    @action(fair=None)
    def choose_to_abort(self, i: Int(0, managers - 1)):
        when(self.manager[i] == "working")
        self.manager[i] = "aborted"

    @action(fair=None, agent="coordinator")
    def hear(self, i: Int(0, managers - 1)):
        when(self.coordinator == "init" and self.prepared_sent[i])
        self.heard[i] = True

    @action(fair=None, agent="coordinator")
    def commit(self):
        when(self.coordinator == "init" and all(self.heard))
        self.coordinator = "committed"
        self.commit_sent = True

    @action(fair=None, agent="coordinator")
    def abort(self):
        when(self.coordinator == "init")
        self.coordinator = "aborted"
        self.abort_sent = True

    @action(fair=None)
    def obey_commit(self, i: Int(0, managers - 1)):
        when(self.commit_sent)
        self.manager[i] = "committed"

    @action(fair=None)
    def obey_abort(self, i: Int(0, managers - 1)):
        when(self.abort_sent)
        self.manager[i] = "aborted"

    @always
    def consistent(self):
        committed = any(state == "committed" for state in self.manager)
        aborted = any(state == "aborted" for state in self.manager)
        return not (committed and aborted)

    @reachable
    def all_commit(self):
        return all(state == "committed" for state in self.manager)

    @reachable
    def all_abort(self):
        return all(state == "aborted" for state in self.manager)
