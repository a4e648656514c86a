"""An object with a finalizer, and resources outside the cluster (Kubernetes documentation, "Finalizers").

The controller puts its finalizer on the object before it creates anything for it; the API server then
keeps the object, marked as being deleted, until the finalizer is taken off, which comes last. The
controller may crash between any two of these. Principle: what has to be cleaned up must be known for
as long as it is there.
"""

from checker import (
    Bool,
    Int,
    Model,
    Param,
    action,
    attempt,
    converges,
    fault,
    intent,
    never,
    process,
    when,
)


class Finalizer(Model):
    """Cleans up first, and lets go of the object last."""

    size = Param(2, min=1)  # buckets that the object stands for

    exists = Bool(init=True)
    deleting = Bool(init=False)  # its deletionTimestamp is set
    finalizer = Bool(init=False)
    buckets = Int(0, size, init=0)

    @process(restarts=True)
    def reconcile(self):
        when(self.exists and (self.deleting or self.buckets < self.size))
        if not self.deleting:
            self.finalizer = True
            yield "protected"
            attempt(self.create_bucket)
        else:
            while self.buckets > 0:
                attempt(self.delete_bucket)
                yield "cleaning up"
            self.finalizer = False

    def create_bucket(self):
        self.buckets += 1

    def delete_bucket(self):
        self.buckets = max(self.buckets - 1, 0)  # gone already is as good

    @action(agent="api_server")
    def remove(self):
        when(self.deleting and not self.finalizer)
        self.exists = False

    @intent
    def delete(self):
        self.deleting = True

    @fault(agent="cloud")
    def bucket_disappears(self):
        when(self.buckets > 0)
        self.buckets -= 1

    @never
    def orphaned(self):
        return self.buckets > 0 and not self.exists

    @converges(setpoint="deleting", output=("exists", "buckets"))
    def as_wanted(self):
        if self.deleting:
            return not self.exists and self.buckets == 0
        return self.buckets == self.size


class ReleasedFirst(Finalizer):
    """Lets go of the object, and then means to clean up."""

    violates = ("orphaned", "as_wanted")

    @process(restarts=True)
    def reconcile(self):
        when(self.exists and (self.deleting or self.buckets < self.size))
        if not self.deleting:
            self.finalizer = True
            yield "protected"
            attempt(self.create_bucket)
        else:
            self.finalizer = False
            while self.buckets > 0:
                yield "cleaning up"
                attempt(self.delete_bucket)
