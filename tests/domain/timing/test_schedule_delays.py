"""When a delay is over (rules, "The delay's end"), as tables of local times."""

from __future__ import annotations

import pytest

from seqctl.domain.timing import schedule
from seqctl.domain.timing.measures import Delay
from tests.domain.timing.schedule_words import (
    APIA,
    LORD_HOWE,
    NEW_YORK,
    STOCKHOLM,
    calendar,
    days,
    hours,
    minutes,
    moment,
    shown,
    weeks,
)


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
