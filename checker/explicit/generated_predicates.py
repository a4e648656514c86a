"""Predicates of states and of steps in bulk, as generated Python."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from checker.explicit.packing import Packing
from checker.explicit.python_text import Block, Writer, compiled
from checker.system.expression import Expression
from checker.system.transition_system import TransitionSystem
from checker.system.walk import expand_quantifiers, topological

__all__ = ["edge_function", "state_function"]


def state_function(
    system: TransitionSystem, packing: Packing, expression: Expression
) -> Callable[[Iterable[int]], Iterator[Any]]:
    """Generate a function from packed states to the values of an expression.

    A truth value comes as something that is true or false, not always as a `bool`.
    """
    written = expand_quantifiers([expression])[expression]
    writer = Writer(packing, {variable.name: variable.domain for variable in system.variables})
    body = Block(Block())
    writer.place([(written, body)])
    body.write(f"yield {writer.text(written).value}")
    lines = ["def evaluate(states):", " for w in states:", *body.lines, ""]
    function: Callable[[Iterable[int]], Iterator[Any]] = compiled("\n".join(lines), "evaluate")
    return function


def edge_function(
    system: TransitionSystem, packing: Packing, expression: Expression
) -> Callable[[Iterable[int], Iterable[Iterable[int]]], Iterator[Any]]:
    """Generate a function from steps to the values of an expression over `next` variables too.

    Returns
    -------
    callable
        ``evaluate(states, successors)``, where successors has for each state the packed states
        after its steps; yields one value for each step.
    """
    written = expand_quantifiers([expression])[expression]
    writer = Writer(packing, {variable.name: variable.domain for variable in system.variables})
    outer = Block(Block())
    inner = Block(outer)
    # What only reads the state before the step is computed once for all its steps.
    before = _maximal_before(written)
    writer.place([*((node, outer) for node in before), (written, inner)])
    text = writer.text(written).value
    inner.write(f"yield {text}")
    inner.close("for t in after:")
    loop = " for w, after in zip(states, successors):"
    lines = ["def evaluate(states, successors):", loop, *outer.lines, ""]
    function: Callable[[Iterable[int], Iterable[Iterable[int]]], Iterator[Any]]
    function = compiled("\n".join(lines), "evaluate")
    return function


def _maximal_before(root: Expression) -> list[Expression]:
    """The largest parts that do not read the state after the step."""
    order = list(topological([root]))
    late: set[Expression] = set()
    for node in order:
        if node.operator == "next" or any(operand in late for operand in node.operands):
            late.add(node)
    return [
        operand
        for operand in dict.fromkeys(part for node in order if node in late for part in node.operands)
        if operand not in late and operand.operator != "array"
    ]
