"""What the benchmark reads and writes: reports of SPIN and TLC, Promela texts, the table."""

import re
from pathlib import Path

import pytest

from tests.benchmarks.cases import LEVELS, SUBJECTS, cases
from tests.benchmarks.contenders import tlc
from tests.benchmarks.promela import Instance, Promela, process_per_instance, single_process
from tests.benchmarks.promela_models import promela
from tests.benchmarks.reports import Report, TooShallow, Unfinished, spin_report, tlc_report
from tests.benchmarks.table import place, rows, with_ratios

PAN = """
Full statespace search for:
	assertion violations	+
State-vector 20 byte, depth reached 132, errors: 0
   103674 states, stored
   715375 states, matched
   819049 transitions (= stored+matched)
"""

TLC = """
Finished computing initial states: 6 distinct states generated at 2020-02-02 20:02:02.
Model checking completed. No error has been found.
288 states generated, 36 distinct states found, 0 states left on queue.
"""


def test_spin_counts_steps_without_the_initial_state() -> None:
    """fleet(4, 6) as pan reports it has the states and steps that are known."""
    assert spin_report(PAN) == Report("holds", 103_674, 819_048, depth=132)


def test_spin_choice_of_an_initial_state_is_not_the_models() -> None:
    """The state before the choice and its steps are taken off."""
    assert spin_report(PAN, choices=21) == Report("holds", 103_673, 819_027, depth=132)


def test_spin_rounds_large_counts() -> None:
    """A count above eight digits is known up to its last printed digit."""
    text = PAN.replace("715375 states, matched", "1.2340532e+09 states, matched")
    report = spin_report(text)
    assert (report.steps, report.rounded) == (1_234_053_200 + 103_673, 100)


def test_spin_visits_states_again_for_a_cycle() -> None:
    """For liveness a state is stored once and visited more often; both are counts of the product."""
    text = PAN.replace("103674 states, stored", "103674 states, stored (204674 visited)")
    assert spin_report(text) == Report("holds", 103_674, 920_048, depth=132)


def test_spin_violations() -> None:
    """An acceptance cycle and a failed assertion are verdicts; another error is not."""
    cycle = "pan:1: acceptance cycle (at depth 22)\n" + PAN.replace("errors: 0", "errors: 1")
    assert spin_report(cycle).verdict == "violated"
    assertion = cycle.replace("acceptance cycle", "assertion violated (x<3)")
    assert spin_report(assertion).verdict == "violated"
    with pytest.raises(Unfinished):
        spin_report(cycle.replace("acceptance cycle", "invalid end state"))


def test_spin_cut_short_is_no_report() -> None:
    """A truncated search, one out of memory, and one that said nothing have no counts."""
    with pytest.raises(TooShallow):
        spin_report("error: max search depth too small\n" + PAN)
    with pytest.raises(Unfinished):
        spin_report("pan: reached -DMEMLIM bound\n" + PAN)
    with pytest.raises(Unfinished):
        spin_report("")


def test_tlc_counts_steps_without_the_initial_states() -> None:
    """taxi with six blocks has 36 states, 282 steps and six initial states."""
    assert tlc_report(TLC) == Report("holds", 36, 282)
    with_duplicates = TLC.replace(
        "6 distinct states generated", "6 states generated, with 3 of them distinct"
    )
    assert tlc_report(with_duplicates) == Report("holds", 36, 282)


def test_tlc_violations_and_what_was_cut_short() -> None:
    """A violated property is a verdict; states left on the queue, or no memory, are none."""
    assert tlc_report("Error: Temporal properties were violated.\n").verdict == "violated"
    assert tlc_report("Error: Invariant Safe is violated.\n").verdict == "violated"
    for text in ("", TLC.replace(" 0 states left", " 7 states left"), "java.lang.OutOfMemoryError"):
        with pytest.raises(Unfinished):
            tlc_report(text)


def test_fair_instances_are_processes_of_their_own() -> None:
    """For liveness: one process for each fair instance, one for all that owes nothing."""
    model = Promela(
        "byte x;",
        [
            Instance("x < 3", "x = x + 1", fair=True),
            Instance("x > 0", "x = x - 1", disturbance=True),
            Instance("x == 2", "x = 0"),
        ],
        safe="x <= 3",
        goal="x == 3",
    )
    text = process_per_instance(model)
    assert re.findall(r"proctype (\w+)", text) == ["fair0", "rest"]
    assert "d_step { !calm && (x > 0) -> x = x - 1 }" in text
    assert "d_step { (x == 2) -> x = 0 }" in text
    assert "ltl live { <> [] (!calm || GOAL) }" in text
    assert single_process(model, asserting=True).count("assert(SAFE)") == 3
    assert "assert" not in single_process(model, asserting=False)


@pytest.mark.parametrize("level", LEVELS)
def test_every_case_can_be_asked_of_everyone(
    level: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Model, parameters and properties exist in the gallery, in Promela and in TLA+."""
    from checker.findings.checking import judgeable
    from checker.language.loader import load_models

    monkeypatch.setenv("TLA2TOOLS_JAR", "tla2tools.jar")
    for case in cases(level):
        (model,) = load_models(case.model)
        assert set(case.properties) <= set(judgeable(model(**case.parameters))), str(case)
        text = promela(case.model, case.parameters)
        assert text.safe or case.mode != "safety", str(case)
        assert text.goal or case.mode != "liveness", str(case)
        module = tlc(case, tmp_path).command[-1]
        defined = re.findall(r"^(\w+) ==", (tmp_path / f"{module}.tla").read_text(), re.M)
        asked = re.findall(r"^[A-Z]+ (\w+)$", (tmp_path / f"{module}.cfg").read_text(), re.M)
        assert asked and set(asked) <= set(defined), str(case)


def test_every_model_is_measured_at_every_level() -> None:
    """No level leaves out a model, nor the controls whose liveness is violated."""
    for level in LEVELS:
        assert {case.name for case in cases(level)} == set(SUBJECTS)


def test_ratios_are_to_ours() -> None:
    """Time and memory over ours; a tool at the time limit is at least so many times slower."""
    shared = {"case": "m(1)", "mode": "safety", "limit": 60.0, "model_steps": 500, "product": False}
    measured = {"outcome": "finished", "verdict": "holds", "states": 100, "steps": 500, "runs": [{}]}
    ours = {"seconds": 2.0, "seconds_without_compiling": 2.0, "peak_bytes": 50e6, "tool": "Reconverge"}
    theirs = {"seconds": 5.0, "seconds_without_compiling": 4.0, "peak_bytes": 25e6, "tool": "SPIN"}
    records = with_ratios(
        [
            shared | measured | ours | {"runs": [{"compiling": 0.0}]},
            shared | measured | theirs | {"runs": [{"compiling": 1.0}]},
            shared | {"tool": "TLC", "outcome": "over the limit"},
        ]
    )
    table = rows(records, repetitions=1)
    assert table[1][2:] == [
        "SPIN",
        "holds",
        "100",
        "500",
        "5.00",
        "4.00",
        "100",
        "25",
        "2.5",
        "2.0",
        "0.5",
    ]
    assert table[2][2:] == ["TLC", "–", "–", "–", "> 60", "–", "–", "–", "> 30", "–", "–"]


def test_a_region_of_the_readme_is_replaced(tmp_path: Path) -> None:
    """What stood between the marks is gone, what is around them stays; no marks are an error."""
    file = tmp_path / "README.md"
    file.write_text("a\n<!-- bench -->\nold\n<!-- end of bench -->\nb\n")
    place(file, "bench", r"new \1")
    place(file, "bench", r"new \1")
    assert file.read_text() == "a\n<!-- bench -->\n\nnew \\1\n\n<!-- end of bench -->\nb\n"
    with pytest.raises(ValueError, match="no region growth"):
        place(file, "growth", "")
