"""From the positions of a state machine to the places where CPython's generator is found waiting."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Any

from checker.language.errors import ModelError
from checker.language.processes import Body, Local, Machine, Point
from checker.language.recorder import Frame, Names, Recorder
from checker.language.statements import Statements, is_fixed
from checker.language.values import Namespace, Row, Scalar
from checker.language.yield_points import YieldPoint, YieldPoints
from checker.system.sorts import INT

__all__ = ["suspension_points"]


def suspension_points(machine: Machine, position: str) -> YieldPoints:
    """Every place where the process may wait, as it shows in a suspended generator.

    Parameters
    ----------
    machine : Machine
    position : str
        Name of the field that holds the process's position.
    """
    found = []
    for point in machine.points[1:]:
        assert point.resume is not None
        live = machine.live[point]
        found.append(
            YieldPoint(
                machine.labels[point],
                point.resume.node.lineno,
                tuple(_loop_values(machine.body, point)),
                tuple(_field(machine.locals[name]) for name in live),
                tuple(
                    (name, machine.locals[name].domain, machine.locals[name].optional)
                    for name in live
                    if machine.locals[name].annotated
                ),
            )
        )
    return YieldPoints(position, tuple(found))


def _field(local: Local) -> tuple[str, str, bool]:
    return local.name, local.variable, local.domain.sort == INT


def _loop_values(body: Body, point: Point) -> Iterator[tuple[str, Any]]:
    """Values of the loop variables at a position inside unrolled loops over ranges of numbers."""
    assert point.resume is not None
    loops = [
        node
        for node in ast.walk(body.definition)
        if isinstance(node, ast.For)
        and any(one is point.resume.node for statement in node.body for one in ast.walk(statement))
    ]
    loops.sort(key=lambda node: node.lineno)
    for node, i in zip(loops, point.resume.iteration, strict=True):
        numbers = _numbers(node.iter, body)
        fixed = numbers is not None and is_fixed(node)
        if isinstance(node.target, ast.Name) and numbers is not None and fixed and i < len(numbers):
            yield node.target.id, numbers[i]


def _numbers(node: ast.expr, body: Body) -> list[int] | None:
    """The numbers that a loop over a range runs through."""
    me = body.definition.args.args[0].arg
    frame = Frame(
        body.name, body.file, body.function, Namespace(body.scope), {me: Namespace(body.scope)}
    )
    try:
        row = Statements(Recorder({}, Names(), writable=False), frame).value(node)
    except ModelError:
        return None
    if not isinstance(row, Row):
        return None
    found = []
    for one in row.elements:
        if not (isinstance(one, Scalar) and one.expression.is_constant):
            return None
        found.append(int(one.expression.payload))
    return found
