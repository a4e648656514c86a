"""A controller that misses its own writes, and the expectations that cure it (ray-project/kuberay#715).

The pods are counted in an informer's cache, which shows a new pod some time after it was created. A
reconcile that comes sooner counts too few and creates it again; later it deletes the surplus, again
from an old count. Principle: to read a cache is not to observe. Same bug: elastic/cloud-on-k8s#290.
"""

from checker import (
    ANY,
    Int,
    Model,
    Optional,
    Param,
    Stale,
    always,
    attempt,
    converges,
    idempotent,
    process,
    when,
)


class ReplicaController(Model):
    """Creates pods one at a time from a cached view (kuberay#715: it misses its own writes)."""

    replicas = Param(2, min=1)

    desired = Int(0, replicas, init=ANY)
    pods = Int(0, replicas + 2, init=0)
    view = Stale(pods)  # informer cache: lags, refreshed fairly

    @process(restarts=True)  # may crash at any `yield`: locals and volatile fields are lost
    def reconcile(self):
        missing = self.desired - self.view
        yield  # others may run here
        if missing > 0:
            attempt(self.create_pod)  # refused (no effect, error) or reply lost (effect, error)
        elif missing < 0:
            attempt(self.delete_pod)

    def create_pod(self):
        self.pods = min(self.pods + 1, self.replicas + 2)  # the namespace's quota

    def delete_pod(self):
        self.pods = max(self.pods - 1, 0)

    @always(expect="violated")
    def no_surplus(self):
        return self.pods <= self.desired + 1

    @converges(setpoint="desired", output="pods", expect="violated")
    def settled(self):
        return self.pods == self.desired

    stable = idempotent(
        "reconcile",
        world=("pods",),
        expect={
            "quiescent": "violated",
            "idempotent": "violated",
            "crash-idempotent": "violated",
            "delivery-idempotent": "violated",
        },
    )


class WithExpectations(ReplicaController):
    """The fix (client-go's expectations): after a write, do not act again until the cache has shown it.

    Where nothing is known to wait for, because the process has just started or the last reply was an
    error, the pods are listed from the API server itself, as an informer does before its controller
    starts. To believe the cache then would bring the bug back (as it does where expectations merely
    time out, kubernetes/kubernetes#129795).
    """

    violates = ()

    awaited = Optional(Int(0, ReplicaController.replicas + 2), init=None, volatile=True)

    @process(restarts=True)
    def reconcile(self):
        when(self.awaited is None or self.view == self.awaited)
        have = self.pods if self.awaited is None else self.view  # a LIST from the server, or the cache
        self.awaited = have
        missing = self.desired - have
        yield
        if missing > 0:
            self.awaited = have + 1 if attempt(self.create_pod) else None
        elif missing < 0:
            self.awaited = have - 1 if attempt(self.delete_pod) else None

    # Not claimed: that a request may be delivered twice (these pods have no names), nor that a pass
    # ends as it would have without a crash (it creates one pod, and after a crash does not wait to see
    # it). What crashes and lost replies must not spoil are the two promises above.
    stable = idempotent(
        "reconcile", world=("pods",), levels=("quiescent", "idempotent", "crash-idempotent")
    )
