"""`Param`: a constant of a model's instance, usable in the class body before it has a value."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from checker.language.errors import ModelError
from checker.language.symbols import NeedsNumber, Symbols
from checker.system.expression import Expression, add, as_integer, constant, floordiv, le, modulo, mul
from checker.system.expression import ne as differs
from checker.system.expression import sub as subtract
from checker.system.shape import Shape
from checker.system.sorts import BOOL, INT, BoolSort, Domain
from checker.system.walk import variables_of

__all__ = ["Constant", "Number", "Param", "ParamExpression", "Setting", "resolve", "value_of"]

Number = int | Expression
"""A parameter's value in an instance; an expression over those that are symbols."""


class ParamExpression:
    """Arithmetic over parameters, kept symbolic until an instance gives them values."""

    def __init__(self, operator: str, *operands: ParamExpression | int) -> None:
        self.operator = operator
        self.operands = operands

    def evaluate(self, values: Mapping[str, Number]) -> Number:
        """The number it stands for in an instance."""
        operands = [value_of(operand, values) for operand in self.operands]
        numbers = [one for one in operands if not isinstance(one, Expression)]
        if len(numbers) < len(operands):
            return _computed(self.operator, operands, values)
        if self.operator == "neg":
            return -numbers[0]
        left, right = numbers
        if self.operator in ("//", "%") and right == 0:
            raise ModelError(
                "a parameter expression divides by zero", help="give the parameter a least value: min=1"
            )
        return {
            "+": lambda: left + right,
            "-": lambda: left - right,
            "*": lambda: left * right,
            "//": lambda: left // right,
            "%": lambda: left % right,
        }[self.operator]()

    def __add__(self, other: ParamExpression | int) -> ParamExpression:
        return ParamExpression("+", self, other)

    def __radd__(self, other: int) -> ParamExpression:
        return ParamExpression("+", other, self)

    def __sub__(self, other: ParamExpression | int) -> ParamExpression:
        return ParamExpression("-", self, other)

    def __rsub__(self, other: int) -> ParamExpression:
        return ParamExpression("-", other, self)

    def __mul__(self, other: ParamExpression | int) -> ParamExpression:
        return ParamExpression("*", self, other)

    def __rmul__(self, other: int) -> ParamExpression:
        return ParamExpression("*", other, self)

    def __floordiv__(self, other: ParamExpression | int) -> ParamExpression:
        return ParamExpression("//", self, other)

    def __rfloordiv__(self, other: int) -> ParamExpression:
        return ParamExpression("//", other, self)

    def __mod__(self, other: ParamExpression | int) -> ParamExpression:
        return ParamExpression("%", self, other)

    def __rmod__(self, other: int) -> ParamExpression:
        return ParamExpression("%", other, self)

    def __neg__(self) -> ParamExpression:
        return ParamExpression("neg", self)

    def __index__(self) -> int:
        raise ModelError(
            "a parameter has no value yet while the class is being defined",
            help="use it in a domain such as Int(0, size - 1), or inside a method as self.size",
        )

    def __bool__(self) -> bool:
        return bool(self.__index__())

    def _compare(self, other: object) -> bool:
        return bool(self.__index__())

    __lt__ = __le__ = __gt__ = __ge__ = _compare

    def __eq__(self, other: object) -> bool:
        return self._compare(other) if isinstance(other, int) else self is other

    __hash__ = object.__hash__


class Param(ParamExpression):
    """A constant of an instance: `size = Param(3, min=1)`; then `Taxi(size=20)` or `-p size=20`.

    Parameters
    ----------
    default : int or bool
        Value where the instance gives none.
    min, max : int, optional
        Least and greatest value allowed, both included.
    """

    def __init__(self, default: int | bool, *, min: int | None = None, max: int | None = None) -> None:
        super().__init__("param")
        if not isinstance(default, int):
            raise ModelError(
                f"a parameter is a whole number or a truth value, not {default!r}",
                help="choices are numbered, and fractions scaled: count tenths, or percent",
            )
        self.default = default
        self.min = min
        self.max = max
        self.name = ""
        self.validate(default)

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = self.name or name

    def __get__(self, instance: Any, owner: type | None = None) -> Any:
        return self if instance is None else instance._parameter(self.name)

    def __set__(self, instance: Any, value: object) -> None:
        raise AttributeError(f"`{self.name}` is a constant of the instance")

    @property
    def domain(self) -> Domain:
        """The values that it may have."""
        if isinstance(self.default, bool):
            return Domain(BOOL, 0, 1)
        low = min(0, self.max or 0) if self.min is None else self.min
        return Domain(INT, low, self.max, below=self.min is None)

    def evaluate(self, values: Mapping[str, Number]) -> Number:
        """Its value in an instance, found by name so that a subclass may declare it anew."""
        if self.name not in values:
            raise ModelError(f"parameter `{self.name or '?'}` is not one of this model's")
        return values[self.name]

    def validate(self, value: object) -> None:
        """Refuse what is not allowed.

        Raises
        ------
        ModelError
            If the value is not a number, or outside min..max.
        """
        name = self.name or "parameter"
        if not isinstance(value, int) or isinstance(self.default, bool) != isinstance(value, bool):
            kind = "True or False" if isinstance(self.default, bool) else "a whole number"
            raise ModelError(
                f"`{name}` needs {kind}, not {value!r}", help=f"for example {self.default!r}"
            )
        if (self.min is not None and value < self.min) or (self.max is not None and value > self.max):
            least = "" if self.min is None else f"at least {self.min}"
            most = "" if self.max is None else f"at most {self.max}"
            raise ModelError(
                f"`{name}={value}` is outside its bounds", help=" and ".join(filter(None, (least, most)))
            )

    def admit(self, value: Number, symbols: Symbols) -> None:
        """Refuse what is not allowed; of an expression, say for which symbols it is allowed.

        Raises
        ------
        ModelError
            If the value is of another kind, or a number outside min..max.
        """
        if not isinstance(value, Expression):
            self.validate(value)
            return
        if isinstance(self.default, bool) != isinstance(value.sort, BoolSort):
            # Refused like any value of the other kind.
            self.validate(1 if isinstance(self.default, bool) else True)
        if self.min is not None:
            symbols.require(le(constant(self.min), value))
        if self.max is not None:
            symbols.require(le(value, constant(self.max)))


Constant: TypeAlias = "ParamExpression | int"


class Setting(dict[str, Number]):
    """The parameters of an instance, and what its inputs are connected to.

    `inputs` maps an input's name to the name and the shape of the field it looks at; `symbols` says
    what is known of the parameters that are no numbers.
    """

    def __init__(
        self,
        values: Mapping[str, Number],
        inputs: Mapping[str, tuple[str, Shape]],
        symbols: Symbols | None = None,
    ) -> None:
        super().__init__(values)
        self.inputs = inputs
        self.symbols = Symbols() if symbols is None else symbols


def resolve(value: Constant, parameters: Mapping[str, Number], what: str = "a bound") -> int:
    """A number, from a number or an expression over parameters.

    Parameters
    ----------
    value : ParamExpression or int
    parameters : mapping of str to Number
    what : str
        What the number is needed for.

    Raises
    ------
    NeedsNumber
        If it depends on a parameter that is a symbol.
    """
    found = value_of(value, parameters)
    if isinstance(found, Expression):
        raise NeedsNumber(variables_of([found]), what)
    return found


def value_of(value: Constant | Expression, parameters: Mapping[str, Number]) -> Number:
    """A number, or an expression over the parameters that are symbols."""
    if isinstance(value, ParamExpression):
        return value.evaluate(parameters)
    if isinstance(value, int | Expression):
        return value
    raise ModelError(
        f"a bound is a whole number or a parameter, not {_described(value)}",
        help="for example Int(0, 3), or Int(0, size) with size = Param(3)",
    )


_ARITHMETIC: dict[str, Callable[[Expression, Expression], Expression]] = {
    "+": add,
    "-": subtract,
    "*": mul,
    "//": floordiv,
    "%": modulo,
}


def _computed(operator: str, numbers: list[Number], values: Mapping[str, Number]) -> Number:
    """Arithmetic over symbols; there is no instance where it divides by zero."""
    terms = [as_integer(one if isinstance(one, Expression) else constant(one)) for one in numbers]
    if operator == "neg":
        terms.insert(0, constant(0))
        operator = "-"
    left, right = terms
    if operator in ("//", "%"):
        if not isinstance(values, Setting):
            raise NeedsNumber(variables_of(terms), "something is divided by it")
        low, high = values.symbols.reach(right)
        if low <= 0 <= high:
            values.symbols.require(differs(right, constant(0)))
    found = _ARITHMETIC[operator](left, right)
    if found.is_constant:
        number: int = found.payload
        return number
    return found


def _described(value: object) -> str:
    name = getattr(value, "name", "")
    return f"the field `{name}`" if name else repr(value)
