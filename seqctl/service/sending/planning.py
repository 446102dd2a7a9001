"""What a decision needs to know of the workspace: the senders, and the lines at their inboxes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from typing import TYPE_CHECKING

from seqctl.domain.enrollments.deciding import Due, Sender, World, in_line
from seqctl.domain.model import Inbox, User
from seqctl.domain.sending.accounts import NO_LIMITS
from seqctl.domain.sending.limits import Line
from seqctl.domain.texts.rendering import sender_fields
from seqctl.service.plans import Plans

if TYPE_CHECKING:
    from seqctl.ports import Store
    from seqctl.ports.enrollments import InLine

_FIRST_READ, _MOST_READ = 8, 512
Pick = Callable[[Iterable[Due]], Iterator[Due]]


def world(store: Store, plans: Plans, now: datetime | None) -> World:
    """The senders, sequences and lines as they are now; `now` is None in a simulated workspace."""
    inboxes = store.people.inboxes()
    return World(
        plans.of,
        Senders(store, inboxes).of,
        store.sequences.names(),
        now,
        lines(store, plans, inboxes),
        frozenset(inbox.id for inbox in inboxes if inbox.limits),
        store.workspace.state().restored_at,
    )


class Senders:
    """From where each user's mails go out, made when asked for: there may be very many pairs."""

    def __init__(self, store: Store, inboxes: Iterable[Inbox]) -> None:
        self._store = store
        self._inboxes = {inbox.id: inbox for inbox in inboxes}
        self._users: dict[int, User] = {}
        self._made: dict[tuple[int, int | None], Sender | None] = {}

    def of(self, user_id: int, inbox_id: int | None) -> Sender | None:
        """The sender of a user's mails from an inbox, or from none; None where one is not known."""
        pair = (user_id, inbox_id)
        if pair not in self._made:
            self._made[pair] = self._sender(*pair)
        return self._made[pair]

    def _sender(self, user_id: int, inbox_id: int | None) -> Sender | None:
        if not self._users:
            self._users = {user.id: user for user in self._store.people.users(removed=True)}
        user = self._users.get(user_id)
        inbox = None if inbox_id is None else self._inboxes.get(inbox_id)
        if user is None or (inbox is None and inbox_id is not None):
            return None
        if inbox is None:
            return Sender(sender_fields(user, None), connected=False)
        return Sender(
            sender_fields(user, inbox.address),
            inbox.connected,
            inbox.account.sends,
            inbox.trouble,
            inbox.limits,
            inbox.address,
        )


def with_a_line(store: Store, inboxes: Iterable[Inbox]) -> list[Inbox]:
    """Those of these inboxes that have a limit or are waited for."""
    waited_for = store.enrollments.inboxes_in_line()
    return [inbox for inbox in inboxes if inbox.limits or inbox.id in waited_for]


def lines(
    store: Store, plans: Plans, inboxes: Iterable[Inbox], new: Pick = iter
) -> dict[int, Line[Due]]:
    """The lines in front of those of these inboxes that have a limit or are waited for.

    Who stands in one is read as turns come; of those, `new` picks whom to see.
    """
    return {inbox.id: _line(store, plans, inbox, new) for inbox in with_a_line(store, inboxes)}


def _line(store: Store, plans: Plans, inbox: Inbox, new: Pick) -> Line[Due]:
    ready = inbox.connected and inbox.trouble is None
    limits, enrollments = inbox.limits, store.enrollments
    most = max(limits.per_day or 1, limits.per_minute or 1)
    gone = enrollments.latest_slots(inbox.id, most)
    started = enrollments.latest_starts(inbox.id, limits.new_per_day) if limits.new_per_day else []
    line = Line[Due](limits if ready else NO_LIMITS, gone, started)
    for group in enrollments.groups_in_line(inbox.id):
        rows = new(_standing(store, inbox.id, group))
        standing = (in_line(row, plans.of, ready=ready) for row in rows)
        line.stand(group[:3], not group.had_mail, standing)
    return line


def _standing(store: Store, inbox_id: int, group: InLine) -> Iterator[Due]:
    """A group in a line, read in growing pieces, so that few turns read few rows."""
    size, last = _FIRST_READ, None
    while rows := store.enrollments.in_line(inbox_id, group, size, last):
        yield from rows
        if len(rows) < size:
            return
        size, last = min(2 * size, _MOST_READ), rows[-1].enrollment
