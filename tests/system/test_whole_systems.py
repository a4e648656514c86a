"""Whole systems: pickled and back, printed, and what their content hash depends on."""

from __future__ import annotations

import pickle
import re
import subprocess
import sys
from pathlib import Path

import pytest

from checker.language.elaborate import elaborate
from checker.language.loader import load
from checker.system.digest import content_hash, property_hash
from checker.system.printer import show_system
from checker.system.transition_system import Property, TransitionSystem
from checker.system.walk import topological

SHOP = '''\
"""A shop with two shelves, a clerk who looks before acting, and a thief."""

from checker import ANY, Array, Enum, Int, Model, Optional, Param, Stale, action, always, attempt
from checker import fault, process, when


class Shop(Model):
    size = Param(2)
    wanted = Int(0, size, init=ANY)
    shelf = Array(2, Int(0, size))
    mood = Enum("calm", "alarmed")
    buyer = Optional(Int(0, 1))
    view = Stale(wanted)

    @process(restarts=True)
    def clerk(self):
        missing = self.view - self.shelf[0]
        yield "looked"
        if missing > 0:
            attempt(self.put)
        elif any(stock > self.size for stock in self.shelf):
            self.mood = "alarmed"

    def put(self):
        self.shelf[0] = min(self.shelf[0] + 1, self.size)

    @action
    def serve(self, at: Int(0, 1)):
        when(self.shelf[at] > 0)
        self.shelf[at] -= 1
        self.buyer = at

    @fault
    def theft(self):
        self.shelf[0] = 0

    @always
    def never_too_many(self):
        return self.shelf[0] <= self.size
'''


def elaborated(
    source: str, folder: Path, **parameters: int
) -> tuple[TransitionSystem, tuple[Property, ...]]:
    path = folder / "shop.py"
    path.write_text(source)
    found = elaborate(load(str(path))(**parameters))
    return found.system, found.properties


@pytest.fixture
def shop(tmp_path: Path) -> TransitionSystem:
    """The shop, as it stands above."""
    return elaborated(SHOP, tmp_path)[0]


# ---------------------------------------------------------------- pickled


def test_unpickled_system_is_equal_and_shares_its_nodes(shop: TransitionSystem) -> None:
    """Every expression comes back as the very same object."""
    again = pickle.loads(pickle.dumps(shop))
    assert again == shop
    assert again is not shop
    roots = [root for one in (shop, again) for action in one.actions for root in action.roots()]
    half = len(roots) // 2
    assert all(a is b for a, b in zip(roots[:half], roots[half:], strict=True))
    assert content_hash(again) == content_hash(shop)


def test_system_travels_to_another_process(shop: TransitionSystem, tmp_path: Path) -> None:
    """Another interpreter reads it without the language, and finds the same hash."""
    (tmp_path / "shop.pickle").write_bytes(pickle.dumps(shop))
    program = (
        "import pickle, sys; from checker.system.digest import content_hash;"
        f"print(content_hash(pickle.load(open({str(tmp_path / 'shop.pickle')!r}, 'rb'))));"
        "assert not any(name.startswith('checker.language') for name in sys.modules)"
    )
    run = subprocess.run(
        [sys.executable, "-c", program],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert run.stdout.strip() == content_hash(shop)


def test_deep_system_is_pickled(tmp_path: Path) -> None:
    """A thousand `if`s in a row make a deep expression, which travels all the same."""
    lines = "".join(f"        if self.n == {i}:\n            self.n = {i + 1}\n" for i in range(1000))
    source = (
        "from checker import Int, Model, action\n\n\n"
        f"class Deep(Model):\n    n = Int(0, 2000)\n\n    @action\n    def act(self):\n{lines}"
    )
    deep, _ = elaborated(source, tmp_path)
    again = pickle.loads(pickle.dumps(deep))
    assert again.actions[0].updates[0][1] is deep.actions[0].updates[0][1]


# ---------------------------------------------------------------- printed


def test_shown_system_names_everything(shop: TransitionSystem) -> None:
    """Variables with domains and initial values, actions with guards and updates, who reads what."""
    text = show_system(shop)
    lines = text.splitlines()
    assert lines[0] == "Shop  size=2"
    assert f"variables ({len(shop.variables)})" in lines
    assert f"actions ({len(shop.actions)})" in lines
    for variable in shop.variables:
        line = rf"^    {re.escape(variable.name)} +{re.escape(str(variable.domain))}  initially "
        assert re.search(line, text, flags=re.M)
    for action in shop.actions:
        assert f"    {action.name}(" in text
    assert "    serve(at: Int(0, 1))    [shop: step, weakly fair]" in lines
    assert "    theft()    [environment: fault]" in lines
    assert re.search(r"^        mood := .*'alarmed'", text, flags=re.M)
    assert "    clerk  shelf, view, mood" in lines
    assert "#" not in text


# ---------------------------------------------------------------- the content hash

UNCHANGED = {
    "comments and blank lines": [
        ("    size = Param(2)", "    # how many fit\n\n    size = Param(2)  # each")
    ],
    "docstrings": [("A shop with two shelves", "Something else")],
    "imports in another order": [("ANY, Array, Enum", "Enum, Array, ANY")],
    "moved helper": [
        ("    def put(self):\n        self.shelf[0] = min(self.shelf[0] + 1, self.size)\n\n", ""),
        (
            "    @fault",
            "    def put(self):\n        self.shelf[0] = min(self.shelf[0] + 1, self.size)\n\n    @fault",
        ),
    ],
    "line broken": [
        (
            "min(self.shelf[0] + 1, self.size)",
            "min(\n            self.shelf[0] + 1, self.size\n        )",
        )
    ],
    "code moved into a local": [
        (
            "        self.shelf[at] -= 1\n",
            "        less = self.shelf[at] - 1\n        self.shelf[at] = less\n",
        )
    ],
    "code moved into a helper": [
        ("        when(self.shelf[at] > 0)\n", "        when(self.has(at))\n"),
        ("    @fault", "    def has(self, place):\n        return self.shelf[place] > 0\n\n    @fault"),
    ],
    "index of a loop renamed": [
        ("for stock in", "for item in"),
        ("any(stock >", "any(item >"),
    ],
    "parameter of an action renamed": [
        ("serve(self, at:", "serve(self, place:"),
        ("shelf[at]", "shelf[place]"),
        ("self.buyer = at", "self.buyer = place"),
    ],
    "self renamed": [("def theft(self):\n        self.shelf", "def theft(shop):\n        shop.shelf")],
    "another property": [
        ("    @always", "    @always\n    def fine(self):\n        return True\n\n    @always")
    ],
}

CHANGED = {
    "guard": [("self.shelf[at] > 0", "self.shelf[at] > 1")],
    "update": [("self.shelf[at] -= 1", "self.shelf[at] = 0")],
    "domain": [("wanted = Int(0, size, init=ANY)", "wanted = Int(0, size + 1, init=ANY)")],
    "initial value": [("init=ANY)", "init=0)")],
    "parameter": [("Param(2)", "Param(3)")],
    "label": [('Enum("calm", "alarmed")', 'Enum("quiet", "alarmed")')],
    "fairness": [("    @action\n", "    @action(fair=None)\n")],
    "kind": [("    @fault", "    @action")],
    "restarts": [("(restarts=True)", "")],
    "yield removed": [('        yield "looked"\n', "")],
    "name of a position": [('"looked"', '"seen"')],
    "name of an action": [("def theft", "def robbery")],
    "name of a field": [("buyer", "customer")],
    "local renamed that lives across a yield": [("missing", "lacking")],
    "irreversible effect": [
        ("    def put", "    @irreversible\n    def put"),
        ("import fault,", "import fault, irreversible,"),
    ],
    "lag of the view": [("Stale(wanted)", "Stale(wanted, at_most=1)")],
}


def edited(edits: list[tuple[str, str]]) -> str:
    source = SHOP
    for old, new in edits:
        assert old in source
        source = source.replace(old, new)
    return source


@pytest.mark.parametrize("edits", UNCHANGED.values(), ids=UNCHANGED)
def test_hash_does_not_depend_on(
    edits: list[tuple[str, str]], shop: TransitionSystem, tmp_path: Path
) -> None:
    """How the source is laid out, and how a step is written, does not matter: what it does, does."""
    assert content_hash(elaborated(edited(edits), tmp_path)[0]) == content_hash(shop)


@pytest.mark.parametrize("edits", CHANGED.values(), ids=CHANGED)
def test_hash_depends_on(edits: list[tuple[str, str]], shop: TransitionSystem, tmp_path: Path) -> None:
    """Everything that a run could show: one changed guard is another system."""
    assert content_hash(elaborated(edited(edits), tmp_path)[0]) != content_hash(shop)


def test_hash_of_an_instance(shop: TransitionSystem, tmp_path: Path) -> None:
    """An instance with the parameters of the default is the default; another one is not."""
    same, other = (elaborated(SHOP, tmp_path, size=size)[0] for size in (2, 3))
    assert content_hash(same) == content_hash(shop)
    assert content_hash(other) != content_hash(shop)


def test_hash_of_a_property(tmp_path: Path) -> None:
    """A property's hash changes with its predicate and with its system, not with its name."""
    system, (claim,) = elaborated(SHOP, tmp_path)
    first = property_hash(system, claim)
    renamed = elaborated(SHOP.replace("never_too_many", "bounded"), tmp_path)
    stricter = elaborated(
        SHOP.replace("self.shelf[0] <= self.size", "self.shelf[0] < self.size"), tmp_path
    )
    elsewhere = elaborated(edited(CHANGED["guard"]), tmp_path)
    assert property_hash(renamed[0], renamed[1][0]) == first
    assert property_hash(stricter[0], stricter[1][0]) != first
    assert property_hash(elsewhere[0], elsewhere[1][0]) != first


def test_hash_is_the_same_on_every_run(shop: TransitionSystem) -> None:
    """64 hexadecimal digits, from names and numbers only: no addresses, no order of a set."""
    assert re.fullmatch("[0-9a-f]{64}", content_hash(shop))
    nodes = list(topological(root for action in shop.actions for root in action.roots()))
    assert len(nodes) == len(set(nodes))
