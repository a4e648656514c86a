"""An autoscaler with a dead band (Käldström 2021, §4.2; kubernetes/kubernetes#30446).

It adds a replica where each one has too much to do and takes one away where each has too little, going
by a measurement that is late. Where both thresholds are the same, the answer to "too many" is "too
few". Principle: hysteresis; one step must never be a reason to undo it ("Horizontal Pod Autoscaling"
in the Kubernetes documentation, on tolerance and flapping).
"""

from checker import ANY, Int, Model, Param, Stale, action, converges, fault, intent

BUSY = 5  # requests for each replica beyond which one more is needed
IDLE = 2  # and below which one less will do


class Autoscaler(Model):
    """Scales up above BUSY, down below IDLE, and leaves alone what is between."""

    limit = Param(3, min=2)  # most replicas; enough of them for any load

    load = Int(0, BUSY * limit, init=ANY)
    measured = Stale(load)
    replicas = Int(1, limit, init=1)

    @action
    def scale(self):
        if self.measured > BUSY * self.replicas:
            self.replicas += 1
        elif self.replicas > 1 and self.measured < self.idle() * self.replicas:
            self.replicas -= 1

    def idle(self):
        return IDLE

    @intent(agent="users")
    def load_changes(self, to: Int(0, BUSY * limit)):
        self.load = to

    @fault
    def scaled_by_hand(self, to: Int(1, limit)):
        self.replicas = to

    @converges(setpoint="load", output="replicas")
    def fits(self):
        enough = self.load <= BUSY * self.replicas
        return enough and (self.replicas == 1 or self.load >= self.idle() * self.replicas)


class Flapping(Autoscaler):
    """No band: what is not too little is too much."""

    violates = ("fits",)

    def idle(self):
        return BUSY
