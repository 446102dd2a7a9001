"""What goes wrong, told to people and programs (rules, "Errors and exit codes")."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Iterable
from contextlib import suppress
from typing import TYPE_CHECKING, Any, NamedTuple

import typer

from seqctl.cli.output import clean, json_text, printing
from seqctl.cli.signals import exit_code_after
from seqctl.domain.errors import SeqctlError
from seqctl.places import look_at
from seqctl.ports.mail import AccountRefused, Unreachable

if TYPE_CHECKING:
    from seqctl.cli.session import Session

BROKEN_PIPE = 141
"""The exit code of a program whose reader has gone, as a shell would report it."""


class Trouble(NamedTuple):
    """One thing that went wrong: stable code, sentence, next command to type, exit code."""

    code: str
    message: str
    hint: str
    exit_code: int


def explain(error: BaseException, session: Session) -> Trouble:
    """What to tell about an error that ended a command."""
    match error:
        case SeqctlError():
            return Trouble(error.code, error.message, error.hint, error.exit_code)
        case typer.TyperException():
            # What checks the types of arguments puts the name of its own error before the sentence.
            sentence = error.format_message().replace(": Value error, ", ": ", 1)
            return Trouble("USAGE", sentence, _help_command(error), 2)
        case KeyboardInterrupt() | EOFError() | typer.Abort():
            return Trouble("INTERRUPTED", "Interrupted.", "", exit_code_after(error))
        case AccountRefused():
            return Trouble("ACCOUNT_REFUSED", str(error), error.hint, 5)
        case Unreachable():
            return Trouble("UNREACHABLE", str(error), "try again later", 6)
        case OSError():
            return _unusable(error)
        case _:
            told = session.trouble_of(error)
            return _defect(error) if told is None else explain(told, session)


def _unusable(error: OSError) -> Trouble:
    """What the system refuses, where nobody said more precisely what was to be done."""
    why = error.strerror or str(error)
    if isinstance(error.filename, str):
        named = f"{error.filename} can't be used: {why}."
        return Trouble("BAD_FILE", named, look_at(error.filename, error), 5)
    return Trouble("BAD_FILE", f"A file or the output can't be used: {why}.", "df -h", 5)


def _help_command(error: typer.TyperException) -> str:
    # Only usage errors know the command that they are about.
    context: Any = getattr(error, "ctx", None)
    return f"{context.command_path if context else 'seqctl'} --help"


def _defect(error: BaseException) -> Trouble:
    what = f"{type(error).__name__}: {error}".strip(": ")
    hint = "" if _debugging() else "repeat it with SEQCTL_DEBUG=1 in front to see where"
    return Trouble("DEFECT", f"This is a defect of seqctl, please report it: {what}", hint, 1)


def tell(error: BaseException, session: Session) -> int:
    """Print on stderr what went wrong, as a sentence or as JSON; the exit code it ends with."""
    if isinstance(error, BrokenPipeError):
        _abandon_stdout()
        return BROKEN_PIPE
    trouble = explain(error, session)
    if trouble.code == "DEFECT" and _debugging():
        _print_traceback(error)
    if session.json:
        _print_json(trouble)
    else:
        session.warn(trouble.message, "red")
        if trouble.hint:
            session.warn(f"  try: {trouble.hint}" if _is_command(trouble) else f"  {trouble.hint}")
    _flush_or_abandon_stdout()
    return trouble.exit_code


def tell_each(troubles: Iterable[Trouble]) -> None:
    """Print on stderr, as JSON, what a command that did its work has to say besides."""
    for trouble in troubles:
        _print_json(trouble)


def _is_command(trouble: Trouble) -> bool:
    return trouble.hint.startswith("seqctl ")


def _print_json(trouble: Trouble) -> None:
    told = {
        "code": trouble.code,
        "message": clean(trouble.message),
        "hint": clean(trouble.hint),
    }
    with printing(sys.stderr):
        sys.stderr.write(json_text({"error": told}) + "\n")


def _print_traceback(error: BaseException) -> None:
    import traceback

    traceback.print_exception(error)


def _debugging() -> bool:
    return bool(os.environ.get("SEQCTL_DEBUG"))


def _flush_or_abandon_stdout() -> None:
    try:
        sys.stdout.flush()
    except OSError:
        _abandon_stdout()


def _abandon_stdout() -> None:
    """Point stdout nowhere, or Python's own flush at exit would print a second error."""
    with suppress(io.UnsupportedOperation):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
