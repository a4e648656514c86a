"""The successors of a system as plain integer Python, generated and compiled.

One generated function expands thousands of packed states in a single call: a function call for
each state or action would cost more than the work itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from checker.explicit.instances import Outcome, outcomes_of
from checker.explicit.packing import Packing
from checker.explicit.python_text import Block, Writer, compiled
from checker.explicit.state_graph import Instance
from checker.explicit.step_plan import Plan, planned
from checker.system.expression import Expression
from checker.system.sorts import Scalar
from checker.system.transition_system import Hazard, TransitionSystem

__all__ = [
    "Branch",
    "Expander",
    "Failure",
    "IllFormedSystem",
    "arranged",
    "completer",
    "expander",
]

# Outcomes in one generated function: compiling takes some forty kilobytes for each.
_PART = 2000

# Blocks nest at most this deeply for conjuncts that neighbouring outcomes share.
_NESTING = 12


class IllFormedSystem(ValueError):
    """An update leaves its variable's domain where none of the action's hazards holds.

    Parameters
    ----------
    action : str
    variable : str
    state : int
        Index of the state before the step.
    """

    def __init__(self, action: str, variable: str, state: int) -> None:
        super().__init__(
            f"{action} assigns {variable} a value outside its domain in state {state}, "
            "and none of its hazards says so"
        )
        self.variable = variable


@dataclass(frozen=True, slots=True)
class Failure:
    """What a mishap's number means.

    Parameters
    ----------
    label : int
    choices : tuple of bool or int
    hazard : Hazard or None
        None where the outcome leaves the bound of the enumeration.
    """

    label: int
    choices: tuple[Scalar, ...]
    hazard: Hazard | None


@dataclass(frozen=True, slots=True)
class Expander:
    """A compiled successor function.

    Parameters
    ----------
    expand : callable
        ``expand(start, stop, states, visited, parents, parent_labels, targets, labels, offsets,
        mishaps)`` appends to all of them what states start … stop-1 lead to. `visited` maps packed
        states to indices. Mishaps are pairs (state, number of a failure).
    failures : tuple of Failure
    outcomes : int
        How many guards are tested in each state.
    source : str
        What was compiled.
    """

    expand: Callable[..., None]
    failures: tuple[Failure, ...]
    outcomes: int
    source: str


# ---------------------------------------------------------------- successors


def expander(
    system: TransitionSystem,
    packing: Packing,
    instances: Sequence[Instance],
) -> Expander:
    """Generate and compile the successor function of a system.

    Parameters
    ----------
    system : TransitionSystem
    packing : Packing
        Of its variables.
    instances : sequence of Instance
        Of its actions.

    Notes
    -----
    An update that is not shown to stay in its variable's domain by interval analysis is tested
    when it happens; the function raises `IllFormedSystem` rather than pack a wrong state.
    """
    names = [instance.name for instance in instances]
    outcomes = outcomes_of(system)
    failures: list[Failure] = []
    sources: list[str] = []
    parts: list[Callable[..., None]] = []
    count = 0
    batch = list(islice(outcomes, _PART))
    while batch or not parts:
        count += len(batch)
        following = list(islice(outcomes, _PART))
        writer = _Successors(system, packing, names, failures)
        sources.append(writer.source(batch, is_last=not following))
        parts.append(compiled(sources[-1], "expand", writer.leaves))
        batch = following
    expand = parts[0] if len(parts) == 1 else _in_parts(parts)
    return Expander(expand, tuple(failures), count, "\n".join(sources))


def _in_parts(parts: Sequence[Callable[..., None]]) -> Callable[..., None]:
    """One function that lets each part expand the same state before the next state's turn."""

    def expand(start: int, stop: int, *graph: Any) -> None:
        for i in range(start, stop):
            for part in parts:
                part(i, i + 1, *graph)

    return expand


def completer(
    system: TransitionSystem, packing: Packing, computed: Sequence[tuple[str, Expression]]
) -> Callable[[Iterable[int], list[int]], Iterator[int]]:
    """Generate a function that fills in variables whose initial value depends on the others'.

    Parameters
    ----------
    system : TransitionSystem
    packing : Packing
    computed : sequence of (str, Expression)
        Over variables that are not themselves computed; quantifiers written out.

    Returns
    -------
    callable
        ``complete(words, beyond)`` yields the completed words; the position of each word that
        would leave the bound of the enumeration is appended to `beyond` instead.
    """
    writer = _Successors(system, packing, ["the initial state"], [])
    source = writer.completer_source(Outcome(0, (), (), (), tuple(computed)))
    function: Callable[[Iterable[int], list[int]], Iterator[int]]
    function = compiled(source, "complete", writer.leaves)
    return function


@dataclass(slots=True)
class Branch:
    """Outcomes under one shared conjunct; or one outcome, under what is left of its guard."""

    guard: tuple[Expression, ...]
    outcome: Outcome | None
    inner: list[Branch]
    block: Block | None = None


class _Successors:
    """Writes one successor function."""

    def __init__(
        self,
        system: TransitionSystem,
        packing: Packing,
        names: Sequence[str],
        failures: list[Failure],
    ) -> None:
        self.packing = packing
        self.names = names
        self.failures = failures
        domains = {variable.name: variable.domain for variable in system.variables}
        self.writer = Writer(packing, domains)
        self.plans: dict[int, Plan] = {}

    def source(self, outcomes: Sequence[Outcome], *, is_last: bool) -> str:
        """The function `expand`; the last part for a state closes its row of edges."""
        top = Block(Block())
        branches = arranged([(outcome, outcome.guard) for outcome in outcomes])
        roots: list[tuple[Expression, Block]] = []
        self._open(branches, top, roots)
        self.writer.place(roots)
        self._write(branches, top)
        head = [
            "n = len(states)",
            "see = visited.setdefault",
            "to = targets.append",
            "by = labels.append",
        ]
        head.append("for i, w in enumerate(states[start:stop], start):")
        if is_last:
            top.write("offsets.append(len(targets))")
        return "\n".join(
            [
                "def expand(start, stop, states, visited, parents, parent_labels, "
                "targets, labels, offsets, mishaps):",
                *(" " + line for line in head),
                *(top.lines or ["  pass"]),
                "",
            ]
        )

    def completer_source(self, outcome: Outcome) -> str:
        """The function `complete`."""
        body = Block(Block())
        plan = self._plan(outcome)
        self.writer.place((root, body) for root in plan.roots())
        self._write_tests(plan, body, [f"yield {self._word(plan)}"], "beyond.append(i)")
        lines = ["def complete(words, beyond):", " for i, w in enumerate(words):", *body.lines, ""]
        return "\n".join(lines)

    def leaves(self, name: str, label: int, state: int) -> None:
        """Called where an update turns out to leave its variable's domain."""
        raise IllFormedSystem(self.names[label], name, state)

    def _open(self, branches: list[Branch], block: Block, roots: list[tuple[Expression, Block]]) -> None:
        """Give every branch its block, plan the outcomes, and collect what has to be written."""
        for branch in branches:
            branch.block = Block(block)
            roots.extend((test, block) for test in branch.guard)
            if branch.outcome is None:
                self._open(branch.inner, branch.block, roots)
            else:
                plan = self.plans[id(branch)] = self._plan(branch.outcome)
                roots.extend((root, branch.block) for root in plan.roots())

    def _plan(self, outcome: Outcome) -> Plan:
        def failure(hazard: Hazard | None) -> int:
            self.failures.append(Failure(outcome.label, outcome.choices, hazard))
            return len(self.failures) - 1

        return planned(outcome, self.packing, self.writer.interval, failure)

    # ------------------------------------------------------------ writing

    def _write(self, branches: list[Branch], block: Block) -> None:
        for branch in branches:
            assert branch.block is not None
            header = " and ".join(self.writer.text(test).truth for test in branch.guard)
            if branch.outcome is None:
                self._write(branch.inner, branch.block)
            else:
                plan = self.plans[id(branch)]
                label = branch.outcome.label
                self._write_tests(plan, branch.block, self._successor(label, plan), "", label)
            branch.block.close(f"if {header or 'True'}:")

    def _write_tests(
        self, plan: Plan, block: Block, successor: list[str], beyond: str, label: int = 0
    ) -> None:
        """The successor's lines, under all tests of the plan; `beyond` replaces a failure's line."""
        # All local variables have to be written before the first test.
        tests = [(self.writer.text(test).truth, failure) for test, failure in plan.tests]
        keyword = "if"
        for test, failure in tests:
            block.write(f"{keyword} {test}:")
            if isinstance(failure, str):
                block.write(f" leaves({failure!r}, {label}, i)")
            else:
                block.write(" " + (beyond or f"mishaps.append((i, {failure}))"))
            keyword = "elif"
        if tests:
            block.write("else:")
        for line in successor:
            block.write(" " + line if tests else line)

    def _successor(self, label: int, plan: Plan) -> list[str]:
        if not plan.changes:
            return ["to(i)", f"by({label})"]
        found = f"states.append(t); parents.append(i); parent_labels.append({label})"
        # One lookup both finds a known state and enters a new one.
        return [
            f"t = {self._word(plan)}",
            "j = see(t, n)",
            f"if j == n: n += 1; {found}",
            "to(j)",
            f"by({label})",
        ]

    def _word(self, plan: Plan) -> str:
        terms = ["w"] if plan.keep is None else [f"w & {plan.keep}"] if plan.keep else []
        if plan.fixed:
            terms.append(str(plan.fixed))
        for value, slot in plan.parts:
            text = self.writer.text(value).value
            if slot.low:
                text = f"({text} - {slot.low})"
            terms.append(f"({text} << {slot.offset})" if slot.offset else text)
        word = " | ".join(terms) or "0"
        if plan.flip:
            word = f"({word}) ^ {plan.flip}"
        if plan.delta:
            word = f"({word}) + {plan.delta}"
        return word


def arranged(
    entries: list[tuple[Outcome, tuple[Expression, ...]]], worth: int = 2, depth: int = 0
) -> list[Branch]:
    """Neighbouring outcomes that share a conjunct, under one test of it.

    Parameters
    ----------
    entries : list of (Outcome, tuple of Expression)
        With each outcome what is left of its guard.
    worth : int
        How many have to share a conjunct at least.
    depth : int
        How deep this already is.
    """
    branches = []
    position = 0
    parts = [frozenset(guard) for _, guard in entries]
    while position < len(entries):
        outcome, guard = entries[position]
        best, stop = None, position + 1
        for test in guard if depth < _NESTING else ():
            end = position + 1
            while end < len(entries) and test in parts[end]:
                end += 1
            if end > stop and end - position >= worth:
                best, stop = test, end
        if best is None:
            branches.append(Branch(guard, outcome, []))
        else:
            rest = [
                (other, tuple(test for test in remaining if test is not best))
                for other, remaining in entries[position:stop]
            ]
            branches.append(Branch((best,), None, arranged(rest, worth, depth + 1)))
        position = stop
    return branches
