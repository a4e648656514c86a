"""Two EC2 instances for one machine (kubernetes-sigs/cluster-api-provider-aws#6131, and #5794 for the crash).

The instance's id is in memory until the end of the reconcile, when a patch writes it to the
machine's status. If that patch is refused, or the controller crashes before, the next reconcile
looks the instance up; EC2 is eventually consistent and may not show it yet, so it is created again.
Principle: be re-entrant; what was generated once must not be generated twice.
"""

from checker import Bool, Int, Model, Stale, always, attempt, converges, idempotent, process, when


class MachineController(Model):
    """Creates first, records last."""

    recorded = Bool(init=False)  # the machine's status names its instance
    instances = Int(0, 2, init=0)  # at EC2
    described = Stale(instances)  # what DescribeInstances answers

    @process(restarts=True)
    def reconcile(self):
        when(not self.recorded)
        found = self.described > 0
        yield "looked up"
        if not found:
            self.run_instance()
        yield "created"
        attempt(self.record)  # refused: somebody else has changed the machine meanwhile

    def run_instance(self):
        self.instances = min(self.instances + 1, 2)  # the account's quota

    def record(self):
        self.recorded = True

    @always(expect="violated")
    def one_instance(self):
        return self.instances <= 1

    @converges(output="instances", expect="violated")
    def provisioned(self):
        return self.recorded and self.instances == 1

    reentrant = idempotent(
        "reconcile", world=("instances",), levels=("crash-idempotent",), expect="violated"
    )


class RecordedAtOnce(MachineController):
    """The merged fix (#6132) patches right after the creation: a narrower window, a conflict still fits."""

    @process(restarts=True)
    def reconcile(self):
        when(not self.recorded)
        found = self.described > 0
        yield "looked up"
        if not found:
            self.run_instance()
        attempt(self.record)


class WithClientToken(MachineController):
    """What #5794 asks for: RunInstances repeated with the same token answers with the first instance."""

    violates = ()

    def run_instance(self):
        self.instances = max(self.instances, 1)
