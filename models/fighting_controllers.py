"""Two people with different ideas of a clean kitchen (KubeCon EU 2022; Käldström 2021, §5).

Each tidies up, is content, and finds it undone. No error is ever reported: seen by itself, either
one succeeds again and again. It is the autoscaler against the replicas in Git
(argoproj/argo-cd#5105, kubernetes/kubernetes#66385). Principle: one owner for each field, which
others do not write.
"""

from checker import Enum, Model, action, converges, fault, recurs


class WholeKitchen(Model):
    """Either one puts everything where it belongs to their mind."""

    cups = Enum("table", "shelf", "dishwasher")
    towel = Enum("floor", "hook", "drawer")

    @action(agent="anna")
    def anna_tidies(self):
        self.cups = "shelf"
        self.towel = "hook"

    @action(agent="ben")
    def ben_tidies(self):
        self.cups = "dishwasher"
        self.towel = "drawer"

    @fault
    def somebody_cooks(self):
        self.cups = "table"
        self.towel = "floor"

    @recurs
    def anna_is_content(self):
        return self.cups == "shelf"

    @recurs
    def ben_is_content(self):
        return self.towel == "drawer"

    @converges(output=("cups", "towel"), expect="violated")
    def peace(self):
        return self.cups == "shelf" and self.towel == "drawer"


class FieldOwnership(WholeKitchen):
    """Anna owns the cups, Ben the towel (in Kubernetes: server-side apply, or `ignoreDifferences`)."""

    violates = ()

    def anna_tidies(self):
        self.cups = "shelf"

    def ben_tidies(self):
        self.towel = "drawer"
