"""The successors of a system as plain integer Python, generated and compiled.

One generated function expands thousands of packed states in a single call: a function call for
each state or action would cost more than the work itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from checker.explicit.instances import Outcome, outcomes_of
from checker.explicit.packing import Packing, Slot
from checker.explicit.python_text import Block, Writer, compiled
from checker.explicit.state_graph import Instance
from checker.system.expression import TRUE, Expression, conj, constant, lt, neg
from checker.system.sorts import Scalar
from checker.system.transition_system import Hazard, TransitionSystem

__all__ = [
    "Expander",
    "Failure",
    "IllFormedSystem",
    "completer",
    "expander",
]

# Blocks nest at most this deeply for conjuncts that neighbouring outcomes share.
_NESTING = 12


class IllFormedSystem(ValueError):
    """An update leaves its variable's domain where none of the action's hazards holds."""


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
        mishaps) -> steps`` appends to all of them what states start … stop-1 lead to. `visited`
        maps packed states to indices; without edges it is a set, targets, labels and offsets stay
        untouched, and the steps are counted. Mishaps are pairs (state, number of a failure).
    failures : tuple of Failure
    source : str
        What was compiled.
    """

    expand: Callable[..., int]
    failures: tuple[Failure, ...]
    source: str


# ---------------------------------------------------------------- successors


def expander(
    system: TransitionSystem,
    packing: Packing,
    instances: Sequence[Instance],
    *,
    keep_edges: bool = True,
) -> Expander:
    """Generate and compile the successor function of a system.

    Parameters
    ----------
    system : TransitionSystem
    packing : Packing
        Of its variables.
    instances : sequence of Instance
        Of its actions.
    keep_edges : bool
        Whether the function records edges or only counts steps.

    Notes
    -----
    An update that is not shown to stay in its variable's domain by interval analysis is tested
    when it happens; the function raises `IllFormedSystem` rather than pack a wrong state.
    """
    names = [instance.name for instance in instances]
    return _Successors(system, packing, names, keep_edges).build(list(outcomes_of(system)))


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
    writer = _Successors(system, packing, ["the initial state"], keep_edges=False)
    return writer.build_completer(Outcome(0, (), (), (), tuple(computed)))


@dataclass(slots=True)
class _Branch:
    """Outcomes under one shared conjunct (None: one outcome under its remaining guard)."""

    guard: tuple[Expression, ...]
    outcome: Outcome | None
    inner: list[_Branch]
    block: Block | None = None


@dataclass(slots=True)
class _Plan:
    """How an outcome's successor is computed: ((w & keep | fixed | parts …) ^ flip) + delta.

    Each test comes with what happens where it is true: the number of a failure, or the name of
    the variable that leaves its domain though no hazard says so.
    """

    tests: list[tuple[Expression, int | str]]
    keep: int | None = None
    flip: int = 0
    fixed: int = 0
    delta: int = 0
    parts: list[tuple[Expression, Slot]] = field(default_factory=list)
    changes: bool = False

    def roots(self) -> Iterator[Expression]:
        for test, _ in self.tests:
            yield test
        for value, _ in self.parts:
            yield value


class _Successors:
    """Writes one successor function."""

    def __init__(
        self, system: TransitionSystem, packing: Packing, names: Sequence[str], keep_edges: bool
    ) -> None:
        self.packing = packing
        self.names = names
        self.keep_edges = keep_edges
        self.slots = {slot.name: slot for slot in packing.slots}
        self.writer = Writer(packing, {variable.name: variable.domain for variable in system.variables})
        self.failures: list[Failure] = []
        self.plans: dict[int, _Plan] = {}

    def build(self, outcomes: Sequence[Outcome]) -> Expander:
        top = Block(Block())
        branches = _arranged([(outcome, outcome.guard) for outcome in outcomes], 0)
        roots: list[tuple[Expression, Block]] = []
        self._open(branches, top, roots)
        self.writer.place(roots)
        self._write(branches, top)
        if self.keep_edges:
            head = ["n = len(states)", "see = visited.setdefault"]
            head += ["to = targets.append", "by = labels.append"]
            top.write("offsets.append(len(targets))")
        else:
            head = ["add = visited.add"]
        head += ["steps = 0", "for i, w in enumerate(states[start:stop], start):"]
        source = "\n".join(
            [
                "def expand(start, stop, states, visited, parents, parent_labels, "
                "targets, labels, offsets, mishaps):",
                *(" " + line for line in head),
                *(top.lines or ["  pass"]),
                " return steps\n",
            ]
        )
        return Expander(compiled(source, "expand", self._leaves), tuple(self.failures), source)

    def build_completer(self, outcome: Outcome) -> Callable[[Iterable[int], list[int]], Iterator[int]]:
        body = Block(Block())
        plan = self._plan(outcome)
        self.writer.place((root, body) for root in plan.roots())
        self._write_tests(plan, body, [f"yield {self._word(plan)}"], "beyond.append(i)")
        lines = ["def complete(words, beyond):", " for i, w in enumerate(words):", *body.lines, ""]
        function: Callable[[Iterable[int], list[int]], Iterator[int]]
        function = compiled("\n".join(lines), "complete", self._leaves)
        return function

    def _open(
        self, branches: list[_Branch], block: Block, roots: list[tuple[Expression, Block]]
    ) -> None:
        """Give every branch its block, plan the outcomes, and collect what has to be written."""
        for branch in branches:
            branch.block = Block(block)
            roots.extend((test, block) for test in branch.guard)
            if branch.outcome is None:
                self._open(branch.inner, branch.block, roots)
            else:
                plan = self.plans[id(branch)] = self._plan(branch.outcome)
                roots.extend((root, branch.block) for root in plan.roots())

    def _leaves(self, name: str, label: int, state: int) -> None:
        raise IllFormedSystem(
            f"{self.names[label]} assigns {name} a value outside its domain in state {state}, "
            "and none of its hazards says so"
        )

    # ------------------------------------------------------------ planning

    def _plan(self, outcome: Outcome) -> _Plan:
        plan = _Plan([])
        for condition, hazard in outcome.hazards:
            plan.tests.append((condition, self._failure(outcome, hazard)))
            if condition is TRUE:
                return plan
        facts = _facts(outcome.guard)
        assuming = conj(*outcome.guard, *(neg(condition) for condition, _ in outcome.hazards))
        cleared = 0
        for name, value in outcome.updates:
            slot = self.slots[name]
            self._check(outcome, slot, value, assuming, plan)
            kind, amount = _change(name, value, facts)
            if kind == "add":
                plan.delta += amount << slot.offset
                plan.changes |= amount != 0
                continue
            plan.changes |= slot.width > 0
            if kind == "flip":
                plan.flip |= 1 << slot.offset
            elif slot.width:
                cleared |= slot.mask << slot.offset
                if value.is_constant:
                    # Outside the domain a test fails first, but the text must still be an int.
                    plan.fixed |= (int(value.payload) - slot.low & slot.mask) << slot.offset
                else:
                    plan.parts.append((value, slot))
        if cleared:
            plan.keep = ((1 << self.packing.bits) - 1) & ~cleared
        return plan

    def _check(
        self, outcome: Outcome, slot: Slot, value: Expression, assuming: Expression, plan: _Plan
    ) -> None:
        """Add tests that the value fits its slot, unless it always does."""
        if slot.is_bool:
            return
        low, high = self.writer.interval(value, assuming)
        if low < slot.low:
            plan.tests.append((lt(value, constant(slot.low, value.sort)), slot.name))
        if high > slot.top:
            beyond = lt(constant(slot.top, value.sort), value)
            plan.tests.append((beyond, self._failure(outcome, None) if slot.unbounded else slot.name))

    def _failure(self, outcome: Outcome, hazard: Hazard | None) -> int:
        self.failures.append(Failure(outcome.label, outcome.choices, hazard))
        return len(self.failures) - 1

    # ------------------------------------------------------------ writing

    def _write(self, branches: list[_Branch], block: Block) -> None:
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
        self, plan: _Plan, block: Block, successor: list[str], beyond: str, label: int = 0
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
                if not beyond and not self.keep_edges:
                    block.write(" steps += 1")
            keyword = "elif"
        if tests:
            block.write("else:")
        for line in successor:
            block.write(" " + line if tests else line)

    def _successor(self, label: int, plan: _Plan) -> list[str]:
        if not plan.changes:
            return ["to(i)", f"by({label})"] if self.keep_edges else ["steps += 1"]
        lines = [f"t = {self._word(plan)}"]
        found = f"states.append(t); parents.append(i); parent_labels.append({label})"
        if self.keep_edges:
            # One lookup both finds a known state and enters a new one.
            lines += ["j = see(t, n)", f"if j == n: n += 1; {found}", "to(j)", f"by({label})"]
        else:
            lines += ["steps += 1", f"if t not in visited: add(t); {found}"]
        return lines

    def _word(self, plan: _Plan) -> str:
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


def _arranged(entries: list[tuple[Outcome, tuple[Expression, ...]]], depth: int) -> list[_Branch]:
    """Neighbouring outcomes that share a conjunct, under one test of it."""
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
            if end > stop:
                best, stop = test, end
        if best is None:
            branches.append(_Branch(guard, outcome, []))
        else:
            rest = [
                (other, tuple(test for test in remaining if test is not best))
                for other, remaining in entries[position:stop]
            ]
            branches.append(_Branch((best,), None, _arranged(rest, depth + 1)))
        position = stop
    return branches


def _facts(guard: Iterable[Expression]) -> dict[str, int]:
    """Variables whose value the guard fixes."""
    facts = {}
    for test in guard:
        if test.operator == "eq":
            left, right = test.operands
            if left.operator == "variable" and right.is_constant:
                facts[left.payload] = int(right.payload)
        elif test.operator == "variable":
            facts[test.payload] = 1
        elif test.operator == "not" and test.operands[0].operator == "variable":
            facts[test.operands[0].payload] = 0
    return facts


def _change(name: str, value: Expression, facts: Mapping[str, int]) -> tuple[str, int]:
    """Whether a value is the variable itself plus a known amount ("add"), or its "flip"."""
    if value.is_constant and name in facts:
        return "add", int(value.payload) - facts[name]
    own = bool(value.operands) and _reads(value.operands[0], name)
    if own and value.operator == "add" and value.operands[1].is_constant:
        return "add", int(value.operands[1].payload)
    return ("flip", 0) if own and value.operator == "not" else ("other", 0)


def _reads(node: Expression, name: str) -> bool:
    return node.operator == "variable" and bool(node.payload == name)
