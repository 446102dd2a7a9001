"""How many mails an inbox sends, and whose turn it is: the line in front of an inbox.

Whoever has had a mail of the sequence goes before whoever has had none (rules, "The line at an inbox");
among them a mail keeps its due time as its place: the first by due time, then by enrollment, goes first.
When it goes follows from the mails that went before, so a line needs no plan to be kept, and to ask it
early, late or often changes nothing.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timedelta
from heapq import heappop, heappush
from typing import Generic, NamedTuple, TypeVar

from seqctl.domain.sending.accounts import Limits

DAY = timedelta(hours=24)
MINUTE = timedelta(minutes=1)
PATIENCE = DAY
"""For so long a mail lets others pass while its own window is closed (see `Line.next`)."""
Row = TypeVar("Row")

Opening = Callable[[datetime], datetime]
"""The first moment from a given one on at which a mail may go out by its day and window rules."""


class Waiting(NamedTuple, Generic[Row]):
    """One mail in the line. `key` names what it has in common with others that may go out at the same
    hours; `seed` makes the distance that the next mail keeps from it. A `start` is the first mail of
    its enrollment, and lets the others pass."""

    due_at: datetime
    id: int
    key: object
    seed: str
    opening: Opening
    row: Row
    start: bool = False

    @property
    def place(self) -> tuple[bool, datetime, int]:
        """Where it stands in the line."""
        return self.start, self.due_at, self.id


class Slot(NamedTuple):
    """When a mail went out, and its seed."""

    at: datetime
    seed: str


class Turn(NamedTuple, Generic[Row]):
    """Which mail goes next, and when."""

    at: datetime
    waiting: Waiting[Row]


def gap_of(limits: Limits, seed: str) -> timedelta:
    """How far the next mail keeps from the one with this `seed`, in whole seconds, always the same."""
    import hashlib

    if limits.gap is None:
        return timedelta(0)
    least, most = limits.gap
    spread = int((most - least).total_seconds()) + 1
    drawn = int.from_bytes(hashlib.sha256(seed.encode()).digest()[:8], "big")
    return least + timedelta(seconds=drawn % spread)


class _Group(Generic[Row]):
    """Those in a line that may go at the same hours and go in one order, by due time, then by id.

    Who stands there already is read one by one, as turns come.
    """

    def __init__(self, standing: Iterator[Waiting[Row]]) -> None:
        self._standing = standing
        self._joined: list[tuple[datetime, int, Waiting[Row]]] = []
        self._read()

    @property
    def first(self) -> Waiting[Row] | None:
        """Whose turn comes first."""
        return self._joined[0][2] if self._joined else None

    def join(self, waiting: Waiting[Row]) -> None:
        """Take the place by due time and id."""
        heappush(self._joined, (waiting.due_at, waiting.id, waiting))

    def leave(self) -> None:
        """The first one goes."""
        _, id, _ = heappop(self._joined)
        if id == self._last_read:
            self._read()

    def _read(self) -> None:
        """The next of those that stood there stands among those that joined, so that none passes it."""
        waiting = next(self._standing, None)
        self._last_read = waiting and waiting.id
        if waiting is not None:
            self.join(waiting)


class Line(Generic[Row]):
    """The line in front of one inbox.

    `gone` are its latest mails, oldest first, at least as many as the limits ask for; `started` is when
    the latest of them that were first mails went.
    """

    def __init__(
        self, limits: Limits, gone: Iterable[Slot], started: Iterable[datetime] = ()
    ) -> None:
        self._limits = limits
        self._gone = deque(gone, maxlen=max(limits.per_day or 1, limits.per_minute or 1))
        self._started = deque((Slot(at, "") for at in started), maxlen=limits.new_per_day or 1)
        self._groups: dict[object, _Group[Row]] = {}
        self._openings: dict[object, tuple[datetime, datetime]] = {}
        self._next: Turn[Row] | None = None
        self._known = True

    def __bool__(self) -> bool:
        return bool(self._groups)

    def stand(self, key: object, start: bool, standing: Iterator[Waiting[Row]]) -> None:
        """Those that stand in the line already, of one key, in their order; read as turns come."""
        group = _Group(standing)
        if group.first is not None:
            self._groups[key, start] = group
            self._known = False

    def join(self, waiting: Waiting[Row]) -> None:
        """Stand in the line, by place."""
        key = waiting.key, waiting.start
        if key not in self._groups:
            self._groups[key] = _Group(iter(()))
        self._groups[key].join(waiting)
        self._known = False

    def admits(self, waiting: Waiting[Row], at: datetime) -> bool:
        """Whether a mail that is due at `at` goes out then; else it stands in the line now."""
        if not self._groups:
            free = self.free_at(start=waiting.start)
            if free is None or free <= at:
                return True
        self.join(waiting)
        turn = self.next(at)
        if turn is None or turn.waiting.id != waiting.id or turn.at > at:
            return False
        self.leave(waiting)
        return True

    def free_at(self, *, start: bool = False) -> datetime | None:
        """From when on the limits let a mail go, or a first one; None: they always have."""
        moments = [
            self._gone[-count].at + span
            for count, span in ((self._limits.per_day, DAY), (self._limits.per_minute, MINUTE))
            if count is not None and len(self._gone) >= count
        ]
        if self._gone and self._limits.gap is not None:
            latest = self._gone[-1]
            moments.append(latest.at + gap_of(self._limits, latest.seed))
        count = self._limits.new_per_day
        if start and count is not None and len(self._started) >= count:
            moments.append(self._started[-count].at + DAY)
        return max(moments, default=None)

    def next(self, now: datetime) -> Turn[Row] | None:
        """Whose turn comes next, and when, not before `now`; None where nobody waits.

        It is the first moment at which the limits and somebody's window are open; of those that may
        go then, the first in the line goes. So a mail does not wait behind others whose windows are
        closed, unless one before it, the first of those that had a mail or the first of those that
        had none, has let others pass for a day and would lose its turn once more: nobody starves
        where the windows of some are always the first to open.
        """
        if not self._known or (self._next is not None and self._next.at < now):
            self._next = self._find_next(now)
            self._known = True
        return self._next

    def leave(self, waiting: Waiting[Row]) -> None:
        """Take the mail whose turn it is out of the line, without counting it as gone."""
        key = waiting.key, waiting.start
        self._groups[key].leave()
        if self._groups[key].first is None:
            del self._groups[key]
        self._known = False

    def went(self, at: datetime, seed: str, *, start: bool = False) -> None:
        """Count a mail that went out at this moment; whether it was a first one."""
        slot = Slot(at, seed)
        self._gone.append(slot)
        if start:
            self._started.append(slot)
        self._known = False

    def _find_next(self, now: datetime) -> Turn[Row] | None:
        if not self._groups:
            return None
        free = {start: max(self.free_at(start=start) or now, now) for start in (False, True)}
        firsts = (group.first for group in self._groups.values())
        turns = [self._turn(first, free[first.start]) for first in firsts if first is not None]
        next_ = min(turns, key=lambda turn: (turn.at, turn.waiting.place))
        if next_.waiting is min((turn.waiting for turn in turns), key=lambda each: each.place):
            return next_
        turns.sort(key=lambda turn: (turn.at, turn.waiting.place))
        return next(turn for turn in turns if self._may_pass(turn, turns))

    def _may_pass(self, passing: Turn[Row], turns: list[Turn[Row]]) -> bool:
        """Whether nobody loses a turn by it who stands before it and first of those alike."""
        for start in (False, True):
            alike = (turn for turn in turns if turn.waiting.start == start)
            first = min(alike, key=lambda turn: turn.waiting.place, default=passing)
            if first.waiting.place < passing.waiting.place and self._loses_its_turn(first, passing):
                return False
        return True

    def _turn(self, waiting: Waiting[Row], free: datetime) -> Turn[Row]:
        moment = max(free, waiting.due_at)
        key = waiting.key, waiting.start
        asked, opens = self._openings.get(key, (moment, moment))
        if key not in self._openings or not asked <= moment <= opens:
            opens = waiting.opening(moment)
            self._openings[key] = (moment, opens)
        return Turn(opens, waiting)

    def _loses_its_turn(self, first: Turn[Row], passing: Turn[Row]) -> bool:
        """Whether `first`, who has been patient, could no more go at its opening after `passing`."""
        if first.at <= passing.at or passing.at - first.waiting.due_at < PATIENCE:
            return False
        counted = [(self._gone, self._limits.per_day)]
        if first.waiting.start and passing.waiting.start:
            counted.append((self._started, self._limits.new_per_day))
        backs = (_back(slots, count, passing.at) for slots, count in counted)
        return any(back is not None and back + DAY > first.at for back in backs)


def _back(slots: deque[Slot], count: int | None, latest: datetime) -> datetime | None:
    """When the `count`-th mail from the end went, `latest` being the last; None where so many did not."""
    if count is None or len(slots) + 1 < count:
        return None
    return latest if count == 1 else slots[1 - count].at
