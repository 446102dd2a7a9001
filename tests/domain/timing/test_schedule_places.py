"""When a step is due once its delay is over (rules, "Placing"), as tables of local times."""

from __future__ import annotations

from datetime import date, time

import pytest

from seqctl.domain.errors import Refused
from seqctl.domain.timing import schedule
from seqctl.domain.timing.measures import Calendar, Days, Delay, Window
from tests.domain.timing.schedule_words import (
    APIA,
    LORD_HOWE,
    NEW_YORK,
    OFFICE,
    STOCKHOLM,
    calendar,
    days,
    hours,
    minutes,
    moment,
    shown,
    weeks,
)


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
