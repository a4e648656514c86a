"""Which locals of a process mean something at which point of its body."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from checker.system.expression import Expression
from checker.system.shape import leaves
from checker.system.transition_system import Action, Process, Role, TransitionSystem
from checker.system.walk import variables_of

__all__ = ["Memory"]


class Memory:
    """The locals that are alive at each point: later steps may read them.

    A local that nobody will read again is reset, so that states that differ in nothing else are
    one. To a reader of a trace that is no event, and a local's first value is one even if it
    happens to be the value that stands for "none yet".
    """

    def __init__(self, system: TransitionSystem) -> None:
        held = {leaf.variable: field.name for field in system.fields for leaf in leaves(field.shape)}
        self._process: dict[str, Process] = {}
        self._alive: set[tuple[str, Any]] = set()
        for process in system.processes:
            locals_ = [name for name in process.memory if system.variable[name].role is Role.LOCAL]
            domain = system.variable[process.position].domain
            for action in system.actions:
                point = _point(action, process)
                if point is None:
                    continue
                read, kept = _read(action), set(locals_) - {name for name, _ in action.updates}
                label = domain.decode(point)
                self._alive |= {(held[name], label) for name in locals_ if name in read or name in kept}
            self._process |= {held[name]: process for name in locals_}

    def tells(self, name: str, state: Mapping[str, Any]) -> bool:
        """Whether a local means something in a state; true for what is no local."""
        process = self._process.get(name)
        return process is None or (name, state.get(process.position)) in self._alive

    def begins(self, name: str, before: Mapping[str, Any], after: Mapping[str, Any]) -> bool:
        """Whether a local gets its first value in a step."""
        return name in self._process and self.tells(name, after) and not self.tells(name, before)


def _point(action: Action, process: Process) -> int | None:
    """The point of its body at which an action finds a process."""
    if action.process != process.key:
        return None
    stack = [action.guard]
    while stack:
        node = stack.pop()
        if node.operator == "and":
            stack.extend(node.operands)
        elif node.operator == "eq":
            names = [one.payload for one in node.operands if one.operator == "variable"]
            values = [one.payload for one in node.operands if one.is_constant]
            if names == [process.position] and len(values) == 1:
                return int(values[0])
    return None


def _read(action: Action) -> frozenset[str]:
    roots: list[Expression] = [action.guard, action.completes]
    roots += [value for _, value in action.updates]
    roots += [hazard.condition for hazard in action.hazards]
    return frozenset(variables_of(roots))
