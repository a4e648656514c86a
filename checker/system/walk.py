"""Walking the expression DAG: every consumer visits each node once, without recursion."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from checker.system.expression import Expression, constant, rebuild

__all__ = ["expand_quantifiers", "substitute", "topological", "variables_of"]


def topological(roots: Iterable[Expression]) -> Iterator[Expression]:
    """Yield every node below the roots once, operands before their users, in a fixed order.

    Iterative, because a model with a thousand sequential `if`s is a chain a thousand nodes deep.
    """
    done: set[Expression] = set()
    for root in roots:
        stack: list[tuple[Expression, int]] = [(root, 0)]
        while stack:
            node, position = stack.pop()
            if node in done:
                continue
            operands = node.operands
            while position < len(operands) and operands[position] in done:
                position += 1
            if position < len(operands):
                stack.append((node, position + 1))
                stack.append((operands[position], 0))
            else:
                done.add(node)
                yield node


def substitute(
    roots: Iterable[Expression], replacement: Mapping[Expression, Expression]
) -> dict[Expression, Expression]:
    """Replace nodes everywhere below the roots; returns the image of every node below them.

    A quantifier's own symbol must not be replaced (symbols are unique, so this never arises).
    """
    image: dict[Expression, Expression] = {}
    for node in topological(roots):
        if node in replacement:
            image[node] = replacement[node]
        elif not node.operands:
            image[node] = node
        else:
            image[node] = rebuild(node, tuple(image[operand] for operand in node.operands))
    return image


def expand_quantifiers(roots: Iterable[Expression]) -> dict[Expression, Expression]:
    """The image of every node with `any`, `all` and `sum` written out, innermost first."""
    from checker.system.expression import add, conj, disj

    image: dict[Expression, Expression] = {}
    for node in topological(roots):
        if node.operator in ("any", "all", "sum"):
            symbol, body = node.operands[0], image[node.operands[1]]
            _, low, high = symbol.payload
            instances = [
                substitute([body], {symbol: constant(value, symbol.sort)})[body]
                for value in range(low, high + 1)
            ]
            if node.operator == "any":
                image[node] = disj(*instances)
            elif node.operator == "all":
                image[node] = conj(*instances)
            else:
                total = instances[0]
                for instance in instances[1:]:
                    total = add(total, instance)
                image[node] = total
        elif not node.operands:
            image[node] = node
        else:
            image[node] = rebuild(node, tuple(image[operand] for operand in node.operands))
    return image


def variables_of(roots: Iterable[Expression]) -> frozenset[str]:
    """Names of the state variables (before or after the step) that the roots read."""
    return frozenset(
        node.payload for node in topological(roots) if node.operator in ("variable", "next")
    )
