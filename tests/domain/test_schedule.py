"""When a step is due (spec, section 3), as tables of local times.

A local time reads "Mon 2026-03-02 09:00"; the second pass through an hour that exists twice is
marked "second".
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

import pytest

from seqctl.domain import schedule
from seqctl.domain.errors import Refused
from seqctl.domain.model import Calendar, Days, Delay, Unit, Window

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


# --- the delay's end ------------------------------------------------------------------------------


@pytest.mark.parametrize("rule", ["every", "weekdays", "business"])
@pytest.mark.parametrize(
    ("base", "after", "end"),
    [
        ("Mon 2026-03-02 09:00", None, "Mon 2026-03-02 09:00"),
        ("Mon 2026-03-02 09:00", minutes(90), "Mon 2026-03-02 10:30"),
        ("Fri 2026-03-06 22:00", hours(12), "Sat 2026-03-07 10:00"),
        ("Mon 2026-03-02 09:00", weeks(1), "Mon 2026-03-09 09:00"),
        ("Sat 2026-03-07 09:00", weeks(2), "Sat 2026-03-21 09:00"),
        ("Mon 2026-03-02 09:00", hours(0), "Mon 2026-03-02 09:00"),
        ("Sat 2026-03-07 09:00", days(0), "Sat 2026-03-07 09:00"),
        ("Mon 2026-03-02 09:00:07", days(1), "Tue 2026-03-03 09:00:07"),
    ],
)
def test_delays_that_are_the_same_under_every_day_rule(
    rule: str, base: str, after: Delay | None, end: str
) -> None:
    assert shown(schedule.delay_end(moment(base), after, calendar(rule))) == end


@pytest.mark.parametrize("rule", ["every", "weekdays"])
@pytest.mark.parametrize(
    ("base", "after", "end"),
    [
        ("Mon 2026-03-02 09:00", days(3), "Thu 2026-03-05 09:00"),
        ("Thu 2026-03-05 09:00", days(3), "Sun 2026-03-08 09:00"),
        ("Mon 2026-03-02 09:00", days(30), "Wed 2026-04-01 09:00"),
        ("Mon 2026-03-02 09:00", days(365), "Tue 2027-03-02 09:00"),
    ],
)
def test_days_count_every_day(rule: str, base: str, after: Delay, end: str) -> None:
    holidays = "2026-03-03 2026-03-08"
    assert shown(schedule.delay_end(moment(base), after, calendar(rule, closed=holidays))) == end


@pytest.mark.parametrize(
    ("base", "amount", "closed", "end"),
    [
        ("Mon 2026-03-02 09:00", 3, "", "Thu 2026-03-05 09:00"),
        ("Thu 2026-03-05 09:00", 3, "", "Tue 2026-03-10 09:00"),
        ("Fri 2026-03-06 09:00", 1, "", "Mon 2026-03-09 09:00"),
        ("Fri 2026-03-06 09:00", 10, "", "Fri 2026-03-20 09:00"),
        ("Mon 2026-03-02 09:00", 100, "", "Mon 2026-07-20 09:00"),
        # the base's own day never counts, be it closed or open
        ("Sat 2026-03-07 12:00", 1, "", "Mon 2026-03-09 12:00"),
        ("Sun 2026-03-08 23:59:59", 1, "", "Mon 2026-03-09 23:59:59"),
        ("Thu 2026-03-12 09:00", 2, "2026-03-12", "Mon 2026-03-16 09:00"),
        # nor does a holiday
        ("Wed 2026-03-11 09:00", 1, "2026-03-12 2026-03-13", "Mon 2026-03-16 09:00"),
        ("Wed 2026-03-11 09:00", 3, "2026-03-12 2026-03-14", "Tue 2026-03-17 09:00"),
        # it is the local date that counts: this is still Sunday in UTC
        ("Mon 2026-03-02 00:30", 1, "", "Tue 2026-03-03 00:30"),
        # across the change to summer time
        ("Thu 2026-03-26 09:00", 2, "", "Mon 2026-03-30 09:00"),
        ("Sat 2026-03-07 09:00", 0, "", "Sat 2026-03-07 09:00"),
    ],
)
def test_business_days_count_only_business_days(
    base: str, amount: int, closed: str, end: str
) -> None:
    cal = calendar("business", closed=closed)
    assert shown(schedule.delay_end(moment(base), days(amount), cal)) == end


@pytest.mark.parametrize(
    ("zone", "base", "after", "end"),
    [
        # spring: 02:00 becomes 03:00 (Lord Howe: 02:30)
        (STOCKHOLM, "Sat 2026-03-28 09:00", days(1), "Sun 2026-03-29 09:00"),
        (STOCKHOLM, "Sat 2026-03-28 09:00", hours(24), "Sun 2026-03-29 10:00"),
        (STOCKHOLM, "Sat 2026-03-28 02:30", days(1), "Sun 2026-03-29 03:30"),
        (STOCKHOLM, "Sat 2026-03-28 02:00", days(1), "Sun 2026-03-29 03:00"),
        (STOCKHOLM, "Sat 2026-03-28 01:59:59", days(1), "Sun 2026-03-29 01:59:59"),
        (STOCKHOLM, "Sat 2026-03-28 03:00", days(1), "Sun 2026-03-29 03:00"),
        (STOCKHOLM, "Sat 2026-03-28 02:30", days(2), "Mon 2026-03-30 02:30"),
        (STOCKHOLM, "Sun 2026-03-22 02:30", weeks(1), "Sun 2026-03-29 03:30"),
        (NEW_YORK, "Sat 2026-03-07 09:00", days(1), "Sun 2026-03-08 09:00"),
        (NEW_YORK, "Sat 2026-03-07 02:30", days(1), "Sun 2026-03-08 03:30"),
        (NEW_YORK, "Sat 2026-03-07 20:00", days(1), "Sun 2026-03-08 20:00"),
        (NEW_YORK, "Sun 2026-03-08 01:30", hours(1), "Sun 2026-03-08 03:30"),
        (LORD_HOWE, "Sat 2026-10-03 09:00", days(1), "Sun 2026-10-04 09:00"),
        (LORD_HOWE, "Sat 2026-10-03 02:15", days(1), "Sun 2026-10-04 02:45"),
        (LORD_HOWE, "Sat 2026-10-03 02:30", days(1), "Sun 2026-10-04 02:30"),
        (LORD_HOWE, "Sun 2026-10-04 01:45", minutes(30), "Sun 2026-10-04 02:45"),
        # autumn: 03:00 becomes 02:00 (America: 02:00 becomes 01:00; Lord Howe: 02:00 becomes 01:30)
        (STOCKHOLM, "Sat 2026-10-24 09:00", days(1), "Sun 2026-10-25 09:00"),
        (STOCKHOLM, "Sat 2026-10-24 09:00", hours(24), "Sun 2026-10-25 08:00"),
        (STOCKHOLM, "Sat 2026-10-24 02:30", days(1), "Sun 2026-10-25 02:30"),
        (STOCKHOLM, "Sun 2026-10-25 02:30", hours(1), "Sun 2026-10-25 02:30 second"),
        (STOCKHOLM, "Sun 2026-10-25 02:30 second", days(0), "Sun 2026-10-25 02:30 second"),
        (STOCKHOLM, "Sun 2026-10-25 02:30 second", days(1), "Mon 2026-10-26 02:30"),
        (STOCKHOLM, "Sun 2026-10-25 02:30 second", weeks(53), "Sun 2027-10-31 02:30"),
        (NEW_YORK, "Sat 2026-10-31 01:30", days(1), "Sun 2026-11-01 01:30"),
        (NEW_YORK, "Sat 2026-10-31 21:00", days(1), "Sun 2026-11-01 21:00"),
        (LORD_HOWE, "Sat 2026-04-04 01:45", days(1), "Sun 2026-04-05 01:45"),
        (LORD_HOWE, "Sun 2026-04-05 01:45", minutes(30), "Sun 2026-04-05 01:45 second"),
        # from one half of the year into the other
        (STOCKHOLM, "Mon 2026-03-02 09:00", weeks(30), "Mon 2026-09-28 09:00"),
        (NEW_YORK, "Mon 2026-03-02 23:00", days(30), "Wed 2026-04-01 23:00"),
        (LORD_HOWE, "Mon 2026-03-02 00:30", days(45), "Thu 2026-04-16 00:30"),
        # Samoa had no 30 December 2011
        (APIA, "Wed 2011-12-28 09:00", days(1), "Thu 2011-12-29 09:00"),
        (APIA, "Wed 2011-12-28 09:00", days(2), "Sat 2011-12-31 09:00"),
        (APIA, "Wed 2011-12-28 09:00", days(3), "Sat 2011-12-31 09:00"),
    ],
)
def test_daylight_saving_never_moves_the_local_time(
    zone: str, base: str, after: Delay, end: str
) -> None:
    assert shown(schedule.delay_end(moment(base, zone), after, calendar(zone=zone)), zone) == end


@pytest.mark.parametrize(
    ("after", "seconds"),
    [
        (None, 0),
        (minutes(5), 300),
        (hours(2), 7200),
        (days(3), 3 * 86400),
        (weeks(2), 14 * 86400),
    ],
)
def test_the_length_of_a_delay_in_its_own_measure(after: Delay | None, seconds: int) -> None:
    assert schedule.length(after) == seconds


# --- placing --------------------------------------------------------------------------------------


def placed(
    end: str,
    cal: Calendar,
    *,
    base: str | None = None,
    after: Delay | None = None,
    at: str | None = None,
    email: bool = True,
) -> str:
    set_time = time.fromisoformat(at) if at else None
    found = schedule.place(
        moment(end, cal.zone),
        base=moment(base or end, cal.zone),
        after=after,
        at=set_time,
        email=email,
        calendar=cal,
    )
    return shown(found, cal.zone)


@pytest.mark.parametrize(
    ("rule", "first", "second"),
    [
        ("business", "Thu 2026-03-05 09:00", "Tue 2026-03-10 09:00"),
        ("weekdays", "Thu 2026-03-05 09:00", "Mon 2026-03-09 09:00"),
        ("every", "Thu 2026-03-05 09:00", "Sun 2026-03-08 09:00"),
    ],
)
@pytest.mark.parametrize("email", [True, False])
def test_enrolled_monday_with_delays_of_three_and_three_days(
    rule: str, first: str, second: str, email: bool
) -> None:
    cal = calendar(rule, window=OFFICE)
    done = moment("Mon 2026-03-02 09:00")
    for expected in (first, second):
        end = schedule.delay_end(done, days(3), cal)
        done = schedule.place(end, base=done, after=days(3), at=None, email=email, calendar=cal)
        assert shown(done) == expected


@pytest.mark.parametrize(
    ("rule", "end", "email_due", "task_due"),
    [
        ("weekdays", "Fri 2026-03-06 12:00", "Fri 2026-03-06 12:00", "Fri 2026-03-06 12:00"),
        ("weekdays", "Sat 2026-03-07 12:00", "Mon 2026-03-09 12:00", "Mon 2026-03-09 12:00"),
        ("weekdays", "Sat 2026-03-07 22:00", "Mon 2026-03-09 08:00", "Mon 2026-03-09 22:00"),
        ("weekdays", "Sun 2026-03-08 05:00", "Mon 2026-03-09 08:00", "Mon 2026-03-09 05:00"),
        ("business", "Sat 2026-03-07 12:00", "Mon 2026-03-09 12:00", "Mon 2026-03-09 12:00"),
        ("every", "Sat 2026-03-07 12:00", "Sat 2026-03-07 12:00", "Sat 2026-03-07 12:00"),
        ("every", "Sat 2026-03-07 22:00", "Sun 2026-03-08 08:00", "Sat 2026-03-07 22:00"),
        # both ends belong to the window
        ("weekdays", "Tue 2026-03-03 07:59:59", "Tue 2026-03-03 08:00", "Tue 2026-03-03 07:59:59"),
        ("weekdays", "Tue 2026-03-03 08:00", "Tue 2026-03-03 08:00", "Tue 2026-03-03 08:00"),
        ("weekdays", "Tue 2026-03-03 18:00", "Tue 2026-03-03 18:00", "Tue 2026-03-03 18:00"),
        ("weekdays", "Tue 2026-03-03 18:00:01", "Wed 2026-03-04 08:00", "Tue 2026-03-03 18:00:01"),
        ("weekdays", "Sat 2026-03-07 08:00", "Mon 2026-03-09 08:00", "Mon 2026-03-09 08:00"),
        ("weekdays", "Sat 2026-03-07 18:00", "Mon 2026-03-09 18:00", "Mon 2026-03-09 18:00"),
        ("weekdays", "Sat 2026-03-07 18:00:01", "Mon 2026-03-09 08:00", "Mon 2026-03-09 18:00:01"),
        # after the window on the last day before a weekend
        ("weekdays", "Fri 2026-03-06 19:00", "Mon 2026-03-09 08:00", "Fri 2026-03-06 19:00"),
        ("every", "Fri 2026-03-06 19:00", "Sat 2026-03-07 08:00", "Fri 2026-03-06 19:00"),
        # midnight
        ("weekdays", "Sat 2026-03-07 00:00", "Mon 2026-03-09 08:00", "Mon 2026-03-09 00:00"),
        ("weekdays", "Mon 2026-03-09 00:00", "Mon 2026-03-09 08:00", "Mon 2026-03-09 00:00"),
        # a holiday is closed under every rule, to tasks too
        ("every", "Thu 2026-12-24 10:00", "Sun 2026-12-27 10:00", "Sun 2026-12-27 10:00"),
        ("weekdays", "Thu 2026-12-24 10:00", "Mon 2026-12-28 10:00", "Mon 2026-12-28 10:00"),
        ("business", "Wed 2026-12-23 20:00", "Mon 2026-12-28 08:00", "Wed 2026-12-23 20:00"),
        ("every", "Wed 2026-12-23 20:00", "Sun 2026-12-27 08:00", "Wed 2026-12-23 20:00"),
    ],
)
def test_closed_days_and_the_window(rule: str, end: str, email_due: str, task_due: str) -> None:
    cal = calendar(rule, window=OFFICE, closed="2026-12-24 2026-12-25 2026-12-26")
    assert placed(end, cal, email=True) == email_due
    assert placed(end, cal, email=False) == task_due


@pytest.mark.parametrize("email", [True, False])
def test_without_a_window_a_closed_day_keeps_the_local_time(email: bool) -> None:
    assert placed("Sat 2026-03-07 23:30", calendar("weekdays"), email=email) == (
        "Mon 2026-03-09 23:30"
    )


@pytest.mark.parametrize(
    ("base", "after", "at", "due"),
    [
        # after days and weeks, the day counts: earlier or later than the delay's end
        ("Mon 2026-03-02 14:00", days(3), "09:30", "Thu 2026-03-05 09:30"),
        ("Mon 2026-03-02 09:00", days(3), "16:00", "Thu 2026-03-05 16:00"),
        ("Mon 2026-03-02 14:00", weeks(1), "09:30", "Mon 2026-03-09 09:30"),
        ("Mon 2026-03-02 14:00", days(5), "09:30", "Mon 2026-03-09 09:30"),
        ("Fri 2026-03-06 23:00", days(1), "09:30", "Mon 2026-03-09 09:30"),
        # but strictly after the base
        ("Mon 2026-03-02 09:00", days(0), "09:30", "Mon 2026-03-02 09:30"),
        ("Mon 2026-03-02 09:30", days(0), "09:30", "Tue 2026-03-03 09:30"),
        ("Mon 2026-03-02 10:00", days(0), "09:30", "Tue 2026-03-03 09:30"),
        ("Fri 2026-03-06 10:00", days(0), "09:30", "Mon 2026-03-09 09:30"),
        # after hours and minutes, never before the delay's end
        ("Mon 2026-03-02 08:00", hours(2), "09:30", "Tue 2026-03-03 09:30"),
        ("Mon 2026-03-02 07:30", hours(2), "09:30", "Mon 2026-03-02 09:30"),
        ("Mon 2026-03-02 07:30:01", hours(2), "09:30", "Tue 2026-03-03 09:30"),
        ("Mon 2026-03-02 14:00", hours(72), "09:30", "Fri 2026-03-06 09:30"),
        ("Fri 2026-03-06 09:00", minutes(45), "09:30", "Mon 2026-03-09 09:30"),
        ("Mon 2026-03-02 09:30", minutes(0), "09:30", "Tue 2026-03-03 09:30"),
        # a task may stand outside the window, an e-mail may not (the file is refused)
        ("Mon 2026-03-02 09:00", days(1), "20:00", "Tue 2026-03-03 20:00"),
    ],
)
def test_a_set_time(base: str, after: Delay, at: str, due: str) -> None:
    cal = calendar("weekdays", window=OFFICE)
    end = shown(schedule.delay_end(moment(base), after, cal))
    email = at != "20:00"
    assert placed(end, cal, base=base, after=after, at=at, email=email) == due


@pytest.mark.parametrize(
    ("end", "resumed", "after", "due"),
    [
        ("Thu 2026-03-05 14:00", "Thu 2026-03-05 09:00", days(3), "Thu 2026-03-05 09:30"),
        ("Thu 2026-03-05 14:00", "Thu 2026-03-05 09:30", days(3), "Fri 2026-03-06 09:30"),
        ("Thu 2026-03-05 14:00", "Thu 2026-03-05 11:00", days(3), "Fri 2026-03-06 09:30"),
        ("Thu 2026-03-05 11:00", "Thu 2026-03-05 11:00", days(3), "Fri 2026-03-06 09:30"),
        ("Thu 2026-03-05 09:00", "Thu 2026-03-05 09:00", hours(3), "Thu 2026-03-05 09:30"),
    ],
)
def test_a_set_time_after_a_pause_counts_from_the_resume(
    end: str, resumed: str, after: Delay, due: str
) -> None:
    assert placed(end, calendar(), base=resumed, after=after, at="09:30") == due


def test_a_starting_step_has_no_set_time() -> None:
    assert placed("Mon 2026-03-02 12:00", calendar(), after=None, at="09:30") == (
        "Mon 2026-03-02 12:00"
    )


NIGHT = Window(time(2, 30), time(4))


@pytest.mark.parametrize(
    ("zone", "end", "at", "window", "due"),
    [
        # a set time that does not exist moves forward by the gap, on that day only
        (STOCKHOLM, "Sun 2026-03-29 12:00", "02:30", None, "Sun 2026-03-29 03:30"),
        (NEW_YORK, "Sun 2026-03-08 12:00", "02:30", None, "Sun 2026-03-08 03:30"),
        (LORD_HOWE, "Sun 2026-10-04 12:00", "02:15", None, "Sun 2026-10-04 02:45"),
        # one that exists twice is the first
        (STOCKHOLM, "Sun 2026-10-25 12:00", "02:30", None, "Sun 2026-10-25 02:30"),
        (NEW_YORK, "Sun 2026-11-01 12:00", "01:30", None, "Sun 2026-11-01 01:30"),
        (LORD_HOWE, "Sun 2026-04-05 12:00", "01:45", None, "Sun 2026-04-05 01:45"),
        # an opening that does not exist
        (STOCKHOLM, "Sun 2026-03-29 01:00", None, NIGHT, "Sun 2026-03-29 03:30"),
        # and where that falls out of the window, the next day's
        (
            STOCKHOLM,
            "Sun 2026-03-29 01:00",
            None,
            Window(time(2), time(2, 45)),
            "Mon 2026-03-30 02:00",
        ),
        # an opening that exists twice: the first that is not before the moment
        (STOCKHOLM, "Sun 2026-10-25 01:00", None, NIGHT, "Sun 2026-10-25 02:30"),
        (STOCKHOLM, "Sun 2026-10-25 02:15 second", None, NIGHT, "Sun 2026-10-25 02:30 second"),
        # what no rule moves stays, to the fold
        (STOCKHOLM, "Sun 2026-10-25 02:45 second", None, NIGHT, "Sun 2026-10-25 02:45 second"),
        (LORD_HOWE, "Sun 2026-04-05 01:45 second", None, None, "Sun 2026-04-05 01:45 second"),
    ],
)
def test_placing_where_the_clocks_change(
    zone: str, end: str, at: str | None, window: Window | None, due: str
) -> None:
    cal = calendar(zone=zone, window=window)
    before = "Mon 2026-02-02 12:00"
    assert placed(end, cal, base=before, after=days(1), at=at) == due


def test_a_set_time_that_a_closed_sunday_lacks_is_itself_again_on_monday() -> None:
    cal = calendar("weekdays")
    due = placed(
        "Sun 2026-03-29 12:00", cal, base="Thu 2026-03-26 12:00", after=days(3), at="02:30"
    )
    assert due == "Mon 2026-03-30 02:30"


def test_a_set_time_in_a_day_that_does_not_exist_is_judged_by_the_day_it_falls_on() -> None:
    cal = calendar("weekdays", zone=APIA)
    due = placed(
        "Sat 2011-12-31 00:00", cal, base="Wed 2011-12-28 09:00", after=days(2), at="09:00"
    )
    assert due == "Mon 2012-01-02 09:00"


def test_after_hours_the_second_pass_of_an_hour_gives_the_next_day() -> None:
    due = placed(
        "Sun 2026-10-25 02:10 second",
        calendar(),
        base="Sun 2026-10-25 00:10",
        after=hours(3),
        at="02:30",
    )
    assert due == "Mon 2026-10-26 02:30"


def test_a_set_time_on_the_next_day_is_not_before_the_end_either() -> None:
    """Newfoundland went from 00:01 back to 23:01 of the day before, until 2011."""
    due = placed(
        "Sat 2010-11-06 23:30 second",
        calendar(zone="America/St_Johns"),
        base="Sat 2010-11-06 20:00",
        after=hours(3),
        at="00:00:30",
    )
    assert due == "Sun 2010-11-07 00:00:30 second"


# --- no legal moment ------------------------------------------------------------------------------


def closed_for(count: int) -> Calendar:
    start = date(2026, 3, 2).toordinal()
    holidays = frozenset(date.fromordinal(start + i) for i in range(count))
    return Calendar(STOCKHOLM, Days.EVERY, OFFICE, holidays)


def test_three_hundred_and_sixty_six_closed_days_can_be_waited_out() -> None:
    assert placed("Mon 2026-03-02 09:00", closed_for(366)) == "Wed 2027-03-03 09:00"


@pytest.mark.parametrize("end", ["Mon 2026-03-02 09:00", "Sun 2026-03-01 18:30"])
@pytest.mark.parametrize("email", [True, False])
def test_no_legal_moment_within_a_year(end: str, email: bool) -> None:
    if not email and end.startswith("Sun"):
        assert placed(end, closed_for(367), email=False) == end
        return
    with pytest.raises(schedule.NoSendTime) as caught:
        placed(end, closed_for(367), email=email)
    assert isinstance(caught.value, Refused)
    assert caught.value.code == "NO_SEND_TIME"
    assert "2026-03-0" in caught.value.message
    assert caught.value.hint


def test_a_window_that_never_opens_is_no_endless_search() -> None:
    shut = calendar(window=Window(time(18), time(8)))
    with pytest.raises(schedule.NoSendTime):
        placed("Mon 2026-03-02 09:00", shut)


# --- open or closed -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "rule", "expected"),
    [
        ("Mon 2026-03-02 08:00", "weekdays", True),
        ("Mon 2026-03-02 18:00", "weekdays", True),
        ("Mon 2026-03-02 07:59:59", "weekdays", False),
        ("Mon 2026-03-02 18:00:01", "weekdays", False),
        ("Sat 2026-03-07 12:00", "weekdays", False),
        ("Sat 2026-03-07 12:00", "business", False),
        ("Sat 2026-03-07 12:00", "every", True),
        ("Thu 2026-12-24 12:00", "every", False),
    ],
)
def test_open_or_closed(text: str, rule: str, expected: bool) -> None:
    cal = calendar(rule, window=OFFICE, closed="2026-12-24")
    assert schedule.is_open(moment(text), cal) is expected


def test_without_a_window_an_allowed_day_is_open_all_day() -> None:
    assert schedule.is_open(moment("Mon 2026-03-02 00:00"), calendar("business"))
