"""`pause` and `resume` (rules, "Holds")."""

from __future__ import annotations

from typing import Annotated

import typer

from seqctl.cli.outcomes import Performed, moment_of, perform, tell, tell_nobody
from seqctl.cli.session import Session
from seqctl.cli.words import Named, sequence_and_contacts
from seqctl.domain.errors import WrongUsage
from seqctl.domain.texts.sentences import said

Words = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="SEQUENCE CONTACT...", help="A sequence, contacts, or both; - reads stdin."
    ),
]
DryRun = Annotated[
    bool, typer.Option("--dry-run", help="Show the due times before and after, change nothing.")
]


def pause(
    session: Session,
    words: Words = None,
    every: Annotated[
        bool, typer.Option("--all", help="Every sequence in which you have live enrollments.")
    ] = False,
    until: Annotated[
        str | None, typer.Option("--until", metavar="TIME", help="Let the tick resume it then.")
    ] = None,
    duration: Annotated[
        str | None, typer.Option("--for", metavar="2w", help="Let the tick resume it after this.")
    ] = None,
    dry_run: DryRun = False,
) -> int | None:
    """Hold enrollments; time spent paused does not count.

    A sequence holds your own enrollments in it; a contact is held whoever enrolled it. Later
    enrollments start paused too, until you resume.

    Example:
        seqctl pause founders-intro --for 2w
        seqctl pause ada@example.com
        seqctl pause --all --until 2027-01-07
    """
    from seqctl.service.enrollments import pausing

    named = _named(words, every)
    end = moment_of(session, until, duration)
    if end is not None and end <= session.now:
        raise WrongUsage(said("{end} is not in the future.", end=end), "seqctl pause … --for 3d")
    if named.nobody:
        return tell_nobody(session, named.sequence)
    by = pausing.Pause(session.user, session.now, end)
    store = session.store
    if every:
        what = "all your sequences"
        performed = perform(session, lambda: pausing.pause_all(store, by), dry_run=dry_run)
    elif named.contacts:
        what = _these(named)
        performed = perform(
            session,
            lambda: pausing.pause_contacts(store, named.contacts, by, named.sequence),
            dry_run=dry_run,
        )
    else:
        name = what = named.sequence or ""
        performed = perform(
            session, lambda: pausing.pause_sequence(store, name, by), dry_run=dry_run
        )
    held = len(performed.outcome.done)
    until_words = f" until {session.moment(end)}" if end else ""
    refused_all = performed.outcome.refused and not held
    headline = "" if refused_all else f"Paused {what}{until_words}: {_count(held)} held."
    return tell(session, performed, headline)


def resume(
    session: Session,
    words: Words = None,
    every: Annotated[bool, typer.Option("--all", help="Lift what `pause --all` placed.")] = False,
    each: Annotated[
        bool, typer.Option("--each", help="With --all: also sequences paused by themselves.")
    ] = False,
    restart: Annotated[
        bool, typer.Option("--restart-delay", help="Start the whole delay over.")
    ] = False,
    dry_run: DryRun = False,
) -> int | None:
    """Let paused enrollments go on with what was left of their delay.

    Nothing is sent by this: the next tick runs what is due.

    Example:
        seqctl resume founders-intro
        seqctl resume ada@example.com --dry-run
        seqctl resume --all --each
    """
    from seqctl.service.enrollments import pausing

    named = _named(words, every)
    if each and not every:
        raise WrongUsage("--each goes with --all.", "seqctl resume --all --each")
    if named.nobody:
        return tell_nobody(session, named.sequence)
    by = pausing.Resume(session.user, session.now, restart)
    store = session.store
    if every:
        what = "all your sequences"
        performed = perform(
            session, lambda: pausing.resume_all(store, by, each=each), dry_run=dry_run
        )
    elif named.contacts:
        what = _these(named)
        performed = perform(
            session,
            lambda: pausing.resume_contacts(store, named.contacts, by, named.sequence),
            dry_run=dry_run,
        )
    else:
        name = what = named.sequence or ""
        performed = perform(
            session, lambda: pausing.resume_sequence(store, name, by), dry_run=dry_run
        )
    return tell(session, performed, _resumed(performed, what))


def _resumed(performed: Performed, what: str) -> str:
    """The headline; where another hold stays, nothing is said to go on."""
    done = performed.outcome.done
    if not done:
        return ""
    if all(document["status"] == "paused" for document in performed.done):
        return f"Resumed {what}."
    return f"Resumed {what}: {_count(len(done))} going on."


def _named(words: list[str] | None, every: bool) -> Named:
    named = sequence_and_contacts(words)
    if every and (named.sequence or named.contacts):
        raise WrongUsage("--all stands alone, without a sequence or contacts.")
    if not every and named == Named(None, []):
        raise WrongUsage("Name a sequence, a contact or both, or say --all.")
    return named


def _these(named: Named) -> str:
    who = named.contacts[0] if len(named.contacts) == 1 else f"{len(named.contacts)} contacts"
    return f"{who} in {named.sequence}" if named.sequence else who


def _count(number: int) -> str:
    return f"{number} enrollment{'' if number == 1 else 's'}"
