"""The pinned plans of enrollments, and what a decision needs to know of the workspace."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING

from seqctl.domain.accounts import NO_LIMITS
from seqctl.domain.deciding import Due, Sender, World, in_line
from seqctl.domain.errors import Damaged
from seqctl.domain.lifecycle import Plan
from seqctl.domain.limits import Line, Turn
from seqctl.domain.model import Enrollment, Inbox, User, Version
from seqctl.domain.rendering import sender_fields
from seqctl.domain.schedule import known_zone

if TYPE_CHECKING:
    from seqctl.ports import Store

TURNS_FORETOLD = 5000


class Plans:
    """Versions and calendars, each read once."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._plans: dict[tuple[int, str], Plan] = {}
        self._versions: dict[int, Version] = {}

    def of(self, enrollment: Enrollment) -> Plan:
        """The pinned version of an enrollment in its pinned time zone."""
        key = (enrollment.version_id, enrollment.timezone)
        plan = self._plans.get(key)
        if plan is None:
            version = self.version(enrollment.version_id)
            if not known_zone(enrollment.timezone):
                why = f"{enrollment.timezone} is no time zone"
                raise Damaged("enrollment", enrollment.id, why)
            plan = self._plans[key] = Plan(version, version.settings.calendar(enrollment.timezone))
        return plan

    def version(self, version_id: int) -> Version:
        """A version by its id."""
        if version_id not in self._versions:
            self._versions[version_id] = self._store.sequences.version(version_id)
        return self._versions[version_id]


def world(store: Store, plans: Plans, now: datetime | None, limit: int) -> World:
    """The senders, sequences and lines as they are now; `now` is None in a simulated workspace.

    Of each line, the first `limit` of those that may go out at the same hours are read.
    """
    inboxes = store.people.inboxes()
    senders: dict[tuple[int, int | None], Sender] = {}
    for user in store.people.users(removed=True):
        senders[user.id, None] = Sender(sender_fields(user, None), connected=False)
        for inbox in inboxes:
            senders[user.id, inbox.id] = _sender(user, inbox)
    return World(
        plans.of,
        senders,
        store.sequences.names(),
        now,
        _lines(store, plans, inboxes, limit),
        store.workspace.state().restored_at,
    )


def foretold(store: Store, now: datetime) -> Iterator[Turn[Due]]:
    """The turns of those that stand in line, line by line, as things stand: if nobody else comes.

    Of each line the first TURNS_FORETOLD; none where the inbox can't send.
    """
    plans, waited_for = Plans(store), store.enrollments.inboxes_in_line()
    for inbox in store.people.inboxes():
        if inbox.id in waited_for and _is_ready(inbox):
            yield from _in_turn(_line(store, plans, inbox, TURNS_FORETOLD), now)


def _in_turn(line: Line[Due], now: datetime) -> Iterator[Turn[Due]]:
    for _ in range(TURNS_FORETOLD):
        turn = line.next(now)
        if turn is None:
            return
        line.leave(turn.waiting.id)
        line.went(turn.at, turn.waiting.seed)
        now = turn.at
        yield turn


def _sender(user: User, inbox: Inbox) -> Sender:
    return Sender(
        sender_fields(user, inbox.address),
        inbox.connected,
        inbox.account.sends,
        inbox.trouble,
        inbox.limits,
        inbox.address,
    )


def _lines(store: Store, plans: Plans, inboxes: list[Inbox], limit: int) -> dict[int, Line[Due]]:
    waited_for = store.enrollments.inboxes_in_line()
    lines: dict[int, Line[Due]] = {}
    for inbox in inboxes:
        if inbox.limits or inbox.id in waited_for:
            lines[inbox.id] = _line(store, plans, inbox, limit if inbox.id in waited_for else 0)
    return lines


def _line(store: Store, plans: Plans, inbox: Inbox, limit: int) -> Line[Due]:
    ready = _is_ready(inbox)
    most = max(inbox.limits.per_day or 1, inbox.limits.per_minute or 1)
    gone = store.enrollments.latest_slots(inbox.id, most)
    line = Line[Due](inbox.limits if ready else NO_LIMITS, gone)
    for row in store.enrollments.in_line(inbox.id, limit) if limit else []:
        line.join(in_line(row, plans.of, ready=ready))
    return line


def _is_ready(inbox: Inbox) -> bool:
    return inbox.connected and inbox.trouble is None
