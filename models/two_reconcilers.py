"""Two reconcilers of one cloud account that delete each other's load balancers (Käldström 2021, §2.9.2).

Each makes the account match its own desired state and takes everything else in it for garbage. Both
do exactly what they should, and it never ends. Principle: bidirectional reconciliation needs
ownership; label what is yours, and leave the rest alone.
"""

from checker import ANY, Array, Bool, Int, Model, Optional, Param, action, converges, fault, intent, when


class WithoutOwnership(Model):
    """Cluster i wants load balancer i, if any."""

    clusters = Param(2, min=1)

    wanted = Array(clusters, Bool(), init=ANY)
    # The label of each load balancer; None where there is none.
    owner = Array(clusters, Optional(Int(0, clusters - 1)))

    @action
    def reconcile(self, me: Int(0, clusters - 1)):
        for name in range(self.clusters):
            if name == me and self.wanted[name] and self.owner[name] is None:
                self.owner[name] = me
            if self.owner[name] is not None and self.is_garbage(name, me):
                self.owner[name] = None

    def is_garbage(self, name, me):
        return name != me or not self.wanted[me]

    @intent
    def change_of_mind(self, cluster: Int(0, clusters - 1)):
        self.wanted[cluster] = not self.wanted[cluster]

    @fault
    def deleted_by_hand(self, name: Int(0, clusters - 1)):
        when(self.owner[name] is not None)
        self.owner[name] = None

    @converges(setpoint="wanted", output="owner", expect="violated")
    def as_wanted(self):
        return all((self.owner[name] is not None) == self.wanted[name] for name in range(self.clusters))


class WithOwnership(WithoutOwnership):
    """Only what bears my label can be my garbage."""

    violates = ()

    def is_garbage(self, name, me):
        return self.owner[name] == me and super().is_garbage(name, me)
