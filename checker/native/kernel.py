"""Kernels: loops over arrays, written in Python, compiled when they are first called.

A kernel is an ordinary function over numpy arrays and numbers, annotated, in a subset of Python:
`if`, `while`, `for … in range`, assignments, arithmetic on 64 bits, elements of arrays, calls of other
kernels. It is compiled once for every combination of the arrays' types. The same function runs in
CPython, so it can be tested against itself.
"""

from __future__ import annotations

import ast
import inspect
import textwrap
from collections.abc import Callable, Sequence
from functools import cached_property
from types import CodeType, FunctionType
from typing import Any

import numpy as np

from checker.native.kinds import BOOL, CODE, FLOAT, INT, NOTHING, WORD, Kind, element_of

__all__ = ["Kernel", "kernel"]

_Kinds = tuple[Kind, ...]


class Kernel:
    """A function that is compiled for the types it is called with.

    Parameters
    ----------
    function : callable
        Annotated with `int`, `Word`, `float`, `bool`, `Row` (an array), `Static` (a number for
        which it is compiled) or `Code` (the address of a compiled function). Arrays are read and
        written in place; they must be contiguous. Indices are not checked.

    Notes
    -----
    Integers wrap at 64 bits. A division by zero, the least integer divided by -1, and a shift by
    less than 0 or more than 63 are undefined, as is a variable before its first assignment.

    A call does not hold the interpreter's lock: kernels run at the same time in several threads.
    """

    def __init__(self, function: Callable[..., Any]) -> None:
        self.function = function
        self.name = function.__name__
        self.__doc__ = function.__doc__
        self._compiled: dict[_Kinds, Callable[..., Any]] = {}

    def __call__(self, *arguments: Any) -> Any:
        kinds = self._kinds(arguments)
        compiled = self._compiled.get(kinds)
        if compiled is None:
            compiled = self._compiled[kinds] = self._compile(self.signature(kinds))
        if compiled is self.function:
            return compiled(*arguments)
        return compiled(*map(_passed, arguments))

    def interpreted(self, *arguments: Any) -> Any:
        """The same, run by CPython, with all that it calls: for small inputs, and to compare."""
        return _plain(self, {})(*arguments)

    def compiles(self, *arguments: Any) -> bool:
        """Whether a call with such arguments is machine code, and not CPython for want of LLVM."""
        self(*arguments)
        return self._compiled[self._kinds(arguments)] is not self.function

    def __repr__(self) -> str:
        return f"<kernel {self.name}>"

    # ------------------------------------------------------------ compiling

    def _kinds(self, arguments: Sequence[Any]) -> _Kinds:
        """What it has to be compiled for, to be called with these."""
        kinds = tuple(map(_kind_of, arguments))
        if not self.static:
            return kinds
        given = [position for position in self.static if position < len(arguments)]
        numbers = {position: int(arguments[position]) for position in given}
        return tuple(
            Kind("Static", number=numbers[position]) if position in numbers else kind
            for position, kind in enumerate(kinds)
        )

    @cached_property
    def tree(self) -> ast.FunctionDef:
        """The function's source."""
        tree = ast.parse(textwrap.dedent(inspect.getsource(self.function))).body[0]
        assert isinstance(tree, ast.FunctionDef)
        return tree

    @cached_property
    def static(self) -> tuple[int, ...]:
        """Positions of the parameters that are known when it is compiled."""
        annotations = [parameter.annotation for parameter in self.tree.args.args]
        return tuple(
            position
            for position, annotation in enumerate(annotations)
            if isinstance(annotation, ast.Name) and annotation.id == "Static"
        )

    def signature(self, kinds: Sequence[Kind]) -> _Kinds:
        """What the parameters are, for arguments of these kinds.

        Raises
        ------
        TypeError
            If an argument does not fit its annotation.
        """
        parameters = self.tree.args.args
        if len(parameters) != len(kinds):
            raise TypeError(f"{self.name} takes {len(parameters)} arguments, not {len(kinds)}")
        result = []
        for parameter, kind in zip(parameters, kinds, strict=True):
            annotation = parameter.annotation
            wanted = annotation.id if isinstance(annotation, ast.Name) else "?"
            if wanted == "Row":
                fits = kind.element is not None
            elif wanted == "Static":
                fits = kind.number is not None
            else:
                named = {"int": INT, "Word": WORD, "float": FLOAT, "bool": BOOL, "Code": CODE}
                fits = wanted in named and (kind == named[wanted] or (kind is INT and wanted == "Word"))
            if not fits:
                raise TypeError(f"{self.name}: {parameter.arg} is {wanted}, not {kind}")
            result.append(WORD if wanted == "Word" else kind)
        return tuple(result)

    @cached_property
    def result(self) -> Kind:
        """What the function returns."""
        returns = self.tree.returns
        if returns is None or (isinstance(returns, ast.Constant) and returns.value is None):
            return NOTHING
        named = {"int": INT, "Word": WORD, "float": FLOAT, "bool": BOOL}
        if not isinstance(returns, ast.Name) or returns.id not in named:
            raise TypeError(f"{self.name} returns {ast.unparse(returns)}, not int, Word, float or bool")
        return named[returns.id]

    @cached_property
    def sources(self) -> dict[str, str]:
        """What the code depends on: this kernel and all that it calls, and the numbers they name."""
        found: dict[str, str] = {}
        waiting = [self]
        while waiting:
            one = waiting.pop()
            # Two functions of one file may have the same name; a number may come from elsewhere.
            place = f"{one.function.__module__}.{one.function.__qualname__}:{one._code.co_firstlineno}"
            if place in found:
                continue
            named = {name: one.function.__globals__.get(name) for name in sorted(one._code.co_names)}
            numbers = {name: value for name, value in named.items() if isinstance(value, int | float)}
            found[place] = f"{ast.dump(one.tree)}\0{numbers!r}"
            waiting.extend(value for value in named.values() if isinstance(value, Kernel))
        return found

    @property
    def _code(self) -> CodeType:
        return self.function.__code__

    def _compile(self, kinds: _Kinds) -> Callable[..., Any]:
        import ctypes

        from checker.native import code_cache
        from checker.native.code_cache import MappedCode
        from checker.native.machine import MachineCode, assemble, function_at

        types: dict[Kind, Any] = {
            INT: ctypes.c_int64,
            WORD: ctypes.c_uint64,
            CODE: ctypes.c_int64,
            FLOAT: ctypes.c_double,
            BOOL: ctypes.c_bool,
            NOTHING: None,
        }
        texts = (text for pair in sorted(self.sources.items()) for text in pair)
        try:
            key = code_cache.key_of(self.name, repr(kinds), *texts)
            code: MachineCode | MappedCode | None = code_cache.load(key)
            if code is None:
                code = assemble(self._module(kinds), key=key)
        except (ImportError, OSError):
            # LLVM cannot be loaded, under a tight limit on addresses for example: slowly, then.
            return self.function
        arguments = [
            ctypes.c_int64 if kind.number is not None else types.get(kind, ctypes.c_void_p)
            for kind in kinds
        ]
        compiled = function_at(code.address(_ENTRY), arguments, types[self.result])
        compiled.code = code  # type: ignore[attr-defined]
        return compiled

    def _module(self, kinds: _Kinds) -> Any:
        from llvmlite import ir

        module = ir.Module(name=self.name)
        function = _Linker(module).function(self, kinds)[0]
        function.linkage = ""
        return module


_ENTRY = "kernel"


class _Linker:
    """Gathers a kernel and all that it calls in one module."""

    def __init__(self, module: Any) -> None:
        self.module = module
        self.known: dict[tuple[int, _Kinds], tuple[Any, Kind]] = {}

    def function(self, wanted: Kernel, kinds: _Kinds) -> tuple[Any, Kind]:
        from llvmlite import ir

        from checker.native.translate import FunctionTranslator
        from checker.native.translate_expressions import llvm_type

        key = (id(wanted), kinds)
        if key not in self.known:
            types = [llvm_type(kind) for kind in kinds]
            result = ir.VoidType() if wanted.result is NOTHING else llvm_type(wanted.result)
            name = f"{wanted.name}.{len(self.known)}" if self.known else _ENTRY
            function = ir.Function(self.module, ir.FunctionType(result, types), name)
            function.linkage = "internal"
            function.attributes.add("nounwind")
            if wanted.result is BOOL:
                # Who calls from outside looks at more than the one bit.
                function.return_value.add_attribute("zeroext")
            self.known[key] = function, wanted.result
            names = {**wanted.function.__globals__}
            FunctionTranslator(wanted.tree, names, function, kinds, wanted.result, self.function)
        return self.known[key]


def _kind_of(argument: Any) -> Kind:
    if isinstance(argument, np.ndarray):
        element = element_of(argument)
        return Kind("Row", element)
    if isinstance(argument, bool | np.bool_):
        return BOOL
    if isinstance(argument, int | np.integer):
        return INT
    if isinstance(argument, float):
        return FLOAT
    if hasattr(argument, "address"):
        return CODE
    raise TypeError(f"a kernel cannot take {type(argument).__name__}")


def _passed(argument: Any) -> Any:
    if isinstance(argument, np.ndarray):
        return argument.ctypes.data
    if isinstance(argument, int | np.integer) and not isinstance(argument, bool):
        number = int(argument)
        if not -(1 << 63) <= number < 1 << 64:
            raise OverflowError(f"{number} has more than 64 bits")
        return number
    return getattr(argument, "address", argument)


def _plain(one: Kernel, known: dict[Kernel, Callable[..., Any]]) -> Callable[..., Any]:
    """A kernel's function, where the kernels that it calls are functions as well."""
    if one not in known:
        names = dict(one.function.__globals__)
        known[one] = FunctionType(one.function.__code__, names, one.name)
        for name in one.function.__code__.co_names:
            value = names.get(name)
            if isinstance(value, Kernel):
                names[name] = _plain(value, known)
    return known[one]


def kernel(function: Callable[..., Any]) -> Kernel:
    """Make a function a kernel.

    Examples
    --------
    >>> from checker.native.intrinsics import Row
    >>> @kernel
    ... def total(numbers: Row, count: int) -> int:
    ...     result = 0
    ...     for i in range(count):
    ...         result += numbers[i]
    ...     return result
    >>> total.interpreted([1, 2, 3], 3)
    6
    """
    return Kernel(function)
