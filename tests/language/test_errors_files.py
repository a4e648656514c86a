"""Files and names that lead to no model, and instances that cannot be."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from mistakes import DESK, model_error

from checker.language import Int, Model, ModelError, Param
from checker.language.elaborate import elaborate
from checker.language.loader import LoadError, load, load_models
from checker.library import Stale


def load_error(reference: str) -> LoadError:
    with pytest.raises(LoadError) as caught:
        load_models(reference)
    return caught.value


def test_missing_file(tmp_path: Path) -> None:
    """A path that does not exist is said so, with the nearest file beside it."""
    (tmp_path / "desk.py").write_text("")
    error = load_error(str(tmp_path / "desks.py"))
    assert error.message == f"there is no file {tmp_path}/desks.py"
    assert error.help == "did you mean `desk.py`?"


def test_folder(tmp_path: Path) -> None:
    """A folder is no model."""
    error = load_error(str(tmp_path))
    assert error.message == f"{tmp_path} is a folder"
    assert error.help == "name a file in it"


def test_unknown_name_in_the_gallery() -> None:
    """A name that the gallery does not have leads to the nearest one that it has."""
    error = load_error("taxy")
    assert error.message == "there is no model `taxy`"
    assert error.help == "did you mean `taxi`?"


def test_name_like_none_in_the_gallery() -> None:
    """Where nothing is near, the help says how to see all."""
    assert "`reconverge models` lists them" in load_error("zzz").help


def test_unknown_class() -> None:
    """`::Class` that the file does not have leads to the nearest one that it has."""
    error = load_error("taxi::Taxy")
    assert error.message.startswith("taxi has no model `Taxy`; it has Taxi")
    assert error.help == "did you mean `Taxi`?"


@pytest.mark.parametrize("source", ["", "x = 1\n", '"""Nothing."""\n'])
def test_file_without_a_model(source: str, tmp_path: Path) -> None:
    """An empty file, or one with other things in it, defines no model."""
    path = tmp_path / "desk.py"
    error = model_error(source, path)
    assert error.message == f"{path} defines no model"
    assert error.help == "a model is a class: class Taxi(Model): …"


def test_component_alone(tmp_path: Path) -> None:
    """A file with components only says what one does with them."""
    source = "from checker import Stale\n\n\nclass View(Stale):\n    pass\n"
    error = model_error(source, tmp_path / "view.py")
    assert error.help == "View has inputs, so it is a component: check a model that contains it"


def test_component_instance_alone() -> None:
    """A component is not checked by itself."""
    with pytest.raises(ModelError) as caught:
        Stale()
    assert caught.value.message == "Stale is connected to 0 fields; its inputs are source"
    assert caught.value.help == "connect each to a field: Stale(source)"


def test_file_that_is_not_utf8(tmp_path: Path) -> None:
    """A file in another encoding names the byte."""
    path = tmp_path / "desk.py"
    path.write_bytes("# Käse\n".encode("latin-1"))
    error = load_error(str(path))
    assert error.message == f"{path} is not text in UTF-8: byte 3 is 0xe4"
    assert error.help == "save it as UTF-8"


def test_file_that_is_not_text(tmp_path: Path) -> None:
    """A file with null bytes is refused before anything in it runs."""
    path = tmp_path / "desk.py"
    path.write_bytes(b"x = 1\0\n")
    with pytest.raises(ModelError) as caught:
        load_models(str(path))
    assert caught.value.help


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_unreadable_file(tmp_path: Path) -> None:
    """A file without read permission is said so."""
    path = tmp_path / "desk.py"
    path.write_text(DESK)
    path.chmod(0)
    error = load_error(str(path))
    assert error.message == f"{path} cannot be read: Permission denied"


def test_syntax_error_at_the_end_of_a_line(tmp_path: Path) -> None:
    """The caret may stand behind the last character, where something is missing."""
    path = tmp_path / "desk.py"
    error = model_error("class Desk(Model)\n    pass\n", path)
    assert str(error).splitlines() == [
        f"{path}:1:18: error: not valid Python: expected ':'",
        "    1 | class Desk(Model)",
        "      |                  ^",
        "   help: Python itself cannot read this line, or the one before it",
    ]


def test_columns_count_characters(tmp_path: Path) -> None:
    """Letters beyond ASCII before the mistake do not move the caret."""
    source = DESK + '    @action\n    def act(self):\n        "Küche"; self.cöunt = self.cuont\n'
    error = model_error(source, tmp_path / "desk.py")
    line = source.splitlines()[-1]
    assert error.span is not None
    assert line[error.span.column : error.span.end] == "self.cuont"


def test_recursion_of_a_module_function(tmp_path: Path) -> None:
    """The error stands where the function calls itself, outside the class."""
    source = DESK + "    @action\n    def act(self):\n        self.count = countdown(1)\n"
    error = model_error(source, tmp_path / "desk.py")
    assert error.message == "`countdown` calls itself"
    assert error.span is not None
    line = source.splitlines()[error.span.line - 1]
    assert line[error.span.column : error.span.end] == "countdown(n - 1)"


def test_path_is_shown_as_short_as_possible(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An error below the current folder is shown relative to it."""
    monkeypatch.chdir(tmp_path)
    error = model_error(DESK + "    low = Int(3, 1)\n", tmp_path / "desk.py")
    line = DESK.count("\n") + 1
    assert str(error).startswith(f"desk.py:{line}:5: error: ")


def test_two_files_of_one_name(tmp_path: Path) -> None:
    """Errors of a model stand in its own file, also when another of that name was read after it."""
    models = []
    for folder in "ab":
        path = tmp_path / folder / "desk.py"
        path.parent.mkdir()
        path.write_text(
            f"from checker import Int, Model\n\n\nclass Desk(Model):\n    {folder} = Int(3, 1)\n"
        )
        models.append(load(str(path)))
    for folder, model in zip("ab", models, strict=True):
        with pytest.raises(ModelError) as caught:
            elaborate(model())
        assert caught.value.span is not None
        assert caught.value.span.file == str(tmp_path / folder / "desk.py")


# ---------------------------------------------------------------- instances


class Street(Model):
    """A model with a parameter that has bounds."""

    length = Param(6, min=1, max=20)
    lit = Param(True)
    position = Int(0, length - 1)


def instance_error(**parameters: object) -> ModelError:
    with pytest.raises(ModelError) as caught:
        Street(**parameters)
    return caught.value


def test_unknown_parameter() -> None:
    """An unknown parameter leads to the nearest one."""
    error = instance_error(lenght=3)
    assert error.message == "Street has no parameter `lenght`; it has length, lit"
    assert error.help == "did you mean `length`?"


@pytest.mark.parametrize("length", [0, 21])
def test_parameter_outside_its_bounds(length: int) -> None:
    """A parameter keeps to the bounds of its declaration."""
    error = instance_error(length=length)
    assert error.message == f"`length={length}` is outside its bounds"
    assert error.help == "at least 1 and at most 20"


def test_parameter_of_another_kind() -> None:
    """A number where a truth value is due, and the other way round, is refused."""
    assert instance_error(lit=1).message == "`lit` needs True or False, not 1"
    assert instance_error(length=True).message == "`length` needs a whole number, not True"
    assert instance_error(length="6").message == "`length` needs a whole number, not '6'"
