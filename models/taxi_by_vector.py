"""A taxi asked for a vector, "four blocks up the street" (Käldström 2021, §2.5, Example 4).

The imperative order is right only where it was worked out, and only if each of its steps succeeds.
The driver who carries it out does not know the goal, so nothing that goes wrong can be put right.
Principle: be declarative; compare `taxi`.
"""

from checker import ANY, Int, Model, Optional, Param, action, converges, fault, when


class TaxiByVector(Model):
    street = Param(6, min=2)  # number of blocks

    position = Int(0, street - 1, init=0)
    destination = Int(0, street - 1, init=ANY)
    blocks = Optional(Int(0, street - 1))  # of the order that are still to drive; None: no order yet

    @action(agent="passenger")
    def order(self):
        when(self.blocks is None)
        self.blocks = self.destination  # worked out at home, at block 0, and never again

    @action
    def drive(self):
        when(self.blocks is not None and self.blocks > 0)
        self.position = min(self.position + 1, self.street - 1)  # the street ends there
        self.blocks -= 1

    @fault
    def roadblock(self):
        when(self.blocks is not None and self.blocks > 0)
        self.blocks -= 1  # "drive one block" failed, and the driver ticks it off

    @converges(setpoint="destination", output="position", expect="violated")
    def arrives(self):
        return self.position == self.destination

    @converges(setpoint="destination", output="position", regime="none")
    def arrives_if_nothing_fails(self):
        return self.position == self.destination


class UnknownStart(TaxiByVector):
    """The same order given from somewhere else: wrong although every step succeeds."""

    position = Int(0, TaxiByVector.street - 1, init=ANY)

    @converges(setpoint="destination", output="position", regime="none", expect="violated")
    def arrives_if_nothing_fails(self):
        return self.position == self.destination
