"""A second, slow reckoning (rules, "When a step is due" and "What a pause leaves"): clock by clock and
day by day.

It shares nothing with `seqctl.domain.timing.schedule` and `lifecycle` but the words of a sequence file.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from seqctl.domain.timing.measures import Calendar, Days, Delay, Unit

ONE_DAY = timedelta(days=1)


def local(moment: datetime, zone: str) -> datetime:
    return moment.astimezone(ZoneInfo(zone)).replace(tzinfo=None)


def moment_of(wall: datetime, zone: str, not_before: datetime | None = None) -> datetime:
    """The first moment (from `not_before` on, if there is one) at which the wall shows this.

    Where the clocks leave the time out: as late as if they had not been moved forward yet.
    """
    around = [wall.replace(tzinfo=UTC) + timedelta(hours=h) for h in range(-36, 37, 12)]
    offsets = [m.astimezone(ZoneInfo(zone)).utcoffset() or timedelta() for m in around]
    shown = sorted({wall.replace(tzinfo=UTC) - offset for offset in offsets})
    shown = [moment for moment in shown if local(moment, zone) == wall]
    if not shown:
        return wall.replace(tzinfo=UTC) - offsets[0]
    later = [moment for moment in shown if not_before is None or moment >= not_before]
    return (later or shown[-1:])[0]


def is_business_day(day: date, calendar: Calendar) -> bool:
    return day.isoweekday() <= 5 and day not in calendar.holidays


def is_allowed(day: date, calendar: Calendar) -> bool:
    if calendar.days == Days.EVERY:
        return day not in calendar.holidays
    return is_business_day(day, calendar)


def next_business_day(day: date, calendar: Calendar) -> date:
    day += ONE_DAY
    while not is_business_day(day, calendar):
        day += ONE_DAY
    return day


def clock(wall: datetime) -> int:
    return (wall - datetime.combine(wall.date(), time())).seconds


def measure(after: Delay | None, calendar: Calendar) -> str:
    if after is None or after.unit in (Unit.MINUTE, Unit.HOUR):
        return "elapsed"
    if after.unit == Unit.DAY and calendar.days == Days.BUSINESS:
        return "business"
    return "clock"


def whole(after: Delay | None) -> int:
    if after is None:
        return 0
    day = 86400
    return after.amount * {"minute": 60, "hour": 3600, "day": day, "week": 7 * day}[after.unit]


# --- when a step is due -------------------------------------------------------------------------------


def advance(base: datetime, after: Delay | None, calendar: Calendar) -> datetime:
    if after is None or after.amount == 0:
        return base
    if measure(after, calendar) == "elapsed":
        return base + timedelta(seconds=whole(after))
    wall = local(base, calendar.zone)
    day = wall.date()
    if measure(after, calendar) == "business":
        for _ in range(after.amount):
            day = next_business_day(day, calendar)
    else:
        for _ in range(whole(after) // 86400):
            day += ONE_DAY
    return moment_of(datetime.combine(day, wall.time()), calendar.zone)


def place(
    end: datetime,
    base: datetime,
    after: Delay | None,
    at: time | None,
    email: bool,
    calendar: Calendar,
) -> datetime:
    """Where a step lands whose delay is over at `end`; `base` may be the moment of a resume."""
    zone, due, kept = calendar.zone, end, None
    if at is not None and after is not None:
        day, kept = local(end, zone).date(), at
        due = moment_of(datetime.combine(day, at), zone)
        never_before_the_end = measure(after, calendar) == "elapsed" and due < end
        if due <= base or never_before_the_end:
            due = moment_of(datetime.combine(day + ONE_DAY, at), zone, not_before=end)
    kept = local(end, zone).time() if kept is None else kept
    window = calendar.window if email else None
    for _ in range(3000):
        wall = local(due, zone)
        day, shown = wall.date(), wall.time()
        if not is_allowed(day, calendar):
            inside = window is None or window.opens <= kept <= window.closes
            shown = kept if inside or window is None else window.opens
        elif window is None or window.opens <= shown <= window.closes:
            return due
        elif shown < window.opens:
            due = moment_of(datetime.combine(day, window.opens), zone, not_before=due)
            continue
        else:
            shown = window.opens
        day += ONE_DAY
        while not is_allowed(day, calendar):
            day += ONE_DAY
        due = moment_of(datetime.combine(day, shown), zone, not_before=due)
    raise AssertionError("no legal moment")


# --- what a pause leaves ------------------------------------------------------------------------------


def left_at(pause: datetime, end: datetime, after: Delay | None, calendar: Calendar) -> int:
    """What is left from a pause to a later end, in seconds of the delay's own measure."""
    if measure(after, calendar) == "elapsed":
        return int((end - pause).total_seconds())
    wall, last = local(pause, calendar.zone), local(end, calendar.zone)
    if measure(after, calendar) == "clock":
        return max(0, int((last - wall).total_seconds()))
    days, day = 0, wall.date()
    while day < last.date():
        day += ONE_DAY
        if is_business_day(day, calendar) or day == last.date():
            days += 1
    rest = clock(last) - clock(wall)
    while rest < 0:
        days, rest = days - 1, rest + 86400
    return max(0, days * 86400 + rest)


def added(start: datetime, left: int, after: Delay | None, calendar: Calendar) -> datetime:
    """The end of a delay of which so much is left at a resume."""
    if left == 0:
        return start
    if measure(after, calendar) == "elapsed":
        return start + timedelta(seconds=left)
    wall = local(start, calendar.zone)
    if measure(after, calendar) == "clock":
        return moment_of(wall + timedelta(seconds=left), calendar.zone, not_before=start)
    day, shown = wall.date(), clock(wall)
    while left >= 86400:
        day, left = next_business_day(day, calendar), left - 86400
    shown += left
    if shown >= 86400:
        day, shown = next_business_day(day, calendar), shown - 86400
    found = datetime.combine(day, time()) + timedelta(seconds=shown)
    return moment_of(found, calendar.zone, not_before=start)


class SlowStep:
    """One step that waits for its time, perhaps with pauses."""

    def __init__(
        self, base: datetime, after: Delay, at: time | None, email: bool, calendar: Calendar
    ) -> None:
        self.base, self.after, self.at = base, after, at
        self.email, self.calendar = email, calendar
        self.end = advance(base, after, calendar)
        self.left = whole(after)
        self.due = self._placed(at)
        self.paused: datetime | None = None

    def pause(self, moment: datetime) -> int:
        """The step stands still; what is left of its delay."""
        self.paused = moment
        if self.end <= moment:
            return 0
        left = left_at(moment, self.end, self.after, self.calendar)
        self.left = min(self.left, left)
        return self.left

    def resume(self, moment: datetime) -> None:
        """The step goes on."""
        paused, self.paused = self.paused, None
        over = paused is not None and self.end <= paused
        if moment == paused or (over and moment <= self.due):
            return
        found = moment if over else added(moment, self.left, self.after, self.calendar)
        self.end, self.base = max(self.end, found), moment
        self.due = self._placed(self.at)

    def _placed(self, at: time | None) -> datetime:
        return place(self.end, self.base, self.after, at, self.email, self.calendar)
