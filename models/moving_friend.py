"""Meeting a friend who changes hotels while you ride (Käldström and Short, KubeCon EU 2022).

Asked once, before leaving, the ride ends at the hotel the friend has left. Asked again and again,
it ends with the friend, if the friend stays anywhere at last: that is all that can be promised of a
moving target (Eventually Stable Reconciliation). Principle: reconcile periodically, not once.
"""

from checker import ANY, Int, Model, Optional, Param, action, converges, intent, when


class OneShotPlan(Model):
    """Asks the friend once, before leaving."""

    hotels = Param(4, min=2)  # along one street

    friend = Int(0, hotels - 1, init=ANY)
    me = Int(0, hotels - 1, init=0)
    goal = Optional(Int(0, hotels - 1))  # where the driver was told to go

    @action
    def ask(self):
        when(self.goal is None)
        self.goal = self.friend

    @action
    def ride(self):
        when(self.goal is not None)
        if self.me < self.goal:
            self.me += 1
        elif self.me > self.goal:
            self.me -= 1

    @intent
    def friend_moves(self, hotel: Int(0, hotels - 1)):
        self.friend = hotel

    @converges(setpoint="friend", output="me", expect="violated")
    def meet(self):
        return self.me == self.friend


class AskAgain(OneShotPlan):
    """Asks whenever the driver's goal may be out of date."""

    violates = ()

    def ask(self):
        when(self.goal != self.friend)
        self.goal = self.friend

    @converges(setpoint="friend", output="me", regime="unbounded", expect="violated")
    def meet_a_friend_who_never_stops(self):
        return super().meet()
