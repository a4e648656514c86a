"""Where a model's source may stand: files, notebook cells, tests, with annotations kept as text."""

from __future__ import annotations

import linecache
import sys
from pathlib import Path
from types import ModuleType

import pytest
from stepping import walk

from checker import Int, Model, ModelError, Param, action, elaborate
from checker.language.loader import load, load_models
from checker.system.digest import content_hash

COUNTER = """\
from checker import Int, Model, Param, action, when


class Counter(Model):
    top = Param(2)
    n = Int(0, top)

    @action
    def add(self, by: Int(1, top)):
        when(self.n + by <= self.top)
        self.n += by
"""


def cell(source: str, number: int) -> ModuleType:
    """Execute a notebook cell as IPython does: the text goes into `linecache` under a name of its own."""
    name = f"<ipython-input-{number}-0123456789ab>"
    linecache.cache[name] = (len(source), None, source.splitlines(keepends=True), name)
    module = ModuleType("__main__")
    exec(compile(source, name, "exec"), module.__dict__)
    return module


def test_file(tmp_path: Path) -> None:
    """A file is read by its path."""
    (tmp_path / "counter.py").write_text(COUNTER)
    assert walk(load(str(tmp_path / "counter.py"))).states("n") == {(0,), (1,), (2,)}


def test_annotations_kept_as_text(tmp_path: Path) -> None:
    """`from __future__ import annotations` changes nothing: domains of parameters are found by name."""
    plain, texts = tmp_path / "plain.py", tmp_path / "texts.py"
    plain.write_text(COUNTER)
    texts.write_text("from __future__ import annotations\n" + COUNTER)
    hashes = {content_hash(elaborate(load(str(path))).system) for path in (plain, texts)}
    assert len(hashes) == 1


def test_class_inside_a_test_function() -> None:
    """A class in a function, using the function's own constants, is a model like any other."""
    stride = 2

    class Strider(Model):
        n = Int(0, 5)

        @action
        def stride(self):
            self.n = (self.n + stride) % 6

    assert walk(Strider).states("n") == {(0,), (2,), (4,)}


def test_classes_of_one_name_in_one_file() -> None:
    """Two tests may each define a class `Twin`: errors stand in the one that is meant."""

    class Twin(Model):
        n = Int(0, 5)

    first = Twin

    def other() -> type[Model]:
        class Twin(Model):
            n = Int(5, 0)

        return Twin

    elaborate(first)
    with pytest.raises(ModelError) as caught:
        elaborate(other())
    assert caught.value.span is not None
    line = linecache.getline(caught.value.span.file, caught.value.span.line)
    assert line.strip() == "n = Int(5, 0)"


def test_notebook_cell() -> None:
    """A cell's class is translated from the text of its cell."""
    module = cell(COUNTER, 1)
    assert walk(module.Counter).states("n") == {(0,), (1,), (2,)}


def test_cell_that_is_run_again() -> None:
    """After a cell is changed and run again, both classes keep their own source."""
    first = cell(COUNTER, 2).Counter
    second = cell(COUNTER.replace("Param(2)", "Param(1)"), 3).Counter
    assert len(walk(first).paths) == 3
    assert len(walk(second).paths) == 2


def test_error_in_a_cell() -> None:
    """Errors in a cell show its line, for methods and for fields."""
    with pytest.raises(ModelError) as caught:
        elaborate(cell(COUNTER.replace("self.n += by", "self.m += by"), 4).Counter)
    assert "   11 |         self.m += by" in str(caught.value)
    with pytest.raises(ModelError) as caught:
        elaborate(cell(COUNTER.replace("Int(0, top)", "Int(3, top)"), 5).Counter)
    assert "    6 |     n = Int(3, top)" in str(caught.value)


def test_cell_in_ipython() -> None:
    """The same in a real IPython shell, where it is installed."""
    shells = pytest.importorskip("IPython.core.interactiveshell")
    shell = shells.InteractiveShell()
    assert shell.run_cell(COUNTER).success
    assert shell.run_cell("from checker import elaborate\nsystem = elaborate(Counter).system").success
    assert [one.name for one in shell.user_ns["system"].actions] == ["add"]


def test_source_that_is_gone() -> None:
    """A class typed at a bare prompt has no source: the error says what to do."""
    space: dict[str, object] = {"__name__": "__main__"}
    exec(compile(COUNTER, "<stdin>", "exec"), space)
    with pytest.raises(ModelError) as caught:
        elaborate(space["Counter"])  # type: ignore[arg-type]
    assert caught.value.message == "the source of <stdin> is not available"
    assert caught.value.help == "define the model in a file or a notebook cell, not at a bare prompt"


def test_helpers_from_a_module_beside_the_file(tmp_path: Path) -> None:
    """A model may import functions and base classes from files in its folder; only its own are checked."""
    (tmp_path / "reconverge_shared_parts.py").write_text(
        COUNTER + "\n\ndef halved(n):\n    return n // 2\n"
    )
    (tmp_path / "mine.py").write_text(
        "from checker import action\n"
        "from reconverge_shared_parts import Counter, halved\n\n\n"
        "class Mine(Counter):\n"
        "    @action\n"
        "    def halve(self):\n"
        "        self.n = halved(self.n)\n"
    )
    try:
        (mine,) = load_models(str(tmp_path / "mine.py"))
        assert mine.__name__ == "Mine"
        assert list(walk(mine).system.action) == ["add", "halve"]
    finally:
        sys.modules.pop("reconverge_shared_parts", None)


def test_file_named_like_a_module_of_python(tmp_path: Path) -> None:
    """A model's file called `random.py` does not stand in the way of Python's own module."""
    (tmp_path / "random.py").write_text(COUNTER)
    import random

    assert load(str(tmp_path / "random.py")).__name__ == "Counter"
    assert sys.modules["random"] is random
    assert random.Random(1).random() < 1


def test_parameters_of_an_instance() -> None:
    """An instance gives parameters their values, in domains and in methods alike."""

    class Sized(Model):
        top = Param(2)
        n = Int(0, top * 2 - 1)

        @action
        def add(self):
            self.n = (self.n + 1) % (self.top * 2)

    assert len(walk(Sized).paths) == 4
    assert len(walk(Sized(top=5)).paths) == 10
    assert elaborate(Sized(top=5)).system.parameters == (("top", 5),)
