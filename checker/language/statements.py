"""Python statements of a model: assignments, `if`, `match`, bounded `for`, `return`, `yield`."""

from __future__ import annotations

import ast
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from checker.language.calls import Calls
from checker.language.errors import ModelError, nearest
from checker.language.model import Model
from checker.language.recorder import FLOWS, Exit, Frame, Recorder
from checker.language.types import FieldType
from checker.language.values import (
    Label,
    LabelChoice,
    Maybe,
    Members,
    Namespace,
    Nothing,
    Place,
    Row,
    Scalar,
    Struct,
    Value,
    as_label,
    element,
    elements,
    merge,
    part,
    sort_name,
)
from checker.system.expression import FALSE, TRUE, Expression, as_integer, conj, constant, disj, ite, neg
from checker.system.shape import (
    ArrayShape,
    OptionalShape,
    RecordShape,
    ScalarShape,
    SetShape,
    leaves,
)
from checker.system.sorts import BoolSort, EnumSort

__all__ = ["Resume", "Statements"]

_NOT_ALLOWED = {
    ast.With: ("`with` is not supported", "a step is atomic as it is"),
    ast.Try: ("`try` is not supported", "an effect that may fail is attempt(effect), which returns whether it worked"),
    ast.Raise: ("`raise` is not supported", "use `assert`, or when(…) to disable the step"),
    ast.Global: ("`global` is not supported", "declare a field in the class body"),
    ast.Nonlocal: ("`nonlocal` is not supported", "declare a field in the class body"),
    ast.Import: ("`import` inside a step", "import at the top of the file"),
    ast.ImportFrom: ("`import` inside a step", "import at the top of the file"),
    ast.FunctionDef: ("a function inside a step", "write a method, or a function of the module"),
    ast.AsyncFunctionDef: ("an `async` function", "write a plain method"),
    ast.ClassDef: ("a class inside a step", "define it in the module"),
    ast.Delete: ("`del` is not supported", "assign None to an Optional, or discard from a Set"),
    ast.AsyncFor: ("`async for` is not supported", "use a plain `for`"),
    ast.AsyncWith: ("`async with` is not supported", "a step is atomic as it is"),
}


@dataclass(frozen=True)
class Resume:
    """Where a process goes on: a `yield`, and which pass of the unrolled loops around it."""

    node: ast.Yield
    iteration: tuple[int, ...]


class Statements(Calls):
    """Executes the statements of one function symbolically.

    Parameters
    ----------
    recorder, frame
        The step and the function.
    stack : tuple of code objects
        Functions being inlined, to refuse recursion.
    position : function, optional
        For the body of a process: called with (yield node, iteration) where it yields.
    """

    def __init__(
        self,
        recorder: Recorder,
        frame: Frame,
        stack: tuple[Any, ...] = (),
        is_process: bool = False,
    ) -> None:
        self.recorder = recorder
        self.frame = frame
        self.stack = (*stack, frame.function.__code__)
        self.is_process = is_process
        self.resume: Resume | None = None
        self.snapshots = set()

    def inline(self, frame: Frame, definition: ast.FunctionDef | ast.Lambda, node: ast.AST) -> Value:
        inner = Statements(self.recorder, frame, self.stack)
        if isinstance(definition, ast.Lambda):
            return inner.plain(inner.value(definition.body), definition.body)
        inner.block(definition.body)
        return inner.returned()

    def returned(self) -> Value:
        """What the function returned: None where control ran off its end."""
        returned = self.frame.flow["return"]
        if self.frame.result is None:
            return Nothing()
        if returned is TRUE:
            return self.frame.result
        return merge(returned, self.frame.result, Nothing())

    # ------------------------------------------------------------ blocks and flow

    def block(self, body: list[ast.stmt]) -> None:
        """Execute statements in order; when resuming, from the `yield` that it contains."""
        for position, statement in enumerate(body):
            if self.resume is not None and not _contains(statement, self.resume.node):
                continue
            self.statement(statement)
            left = self.frame.left
            if left is TRUE:
                return
            if left is not FALSE:
                self._rest(left, lambda: self.block(body[position + 1 :]))  # noqa: B023
                return

    def _rest(self, left: Expression, rest: Callable[[], None]) -> None:
        """Execute what follows only where control has not left."""

        def go_on() -> None:
            self.frame.flow = dict.fromkeys(FLOWS, FALSE)
            rest()

        self.recorder.branch(self.frame, neg(left), go_on)

    def statement(self, node: ast.stmt) -> None:
        """Execute one statement."""
        handler = getattr(self, "_" + type(node).__name__, None)
        if handler is None:
            for kind, (message, help) in _NOT_ALLOWED.items():
                if isinstance(node, kind):
                    raise self.refuse(message, node, help=help)
            raise self.refuse(
                f"`{ast.unparse(node).splitlines()[0]}` is not supported in a model",
                node,
                help="assignments, if, match, for, while, assert, return and yield are",
            )
        handler(node)

    def _leave(self, flow: str) -> None:
        self.frame.flow = {**self.frame.flow, flow: TRUE}

    def _Pass(self, node: ast.Pass) -> None:
        pass

    def _Return(self, node: ast.Return) -> None:
        self.frame.result = Nothing() if node.value is None else self.value(node.value)
        self._leave("return")

    def _Break(self, node: ast.Break) -> None:
        self._leave("break")

    def _Continue(self, node: ast.Continue) -> None:
        self._leave("continue")

    def _Expr(self, node: ast.Expr) -> None:
        if isinstance(node.value, ast.Yield):
            self._yield(node.value)
        elif isinstance(node.value, ast.Constant):
            return
        elif isinstance(node.value, ast.Call | ast.Await | ast.YieldFrom):
            self.value(node.value)
        else:
            raise self.refuse(
                "this statement has no effect", node, help="did you mean an assignment, assert, or when(…)?"
            )

    def _Assert(self, node: ast.Assert) -> None:
        if not self.recorder.writable:
            raise self.refuse("`assert` in a property", node, help="return the condition")
        text = ast.unparse(node.test)
        name = text
        if node.msg is not None:
            message = self.value(node.msg)
            if not isinstance(message, Label):
                raise self.refuse(
                    "an assertion's message is a plain text", node.msg, help="the trace shows the values"
                )
            name = message.text
        span = self.span(node)
        condition = self.truth(node.test)
        self.recorder.hazard("assert", neg(condition), f"assertion failed: {name}", name, span)

    # ------------------------------------------------------------ branches

    def _If(self, node: ast.If) -> None:
        if self.resume is not None:
            inside = node.body if _in_block(node.body, self.resume.node) else node.orelse
            self.block(inside)
            return
        self.recorder.branch(
            self.frame,
            self.truth(node.test),
            lambda: self.block(node.body),
            lambda: self.block(node.orelse),
        )

    def _Match(self, node: ast.Match) -> None:
        if self.resume is not None:
            wanted = self.resume.node
            self.block(next(case.body for case in node.cases if _in_block(case.body, wanted)))
            return
        self._cases(self.value(node.subject), node.subject, node.cases)

    def _cases(self, subject: Value, subject_node: ast.expr, cases: list[ast.match_case]) -> None:
        if not cases:
            return
        case, *rest = cases
        condition, names = self._pattern(case.pattern, subject, subject_node)

        def bind() -> None:
            self.frame.locals = {**self.frame.locals, **names}

        def test(guard: ast.expr) -> Scalar:
            bind()
            return Scalar(self.truth(guard))

        def body() -> None:
            bind()
            self.block(case.body)

        if case.guard is not None:
            guard = case.guard
            tested = self.recorder.branch(
                self.frame, condition, lambda: test(guard), lambda: Scalar(FALSE)
            )
            assert isinstance(tested, Scalar)
            condition = tested.expression
        self.recorder.branch(
            self.frame, condition, body, lambda: self._cases(subject, subject_node, rest)
        )

    def _pattern(
        self, pattern: ast.pattern, subject: Value, node: ast.expr
    ) -> tuple[Expression, dict[str, Value]]:
        if isinstance(pattern, ast.MatchValue):
            value = self.plain(self.value(pattern.value), pattern.value)
            return self.equality(self.plain(subject, node), node, value, pattern.value), {}
        if isinstance(pattern, ast.MatchSingleton):
            value, asked = self.lift(pattern.value, pattern), self.plain(subject, node)
            inner = asked.content if isinstance(asked, Maybe) else asked
            truth = isinstance(inner, Scalar) and isinstance(inner.expression.sort, BoolSort)
            if pattern.value is not None and not truth:
                # Python asks whether it is the very object True, which no number is.
                raise self.refuse(
                    f"`case {pattern.value}` for what is no truth value", pattern, help="write the number"
                )
            return self.equality(asked, node, value, pattern), {}
        if isinstance(pattern, ast.MatchOr):
            found = [self._pattern(one, subject, node) for one in pattern.patterns]
            if any(names for _, names in found):
                raise self.refuse(
                    "alternatives of a pattern bind no names", pattern, help="write a case for each"
                )
            return disj(*(condition for condition, _ in found)), {}
        if isinstance(pattern, ast.MatchAs):
            condition: Expression = TRUE
            names: dict[str, Value] = {}
            if pattern.pattern is not None:
                condition, names = self._pattern(pattern.pattern, subject, node)
            if pattern.name is not None:
                names = {**names, pattern.name: subject}
            return condition, names
        if isinstance(pattern, ast.MatchSequence):
            row = self.plain(subject, node)
            fits = isinstance(row, Row) and row.kind != "iterator"
            if fits and isinstance(row, Row) and len(row.elements) == len(pattern.patterns):
                parts = [
                    self._pattern(one, item, node)
                    for one, item in zip(pattern.patterns, row.elements, strict=True)
                ]
                joined = {name: value for _, names in parts for name, value in names.items()}
                return conj(*(condition for condition, _ in parts)), joined
        raise self.refuse(
            "this pattern is not supported", pattern, help="use literals, `|`, names, `_` and tuples"
        )

    # ------------------------------------------------------------ loops

    def _For(self, node: ast.For) -> None:
        resuming = self.resume is not None
        if resuming and not _in_block(node.body, self.resume.node):  # type: ignore[union-attr]
            self.block(node.orelse)
            return
        yields = self.is_process and any(isinstance(one, ast.Yield) for one in ast.walk(node))
        with self.recorder.trial(self.frame) as pure:
            items = self.each(self.value(node.iter), node.iter)
            if yields and not pure():
                raise self.refuse(
                    "what this loop runs over does something, and the loop is interrupted by a `yield`",
                    node.iter,
                    help="do it on a line of its own, before the loop",
                )
        if yields:
            self._must_be_fixed(items, node)
        depth = len(self.frame.iteration)
        start = self.resume.iteration[depth] if self.resume is not None else 0
        self._iterate(node, items, start, depth)

    def _must_be_fixed(self, items: list[tuple[Expression, Value]], node: ast.For) -> None:
        """A loop that others interrupt runs over things that nobody can change meanwhile."""
        for there, item in items:
            fixed = isinstance(item, Place | Label) or (
                isinstance(item, Scalar) and item.expression.is_constant
            )
            if there is not TRUE or not fixed:
                raise self.refuse(
                    "this collection may have changed when the loop goes on after a `yield`",
                    node.iter,
                    help="loop over a range, and test inside the body",
                )

    def _iterate(self, node: ast.For, items: list[tuple[Expression, Value]], at: int, depth: int) -> None:
        """Run the loop's body for items[at:], then its `else`."""
        for position in range(at, len(items)):
            there, item = items[position]
            self._pass(node, position, there, item, depth)
            left = self.frame.left
            if left is not FALSE:
                if left is not TRUE:
                    self._rest(left, lambda: self._iterate(node, items, position + 1, depth))  # noqa: B023
                break
        else:
            self.block(node.orelse)
        self.frame.flow = {**self.frame.flow, "break": FALSE}

    def _pass(self, node: ast.For, position: int, there: Expression, item: Value, depth: int) -> None:
        """One pass through a loop's body."""

        def once() -> None:
            if self.resume is None or (is_fixed(node) and not isinstance(item, Place)):
                # Otherwise it is a local like any other, that was kept across the `yield`.
                self.frame.locals = {**self.frame.locals, **self.unpacked(node.target, item)}
            self.frame.iteration = (*self.frame.iteration[:depth], position)
            self.block(node.body)
            self.frame.iteration = self.frame.iteration[:depth]
            self.frame.flow = {**self.frame.flow, "continue": FALSE}

        if self.resume is not None:
            once()
        else:
            self.recorder.branch(self.frame, there, once)

    def _While(self, node: ast.While) -> None:
        if not self.is_process:
            raise self.refuse(
                "`while` is only possible in a @process",
                node,
                "an @action is one atomic step",
                "let the action move one block and stay enabled, or turn it into a @process with `yield` inside the loop",
            )
        if self.resume is not None and _in_block(node.body, self.resume.node):
            self.block(node.body)
            self.frame.flow = {**self.frame.flow, "continue": FALSE}
            left = self.frame.left
            if left is not TRUE:
                self._rest(left, lambda: self._turn(node))
        elif self.resume is not None:
            self.block(node.orelse)
        else:
            self._turn(node)
        self.frame.flow = {**self.frame.flow, "break": FALSE}

    def _turn(self, node: ast.While) -> None:
        """Test the loop's condition, and go round once: the body must reach a `yield`."""

        def once() -> None:
            self.block(node.body)
            self.frame.flow = {**self.frame.flow, "continue": FALSE}
            round_again = conj(self.recorder.path, neg(self.frame.left))
            if round_again is not FALSE and not self._impossible(round_again):
                raise self.refuse(
                    "this loop can go round without a `yield`",
                    node,
                    "others must be able to run",
                    "put a `yield` on every path through the body, or loop with `for` over a range",
                )
            # Control never gets past here otherwise; said so, the merge below stays simple.
            flow = self.frame.flow
            stayed = conj(neg(flow["return"]), neg(flow["break"]))
            self.frame.flow = {**flow, "yield": stayed}

        self.recorder.branch(self.frame, self.truth(node.test), once, lambda: self.block(node.orelse))

    def _impossible(self, condition: Expression) -> bool:
        from checker.system.bounds import bounds

        low, high = bounds(ite(condition, constant(1), constant(0)), self.recorder.domains)
        return high < 1 or low > high

    def _yield(self, node: ast.Yield) -> None:
        if not self.is_process:
            raise self.refuse(
                "`yield` outside a @process", node, help="decorate the method with @process"
            )
        if self.resume is not None and self.resume.node is node:
            # Execution goes on behind the point where the step began.
            self.resume = None
            return
        if node.value is not None and not (
            isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
        ):
            raise self.refuse("a `yield` gives at most a name", node, help='write `yield "observed"`')
        target = Resume(node, self.frame.iteration)
        self.recorder.exits.append(Exit(self.recorder.path, target, self.frame.locals, node))
        self._leave("yield")

    # ------------------------------------------------------------ assignments

    def _Assign(self, node: ast.Assign) -> None:
        if isinstance(node.value, ast.Yield):
            raise self.refuse("a `yield` has no value", node.value, help="write it on a line of its own")
        value = self.value(node.value)
        for target in node.targets:
            self.assign(target, value, node.value)

    def _AnnAssign(self, node: ast.AnnAssign) -> None:
        if not isinstance(node.target, ast.Name):
            raise self.refuse(
                "only a local variable is annotated", node.target, help="a field has its type in the class body"
            )
        if node.value is not None:
            self.assign(node.target, self.value(node.value), node.value)

    def _AugAssign(self, node: ast.AugAssign) -> None:
        if isinstance(node.target, ast.Name):
            value = self.binary(node.op, self.value(node.target), self.value(node.value), node)
            self.frame.locals = {**self.frame.locals, node.target.id: value}
            return
        self._must_be_writable(node.target)
        # The target is evaluated once, as in Python: its index may hold a choice.
        place = self.place(node.target)
        value = self.binary(node.op, self.at(place), self.value(node.value), node)
        self.store(place, value, node.value, ast.unparse(node.target))

    def assign(self, target: ast.expr, value: Value, node: ast.expr) -> None:
        """Bind a name, or write a field."""
        if isinstance(target, ast.Name):
            if node in self.snapshots:
                raise self.refuse(
                    f"`{target.id}` would be a field's other name on one path only",
                    node,
                    help="use it directly, or in an `if` statement for each",
                )
            self.frame.locals = {**self.frame.locals, target.id: value}
            return
        if isinstance(target, ast.Tuple | ast.List):
            row = self.sequence(value, node)
            starred = any(isinstance(one, ast.Starred) for one in target.elts)
            if not isinstance(row, Row) or len(row.elements) != len(target.elts) or starred:
                raise self.refuse(
                    f"this cannot be taken apart into {len(target.elts)} parts",
                    node,
                    help="a tuple of as many values can; there is no `*rest`",
                )
            items = [self.at(one) if isinstance(one, Place) else one for one in row.elements]
            for one, item in zip(target.elts, items, strict=True):
                self.assign(one, item, node)
            return
        self._must_be_writable(target)
        place = self.place(target)
        literal = isinstance(node, ast.Constant | ast.UnaryOp)
        self.store(place, value, node, ast.unparse(target), literal)

    def _must_be_writable(self, target: ast.expr) -> None:
        if not self.recorder.writable:
            raise self.refuse(
                "a property changes the state", target, help="a property only reads; let an action write"
            )

    def place(self, target: ast.expr) -> Place:
        """The part of the state that an assignment's left side means."""
        if isinstance(target, ast.Attribute):
            base = self.value(target.value)
            if isinstance(base, Maybe):
                base = self.present(base, target.value)
            if isinstance(base, Namespace):
                return self._field(base, target)
            if isinstance(base, Place) and isinstance(base.shapes[0], RecordShape):
                if target.attr not in dict(base.shapes[0].parts):
                    self.value(target)  # the same error as for reading
                return part(base, target.attr)
        elif isinstance(target, ast.Subscript):
            base = self.value(target.value)
            if isinstance(base, Place) and isinstance(base.shapes[0], ArrayShape):
                return element(base, self.index(target.slice, len(base.shapes[0].elements), target))
            if isinstance(base, Row):
                raise self.refuse("an element of a local list is assigned", target, help="use an Array field")
        raise self.refuse(
            f"`{ast.unparse(target)}` cannot be assigned",
            target,
            help="a step writes local names, fields, and elements and parts of fields",
        )

    def _field(self, space: Namespace, target: ast.Attribute) -> Place:
        scope, name = space.scope, target.attr
        if space.after:
            raise self.refuse("the state after a step is only read", target, help="compare it with self")
        if name in scope.inputs:
            scope, name = scope.inputs[name]
        if name in scope.shapes:
            return Place((scope.shapes[name],), (), scope.field_name(name))
        if name in scope.parameters:
            raise self.refuse(
                f"`{name}` is a parameter: a constant of the instance",
                target,
                help="what changes is a field: declare an Int(…)",
            )
        if name in scope.components:
            raise self.refuse(f"component `{name}` cannot be assigned", target, help="assign its fields")
        hint = nearest(name, scope.shapes) or f"declare it in the class body: {name} = Int(0, 3, init=0)"
        raise self.refuse(
            f"{scope.model.__name__} has no field `{name}`", target, "fields cannot be created by assignment", hint
        )

    def store(self, place: Place, value: Value, node: ast.AST, shown: str, literal: bool = False) -> None:
        """Assign to a place in the state."""
        value = self.plain(value, node)
        shape = place.shapes[0]
        if isinstance(shape, ScalarShape):
            expression = self._fitted(shape, value, node, shown, literal)
            targets = self.recorder.place_targets(place)
            self.recorder.assign_all(targets, expression, self.span(node), shown)
        elif isinstance(shape, OptionalShape):
            self._store_optional(place, value, node, shown, literal)
        elif isinstance(shape, SetShape):
            self._store_set(place, value, node, shown)
        elif isinstance(shape, ArrayShape):
            if not isinstance(value, Row):
                raise self.refuse(
                    f"`{shown}` is an array; {sort_name(value)} is assigned",
                    node,
                    help=f"assign an element: {shown}[i] = …, or a list of {len(shape.elements)}",
                )
            if len(value.elements) != len(shape.elements):
                raise self.refuse(
                    f"`{shown}` has {len(shape.elements)} elements, {len(value.elements)} are assigned",
                    node,
                    help="arrays have a fixed length",
                )
            for target, one in zip(elements(place), value.elements, strict=True):
                self.store(target, one, node, shown, literal)
        else:
            if not isinstance(value, Struct) or {n for n, _ in value.parts} != {n for n, _ in shape.parts}:
                raise self.refuse(
                    f"`{shown}` is a record; {sort_name(value)} is assigned",
                    node,
                    help=f"assign its parts: {shown}.{shape.parts[0][0]} = …",
                )
            for name, one in value.parts:
                self.store(part(place, name), one, node, f"{shown}.{name}", literal)

    def _fitted(
        self, shape: ScalarShape, value: Value, node: ast.AST, shown: str, literal: bool
    ) -> Expression:
        """A value as an expression of the variable's sort."""
        sort = shape.domain.sort
        if isinstance(value, Nothing):
            raise self.refuse(f"`{shown}` cannot be None", node, help=f"declare it Optional({shape.domain})")
        value = self.present(value, node)
        if isinstance(value, Label | LabelChoice):
            typed = as_label(value, sort)
            if typed is None:
                raise self.unknown_label(value, sort, node)
            return typed
        if isinstance(value, Scalar):
            expression = value.expression
            if isinstance(sort, EnumSort):
                if expression.sort == sort:
                    return expression
            elif isinstance(sort, BoolSort):
                if isinstance(expression.sort, BoolSort):
                    return expression
            elif not isinstance(expression.sort, EnumSort):
                expression = as_integer(expression)
                if literal and expression.is_constant and expression.payload not in shape.domain:
                    raise self.refuse(
                        f"{expression.payload} is outside the domain of `{shown}`",
                        node,
                        f"it is {shape.domain}",
                        "declare the field with a larger domain, or assign another value",
                    )
                return expression
        wanted = {"Bool": "a truth value", "Int": "a number"}.get(str(sort), f"a label of {sort}")
        help = "labels and numbers are different things: test with == and assign in an `if`"
        if isinstance(sort, BoolSort):
            help = "compare it: … > 0"
        elif isinstance(sort, EnumSort):
            help = f"assign one of its labels: {', '.join(map(repr, sort.labels))}"
        raise self.refuse(f"`{shown}` is {wanted}; {sort_name(value)} is assigned", node, help=help)

    def _store_optional(self, place: Place, value: Value, node: ast.AST, shown: str, literal: bool) -> None:
        presents = tuple(s.present for s in place.shapes)  # type: ignore[union-attr]
        contents = tuple(s.content for s in place.shapes)  # type: ignore[union-attr]
        present = Place(presents, place.indices, shown)
        content = Place(contents, place.indices, shown)
        if isinstance(value, Nothing):
            self.store(present, Scalar(FALSE), node, shown)
            self._store_default(place, node, shown)
        elif isinstance(value, Maybe):
            there = value.present
            kept = value.content

            def put() -> None:
                self.store(content, kept, node, shown)

            self.recorder.branch(
                self.frame, there, put, lambda: self._store_default(place, node, shown)
            )
            self.store(present, Scalar(there), node, shown)
        else:
            self.store(content, value, node, shown, literal)
            self.store(present, Scalar(TRUE), node, shown)

    def _store_default(self, place: Place, node: ast.AST, shown: str) -> None:
        """While there is no value its variables hold their default, so that a state has one form."""
        shape = place.shapes[0]
        assert isinstance(shape, OptionalShape)
        targets = self.recorder.place_targets(place)
        for position in range(len(shape.default)):
            for condition, one in targets:
                leaf = list(leaves(one.content))[position]
                default = constant(one.default[position], leaf.domain.sort)
                self.recorder.assign_all([(condition, leaf)], default, self.span(node), shown)

    def _store_set(self, place: Place, value: Value, node: ast.AST, shown: str) -> None:
        if not isinstance(value, Members):
            raise self.refuse(
                f"`{shown}` is a set; {sort_name(value)} is assigned", node, help="write {1, 2}, or set() for none"
            )
        shape = place.shapes[0]
        assert isinstance(shape, SetShape)
        count = len(shape.members)
        beyond = disj(*value.bits[count:])
        message = f"`{shown}` gets a member outside 0..{count - 1}"
        self.recorder.hazard("domain", beyond, message, "well_defined", self.span(node))
        for i in range(count):
            bit = value.bits[i] if i < len(value.bits) else FALSE
            members = tuple(s.members[i] for s in place.shapes)  # type: ignore[union-attr]
            self.store(Place(members, place.indices, shown), Scalar(bit), node, shown)


def is_fixed(node: ast.For) -> bool:
    """Whether a loop's variable keeps its value throughout a pass."""
    if not isinstance(node.target, ast.Name):
        return False
    name = node.target.id
    return not any(
        isinstance(one, ast.Name) and one.id == name and isinstance(one.ctx, ast.Store)
        for statement in node.body
        for one in ast.walk(statement)
    )


def _contains(node: ast.AST, wanted: ast.AST) -> bool:
    return any(one is wanted for one in ast.walk(node))


def _in_block(body: list[ast.stmt], wanted: ast.AST) -> bool:
    return any(_contains(statement, wanted) for statement in body)


