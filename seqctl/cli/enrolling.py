"""`enroll`, `unenroll`, `reenroll` and `mark` (rules, "Enrolling", "Ending" and "Re-enrolling")."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from seqctl.cli.asking import Yes, ask_about_many
from seqctl.cli.outcomes import Performed, moment_of, perform, tell, tell_nobody
from seqctl.cli.session import Session
from seqctl.cli.words import STDIN, contacts, sequence_and_contacts
from seqctl.domain.errors import WrongUsage

_FIRST_MAIL_LINES = 12

if TYPE_CHECKING:
    from seqctl.service.outcome import Outcome


class Mark(StrEnum):
    """What can have happened outside."""

    REPLIED = "replied"
    MEETING = "meeting"
    BOUNCED = "bounced"


_HAPPENED = {Mark.REPLIED: "replied", Mark.MEETING: "met you", Mark.BOUNCED: "bounced"}


class Reason(StrEnum):
    """Which ended enrollments `reenroll --reason` takes."""

    ERROR = "error"
    MANUAL = "manual"


Words = Annotated[
    list[str] | None,
    typer.Argument(metavar="SEQUENCE CONTACT...", help="A sequence and contacts; - reads stdin."),
]
Also = Annotated[bool, typer.Option("--also", help="Even if in another sequence now.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Show what would be, change nothing.")]
FromStep = Annotated[
    str | None, typer.Option("--from-step", metavar="N", help="Start with this step.")
]


def enroll(
    session: Session,
    words: Words = None,
    segment: Annotated[
        str | None, typer.Option("--segment", metavar="NAME", help="All of a segment.")
    ] = None,
    where: Annotated[
        list[str] | None,
        typer.Option("--where", metavar="EXPR", help="All that fit; may be repeated."),
    ] = None,
    file: Annotated[
        str | None, typer.Option("--file", metavar="CSV", help="All addresses of a file.")
    ] = None,
    from_step: FromStep = None,
    at: Annotated[
        str | None, typer.Option("--at", metavar="TIME", help="Make the first step due then.")
    ] = None,
    at_once: Annotated[
        bool, typer.Option("--now", help="At once, whatever the day and the window.")
    ] = False,
    inbox: Annotated[
        str | None, typer.Option("--inbox", metavar="ADDR", help="Send from this inbox.")
    ] = None,
    also: Also = False,
    again: Annotated[
        bool, typer.Option("--again", help="Those too who were in it before.")
    ] = False,
    dry_run: DryRun = False,
    yes: Yes = False,
) -> int | None:
    """Start a sequence for contacts; the next tick sends what is due.

    Example:
        seqctl enroll founders-intro ada@example.com
        seqctl enroll founders-intro --segment nordics --dry-run
        seqctl enroll founders-intro --where country=SE --at "2026-03-09 09:00"
    """
    from seqctl.service.enrollments import enrolling

    named = sequence_and_contacts(words)
    chosen = segment is not None or bool(where) or file is not None
    if named.sequence is None or not (named.contacts or named.nobody or chosen):
        raise WrongUsage(
            "Name a sequence and contacts.", "seqctl enroll SEQUENCE CONTACT…, --segment or --where"
        )
    if at is not None and at_once:
        raise WrongUsage("Say --at or --now, not both.")
    if file == STDIN and STDIN in (words or []):
        raise WrongUsage("Standard input can't be the contacts and the file.", "say - once")
    step, due = _number(from_step), moment_of(session, at)
    of_file = _of_file(file) if file is not None else {}
    if named.nobody or (file == STDIN and not of_file and not named.contacts):
        return tell_nobody(session, named.sequence)
    request = enrolling.Request(
        named.sequence,
        tuple(named.contacts),
        (*_selected(session, segment, where or []), *of_file),
        again,
        step,
        due,
        at_once,
        inbox,
        also,
        {email: code for email, code in of_file.items() if code is not None},
    )

    def act() -> Outcome:
        return enrolling.enroll(session.store, session.user, session.now, request)

    few = _are_few(session, len(request.addresses) + len(request.selected))
    ask_about_many(session, f"Enroll in {request.sequence}", act, yes=yes or dry_run or few)
    performed = perform(session, act, dry_run=dry_run, all_turns=True)
    outcome = performed.outcome
    last = enrolling.last_start(session.store, session.user, request, performed.turns)
    outcome.notes.extend([last] if last else [])
    headline = (
        f"Enrolled {_contacts(len(outcome.done))} in {named.sequence}." if outcome.done else ""
    )
    if outcome.unchanged:
        outcome.notes.append(
            f"{_contacts(len(outcome.unchanged))} left out, in {named.sequence} before (--again takes them)."
        )
    if not outcome.done and not outcome.refused and not outcome.unchanged:
        outcome.notes.append("No contact fits; nobody was enrolled.")
    code = tell(session, performed, headline)
    if dry_run:
        _show_first_mail(session, performed)
    return code


def unenroll(
    session: Session, words: Words = None, dry_run: DryRun = False, yes: Yes = False
) -> int | None:
    """End enrollments by hand: the remaining steps never run.

    Contacts alone are taken out of all their sequences.

    Example:
        seqctl unenroll founders-intro ada@example.com
        seqctl unenroll ada@example.com
    """
    from seqctl.service.enrollments.marking import unenroll as end

    named = sequence_and_contacts(words)
    if named.nobody:
        return tell_nobody(session, named.sequence)
    if not named.contacts:
        raise WrongUsage(
            "Name the contacts to take out.", "seqctl unenroll SEQUENCE CONTACT, or pause SEQUENCE"
        )

    def act() -> Outcome:
        return end(session.store, session.user, session.now, named.contacts, named.sequence)

    ask_about_many(session, "Take them out", act, yes=yes or dry_run)
    performed = perform(session, act, dry_run=dry_run)
    done = len(performed.outcome.done)
    return tell(session, performed, f"Unenrolled {_enrollments(done)}." if done else "")


def reenroll(
    session: Session,
    words: Words = None,
    reason: Annotated[
        Reason | None, typer.Option("--reason", help="All of yours that ended so.")
    ] = None,
    from_step: FromStep = None,
    at_once: Annotated[
        bool, typer.Option("--now", help="At once, not when it would have been due.")
    ] = False,
    also: Also = False,
    dry_run: DryRun = False,
    yes: Yes = False,
) -> int | None:
    """Continue enrollments that ended unexpectedly, where they stood, on their old version.

    Example:
        seqctl reenroll founders-intro ada@example.com
        seqctl reenroll founders-intro --reason error
    """
    from seqctl.service.enrollments import reenrolling

    named = sequence_and_contacts(words)
    if named.sequence is None or not (named.contacts or named.nobody or reason):
        raise WrongUsage(
            "Name a sequence and contacts.",
            "seqctl reenroll SEQUENCE CONTACT…, or seqctl reenroll SEQUENCE --reason error",
        )
    if named.nobody:
        return tell_nobody(session, named.sequence)
    request = reenrolling.Request(
        named.sequence,
        tuple(named.contacts),
        reason.value if reason else None,
        _number(from_step) if from_step else None,
        at_once,
        also,
    )

    def act() -> Outcome:
        return reenrolling.reenroll(session.store, session.user, session.now, request)

    ask_about_many(session, f"Re-enroll in {request.sequence}", act, yes=yes or dry_run)
    performed = perform(session, act, dry_run=dry_run)
    outcome = performed.outcome
    if not outcome.done and not outcome.refused:
        outcome.notes.append(f"None of yours in {named.sequence} ended so.")
    done = len(outcome.done)
    headline = f"Re-enrolled {_contacts(done)} in {named.sequence}." if done else ""
    return tell(session, performed, headline)


def mark(
    session: Session,
    contact: Annotated[
        str, typer.Argument(metavar="CONTACT", help="An e-mail address; - reads stdin.")
    ],
    what: Annotated[Mark, typer.Argument(metavar="replied|meeting|bounced", help="What happened.")],
    yes: Yes = False,
) -> int | None:
    """Tell that a contact replied, met you, or bounced: its sequences end.

    Example:
        seqctl mark ada@example.com replied
    """
    from seqctl.service.enrollments.marking import mark as note

    addresses = contacts([contact]) if contact == STDIN else [contact]
    if not addresses:
        return tell_nobody(session)

    def act() -> Outcome:
        return note(session.store, session.user, session.now, addresses, what.value)

    ask_about_many(session, f"Note that {contact} {_HAPPENED[what]}", act, yes=yes)
    performed = perform(session, act)
    done = len(performed.outcome.done)
    return tell(session, performed, f"Noted. {_enrollments(done)} ended." if done else "")


def _selected(session: Session, segment: str | None, where: list[str]) -> list[str]:
    """The addresses that a segment and filters select."""
    if segment is None and not where:
        return []
    from seqctl.service.contacts.segments import filters_of

    filters = filters_of(session.store, session.user, session.now, where, segment)
    contacts = session.store.contacts.matching(filters, session.user)
    return [contact.email for contact in contacts]


def _of_file(file: str) -> dict[str, str | None]:
    """The addresses that a file names; of those who said no there, by which code.

    An empty standard input is no bad file but nobody, as everywhere.
    """
    from seqctl.files.contacts.contacts import ContactRow, read_contacts
    from seqctl.files.contacts.decoding import content_of

    text, found = content_of(file), dict[str, str | None]()
    if file == STDIN and not text.strip():
        return found
    for row in read_contacts(file, text=text):
        if isinstance(row, ContactRow):
            said = "OPTED_OUT" if row.opted_out else "BOUNCED" if row.bounced else None
            found[row.email] = said or found.get(row.email)
    return found


def _are_few(session: Session, people: int) -> bool:
    """Whether so many people are no reason to ask, so that nothing has to be rehearsed."""
    from seqctl.service.workspace import number_setting

    return people <= number_setting(session.store, "enroll_confirm")


def _show_first_mail(session: Session, performed: Performed) -> None:
    from seqctl.service.sequences.previewing import preview

    if session.json or not performed.done:
        return
    first = performed.done[0]
    shown = preview(
        session.store,
        session.user,
        session.now,
        first["sequence"],
        first["contact"],
        from_step=first["step"] or 1,
    )
    for step in shown.steps:
        if step.subject is not None:
            session.say()
            session.say(f"First mail, to {first['contact']}: {step.subject}", style="bold")
            lines = (step.body or "").splitlines()
            for line in lines[:_FIRST_MAIL_LINES]:
                session.say(f"  {line}")
            if len(lines) > _FIRST_MAIL_LINES:
                session.say("  …")
            return


def _number(text: str | None) -> int:
    if text is None:
        return 1
    if not text.isdecimal() or not text.isascii():
        raise WrongUsage(f"'{text}' is no step number.", "--from-step 2")
    return int(text)


def _contacts(number: int) -> str:
    return f"{number} contact{'' if number == 1 else 's'}"


def _enrollments(number: int) -> str:
    return f"{number} enrollment{'' if number == 1 else 's'}"
