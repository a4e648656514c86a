"""Random processes over a small world, with choices, loops, errors, crashes and others at work."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import strategies as st
from random_systems import Builder
from small_systems import symbol
from systems import Body, action, hazard, number, running, truth

from checker.system import expression as e
from checker.system.sorts import BOOL, INT
from checker.system.transition_system import Role, TransitionSystem, Variable


@st.composite
def processes(draw: st.DrawFn) -> tuple[TransitionSystem, e.Expression]:
    """A system with one process `work`, the field `world`, and a goal."""
    world, other = number("world", 2), draw(st.sampled_from([number("other", 1), truth("other")]))
    memory = number("memory", 1, role=Role.LOCAL)
    body = Body("work", draw(st.integers(1, 3)), (memory,))
    variables = [world, other, memory]
    for here in range(body.position.domain.high + 1):
        for _ in range(draw(st.sampled_from([1, 1, 1, 2]))):
            choices = (symbol(f"c{len(body.actions)}", 0, 1),) if draw(st.integers(0, 3)) == 0 else ()
            builder = Builder(draw, variables, [*choices])
            when = draw(st.sampled_from([e.TRUE, e.TRUE, builder.any(BOOL, 2)]))
            updates = _updates(draw, builder, variables)
            wrong = ()
            if draw(st.integers(0, 5)) == 0:
                guard = e.conj(e.eq(body.position.node, e.constant(here)), when)
                wrong = (hazard(e.conj(guard, builder.any(BOOL, 1))),)
            to = draw(st.integers(0, body.position.domain.high))
            body.at(here, to, updates, when, choices=choices, hazards=wrong)
    if draw(st.integers(0, 3)):
        body.crash()
    others = []
    for number_ in range(draw(st.sampled_from([0, 0, 1]))):
        builder = Builder(draw, [world, other], [])
        target = draw(st.sampled_from([world, other]))
        others.append(action(f"other{number_}", builder.any(BOOL, 1), _updates(draw, builder, [target])))
    goal = Builder(draw, [world, other], []).any(BOOL, 2)
    return replace(running([world, other], body, others=tuple(others))), goal


def _updates(draw: st.DrawFn, builder: Builder, targets: list[Variable]) -> dict[str, e.Expression]:
    updates = {}
    for target in draw(st.lists(st.sampled_from(targets), unique=True, max_size=2)):
        value = builder.any(target.domain.sort, 2)
        if target.domain.sort == INT:
            value = e.modulo(value, e.constant(target.domain.high + 1))
        updates[target.name] = value
    return updates
