"""The rules of the house that no linter knows: size, names, openings, heavy imports."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
MODULES = sorted((ROOT / "checker").rglob("*.py"))
SOURCES = sorted(
    path for folder in ("checker", "models", "tests") for path in (ROOT / folder).rglob("*.py")
)

NAMES_THAT_SAY_NOTHING = re.compile(r"_*(utils?|helpers?|commons?|misc|core|base|stuff)")
HEAVY = {"networkx", "scipy", "z3", "cvc5", "numba", "llvmlite", "sympy", "matplotlib", "dask"}


WRITERS = {
    "checker/explicit/machine_successors.py",
    "checker/explicit/machine_text.py",
    "checker/native/translate.py",
    "checker/native/translate_calls.py",
    "checker/native/translate_expressions.py",
}


def label(path: Path) -> str:
    return str(path.relative_to(ROOT))


def imported_at_once(body: list[ast.stmt]) -> Iterator[str]:
    """Top-level packages imported when a module is, so not those for type checkers or in functions."""
    for statement in body:
        if isinstance(statement, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in statement.names)
        elif isinstance(statement, ast.ImportFrom) and statement.module:
            yield statement.module.partition(".")[0]
        elif isinstance(statement, ast.If):
            test = ast.unparse(statement.test)
            if not test.endswith("TYPE_CHECKING"):
                yield from imported_at_once(statement.body)
            yield from imported_at_once(statement.orelse)
        elif isinstance(statement, ast.Try | ast.ClassDef):
            yield from imported_at_once(statement.body)


def modules_at_once(body: list[ast.stmt]) -> Iterator[str]:
    """The files of this package that are imported when a module is."""
    for statement in body:
        if isinstance(statement, ast.ImportFrom) and (statement.module or "").startswith("checker."):
            yield f"{statement.module}.py".replace(".", "/").replace("/py", ".py")


def exported(tree: ast.Module) -> list[str] | None:
    """The names in `__all__`, or None where a module has none."""
    for statement in tree.body:
        if isinstance(statement, ast.Assign):
            target, value = statement.targets[0], statement.value
        elif isinstance(statement, ast.AnnAssign) and statement.value is not None:
            target, value = statement.target, statement.value
        else:
            continue
        if ast.unparse(target) == "__all__":
            return [str(name) for name in ast.literal_eval(value)]
    return None


@pytest.mark.parametrize("path", MODULES, ids=label)
def test_module_fits_one_sitting(path: Path) -> None:
    """No module is longer than 420 lines: a longer one holds more than one idea."""
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 420


@pytest.mark.parametrize("path", SOURCES, ids=label)
def test_name_says_something(path: Path) -> None:
    """Neither a file nor a folder has a name that would fit anything."""
    parts = path.relative_to(ROOT).with_suffix("").parts
    assert [part for part in parts if NAMES_THAT_SAY_NOTHING.fullmatch(part)] == []


@pytest.mark.parametrize("path", MODULES, ids=label)
def test_module_says_what_it_is_for(path: Path) -> None:
    """A module opens with a docstring that begins with one full sentence."""
    docstring = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))
    assert docstring, "no docstring"
    assert re.search(r"[.:]($|\s)", docstring.partition("\n\n")[0]), docstring


@pytest.mark.parametrize("path", MODULES, ids=label)
def test_module_says_what_it_offers(path: Path) -> None:
    """A public module has `__all__`, each of whose functions and classes has a docstring."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    names = exported(tree)
    if names is None:
        has_code = any(not isinstance(node, ast.Expr) for node in tree.body)
        private = path.stem.startswith("_") and path.stem != "__init__"
        assert private or not has_code, "no __all__"
        return
    assert len(set(names)) == len(names)
    public = [
        node
        for node in tree.body
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and node.name in names
        # What `@overload` says is only for type checkers; the function itself has the docstring.
        if "overload" not in map(ast.unparse, node.decorator_list)
    ]
    assert [node.name for node in public if not ast.get_docstring(node)] == []


@pytest.mark.parametrize("path", MODULES, ids=label)
def test_heavy_imports_wait(path: Path) -> None:
    """No module imports a heavy library when it is imported itself: the command starts at once.

    Five write LLVM from beginning to end, and a folder is about nothing but Z3; these may, and are
    themselves imported only inside functions.
    """
    tree = ast.parse(path.read_text(encoding="utf-8"))
    writes = label(path) in WRITERS
    if label(path).startswith("checker/symbolic/"):
        return
    assert not any(module.startswith("checker/symbolic/") for module in modules_at_once(tree.body))
    assert (
        sorted(HEAVY.intersection(imported_at_once(tree.body)) - ({"llvmlite"} if writes else set()))
        == []
    )
    if not writes:
        assert WRITERS.isdisjoint(modules_at_once(tree.body))


def test_sources_were_found() -> None:
    """The rules above are applied to something."""
    assert ROOT / "checker" / "system" / "transition_system.py" in MODULES
    assert Path(__file__) in SOURCES
