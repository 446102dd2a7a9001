"""How many mails an inbox sends, and whose turn it is: the line in front of an inbox.

A mail keeps its due time as its place in the line: the first by due time, then by enrollment, goes
first. When it goes follows from the mails that went before, so a line needs no plan to be kept, and
to ask it early, late or often changes nothing.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from heapq import heappop, heappush
from typing import Generic, NamedTuple, TypeVar

from seqctl.domain.accounts import Limits

DAY = timedelta(hours=24)
MINUTE = timedelta(minutes=1)
PATIENCE = DAY
"""For so long a mail lets others pass while its own window is closed (see `Line.next`)."""
Row = TypeVar("Row")

Opening = Callable[[datetime], datetime]
"""The first moment from a given one on at which a mail may go out by its day and window rules."""


class Waiting(NamedTuple, Generic[Row]):
    """One mail in the line. `key` names what it has in common with others that may go out at the same
    hours; `seed` makes the distance that the next mail keeps from it."""

    due_at: datetime
    id: int
    key: object
    seed: str
    opening: Opening
    row: Row


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


class Line(Generic[Row]):
    """The line in front of one inbox.

    `gone` are its latest mails, oldest first, at least as many as the limits ask for.
    """

    def __init__(self, limits: Limits, gone: Iterable[Slot]) -> None:
        self._limits = limits
        self._gone = deque(gone, maxlen=max(limits.per_day or 1, limits.per_minute or 1))
        self._groups: dict[object, list[tuple[datetime, int, Waiting[Row]]]] = {}
        self._openings: dict[object, tuple[datetime, datetime]] = {}
        self._next: Turn[Row] | None = None
        self._known = True

    def __bool__(self) -> bool:
        return bool(self._groups)

    def join(self, waiting: Waiting[Row]) -> None:
        """Stand in the line by due time, then by id."""
        heappush(self._groups.setdefault(waiting.key, []), (waiting.due_at, waiting.id, waiting))
        self._known = False

    def admits(self, waiting: Waiting[Row], at: datetime) -> bool:
        """Whether a mail that is due at `at` goes out then; else it stands in the line now."""
        if not self._groups:
            free = self.free_at()
            if free is None or free <= at:
                return True
        self.join(waiting)
        turn = self.next(at)
        if turn is None or turn.waiting.id != waiting.id or turn.at > at:
            return False
        self.leave(waiting.id)
        return True

    def free_at(self) -> datetime | None:
        """From when on the limits let a mail go; None: they always have."""
        moments = [
            self._gone[-count].at + span
            for count, span in ((self._limits.per_day, DAY), (self._limits.per_minute, MINUTE))
            if count is not None and len(self._gone) >= count
        ]
        if self._gone and self._limits.gap is not None:
            latest = self._gone[-1]
            moments.append(latest.at + gap_of(self._limits, latest.seed))
        return max(moments, default=None)

    def next(self, now: datetime) -> Turn[Row] | None:
        """Whose turn comes next, and when, not before `now`; None where nobody waits.

        It is the first moment at which the limits and somebody's window are open; of those that may
        go then, the first in the line goes. So a mail does not wait behind others whose windows are
        closed, unless the first in the line has let others pass for a day and would lose its turn
        once more: nobody starves where the windows of some are always the first to open.
        """
        if not self._known or (self._next is not None and self._next.at < now):
            self._next = self._find_next(now)
            self._known = True
        return self._next

    def leave(self, id: int) -> None:
        """Take the mail whose turn it is out of the line, without counting it as gone."""
        for key, group in self._groups.items():
            if group[0][1] == id:
                heappop(group)
                if not group:
                    del self._groups[key]
                break
        self._known = False

    def went(self, at: datetime, seed: str) -> None:
        """Count a mail that went out at this moment."""
        self._gone.append(Slot(at, seed))
        self._known = False

    def _find_next(self, now: datetime) -> Turn[Row] | None:
        if not self._groups:
            return None
        free = max(self.free_at() or now, now)
        turns = [self._turn(group[0][2], free) for group in self._groups.values()]
        next_ = min(turns, key=lambda turn: (turn.at, turn.waiting.due_at, turn.waiting.id))
        first = min(turns, key=lambda turn: (turn.waiting.due_at, turn.waiting.id))
        return first if self._loses_its_turn(first, next_) else next_

    def _turn(self, waiting: Waiting[Row], free: datetime) -> Turn[Row]:
        moment = max(free, waiting.due_at)
        asked, opens = self._openings.get(waiting.key, (moment, moment))
        if waiting.key not in self._openings or not asked <= moment <= opens:
            opens = waiting.opening(moment)
            self._openings[waiting.key] = (moment, opens)
        return Turn(opens, waiting)

    def _loses_its_turn(self, first: Turn[Row], passing: Turn[Row]) -> bool:
        """Whether `first`, who has been patient, could no more go at its opening after `passing`."""
        count = self._limits.per_day
        if count is None or passing.at - first.waiting.due_at < PATIENCE:
            return False
        gone = [*self._gone, Slot(passing.at, "")]
        return len(gone) >= count and gone[-count].at + DAY > first.at > passing.at
