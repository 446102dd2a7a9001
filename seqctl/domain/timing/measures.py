"""The measure of time inside a sequence: delays, days, windows, calendars (rules, "When a step is due")."""

from __future__ import annotations

from datetime import date, time
from enum import StrEnum
from typing import NamedTuple


class Unit(StrEnum):
    """What a delay is counted in."""

    MINUTE = "minute"
    HOUR = "hour"
    DAY = "day"
    WEEK = "week"


class Days(StrEnum):
    """Which days a sequence counts and acts on (rules, "Day rules")."""

    EVERY = "every"
    WEEKDAYS = "weekdays"
    BUSINESS = "business"


class Delay(NamedTuple):
    """How long after the previous step: `Delay(3, Unit.DAY)`."""

    amount: int
    unit: Unit

    def __str__(self) -> str:
        return f"{self.amount} {self.unit.value}{'' if self.amount == 1 else 's'}"


class Window(NamedTuple):
    """The local hours in which e-mails may go out; both ends belong to it."""

    opens: time
    closes: time

    def __str__(self) -> str:
        return f"{self.opens:%H:%M}-{self.closes:%H:%M}"


class Calendar(NamedTuple):
    """All that the schedule needs to know of a sequence in one time zone."""

    zone: str
    days: Days = Days.EVERY
    window: Window | None = None
    holidays: frozenset[date] = frozenset()
