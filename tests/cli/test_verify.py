"""`reconverge verify`, as a user runs it: what it says, and its exit code for each way to be wrong."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from checker.cli import main
from checker.evidence.certificate import write_certificate
from checker.evidence.conditions import verification_conditions
from checker.evidence.second_opinion import second_opinion
from checker.language.elaborate import Elaborated, elaborate
from checker.language.loader import load
from checker.regimes.regime import FINITELY_MANY
from checker.system import expression as e
from checker.system.proof import Helpful, Proof
from checker.system.sorts import INT

ROOT = Path(__file__).parents[2]

POSITION, DESTINATION, STREET = (e.variable(n, INT) for n in ("position", "destination", "street"))

MINE = """\
from checker import ANY, Int, Model, Param, action, always, converges


class Lift(Model):
    floors = Param(4, min=1)

    at = Int(0, floors - 1, init=0)
    wanted = Int(0, floors - 1, init=ANY)

    @action
    def move(self):
        if self.at < self.wanted:
            self.at += 1

    @converges
    def arrives(self):
        return self.at == self.wanted
"""

FERMAT = """\
from checker import Bool, Model, Param, action, always


class Fermat(Model):
    x = Param(1, min=1)
    y = Param(1, min=1)
    z = Param(1, min=1)

    asked = Bool(init=False)

    @action
    def ask(self):
        self.asked = True

    @always
    def no_cube_is_the_sum_of_two(self):
        cubes = self.x * self.x * self.x + self.y * self.y * self.y
        return cubes != self.z * self.z * self.z
"""


def fermat(folder: Path) -> Path:
    """A certificate, for all numbers, that no solver decides; the model lies beside it."""
    (folder / "fermat.py").write_text(FERMAT)
    elaborated = elaborate(load(str(folder / "fermat.py")), free=("x", "y", "z"))
    lemmas = Proof(tuple(e.le(e.constant(1), e.variable(name, INT)) for name in "xyz"))
    (claim,) = elaborated.properties
    return write_certificate(folder / "f", elaborated.system, claim, FINITELY_MANY, lemmas)


def proof_for(street: e.Expression, at: e.Expression, to: e.Expression, unit: str) -> Proof:
    """What a taxi and a lift have in common: the distance goes down."""
    inside = tuple(part for one in (at, to) for part in (e.le(e.constant(0), one), e.lt(one, street)))
    distance = e.maximum(e.sub(at, to), e.sub(to, at))
    return Proof(inside, e.eq(at, to), (distance,), (Helpful(unit, (), e.ne(at, to)),))


def written(
    folder: Path, elaborated: Elaborated, proof: Proof, reference: str, name: str = "arrives"
) -> Path:
    """A certificate, with cvc5's opinion of it."""
    claim = next(one for one in elaborated.properties if one.name == name)
    conditions = verification_conditions(FINITELY_MANY.apply(elaborated.system), claim, proof)
    opinions = second_opinion(conditions)
    return write_certificate(folder, elaborated.system, claim, FINITELY_MANY, proof, opinions, reference)


TAXI = proof_for(STREET, POSITION, DESTINATION, "drive")


@pytest.fixture
def every_street(tmp_path: Path) -> Path:
    """The taxi arrives, whatever the street's length."""
    return written(tmp_path / "taxi", elaborate(load("taxi"), free=("street",)), TAXI, "taxi")


def test_a_proof_for_all_sizes_is_accepted(
    every_street: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Exit 0; scope, rank, helper and invariant are shown."""
    assert main(["verify", str(every_street)]) == 0
    told = capsys.readouterr().out.splitlines()
    assert told[:2] == ["Taxi  arrives  converges", "  regime finitely_many · every street"]
    assert told[2].startswith("  accepted: cvc5 confirms all 12 conditions · ")
    assert told[3:6] == [
        "  rank      max(position - destination, destination - position)",
        "  helpful   drive where position != destination",
        "  rest      position == destination",
    ]
    assert "  invariant position < street" in told
    assert main(["verify", str(every_street), "taxi::Taxi"]) == 0


def test_one_instance_is_accepted_as_such(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Of a street of nine blocks: the parameters come from the certificate."""
    elaborated = elaborate(load("taxi")(street=9))
    proof = proof_for(e.constant(9), POSITION, DESTINATION, "drive")
    assert main(["verify", str(written(tmp_path / "nine", elaborated, proof, ""))]) == 0
    assert "regime finitely_many · street=9" in capsys.readouterr().out


def test_as_json(every_street: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """One object, with every condition and what cvc5 said of it."""
    assert main(["verify", str(every_street), "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert (document["verdict"], document["exit_code"], document["solver"]) == ("accepted", 0, "cvc5")
    assert document["parameters"] == {"fixed": {}, "free": ["street"]}
    assert len(document["conditions"]) == 12
    assert {one["verdict"] for one in document["conditions"]} == {"unsat"}
    assert document["proof"]["rest"] == "position == destination"


def test_a_weakened_proof_is_rejected(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Exit 1, and the condition that is not met is named; in JSON, too."""
    weak = replace(TAXI, ranks=(POSITION,))
    folder = written(tmp_path / "weak", elaborate(load("taxi"), free=("street",)), weak, "taxi")
    assert main(["verify", str(folder)]) == 1
    told = capsys.readouterr().out
    assert "  rejected: cvc5 refutes `rank not raised by drive`" in told
    assert "of 12 conditions are met" in told
    assert main(["verify", str(folder), "--json"]) == 1
    document = json.loads(capsys.readouterr().out)
    refuted = [one["name"] for one in document["conditions"] if one["verdict"] == "sat"]
    assert (document["verdict"], refuted[0]) == ("rejected", "rank not raised by drive")


def test_an_undecided_one_is_said_to_be(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Exit 4 where cvc5 gives up, never 0."""
    folder = fermat(tmp_path)
    assert main(["verify", str(folder), str(tmp_path / "fermat.py"), "--timeout", "0.2"]) == 4
    assert "  undecided: cvc5 does not decide `predicate`" in capsys.readouterr().out


def _cut(folder: Path) -> None:
    text = (folder / "manifest.json").read_text()
    (folder / "manifest.json").write_text(text[: len(text) // 2])


def _edit(folder: Path) -> None:
    path = next((folder / "conditions").glob("*initiation*"))
    path.write_text(path.read_text().replace("(check-sat)", "(assert false)\n(check-sat)"))


def _version(folder: Path) -> None:
    text = (folder / "manifest.json").read_text()
    (folder / "manifest.json").write_text(text.replace('"format": 1', '"format": 7'))


def _hash(folder: Path) -> None:
    manifest = json.loads((folder / "manifest.json").read_text())
    manifest["model"]["content_hash"] = "0" * 64
    (folder / "manifest.json").write_text(json.dumps(manifest))


def _parameter(folder: Path) -> None:
    manifest = json.loads((folder / "manifest.json").read_text())
    manifest["parameters"]["free"] = ["length"]
    (folder / "manifest.json").write_text(json.dumps(manifest))


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (shutil.rmtree, "does not exist"),
        (_cut, "manifest.json is not whole: no JSON"),
        (_edit, "01-initiation.smt2 was changed: its SHA-256 is not the one in the manifest"),
        (_version, "version 7 of the format"),
        (_hash, "is a certificate of another Taxi: its content hash is 000000000000"),
        (_parameter, "speaks of a parameter 'length', which Taxi does not have"),
    ],
    ids=["missing", "truncated", "edited", "version", "hash", "parameter"],
)
def test_bad_input_is_a_mistake_of_the_user(
    every_street: Path, change: object, why: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Exit 2 and one line that says what is wrong."""
    assert callable(change)
    change(every_street)
    assert main(["verify", str(every_street)]) == 2
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err.startswith("error: ") and why in told.err
    assert len(told.err.splitlines()) == 1


def test_another_model_is_refused(every_street: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Exit 2: another class, a file without that class, no such file."""
    assert main(["verify", str(every_street), "fleet"]) == 2
    assert "is a certificate of Taxi, which fleet lacks" in capsys.readouterr().err
    assert main(["verify", str(every_street), "nowhere.py"]) == 2
    assert "there is no file nowhere.py" in capsys.readouterr().err


def test_a_file_of_ones_own_has_to_be_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A certificate does not decide what is run: the path in it is told, not imported."""
    path = tmp_path / "lift.py"
    path.write_text(MINE)
    at, wanted, floors = (e.variable(name, INT) for name in ("at", "wanted", "floors"))
    proof = proof_for(floors, at, wanted, "move")
    proof = replace(proof, invariant=(*proof.invariant, e.le(at, wanted)))
    folder = written(tmp_path / "lift", elaborate(load(str(path)), free=("floors",)), proof, str(path))
    assert main(["verify", str(folder)]) == 2
    assert f"is a certificate of Lift in {path}" in capsys.readouterr().err
    assert main(["verify", str(folder), str(path)]) == 0
    # The model goes on, and the certificate with it no more.
    path.write_text(MINE.replace("self.at += 1", "self.at = self.wanted"))
    capsys.readouterr()
    assert main(["verify", str(folder), str(path)]) == 2
    assert "is a certificate of another Lift" in capsys.readouterr().err


def test_an_interrupt_stops_it_at_once(tmp_path: Path) -> None:
    """Ctrl-C in the middle of a question that takes for ever: exit 4, no solver left running."""
    folder = fermat(tmp_path)
    process = subprocess.Popen(
        [sys.executable, "-m", "checker.cli", "verify", str(folder), "fermat.py", "--timeout", "300"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        time.sleep(2.0)
        assert process.poll() is None
        os.kill(process.pid, signal.SIGINT)
        _, said = process.communicate(timeout=10)
        assert (process.returncode, said.strip().splitlines()[-1]) == (4, "interrupted")
        deadline = time.monotonic() + 5
        while time.monotonic() < deadline:
            try:
                os.killpg(process.pid, 0)
            except ProcessLookupError:
                break
            time.sleep(0.05)
        else:
            pytest.fail("the solver goes on")
    finally:
        if process.poll() is None:
            process.kill()
