"""A rolling update within `maxSurge` and `maxUnavailable` (Kubernetes documentation, "Deployments").

New pods are started while fewer than size + surge exist in all, old ones deleted while more than
size - unavailable are ready, as in `pkg/controller/deployment/rolling.go`. No controller can keep pods
from dying: what it promises is never to *take away* one that is needed, and to get through whatever
else happens. Principle: count what works, not what was asked for.
"""

from checker import Int, Model, Param, action, always, converges, fault, transition, when


class RollingUpdate(Model):
    """One pod at a time, the broken ones first."""

    size = Param(3, min=1)
    surge = Param(1, min=0)
    unavailable = Param(1, min=0)

    old = Int(0, size, init=size)  # pods of the old version that are ready
    broken = Int(0, size, init=0)  # and that are not, and perhaps never will be
    starting = Int(0, size, init=0)  # pods of the new version that are not ready yet
    ready = Int(0, size, init=0)  # and that are

    @action(agent="deployment")
    def scale_up(self):
        when(self.starting + self.ready < self.size and self.total() < self.size + self.surge)
        self.starting += 1

    @action(agent="deployment")
    def clean_up(self):  # the new pods that are not ready yet might all fail: they do not count
        when(self.broken > 0 and self.total() - self.starting > self.least())
        self.broken -= 1

    @action(agent="deployment")
    def scale_down(self):
        when(self.old > 0 and self.available() > self.least())
        self.old -= 1

    @action(agent="kubelet")
    def becomes_ready(self):
        when(self.starting > 0)
        self.starting -= 1
        self.ready += 1

    @fault(agent="nodes")
    def old_pod_dies(self):  # its replica set replaces it by another one
        when(self.old > 0)
        self.old -= 1
        self.broken += 1

    @fault(agent="nodes")
    def new_pod_dies(self):  # likewise
        when(self.ready > 0)
        self.ready -= 1
        self.starting += 1

    def total(self):
        return self.old + self.broken + self.starting + self.ready

    def available(self):
        return self.old + self.ready

    def least(self):  # both being 0 nothing could ever move: Kubernetes takes that for unavailable=1
        return self.size - (1 if self.surge + self.unavailable == 0 else self.unavailable)

    @always
    def no_more_than_the_surge(self):
        return self.total() <= self.size + self.surge

    @always(regime="none")
    def enough_are_available(self):
        return self.available() >= self.least()

    @transition
    def takes_only_what_is_spare(self, after):
        deleted = after.total() < self.total()  # a pod that dies is replaced
        return not deleted or after.available() >= min(self.available(), self.least())

    @converges(output=("old", "ready"))
    def rolled_out(self):
        return self.ready == self.size and self.old + self.broken == 0


class SpecInsteadOfStatus(RollingUpdate):
    """Takes an old pod that has died for one that serves (before kubernetes/kubernetes#21273)."""

    violates = ("takes_only_what_is_spare",)

    def scale_down(self):
        when(self.old > 0 and self.old + self.broken + self.ready > self.least())
        self.old -= 1


class BlockedByBroken(RollingUpdate):
    """Deletes only what is ready, and waits for the rest for ever (kubernetes/kubernetes#16737)."""

    violates = ("rolled_out",)

    clean_up = None
