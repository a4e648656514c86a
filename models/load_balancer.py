"""A load balancer that is created once and then believed to exist (Käldström 2021, §2.9.2, Example 7).

The reconciler writes down that it has created the load balancer, and from then on looks only at its
note. When a human deletes it, or makes it again by hand after it was given up, nobody ever notices.
Principle: be bidirectional, observe the target itself.
"""

from checker import Bool, Model, action, converges, fault, intent, leads_to, when


class Unidirectional(Model):
    """Compares the desired state with its own cache."""

    wanted = Bool(init=True)
    exists = Bool(init=False)  # at the cloud provider
    cached = Bool(init=False)  # what the reconciler believes

    @action
    def reconcile(self):
        if self.wanted != self.cached:
            self.exists = self.wanted  # deleting what is gone already is no error
            self.cached = self.wanted

    @intent
    def change_of_mind(self):
        self.wanted = not self.wanted

    @fault
    def deleted_by_hand(self):
        when(self.exists)
        self.exists = False

    @fault
    def made_by_hand(self):
        when(not self.exists)
        self.exists = True

    @converges(setpoint="wanted", output="exists", expect="violated")
    def as_wanted(self):
        return self.exists == self.wanted

    def given_up(self):
        return self.cached and not self.wanted

    @leads_to("given_up")  # what the cache knows of is cleaned up even so
    def cleaned_up(self):
        return self.wanted or not self.exists


class Bidirectional(Unidirectional):
    """Asks the cloud provider each time."""

    violates = ()

    def reconcile(self):
        self.cached = self.exists
        super().reconcile()
