"""Controllers of every size, built by hand: sizes are variables that no action changes."""

from __future__ import annotations

from functools import reduce

from small_systems import action, integer, system, truth

from checker.system.expression import (
    FALSE,
    TRUE,
    Expression,
    add,
    bound,
    conj,
    constant,
    disj,
    eq,
    floordiv,
    ite,
    le,
    lt,
    maximum,
    ne,
    neg,
    sub,
)
from checker.system.sorts import INT, Domain, EnumSort
from checker.system.transition_system import (
    Action,
    Fairness,
    Kind,
    Property,
    Symbol,
    TransitionSystem,
    Variable,
)

ZERO, ONE = constant(0), constant(1)


def size(name: str, least: int = 0) -> Variable:
    """A number that never changes, of any size."""
    return integer(name, least, None, None)


def goal(predicate: Expression) -> Property:
    """The claim that every run converges to where the predicate holds."""
    return Property("settles", "converges", predicate)


def labelled(
    name: str, labels: tuple[str, ...], first: int = 0
) -> tuple[Variable, dict[str, Expression]]:
    """An enum variable and its labels."""
    sort = EnumSort(labels)
    one = Variable(name, Domain(sort, 0, len(labels) - 1), (first,))
    return one, {label: constant(place, sort) for place, label in enumerate(labels)}


def taxi() -> tuple[TransitionSystem, Property]:
    """Every street, every destination; roadblocks push the taxi back, the friend moves."""
    street, position = size("street", 1), integer("position", 0, None)
    destination = integer("destination", 0, None)
    at, to = position.node, destination.node
    hotel = Symbol("hotel", bound("hotel", 0, 3, INT), Domain(INT, 0, None))
    inside = conj(le(ZERO, hotel.node), lt(hotel.node, street.node))
    return (
        system(
            [street, position, destination],
            action(
                "drive",
                ne(at, to),
                {"position": ite(lt(at, to), add(at, ONE), sub(at, ONE))},
            ),
            action("roadblock", lt(ZERO, at), {"position": sub(at, ONE)}, kind=Kind.FAULT),
            action(
                "friend_moves",
                inside,
                {"destination": hotel.node},
                kind=Kind.INTENT,
                fairness=Fairness.NONE,
                parameters=(hotel,),
            ),
            name="Taxi",
        ),
        goal(eq(at, to)),
    )


def counter_to_target() -> tuple[TransitionSystem, Property]:
    """Counts up to any target and stops there."""
    target, x = size("target"), integer("x", 0, None)
    return (
        system([target, x], action("count", lt(x.node, target.node), {"x": add(x.node, ONE)})),
        goal(eq(x.node, target.node)),
    )


def replicas(waits: bool = True) -> tuple[TransitionSystem, Property]:
    """A controller that acts on a cached count; it waits until it has seen its own write, or not."""
    desired, pods = size("desired"), integer("pods", 0, None, None)
    view, pending = integer("view", 0, None, None), truth("pending")
    fewer = sub(pods.node, ite(lt(ZERO, pods.node), ONE, ZERO))
    return (
        system(
            [desired, pods, view, pending],
            action(
                "act",
                conj(ne(view.node, desired.node), neg(pending.node)),
                {
                    "pods": ite(lt(view.node, desired.node), add(pods.node, ONE), fewer),
                    "pending": TRUE if waits else FALSE,
                },
            ),
            action(
                "refresh",
                disj(ne(view.node, pods.node), pending.node),
                {"view": pods.node, "pending": FALSE},
            ),
            action("die", lt(ZERO, pods.node), {"pods": sub(pods.node, ONE)}, kind=Kind.FAULT),
            name="Replicas",
        ),
        goal(eq(pods.node, desired.node)),
    )


def rolling_update() -> tuple[TransitionSystem, Property]:
    """Replaces old pods by new ones, never more than `surge` above the wanted number."""
    desired, surge = size("desired", 1), size("surge", 1)
    old, new = integer("old", 0, None, desired.node), integer("new", 0, None)
    total = add(old.node, new.node)
    return (
        system(
            [desired, surge, old, new],
            action(
                "create",
                conj(lt(new.node, desired.node), lt(total, add(desired.node, surge.node))),
                {"new": add(new.node, ONE)},
            ),
            action(
                "delete",
                conj(lt(ZERO, old.node), lt(desired.node, total)),
                {"old": sub(old.node, ONE)},
            ),
            action("new_dies", lt(ZERO, new.node), {"new": sub(new.node, ONE)}, kind=Kind.FAULT),
            name="RollingUpdate",
        ),
        goal(conj(eq(new.node, desired.node), eq(old.node, ZERO))),
    )


def queue() -> tuple[TransitionSystem, Property]:
    """A worker takes an item, works on it and is done; a lost reply puts it back."""
    waiting = integer("waiting", 0, None, None)
    worker, on = labelled("worker", ("idle", "busy", "reporting"))
    at = worker.node
    return (
        system(
            [waiting, worker],
            action(
                "take",
                conj(eq(at, on["idle"]), lt(ZERO, waiting.node)),
                {"waiting": sub(waiting.node, ONE), "worker": on["busy"]},
                group="worker",
            ),
            action("work", eq(at, on["busy"]), {"worker": on["reporting"]}, group="worker"),
            action("report", eq(at, on["reporting"]), {"worker": on["idle"]}, group="worker"),
            action(
                "retry",
                ne(at, on["idle"]),
                {"waiting": add(waiting.node, ONE), "worker": on["idle"]},
                kind=Kind.FAULT,
            ),
            name="Queue",
        ),
        goal(conj(eq(waiting.node, ZERO), eq(at, on["idle"]))),
    )


def owner_chain() -> tuple[TransitionSystem, Property]:
    """A deployment sets the size of a replica set, which makes and removes pods."""
    wanted, spec, pods = size("wanted"), integer("spec", 0, None), integer("pods", 0, None)
    status = integer("status", 0, None)
    less = lt(pods.node, spec.node)
    return (
        system(
            [wanted, spec, pods, status],
            action("scale", ne(spec.node, wanted.node), {"spec": wanted.node}),
            action(
                "sync",
                ne(pods.node, spec.node),
                {"pods": ite(less, add(pods.node, ONE), sub(pods.node, ONE))},
            ),
            action("observe", ne(status.node, pods.node), {"status": pods.node}),
            action("die", lt(ZERO, pods.node), {"pods": sub(pods.node, ONE)}, kind=Kind.FAULT),
            action("edit", TRUE, {"spec": add(spec.node, ONE)}, kind=Kind.FAULT),
            name="OwnerChain",
        ),
        goal(conj(eq(pods.node, wanted.node), eq(status.node, pods.node))),
    )


def leaps() -> tuple[TransitionSystem, Property]:
    """Comes closer by one and by as much more as it likes, up to a size that is a symbol."""
    most, x = size("most"), integer("x", 0, None, None)
    more = Symbol("more", bound("more", 0, 9, INT), Domain(INT, 0, None, most=most.node))
    left = sub(sub(x.node, ONE), more.node)
    return (
        system(
            [most, x],
            action("leap", lt(ZERO, x.node), {"x": maximum(left, ZERO)}, choices=(more,)),
        ),
        goal(eq(x.node, ZERO)),
    )


def autoscaler() -> tuple[TransitionSystem, Property]:
    """Halves the distance to the target in each round."""
    target, x = size("target"), integer("x", 0, None, None)
    half = floordiv(add(sub(target.node, x.node), ONE), constant(2))
    down = floordiv(add(sub(x.node, target.node), ONE), constant(2))
    return (
        system(
            [target, x],
            action("up", lt(x.node, target.node), {"x": add(x.node, half)}),
            action("down", lt(target.node, x.node), {"x": sub(x.node, down)}),
            name="Autoscaler",
        ),
        goal(eq(x.node, target.node)),
    )


def finalizer() -> tuple[TransitionSystem, Property]:
    """An object that is deleted goes only when its finalizer has been removed; crashes forget progress."""
    thing, at = labelled("object", ("live", "deleting", "gone"), 1)
    external, seen = truth("external", (True,)), truth("cleaned")
    return (
        system(
            [thing, external, seen],
            action(
                "clean",
                conj(eq(thing.node, at["deleting"]), external.node),
                {"external": FALSE, "cleaned": TRUE},
            ),
            action(
                "look",
                conj(eq(thing.node, at["deleting"]), neg(external.node), neg(seen.node)),
                {"cleaned": TRUE},
            ),
            action(
                "remove",
                conj(eq(thing.node, at["deleting"]), seen.node),
                {"object": at["gone"]},
            ),
            action("crash", seen.node, {"cleaned": FALSE}, kind=Kind.FAULT),
            name="Finalizer",
        ),
        goal(conj(eq(thing.node, at["gone"]), neg(external.node))),
    )


def lease() -> tuple[TransitionSystem, Property]:
    """A lease runs out and is taken by whoever is alive; the holder may die."""
    lease_, holds = labelled("lease", ("free", "first", "second"))
    first, second = truth("first_alive", (True,)), truth("second_alive", (True,))
    free, by_first, by_second = (eq(lease_.node, holds[one]) for one in ("free", "first", "second"))
    orphaned = disj(conj(by_first, neg(first.node)), conj(by_second, neg(second.node)))
    both = conj(first.node, second.node)
    return (
        system(
            [lease_, first, second],
            action("first_takes", conj(free, first.node), {"lease": holds["first"]}),
            action("second_takes", conj(free, second.node), {"lease": holds["second"]}),
            action("expires", orphaned, {"lease": holds["free"]}),
            action("first_dies", both, {"first_alive": FALSE}, kind=Kind.FAULT),
            action("second_dies", both, {"second_alive": FALSE}, kind=Kind.FAULT),
            name="Lease",
        ),
        goal(disj(conj(by_first, first.node), conj(by_second, second.node))),
    )


def counted_fleet() -> tuple[TransitionSystem, Property, Expression]:
    """How many of n servers are in which state and seen in which; and that they are n in all."""
    states = ("absent", "starting", "running", "failed")
    n = size("n")
    count = {
        (here, seen): integer(
            f"{here}_{seen}", 0, None, n.node if (here, seen) == ("absent", "absent") else (0,)
        )
        for here in states
        for seen in states
    }
    actions: list[Action] = []

    def moves(name: str, here: tuple[str, str], there: tuple[str, str], **more: object) -> None:
        one, other = count[here], count[there]
        if one is not other:
            fewer, extra = sub(one.node, ONE), add(other.node, ONE)
            updates = {one.name: fewer, other.name: extra}
            actions.append(action(name, lt(ZERO, one.node), updates, **more))  # type: ignore[arg-type]

    for here, seen in count:
        moves(f"observe_{here}_{seen}", (here, seen), (here, here), group=f"observe_{seen}")
        if seen in ("absent", "failed"):
            moves(f"start_{here}_{seen}", (here, seen), ("starting", seen))
        if here == "starting":
            moves(f"start_ok_{seen}", (here, seen), ("running", seen))
            moves(f"start_fail_{seen}", (here, seen), ("failed", seen), kind=Kind.FAULT)
        if here == "running":
            moves(f"crash_{seen}", (here, seen), ("failed", seen), kind=Kind.FAULT)
    total = reduce(add, (one.node for one in count.values()))
    up = count["running", "running"].node
    return system([n, *count.values()], *actions, name="Fleet"), goal(eq(up, n.node)), eq(total, n.node)


# ---------------------------------------------------------------- what does not converge


def fighters() -> tuple[TransitionSystem, Property]:
    """One wants at least three, the other at most two."""
    x = integer("x", 0, None)
    return (
        system(
            [x],
            action("more", lt(x.node, constant(3)), {"x": add(x.node, ONE)}),
            action("fewer", lt(constant(2), x.node), {"x": sub(x.node, ONE)}),
        ),
        goal(eq(x.node, constant(3))),
    )


def unfair() -> tuple[TransitionSystem, Property]:
    """Nothing promises the last step."""
    target, x = size("target", 1), integer("x", 0, None)
    last = eq(add(x.node, ONE), target.node)
    return (
        system(
            [target, x],
            action("count", lt(add(x.node, ONE), target.node), {"x": add(x.node, ONE)}),
            action("finish", last, {"x": target.node}, fairness=Fairness.NONE),
        ),
        goal(eq(x.node, target.node)),
    )


def alternating(counts: bool) -> tuple[TransitionSystem, Property]:
    """Two ways to finish, each closed whenever the other one opens; with a clock no run repeats."""
    side, done, clock = truth("side"), truth("done"), integer("clock", 0, None)
    ticks = {"side": neg(side.node), **({"clock": add(clock.node, ONE)} if counts else {})}
    return (
        system(
            [side, done, clock],
            action("turn", neg(done.node), ticks),
            action("left", conj(side.node, neg(done.node)), {"done": TRUE}),
            action("right", conj(neg(side.node), neg(done.node)), {"done": TRUE}),
        ),
        goal(done.node),
    )


def runaway() -> tuple[TransitionSystem, Property]:
    """Counts for ever, and no lasso shows it."""
    x, done = integer("x", 0, None), truth("done")
    return (
        system([x, done], action("count", TRUE, {"x": add(x.node, ONE)})),
        goal(done.node),
    )


def slow_leak() -> tuple[TransitionSystem, Property]:
    """Two steps forward and three back: the distance falls now and then, and never for good."""
    x = integer("x", 0, None, (5,))
    at, on = labelled("phase", ("down", "up"))
    down, up = (
        conj(eq(at.node, on["down"]), lt(ONE, x.node)),
        conj(eq(at.node, on["up"]), lt(ZERO, x.node)),
    )
    return (
        system(
            [x, at],
            action("down", down, {"x": sub(x.node, constant(2)), "phase": on["up"]}),
            action("up", up, {"x": add(x.node, constant(3)), "phase": on["down"]}),
        ),
        goal(eq(x.node, ZERO)),
    )
