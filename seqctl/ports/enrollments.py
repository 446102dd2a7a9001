"""Enrollments, the agenda and holds, as the verbs see them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import NamedTuple, Protocol

from seqctl.domain.enrollments.deciding import Due
from seqctl.domain.errors import Damaged
from seqctl.domain.model import Change, Enrollment, Event, Hold
from seqctl.domain.sending.limits import Slot


class RowRefused(Exception):
    """A row that breaks a promise of the tables: a defect that must not stop other enrollments."""


class Placed(NamedTuple):
    """What became of a hold that was to be placed: `how` is `placed`, `moved` (it has another `until`
    now than `until_before`) or `unchanged`."""

    how: str
    id: int
    until_before: datetime | None = None


class SetAside(NamedTuple):
    """A damaged row that stops nobody any more: `ended` is whether its enrollment was."""

    enrollment: int
    contact_id: int
    why: str
    ended: bool


class InLine(NamedTuple):
    """What those in a line have in common that may go out at the same hours and in one order."""

    version_id: int
    timezone: str
    any_time: bool
    had_mail: bool


class Enrollments(Protocol):
    """The enrollments and their agenda."""

    def get(self, ids: Iterable[int]) -> list[Enrollment]:
        """These enrollments, by id."""
        ...

    def live(
        self,
        *,
        contact_id: int | None = None,
        sequence_id: int | None = None,
        user_id: int | None = None,
        inbox_id: int | None = None,
        company: str | None = None,
    ) -> list[Enrollment]:
        """The live enrollments that fit all that is given, by id."""
        ...

    def live_ids(self, sequence_id: int, user_id: int) -> list[int]:
        """A user's live enrollments in a sequence."""
        ...

    def held_ids(self, *, sequence_id: int, user_id: int) -> list[int]:
        """A user's frozen enrollments in a sequence."""
        ...

    def live_sequences(self, user_id: int) -> set[int]:
        """The sequences in which a user has live enrollments."""
        ...

    def live_sequences_of(self, contact_ids: Iterable[int]) -> dict[int, set[int]]:
        """The sequences in which each of these contacts is live; others are left out."""
        ...

    def live_by_user(self, sequence_id: int) -> dict[str, int]:
        """How many live enrollments each user has in a sequence that are not held."""
        ...

    def latest(self, contact_id: int, sequence_id: int) -> Enrollment | None:
        """The latest enrollment of a contact in a sequence, live or ended."""
        ...

    def ended_by(self, user_id: int, sequence_id: int, reason: str) -> list[Enrollment]:
        """A user's enrollments in a sequence whose latest ended for this reason, by id."""
        ...

    def blocked_by_inbox(self, inbox_id: int) -> list[Enrollment]:
        """The enrollments whose step is due and waits for this inbox, held ones too, by id."""
        ...

    def ever_in(self, sequence_id: int) -> set[int]:
        """The contacts that were ever enrolled in a sequence."""
        ...

    def next_id(self) -> int:
        """The id that the next enrollment will get, inside a write transaction."""
        ...

    def released(
        self,
        *,
        sequence_id: int | None = None,
        user_id: int | None = None,
        contact_id: int | None = None,
        after: int = 0,
        limit: int = 1000,
    ) -> list[Enrollment]:
        """The first frozen enrollments beyond the id `after` that fit all that is given and that
        no hold holds."""
        ...

    def record(self, changes: Sequence[Change]) -> None:
        """Write decided changes in their order: enrollments, agenda, messages, tasks, events."""
        ...

    def hold_all(
        self, sequence_id: int, user_id: int, at: datetime, actor_id: int, detail: str
    ) -> int:
        """Freeze a user's enrollments in a sequence that no hold holds yet; give their number."""
        ...

    def tell_held(self, event: Event, enrolled_by: int | None = None) -> int:
        """Write an event, as it is of each enrollment of its contact or sequence (and of who enrolled
        it) that a hold holds and that is frozen; give their number."""
        ...

    def due(self, until: datetime, limit: int, *, inclusive: bool = True) -> list[Due]:
        """What is due up to `until`.

        Those that yield are the first mails of enrollments whose inbox has a limit. Of them, and of
        all others, the first `limit` by due time, then by id, are given. Raises Damaged for a row
        that can't be read.
        """
        ...

    def set_aside(self, damage: Damaged, at: datetime) -> SetAside | None:
        """Let a damaged row of an enrollment, the agenda or a message stop nobody any more: its
        enrollment ends (`DAMAGED`). None where nothing can be done."""
        ...

    def check_agenda(self) -> None:
        """Raise Damaged for a row of the agenda that stands behind every moment."""
        ...

    def coming(self, yields: bool, limit: int, after: Enrollment | None = None) -> list[Due]:
        """What the clock will move, due now or later, behind `after`: those that yield, or the others.

        The first `limit` by due time, then by id.
        """
        ...

    def as_due(self, ids: Iterable[int]) -> list[Due]:
        """These with all that their step may need, by id."""
        ...

    def groups_in_line(self, inbox_id: int) -> list[InLine]:
        """Who stands in the line of an inbox, by what they have in common; nobody who is held does."""
        ...

    def in_line(
        self, inbox_id: int, group: InLine, limit: int, after: Enrollment | None = None
    ) -> list[Due]:
        """The first `limit` of a group in the line of an inbox, those behind `after`.

        They come by due time, then by id, and no others are read.
        """
        ...

    def inboxes_in_line(self) -> set[int]:
        """The inboxes that somebody stands in line for."""
        ...

    def latest_slots(self, inbox_id: int, limit: int) -> list[Slot]:
        """When the latest mails of an inbox with a limit went out, oldest first."""
        ...

    def latest_starts(self, inbox_id: int, limit: int) -> list[datetime]:
        """When the latest first mails of an inbox with a limit went out, oldest first."""
        ...

    def order_agenda(self, inbox_id: int) -> None:
        """Let the first mails of an inbox yield to all others at one instant where it has a limit now."""
        ...

    def take_earlier_slots(self, inbox_id: int, since: datetime) -> None:
        """Let the mails that an inbox sent from `since` on count, though it had no limit then."""
        ...

    def next_due(self) -> datetime | None:
        """When the clock moves the next enrollment."""
        ...

    def count_due(self, until: datetime) -> int:
        """How many enrollments the clock moves up to this moment."""
        ...

    def waiting_due(self) -> int:
        """How many enrollments are due but wait for an inbox, a limit or an unsettled mail."""
        ...

    def next_message_id(self) -> int:
        """The id that the next message will get, inside a write transaction."""
        ...


class Holds(Protocol):
    """The holds."""

    def place(
        self,
        scope: str,
        user_id: int,
        at: datetime,
        until: datetime | None,
        sequence_id: int | None = None,
        contact_id: int | None = None,
    ) -> Placed:
        """Place a hold, or give the one that is there already another `until`."""
        ...

    def lift(self, hold_ids: Iterable[int]) -> None:
        """Remove these holds."""
        ...

    def on_sequence(self, sequence_id: int, user_id: int) -> list[Hold]:
        """The holds of scope `sequence` and `all` on a user's enrollments in a sequence."""
        ...

    def on_contact(self, contact_id: int) -> list[Hold]:
        """All holds on a contact, in one sequence or everywhere."""
        ...

    def in_sequence(self, sequence_id: int) -> list[Hold]:
        """All holds on a sequence, whoever placed them, and on contacts in it alone."""
        ...

    def by_all(self, user_id: int) -> list[Hold]:
        """All holds that a user has on whole sequences, of scope `sequence` and `all`."""
        ...

    def next_until(self) -> datetime | None:
        """The earliest moment at which a hold ends by itself."""
        ...

    def ending(self, at: datetime) -> list[Hold]:
        """The holds that end by themselves at this moment or before it, in that order."""
        ...

    def on(self, enrollment: Enrollment) -> list[Hold]:
        """All holds that hold an enrollment, by id."""
        ...
