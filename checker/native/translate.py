"""From the source of a kernel to LLVM: statements; expressions are in `translate_expressions`."""

from __future__ import annotations

import ast
from collections.abc import Callable, Sequence
from typing import Any

from llvmlite import ir

from checker.native.kinds import BOOL, INT, LITERAL, NOTHING, WORD, Kind
from checker.native.translate_calls import Calls
from checker.native.translate_expressions import KernelError, Value, llvm_type

__all__ = ["FunctionTranslator", "KernelError"]


class FunctionTranslator(Calls):
    """Translates one function into one LLVM function.

    Parameters
    ----------
    tree : ast.FunctionDef
    names : mapping
        What global names stand for: numbers, intrinsics, other kernels.
    function : ir.Function
        Empty.
    kinds : sequence of Kind
        Of the parameters.
    result : Kind
    callee : callable
        ``callee(kernel, kinds) -> (ir.Function, Kind)``: another kernel for these types.

    Notes
    -----
    Every local variable is a place on the stack, which LLVM turns into registers. Its type is that
    of the first assignment in the text.
    """

    def __init__(
        self,
        tree: ast.FunctionDef,
        names: dict[str, Any],
        function: ir.Function,
        kinds: Sequence[Kind],
        result: Kind,
        callee: Callable[[Any, tuple[Kind, ...]], tuple[ir.Function, Kind]],
    ) -> None:
        if tree.args.defaults or tree.args.vararg or tree.args.kwonlyargs or tree.args.kwarg:
            raise KernelError(tree, "only parameters by position, without defaults")
        entry = function.append_basic_block("entry")
        body = function.append_basic_block("body")
        super().__init__(ir.IRBuilder(body), names, callee)
        self.tree = tree
        self.function = function
        self.result = result
        self.entry = ir.IRBuilder(entry)
        self.loops: list[tuple[ir.Block, ir.Block]] = []
        self.assigned = _assigned(tree)
        for parameter, kind, given in zip(tree.args.args, kinds, function.args, strict=True):
            given.name = parameter.arg
            if kind.number is not None:
                if parameter.arg in self.assigned:
                    raise KernelError(parameter, f"{parameter.arg} is Static and cannot be assigned")
                self.names[parameter.arg] = kind.number
                continue
            self._declare(parameter.arg, kind, parameter)
            self.builder.store(given, self.places[parameter.arg][0])
        self.block(tree.body)
        if not self.builder.block.is_terminated:
            if result is NOTHING:
                self.builder.ret_void()
            else:
                # Falling off the end of a function with a result: a mistake unless unreachable.
                self.builder.ret(ir.Constant(llvm_type(result), 0 if result is not BOOL else False))
        self.entry.branch(body)

    def _declare(self, name: str, kind: Kind, where: ast.AST) -> None:
        if kind is NOTHING:
            raise KernelError(where, f"{name} has no value")
        kind = INT if kind is LITERAL else kind
        self.places[name] = (self.entry.alloca(llvm_type(kind), name=name), kind)

    # ------------------------------------------------------------ statements

    def block(self, statements: Sequence[ast.stmt]) -> None:
        """Translate statements, up to one that leaves."""
        for statement in statements:
            if self.builder.block.is_terminated:
                return
            getattr(self, f"do_{type(statement).__name__}", self._unknown)(statement)

    def _unknown(self, statement: ast.stmt) -> None:
        raise KernelError(statement, f"{type(statement).__name__} is not part of the subset")

    def do_Assign(self, statement: ast.Assign) -> None:
        if len(statement.targets) != 1:
            raise KernelError(statement, "one target at a time")
        self._assign(statement.targets[0], self.value(statement.value))

    def do_AnnAssign(self, statement: ast.AnnAssign) -> None:
        if not isinstance(statement.target, ast.Name):
            raise KernelError(statement, "only names are annotated")
        name, kind = statement.target.id, self.annotated(statement.annotation)
        if name not in self.places:
            self._declare(name, kind, statement)
        if self.places[name][1] != kind:
            raise KernelError(statement, f"{name} is {self.places[name][1]} already")
        if statement.value is not None:
            self._assign(statement.target, self.value(statement.value))

    def do_AugAssign(self, statement: ast.AugAssign) -> None:
        target = statement.target
        if isinstance(target, ast.Subscript):
            place, kind, element = self.element(target)
            before = self.load(place, kind, element)
            after = self.operate(statement.op, before, self.value(statement.value), statement)
            self.store(after, place, kind, element, statement)
            return
        if not isinstance(target, ast.Name):
            raise KernelError(statement, "only names and elements of arrays can be assigned")
        before = self.value(ast.Name(target.id, ast.Load(), lineno=target.lineno, col_offset=0))
        self._assign(target, self.operate(statement.op, before, self.value(statement.value), statement))

    def _assign(self, target: ast.expr, value: Value) -> None:
        if isinstance(target, ast.Subscript):
            place, kind, element = self.element(target)
            self.store(value, place, kind, element, target)
        elif isinstance(target, ast.Name):
            if target.id not in self.places:
                self._declare(target.id, value.kind, target)
            place, kind = self.places[target.id]
            self.builder.store(self.converted(value, kind, target).code, place)
        else:
            raise KernelError(target, "only names and elements of arrays can be assigned")

    def do_Expr(self, statement: ast.Expr) -> None:
        if isinstance(statement.value, ast.Constant):
            return  # a docstring
        self.value(statement.value)

    def do_Pass(self, statement: ast.Pass) -> None:
        pass

    def do_Return(self, statement: ast.Return) -> None:
        if (statement.value is None) != (self.result is NOTHING):
            raise KernelError(statement, f"the function returns {self.result}")
        if statement.value is None:
            self.builder.ret_void()
        else:
            self.builder.ret(self.converted(self.value(statement.value), self.result, statement).code)

    def do_If(self, statement: ast.If) -> None:
        test = self.truth(statement.test)
        then = self.function.append_basic_block("then")
        otherwise = self.function.append_basic_block("else")
        after = self.function.append_basic_block("endif")
        self.builder.cbranch(test, then, otherwise)
        for block, body in ((then, statement.body), (otherwise, statement.orelse)):
            self.builder.position_at_end(block)
            self.block(body)
            self._go(after)
        self.builder.position_at_end(after)

    def do_While(self, statement: ast.While) -> None:
        self._no_else(statement)
        head = self.function.append_basic_block("while")
        body = self.function.append_basic_block("do")
        after = self.function.append_basic_block("done")
        self._go(head)
        self.builder.position_at_end(head)
        self.builder.cbranch(self.truth(statement.test), body, after)
        self._body(statement.body, body, head, after)

    def do_For(self, statement: ast.For) -> None:
        """`for i in range(…)` with a step known to be positive; changing `i` inside has no effect."""
        self._no_else(statement)
        name, start, stop, step = self._range(statement)
        if name not in self.places:
            self._declare(name, INT, statement)
        if self.places[name][1] not in (INT, WORD):
            raise KernelError(statement, f"{name} is {self.places[name][1]} already")
        counter = self.entry.alloca(llvm_type(INT), name=f"{name}.next")
        self.builder.store(start.code, counter)
        head = self.function.append_basic_block("for")
        body = self.function.append_basic_block("do")
        advance = self.function.append_basic_block("next")
        after = self.function.append_basic_block("done")
        self._go(head)
        self.builder.position_at_end(head)
        here = self.builder.load(counter, typ=llvm_type(INT))
        self.builder.cbranch(self.builder.icmp_signed("<", here, stop.code), body, after)
        self.builder.position_at_end(advance)
        moved = self.builder.load(counter, typ=llvm_type(INT))
        self.builder.store(self.builder.add(moved, ir.Constant(llvm_type(INT), step)), counter)
        self.builder.branch(head)
        self.builder.position_at_end(body)
        self.builder.store(here, self.places[name][0])
        self._body(statement.body, body, advance, after)

    def _range(self, statement: ast.For) -> tuple[str, Value, Value, int]:
        call, target = statement.iter, statement.target
        known = isinstance(call, ast.Call) and isinstance(call.func, ast.Name)
        if not (known and isinstance(target, ast.Name) and call.func.id == "range"):  # type: ignore[attr-defined]
            raise KernelError(statement, "only `for name in range(…)`")
        assert isinstance(call, ast.Call) and isinstance(target, ast.Name)
        if not 1 <= len(call.args) <= 3 or call.keywords:
            raise KernelError(statement, "range takes one to three numbers")
        bounds = [self.converted(self.value(one), INT, one) for one in call.args[:2]]
        if len(bounds) == 1:
            bounds.insert(0, Value(ir.Constant(llvm_type(INT), 0), INT))
        step = 1
        if len(call.args) == 3:
            third = call.args[2]
            if not (isinstance(third, ast.Constant) and type(third.value) is int and third.value > 0):
                raise KernelError(statement, "a step is a positive number")
            step = third.value
        return target.id, bounds[0], bounds[1], step

    def _no_else(self, loop: ast.For | ast.While) -> None:
        if loop.orelse:
            raise KernelError(loop.orelse[0], "`else` of a loop is not part of the subset")

    def _body(
        self, statements: Sequence[ast.stmt], body: ir.Block, again: ir.Block, after: ir.Block
    ) -> None:
        self.builder.position_at_end(body)
        self.loops.append((again, after))
        self.block(statements)
        self.loops.pop()
        self._go(again)
        self.builder.position_at_end(after)

    def do_Break(self, statement: ast.Break) -> None:
        self.builder.branch(self.loops[-1][1])

    def do_Continue(self, statement: ast.Continue) -> None:
        self.builder.branch(self.loops[-1][0])

    def _go(self, block: ir.Block) -> None:
        if not self.builder.block.is_terminated:
            self.builder.branch(block)


def _assigned(tree: ast.FunctionDef) -> frozenset[str]:
    """Names that are given a value somewhere in a function, parameters apart."""
    return frozenset(
        node.id
        for node in ast.walk(tree)
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
    )
