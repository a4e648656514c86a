"""A replica controller that waits until its cache shows what it has done (client-go's expectations).

Pods are counted in an informer's cache. After a write the controller expects to see it there, and
does nothing until the watch has delivered it. One that does not wait goes by an old count: `kuberay`
has that bug as it was reported, kubernetes/kubernetes#129795 what is left of it where expectations
merely time out. Principle: to read a cache is not to observe; wait for your own writes.
"""

from checker import (
    ANY,
    Bool,
    Int,
    Model,
    Param,
    action,
    converges,
    fault,
    intent,
    strikes,
    transition,
    when,
)


class Replicas(Model):
    """One pod at a time, and none before the last one has been seen."""

    replicas = Param(3, min=1)  # most that anybody asks for

    desired = Int(0, replicas, init=ANY)
    pods = Int(0, replicas + 1, init=0)
    view = Int(0, replicas + 1, init=0)  # how many of them the cache shows
    expecting = Bool(init=False)  # a write of ours that the watch has not delivered

    @action(agent="informer")
    def watch(self):
        self.view = self.pods
        self.expecting = False

    @action
    def reconcile(self):
        when(not self.expecting and self.view != self.desired)
        if strikes("refused"):
            return  # nothing was done, so nothing is to be expected
        if self.view < self.desired:
            self.pods = min(self.pods + 1, self.replicas + 1)  # the namespace's quota
        else:
            self.pods = max(self.pods - 1, 0)
        self.expecting = True

    @fault
    def pod_dies(self):
        when(self.pods > 0)
        self.pods -= 1

    @intent
    def scale(self, to: Int(0, replicas)):
        self.desired = to

    @transition
    def never_one_too_many(self, after):
        return after.pods <= max(self.pods, self.desired)

    @converges(setpoint="desired", output="pods")
    def settled(self):
        return self.pods == self.desired


class StaleReplicas(Replicas):
    """Believes its cache, and has forgotten what it did."""

    violates = ("never_one_too_many", "settled")

    def reconcile(self):
        super().reconcile()
        self.expecting = False
