"""Where runs end: the goal, or as much of it as the recurring steps do not leave."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt
import z3

from checker.regimes.regime import UnderRegime
from checker.symbolic.asking import Budget, ask
from checker.symbolic.candidates import candidates
from checker.symbolic.features import comparisons
from checker.symbolic.helpful import every_value
from checker.symbolic.houdini import fresh_solver
from checker.symbolic.known_steps import KnownSteps
from checker.symbolic.rank_checking import successor
from checker.symbolic.relation import Relation
from checker.symbolic.samples import Samples
from checker.system.domain_ends import inside
from checker.system.expression import Expression, conj, neg, variable
from checker.system.walk import expand_quantifiers, substitute, topological

__all__ = ["places_of_rest"]

_MOST_STEPS = 3
_MOST_NODES = 1500

Bools = npt.NDArray[np.bool_]


def places_of_rest(
    under: UnderRegime,
    goal: Expression,
    invariant: Sequence[Expression],
    known: KnownSteps,
    budget: Budget | None,
) -> list[Expression]:
    """Subsets of the goal that no recurring action leaves, the largest first.

    Parameters
    ----------
    under : UnderRegime
    goal : Expression
    invariant : sequence of Expression
        Holds wherever a run can be.
    known : KnownSteps
        Says where the sampled runs rest.
    budget : Budget, optional

    Returns
    -------
    list of Expression
        The goal alone if nothing leaves it; empty if no subset was found.
    """
    search = _Search(under, goal, invariant, budget)
    if search.is_closed([]):
        return [goal]
    stable = _stable(known, known.columns(goal))
    found: dict[Expression, None] = {}
    places = [states for states in (stable, _final(known, stable)) if states.any()]
    atoms = comparisons(under.system, goal)
    for states in places:
        kept = search.closed_part([atom for atom in atoms if known.columns(atom)[states].all()])
        if kept is not None:
            found[conj(goal, *search.needed(kept))] = None
    if not found:
        found.update(dict.fromkeys(_kept_goals(under, goal, search)))
    if not found:
        # What holds in these states alone, among everything that lemmas are made of.
        for states in places:
            kept = search.closed_part(_lemmas_of(known, states, goal))
            if kept is not None:
                found[conj(goal, *search.needed(kept))] = None
                break
    return list(found)


def _kept_goals(under: UnderRegime, goal: Expression, search: _Search) -> Iterator[Expression]:
    """The goal where no step leaves it, or leads to where one does: weakest preconditions, if few."""
    moves = [action for action in under.system.actions if action.name in under.recurring]
    several = [every_value((*action.parameters, *action.choices)) for action in moves]
    kept = goal
    for _ in range(_MOST_STEPS):
        left = []
        for action, values in zip(moves, several, strict=True):
            if values is None:
                return
            here = conj(
                *(inside(one.node, one.domain) for one in (*action.parameters, *action.choices)),
                action.guard,
                *(neg(hazard.condition) for hazard in action.hazards),
            )
            after = {variable(name, value.sort): value for name, value in action.updates}
            written = expand_quantifiers([kept])[kept]
            leaves = conj(here, neg(substitute([written], after)[written]))
            leaves = expand_quantifiers([leaves])[leaves]
            left += [substitute([leaves], chosen)[leaves] for chosen in values]
        kept = conj(kept, *(neg(one) for one in left))
        if sum(1 for _ in topological([kept])) > _MOST_NODES:
            return
        if search.is_closed([kept]):
            yield kept
            return


def _lemmas_of(known: KnownSteps, states: Bools, goal: Expression) -> tuple[Expression, ...]:
    rows = tuple(known.columns.rows[number] for number in np.flatnonzero(states))
    none = (-1,) * len(rows)
    only = Samples(known.under.system, rows, (), none, (True,) * len(rows), False)
    return candidates(known.under.system, only, goal)


def _stable(known: KnownSteps, goal: Bools) -> Bools:
    """The largest set of states of the goal that no known step leaves, and whose steps are known."""
    expanded = np.zeros(len(known.columns), dtype=np.bool_)
    expanded[sorted(known.expanded)] = True
    states = goal & expanded
    source, target = known.table[:, 0], known.table[:, 1]
    while True:
        leaving = source[states[source] & ~states[target]]
        if not leaving.size:
            return states
        states[leaving] = False


def _final(known: KnownSteps, stable: Bools) -> Bools:
    """Of these states those in which a run may be again and again: in components without an exit."""
    import networkx as nx

    graph = nx.DiGraph()
    graph.add_nodes_from(np.flatnonzero(stable).tolist())
    source, target = known.table[:, 0], known.table[:, 1]
    inside = stable[source]
    graph.add_edges_from(zip(source[inside].tolist(), target[inside].tolist(), strict=True))
    final = np.zeros_like(stable)
    for component in nx.attracting_components(graph):
        final[sorted(component)] = True
    return final


class _Search:
    """Asks whether a conjunction with the goal is closed."""

    def __init__(
        self,
        under: UnderRegime,
        goal: Expression,
        invariant: Sequence[Expression],
        budget: Budget | None,
    ) -> None:
        self.relation = Relation(under.system)
        self.goal = goal
        self.invariant = invariant
        self.budget = budget
        self.solvers = []
        for move in self.relation.moves:
            if move.action.name in under.recurring and move.updates:
                solver = fresh_solver()
                solver.add(*(self.relation.read(lemma) for lemma in invariant))
                solver.add(self.relation.read(goal), move.possible, move.changes)
                self.solvers.append((solver, successor(self.relation, move)))

    def is_closed(self, atoms: Sequence[Expression]) -> bool:
        """Whether no recurring action leaves the goal with these conditions."""
        for solver, later in self.solvers:
            solver.push()
            solver.add(*(self.relation.read(atom) for atom in atoms))
            solver.add(z3.Or(*(z3.Not(later(one)) for one in (self.goal, *atoms))))
            answer = ask(solver, budget=self.budget)
            solver.pop()
            if answer != z3.unsat:
                return False
        return True

    def closed_part(self, atoms: Sequence[Expression]) -> list[Expression] | None:
        """The largest subset of conditions that, with the goal, is closed; None if there is none.

        Notes
        -----
        Flanagan and Leino's Houdini (FME 2001), relative to the goal: a condition that a step makes
        false is dropped. Where a step leaves the goal itself, fewer conditions cannot help.
        """
        kept = list(atoms)
        again = True
        while again:
            again = False
            for solver, later in self.solvers:
                while True:
                    solver.push()
                    solver.add(*(self.relation.read(atom) for atom in kept))
                    solver.add(z3.Or(*(z3.Not(later(one)) for one in (self.goal, *kept))))
                    answer = ask(solver, budget=self.budget)
                    model = solver.model() if answer == z3.sat else None
                    solver.pop()
                    if answer == z3.unsat:
                        break
                    if model is None or not z3.is_true(model.eval(later(self.goal), True)):
                        return None
                    fewer = [one for one in kept if z3.is_true(model.eval(later(one), True))]
                    if len(fewer) == len(kept):
                        return None
                    kept, again = fewer, True
        return kept

    def needed(self, atoms: Sequence[Expression]) -> list[Expression]:
        """Without the conditions that are closed without them: a larger place is easier to reach."""
        kept = list(atoms)
        # Many at a time first.
        size = max(1, len(kept) // 2)
        while True:
            end = len(kept)
            while end > 0:
                fewer = kept[: max(0, end - size)] + kept[end:]
                end -= size
                if self.is_closed(fewer):
                    kept = fewer
            if size == 1:
                return kept
            size //= 2
