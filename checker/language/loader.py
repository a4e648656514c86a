"""Models by name or by path: `taxi`, `models/taxi.py`, `kuberay::WithExpectations`."""

from __future__ import annotations

import ast
import linecache
import sys
import traceback
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

from checker.language.errors import ModelError, Span, nearest
from checker.language.model import Model, members
from checker.language.types import Input

__all__ = ["LoadError", "gallery", "gallery_folders", "load", "load_models", "models_of", "story"]


class LoadError(ModelError):
    """There is no such model, or its file cannot be read."""


def gallery_folders() -> tuple[Path, ...]:
    """Where models are found by name: the installed gallery, otherwise a checkout's `models/`.

    In this order, because another distribution's `models` may stand beside an installed package.
    """
    package = Path(__file__).resolve().parent.parent
    places = [package / "_gallery", package.parent / "models"]
    return tuple(place for place in places if place.is_dir())[:1]


def gallery() -> list[tuple[str, Path]]:
    """Every model file that can be named, with its path, in alphabetical order."""
    found: dict[str, Path] = {}
    for folder in gallery_folders():
        for path in sorted(folder.rglob("*.py")):
            if not path.name.startswith("_"):
                found.setdefault(path.stem, path)
    return sorted(found.items())


def load_models(reference: str) -> list[type[Model]]:
    """The models that a reference means, in the order of their definition.

    Parameters
    ----------
    reference : str
        A name in the gallery or a path to a file, and optionally `::Class`.

    Raises
    ------
    LoadError
        If there is no such file or class.
    ModelError
        If the file is not valid Python, or fails while it is read.
    """
    place, _, wanted = reference.partition("::")
    module = _module(_path(place))
    found = models_of(module)
    if not found:
        raise LoadError(f"{place} defines no model", help=_no_model(module))
    if not wanted:
        return found
    for model in found:
        if model.__name__ == wanted:
            return [model]
    names = [model.__name__ for model in found]
    raise LoadError(
        f"{place} has no model `{wanted}`; it has {', '.join(names)}", help=nearest(wanted, names)
    )


def load(reference: str) -> type[Model]:
    """The model that a reference means: the first one of its file, or the one named by `::Class`.

    Raises
    ------
    LoadError, ModelError
        As `load_models`.
    """
    return load_models(reference)[0]


def models_of(module: ModuleType) -> list[type[Model]]:
    """The models that a module defines itself (no imported ones, no components with inputs)."""
    return [
        value
        for value in vars(module).values()
        if isinstance(value, type)
        and issubclass(value, Model)
        and value.__module__ == module.__name__
        and not any(isinstance(one, Input) for one in members(value).values())
    ]


def _no_model(module: ModuleType) -> str:
    for value in vars(module).values():
        if isinstance(value, type) and issubclass(value, Model) and value.__module__ == module.__name__:
            return f"{value.__name__} has inputs, so it is a component: check a model that contains it"
    return "a model is a class: class Taxi(Model): …"


def story(path: Path) -> str:
    """The first line of a model file's docstring."""
    try:
        text = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
    except (OSError, SyntaxError, UnicodeDecodeError):
        return ""
    return text.splitlines()[0] if text else ""


def _path(place: str) -> Path:
    path = Path(place)
    if place.endswith(".py") or "/" in place or path.is_file():
        if path.is_dir():
            raise LoadError(f"{place} is a folder", help="name a file in it")
        if not path.exists():
            near = nearest(path.name, (one.name for one in path.parent.glob("*.py")))
            raise LoadError(
                f"there is no file {place}", help=near or "a path is relative to where you are"
            )
        return path
    known: dict[str, Path] = dict(gallery())
    if place in known:
        return known[place]
    raise LoadError(
        f"there is no model `{place}`",
        help=nearest(place, known)
        or "`reconverge models` lists them; a file of your own is a path ending in .py",
    )


def _module(path: Path) -> ModuleType:
    shown = str(path)
    try:
        source = path.read_text(encoding="utf-8")
    except OSError as error:
        raise LoadError(
            f"{path} cannot be read: {error.strerror}", help="look at its permissions"
        ) from None
    except UnicodeDecodeError as error:
        raise LoadError(
            f"{path} is not text in UTF-8: byte {error.start} is 0x{error.object[error.start]:02x}",
            help="save it as UTF-8",
        ) from None
    # Positions in errors refer to this text, whatever happens to the file meanwhile.
    linecache.cache[shown] = (len(source), None, source.splitlines(keepends=True), shown)
    try:
        code = compile(source, shown, "exec")
    except SyntaxError as error:
        raise _syntax_error(error, shown) from None
    except ValueError as error:
        raise LoadError(f"{path} is not Python: {error}", help="a model is a text file") from None
    # Not under its own name: a model file called `random.py` must not shadow anything.
    name = _module_name(path)
    module = ModuleType(name)
    module.__file__ = shown
    sys.modules[name] = module
    folder = str(path.resolve().parent)
    sys.path.insert(0, folder)
    try:
        exec(code, module.__dict__)
    except ModelError as error:
        error.span = error.span or _user_line(error, shown)
        raise
    except (Exception, SystemExit) as error:
        raise ModelError(
            f"{type(error).__name__}: {_said(error)}", _user_line(error, shown), help=_help(error)
        ) from None
    finally:
        sys.path.remove(folder)
    return module


def _module_name(path: Path) -> str:
    """A name of its own for each file, so that a class is found again in the file that it came from."""
    stem = name = f"reconverge_model_{path.stem}"
    count = 1
    while name in sys.modules and sys.modules[name].__file__ != str(path):
        count += 1
        name = f"{stem}_{count}"
    return name


def _syntax_error(error: SyntaxError, file: str) -> ModelError:
    line, column = error.lineno or 1, max((error.offset or 1) - 1, 0)
    end = max((error.end_offset or 0) - 1, column + 1)
    return ModelError(
        f"not valid Python: {error.msg}",
        Span(file, line, column, end),
        help="Python itself cannot read this line, or the one before it",
    )


def _said(error: BaseException) -> str:
    # Python adds where the module was found, which is long and says nothing about the model.
    return str(error).split(" (/")[0] if isinstance(error, ImportError) else str(error)


def _help(error: BaseException) -> str:
    """What to do about an exception that a model's file raises while it is read."""
    # The package itself is loaded already; to import it here would turn the arrows round.
    offered: list[str] = sys.modules[__package__.partition(".")[0]].__all__
    if isinstance(error, NameError) and error.name in offered:
        return f"from checker import {error.name}"
    if isinstance(error, NameError) and error.name:
        return nearest(error.name, offered) or "define it above, or import it"
    if isinstance(error, ModuleNotFoundError):
        return "install it, or put it beside the file; a model needs nothing but `checker`"
    if isinstance(error, ImportError) and error.name == "checker":
        wrong = str(error).split("'")[1]
        return nearest(wrong, offered) or f"checker offers {', '.join(offered)}"
    if isinstance(error, SystemExit):
        return "a model's file is imported: keep what it runs under if __name__ == '__main__':"
    return "the file must be importable: python -c 'import …' shows the whole traceback"


def _user_line(error: BaseException, file: str) -> Span | None:
    """The innermost line of the model's file that an exception came from, with its columns."""
    found: Span | None = None
    for frame in _frames(error):
        if frame.filename == file and frame.lineno is not None:
            place = ast.expr(
                lineno=frame.lineno,
                end_lineno=frame.end_lineno,
                col_offset=frame.colno or 0,
                end_col_offset=frame.end_colno or 0,
            )
            found = Span.of(place, file)
    return found


def _frames(error: BaseException) -> Iterator[traceback.FrameSummary]:
    yield from traceback.extract_tb(error.__traceback__)
