"""What is measured: seven models, at sizes for a minute, for ten, and for as long as it takes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from math import comb

__all__ = ["LEVELS", "MODES", "SUBJECTS", "Case", "Subject", "cases"]

MODES = ("explore", "safety", "liveness")
"""Count the states and steps; judge the `always` properties; judge convergence under weak fairness."""

LEVELS = ("quick", "default", "full")

Counts = tuple[int | None, int | None]
"""States, and steps without the initial states; None where nobody has counted yet."""


@dataclass(frozen=True, slots=True)
class Subject:
    """A model, what is asked about it, and how large it is known to be.

    Parameters
    ----------
    model : str
        As the command line takes it.
    sizes : sequence of str
        The names of its parameters.
    counts : callable
        From the parameters to the exact numbers of states and steps.
    safety : sequence of str
        Its `always` properties, all of which hold.
    liveness : str or None
        Its `converges` property.
    verdict : str
        What is to be said of `liveness`. Some are violated, as a control: an encoding that could not
        fail would agree just as well.
    """

    model: str
    sizes: tuple[str, ...]
    counts: Callable[..., Counts]
    safety: tuple[str, ...] = ()
    liveness: str | None = None
    verdict: str = "holds"


@dataclass(frozen=True, slots=True)
class Case:
    """One row of the benchmark for each tool: a model at one size, and one question."""

    name: str
    model: str
    parameters: dict[str, int]
    mode: str
    properties: tuple[str, ...]
    verdict: str | None
    states: int | None
    steps: int | None

    @property
    def title(self) -> str:
        """The model and its size, as in `fleet(4, 6)`."""
        return f"{self.name}({', '.join(map(str, self.parameters.values()))})"

    def __str__(self) -> str:
        return f"{self.title} {self.mode}"


def _fleet(servers: int, faults: int) -> Counts:
    return {
        (3, 4): (6_044, 34_980),
        (3, 6): (9_498, 56_574),
        (4, 6): (103_674, 819_048),
        (5, 3): (381_021, 3_389_025),
        (5, 6): (1_119_738, 10_990_050),
        (6, 3): (3_359_229, 35_038_638),
        (6, 5): (8_957_947, 102_363_234),
    }.get((servers, faults), (None, None))


def _two_phase_commit(managers: int) -> Counts:
    return {
        5: (8_832, 58_145),
        6: (50_816, 402_305),
        7: (296_448, 2_744_705),
        8: (1_745_408, 18_507_777),
    }.get(managers, (None, None))


def _kubelet(pods: int) -> Counts:
    """0 <= running + events <= assigned <= pods, three turns; and `assign` wants assigned < pods."""
    return 3 * comb(pods + 3, 3), 6 * comb(pods + 3, 3) + 3 * comb(pods + 2, 3)


def _kuberay(replicas: int) -> Counts:
    return {
        20: (5_293, 14_975),
        50: (70_228, 205_430),
        100: (530_453, 1_570_855),
        150: (1_755_678, 5_221_280),
    }.get(replicas, (None, None))


SUBJECTS = {
    "fleet": Subject(
        "fleet::Fleet",
        ("servers", "faults"),
        _fleet,
        safety=("failures_are_paid_for", "never_restarted_while_seen_running"),
        liveness="all_running",
    ),
    "fleet-unfair": Subject(
        "fleet::UnpromisedStart",
        ("servers", "faults"),
        _fleet,
        liveness="all_running",
        verdict="violated",
    ),
    "counter": Subject(
        "counter::Counter",
        ("digits", "base"),
        lambda digits, base: (base**digits, digits * base**digits),
    ),
    "2PC": Subject(
        "two_phase_commit::TwoPhaseCommit", ("managers",), _two_phase_commit, safety=("consistent",)
    ),
    "taxi": Subject(
        "taxi::Taxi",
        ("street",),
        lambda street: (street**2, street**2 * (street + 1) + street * (street - 1)),
        safety=("stays_on_the_street",),
        liveness="arrives",
    ),
    "reconcilers": Subject(
        "two_reconcilers::WithOwnership",
        ("clusters",),
        # Every cluster reconciles and changes its mind in every state; half of the names can be deleted.
        lambda clusters: (4**clusters, 5 * clusters * 4**clusters // 2),
        liveness="as_wanted",
    ),
    "reconcilers-unowned": Subject(
        "two_reconcilers::WithoutOwnership",
        ("clusters",),
        lambda clusters: (None, None),
        liveness="as_wanted",
        verdict="violated",
    ),
    "kubelet": Subject(
        "kubelet::LevelAndEdge", ("pods",), _kubelet, safety=("prompt",), liveness="all_run"
    ),
    "kuberay": Subject(
        "kuberay::WithExpectations",
        ("replicas",),
        _kuberay,
        safety=("no_surplus",),
        liveness="settled",
    ),
}

_EXPLORE, _SAFETY, _LIVENESS = ((mode,) for mode in MODES)

# Liveness is asked at sizes that the others can do as well, but for the largest fleet.
_TABLE: tuple[tuple[str, tuple[int, ...], tuple[str, ...], str], ...] = (
    ("counter", (5, 10), _EXPLORE, "quick"),
    ("fleet", (4, 6), _EXPLORE + _SAFETY, "quick"),
    ("fleet", (3, 4), _LIVENESS, "quick"),
    ("fleet-unfair", (3, 4), _LIVENESS, "quick"),
    ("2PC", (5,), _SAFETY, "quick"),
    ("taxi", (50,), MODES, "quick"),
    ("reconcilers", (6,), _EXPLORE, "quick"),
    ("reconcilers", (4,), _LIVENESS, "quick"),
    ("reconcilers-unowned", (4,), _LIVENESS, "quick"),
    ("kubelet", (30,), MODES, "quick"),
    ("kuberay", (20,), MODES, "quick"),
    ("counter", (6, 10), _EXPLORE, "default full"),
    ("fleet", (5, 6), _EXPLORE + _SAFETY, "default full"),
    ("fleet", (4, 6), _LIVENESS, "default full"),
    ("fleet-unfair", (4, 6), _LIVENESS, "default full"),
    ("2PC", (7,), _EXPLORE + _SAFETY, "default full"),
    ("taxi", (200,), _EXPLORE + _SAFETY, "default full"),
    ("taxi", (100,), _LIVENESS, "default full"),
    ("reconcilers", (8,), _EXPLORE, "default full"),
    ("reconcilers", (6,), _LIVENESS, "default full"),
    ("reconcilers-unowned", (6,), _LIVENESS, "default full"),
    ("kubelet", (100,), _EXPLORE + _SAFETY, "default full"),
    ("kubelet", (50,), _LIVENESS, "default full"),
    ("kuberay", (100,), _EXPLORE + _SAFETY, "default full"),
    ("kuberay", (50,), _LIVENESS, "default full"),
    ("counter", (7, 10), _EXPLORE, "full"),
    ("fleet", (6, 5), _EXPLORE + _SAFETY, "full"),
    ("fleet", (5, 6), _LIVENESS, "full"),
    ("fleet", (6, 5), _LIVENESS, "full"),
    ("2PC", (8,), _EXPLORE + _SAFETY, "full"),
    ("taxi", (200,), _LIVENESS, "full"),
    ("reconcilers", (10,), _EXPLORE, "full"),
    ("reconcilers", (8,), _LIVENESS, "full"),
    ("kubelet", (150,), _SAFETY, "full"),
    ("kubelet", (100,), _LIVENESS, "full"),
    ("kuberay", (150,), _SAFETY, "full"),
    ("kuberay", (100,), _LIVENESS, "full"),
)


def cases(level: str, only: Iterable[str] = (), modes: Iterable[str] = ()) -> Iterator[Case]:
    """The cases of a level.

    Parameters
    ----------
    only : iterable of str
        Names, or beginnings of names, of the models wanted; all if there are none.
    modes : iterable of str
        The modes wanted; all if there are none.
    """
    beginnings, wanted = tuple(only), tuple(modes) or MODES
    for name, values, asked, levels in _TABLE:
        if level not in levels.split() or (beginnings and not name.startswith(beginnings)):
            continue
        for mode in asked:
            if mode in wanted:
                yield case(name, values, mode)


def case(name: str, values: tuple[int, ...], mode: str) -> Case:
    """One question about a model at one size.

    Raises
    ------
    ValueError
        If the model has no property of this kind.
    """
    subject = SUBJECTS[name]
    properties = {
        "explore": (),
        "safety": subject.safety,
        "liveness": (subject.liveness,) if subject.liveness else (),
    }[mode]
    if mode != "explore" and not properties:
        raise ValueError(f"{name} has no property for {mode}")
    verdict = {"explore": None, "safety": "holds", "liveness": subject.verdict}[mode]
    parameters = dict(zip(subject.sizes, values, strict=True))
    states, steps = subject.counts(**parameters)
    return Case(name, subject.model, parameters, mode, properties, verdict, states, steps)
