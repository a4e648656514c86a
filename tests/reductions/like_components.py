"""A model of two components of one class."""

from __future__ import annotations

from checker import Bool, Int, Model, action, fault, never, when


class Server(Model):
    """A component with a fault of its own."""

    up = Bool()
    load = Int(0, 2)

    @action
    def boot(self):
        when(not self.up)
        self.up = True

    @action
    def work(self):
        when(self.up and self.load < 2)
        self.load += 1

    @fault
    def fail(self):
        when(self.up)
        self.up = False


class Pair(Model):
    """Two like components."""

    left = Server()
    right = Server()

    @never
    def both_full(self):
        return self.left.load == 2 and self.right.load == 2
