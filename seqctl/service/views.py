"""What people look at, as JSON documents (rules, "Tables and documents"); tables are made from the same
ones."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any, NamedTuple

from seqctl.domain.contacts.addresses import stored_form
from seqctl.domain.enrollments import lifecycle
from seqctl.domain.enrollments.access import may_use
from seqctl.domain.errors import NotFound
from seqctl.domain.model import Enrollment
from seqctl.ports.views import EnrollmentView, EventView, MessageView, Selection, TaskView
from seqctl.service.acting import visible_sequence
from seqctl.service.enrollments.hold_book import HoldBook

if TYPE_CHECKING:
    from seqctl.domain.model import Contact, User
    from seqctl.ports import Store
    from seqctl.ports.received import ReceivedView
    from seqctl.service.plans import Plans

Document = dict[str, Any]
"""One JSON object; moments are `datetime` values."""


def visible_ids(store: Store, user: User) -> set[int]:
    """The sequences that a user sees, deleted ones included."""
    return {s.id for s in store.sequences.all(deleted=True) if may_use(user, s)}


def row_number(word: str) -> int | None:
    """The number of a row that a person typed, or None where it can't be one."""
    return int(word) if word.isascii() and word.isdigit() and len(word) < 19 else None


def subject_ids(
    store: Store, user: User, sequence: str | None, contact: str | None
) -> tuple[int | None, int | None]:
    """The ids of a sequence and of a contact to look at; deleted ones have a history too.

    Raises NotFound.
    """
    found = None if sequence is None else store.sequences.named(sequence)
    if sequence is not None and (found is None or not may_use(user, found)):
        found = visible_sequence(store, sequence, user)
    person = None if contact is None else known_contact(store, contact)
    return found and found.id, person and person.id


def known_contact(store: Store, address: str) -> Contact:
    """The contact of this address, a deleted one too; raises NotFound."""
    wanted = stored_form(address)
    for deleted in (False, True):
        found = store.contacts.find([wanted], deleted=deleted).get(wanted)
        if found is not None:
            return found
    raise NotFound(f"There is no contact {wanted}.", "seqctl contact list", code="UNKNOWN_CONTACT")


# --- enrollments --------------------------------------------------------------------------------


def enrollment_documents(
    store: Store,
    user: User,
    now: datetime,
    *,
    ids: Iterable[int] | None = None,
    contact_id: int | None = None,
    sequence_id: int | None = None,
    sort: str = "id",
    limit: int | None = None,
) -> list[Document]:
    """The enrollments that fit all that is given, as they are at `now`.

    They look the same to every `user`: an enrollment has no texts to hide.
    """
    wanted = None if ids is None else tuple(ids)
    selection = Selection(ids=wanted, contact_id=contact_id, sequence_id=sequence_id)
    return selected_documents(store, now, selection, sort=sort, limit=limit)


def selected_documents(
    store: Store,
    now: datetime,
    selection: Selection,
    *,
    sort: str = "id",
    limit: int | None = None,
) -> list[Document]:
    """The selected enrollments; `sort` is one of `ports.views.SORTS`."""
    from seqctl.service.sending.foretelling import Foretelling

    seen = selected(store, now, selection, sort=sort, limit=limit)
    return seen.documents_by(Foretelling(store, now).moments(seen.enrollments), now)


class Selected(NamedTuple):
    """Enrollments as a transaction saw them.

    When their turns come at inboxes with a limit is worked out after it (see `foretelling`).
    """

    enrollments: list[Enrollment]
    documents: list[Document]

    def documents_by(self, turns: Mapping[int, datetime], now: datetime) -> list[Document]:
        """The documents, with the moments of their turns, by id."""
        from seqctl.service.sending.foretelling import shown_due

        pairs = zip(self.enrollments, self.documents, strict=True)
        return [
            document | {"due_at": shown_due(each, turns, now)} if each.id in turns else document
            for each, document in pairs
        ]


def selected(
    store: Store,
    now: datetime,
    selection: Selection,
    *,
    sort: str = "id",
    limit: int | None = None,
) -> Selected:
    """The selected enrollments, as they stand; `sort` is one of `ports.views.SORTS`."""
    with store.reading():
        views = store.views.enrollments(selection, sort=sort, limit=limit)
        documents = _documents(store, now, views)
    return Selected([view.enrollment for view in views], documents)


def _documents(store: Store, now: datetime, views: list[EnrollmentView]) -> list[Document]:
    from seqctl.service.plans import Plans

    held = {v.enrollment.contact_id for v in views if v.enrollment.held_since is not None}
    holds = HoldBook(store.views.holds(held) if held else [])
    plans = Plans(store)
    again = _reenrollable(store, plans, views)
    return [_enrollment_document(view, now, holds, plans, again) for view in views]


def _enrollment_document(
    view: EnrollmentView, now: datetime, holds: HoldBook, plans: Plans, again: set[int]
) -> Document:
    enrollment = view.enrollment
    held = enrollment.live and enrollment.held_since is not None
    runs = enrollment.live and not held
    return {
        "id": enrollment.id,
        "contact": view.contact,
        "sequence": view.sequence,
        "version": _version_label(view),
        "enrolled_by": view.enrolled_by,
        "inbox": view.inbox,
        "status": lifecycle.label(enrollment),
        "reason": enrollment.reason,
        "error": enrollment.error,
        "waiting_on": _waiting_on(view, now),
        "step": min(enrollment.step, view.steps) if enrollment.live else None,
        "steps": view.steps,
        "due_at": enrollment.due_at if runs else None,
        "delay_ends_at": enrollment.delay_ends_at if runs else None,
        "remaining_s": _remaining(enrollment, plans) if held else None,
        "holds": holds.documents(enrollment, view.sequence) if held else [],
        "enrolled_at": enrollment.enrolled_at,
        "last_step_at": enrollment.last_step_at,
        "ended_at": enrollment.ended_at,
        "reenrollable": enrollment.id in again,
    }


def _waiting_on(view: EnrollmentView, now: datetime) -> str | None:
    waited = lifecycle.waiting_on(view.enrollment, now)
    return "mail" if waited in ("delay", "window") and view.queued else waited


def _remaining(enrollment: Enrollment, plans: Plans) -> int | None:
    return lifecycle.remaining_seconds(enrollment, plans.of(enrollment))


def _version_label(view: EnrollmentView) -> int | str:
    """`3`, or `3+17` for an edit of enrollment 17."""
    return view.version if view.edit_of is None else f"{view.version}+{view.edit_of}"


def _reenrollable(store: Store, plans: Plans, views: list[EnrollmentView]) -> set[int]:
    """Which of these can go on, whoever looks: all that is asked (rules, "Re-enrolling"), but for who
    asks."""
    from seqctl.service.enrollments.reenrolling import may_go_on, open_to_enrollers

    candidates = [view for view in views if may_go_on(view, plans)]
    return open_to_enrollers(store, plans, candidates) if candidates else set()


# --- tasks, mails, events -----------------------------------------------------------------------


def task_documents(tasks: Iterable[TaskView]) -> list[Document]:
    """Tasks as `task list` shows them."""
    return [task_document(task) for task in tasks]


def task_document(task: TaskView) -> Document:
    """One task as `task list` shows it."""
    return {
        "id": task.id,
        "contact": task.contact,
        "sequence": task.sequence,
        "enrollment": task.enrollment_id,
        "step": task.step,
        "type": task.type,
        "title": task.title,
        "priority": task.priority,
        "status": task.status,
        "assignee": task.assignee,
        "created_at": task.created_at,
        "done_at": task.done_at,
        "orphaned": task.orphaned,
    }


def full_task_document(task: TaskView) -> Document:
    """One task with its texts, as `task show` shows it."""
    texts = {"notes": task.notes, "subject": task.subject, "body": task.body, "note": task.note}
    return task_document(task) | texts


def message_documents(
    store: Store,
    user: User,
    *,
    ids: Iterable[int] | None = None,
    contact_id: int | None = None,
    sequence_id: int | None = None,
    status: str | None = None,
    limit: int | None = None,
) -> list[Document]:
    """The latest messages that fit and that the user may see, by id: those of enrollments of the
    user's own, and of sequences that the user sees.
    """
    with store.reading():
        secret = store.workspace.state().secret
        messages = store.views.messages(
            ids=ids,
            contact_id=contact_id,
            sequence_id=sequence_id,
            status=status,
            visible_to=(user.id, visible_ids(store, user)),
            limit=limit,
        )
    return [_message_document(message, secret) for message in messages]


def full_message_document(store: Store, user: User, number: str) -> Document:
    """One message with its body and the server's words about it; raises NotFound where the user may
    see no such one."""
    row = row_number(number)
    seen = (user.id, visible_ids(store, user))
    found = [] if row is None else store.views.messages(ids=[row], visible_to=seen)
    if not found:
        raise NotFound(f"There is no mail {number}.", "seqctl mail list", code="NO_MAIL")
    secret = store.workspace.state().secret
    texts = {"body": found[0].body, "words": found[0].words}
    return _message_document(found[0], secret) | texts


def _message_document(message: MessageView, secret: str) -> Document:
    from seqctl.domain.sending.message_ids import message_id

    return {
        "id": message.id,
        "enrollment": message.enrollment_id,
        "contact": message.contact,
        "sequence": message.sequence,
        "step": message.step,
        "from": message.sender,
        "to": message.recipient,
        "subject": message.subject,
        "status": message.status,
        "sent_at": message.at if message.status == "sent" else None,
        "message_id": message_id(message.id, secret, message.sender),
    }


def received_documents(
    store: Store, user: User, *, contact_id: int | None = None, limit: int | None = None
) -> list[Document]:
    """The latest mails that were read from the user's inboxes (those about a contact), by id."""
    views = store.received.view(user_id=user.id, limit=limit if contact_id is None else None)
    if contact_id is not None:
        views = [view for view in views if view.received.contact_id == contact_id]
        views = views if limit is None else views[max(0, len(views) - limit) :]
    return [received_document(view) for view in views]


def received_document(view: ReceivedView) -> Document:
    """A mail that was read, as `mail list --received` shows it."""
    received = view.received
    return {
        "id": received.id,
        "inbox": view.inbox,
        "from": received.sender,
        "subject": received.subject,
        "at": received.at,
        "kind": received.kind.value,
        "recipient": received.recipient,
        "contact": view.contact,
        "enrollment": received.enrollment_id,
        "reason": received.reason,
        "counted": received.counted,
    }


def event_documents(
    store: Store,
    user: User,
    *,
    contact_id: int | None = None,
    sequence_id: int | None = None,
    limit: int | None = None,
) -> list[Document]:
    """The latest events that fit, by id; those of sequences that the user doesn't see without texts."""
    with store.reading():
        seen = visible_ids(store, user)
        events = store.views.events(contact_id=contact_id, sequence_id=sequence_id, limit=limit)
    return [_event_document(event, user, seen) for event in events]


def _event_document(event: EventView, user: User, seen: set[int]) -> Document:
    hidden = event.sequence_id is not None and event.sequence_id not in seen
    return {
        "id": event.id,
        "at": event.at,
        "actor": event.actor or "tick",
        "kind": event.kind,
        "contact": event.contact,
        "sequence": event.sequence,
        "enrollment": event.enrollment_id,
        "step": event.step,
        "detail": "" if hidden and event.enrolled_by_id != user.id else event.detail,
        "status": event.status,
    }
