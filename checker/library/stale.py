"""A view of a field that lags behind it: an informer's cache, a sensor, a replica."""

from __future__ import annotations

from checker.language import Array, Input, Int, Like, Model, Param, action, on_change, when

__all__ = ["Stale"]


class Stale(Model):
    """What an agent believes a field to be: some earlier value, refreshed fairly.

    `view = Stale(pods)` may lag by any number of changes; a refresh shows the present value at
    once, as a watch does that coalesces what it missed. `Stale(pods, at_most=2)` is an ordered
    watch that is never more than two changes behind: changes arrive one at a time, in order, and a
    third outstanding change pushes the oldest through.

    Notes
    -----
    Faults it offers: none of its own; the lag itself is ordinary latency. Source of the semantics:
    the informer cache of client-go, whose watch delivers every object's latest state eventually
    and in order, but at no particular time (Kubernetes API concepts, "Efficient detection of
    changes").
    """

    reads_as = "value"

    source = Input()
    at_most = Param(0, min=0)  # 0: no bound

    value = Like(source)
    waiting = Array(at_most, Like(source))  # changes on their way, oldest first
    behind = Int(0, at_most, init=0)

    @action
    def refresh(self):
        if self.at_most == 0:
            when(self.value != self.source)
            self.value = self.source
        else:
            when(self.behind > 0)
            self.deliver()
            self.behind -= 1

    def deliver(self):
        self.value = self.waiting[0]
        for i in range(self.at_most - 1):
            self.waiting[i] = self.waiting[i + 1]
        # The last place repeats the newest value, so that equal histories are equal states.
        self.waiting[self.at_most - 1] = self.source

    @on_change("source")
    def record(self):
        if self.at_most > 0:
            if self.behind == self.at_most:
                self.deliver()
            else:
                self.behind += 1
            for i in range(self.at_most):
                if i >= self.behind - 1:
                    self.waiting[i] = self.source
