"""What is left of a delay when it is paused (rules, "What a pause leaves"), as tables of local times."""

from __future__ import annotations

import pytest

from seqctl.domain.timing import schedule
from seqctl.domain.timing.measures import Delay, Unit
from tests.domain.timing.schedule_words import LORD_HOWE, NEW_YORK, calendar, moment, shown

MINUTE = 60
HOUR = 60 * MINUTE
DAY = 24 * HOUR

ELAPSED = Delay(72, Unit.HOUR)
DAYS = Delay(3, Unit.DAY)
WEEKS = Delay(1, Unit.WEEK)


@pytest.mark.parametrize("pause", ["Wed 2026-03-04 10:00", "Wed 2026-04-08 09:00"])
@pytest.mark.parametrize("rule", ["every", "weekdays", "business"])
def test_three_days_paused_after_two_have_one_day_left(rule: str, pause: str) -> None:
    cal = calendar(rule)
    end = schedule.delay_end(moment("Mon 2026-03-02 09:00"), DAYS, cal)
    left = schedule.remainder(DAYS, moment("Wed 2026-03-04 09:00"), end, cal)
    assert left == DAY
    resumed = moment(pause)
    assert schedule.add_remainder(DAYS, resumed, left, cal) == schedule.delay_end(
        resumed, Delay(1, Unit.DAY), cal
    )


@pytest.mark.parametrize(
    ("rule", "after", "since", "end", "left"),
    [
        ("every", ELAPSED, "Mon 2026-03-02 09:00", "Thu 2026-03-05 09:00", 3 * DAY),
        ("every", None, "Mon 2026-03-02 09:00", "Mon 2026-03-02 09:01", MINUTE),
        ("every", DAYS, "Mon 2026-03-02 09:00", "Thu 2026-03-05 09:00", 3 * DAY),
        ("weekdays", DAYS, "Fri 2026-03-06 09:00", "Mon 2026-03-09 09:00", 3 * DAY),
        ("weekdays", WEEKS, "Fri 2026-03-06 09:00", "Mon 2026-03-09 08:59:30", 3 * DAY - 30),
        # nothing is left once the end has passed
        ("every", ELAPSED, "Mon 2026-03-02 09:00", "Mon 2026-03-02 08:00", 0),
        ("every", None, "Mon 2026-03-02 09:00", "Mon 2026-03-02 08:00", 0),
        ("every", DAYS, "Mon 2026-03-02 09:00", "Mon 2026-03-02 08:00", 0),
        ("business", DAYS, "Tue 2026-03-10 09:00", "Fri 2026-03-06 08:00", 0),
        ("business", DAYS, "Tue 2026-03-10 09:00", "Fri 2026-03-06 20:00", 0),
        # business days: no time passes on closed days
        ("business", DAYS, "Fri 2026-03-06 09:00", "Mon 2026-03-09 09:00", DAY),
        # of the days after a closed day the end's is one
        ("business", DAYS, "Sat 2026-03-07 09:00", "Mon 2026-03-09 09:00", DAY),
        ("business", DAYS, "Sun 2026-03-08 23:00", "Mon 2026-03-09 09:00", 10 * HOUR),
        ("business", DAYS, "Fri 2026-03-06 12:00", "Tue 2026-03-10 09:00", DAY + 21 * HOUR),
        ("business", DAYS, "Mon 2026-03-02 12:00", "Mon 2026-03-02 13:00", HOUR),
        ("business", DAYS, "Fri 2026-03-06 12:00", "Mon 2026-03-09 00:00", 12 * HOUR),
        # the end's own day counts, closed or not
        ("business", DAYS, "Sat 2026-03-07 12:00", "Sat 2026-03-07 14:00", 2 * HOUR),
        ("business", DAYS, "Wed 2026-12-23 09:00", "Mon 2026-12-28 09:00", DAY),
        # but weeks and hours under `business` are as ever
        ("business", WEEKS, "Fri 2026-03-06 09:00", "Mon 2026-03-09 09:00", 3 * DAY),
        ("business", ELAPSED, "Fri 2026-03-06 09:00", "Mon 2026-03-09 09:00", 3 * DAY),
        # the change to summer time takes an hour, and gives none back: the clock counts
        ("every", ELAPSED, "Sat 2026-03-28 09:00", "Sun 2026-03-29 09:00", DAY - HOUR),
        ("every", DAYS, "Sat 2026-03-28 09:00", "Sun 2026-03-29 09:00", DAY),
        ("every", WEEKS, "Sat 2026-03-28 09:00", "Sun 2026-03-29 09:00", DAY),
        ("business", DAYS, "Fri 2026-03-27 09:00", "Mon 2026-03-30 09:00", DAY),
        ("every", ELAPSED, "Sat 2026-10-24 09:00", "Sun 2026-10-25 09:00", DAY + HOUR),
        ("every", DAYS, "Sat 2026-10-24 09:00", "Sun 2026-10-25 09:00", DAY),
        ("every", DAYS, "Sun 2026-10-25 02:30 second", "Sun 2026-10-25 03:30", HOUR),
        ("every", DAYS, "Sun 2026-10-25 02:30", "Sun 2026-10-25 03:30", HOUR),
    ],
)
def test_what_is_left_and_the_way_back(
    rule: str, after: Delay | None, since: str, end: str, left: int
) -> None:
    cal = calendar(rule, closed="2026-12-24 2026-12-25")
    assert schedule.remainder(after, moment(since), moment(end), cal) == left
    if left:
        assert shown(schedule.add_remainder(after, moment(since), left, cal)) == end


@pytest.mark.parametrize(
    ("rule", "after", "start", "left", "end"),
    [
        ("every", DAYS, "Mon 2026-03-02 09:00", 0, "Mon 2026-03-02 09:00"),
        ("business", DAYS, "Sat 2026-03-07 12:00", 0, "Sat 2026-03-07 12:00"),
        ("every", DAYS, "Sun 2026-10-25 02:30 second", 0, "Sun 2026-10-25 02:30 second"),
        ("every", None, "Mon 2026-03-02 09:00", 90, "Mon 2026-03-02 09:01:30"),
        # local clock time
        ("every", DAYS, "Sat 2026-03-28 12:00", DAY, "Sun 2026-03-29 12:00"),
        ("every", ELAPSED, "Sat 2026-03-28 12:00", DAY, "Sun 2026-03-29 13:00"),
        ("every", DAYS, "Sat 2026-03-28 12:00", 14 * HOUR + 30 * MINUTE, "Sun 2026-03-29 03:30"),
        ("every", WEEKS, "Sat 2026-10-24 12:00", DAY, "Sun 2026-10-25 12:00"),
        ("every", DAYS, "Sat 2026-10-24 12:00", 14 * HOUR + 30 * MINUTE, "Sun 2026-10-25 02:30"),
        # never before the start
        ("every", DAYS, "Sun 2026-10-25 02:30 second", 60, "Sun 2026-10-25 02:31 second"),
        ("every", DAYS, "Sun 2026-10-25 02:30 second", HOUR, "Sun 2026-10-25 03:30"),
        ("every", DAYS, "Sun 2026-10-25 02:30", 60, "Sun 2026-10-25 02:31"),
        # business days
        ("business", DAYS, "Fri 2026-03-06 12:00", DAY, "Mon 2026-03-09 12:00"),
        ("business", DAYS, "Sat 2026-03-07 12:00", DAY, "Mon 2026-03-09 12:00"),
        ("business", DAYS, "Sat 2026-03-07 12:00", HOUR, "Sat 2026-03-07 13:00"),
        ("business", DAYS, "Sat 2026-03-07 12:00", 13 * HOUR, "Mon 2026-03-09 01:00"),
        ("business", DAYS, "Sat 2026-03-07 12:00", DAY + 13 * HOUR, "Tue 2026-03-10 01:00"),
        # the contract's examples
        ("business", DAYS, "Sat 2026-03-07 09:00", 2 * DAY, "Tue 2026-03-10 09:00"),
        ("business", DAYS, "Fri 2026-03-06 20:00", 8 * HOUR, "Mon 2026-03-09 04:00"),
        ("business", DAYS, "Fri 2026-03-06 12:00", 12 * HOUR - 1, "Fri 2026-03-06 23:59:59"),
        ("business", DAYS, "Fri 2026-03-06 12:00", 12 * HOUR, "Mon 2026-03-09 00:00"),
        ("business", DAYS, "Fri 2026-03-06 12:00", 12 * HOUR + 1, "Mon 2026-03-09 00:00:01"),
        ("business", DAYS, "Thu 2026-03-05 12:00", 12 * HOUR, "Fri 2026-03-06 00:00"),
        ("business", DAYS, "Thu 2026-03-05 00:00", 7 * DAY, "Mon 2026-03-16 00:00"),
        ("business", WEEKS, "Fri 2026-03-06 12:00", DAY, "Sat 2026-03-07 12:00"),
        ("weekdays", DAYS, "Fri 2026-03-06 12:00", DAY, "Sat 2026-03-07 12:00"),
        # Thursday 24 and Friday 25 December are closed here
        ("business", DAYS, "Wed 2026-12-23 20:00", 5 * HOUR, "Mon 2026-12-28 01:00"),
        ("business", DAYS, "Thu 2026-12-24 20:00", 5 * HOUR, "Mon 2026-12-28 01:00"),
        ("business", DAYS, "Thu 2026-12-24 10:00", 5 * HOUR, "Thu 2026-12-24 15:00"),
    ],
)
def test_adding_a_remainder(
    rule: str, after: Delay | None, start: str, left: int, end: str
) -> None:
    cal = calendar(rule, closed="2026-12-24 2026-12-25")
    assert shown(schedule.add_remainder(after, moment(start), left, cal)) == end


@pytest.mark.parametrize(
    ("zone", "after", "since", "end", "left"),
    [
        (NEW_YORK, DAYS, "Sat 2026-03-07 20:00", "Sun 2026-03-08 20:00", DAY),
        (NEW_YORK, ELAPSED, "Sat 2026-03-07 20:00", "Sun 2026-03-08 20:00", DAY - HOUR),
        (NEW_YORK, DAYS, "Sat 2026-10-31 20:00", "Sun 2026-11-01 20:00", DAY),
        (LORD_HOWE, DAYS, "Sat 2026-10-03 09:00", "Sun 2026-10-04 09:00", DAY),
        (LORD_HOWE, ELAPSED, "Sat 2026-10-03 09:00", "Sun 2026-10-04 09:00", DAY - 30 * MINUTE),
        (LORD_HOWE, ELAPSED, "Sat 2026-04-04 09:00", "Sun 2026-04-05 09:00", DAY + 30 * MINUTE),
    ],
)
def test_daylight_saving_in_other_zones(
    zone: str, after: Delay, since: str, end: str, left: int
) -> None:
    cal = calendar(zone=zone)
    assert schedule.remainder(after, moment(since, zone), moment(end, zone), cal) == left
    assert shown(schedule.add_remainder(after, moment(since, zone), left, cal), zone) == end


def test_the_remainder_runs_to_the_end_and_not_to_the_due_time() -> None:
    """Paused on the Saturday after its end, waiting for Monday: nothing is left."""
    cal = calendar("weekdays")
    end = moment("Sat 2026-03-07 09:00")
    pause = moment("Sat 2026-03-07 10:00")
    assert schedule.remainder(DAYS, pause, end, cal) == 0


def test_a_business_delay_begun_on_a_closed_day_has_all_of_it_left() -> None:
    """One business day from Saturday 12:00 ends on Monday 12:00."""
    cal = calendar("business")
    start = moment("Sat 2026-03-07 12:00")
    end = schedule.delay_end(start, Delay(1, Unit.DAY), cal)
    assert schedule.remainder(DAYS, start, end, cal) == DAY


def test_what_is_over_by_a_second_in_an_hour_that_comes_twice_is_over() -> None:
    """Though the clock on the wall shows an earlier time again."""
    cal = calendar()
    end, pause = moment("Sun 2026-10-25 02:30"), moment("Sun 2026-10-25 02:10 second")
    assert schedule.remainder(DAYS, pause, end, cal) == 0
