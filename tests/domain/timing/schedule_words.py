"""Local times and calendars as the tables of the schedule's tests write them.

A local time reads "Mon 2026-03-02 09:00"; the second pass through an hour that exists twice is
marked "second".
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

from seqctl.domain.timing.measures import Calendar, Days, Delay, Unit, Window

STOCKHOLM = "Europe/Stockholm"
NEW_YORK = "America/New_York"
LORD_HOWE = "Australia/Lord_Howe"
APIA = "Pacific/Apia"

OFFICE = Window(time(8), time(18))


def moment(text: str, zone: str = STOCKHOLM) -> datetime:
    _, day, clock, *second = text.split()
    local = datetime.fromisoformat(f"{day} {clock}").replace(
        tzinfo=ZoneInfo(zone), fold=len(second)
    )
    found = local.astimezone(UTC)
    assert shown(found, zone) == text, f"{text} is no local time"
    return found


def shown(found: datetime, zone: str = STOCKHOLM) -> str:
    assert found.tzinfo is UTC
    local = found.astimezone(ZoneInfo(zone))
    seconds = f"{local:%a %Y-%m-%d %H:%M:%S}".removesuffix(":00")
    return seconds + (" second" if local.fold else "")


def minutes(amount: int) -> Delay:
    return Delay(amount, Unit.MINUTE)


def hours(amount: int) -> Delay:
    return Delay(amount, Unit.HOUR)


def days(amount: int) -> Delay:
    return Delay(amount, Unit.DAY)


def weeks(amount: int) -> Delay:
    return Delay(amount, Unit.WEEK)


def calendar(
    rule: str = "every", *, zone: str = STOCKHOLM, window: Window | None = None, closed: str = ""
) -> Calendar:
    holidays = frozenset(date.fromisoformat(day) for day in closed.split())
    return Calendar(zone, Days(rule), window, holidays)
