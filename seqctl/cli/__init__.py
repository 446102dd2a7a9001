"""The table of contents of the command line: which module holds which command.

Nothing but the module of the command that runs is imported.
"""

from __future__ import annotations

import os
import sys
from functools import partial
from importlib import import_module
from typing import Annotated, NoReturn

import typer

from seqctl import __version__
from seqctl.cli.frame import ActingUser, Database, Entry, Group, Noun, Verb, build_group, session_of
from seqctl.cli.output import prepare_streams, printing
from seqctl.cli.session import Session
from seqctl.cli.signals import heed_signals
from seqctl.cli.trouble import tell
from seqctl.domain.errors import WrongUsage

CONTENTS: dict[str, dict[str, tuple[str, str]]] = {
    "Every day": {
        "status": ("status:status", "Where every sequence stands, and what needs you"),
        "enroll": ("enrolling:enroll", "Start a sequence for contacts"),
        "pause": ("pausing:pause", "Hold enrollments; time spent paused does not count"),
        "resume": ("pausing:resume", "Let paused enrollments go on with what was left"),
        "unenroll": ("enrolling:unenroll", "End enrollments by hand"),
        "reenroll": ("enrolling:reenroll", "Continue enrollments that ended unexpectedly"),
        "edit": ("editing:edit", "Change the coming steps of one enrollment"),
        "mark": ("enrolling:mark", "Tell that a contact replied, met you, or bounced"),
        "log": ("status:log", "What happened, when, who did it and why"),
    },
    "Nouns": {
        "contact": ("contacts:app", "The people you write to"),
        "segment": ("segments:app", "Saved filters over contacts"),
        "sequence": ("sequences:app", "Sequences, kept as files and applied as versions"),
        "task": ("tasks:app", "Calls and other work that sequences ask of you"),
        "mail": ("mails:app", "The mails that were written"),
        "inbox": ("inboxes:app", "The mail accounts that send"),
        "user": ("users:app", "Who enrolls"),
        "block": ("blocks:app", "Addresses and domains that never get a mail"),
    },
    "The clock": {
        "tick": ("ticking:tick", "Do what is due: the only command that sends"),
        "clock": ("clocks:clock", "What the clocks say, and which of them is right"),
        "cron": ("halting:cron", "Print the crontab line that runs the tick"),
        "halt": ("halting:halt", "Stop the whole workspace"),
        "unhalt": ("halting:unhalt", "Let a halted workspace go on"),
    },
    "The workspace": {
        "demo": ("demo:demo", "Rehearse a quarter in a workspace of its own"),
        "init": ("workspace:init", "Make a workspace"),
        "config": ("workspace:config", "Show or change settings"),
        "doctor": ("workspace:doctor", "Check that nothing impossible has happened"),
        "backup": ("workspace:backup", "Copy the workspace to a file"),
        "restore": ("workspace:restore", "Put a copy back in its place"),
    },
}

HELP = """
Sales sequences on your own machine: follow up by mail and phone, and always know why.

Example:
    seqctl demo
    seqctl enroll founders-intro ada@example.com --dry-run
    seqctl status
"""


def main() -> NoReturn:
    """Run the program with the arguments it was called with."""
    heed_signals()
    prepare_streams()
    sys.exit(run(sys.argv[1:]))


def run(arguments: list[str], session: Session | None = None) -> int:
    """Run one command and return its exit code; every error is told, none leaves."""
    options = arguments[: arguments.index("--")] if "--" in arguments else arguments
    session = session or Session()
    session.json = "--json" in options
    try:
        code = _run(arguments, session)
        with printing(sys.stdout):
            sys.stdout.flush()
    except typer.Exit as end:
        return end.exit_code
    except BaseException as error:  # noqa: BLE001  # the one place where errors are told
        return tell(error, session)
    return code


def _run(arguments: list[str], session: Session) -> int:
    _refuse_broken_text(arguments)
    try:
        with root().make_context("seqctl", list(arguments), obj=session) as context:
            return context.command.invoke(context) or 0
    finally:
        session.close()


def root() -> Group:
    """The whole program as one command."""
    entries = {
        name: Entry(panel, help, partial(_load, place))
        for panel, commands in CONTENTS.items()
        for name, (place, help) in commands.items()
    }
    return build_group("seqctl", HELP, entries, _options)


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"seqctl {__version__}")
        raise typer.Exit


Version = Annotated[
    bool,
    typer.Option("--version", is_eager=True, callback=_show_version, help="Show the version."),
]


def _options(
    context: typer.Context,
    db: Database = None,
    as_user: ActingUser = None,
    version: Version = False,
) -> None:
    session_of(context).choose(db, as_user)


def _load(place: str) -> Verb | Noun:
    module, _, attribute = place.partition(":")
    return getattr(import_module(f"seqctl.cli.{module}"), attribute)


def _refuse_broken_text(arguments: list[str]) -> None:
    for argument in arguments:
        try:
            argument.encode()
        except UnicodeEncodeError:
            # The name of a file may be any bytes.
            if not os.path.exists(argument):
                raise WrongUsage(f"'{argument}' is not valid UTF-8 text.") from None
