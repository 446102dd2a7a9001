"""How the verbs over several contacts run and tell what they did: one result, two renderings."""

from __future__ import annotations

import sys
from collections.abc import Callable
from contextlib import nullcontext
from datetime import datetime
from typing import TYPE_CHECKING, Any, NamedTuple

from seqctl.cli.session import Session
from seqctl.cli.words import NOBODY
from seqctl.domain.errors import WrongUsage
from seqctl.domain.timing.moments import show_from_now

if TYPE_CHECKING:
    from seqctl.domain.enrollments.deciding import Due
    from seqctl.domain.model import Enrollment
    from seqctl.service.outcome import Outcome
    from seqctl.service.plans import Plans
    from seqctl.service.views import Selected

Document = dict[str, Any]
_SHOWN = 50


class Performed(NamedTuple):
    """A verb's outcome with the enrollments as they are (or, rehearsed, would be) afterwards.

    `turns` is when the mails of those that are done go out at an inbox with a limit, by id.
    """

    outcome: Outcome
    done: list[Document]
    unchanged: list[Document]
    turns: dict[int, datetime]
    due_before: dict[int, Any]
    left: dict[int, str]
    dry_run: bool


def perform(
    session: Session,
    act: Callable[[], Outcome],
    *,
    dry_run: bool = False,
    all_turns: bool = False,
) -> Performed:
    """Do it, or rehearse it and undo it, and look at the enrollments before that is undone.

    `all_turns` asks for the turns of all that are done, not only of those that are shown.
    """
    from seqctl.service.sending.foretelling import rehearsed

    store = session.store
    limit = None if session.json else _SHOWN
    with store.rehearsing() if dry_run else nullcontext():
        outcome = act()
        done = _selected(session, outcome.done[:limit])
        unchanged = _selected(session, outcome.unchanged if session.json else [])
        left = {} if session.json else _left(session, outcome.done[:limit])
        starts = _starts(session, outcome.done) if all_turns else []
        instead = rehearsed(store, outcome.done) if dry_run else []
    turns = _turns(session, [*done.enrollments, *unchanged.enrollments], starts, instead)
    now = session.now
    return Performed(
        outcome,
        done.documents_by(turns, now),
        unchanged.documents_by(turns, now),
        {id: turns[id] for id in outcome.done if id in turns},
        _due_before(session, outcome.done[:limit]) if dry_run else {},
        left,
        dry_run,
    )


def _starts(session: Session, ids: list[int]) -> list[Enrollment]:
    from seqctl.service.sending.foretelling import lined_inboxes

    return session.store.enrollments.get(ids) if lined_inboxes(session.store) else []


def _turns(
    session: Session, shown: list[Enrollment], starts: list[Enrollment], instead: list[Due]
) -> dict[int, datetime]:
    """The turns of those that are shown as far as is looked ahead, and those of all starts."""
    from seqctl.service.sending.foretelling import STEPS_FORETOLD, Foretelling

    ahead = sys.maxsize if starts else STEPS_FORETOLD
    return Foretelling(session.store, session.now, instead).moments([*shown, *starts], ahead)


def _due_before(session: Session, ids: list[int]) -> dict[int, Any]:
    from seqctl.service.views import enrollment_documents

    found = enrollment_documents(session.store, session.user, session.now, ids=ids)
    return {document["id"]: document["due_at"] for document in found}


def tell_nobody(session: Session, sequence: str | None = None) -> None:
    """Say that standard input named no contact, so that nothing was done (rules, "Grammar").

    Raises what is wrong with who acts, and NotFound where there is no such `sequence`.
    """
    from seqctl.service.acting import sequence_beside_contact

    user = session.user
    if sequence is not None:
        sequence_beside_contact(session.store, sequence, user)
    session.look_again()  # people see whose clock it is, and whether it stands still
    session.emit({"done": [], "unchanged": [], "refused": [], "notes": [NOBODY]})
    session.say(NOBODY)


def tell(session: Session, performed: Performed, headline: str) -> int | None:
    """Show it to people or programs; the exit code of what was refused."""
    outcome = performed.outcome
    session.emit(_document(performed))
    if not session.json:
        if headline:
            session.say(
                f"Dry run, nothing is changed: {headline}" if performed.dry_run else headline
            )
        _tell_done(session, performed)
        if outcome.failures:
            session.table(
                ["refused", "code", "why"],
                [[r.contact, r.code, r.message] for r in outcome.failures],
            )
        for note in dict.fromkeys(outcome.notes):
            session.note(note)
    return outcome.exit_code or None


def _selected(session: Session, ids: list[int]) -> Selected:
    from seqctl.ports.views import Selection
    from seqctl.service.views import selected

    return selected(session.store, session.now, Selection(ids=tuple(ids)))


def _document(performed: Performed) -> Document:
    done = performed.done
    if performed.dry_run:
        done = [{**d, "due_before": performed.due_before.get(d["id"])} for d in done]
    refused = [
        {"contact": r.contact, "code": r.code, "message": r.message}
        for r in performed.outcome.refused
    ]
    return {
        "done": done,
        "unchanged": performed.unchanged,
        "refused": refused,
        "notes": list(dict.fromkeys(performed.outcome.notes)),
    }


def _tell_done(session: Session, performed: Performed) -> None:
    if not performed.done:
        return
    columns = ["contact", "sequence", "status", "step", "due", ""]
    if performed.dry_run:
        columns.insert(4, "due before")
    rows: list[list[object]] = []
    for document in performed.done:
        row = _row(session, document, performed.left.get(document["id"], ""))
        if performed.dry_run:
            row.insert(4, session.moment(performed.due_before.get(document["id"])) or "-")
        rows.append(row)
    session.table(columns, rows, every=True)
    more = len(performed.outcome.done) - len(rows)
    if more > 0:
        session.say(f"… and {more} more")


def _row(session: Session, document: Document, left: str) -> list[object]:
    due = document["due_at"]
    when = show_from_now(due, session.now) if due else left
    step = f"{document['step']} of {document['steps']}" if document["step"] else ""
    shown = session.moment(due) if due else "-"
    return [document["contact"], document["sequence"], _status(document), step, shown, when]


def _status(document: Document) -> str:
    words = str(document["status"]).replace("waiting_task", "waiting on task")
    why = document["error"] or document["reason"]
    return f"{words} ({why})" if why else words


def _left(session: Session, ids: list[int]) -> dict[int, str]:
    """What is left of the delays of held enrollments, in words (rules, "What a pause leaves")."""
    from seqctl.service.plans import Plans

    plans = Plans(session.store)
    return {e.id: _left_words(e, plans) for e in session.store.enrollments.get(ids)}


def _left_words(enrollment: Enrollment, plans: Plans) -> str:
    from seqctl.domain.enrollments.lifecycle import left_in_words

    if not enrollment.live or enrollment.held_since is None:
        return ""
    return left_in_words(enrollment, plans.of(enrollment))


def moment_of(session: Session, text: str | None, duration: str | None = None) -> Any:
    """The moment that `--until TIME` or `--for 2w` names; None where neither is given."""
    from seqctl.domain.timing.moments import moment_after, parse_duration, parse_moment

    if text is not None and duration is not None:
        raise WrongUsage("Say --until or --for, not both.")
    if duration is not None:
        return moment_after(session.now, parse_duration(duration))
    if text is None:
        return None
    return parse_moment(text, now=session.now, zone=session.user.timezone)
