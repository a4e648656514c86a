"""A desk: disorder arrives by itself, cleaning removes it (Käldström 2021, §2, Fig. 1).

Up to `arriving` things are left on the desk each day; every `every` days `per_cleaning` of them are
put away. The disorder stays bounded exactly if per_cleaning >= arriving * every. Otherwise it grows
past any `space`: try `-p every=4`, `-p per_cleaning=2`. Principle: a corrective process must run at
least as often as what it corrects.
"""

from checker import Int, Model, Param, action, always, converges, fault, recurs, when


class Desk(Model):
    arriving = Param(1, min=1)  # most things left here in a day
    every = Param(3, min=1)  # days from one cleaning to the next
    per_cleaning = Param(3, min=1)  # things put away then
    space = Param(6, min=1)  # the desk holds no more: beyond it the model overflows

    things = Int(0, space, init=0)
    day = Int(0, every - 1, init=0)
    today = Int(0, arriving, init=0)  # things left here since the morning

    @fault
    def something_is_left_here(self):
        when(self.today < self.arriving)
        self.today += 1
        self.things += 1

    @action
    def evening(self):
        self.today = 0
        self.day = (self.day + 1) % self.every
        if self.day == 0:
            self.things = max(self.things - self.per_cleaning, 0)

    @always
    def bounded(self):
        return self.things <= self.arriving * self.every

    @converges(output="things")
    def tidy_once_left_alone(self):
        return self.things == 0

    @recurs
    def tidy_again_and_again(self):
        return self.things == 0


class CleanedTooRarely(Desk):
    """One day more between cleanings than they can make up for."""

    every = Param(4, min=1)
    violates = ("bounded", "tidy_again_and_again", "well_defined")  # the desk overflows,
    tidy_once_left_alone = None  # after which nothing can be said of it
