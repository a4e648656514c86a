"""A kubelet that hears of pods by events, by listing them, or both (Käldström 2021, §2.9.1, Example 6).

Ten pods may be bound to the node already when the kubelet starts, and nothing will be said of them
again: who only listens never runs them. Who only lists runs every pod, but late. Principle: be
level-triggered; events only shorten the response.
"""

from checker import Int, Model, Param, action, always, converges, fault, intent, reachable, when


class EdgeTriggered(Model):
    """Starts the pods that it hears of."""

    pods = Param(10, min=1)

    assigned = Int(0, pods, init=0)  # bound to this node
    running = Int(0, pods, init=0)
    events = Int(0, pods, init=0)  # "pod added", on their way to the kubelet
    late = Int(0, 3, init=0)  # turns of the loop that an event has waited

    @action
    def sync_loop(self):
        self.listen()

    def listen(self):
        self.running += self.events
        self.events = 0
        self.late = 0

    @intent
    def assign(self):
        when(self.assigned < self.pods)
        self.assigned += 1
        self.events += 1

    @fault
    def restart(self):  # containers go on running; what was said meanwhile is lost
        self.events = 0
        self.late = 0

    @converges(setpoint="assigned", output="running", expect="violated")
    def all_run(self):
        return self.running == self.assigned

    @always
    def prompt(self):
        return self.late == 0

    @reachable
    def all_pods_are_old_news(self):
        return self.assigned == self.pods and self.running == 0 and self.events == 0


class LevelTriggered(EdgeTriggered):
    """Takes no notice of events, and lists its pods in every third turn."""

    violates = ("prompt",)

    turn = Int(0, 2, init=0)

    def sync_loop(self):
        self.list()

    def list(self):
        self.turn = (self.turn + 1) % 3
        if self.turn == 0:
            self.running = self.assigned
            self.events = 0
            self.late = 0
        elif self.events > 0:
            self.late += 1


class LevelAndEdge(LevelTriggered):
    """What the kubelet does: listens, and lists to make up for what it did not hear."""

    violates = ()

    def sync_loop(self):
        self.listen()
        self.list()
