"""A taxi asked for coordinates, not for a vector (Käldström 2021, §2.5, Example 4).

The driver compares where the taxi is with where it should be, so it makes no difference how it came
to be there: pushed back by a roadblock, sent to another hotel, or taken over by a second cab.
Principle: be declarative; compare `taxi_by_vector`.
"""

from checker import ANY, Bool, Int, Model, Param, action, always, converges, fault, intent, when


class Taxi(Model):
    street = Param(6, min=1)  # number of blocks

    position = Int(0, street - 1, init=0)
    destination = Int(0, street - 1, init=ANY)  # proved for every destination

    @action  # weakly fair: the driver keeps driving
    def drive(self):
        if self.position < self.destination:
            self.position += 1
        elif self.position > self.destination:
            self.position -= 1

    @fault  # emergent change: never fair, bounded by the regime
    def roadblock(self):
        when(self.position > 0)
        self.position -= 1

    @intent  # desired-state change: the friend moves to another hotel
    def friend_moves(self, hotel: Int(0, street - 1)):
        self.destination = hotel

    @always
    def stays_on_the_street(self):
        return 0 <= self.position < self.street

    @converges(setpoint="destination", output="position")
    def arrives(self):
        return self.position == self.destination


class SecondCab(Taxi):
    """A roadblock stops the cab for good; the next one goes on from where you are."""

    cab = Bool(init=True)

    def drive(self):
        when(self.cab)
        super().drive()

    def roadblock(self):
        when(self.cab)
        self.cab = False

    @action(agent="passenger")
    def hail_another(self):
        when(not self.cab)
        self.cab = True
