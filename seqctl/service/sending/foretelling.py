"""When what waits will happen, if nobody does anything: the tick's own decisions, made in memory.

A turn in a line depends on all that goes out before it, and so on the follow-ups of those who stand
before. So what is shown is worked out by no rule of its own: the tick's `Decider` runs on as if the
clock did, every step at its own due time, and nothing is written.

That may take long behind a long line, so nobody is kept from the workspace meanwhile: what stands
there is read piece by piece, each by itself, and never in a transaction. What others change while it
runs may be seen or not.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime
from heapq import heappop, heappush
from typing import TYPE_CHECKING

from seqctl.domain.enrollments import lifecycle
from seqctl.domain.enrollments.deciding import (
    BEFORE_ALL,
    BEHIND_ALL,
    Decider,
    Due,
    Place,
    Sender,
    World,
    in_line,
    is_by_clock,
)
from seqctl.domain.enrollments.states import State, state_of
from seqctl.domain.model import Change, Enrollment, Inbox, Waiting
from seqctl.domain.sending.limits import Line
from seqctl.domain.timing.moments import NEVER
from seqctl.service.plans import Plans
from seqctl.service.sending.planning import Pick, Senders, lines, with_a_line

if TYPE_CHECKING:
    from seqctl.ports import Store

STEPS_FORETOLD = 5000
"""So far ahead is looked for those that are not due yet; for those in a line, as far as it takes."""
_PIECE = 500
_NO_MESSAGE = 1 << 60
STILL_WAITS = frozenset({"waiting", "rescheduled"})
"""The kinds of events after which a step is still to be done."""
_LAST: Place = (NEVER, BEHIND_ALL, NEVER, 0)
_FIRST: Place = (datetime.min.replace(tzinfo=UTC), BEFORE_ALL, NEVER, 0)


def lined_inboxes(store: Store) -> list[Inbox]:
    """The inboxes at which mails go out in turn."""
    inboxes = store.people.inboxes()
    return [
        inbox for inbox in with_a_line(store, inboxes) if inbox.connected and inbox.trouble is None
    ]


def rehearsed(store: Store, ids: Iterable[int]) -> list[Due]:
    """What a `Foretelling` has to know of these, which a rehearsal changes, once that is undone."""
    return store.enrollments.as_due(ids) if lined_inboxes(store) else []


def due_at(store: Store, now: datetime, enrollment: Enrollment) -> datetime | None:
    """When the next step of this one is due: its turn, where the limit of its inbox has a say in it."""
    turns = Foretelling(store, now).moments([enrollment])
    return shown_due(enrollment, turns, now)


def shown_due(
    enrollment: Enrollment, turns: Mapping[int, datetime], now: datetime
) -> datetime | None:
    """When it is due, or its turn comes, where that makes it wait."""
    turn = turns.get(enrollment.id)
    if turn is None or (enrollment.waiting != Waiting.LIMIT and turn <= now):
        return enrollment.due_at
    return turn


class Foretelling:
    """What will happen at the inboxes that have a limit or are waited for, as things stand.

    `instead` are enrollments as a rehearsal left them (see `rehearsed`): they stand for the stored
    ones.
    """

    def __init__(self, store: Store, now: datetime, instead: Iterable[Due] = ()) -> None:
        self._store = store
        self._plans = Plans(store)
        self._now = now
        self._instead = {row.enrollment.id: row for row in instead}
        self._inboxes = lined_inboxes(store)
        self._inbox_ids = frozenset(inbox.id for inbox in self._inboxes)
        self._senders = Senders(store, self._inboxes)
        self._met = set(self._instead)

    def moments(
        self, enrollments: Iterable[Enrollment], steps_ahead: int = STEPS_FORETOLD
    ) -> dict[int, datetime]:
        """When the mails of these will go out, by id, as far as a limit has a say in it.

        Others are left out; and so are those that are not due yet and lie more than `steps_ahead`
        ahead.
        """
        if not self._inboxes:
            return {}
        asked = {each.id: each for each in enrollments if self._is_limited(each)}
        due = {id for id, each in asked.items() if is_due(each, self._now)}
        found: dict[int, datetime] = {}
        if not asked:
            return found
        for steps, change in enumerate(self.changes()):
            id = change.after.id
            if id in asked and id not in found and change.event.kind not in STILL_WAITS:
                found[id] = change.event.at
                due.discard(id)
            if len(found) == len(asked) or (not due and steps >= steps_ahead):
                break
        return found

    def changes(self) -> Iterator[Change]:
        """All that will happen, in the order of time.

        In a real workspace what is due already happens now, and all else at its own time.
        """
        world, clock = self._world(), self._now
        simulated = self._store.workspace.state().simulated
        decider = Decider(world if simulated else world._replace(now=clock))
        by_now = decider.place
        agenda = _Agenda(self._store, self._new, lambda each: by_now(each, self._now))
        agenda.add(self._coming_instead())
        releases = _releases(self._store, self._inbox_ids)
        present: Place = (clock, BEHIND_ALL, clock, 0)
        cuts = sorted([present, *((at, BEFORE_ALL, at, 0) for at in releases)])
        last = _FIRST
        while last != _LAST:
            last = min([agenda.read_on(), *cuts[:1]])
            rows = agenda.up_to(last)
            for change in decider.decide(rows, last, clock, _NO_MESSAGE, sys.maxsize):
                yield change
                clock = max(clock, change.event.at)
            agenda.add(decider.later)
            if cuts and last == cuts[0]:
                cuts.pop(0)
                agenda.add(self._released(releases.pop(last[0], []), last[0]))
            decider = decider if last < present else Decider(world)

    def _new(self, rows: Iterable[Due]) -> Iterator[Due]:
        """Those at these inboxes that were not met before: others may have moved them meanwhile."""
        for row in rows:
            id, inbox_id = row.enrollment.id, row.enrollment.inbox_id
            if inbox_id in self._inbox_ids and id not in self._met:
                self._met.add(id)
                yield row

    def _coming_instead(self) -> list[Due]:
        return [
            row
            for row in self._instead.values()
            if row.enrollment.inbox_id in self._inbox_ids and is_by_clock(row.enrollment)
        ]

    def _lines(self) -> dict[int, Line[Due]]:
        found = lines(self._store, self._plans, self._inboxes, self._new)
        for row in self._instead.values():
            line = found.get(row.enrollment.inbox_id or 0)
            if line is not None and state_of(row.enrollment) == State.LIMIT:
                line.join(in_line(row, self._plans.of))
        return found

    def _released(self, ids: list[int], at: datetime) -> list[Due]:
        rows = self._new(self._store.enrollments.as_due(ids))
        lifted = [
            row._replace(
                enrollment=lifecycle.lift(row.enrollment, self._plans.of(row.enrollment), at)
            )
            for row in rows
        ]
        return [row for row in lifted if is_by_clock(row.enrollment)]

    def _world(self) -> World:
        sequences = self._store.sequences.all(deleted=True)
        names = {sequence.id: sequence.name for sequence in sequences}
        return World(
            self._plans.of,
            self._sender,
            names,
            None,
            self._lines(),
            frozenset(inbox.id for inbox in self._inboxes if inbox.limits),
        )

    def _sender(self, user_id: int, inbox_id: int | None) -> Sender | None:
        """As it is, but that a mail that is handed over is taken at once."""
        sender = self._senders.of(user_id, inbox_id)
        return sender and sender._replace(real=False)

    def _is_limited(self, enrollment: Enrollment) -> bool:
        """Whether its next step is a mail whose inbox's limit has a say in when it goes."""
        if enrollment.inbox_id not in self._inbox_ids or enrollment.held_since is not None:
            return False
        if enrollment.waiting == Waiting.LIMIT:
            return True
        plan = self._plans.of(enrollment)
        return enrollment.waiting == Waiting.DELAY and plan.step(enrollment.step).sends


def is_due(enrollment: Enrollment, now: datetime) -> bool:
    """Whether it stands in a line, or will as soon as a tick comes."""
    if enrollment.waiting == Waiting.LIMIT:
        return True
    return is_by_clock(enrollment) and enrollment.due_at is not None and enrollment.due_at <= now


class _Agenda:
    """What the clock will move at these inboxes, read piece by piece, and what moves on meanwhile."""

    def __init__(
        self,
        store: Store,
        new: Pick,
        place: Callable[[Enrollment], Place],
    ) -> None:
        self._store = store
        self._new = new
        self._place = place
        self._coming: list[tuple[Place, Due]] = []
        self._known_to = [_FIRST, _FIRST]
        self._last_read: list[Enrollment | None] = [None, None]
        self._taken_to = _FIRST

    def read_on(self) -> Place:
        """Read until more is known than was taken; up to where that is."""
        while (known := min(self._known_to)) <= self._taken_to and known != _LAST:
            self._read(self._known_to.index(known))
        return min(self._known_to)

    def _read(self, yields: int) -> None:
        last = self._last_read[yields]
        read = self._store.enrollments.coming(bool(yields), _PIECE, last)
        self.add(self._new(read))
        ended = len(read) < _PIECE
        self._known_to[yields] = _LAST if ended else self._place(read[-1].enrollment)
        self._last_read[yields] = read[-1].enrollment if read else last

    def add(self, rows: Iterable[Due]) -> None:
        """These are moved by the clock, too."""
        for row in rows:
            heappush(self._coming, (self._place(row.enrollment), row))

    def up_to(self, last: Place) -> list[Due]:
        """Take what stands up to this place."""
        self._taken_to = last
        taken: list[Due] = []
        while self._coming and self._coming[0][0] <= last:
            taken.append(heappop(self._coming)[1])
        return taken


def _releases(store: Store, inbox_ids: frozenset[int]) -> dict[datetime, list[int]]:
    """When the last hold ends by itself of those that are held at these inboxes; their ids."""
    releases: dict[datetime, list[int]] = {}
    for id, enrollment in _held(store).items():
        if enrollment.inbox_id in inbox_ids:
            ends = [hold.until for hold in store.holds.on(enrollment)]
            known = [until for until in ends if until is not None]
            if known and len(known) == len(ends):
                releases.setdefault(max(known), []).append(id)
    return releases


def _held(store: Store) -> dict[int, Enrollment]:
    """Those that are frozen under a hold that ends by itself, by id."""
    held: dict[int, Enrollment] = {}
    for hold in store.holds.ending(NEVER):
        if hold.contact_id is not None:
            found = store.enrollments.live(contact_id=hold.contact_id, sequence_id=hold.sequence_id)
        else:
            assert hold.sequence_id is not None
            ids = store.enrollments.held_ids(sequence_id=hold.sequence_id, user_id=hold.user_id)
            found = store.enrollments.get(ids)
        held |= {each.id: each for each in found if each.held_since is not None}
    return held
