"""The nouns of the field (rules, "The nouns"), as immutable values.

Every moment is an aware `datetime` in UTC with whole seconds. Rows that a tick handles by the
thousand (`Enrollment`, `Message`, `Event`, …) are named tuples, which are made in a third of the
time that a frozen dataclass takes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time
from enum import StrEnum
from types import MappingProxyType
from typing import NamedTuple

from seqctl.domain.sending.accounts import NO_ACCOUNT, NO_LIMITS, Account, Limits
from seqctl.domain.timing.measures import Calendar, Days, Delay, Window

# --- sequences ----------------------------------------------------------------------------------

CONTACT_ZONE = "contact"


class Attachment(NamedTuple):
    """A file that goes with a mail: `name` as the sequence file names it, `digest` is the SHA-256 of
    its content (hex), `size` its number of bytes."""

    name: str
    digest: str
    size: int


class Email(NamedTuple):
    """The templates of one mail, and the files that go with it.

    A `subject` of None answers in the thread of the mail before it. `markdown` is true when the
    body came from a `.md` file.
    """

    subject: str | None
    body: str
    markdown: bool = False
    attachments: tuple[Attachment, ...] = ()


class TaskPlan(NamedTuple):
    """The templates of one task.

    `wait` is True (the next step waits until the task is done), False, or the longest wait.
    """

    type: str
    title: str
    priority: str = "normal"
    notes: str = ""
    wait: bool | Delay = True
    email: Email | None = None


class Step(NamedTuple):
    """One step: exactly one of `email` and `task`. The first step of a sequence has no `after`."""

    number: int
    after: Delay | None
    at: time | None
    email: Email | None = None
    task: TaskPlan | None = None

    @property
    def sends(self) -> bool:
        """Whether the tick sends a mail at this step."""
        return self.email is not None


class Settings(NamedTuple):
    """The versioned settings of a sequence. `timezone`: a zone, `contact`, or None (enroller's)."""

    title: str
    timezone: str | None = None
    days: Days = Days.EVERY
    window: Window | None = None
    holidays: frozenset[date] = frozenset()
    company_reply: bool = False
    company_meeting: bool = False

    def calendar(self, zone: str) -> Calendar:
        """These settings seen from one time zone."""
        return Calendar(zone, self.days, self.window, self.holidays)


class Sharing(NamedTuple):
    """Who but the owner may see and use a sequence."""

    everyone: bool = False
    users: frozenset[str] = frozenset()
    teams: frozenset[str] = frozenset()

    def __str__(self) -> str:
        if self.everyone:
            return "everyone"
        named = [f"user {u}" for u in sorted(self.users)] + [
            f"team {t}" for t in sorted(self.teams)
        ]
        return ", ".join(named) or "private"


class SequenceDraft(NamedTuple):
    """What one sequence file says. `sharing` is None where the file has no `share` key.

    `contents` are the attached files by their digest; only the digests make versions differ.
    """

    name: str
    settings: Settings
    steps: tuple[Step, ...]
    sharing: Sharing | None = None
    notes: tuple[str, ...] = ()
    contents: Mapping[str, bytes] = MappingProxyType({})


class Version(NamedTuple):
    """One immutable version of a sequence; `edit_of` names the enrollment an edit belongs to."""

    id: int
    sequence_id: int
    number: int
    settings: Settings
    steps: tuple[Step, ...]
    edit_of: int | None = None

    @property
    def label(self) -> int | str:
        """The version's name for people and JSON: `3`, or `3+17` for an edit of enrollment 17."""
        return self.number if self.edit_of is None else f"{self.number}+{self.edit_of}"

    def sends_from(self, number: int) -> bool:
        """Whether step `number` or a later one sends a mail."""
        return any(step.sends for step in self.steps[max(0, number - 1) :])


class Sequence(NamedTuple):
    """A sequence as the workspace knows it; `version` is the number of the current version."""

    id: int
    name: str
    title: str
    owner_id: int
    owner: str
    sharing: Sharing
    version: int
    version_id: int
    deleted: bool = False


# --- people -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class User:
    """Someone who enrolls contacts."""

    id: int
    name: str
    full_name: str
    email: str
    timezone: str
    signature: str = ""
    teams: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Inbox:
    """A mail account of one user. `capture_to` is the Maildir that a captured mail is copied to.

    `trouble` says why nothing is sent from it at the moment, although it is connected. `since` is when
    it was connected: what stood in its mailbox before was read by someone else. One that is `damaged`
    can't be read from the workspace, and sends nothing until it is connected anew.
    """

    id: int
    address: str
    user_id: int
    user: str
    connected: bool
    capture_to: str | None = None
    account: Account = NO_ACCOUNT
    limits: Limits = NO_LIMITS
    since: datetime | None = None
    trouble: str | None = None
    damaged: bool = False


@dataclass(frozen=True, slots=True)
class Contact:
    """A person who may be enrolled. `owner` is a user's name; e-mail addresses are lower case."""

    id: int
    email: str
    first_name: str = ""
    last_name: str = ""
    company: str = ""
    phone: str = ""
    owner_id: int | None = None
    owner: str | None = None
    owner_teams: frozenset[str] = frozenset()
    access: str = "everyone"
    opted_out: bool = False
    bounced: bool = False
    properties: Mapping[str, str] = field(default_factory=dict[str, str])


# --- enrollments --------------------------------------------------------------------------------


class Status(StrEnum):
    """The stored status of an enrollment; what people see is its label (`lifecycle.label`)."""

    LIVE = "live"
    FINISHED = "finished"
    UNENROLLED = "unenrolled"


class Waiting(StrEnum):
    """What moves a live enrollment on."""

    DELAY = "delay"  # the clock: `due_at` is set
    TASK = "task"  # a person; `due_at` is set only where the wait has a limit
    INBOX = "inbox"  # its step is due, its inbox is not connected or in trouble
    LIMIT = "limit"  # its step is due, its inbox has sent as much as it may; `due_at` is its place
    RESUME = "resume"  # held, and the next delay has not begun
    MAIL = "mail"  # a message that is not yet settled


class Enrollment(NamedTuple):
    """One contact going through one pinned version: the whole state, and the only truth.

    `step` is the 1-based step it does or waits for next, kept when it ends. `base` is where the
    running delay counts from, `delay_ends_at` where it ends, `due_at` when the clock moves it.
    While held (`held_since`), `due_at` is None and the remainder of the delay is what lies between
    `held_since` and `delay_ends_at`; an ended one keeps it the same way, up to `ended_at`. Both keep
    in `kept_due_at` when it would have been due. `base` is None where no delay runs: a start.
    `delay` is the one that runs where an edit has given its step another, else None; `left_s` what was
    left of it, in its own measure, when it last ran on after a pause, None for the whole.
    `any_time` marks a start that skips day and window (`--now`). `had_mail` says that a mail of it went
    out, or of the enrollment that it continues: it goes before those that have had none.
    """

    id: int
    contact_id: int
    sequence_id: int
    version_id: int
    user_id: int
    inbox_id: int | None
    timezone: str
    status: Status
    waiting: Waiting | None
    step: int
    base: datetime | None
    delay_ends_at: datetime | None
    due_at: datetime | None
    held_since: datetime | None
    enrolled_at: datetime
    last_step_at: datetime | None = None
    ended_at: datetime | None = None
    reason: str | None = None
    error: str | None = None
    any_time: bool = False
    delay: Delay | None = None
    left_s: int | None = None
    kept_due_at: datetime | None = None
    continues: int | None = None
    last_message_id: int | None = None
    had_mail: bool = False
    last_event_id: int | None = None

    @property
    def live(self) -> bool:
        """Whether it may still move."""
        return self.status == Status.LIVE


class Hold(NamedTuple):
    """One reason why enrollments stand still.

    `scope` is `sequence` or `all`, which hold what `user_id` enrolled; or one that holds a contact:
    `contact`, `auto-reply` (away until), `hand-written` (its user wrote to the contact). A contact's
    hold without a sequence holds the contact everywhere. `user_id` is who placed it.
    """

    id: int
    scope: str
    sequence_id: int | None
    contact_id: int | None
    user_id: int
    by: str
    since: datetime
    until: datetime | None


class MailStatus(StrEnum):
    """Where a mail stands (docs/mail.md has the diagram)."""

    QUEUED = "queued"  # to be handed over, or to be tried again
    CLAIMED = "claimed"  # a tick is handing it over; not on the wire as a whole
    SENDING = "sending"  # its final dot may have gone out
    SENT = "sent"
    FAILED = "failed"  # refused for good
    UNKNOWN = "unknown"  # perhaps sent; only a person sends it again
    CANCELLED = "cancelled"  # its enrollment ended before it went out


class Message(NamedTuple):
    """One mail of one step of one enrollment; `answers` is the message whose thread it goes on.

    `previous` is the enrollment's mail before it. `again` marks one that is recorded already.
    """

    id: int
    enrollment_id: int
    step: int
    inbox_id: int
    recipient: str
    subject: str
    body: str
    answers: int | None
    at: datetime
    status: MailStatus = MailStatus.SENT
    markdown: bool = False
    attachments: tuple[Attachment, ...] = ()
    previous: int | None = None
    again: bool = False


class Task(NamedTuple):
    """One task of one step of one enrollment, before it is stored (it has no id yet)."""

    enrollment_id: int
    step: int
    assignee_id: int
    type: str
    title: str
    priority: str
    notes: str
    subject: str | None
    body: str | None
    created_at: datetime


class Event(NamedTuple):
    """One line of history, before it is stored. `actor_id` is None when the tick did it."""

    at: datetime
    actor_id: int | None
    kind: str
    detail: str = ""
    contact_id: int | None = None
    sequence_id: int | None = None
    enrollment_id: int | None = None
    step: int | None = None


class Change(NamedTuple):
    """One decided step of history of one enrollment: its state after it, and what to write.

    `failure` is what went wrong, where an error ended the enrollment.
    """

    after: Enrollment
    event: Event
    message: Message | None = None
    task: Task | None = None
    failure: str = ""
