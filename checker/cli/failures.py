"""Every way a command can fail: one clear message on stderr, and the right exit code."""

from __future__ import annotations

import os
import sys
import tempfile
import traceback
from collections.abc import Sequence

from checker.cli.output import OutputError, drop_stdout

__all__ = ["INCONCLUSIVE", "INTERNAL", "USAGE", "run"]

USAGE = 2
INTERNAL = 3
INCONCLUSIVE = 4


def run(arguments: Sequence[str] | None) -> int:
    """Run a command line; never raises."""
    import click

    from checker.cli.command import reconverge

    given = list(sys.argv[1:] if arguments is None else arguments)
    try:
        if not given:
            with reconverge.make_context("reconverge", [], resilient_parsing=True) as context:
                return _say(context.get_help(), USAGE)
        with reconverge.make_context("reconverge", given) as context:
            code = reconverge.invoke(context)
        return code if isinstance(code, int) else 0
    except click.exceptions.Exit as finished:
        return finished.exit_code
    except click.ClickException as mistake:
        return _say_usage(mistake)
    except (KeyboardInterrupt, click.Abort):
        return _say("interrupted", INCONCLUSIVE)
    except SystemExit as left:
        # A model's file may end Python; that is no verdict, whatever its code.
        return _say(f"error: the model's file ended the program ({left.code!r})", USAGE)
    except BrokenPipeError:
        # Help has no reader any more; results see to that themselves.
        drop_stdout()
        return 0
    except OutputError as problem:
        drop_stdout()
        return _say(f"error: {problem}", USAGE)
    except OSError as problem:
        drop_stdout()
        return _say(f"error: {problem.strerror or problem}", USAGE)
    except MemoryError:
        return _say(
            "inconclusive: out of memory; --max-states stops an exploration before that", INCONCLUSIVE
        )
    except Exception as problem:
        return _known(problem, given)


def _known(problem: Exception, given: Sequence[str]) -> int:
    """What a user can act on is said as such; the rest is our mistake."""
    from checker.evidence.itf import ItfError
    from checker.evidence.replay import ReplayMismatch
    from checker.evidence.trace import TraceError
    from checker.explicit.checkpoint import CheckpointError
    from checker.explicit.initial_states import BadInitialValue
    from checker.explicit.instances import TooManyOutcomes
    from checker.explicit.packing import NotEnumerable
    from checker.findings.selection import UnknownProperty
    from checker.language.errors import ModelError
    from checker.regimes.regime import RegimeError

    if isinstance(problem, ModelError):
        return _say(str(problem), USAGE)
    mistakes = RegimeError | UnknownProperty | ItfError | TraceError | BadInitialValue | CheckpointError
    if isinstance(problem, mistakes):
        return _say(f"error: {problem}", USAGE)
    if isinstance(problem, NotEnumerable | TooManyOutcomes):
        return _say(f"inconclusive: {problem}", INCONCLUSIVE)
    if isinstance(problem, ReplayMismatch):
        return _say_mismatch(problem, given)
    return _say_internal(problem, given)


def _say_mismatch(problem: Exception, given: Sequence[str]) -> int:
    from checker.evidence.replay import ReplayMismatch
    from checker.evidence.reproducer import write_reproducer

    assert isinstance(problem, ReplayMismatch)
    try:
        place = str(write_reproducer(problem, " ".join(given)))
    except OSError as trouble:
        place = f"(could not be written: {trouble})"
    return _say(
        f"INTERNAL ERROR: {problem}\n"
        "No verdict is given: the engine and CPython disagree about what this model does.\n"
        f"  state     {problem.position}\n"
        f"  differs   {problem.what}\n"
        f"  trace     {problem.expected!r}\n"
        f"  CPython   {problem.got!r}\n"
        f"  command   reconverge {' '.join(given)}\n"
        f"  trace in  {place}\n"
        "Please report this with that file and the model.",
        INTERNAL,
    )


def _say_internal(problem: Exception, given: Sequence[str]) -> int:
    report = "".join(traceback.format_exception(problem))
    try:
        handle, place = tempfile.mkstemp(prefix="reconverge-error-", suffix=".txt", text=True)
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(f"reconverge {' '.join(given)}\n\n{report}")
    except OSError as trouble:
        place = f"(could not be written: {trouble})"
    return _say(
        f"INTERNAL ERROR: {type(problem).__name__}: {problem}\n"
        f"  command   reconverge {' '.join(given)}\n"
        f"  details   {place}\n"
        "Please report this with that file and the model.",
        INTERNAL,
    )


def _say_usage(mistake: object) -> int:
    import click

    assert isinstance(mistake, click.ClickException)
    context = getattr(mistake, "ctx", None)
    hint = ""
    if context is not None:
        hint = f"\ntry: {context.command_path} --help"
    return _say(f"error: {mistake.format_message()}{hint}", USAGE)


def _say(message: str, code: int) -> int:
    try:
        encoding = sys.stderr.encoding or "ascii"
        sys.stderr.write(message.encode(encoding, "replace").decode(encoding) + "\n")
        sys.stderr.flush()
    except (OSError, ValueError, AttributeError):
        pass  # nobody to tell; the exit code remains
    return code
