"""Where everything stands, and what happened (rules, "The overview" and "The history")."""

from __future__ import annotations

from datetime import timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer

from seqctl.cli.output import ROWS_SHOWN
from seqctl.cli.session import Session
from seqctl.cli.words import NOBODY
from seqctl.domain.errors import WrongUsage
from seqctl.domain.timing.moments import show_from_now, show_seconds

if TYPE_CHECKING:
    from seqctl.ports import WorkspaceState
    from seqctl.service.status import Overview, SummaryPage, Wanted

Document = dict[str, Any]

_SILENT_TOO_LONG = timedelta(days=1)
_FILTERS = "--status, --live, --ended, --reason, --enrolled-by, --sort and --limit"


class Order(StrEnum):
    """How enrollments can be sorted."""

    STATUS = "status"
    CONTACT = "contact"
    DUE = "due"
    STEP = "step"
    ENROLLED = "enrolled"
    ENDED = "ended"


def status(
    session: Session,
    sequence: Annotated[
        str | None, typer.Argument(metavar="SEQUENCE", help="Every enrollment of this one.")
    ] = None,
    label: Annotated[
        str | None, typer.Option("--status", metavar="STATUS", help="Only those that stand so.")
    ] = None,
    live: Annotated[bool, typer.Option("--live", help="Only those that may still move.")] = False,
    ended: Annotated[bool, typer.Option("--ended", help="Only finished and unenrolled.")] = False,
    reason: Annotated[
        str | None,
        typer.Option("--reason", metavar="REASON", help="Only those that ended so: reply, error."),
    ] = None,
    enrolled_by: Annotated[
        str | None, typer.Option("--enrolled-by", metavar="USER", help="Only this user's.")
    ] = None,
    sort: Annotated[
        Order | None, typer.Option("--sort", help="In this order, not the live ones first.")
    ] = None,
    limit: Annotated[
        int | None, typer.Option("--limit", metavar="N", min=0, help="At most so many rows.")
    ] = None,
    every: Annotated[bool, typer.Option("--all", help="All rows, not only 50.")] = False,
) -> None:
    """Where every sequence stands, and what needs you.

    With a sequence: its summary page, with every enrollment. The statuses are scheduled, active,
    paused, waiting_task, finished and unenrolled.

    Example:
        seqctl status
        seqctl status founders-intro --reason error
        seqctl status founders-intro --status paused --sort due
    """
    from seqctl.service.status import Wanted, overview

    if live and ended:
        raise WrongUsage("--live and --ended together leave nothing.", "write one of them")
    side = live if live or ended else None
    wanted = Wanted(label, side, reason, enrolled_by)
    if sequence is not None:
        _summary_page(session, sequence, wanted, sort, limit, every)
        return
    if wanted != Wanted() or sort is not None or limit is not None:
        raise WrongUsage(f"{_FILTERS} need a sequence.", "seqctl status SEQUENCE --live")
    result = overview(session.store, session.user, session.now)
    session.emit(result.document)
    if not session.json:
        _show_overview(session, result, every)


def log(
    session: Session,
    words: Annotated[
        list[str] | None, typer.Argument(metavar="SEQUENCE CONTACT", help="About what.")
    ] = None,
    number: Annotated[
        int | None, typer.Option("-n", metavar="N", min=0, help="The latest N events.")
    ] = None,
    every: Annotated[bool, typer.Option("--all", help="All events, not only 50.")] = False,
) -> None:
    """What happened, when, who did it and why: the latest 50 events, newest last.

    Example:
        seqctl log ada@example.com
        seqctl log founders-intro -n 200
    """
    from seqctl.cli.latest import latest, subject_of
    from seqctl.service.views import event_documents, subject_ids

    user, subject = session.user, subject_of(words)
    sequence_id, contact_id = subject_ids(session.store, user, subject.sequence, subject.contact)

    def fetch(limit: int | None) -> list[Document]:
        if subject.nobody:
            return []
        return event_documents(
            session.store, user, sequence_id=sequence_id, contact_id=contact_id, limit=limit
        )

    events = latest(session, number, every, fetch)
    session.emit({"events": events})
    if not events:
        if number != 0:
            session.say(NOBODY if subject.nobody else "Nothing has happened yet.")
        return
    session.table(
        ["time", "who", "contact", "sequence", "what", "why"],
        [_event_row(session, event) for event in events],
        every=True,
    )


def _event_row(session: Session, event: Document) -> list[object]:
    step = "" if event["step"] is None else f" (step {event['step']})"
    return [
        session.moment(event["at"]),
        event["actor"],
        event["contact"],
        event["sequence"],
        event["kind"] + step,
        event["detail"],
    ]


# --- the overview -------------------------------------------------------------------------------


def _show_overview(session: Session, result: Overview, every: bool) -> None:
    _show_last_tick(session, result.state)
    for inbox in result.document["inboxes"]:
        connected = "connected" if inbox["connected"] else "NOT CONNECTED"
        session.say(
            f"inbox {inbox['address']} ({inbox['user']}): {connected}, "
            f"{inbox['sent_today']} sent today",
            "" if inbox["connected"] else "yellow",
        )
    _show_attention(session, result)
    session.say()
    rows = result.document["sequences"]
    if not rows:
        session.say("No sequences yet.")
        session.say("  try: seqctl sequence new founders-intro")
        return
    session.table(
        [
            "sequence", "enrolled", "scheduled", "active", "paused", "on task", "finished",
            "unenrolled", "errors", "next due", "",
        ],
        [_sequence_row(session, row) for row in sorted(rows, key=lambda row: row["sequence"])],
        every=every,
    )  # fmt: skip


def _show_last_tick(session: Session, state: WorkspaceState) -> None:
    if state.last_tick_at is None:
        session.say("last tick: never")
    else:
        ago = show_from_now(state.last_tick_at, session.now)
        session.say(f"last tick: {session.moment(state.last_tick_at)} ({ago})")
    if state.tick_target is not None:
        _show_interrupted(session)
    if not (state.simulated or state.lies_still) and _silent(session, state):
        session.warn("No tick for more than a day: nothing is sent. Is cron running?", "yellow")
        session.warn("  try: seqctl cron")


def _show_interrupted(session: Session) -> None:
    from seqctl.cli.interrupted import goal_words
    from seqctl.service.tick.interrupted import stopped_at

    stopped = stopped_at(session.store)
    if stopped is not None:
        session.warn(f"A tick was interrupted {goal_words(session, stopped)}.", "yellow")
        session.warn("  go on: seqctl tick; stay here: seqctl tick --stop-here")


def _silent(session: Session, state: WorkspaceState) -> bool:
    return state.last_tick_at is None or session.now - state.last_tick_at > _SILENT_TOO_LONG


def _show_attention(session: Session, overview: Overview) -> None:
    attention, troubled = overview.attention, overview.troubled
    overdue = 0 if overview.state.lies_still else attention.overdue
    for inbox in troubled:
        session.say(f"needs you: inbox {inbox.address}: {inbox.trouble}", "red")
        session.say(
            f"           seqctl {'doctor' if inbox.damaged else f'inbox test {inbox.address}'}"
        )
    for inbox, number in overview.uncopied:
        from seqctl.places import look_at
        from seqctl.service.tick.copying import copies_wait

        told = f"{copies_wait(number)} to be copied to {inbox.capture_to}"
        session.say(f"needs you: inbox {inbox.address}: {told}", "red")
        session.say(f"           {look_at(inbox.capture_to or '.')}; then seqctl tick")
    needs = [
        (attention.errors, "ended by an error", "seqctl status SEQUENCE --reason error"),
        (overdue, "overdue", "seqctl tick --dry-run"),
        (
            attention.unsettled,
            _counted(attention.unsettled, "mail", " not settled"),
            "seqctl mail list --status unknown",
        ),
        (attention.open_tasks, _counted(attention.open_tasks, "open task"), "seqctl task list"),
    ]
    for number, what, command in needs:
        if number:
            session.say(f"needs you: {number} {what:<17}  {command}", "bold")
    if not (troubled or overview.uncopied) and not any(number for number, _, _ in needs):
        session.say("needs you: nothing")


def _counted(number: int, noun: str, rest: str = "") -> str:
    return f"{noun}{'' if number == 1 else 's'}{rest}"


def _sequence_row(session: Session, row: Document) -> list[object]:
    return [
        row["sequence"],
        row["enrolled"],
        row["scheduled"],
        row["active"],
        row["paused"],
        row["waiting_task"],
        row["finished"],
        row["unenrolled"],
        row["errors"],
        session.moment(row["next_due"]),
        "paused by you" if row["paused_by_me"] else "",
    ]


# --- the summary page ---------------------------------------------------------------------------


def _summary_page(
    session: Session,
    sequence: str,
    wanted: Wanted,
    sort: Order | None,
    limit: int | None,
    every: bool,
) -> None:
    from seqctl.service.status import summary_page

    order = sort.value if sort else "id" if session.json else "live"
    rows = limit if limit is not None or session.json or every else ROWS_SHOWN
    page = summary_page(
        session.store, session.user, session.now, sequence, wanted, sort=order, limit=rows
    )
    session.emit(page.document)
    if not session.json:
        _show_page(session, page, limited=limit is not None)


def _show_page(session: Session, page: SummaryPage, *, limited: bool) -> None:
    document = page.document
    counts = ", ".join(
        f"{number} {_words(name)}" for name, number in document["counts"].items() if number
    )
    session.say(f"{document['sequence']}, version {document['version']}: {counts or 'nobody yet'}")
    if not document["counts"]["enrolled"]:
        session.say(f"  try: seqctl enroll {document['sequence']} ada@example.com --dry-run")
        return
    session.say()
    session.table(
        ["contact", "by", "status", "step", "due", "re-enroll"],
        [_enrollment_row(session, row) for row in document["enrollments"]],
        every=True,
    )
    more = page.total - len(document["enrollments"])
    if more and not limited:
        session.say(f"… and {more} more (--all)", "dim")


def _enrollment_row(session: Session, row: Document) -> list[object]:
    step = "" if row["step"] is None else f"{row['step']} of {row['steps']}"
    return [
        row["contact"],
        row["enrolled_by"],
        _standing(session, row),
        step,
        _due(session, row),
        "yes" if row["reenrollable"] else "",
    ]


def _standing(session: Session, row: Document) -> str:
    """The status with its reason: `unenrolled (reply)`, `paused by bo since 2026-03-02 09:00`."""
    words = _words(row["status"])
    if row["holds"]:
        first, *others = row["holds"]
        more = f" and {len(others)} more" if others else ""
        return f"{words} {_held_by(session, first)}{more}"
    reason = row["error"] or row["reason"]
    return f"{words} ({reason})" if reason else words


def _held_by(session: Session, hold: Document) -> str:
    """Why it stands still: who paused it, or what a mail said."""
    since = session.moment(hold["since"])
    if hold["scope"] == "auto-reply":
        return f"(away until {session.moment(hold['until'])})"
    if hold["scope"] == "hand-written":
        return f"({hold['by']} wrote by hand, seen {since})"
    return f"by {hold['by']} since {since}"


def _due(session: Session, row: Document) -> str:
    """When its step is due, or its turn comes: `2026-03-03 09:00 (in 23 h, by the inbox's limit)`."""
    if row["remaining_s"] is not None:
        return f"{show_seconds(row['remaining_s'])} left"
    if row["due_at"] is None:
        return "waits for its mail to be settled" if row["waiting_on"] == "mail" else ""
    from_now = show_from_now(row["due_at"], session.now)
    waits = "" if row["waiting_on"] in ("delay", "window") else f", waits for {row['waiting_on']}"
    waits = ", by the inbox's limit" if row["waiting_on"] == "limit" else waits
    return f"{session.moment(row['due_at'])} ({from_now}{waits})"


def _words(label: str) -> str:
    return "waiting on task" if label == "waiting_task" else label
