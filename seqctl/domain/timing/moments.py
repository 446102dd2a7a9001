"""How people type and read moments and durations (rules, "Times, typed and shown").

Inside the program every moment is an aware `datetime` in UTC with whole seconds; in the database
and in JSON it is text like `2026-03-02T08:00:00Z`.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from seqctl.domain.errors import WrongUsage

FIRST_YEAR, LAST_YEAR = 1970, 9000
NEVER = datetime.max.replace(microsecond=0, tzinfo=UTC)
"""Behind every moment."""

_UNITS = {
    "m": timedelta(minutes=1),
    "h": timedelta(hours=1),
    "d": timedelta(days=1),
    "w": timedelta(weeks=1),
}
_DURATION = re.compile(r"([0-9]+)([mhdw])")
_TIME_OF_DAY = re.compile(r"[0-9]{1,2}:[0-9]{2}(:[0-9]{2})?")
_ISO_MOMENT = re.compile(r"[0-9]{4}[0-9W-]*[T ][0-9:.,]+(Z|[+-][0-9]{2}(:?[0-9]{2})?)?")

_MOMENT_EXAMPLES = "write 2026-03-02, 2026-03-02T09:00, 2026-03-02T09:00+01:00, 17:00 or +3d"
_DURATION_EXAMPLES = "write 90m, 12h, 3d or 2w"


# --- stored text --------------------------------------------------------------------------------


class _Days(dict[int, str]):
    """The text of each day met so far: rows of one tick lie on few days."""

    def __missing__(self, ordinal: int) -> str:
        text = self[ordinal] = date.fromordinal(ordinal).isoformat() + "T"
        return text


_DAYS = _Days()
_MINUTES = [f"{minute // 60:02}:{minute % 60:02}:" for minute in range(24 * 60)]
_SECONDS = [f"{second:02}Z" for second in range(60)]
STORED_LENGTH = len("2026-03-02T08:00:00Z")


def iso(moment: datetime) -> str:
    """The stored text of a moment in UTC: `2026-03-02T08:00:00Z`."""
    # Three look-ups take a third of the time of `isoformat`, and a tick writes thousands.
    return (
        _DAYS[moment.toordinal()]
        + _MINUTES[moment.hour * 60 + moment.minute]
        + _SECONDS[moment.second]
    )


def from_iso(text: str) -> datetime:
    """The moment of a stored text, the reverse of `iso`; raises ValueError for any other text."""
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is not UTC or len(text) != STORED_LENGTH:
        raise ValueError(f"Invalid isoformat string: {text!r}")
    return moment


# --- what people type ---------------------------------------------------------------------------


def parse_duration(text: str) -> timedelta:
    """The elapsed time that `90m`, `12h`, `3d` (72 hours) or `2w` names.

    Raises `WrongUsage` for anything else.
    """
    found = _DURATION.fullmatch(text.strip())
    if found is None:
        raise WrongUsage(f"'{text}' is not a duration.", _DURATION_EXAMPLES)
    try:
        return int(found[1]) * _UNITS[found[2]]
    except (OverflowError, ValueError):
        raise WrongUsage(f"'{text}' is too long a duration.", _DURATION_EXAMPLES) from None


def parse_moment(text: str, *, now: datetime, zone: str) -> datetime:
    """The moment in UTC that a person means by `text`, typed at `now` in the time zone `zone`.

    Understood are ISO 8601 with or without offset, a bare date (its first moment), `17:00` (today)
    and `+3d` (from now). Raises `WrongUsage` for anything else, and outside the years 1970 to 9000.
    """
    words = text.strip()
    try:
        if words.startswith("+"):
            moment = now + parse_duration(words[1:])
        else:
            moment = _calendar_moment(words.upper(), now, zone)
    except (ValueError, OverflowError, WrongUsage):
        raise WrongUsage(f"'{text}' is not a time.", _MOMENT_EXAMPLES) from None
    return refuse_beyond(moment, f"'{text}' is not").replace(microsecond=0)


def moment_after(now: datetime, duration: timedelta) -> datetime:
    """The moment so long after `now`; raises `WrongUsage` beyond the year 9000."""
    try:
        moment = now + duration
    except OverflowError:
        moment = datetime.max.replace(tzinfo=UTC)
    return refuse_beyond(moment, "That would not be")


def refuse_beyond(moment: datetime, what: str, *, first: int = FIRST_YEAR) -> datetime:
    """Give the moment back; raises `WrongUsage` outside the years `first` to 9000.

    Beyond them there is no room left for delays, other zones' clocks and the end of a day.
    """
    if not first <= moment.year <= LAST_YEAR:
        raise WrongUsage(f"{what} between the years {first} and {LAST_YEAR}.", _MOMENT_EXAMPLES)
    return moment


def _calendar_moment(text: str, now: datetime, zone: str) -> datetime:
    if _TIME_OF_DAY.fullmatch(text):
        today = now.astimezone(ZoneInfo(zone)).date()
        return in_utc(datetime.combine(today, time.fromisoformat(text.zfill(5))), zone)
    if _ISO_MOMENT.fullmatch(text):
        return in_utc(datetime.fromisoformat(text), zone)
    return in_utc(datetime.combine(date.fromisoformat(text), time.min), zone)


def in_utc(local: datetime, zone: str) -> datetime:
    """A local time of `zone` (or one with its own offset) as a moment in UTC.

    A local time that doesn't exist moves forward by the gap; one that exists twice is the first
    (rules, "Local times"): both are what `fold=0` means.
    """
    if local.tzinfo is None:
        local = local.replace(tzinfo=ZoneInfo(zone), fold=0)
    return local.astimezone(UTC)


# --- what people read ---------------------------------------------------------------------------


def show_moment(moment: datetime, zone: str) -> str:
    """A moment on the wall clock of `zone`: `2026-03-02 09:00`, with seconds where there are any.

    One that the calendar there has no day for (the last hours of the year 9999) is shown in UTC.
    """
    try:
        local = moment.astimezone(ZoneInfo(zone))
    except OverflowError:
        return iso(moment)
    return local.replace(tzinfo=None).isoformat(" ", "seconds" if local.second else "minutes")


def show_seconds(seconds: int) -> str:
    """A length of time in short words, in its two largest units: `1 day`, `2 days 4 h`, `90 s`."""
    if seconds < 120:
        return f"{seconds} s"
    minutes = seconds // 60
    days, hours, minutes = minutes // 1440, minutes // 60 % 24, minutes % 60
    parts = [f"{days} day{'' if days == 1 else 's'}" if days else "", f"{hours} h" if hours else ""]
    if not days and minutes:
        parts.append(f"{minutes} min")
    return " ".join(part for part in parts if part)


def show_from_now(moment: datetime, now: datetime) -> str:
    """How far `moment` is from `now`, in one unit: `in 2 days`, `3 h ago`, `now`."""
    seconds = round((moment - now).total_seconds())
    length = abs(seconds)
    if length < 60:
        words = f"{length} s"
    elif length < 3600:
        words = f"{length // 60} min"
    elif length < 48 * 3600:
        words = f"{length // 3600} h"
    else:
        words = f"{length // 86400} days"
    if not seconds:
        return "now"
    return f"in {words}" if seconds > 0 else f"{words} ago"
