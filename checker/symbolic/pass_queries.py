"""Questions to Z3 about passes, and the runs that its answers are."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import z3

from checker.regimes.regime import UnderRegime
from checker.symbolic.asking import Budget, ask, why_unknown
from checker.symbolic.candidates import domain_lemmas
from checker.symbolic.houdini import Inductiveness, fresh_solver
from checker.symbolic.numbers import Term
from checker.symbolic.passes import Pass, Taken
from checker.symbolic.relation import Relation
from checker.symbolic.replay import WrongRun, outcome
from checker.symbolic.starts import conjuncts
from checker.symbolic.terms import Reader
from checker.system.evaluate import evaluate
from checker.system.expression import Expression, conj
from checker.system.run import Run, State, Step
from checker.system.sorts import Domain, Scalar
from checker.system.transition_system import Hazard
from checker.system.walk import topological

__all__ = ["Found", "PassQueries", "ground_of"]

_EFFORT = 8_000_000
"""Z3's own count of work for one question; the same on every machine."""

_EFFORT_FOR_WAYS = 400_000
"""For one question whether a way through the body is possible: if that stays open, it is followed."""


def ground_of(
    under: UnderRegime,
    lemmas: Sequence[Expression],
    *,
    every_state: bool,
    budget: Budget | None = None,
) -> tuple[Expression, ...]:
    """What is known of the states that are spoken of.

    Parameters
    ----------
    under : UnderRegime
    lemmas : sequence of Expression
        Of the reachable states. Not taken on trust: what is not shown to be initial and to be kept by
        every action is left out.
    every_state : bool
        Speak of every state that can be written down: inside all domains, and well-formed.
    """
    anywhere = [*domain_lemmas(under.system), *conjuncts(under.system.wellformed)]
    anywhere = [one for one in anywhere if not one.is_constant]
    if every_state:
        return tuple(anywhere)
    wanted = [part for one in lemmas for part in conjuncts(one) if not part.is_constant]
    return Inductiveness(under).largest([*anywhere, *wanted], budget)


@dataclass(frozen=True)
class Found:
    """A state that answers a question, with the values of all symbols."""

    state: State
    symbols: dict[Expression, Scalar]

    def holds(self, condition: Expression) -> bool:
        """A condition over the state and the symbols, by the interpreter."""
        return bool(evaluate(condition, self.state, symbols=self.symbols))


class PassQueries:
    """Asks whether a condition over one state and the symbols of some passes can hold.

    Parameters
    ----------
    under : UnderRegime
    ground : sequence of Expression
        Assumed of the state.
    arguments : mapping of Expression to Domain
        Symbols that belong to no pass.
    budget : Budget, optional
    """

    def __init__(
        self,
        under: UnderRegime,
        ground: Sequence[Expression],
        arguments: dict[Expression, Domain],
        budget: Budget | None = None,
    ) -> None:
        self.system = under.system
        self.relation = Relation(under.system)
        self.ground = tuple(ground)
        self.domains = dict(arguments)
        self.budget = budget
        self.asked = 0
        self.terms: dict[Expression, Term] = {}
        self.reason = ""
        self._read = Reader(self.relation.numbers, self.relation.before)

    def knows(self, one: Pass) -> Pass:
        """Take the fresh symbols of a pass into account."""
        self.domains.update(one.symbols)
        return one

    def possible(
        self, condition: Expression, symbols: Mapping[Expression, Domain] | None = None
    ) -> bool:
        """Whether a condition may hold, also over some more symbols: True where Z3 cannot tell."""
        self.domains.update(symbols or {})
        return bool(self._solve(condition, False, _EFFORT_FOR_WAYS)[0] != z3.unsat)

    def ask(self, condition: Expression, *, initially: bool = False) -> Any:
        """sat, unsat or unknown; `reason` says why it is unknown."""
        return self._solve(condition, initially)[0]

    def find(self, condition: Expression, *, initially: bool = False) -> tuple[Any, Found | None]:
        """The answer, and where it is sat a state, confirmed by the interpreter.

        Raises
        ------
        WrongRun
            If the interpreter does not confirm it: an error in this program, or in Z3.
        """
        answer, solver = self._solve(condition, initially)
        if answer != z3.sat:
            return answer, None
        model = solver.model()
        state = self.relation.state(model, self.relation.before)
        symbols = {
            symbol: self.relation.scalar(model, term, self.domains[symbol])
            for symbol, term in self.terms.items()
        }
        found = Found(state, symbols)
        if not found.holds(conj(*self.ground, condition)):
            raise WrongRun(f"{dict(state)} is not what was asked for")
        return answer, found

    def _solve(self, condition: Expression, initially: bool, effort: int = _EFFORT) -> tuple[Any, Any]:
        self.asked += 1
        everything = [*self.ground, condition]
        used = {node for node in topological(everything) if node in self.domains}
        for symbol in sorted(used, key=lambda one: str(one.payload)):
            if symbol not in self.terms:
                name = f"$symbol {len(self.terms)}"
                self.terms[symbol] = self.relation.numbers.symbol(name, symbol.sort)
                self._read.known[symbol] = self.terms[symbol]
        solver = fresh_solver(effort)
        solver.add(*(self._read(one) for one in everything))
        for symbol, term in self.terms.items():
            solver.add(self.relation.inside(term, self.domains[symbol]))
        if initially:
            solver.add(self.relation.initial)
        answer = ask(solver, budget=self.budget)
        if answer == z3.unknown:
            self.reason = why_unknown(solver, self.budget)
        return answer, solver

    # ------------------------------------------------------------ runs

    def run(self, found: Found, *passes: Iterable[Taken] | Step) -> Run:
        """What happens from the state that was found: passes, and single steps between them.

        Raises
        ------
        WrongRun
            If the interpreter goes another way.
        """
        states: list[State] = [found.state]
        steps: list[Step] = []
        for one in passes:
            chosen = [one] if isinstance(one, Step) else self._steps(found, one)
            for step in chosen:
                result = outcome(self.system, step, states[-1])
                steps.append(step)
                if isinstance(result, Hazard):
                    return Run(tuple(states), tuple(steps), None, result)
                if result is None:
                    raise WrongRun(f"{step} is not possible in {dict(states[-1])}")
                states.append(result)
        return Run(tuple(states), tuple(steps))

    def _steps(self, found: Found, taken: Iterable[Taken]) -> Iterable[Step]:
        for one in taken:
            if found.holds(one.when):

                def values(symbols: Sequence[Any], one: Taken = one) -> tuple[Scalar, ...]:
                    stands = (one.symbols.get(symbol.node, symbol.node) for symbol in symbols)
                    return tuple(found.symbols.get(node, _any_of(node)) for node in stands)

                yield Step(one.action.name, values(one.action.parameters), values(one.action.choices))


def _any_of(symbol: Expression) -> Scalar:
    """A value for a symbol that nothing depends on."""
    _, low, _ = symbol.payload
    return bool(low) if str(symbol.sort) == "Bool" else int(low)
