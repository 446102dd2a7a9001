"""Tasks, and what people look at, as the verbs see them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import NamedTuple, Protocol

from seqctl.domain.model import Enrollment, Hold


class EnrollmentView(NamedTuple):
    """An enrollment with the names of all that it points to, and what re-enrolling it asks.

    `version` and `edit_of` name its version (see `Version.label`); `steps` is how many that has.
    `queued` is whether the mail of its step was refused for now and is tried again when it is due.
    `latest` is whether its contact has no later enrollment in its sequence. From there on, the fields
    are filled for unenrolled ones only.
    """

    enrollment: Enrollment
    contact: str
    sequence: str
    enrolled_by: str
    inbox: str | None
    version: int
    edit_of: int | None
    steps: int
    queued: bool
    latest: bool
    contact_deleted: bool
    sequence_deleted: bool
    opted_out: bool
    bounced: bool
    blocked: bool
    inbox_connected: bool
    unsettled: bool


class Group(NamedTuple):
    """How many enrollments of a sequence stand alike.

    `key` is how the store tells it from others; `sample` is one of them: all others have the same
    label. `errors` is how many of them ended by an error. `lined_due` is when the next step is due of
    those at an inbox where mails go out in turn, `next_due` when that of the others is.
    """

    sequence_id: int
    key: str
    sample: Enrollment
    size: int
    errors: int
    lined_due: datetime | None
    next_due: datetime | None


class Selection(NamedTuple):
    """Which enrollments to look at: those that fit all that is given.

    `reason` is a reason or the code of an error; `groups` are keys of groups.
    """

    ids: tuple[int, ...] | None = None
    contact_id: int | None = None
    sequence_id: int | None = None
    user_id: int | None = None
    live: bool | None = None
    reason: str | None = None
    groups: tuple[str, ...] | None = None


class TaskView(NamedTuple):
    """A task with the names of all that it points to."""

    id: int
    enrollment_id: int
    contact_id: int
    contact: str
    sequence_id: int
    sequence: str
    step: int
    assignee_id: int
    assignee: str
    type: str
    title: str
    priority: str
    notes: str
    subject: str | None
    body: str | None
    status: str
    created_at: datetime
    done_at: datetime | None
    note: str
    orphaned: bool


class MessageView(NamedTuple):
    """A message with the names of all that it points to; `user_id` is who enrolled.

    `words` are the server's, about the last attempt to hand it over.
    """

    id: int
    enrollment_id: int
    user_id: int
    contact: str
    sequence_id: int
    sequence: str
    step: int
    sender: str
    recipient: str
    subject: str
    body: str
    status: str
    at: datetime
    words: str | None


class EventView(NamedTuple):
    """An event with the names of all that it points to; `actor` is None for the tick."""

    id: int
    at: datetime
    actor: str | None
    kind: str
    contact: str | None
    sequence_id: int | None
    sequence: str | None
    enrollment_id: int | None
    enrolled_by_id: int | None
    step: int | None
    detail: str
    status: str | None
    message_id: int | None
    task_id: int | None


class Attention(NamedTuple):
    """How much needs a user, who enrolled it.

    `errors` ended by an error and were not continued since; `overdue` steps should have been done;
    `unsettled` mails may or may not have gone out.
    """

    errors: int
    overdue: int
    unsettled: int
    open_tasks: int


class Finding(NamedTuple):
    """A row that breaks a promise: its number (rules, "What never happens"), or `file` for a damaged file."""

    rule: str
    table: str
    row: int | None
    message: str


class Tasks(Protocol):
    """Tasks that sequences created."""

    def get(self, task_id: int) -> TaskView | None:
        """A task, or None."""
        ...

    def assigned(self, user_id: int) -> list[TaskView]:
        """All tasks that a user ever got, oldest first."""
        ...

    def open_of(self, user_id: int) -> list[TaskView]:
        """The open tasks of a user, oldest first, orphaned ones included."""
        ...

    def of_contact(self, contact_id: int) -> list[TaskView]:
        """All tasks about a contact, by id."""
        ...

    def of_enrollment(self, enrollment_id: int, step: int | None = None) -> list[TaskView]:
        """The tasks of an enrollment (the one of a step), by id."""
        ...

    def close(self, task_id: int, status: str, at: datetime, note: str = "") -> None:
        """Make an open task `done` or `skipped`."""
        ...


class Views(Protocol):
    """Read-only tables for people and JSON."""

    def groups(self, lined: Iterable[int] = (), sequence_id: int | None = None) -> list[Group]:
        """The enrollments of all sequences (or of one) in groups of one label each.

        `lined` are the ids of the inboxes where mails go out in turn.
        """
        ...

    def enrollments(
        self, selection: Selection, *, sort: str = "id", limit: int | None = None
    ) -> list[EnrollmentView]:
        """The selected enrollments; `sort` is one of SORTS."""
        ...

    def count(self, selection: Selection) -> int:
        """How many enrollments are selected."""
        ...

    def holds(self, contact_ids: Iterable[int]) -> list[Hold]:
        """All holds on whole sequences, and those on these contacts, by id."""
        ...

    def sent_since(self, since: datetime) -> dict[int, int]:
        """How many mails each inbox has sent from this moment on, by inbox id."""
        ...

    def attention(self, user_id: int, overdue: datetime) -> Attention:
        """What needs a user; a step is overdue if it was due before `overdue`."""
        ...

    def events(
        self,
        *,
        contact_id: int | None = None,
        sequence_id: int | None = None,
        limit: int | None = None,
    ) -> list[EventView]:
        """The latest events that fit, by id."""
        ...

    def messages(
        self,
        *,
        ids: Iterable[int] | None = None,
        contact_id: int | None = None,
        sequence_id: int | None = None,
        status: str | None = None,
        visible_to: tuple[int, Iterable[int]] | None = None,
        limit: int | None = None,
    ) -> list[MessageView]:
        """The latest messages that fit, by id.

        `visible_to` is a user and the sequences that this user sees: only messages that the user
        enrolled for, or of these sequences.
        """
        ...

    def findings(self) -> Iterator[Finding]:
        """All rows that break a promise (rules, "What never happens")."""
        ...


SORTS = ("id", "live", "status", "contact", "due", "step", "enrolled", "ended")
"""The orders in which enrollments can be listed; `live` has those that are live first."""
