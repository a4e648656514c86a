"""Python statements of a model: assignments, `if`, `match`, bounded `for`, `return`, `yield`."""

from __future__ import annotations

import ast
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from checker.language.merging import merge
from checker.language.patterns import Patterns
from checker.language.recorder import FLOWS, Exit, Frame, Recorder
from checker.language.values import (
    Label,
    Nothing,
    Place,
    Scalar,
    Value,
)
from checker.system.expression import FALSE, TRUE, Expression, conj, neg

__all__ = ["Resume", "Statements"]

_NOT_ALLOWED = {
    ast.With: ("`with` is not supported", "a step is atomic as it is"),
    ast.Try: (
        "`try` is not supported",
        "an effect that may fail is attempt(effect), which returns whether it worked",
    ),
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


class Statements(Patterns):
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
                "this statement has no effect",
                node,
                help="did you mean an assignment, assert, or when(…)?",
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
        condition, names = self.pattern(case.pattern, subject, subject_node)

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
                for one in (there, item.expression if isinstance(item, Scalar) else TRUE):
                    self.must_be_number(one, "a loop with a `yield`", node)
                raise self.refuse(
                    "this collection may have changed when the loop goes on after a `yield`",
                    node.iter,
                    help="loop over a range, and test inside the body",
                )

    def _iterate(
        self, node: ast.For, items: list[tuple[Expression, Value]], at: int, depth: int
    ) -> None:
        """Run the loop's body for items[at:], then its `else`."""
        for position in range(at, len(items)):
            there, item = items[position]
            self._pass(node, position, there, item, depth)
            left = self.frame.left
            if left is not FALSE:
                # A `break` of the body ends here; one in `else` belongs to the loop around this one.
                self.frame.flow = {**self.frame.flow, "break": FALSE}
                if left is not TRUE:
                    self._rest(left, lambda: self._iterate(node, items, position + 1, depth))  # noqa: B023
                return
        self.block(node.orelse)

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
                "let the action move one block and stay enabled, "
                "or turn it into a @process with `yield` inside the loop",
            )
        if self.resume is not None and _in_block(node.body, self.resume.node):
            self.block(node.body)
            self.frame.flow = {**self.frame.flow, "continue": FALSE}
            left = self.frame.left
            self.frame.flow = {**self.frame.flow, "break": FALSE}
            if left is not TRUE:
                self._rest(left, lambda: self._turn(node))
        elif self.resume is not None:
            self.block(node.orelse)
        else:
            self._turn(node)

    def _turn(self, node: ast.While) -> None:
        """Test the loop's condition, and go round once: the body must reach a `yield`."""

        def once() -> None:
            self.block(node.body)
            self.frame.flow = {**self.frame.flow, "continue": FALSE}
            round_again = conj(self.recorder.path, neg(self.frame.left))
            if round_again is not FALSE:
                raise self.refuse(
                    "this loop can go round without a `yield`",
                    node,
                    "others must be able to run",
                    "put a `yield` on every path through the body, or loop with `for` over a range",
                )
            # Control never gets past here otherwise; said so, the merge below stays simple.
            flow = self.frame.flow
            stayed = conj(neg(flow["return"]), neg(flow["break"]))
            self.frame.flow = {**flow, "yield": stayed, "break": FALSE}

        self.recorder.branch(self.frame, self.truth(node.test), once, lambda: self.block(node.orelse))

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
