"""A deployment owns a replica set, which owns pods, and status flows back (Käldström 2021, §2.9.3).

Each level knows the spec that it was given and the status of the level below, and nothing else, as in
"Controllers" of the Kubernetes documentation. Principle: specs flow down, status flows up, and a level
deals with its neighbours alone.
"""

from checker import ANY, Int, Model, Param, action, converges, fault, intent, when


class OwnerChain(Model):
    """Five numbers, each of which follows the one before it."""

    replicas = Param(3, min=1)  # most that anybody asks for

    desired = Int(0, replicas, init=ANY)  # the deployment's spec
    scaled_to = Int(0, replicas, init=0)  # the replica set's
    pods = Int(0, replicas, init=0)
    counted = Int(0, replicas, init=0)  # the replica set's status
    reported = Int(0, replicas, init=0)  # the deployment's

    @action(agent="deployment")
    def scale_replica_set(self):
        self.scaled_to = self.desired

    @action(agent="replica_set")
    def create_pod(self):
        when(self.pods < self.scaled_to)
        self.pods += 1

    @action(agent="replica_set")
    def delete_pod(self):
        when(self.pods > self.scaled_to)
        self.pods -= 1

    @action(agent="replica_set")
    def count(self):
        self.counted = self.pods

    @action(agent="deployment")
    def report(self):
        self.reported = self.counted

    @fault(agent="nodes")
    def pod_dies(self):
        when(self.pods > 0)
        self.pods -= 1

    @intent
    def scale(self, to: Int(0, replicas)):
        self.desired = to

    @converges(setpoint="desired", output=("pods", "reported"))
    def as_desired_and_said_so(self):
        return self.pods == self.desired and self.reported == self.desired
