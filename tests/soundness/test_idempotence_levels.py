"""The six levels of idempotence on one small payment, and on what cures it: verdicts worked out by hand."""

import pytest

from checker import Bool, Int, Model, check, converges, idempotent, intent, irreversible, process, when


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
