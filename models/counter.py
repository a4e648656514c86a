"""Digits that count by themselves: base ** digits states, and digits times as many steps.

`-p digits=5 -p base=10` has 100,000 states and 500,000 steps. A reference of exactness: it shows
nothing about controllers, only that the checker visits every state once and every step once.
"""

from checker import Array, Int, Model, Param, action, reachable


class Counter(Model):
    digits = Param(3, min=1)
    base = Param(10, min=2)

    digit = Array(digits, Int(0, base - 1))

    @action
    def count(self, i: Int(0, digits - 1)):
        self.digit[i] = (self.digit[i] + 1) % self.base

    @reachable
    def full(self):
        return all(digit == self.base - 1 for digit in self.digit)
