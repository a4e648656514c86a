"""The six levels of idempotence on one small payment, and on what cures it: verdicts worked out by hand."""

import pytest

from checker import (
    Bool,
    Int,
    Model,
    action,
    check,
    converges,
    idempotent,
    intent,
    irreversible,
    process,
    when,
)


class ChargesFirst(Model):
    """Charges, and records that only in a later step."""

    ordered = Bool()
    charges = Int(0, 3)
    recorded = Bool()

    @intent
    def order(self):
        when(not self.ordered)
        self.ordered = True

    @process(restarts=True)
    def pay(self):
        when(self.ordered and not self.recorded)
        yield "ordered"
        self.charge()
        yield "charged"
        self.recorded = True

    @irreversible
    def charge(self):
        self.charges = min(self.charges + 1, 3)

    @converges(setpoint="ordered", output="recorded")
    def paid(self):
        return self.recorded or not self.ordered

    payment = idempotent("pay", world=("charges",))


class ChargesWithKey(ChargesFirst):
    """The provider knows the order's key: charging again changes nothing, and is no second effect."""

    def charge(self):
        self.charges = max(self.charges, 1)


def levels(model: type[Model]) -> dict[str, str]:
    """The verdict of each level that applies."""
    findings = check(model).findings
    return {one.kind: one.verdict.value for one in findings if one.property == "payment"}


def test_charging_before_recording_survives_neither_crash_nor_overlap() -> None:
    """Alone and undisturbed it is idempotent: the record stops the second pass."""
    assert levels(ChargesFirst) == {
        "quiescent": "holds",
        "idempotent": "holds",
        "crash-idempotent": "violated",
        "delivery-idempotent": "violated",
        "overlap-idempotent": "violated",
        "effect-once": "violated",
    }


def test_an_idempotency_key_cures_every_level() -> None:
    """The same crashes, deliveries and overlaps leave one charge."""
    found = levels(ChargesWithKey)
    assert found.keys() >= {"quiescent", "idempotent", "crash-idempotent", "overlap-idempotent"}
    assert set(found.values()) == {"holds"}


@pytest.mark.parametrize("model", [ChargesFirst, ChargesWithKey])
def test_both_converge(model: type[Model]) -> None:
    """A check of the goal alone sees no difference between them."""
    assert check(model)["paid"].verdict.value == "holds"


class TakesALockAndWaits(Model):
    """Queues, and goes on only if it is alone in the queue: two at once wait for each other."""

    queued = Int(0, 2)
    done = Int(0, 3)

    @process
    def work(self):
        self.queued = min(self.queued + 1, 2)
        yield "queued"
        when(self.queued == 1)
        self.queued = 0
        self.done = min(self.done + 1, 3)

    payment = idempotent("work", world=("done",), levels=("overlap-idempotent",))


class Unblocked(TakesALockAndWaits):
    """Somebody else clears the queue now and then."""

    @action
    def clear(self):
        when(self.queued == 2)
        self.queued = 1


def test_two_that_wait_for_each_other_for_ever_are_no_serial_outcome() -> None:
    """Neither pass completes, and one alone always does: that must not pass for lack of outcomes."""
    assert levels(TakesALockAndWaits) == {"overlap-idempotent": "violated"}
    assert levels(Unblocked) == {"overlap-idempotent": "unknown"}


class HoldsALockThroughACrash(Model):
    """After a crash it waits for its own lock, and what was ordered is never done."""

    locked = Bool()
    done = Bool()

    @process(restarts=True)
    def work(self):
        when(not self.locked and not self.done)
        self.locked = True
        yield "locked"
        self.done = True
        self.locked = False

    payment = idempotent("work", world=("done",), levels=("crash-idempotent",))


def test_a_crash_after_which_nothing_happens_is_not_harmless() -> None:
    """No second effect, but no first one either: the world comes to rest elsewhere."""
    assert levels(HoldsALockThroughACrash) == {"crash-idempotent": "violated"}
