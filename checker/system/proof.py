"""What a proof consists of: expressions that anyone can check, whoever found them.

An invariant proves `always` and `never`. Convergence is proved by a rank, as in Manna and Pnueli's
rule for response under justice: outside the place of rest no step raises the rank, and wherever a run
is there is a fair unit that is enabled, whose steps lower the rank, and which stays the helpful one for
as long as the rank stays the same.

References
----------
Z. Manna, A. Pnueli, "Completing the temporal picture", Theoretical Computer Science 83 (1991),
rule WELL-J. R. Floyd, "Assigning meanings to programs" (1967), for the rank.
"""

from __future__ import annotations

from dataclasses import dataclass

from checker.system.expression import TRUE, Expression
from checker.system.sorts import Scalar

__all__ = ["Helpful", "Proof"]


@dataclass(frozen=True, slots=True)
class Helpful:
    """A fair unit, and where it is the one that brings the run on.

    Parameters
    ----------
    group : str
        Of its actions.
    arguments : tuple of bool or int
        Values of their parameters: each instance is a unit of its own. Empty for a process.
    where : Expression
        Over one state. There the unit is enabled, and its steps lower the rank.
    """

    group: str
    arguments: tuple[Scalar, ...]
    where: Expression


@dataclass(frozen=True, slots=True)
class Proof:
    """Why a property holds in every reachable state, or of every fair run.

    Parameters
    ----------
    invariant : tuple of Expression
        Lemmas over one state. Together they hold initially, every action keeps all of them (faults
        and intents included, as far as the regime has them), and where they hold nothing goes wrong.
    rest : Expression
        For `converges`: where a run ends. It implies the property's predicate, and no recurring
        action leaves it (where the invariant holds). For safety: the predicate itself.
    ranks : tuple of Expression
        Whole numbers, compared like words in a dictionary, the first one first. Outside `rest` none
        is negative, and no recurring action raises them unless it leads into `rest`.
    helpful : tuple of Helpful
        Outside `rest` one of them is helpful everywhere.

    Notes
    -----
    With I the invariant, Q the rest, V the ranks and H_u the helpful predicates, over all recurring
    steps s → s′ from I ∧ ¬Q that change the state and do not lead into Q:

    - V(s′) ≤ V(s), in the order of dictionaries, and V(s) ≥ 0;
    - I ∧ ¬Q implies some H_u;
    - H_u implies that a step of u is enabled that changes the state;
    - where H_u(s) and the step is one of u: V(s′) < V(s);
    - where H_u(s) and V(s′) = V(s): H_u(s′).

    A fair run that never rested would in the end keep V as it is, hence some H_u for ever, hence u
    enabled and not taken for ever: it would not be fair.
    """

    invariant: tuple[Expression, ...]
    rest: Expression = TRUE
    ranks: tuple[Expression, ...] = ()
    helpful: tuple[Helpful, ...] = ()
