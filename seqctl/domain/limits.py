"""How many mails an inbox sends, and whose turn it is: the line in front of an inbox.

A mail keeps its due time as its place in the line: the first by due time, then by enrollment, goes
first. When it goes follows from the mails that went before, so a line needs no plan to be kept.
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
Row = TypeVar("Row")

Opening = Callable[[datetime], datetime]
"""The first moment from a given one on at which a mail may go out by its day and window rules."""


class Waiting(NamedTuple, Generic[Row]):
    """One mail in the line. `key` names what it has in common with others that may go out at the same
    hours; `seed` makes its own distance from the mail before it."""

    due_at: datetime
    id: int
    key: object
    seed: str
    opening: Opening
    row: Row


class Turn(NamedTuple, Generic[Row]):
    """Which mail goes next, and when."""

    at: datetime
    waiting: Waiting[Row]


def gap_of(limits: Limits, seed: str) -> timedelta:
    """How far a mail keeps from the one before it, in whole seconds: the same for the same `seed`."""
    import hashlib

    if limits.gap is None:
        return timedelta(0)
    least, most = limits.gap
    spread = int((most - least).total_seconds()) + 1
    drawn = int.from_bytes(hashlib.sha256(seed.encode()).digest()[:8], "big")
    return least + timedelta(seconds=drawn % spread)


class Line(Generic[Row]):
    """The line in front of one inbox.

    `gone` are the moments at which its latest mails went out, at least as many as the limits ask for.
    """

    def __init__(self, limits: Limits, gone: Iterable[datetime]) -> None:
        self._limits = limits
        self._gone = deque(sorted(gone), maxlen=max(limits.per_day or 1, limits.per_minute or 1))
        self._heads: dict[object, list[tuple[datetime, int, Waiting[Row]]]] = {}
        self._next: Turn[Row] | None = None
        self._known = True

    def __bool__(self) -> bool:
        return bool(self._heads)

    def join(self, waiting: Waiting[Row]) -> None:
        """Stand in the line by due time, then by id."""
        heappush(self._heads.setdefault(waiting.key, []), (waiting.due_at, waiting.id, waiting))
        self._known = False

    def free_at(self, seed: str) -> datetime | None:
        """From when on the limits let a mail go; None: they always have."""
        moments = [
            self._gone[-count] + span
            for count, span in ((self._limits.per_day, DAY), (self._limits.per_minute, MINUTE))
            if count is not None and len(self._gone) >= count
        ]
        if self._gone and self._limits.gap is not None:
            moments.append(self._gone[-1] + gap_of(self._limits, seed))
        return max(moments, default=None)

    def next(self, now: datetime) -> Turn[Row] | None:
        """Whose turn comes next, and when, not before `now`; None where nobody waits.

        Of those that may go out at the moment that the limits give, the first goes; where all of
        their windows are closed then, the one whose window opens first.
        """
        if not self._known or (self._next is not None and self._next.at < now):
            turns = [self._turn(heads[0][2], now) for heads in self._heads.values()]
            self._next = min(turns, key=lambda turn: turn[0], default=(None, None))[1]
            self._known = True
        return self._next

    def is_busy(self, seed: str, at: datetime) -> bool:
        """Whether a mail that is due at `at` has to stand in the line."""
        free = self.free_at(seed)
        return bool(self._heads) or (free is not None and free > at)

    def leave(self, id: int) -> None:
        """Take the mail whose turn it is out of the line, without counting it as gone."""
        for key, heads in self._heads.items():
            if heads[0][1] == id:
                heappop(heads)
                if not heads:
                    del self._heads[key]
                break
        self._known = False

    def went(self, at: datetime) -> None:
        """Count a mail that went out at this moment."""
        self._gone.append(at)
        self._known = False

    def _turn(
        self, waiting: Waiting[Row], now: datetime
    ) -> tuple[tuple[datetime, datetime, int], Turn[Row]]:
        free = max(self.free_at(waiting.seed) or now, waiting.due_at, now)
        at = waiting.opening(free)
        # Among those that are open now the order is that of the line, whatever gap each one keeps.
        order = now if at == free else at
        return (order, waiting.due_at, waiting.id), Turn(at, waiting)
