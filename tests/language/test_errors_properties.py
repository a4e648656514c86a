"""Properties that are no predicates, or name what does not exist."""

from __future__ import annotations

from pathlib import Path

import pytest
from mistakes import Mistake, assert_refused

PROPERTIES = [
    Mistake(
        "misspelt regime",
        """
        @always(regime="finitly_many")
         ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
        def fine(self):
            return self.count < 3
        """,
        "regime='finitly_many' is no regime",
        "unknown regime 'finitly_many': expected none, at_most(2), at_most(crash=1), "
        "finitely_many or unbounded",
    ),
    Mistake(
        "property that assigns",
        """
        @always
        def fine(self):
            self.count = 0
            ^^^^^^^^^^
            return True
        """,
        "a property changes the state",
        "a property only reads; let an action write",
    ),
    Mistake(
        "property that changes a set",
        """
        @always
        def fine(self):
            self.free.add(0)
            ^^^^^^^^^^^^^^^^
            return True
        """,
        "`add` in a property",
        "a property only reads the state",
    ),
    Mistake(
        "property that returns nothing",
        """
        @always
        def fine(self):
            ^^^^
            pass
        """,
        "`fine` returns nothing",
        "return the condition: return self.x == …",
    ),
    Mistake(
        "property with when",
        """
        @always
        def fine(self):
            when(self.ready)
            ^^^^^^^^^^^^^^^^
            return True
        """,
        "`when` in a property",
        "a property only reads the state",
    ),
    Mistake(
        "property with choose",
        """
        @always
        def fine(self):
            return choose(True, False)
                   ^^^^^^^^^^^^^^^^^^^
        """,
        "`choose` in a property",
        "a property only reads the state",
    ),
    Mistake(
        "property with assert",
        """
        @always
        def fine(self):
            assert self.ready
            ^^^^^^^^^^^^^^^^^
            return True
        """,
        "`assert` in a property",
        "return the condition",
    ),
    Mistake(
        "property with a parameter",
        """
        @always
        def fine(self, other):
            ^^^^
            return True
        """,
        "`fine` takes (self)",
        "a state property reads one state",
        "it has 2 parameters",
    ),
    Mistake(
        "property that yields",
        """
        @always
        def fine(self):
            yield True
            ^^^^^^^^^^
        """,
        "`yield` outside a @process",
        "decorate the method with @process",
    ),
    Mistake(
        "property that returns a label",
        """
        @always
        def fine(self):
            ^^^^
            return self.phase
        """,
        "a label is always true",
        "compare it: == 'label'",
    ),
    Mistake(
        "transition without after",
        """
        @transition
        def fine(self):
            ^^^^
            return True
        """,
        "`fine` takes (self, after)",
        "`after` is the state that a step leads to",
        "it has 1 parameter",
    ),
    Mistake(
        "decorator above no method",
        """
        @always(3)
         ^^^^^^^^^
        def fine(self):
            return True
        """,
        "@always stands above a method",
        "@always(…) takes keyword options only",
    ),
    Mistake(
        "misspelt verdict",
        """
        @always(expect="fails")
         ^^^^^^^^^^^^^^^^^^^^^^
        def fine(self):
            return True
        """,
        "expect='fails' is no verdict",
        "expect='holds' or expect='violated'",
    ),
    Mistake(
        "unknown setpoint",
        """
        @converges(setpoint="cuont")
        def fine(self):
            ^^^^
            return True
        """,
        "`cuont` is not a field of the model",
        "did you mean `count`?",
    ),
    Mistake(
        "unknown premise",
        """
        @leads_to("nowhere")
        def fine(self):
            ^^^^
            return True
        """,
        "the premise `nowhere` is not a method of the model",
        "a premise is a method that returns a condition",
    ),
    Mistake(
        "premise that is a field",
        """
        @leads_to("ready")
        def fine(self):
            ^^^^
            return True
        """,
        "the premise `ready` is not a method of the model",
        "write a lambda: @leads_to(lambda self: self.ready), or a method",
    ),
    Mistake(
        "premise that is a number",
        """
        @leads_to(3)
        def fine(self):
            ^^^^
            return True
        """,
        "a property is a plain method that returns a condition, not 3",
        "write def holds(self): return …",
    ),
    Mistake(
        "leads_to without a premise",
        """
        @leads_to
        def fine(self):
            ^^^^
            return True
        """,
        "`@leads_to` of `fine` is not complete",
        'name the premise: @leads_to("requested") above the method',
    ),
    Mistake(
        "idempotent unknown process",
        """
        @action
        def act(self):
            self.count = 0
        stable = idempotent("akt", world=("count",))
                 ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
        """,
        "`akt` is not a process or action of the model",
        "did you mean `act`?",
    ),
    Mistake(
        "idempotent in an unknown field",
        """
        @action
        def act(self):
            self.count = 0
        stable = idempotent("act", world=("cuont",))
                 ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
        """,
        "`cuont` is not a field of the model",
        "did you mean `count`?",
    ),
    Mistake(
        "idempotent unknown goal",
        """
        @action
        def act(self):
            self.count = 0
        @always
        def fine(self):
            return True
        stable = idempotent("act", world=("count",), goal="fin")
                 ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
        """,
        "the goal `fin` is not a property of the model",
        "did you mean `fine`?",
    ),
    Mistake(
        "idempotent unknown level",
        """
        @action
        def act(self):
            self.count = 0
        stable = idempotent("act", world=("count",), levels=("crash",))
                 ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
        """,
        "no level 'crash' of idempotence",
        (
            "there are quiescent, idempotent, crash-idempotent, delivery-idempotent, "
            "overlap-idempotent, effect-once"
        ),
    ),
    Mistake(
        "idempotent as decorator",
        """
        @idempotent
         ^^^^^^^^^^
        @action
        def act(self):
            self.count = 0
        """,
        "`idempotent` is not a decorator",
        'assign it: stable = idempotent("reconcile", world=("pods",))',
    ),
]


@pytest.mark.parametrize("mistake", PROPERTIES, ids=lambda mistake: mistake.name)
def test_properties(mistake: Mistake, tmp_path: Path) -> None:
    """Properties that are no predicates, or name what does not exist."""
    assert_refused(mistake, tmp_path / "desk.py")
