"""When a step is due (rules, "When a step is due") and what is left of a paused delay
(rules, "What a pause leaves").

Moments are aware datetimes in UTC with whole seconds. A *wall* is the naive datetime that a clock
on the wall shows in the calendar's zone.

A tick asks for thousands of due times, so days on which a zone's clocks stand still are reckoned
with one remembered offset; only around a change of the clocks do zoneinfo and dateutil decide.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING

from seqctl.domain.errors import Refused
from seqctl.domain.timing.measures import Calendar, Days, Delay, Unit, Window

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

ELAPSED = frozenset({Unit.MINUTE, Unit.HOUR})
SECONDS = {Unit.MINUTE: 60, Unit.HOUR: 3600, Unit.DAY: 86400, Unit.WEEK: 7 * 86400}

ONE_DAY = timedelta(days=1)
ONE_SECOND = timedelta(seconds=1)
LONGEST_SEARCH = timedelta(days=366)


class NoSendTime(Refused):
    """Day rule, holidays and window leave no legal moment within a year (rules, "Placing")."""

    code = "NO_SEND_TIME"

    def __init__(self, day: date) -> None:
        super().__init__(
            f"No moment within a year of {day:%Y-%m-%d} is allowed by the sequence's days, "
            "holidays and window.",
            "Correct the sequence's file, then type: seqctl sequence apply FILE",
        )


# --- the delay's end ------------------------------------------------------------------------------


def delay_end(base: datetime, after: Delay | None, calendar: Calendar) -> datetime:
    """The moment at which the delay `after` counted from `base` is over (rules, "The delay's end").

    Hours and minutes are elapsed time; days and weeks keep the local time, and one that does not
    exist moves forward by the gap. A starting step (`after` is None) has no delay.
    """
    if after is None or after.amount == 0:
        return base
    if _is_elapsed(after):
        return base + length(after) * ONE_SECOND
    if _counts_business_days(after, calendar):
        today = _to_wall(base, calendar.zone).date()
        days = (_business_day(calendar, today, after.amount) - today).days
    else:
        days = length(after) // SECONDS[Unit.DAY]
    return _days_later(base, days, calendar.zone)


def length(after: Delay | None) -> int:
    """The whole delay in its own measure, in seconds: a day is 86,400, whatever the clocks do."""
    return 0 if after is None else after.amount * SECONDS[after.unit]


def _is_elapsed(after: Delay | None) -> bool:
    return after is None or after.unit in ELAPSED


def _counts_business_days(after: Delay | None, calendar: Calendar) -> bool:
    return after is not None and after.unit == Unit.DAY and calendar.days == Days.BUSINESS


def _days_later(base: datetime, days: int, zone: str) -> datetime:
    """The same local time `days` calendar days after `base`."""
    later = base + days * ONE_DAY
    offset_before = _steady_offset(zone, base.toordinal())
    offset_after = _steady_offset(zone, later.toordinal())
    if offset_before is not None and offset_after is not None:
        return later + (offset_before - offset_after)
    from dateutil.relativedelta import relativedelta

    return _to_utc(_to_wall(base, zone) + relativedelta(days=days), zone)


# --- placing --------------------------------------------------------------------------------------


def place(
    end: datetime,
    *,
    base: datetime,
    after: Delay | None,
    at: time | None,
    email: bool,
    calendar: Calendar,
) -> datetime:
    """The moment at which a step whose delay is over at `end` is due (rules, "Placing").

    `base` is what the delay counted from or, after a pause, the moment of the resume. `at` is the
    step's set time, which a starting step (`after` is None) has not. Only an `email` minds the
    window. Raises NoSendTime if no moment within 366 days of `end` is legal.
    """
    zone = calendar.zone
    window = calendar.window if email else None
    due = end if at is None or after is None else _at_set_time(end, base, after, at, zone)
    first = wall = _to_wall(due, zone)
    kept = wall.time() if at is None or after is None else at
    while (moved := _moved_by_day_and_window(wall, kept, window, calendar)) is not None:
        due = _to_utc(moved, zone, not_before=due)
        wall = _to_wall(due, zone)
        if wall - first > LONGEST_SEARCH:
            raise NoSendTime(first)
    return due


def is_open(moment: datetime, calendar: Calendar) -> bool:
    """Whether an e-mail may go out at `moment`: an allowed day, inside the window."""
    wall = _to_wall(moment, calendar.zone)
    return _is_allowed(wall.date(), calendar) and _is_inside(wall.time(), calendar.window)


def next_opening(moment: datetime, calendar: Calendar) -> datetime:
    """When e-mails may go out again after a closed `moment` (rules, "Overdue mails").

    Where there is no window, the local time is kept, so that nothing goes out at midnight.
    """
    placed = place(moment, base=moment, after=None, at=None, email=True, calendar=calendar)
    if calendar.window is None:
        return placed
    opens = datetime.combine(_to_wall(placed, calendar.zone).date(), calendar.window.opens)
    return _to_utc(opens, calendar.zone, not_before=moment)


def first_open(moment: datetime, calendar: Calendar) -> datetime:
    """The first moment from `moment` on at which an e-mail may go out: the turn of one in a line.

    Unlike a placed step it has no local time of its own to keep on another day. Raises NoSendTime.
    """
    if is_open(moment, calendar):
        return moment
    placed = place(moment, base=moment, after=None, at=None, email=True, calendar=calendar)
    opens = calendar.window.opens if calendar.window else time()
    day = _to_wall(placed, calendar.zone).date()
    return _to_utc(datetime.combine(day, opens), calendar.zone, not_before=moment)


def _at_set_time(end: datetime, base: datetime, after: Delay, at: time, zone: str) -> datetime:
    """`at` on the day of `end`, or on the next if that is too early."""
    earliest = base + ONE_SECOND
    if _is_elapsed(after):
        earliest = max(earliest, end)
    day = _to_wall(end, zone).date()
    due = _to_utc(datetime.combine(day, at), zone)
    if due >= earliest:
        return due
    return _to_utc(datetime.combine(day + ONE_DAY, at), zone, not_before=earliest)


def _moved_by_day_and_window(
    wall: datetime, kept: time, window: Window | None, calendar: Calendar
) -> datetime | None:
    """Where the day rule or else the window moves `wall`, or None if both let it stand.

    `kept` is the local time that a closed day hands on to the next allowed one.
    """
    day = wall.date()
    if not _is_allowed(day, calendar):
        if window is not None and not _is_inside(kept, window):
            kept = window.opens
        return datetime.combine(_next_allowed(day, calendar), kept)
    if window is None or _is_inside(wall.time(), window):
        return None
    if wall.time() > window.closes:
        day = _next_allowed(day, calendar)
    return datetime.combine(day, window.opens)


def _is_inside(clock: time, window: Window | None) -> bool:
    return window is None or window.opens <= clock <= window.closes


# --- days -----------------------------------------------------------------------------------------


def _is_allowed(day: date, calendar: Calendar) -> bool:
    """The day rule of placing, where `weekdays` and `business` are the same."""
    named = calendar.days == Days.EVERY or day.weekday() < 5
    return named and day not in calendar.holidays


def _next_allowed(day: date, calendar: Calendar) -> date:
    for ahead in range(1, LONGEST_SEARCH.days + 1):
        later = day + timedelta(days=ahead)
        if _is_allowed(later, calendar):
            return later
    raise NoSendTime(day)


@lru_cache(maxsize=65536)
def _business_day(calendar: Calendar, day: date, count: int) -> date:
    """The `count`-th allowed day after `day`; `day` itself never counts."""
    for _ in range(count):
        day = _next_allowed(day, calendar)
    return day


# --- what a pause leaves --------------------------------------------------------------------------


def remainder(after: Delay | None, since: datetime, end: datetime, calendar: Calendar) -> int:
    """The seconds from `since` to the delay's end, in the delay's own measure, never negative.

    Hours and minutes (and no delay) are measured in elapsed time, days and weeks by the local
    clock. For days under `business` it is whole days of 86,400 seconds and a rest: the business days
    after the day of `since` up to the end's, and the difference of the clock times
    (rules, "What a pause leaves").
    """
    if end <= since:
        return 0
    if _is_elapsed(after):
        return _seconds(end - since)
    wall, wall_end = _to_wall(since, calendar.zone), _to_wall(end, calendar.zone)
    if not _counts_business_days(after, calendar):
        return max(0, _seconds(wall_end - wall))
    days = _business_days(calendar, wall.date(), wall_end.date())
    return max(0, days * SECONDS[Unit.DAY] + _clock(wall_end) - _clock(wall))


def add_remainder(
    after: Delay | None, start: datetime, seconds: int, calendar: Calendar
) -> datetime:
    """The delay's end when `seconds` of its own measure are left at `start` (rules, "What a pause leaves").

    Nothing left ends at `start`. Of days under `business` the whole ones are counted as a delay
    counts them, then the rest is added, which goes on after midnight at the next business day.
    """
    if seconds == 0:
        return start
    if _is_elapsed(after):
        return start + timedelta(seconds=seconds)
    wall = _to_wall(start, calendar.zone)
    if _counts_business_days(after, calendar):
        wall = _business_time_later(wall, seconds, calendar)
    else:
        wall += timedelta(seconds=seconds)
    return _to_utc(wall, calendar.zone, not_before=start)


@lru_cache(maxsize=65536)
def _business_days(calendar: Calendar, first: date, last: date) -> int:
    """How many business days there are after `first` up to `last`, which counts in any case."""
    if last <= first:
        return 0
    between = (first + timedelta(days=n) for n in range(1, (last - first).days))
    return 1 + sum(_is_allowed(day, calendar) for day in between)


def _business_time_later(wall: datetime, seconds: int, calendar: Calendar) -> datetime:
    days, rest = divmod(seconds, SECONDS[Unit.DAY])
    midnights, clock = divmod(_clock(wall) + rest, SECONDS[Unit.DAY])
    day = _business_day(calendar, wall.date(), days + midnights)
    return datetime.combine(day, time()) + timedelta(seconds=clock)


def _clock(wall: datetime) -> int:
    """The seconds that the clock on the wall shows, since 00:00."""
    return wall.hour * 3600 + wall.minute * 60 + wall.second


def _seconds(span: timedelta) -> int:
    return span.days * SECONDS[Unit.DAY] + span.seconds


# --- the clock on the wall ------------------------------------------------------------------------


def _to_wall(moment: datetime, zone: str) -> datetime:
    offset = _steady_offset(zone, moment.toordinal())
    if offset is None:
        return moment.astimezone(_zone(zone)).replace(tzinfo=None)
    shown = moment + offset
    return datetime.combine(shown.date(), shown.time())  # a fifth of the time of `replace`


def _to_utc(wall: datetime, zone: str, not_before: datetime | None = None) -> datetime:
    """The moment at which the clock on the wall shows `wall`.

    A time that does not exist moves forward by the gap. One that exists twice is the first, or
    the second if the first lies before `not_before`.
    """
    offset = _steady_offset(zone, wall.toordinal())
    if offset is not None:
        return datetime.combine(wall.date(), wall.time(), UTC) - offset
    from dateutil.tz import resolve_imaginary

    local = wall.replace(tzinfo=_zone(zone), fold=0)
    moment = resolve_imaginary(local).astimezone(UTC)
    if not_before is not None and moment < not_before:
        return resolve_imaginary(local.replace(fold=1)).astimezone(UTC)
    return moment


@lru_cache(maxsize=65536)
def _steady_offset(zone: str, ordinal: int) -> timedelta | None:
    """The zone's offset from UTC if it is the same from the day before to the day after, or None.

    The day may be one in UTC or on the wall: between a steady day on either side, every wall time
    exists exactly once.
    """
    start = datetime.fromordinal(ordinal - 1).replace(tzinfo=UTC)
    hours = (start + timedelta(hours=hour) for hour in range(3 * 24 + 1))
    offsets = {hour.astimezone(_zone(zone)).utcoffset() for hour in hours}
    return offsets.pop() if len(offsets) == 1 else None


@lru_cache(maxsize=1024)
def _zone(name: str) -> ZoneInfo:
    from zoneinfo import ZoneInfo

    return ZoneInfo(name)


# --- the names of zones ---------------------------------------------------------------------------

NOT_A_PLACE = frozenset({"localtime", "posixrules", "Factory"})


@lru_cache(maxsize=1024)
def known_zone(name: str) -> bool:
    """Whether `name` is a time zone such as `Europe/Stockholm`, spelled exactly so."""
    if name in NOT_A_PLACE or name.startswith(("right/", "posix/")):
        return False
    try:
        _zone(name)
    except (LookupError, ValueError, OSError):  # unknown; no zone file; a folder
        return False
    return True


def nearest_zones(name: str) -> list[str]:
    """Up to three known zones that may have been meant by `name`, the likeliest first."""
    from difflib import get_close_matches
    from zoneinfo import available_timezones

    names = sorted(available_timezones() - NOT_A_PLACE)
    cities = {_spelling(zone.rpartition("/")[2]): zone for zone in names if "/" in zone}
    zones = cities | {_spelling(zone): zone for zone in names}
    near = get_close_matches(_spelling(name), zones, n=6, cutoff=0.75)
    return list(dict.fromkeys(zones[spelling] for spelling in near))[:3]


def _spelling(name: str) -> str:
    return name.casefold().replace("_", "").replace(" ", "")
