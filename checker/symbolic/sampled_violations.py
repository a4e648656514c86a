"""Counterexamples among sampled runs: each is real, and repeated by the reference interpreter."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from checker.symbolic.obligations import is_own
from checker.symbolic.replay import replayed
from checker.symbolic.samples import Samples
from checker.system.evaluate import evaluate
from checker.system.run import Run
from checker.system.transition_system import Property

__all__ = ["sampled_violation"]


def sampled_violation(claim: Property, samples: Samples) -> tuple[Run, str] | None:
    """A shortest of the sampled runs that break a property, and what breaks it.

    Parameters
    ----------
    claim : Property
        Of kind "always", "never", "transition", "assert" or "domain".
    samples : Samples

    Returns
    -------
    (Run, str) or None
        None says nothing: the samples are not all runs.

    Raises
    ------
    WrongRun
        If the interpreter does not confirm the run: an error in this program.
    """
    search = _of_states if claim.kind in ("always", "never") else _of_steps
    shortest: tuple[Run, str] | None = None
    for run, reason in search(claim, samples):
        if shortest is None or len(run) < len(shortest[0]):
            shortest = run, reason
    if shortest is not None:
        run = shortest[0]
        # Where the predicate itself goes wrong, the hazard is not the last step's.
        replayed(samples.system, run if len(run.steps) == len(run.states) else replace(run, hazard=None))
    return shortest


def _of_states(claim: Property, samples: Samples) -> Iterator[tuple[Run, str]]:
    """Runs to states that break it, each shorter than the one before."""
    assert claim.predicate is not None
    depth = _depths(samples)
    best = len(samples) + 1
    wanted = claim.kind == "always"
    for index, state in enumerate(samples.states):
        if depth[index] >= best:
            continue
        hazard = next((one for one in claim.hazards if evaluate(one.condition, state)), None)
        if hazard is None and bool(evaluate(claim.predicate, state)) == wanted:
            continue
        best = depth[index]
        reason = "does not hold" if wanted else "holds"
        run = replace(samples.run_to(index), hazard=hazard)
        yield run, hazard.message if hazard else reason


def _of_steps(claim: Property, samples: Samples) -> Iterator[tuple[Run, str]]:
    """Runs whose last step breaks it, each shorter than the one before."""
    breaks = _by_transition if claim.kind == "transition" else _by_error
    depth = _depths(samples)
    best = len(samples) + 1
    for number, step in enumerate(samples.steps):
        if depth[step.source] >= best:
            continue
        found = breaks(claim, samples, number)
        if found is not None:
            best = depth[step.source]
            yield found


def _by_error(claim: Property, samples: Samples, number: int) -> tuple[Run, str] | None:
    step = samples.steps[number]
    if step.hazard < 0:
        return None
    hazard = samples.system.actions[step.action].hazards[step.hazard]
    return (samples.run_along(number), hazard.message) if is_own(claim, hazard) else None


def _by_transition(claim: Property, samples: Samples, number: int) -> tuple[Run, str] | None:
    step = samples.steps[number]
    if claim.predicate is None or step.target in (-1, step.source):
        return None
    before, after = samples.states[step.source], samples.states[step.target]
    hazard = next((one for one in claim.hazards if evaluate(one.condition, before, after)), None)
    if hazard is None and evaluate(claim.predicate, before, after):
        return None
    run = replace(samples.run_along(number), hazard=hazard)
    action = samples.system.actions[step.action].name
    return run, hazard.message if hazard else f"{action} breaks it"


def _depths(samples: Samples) -> list[int]:
    """Steps of the run to each state; a state is found after the one that leads to it."""
    depths: list[int] = []
    for step in samples.found_by:
        depths.append(0 if step < 0 else depths[samples.steps[step].source] + 1)
    return depths
