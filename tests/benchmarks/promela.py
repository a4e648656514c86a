"""Writes a system as Promela, SPIN's language: for counting, for safety, for liveness under weak fairness.

How fairness maps: SPIN's weak fairness (`pan -f`) is one per process, ours is one per instance of an
action. So for liveness each fair instance is a process of its own, and everything that nobody promises
(faults, intents, unfair actions) is one more process that may always do nothing instead, hence owes
nothing. An instance whose step would change nothing is enabled for SPIN and not for us. That makes no
difference to a deterministic step: a cycle through such a state can be taken with the idle step put in,
so it is fair to both, and a cycle without such a state is judged alike.

How "finitely many faults" maps: a flag `calm` is raised at some time or never, faults and intents happen
only before, and what has to hold is `<> calm -> <> [] goal`. It is written `<> [] (calm -> goal)`: the same,
since the flag is never lowered again, and a smaller automaton.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

__all__ = ["Instance", "Promela", "fairness_bytes", "process_per_instance", "single_process"]


@dataclass(frozen=True, slots=True)
class Instance:
    """One instance of an action: an indivisible step.

    Parameters
    ----------
    guard : str
        A Promela expression; "true" if the step is always possible.
    effect : str
        Promela statements, deterministic.
    fair : bool
        Weakly fair.
    disturbance : bool
        A fault or an intent that happens finitely often, however often that is. One that a variable of
        the model counts down is bounded by itself and needs no such mark.
    """

    guard: str
    effect: str
    fair: bool = False
    disturbance: bool = False

    def step(self, condition: str = "", after: str = "") -> str:
        """The step under one more condition, and with statements after it."""
        guard = " && ".join(part for part in (condition, f"({self.guard})") if part)
        return f"d_step {{ {guard} -> {'; '.join(part for part in (self.effect, after) if part)} }}"


@dataclass(frozen=True, slots=True)
class Promela:
    """A system, and what is to be shown of it.

    Parameters
    ----------
    choices : sequence of str
        Where there are several initial states: one assignment for each. SPIN knows only one, so that
        the choice is one more state, and one more step for each of them.
    """

    declarations: str
    instances: Sequence[Instance]
    safe: str | None = None
    goal: str | None = None
    choices: Sequence[str] = ()


def single_process(model: Promela, asserting: bool) -> str:
    """One process that takes any of the steps: SPIN's states and steps are then those of the model.

    Parameters
    ----------
    asserting : bool
        Assert `safe` after each step, within it, so that no state is added.
    """
    after = "assert(SAFE)" if asserting else ""
    lines = [model.declarations]
    if asserting:
        lines.append(f"#define SAFE ({model.safe})")
    lines.append("active proctype system() {")
    lines += _choice(model.choices)
    lines.append("end: do")
    lines += [f"  :: {instance.step(after=after)}" for instance in model.instances]
    return "\n".join([*lines, "  od", "}", ""])


def process_per_instance(model: Promela) -> str:
    """One process for each fair instance and one for the rest, with the claim that the goal is stable."""
    lines = [model.declarations, f"#define GOAL ({model.goal})"]
    fair = [instance for instance in model.instances if instance.fair]
    rest = [instance for instance in model.instances if not instance.fair]
    bounded = not any(instance.disturbance for instance in rest)
    if not bounded:
        lines.append("bool calm;")
    # Processes that start by themselves would act before the choice of an initial state.
    active = "proctype" if model.choices else "active proctype"
    names = [f"fair{number}" for number in range(len(fair))]
    for name, instance in zip(names, fair, strict=True):
        lines.append(f"{active} {name}() {{ end: do :: {instance.step()} od }}")
    lines += [f"{active} rest() {{", "end: do", "  :: d_step { skip }"]
    if not bounded:
        lines.append("  :: d_step { !calm -> calm = true }")
    lines += [f"  :: {one.step('!calm' if one.disturbance else '')}" for one in rest]
    lines += ["  od", "}"]
    if model.choices:
        started = "; ".join(f"run {name}()" for name in [*names, "rest"])
        lines += ["init {", "  atomic {", *_choice(model.choices), f"    {started}", "  }", "}"]
    lines.append(f"ltl live {{ <> [] ({'GOAL' if bounded else '!calm || GOAL'}) }}")
    return "\n".join([*lines, ""])


def fairness_bytes(model: Promela) -> int:
    """The least NFAIR that pan takes for `process_per_instance`: it wants processes + 1 below 4 NFAIR."""
    fair = sum(instance.fair for instance in model.instances)
    processes = fair + 1 + bool(model.choices) + 1  # and the claim is one, too
    return max(2, (processes + 1) // 4 + 1)


def _choice(choices: Sequence[str]) -> list[str]:
    if not choices:
        return []
    return ["    if", *(f"    :: {choice}" for choice in choices), "    fi;"]
