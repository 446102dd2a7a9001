"""What holds for every schedule (rules, "When a step is due" and "What a pause leaves"), found by trying
to break it.

Days around a change of the clocks are drawn far more often than chance would.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from unittest.mock import patch
from zoneinfo import ZoneInfo

from dateutil.relativedelta import relativedelta
from dateutil.tz import datetime_exists, resolve_imaginary
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from seqctl.domain.timing import schedule
from seqctl.domain.timing.measures import Calendar, Days, Delay, Unit, Window

ZONES = [
    "Europe/Stockholm",
    "America/New_York",
    "Australia/Lord_Howe",
    "Pacific/Auckland",
    "America/Santiago",  # changes at midnight
    "Asia/Kathmandu",
    "Pacific/Kiritimati",
    "UTC",
]
CHANGES = [
    datetime(2026, 3, 29, 1, tzinfo=UTC),
    datetime(2026, 10, 25, 1, tzinfo=UTC),
    datetime(2026, 3, 8, 7, tzinfo=UTC),
    datetime(2026, 11, 1, 6, tzinfo=UTC),
    datetime(2026, 4, 4, 15, tzinfo=UTC),
    datetime(2026, 10, 3, 15, 30, tzinfo=UTC),
    datetime(2026, 4, 4, 14, tzinfo=UTC),
    datetime(2026, 9, 6, 4, tzinfo=UTC),
]
DAY = 86400
ONE_DAY = timedelta(days=1)

properties = settings(max_examples=150, deadline=None)

round_seconds = st.sampled_from([0, 1, 59, 900, 1800, 3600, 5400, 7200])
anywhere = st.integers(0, 2 * 366 * DAY).map(
    lambda seconds: datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)
)
near_a_change = st.builds(
    lambda change, seconds, sign: change + sign * timedelta(seconds=seconds),
    st.sampled_from(CHANGES),
    round_seconds | st.integers(0, 3 * DAY),
    st.sampled_from([-1, 1]),
)
local_hours = st.builds(
    lambda zone, day, hour: datetime.combine(day, time(hour), ZoneInfo(zone)).astimezone(UTC),
    st.sampled_from(ZONES),
    st.dates(date(2026, 1, 1), date(2027, 12, 31)),
    st.sampled_from([0, 8, 9, 18]),
)
moments = anywhere | near_a_change | local_hours
clocks = st.sampled_from([time(0), time(1, 30), time(2, 15), time(2, 30), time(9, 30)]) | st.builds(
    time, st.integers(0, 23), st.integers(0, 59)
)
windows = st.tuples(clocks, clocks).map(lambda pair: Window(min(pair), max(pair)))
holidays = st.frozensets(st.dates(date(2026, 3, 1), date(2026, 4, 15)), max_size=10)
calendars = st.builds(
    Calendar, st.sampled_from(ZONES), st.sampled_from(Days), st.none() | windows, holidays
)
delays = st.none() | st.builds(Delay, st.integers(0, 40), st.sampled_from(Unit))


def wall(moment: datetime, calendar: Calendar) -> datetime:
    return moment.astimezone(ZoneInfo(calendar.zone)).replace(tzinfo=None)


def is_business_day(day: date, calendar: Calendar) -> bool:
    return day.weekday() < 5 and day not in calendar.holidays


def counts_business_days(after: Delay | None, calendar: Calendar) -> bool:
    return after is not None and after.unit == Unit.DAY and calendar.days == Days.BUSINESS


def counts_elapsed_time(after: Delay | None) -> bool:
    return after is None or after.unit in (Unit.MINUTE, Unit.HOUR)


# --- the quick reckoning and the exact one --------------------------------------------------------


@properties
@given(moments, delays, clocks | st.none(), st.booleans(), calendars, st.integers(0, 5 * DAY))
def test_the_quick_path_and_the_exact_path_agree(
    base: datetime,
    after: Delay | None,
    at: time | None,
    email: bool,
    calendar: Calendar,
    waited: int,
) -> None:
    def everything() -> tuple[object, ...]:
        end = schedule.delay_end(base, after, calendar)
        since = base + timedelta(seconds=waited)
        left = schedule.remainder(after, since, end, calendar)
        return (
            end,
            schedule.place(end, base=base, after=after, at=at, email=email, calendar=calendar),
            schedule.is_open(end, calendar),
            left,
            schedule.add_remainder(after, since, left, calendar),
        )

    quick = everything()
    with patch.object(schedule, "_steady_offset", lambda zone, ordinal: None):
        exact = everything()
    assert quick == exact


@properties
@given(moments, st.integers(1, 400), st.sampled_from([Unit.DAY, Unit.WEEK]), calendars)
def test_days_and_weeks_are_those_of_dateutil(
    base: datetime, amount: int, unit: Unit, calendar: Calendar
) -> None:
    after = Delay(amount, unit)
    assume(not counts_business_days(after, calendar))
    shift = relativedelta(days=amount) if unit == Unit.DAY else relativedelta(weeks=amount)
    local = base.astimezone(ZoneInfo(calendar.zone)) + shift
    expected = resolve_imaginary(local).astimezone(UTC)
    assert schedule.delay_end(base, after, calendar) == expected


@properties
@given(moments, st.integers(1, 30), calendars)
def test_business_days_are_counted_after_the_day_of_the_base(
    base: datetime, amount: int, calendar: Calendar
) -> None:
    calendar = calendar._replace(days=Days.BUSINESS)
    end = schedule.delay_end(base, Delay(amount, Unit.DAY), calendar)
    first, last = wall(base, calendar), wall(end, calendar)
    between = [
        first.date() + timedelta(days=n) for n in range(1, (last.date() - first.date()).days + 1)
    ]
    assert sum(is_business_day(day, calendar) for day in between) == amount
    assert is_business_day(last.date(), calendar)
    wanted = datetime.combine(last.date(), first.time())
    if datetime_exists(wanted, ZoneInfo(calendar.zone)):
        assert last == wanted


# --- placing --------------------------------------------------------------------------------------


@properties
@given(moments, delays, clocks | st.none(), st.booleans(), calendars)
def test_a_due_time_is_legal_and_never_before_the_base(
    base: datetime, after: Delay | None, at: time | None, email: bool, calendar: Calendar
) -> None:
    end = schedule.delay_end(base, after, calendar)
    due = schedule.place(end, base=base, after=after, at=at, email=email, calendar=calendar)
    assert base <= end
    assert base <= due
    if at is None or counts_elapsed_time(after):
        assert end <= due
    local = wall(due, calendar)
    assert local.date() not in calendar.holidays
    assert calendar.days == Days.EVERY or local.weekday() < 5
    if email:
        assert schedule.is_open(due, calendar)
    if at is None and schedule.is_open(end, calendar):
        assert due == end


@properties
@given(moments, delays.filter(bool), clocks, st.booleans(), calendars)
def test_a_set_time_inside_the_window_is_kept(
    base: datetime, after: Delay, at: time, email: bool, calendar: Calendar
) -> None:
    window = calendar.window
    assume(not email or window is None or window.opens <= at <= window.closes)
    end = schedule.delay_end(base, after, calendar)
    due = schedule.place(end, base=base, after=after, at=at, email=email, calendar=calendar)
    local = wall(due, calendar)
    wanted = datetime.combine(local.date(), at)
    if datetime_exists(wanted, ZoneInfo(calendar.zone)):
        assert local == wanted
    assert base < due


@properties
@given(moments, delays, clocks | st.none(), st.booleans(), calendars)
def test_placing_twice_changes_nothing(
    base: datetime, after: Delay | None, at: time | None, email: bool, calendar: Calendar
) -> None:
    """For each step that a file may have: an e-mail's `at` lies in the window."""
    window = calendar.window
    assume(at is None or not email or window is None or window.opens <= at <= window.closes)

    def place(end: datetime) -> datetime:
        return schedule.place(end, base=base, after=after, at=at, email=email, calendar=calendar)

    once = place(schedule.delay_end(base, after, calendar))
    assert place(once) == once


# --- what a pause leaves --------------------------------------------------------------------------


@properties
@given(moments, st.integers(0, 40 * DAY), delays, calendars)
def test_what_is_left_is_measured_by_the_delays_own_clock(
    since: datetime, length: int, after: Delay | None, calendar: Calendar
) -> None:
    end = since + timedelta(seconds=length)
    first, last = wall(since, calendar), wall(end, calendar)
    expected = timedelta()
    if counts_elapsed_time(after):
        expected = end - since
    elif counts_business_days(after, calendar):
        days = (
            first.date() + timedelta(n) for n in range(1, (last.date() - first.date()).days + 1)
        )
        counted = sum(is_business_day(day, calendar) or day == last.date() for day in days)
        midnight = time()
        clock_first = first - datetime.combine(first.date(), midnight)
        clock_last = last - datetime.combine(last.date(), midnight)
        expected = counted * ONE_DAY + clock_last - clock_first
    else:
        expected = last - first
    left = schedule.remainder(after, since, end, calendar)
    assert left == (max(0, expected.total_seconds()) if end > since else 0)


@properties
@given(moments, st.integers(0, DAY), delays, calendars)
def test_nothing_is_left_after_the_end(
    end: datetime, late: int, after: Delay | None, calendar: Calendar
) -> None:
    """Also in the second pass of an hour, when the clock again shows a time before the end."""
    since = end + timedelta(seconds=late)
    assert schedule.remainder(after, since, end, calendar) == 0


def ends_in_a_second_pass_not_yet_begun(since: datetime, end: datetime, calendar: Calendar) -> bool:
    """Whether `end` lies in the second pass of an hour that exists twice, and `since` before it.

    No running delay is so: of two moments with one local time its end is the first, unless it
    began or was resumed in the second pass, and then no pause of it is earlier than that.
    """
    zone = ZoneInfo(calendar.zone)
    return end.astimezone(zone).fold == 1 and since.astimezone(zone).fold == 0


def pausing_and_resuming_at_once(
    since: datetime, end: datetime, after: Delay | None, calendar: Calendar
) -> datetime:
    left = schedule.remainder(after, since, end, calendar)
    return schedule.add_remainder(after, since, left, calendar)


@properties
@given(moments, st.integers(0, 40 * DAY), delays, calendars)
def test_a_resume_at_the_moment_of_the_pause_restores_any_end(
    since: datetime, length: int, after: Delay | None, calendar: Calendar
) -> None:
    """Days under `business` are the next test's."""
    assume(not counts_business_days(after, calendar))
    end = since + timedelta(seconds=length)
    assume(not ends_in_a_second_pass_not_yet_begun(since, end, calendar))
    assert pausing_and_resuming_at_once(since, end, after, calendar) == end


@properties
@given(moments, st.integers(0, 12), st.floats(0, 1), calendars)
def test_a_resume_at_the_moment_of_the_pause_restores_the_end_of_business_days(
    base: datetime, amount: int, waited: float, calendar: Calendar
) -> None:
    """But where a closed day's clock shows more than the whole delay: that is cut to the whole."""
    calendar = calendar._replace(days=Days.BUSINESS)
    after = Delay(amount, Unit.DAY)
    end = schedule.delay_end(base, after, calendar)
    since = base + timedelta(seconds=int((end - base).total_seconds() * waited))
    assume(not ends_in_a_second_pass_not_yet_begun(since, end, calendar))
    assert pausing_and_resuming_at_once(since, end, after, calendar) == end
    left = min(schedule.remainder(after, since, end, calendar), schedule.length(after))
    assert schedule.add_remainder(after, since, left, calendar) <= end


@properties
@given(moments, st.integers(0, 40 * DAY), delays, calendars)
def test_a_resumed_delay_never_ends_before_the_resume(
    start: datetime, left: int, after: Delay | None, calendar: Calendar
) -> None:
    end = schedule.add_remainder(after, start, left, calendar)
    assert end >= start
    assert (end == start) == (left == 0)


@properties
@given(moments, st.floats(0, 1), moments, delays, calendars)
def test_two_pauses_without_a_run_between_them_are_one(
    base: datetime, waited: float, between: datetime, after: Delay | None, calendar: Calendar
) -> None:
    """Where the end between the two falls into a gap, the clock shows more: it is cut to what was left."""
    end = schedule.delay_end(base, after, calendar)
    since = base + timedelta(seconds=int((end - base).total_seconds() * waited))
    left = min(schedule.remainder(after, since, end, calendar), schedule.length(after))
    end_between = schedule.add_remainder(after, between, left, calendar)
    assert schedule.remainder(after, between, end_between, calendar) >= left


@properties
@given(moments, st.integers(2, 12), st.floats(0, 1), st.integers(0, 60), delays, calendars)
def test_running_time_between_two_pauses_is_counted_once(
    base: datetime,
    amount: int,
    waited: float,
    paused_days: int,
    after: Delay | None,
    calendar: Calendar,
) -> None:
    """Pausing, running on for a while and pausing again spends exactly what ran."""
    assume(after is not None)
    assert after is not None
    after = after._replace(amount=amount)
    resumed = base + timedelta(days=paused_days)
    left = schedule.length(after)
    end = schedule.add_remainder(after, resumed, left, calendar)
    second = resumed + timedelta(seconds=int((end - resumed).total_seconds() * waited))
    ran = schedule.remainder(after, resumed, second, calendar)
    still = schedule.remainder(after, second, end, calendar)
    assume(counts_elapsed_time(after) or clocks_stand_still(resumed, end, calendar))
    assume(
        not counts_business_days(after, calendar)
    )  # the whole ones may stand still over a weekend
    assert ran + still == left


def clocks_stand_still(first: datetime, last: datetime, calendar: Calendar) -> bool:
    zone = ZoneInfo(calendar.zone)
    days = range((last - first).days + 2)
    return len({(first + n * ONE_DAY).astimezone(zone).utcoffset() for n in days}) == 1
