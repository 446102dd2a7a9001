"""`tick` (rules, "The tick")."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import typer

from seqctl.cli.interrupted import goal_words
from seqctl.cli.session import Session
from seqctl.cli.signals import exit_code_after
from seqctl.cli.trouble import Trouble, tell_each
from seqctl.domain.errors import Busy, Interrupted, WrongUsage
from seqctl.domain.texts.sentences import joined
from seqctl.domain.timing.moments import parse_duration, parse_moment, show_from_now

if TYPE_CHECKING:
    from datetime import datetime

    from seqctl.service.tick.interrupted import Stopped
    from seqctl.service.tick.mailroom import Trouble as InboxTrouble
    from seqctl.service.tick.tick_results import TickResult

_SHOWN = 50


def tick(
    session: Session,
    by: Annotated[
        str | None, typer.Option("--by", metavar="3d", help="Move a simulated clock by this.")
    ] = None,
    to: Annotated[
        str | None, typer.Option("--to", metavar="TIME", help="Move a simulated clock to there.")
    ] = None,
    until_idle: Annotated[
        bool, typer.Option("--until-idle", help="Move a simulated clock until nothing is due.")
    ] = False,
    stop_here: Annotated[
        bool, typer.Option("--stop-here", help="Forget where an interrupted tick was going.")
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show what would be done, change nothing.")
    ] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Print errors only.")] = False,
) -> int | None:
    """Do what is due: the only command that sends mails and creates tasks.

    Mailboxes are read first, so that nobody who has answered gets a follow-up.

    In a real workspace cron runs it; in a simulated one it moves the clock, and every step runs at
    its own due time.

    Example:
        seqctl tick
        seqctl tick --by 3d
        seqctl tick --to 2026-03-09T12:00 --dry-run
    """
    if sum((by is not None, to is not None, until_idle, stop_here)) > 1:
        raise WrongUsage(
            "Say one of --by, --to, --until-idle and --stop-here.", "seqctl tick --by 3d"
        )
    if stop_here:
        return _stop_here(session)
    result = _run(session, by, _target(session, to), until_idle, dry_run, quiet)
    session.progress("")
    session.look_again()
    contacts = _contacts(session, result)
    session.emit(_document(result, contacts))
    if session.json:
        tell_each(_troubles(result))
    else:
        _tell(
            session,
            result,
            contacts,
            quiet=quiet,
            by=by is not None or to is not None or until_idle,
        )
    return 6 if result.errors or result.troubles or result.lost_track else None


def _run(
    session: Session,
    by: str | None,
    to: datetime | None,
    until_idle: bool,
    dry_run: bool,
    quiet: bool,
) -> TickResult:
    """Tick, and show how far it is; raises Interrupted, with what was done, where it is asked to end."""
    from seqctl.service.tick import ticking
    from seqctl.service.tick.interrupted import stopped_at

    seen: list[TickResult] = []

    def look(so_far: TickResult) -> None:
        seen[:] = [so_far]
        if not quiet:
            _progress(session, so_far)

    try:
        result = ticking.tick(
            session.store,
            session.clock,
            by=parse_duration(by) if by is not None else None,
            to=to,
            until_idle=until_idle,
            dry_run=dry_run,
            progress=look,
            office=session.office,
        )
        if not dry_run:
            seen[:] = [result]
            result.troubles = [*result.troubles, *_copy(session)]
        return result
    except Busy as error:  # halted, or lost, on its way
        session.progress("")
        if seen and (done := _counts(seen[0])) and not dry_run:
            error.message += f" Before that: {done}."
        raise
    except KeyboardInterrupt as interruption:
        session.progress("")
        session.look_again()
        done = (_counts(seen[0]) if seen else "") or "nothing"
        told = _interrupted(session, stopped_at(session.store), done, dry_run)
        told.exit_code = exit_code_after(interruption)
        raise told from None


def _stop_here(session: Session) -> None:
    from seqctl.service.tick.interrupted import stop_here

    stopped = stop_here(session.store)
    now = stopped.now
    session.emit({"now": now, "dropped_target": stopped.target})
    if stopped.target is None:
        session.say("No tick was interrupted; nothing was changed.")
        return
    session.say(f"Forgotten: the clock stays at {session.moment(now)}.")
    if stopped.left_due:
        left = "1 step that was" if stopped.left_due == 1 else f"{stopped.left_due} steps that were"
        comes = "comes" if stopped.left_due == 1 else "come"
        session.say(f"{left} due by then {comes} when the clock gets there.")


def _interrupted(
    session: Session, stopped: Stopped | None, done: str, dry_run: bool
) -> Interrupted:
    """What a tick had done when it was interrupted, what is left, and what to type next."""
    if dry_run:
        return Interrupted("Interrupted. It was a rehearsal; nothing is changed.")
    said = f"Interrupted. Done so far: {done}."
    if stopped is None:
        said += _on_their_way(session)
        return Interrupted(f"{said} The next tick does the rest, and nothing twice.", "seqctl tick")
    if stopped.target is None:
        return Interrupted(f"{said} What is due is left to the next tick.", "seqctl tick")
    return Interrupted(
        f"{said} The clock stands at {session.moment(stopped.now)}, {goal_words(session, stopped)}. "
        "`seqctl tick` goes on to there, `seqctl tick --stop-here` stays where the clock stands.",
        "seqctl tick",
    )


def _on_their_way(session: Session) -> str:
    """The mails of which nobody knows yet whether they went out."""
    from seqctl.domain.model import MailStatus

    number = sum(session.store.outbox.counts([MailStatus.SENDING]).values())
    if not number:
        return ""
    mails = "1 mail was" if number == 1 else f"{number} mails were"
    return f" {mails} on the way: the next tick looks for what went out, or asks."


def _target(session: Session, to: str | None) -> datetime | None:
    if to is None:
        return None
    return parse_moment(to, now=session.now, zone=session.zone)


def _copy(session: Session) -> list[InboxTrouble]:
    """Write the Maildir copies of captured mail that are still to be written; why some could not be."""
    if not session.store.outbox.copies():
        return []
    from seqctl.mail.sending.maildir import MaildirCopies
    from seqctl.service.tick.copying import write_copies

    return write_copies(session.store, session.office, MaildirCopies())


def _document(result: TickResult, contacts: dict[int, str]) -> dict[str, object]:
    return {
        "from": result.began,
        "to": result.ended,
        "emails": result.emails,
        "tasks": result.tasks,
        "finished": result.finished,
        "unenrolled": result.unenrolled,
        "resumed": result.resumed,
        "errors": [
            {
                "enrollment": error.enrollment,
                "contact": contacts.get(error.contact_id),
                "code": error.code,
                "message": error.message,
            }
            for error in result.errors
        ],
        "left_due": result.left_due,
        "next_due": result.next_due,
    }


def _contacts(session: Session, result: TickResult) -> dict[int, str]:
    ids = {error.contact_id for error in result.errors}
    ids |= {change.after.contact_id for change in result.changes or []}
    if not ids:
        return {}
    return session.store.contacts.addresses(ids)


def _progress(session: Session, so_far: TickResult) -> None:
    done = so_far.emails + so_far.tasks
    session.progress(f"{done} steps, {so_far.finished} finished …")


def _tell(
    session: Session, result: TickResult, contacts: dict[int, str], *, quiet: bool, by: bool
) -> None:
    for error in result.errors:
        who = contacts.get(error.contact_id, f"Enrollment {error.enrollment}")
        session.warn(joined(": ", (who, error.code, error.message)), style="red")
    for trouble in _troubles(result):
        session.warn(trouble.message, style="red")
        session.warn(f"  try: {trouble.hint}")
    if quiet:
        return
    if result.finished_earlier_target:
        session.note("An interrupted tick had this target; it is reached now, and nothing more.")
    told = by or result.happened or session.interactive or result.changes is not None
    told = told or bool(result.unsettled)
    if not told:
        return
    if result.changes is not None:
        _tell_rehearsal(session, result, contacts)
    session.say(_summary(session, result))
    if result.unsettled:
        mails = "1 mail" if result.unsettled == 1 else f"{result.unsettled} mails"
        session.say(f"{mails} may or may not have gone out: seqctl mail list --status unknown")
    if session.interactive and result.changes is None:
        from seqctl.cli.status import status

        status(session)


def _troubles(result: TickResult) -> list[Trouble]:
    """What the exit code 6 stands for, besides enrollments that ended by an error."""
    told = [
        Trouble("INBOX_TROUBLE", f"{one.inbox}: {one.message}", _hint(one.inbox, one.hint), 6)
        for one in result.troubles
    ]
    if result.lost_track:
        mails = "1 mail" if result.lost_track == 1 else f"{result.lost_track} mails"
        sentence = f"{mails} may or may not have gone out, and will not be sent again by itself."
        told.append(Trouble("MAIL_UNSETTLED", sentence, "seqctl mail list --status unknown", 6))
    return told


def _hint(inbox: str, hint: str) -> str:
    return hint or f"seqctl inbox test {inbox}"


def _tell_rehearsal(session: Session, result: TickResult, contacts: dict[int, str]) -> None:
    changes = result.changes or []
    rows = [
        [
            session.moment(change.event.at),
            contacts.get(change.after.contact_id, ""),
            change.event.kind,
            change.event.detail,
        ]
        for change in changes
    ]
    session.say("Nothing is changed; this is what would be done:" if rows else "Nothing is due.")
    if rows:
        session.table(["when", "contact", "what", "detail"], rows)


def _counts(result: TickResult) -> str:
    """What a tick did, in numbers: `2 mails, 1 task`."""
    counts = [
        (result.emails, "mail", "mails"),
        (result.tasks, "task", "tasks"),
        (result.finished, "finished", "finished"),
        (result.unenrolled, "unenrolled", "unenrolled"),
        (result.resumed, "resumed", "resumed"),
        (len(result.errors), "error", "errors"),
        (result.left_due, "left waiting", "left waiting"),
    ]
    parts = [f"{n} {one if n == 1 else many}" for n, one, many in counts if n]
    return ", ".join(parts)


def _summary(session: Session, result: TickResult) -> str:
    done = _counts(result) or "nothing was due"
    if result.next_due is None:
        return f"Done: {done}. Nothing more is scheduled."
    when = f"{session.moment(result.next_due)}, {show_from_now(result.next_due, result.ended)}"
    return f"Done: {done}. Next due {when}."
