"""A volume that nobody remembers (kubernetes-csi/external-provisioner#486, and #311 for the lost reply).

CreateVolume is called for a claim; the provisioner crashes, or gets no reply, before it has made
the PersistentVolume object; the claim is deleted meanwhile. After a restart nothing says that the
volume exists. Principle: record the intention before the effect.
"""

from checker import Bool, Model, action, attempt, converges, intent, process, when


class Provisioner(Model):
    """Remembers the volume only once it has been created."""

    claim = Bool(init=True)  # the user's PersistentVolumeClaim
    volume = Bool(init=False)  # on the storage system, named after the claim
    recorded = Bool(init=False)  # the PersistentVolume object

    @process(restarts=True)
    def provision(self):
        when(self.claim and not self.recorded)
        yield "claimed"
        if attempt(self.create_volume):
            yield "created"
            self.recorded = True

    def create_volume(self):
        self.volume = True  # a second call with the same name changes nothing

    @action(agent="provisioner")
    def reclaim(self):
        when(self.recorded and not self.claim)
        self.volume = False
        self.recorded = False

    @intent
    def delete_claim(self):
        when(self.claim)
        self.claim = False

    @converges(setpoint="claim", output="volume", expect="violated")
    def no_volume_without_a_claim(self):
        return self.volume == self.claim


class WithFinalizer(Provisioner):
    """The proposed fix: a finalizer, set before the call, keeps the claim until the volume is recorded."""

    violates = ()

    finalizer = Bool(init=False)
    deleting = Bool(init=False)  # the claim's deletionTimestamp

    @process(restarts=True)
    def provision(self):
        when(self.claim and not self.recorded)
        self.finalizer = True
        yield "claimed"
        if attempt(self.create_volume):
            yield "created"
            self.recorded = True

    @action(agent="provisioner")
    def release_claim(self):
        when(self.finalizer and self.recorded)
        self.finalizer = False
        self.claim = not self.deleting

    def delete_claim(self):
        when(self.claim and not self.deleting)
        self.deleting = self.finalizer
        self.claim = self.finalizer
