"""The quick rules of time against the slow ones, over many random delays and pauses."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from random import Random

import pytest

from seqctl.domain.enrollments import lifecycle
from seqctl.domain.enrollments.lifecycle import Plan
from seqctl.domain.model import Email, Enrollment, Settings, Status, Step, TaskPlan, Version
from seqctl.domain.timing import schedule
from seqctl.domain.timing.measures import Calendar, Days, Delay, Unit, Window
from tests.domain.timing.slow_calendar import SlowStep, added, advance, left_at, local, place, whole

ZONES = (
    "Europe/Stockholm",
    "America/New_York",
    "Australia/Lord_Howe",  # half an hour
    "America/Santiago",  # at midnight
    "Asia/Kathmandu",
    "Pacific/Kiritimati",
)
# The changes of the clocks of these zones, a year's end and a weekend like any other.
NEAR = tuple(
    datetime.fromisoformat(f"{moment}+00:00")
    for moment in (
        *("2026-03-29T01:00", "2026-10-25T01:00", "2026-03-08T07:00", "2026-11-01T06:00"),
        *("2026-04-04T15:00", "2026-10-03T15:30", "2026-04-05T03:00", "2026-09-06T04:00"),
        *("2026-12-24T00:00", "2026-05-16T00:00"),
    )
)
CLOCKS = (time(0), time(2, 30), time(8), time(9, 30), time(18), time(23, 30))


def a_calendar(random: Random) -> Calendar:
    opens, closes = sorted(random.sample(CLOCKS, 2))
    start = random.choice(NEAR).date()
    holidays = {start + timedelta(days=random.randint(-3, 12)) for _ in range(random.randint(0, 5))}
    return Calendar(
        random.choice(ZONES),
        random.choice((Days.BUSINESS, Days.BUSINESS, Days.WEEKDAYS, Days.EVERY)),
        random.choice((None, Window(time(8), time(18)), Window(opens, closes))),
        frozenset(holidays | {date(2026, 12, 24), date(2026, 12, 25)}),
    )


def a_delay(random: Random) -> Delay:
    unit = random.choice((Unit.DAY, Unit.DAY, Unit.DAY, Unit.WEEK, Unit.HOUR, Unit.MINUTE))
    return Delay(random.choice((0, 1, 1, 2, 3, 5, 30)), unit)


def a_while(random: Random) -> timedelta:
    """From nothing at all to some days, often to the minute of what stood there before."""
    seconds = random.choice((0, 1, 60, 1800, 3600, 7200, 12 * 3600, random.randint(0, 86400)))
    return timedelta(days=random.choice((0, 0, 0, 1, 1, 2, 5)), seconds=seconds)


def a_moment(random: Random) -> datetime:
    start = random.choice(NEAR) + timedelta(days=random.randint(-4, 1))
    return start + timedelta(minutes=30 * random.randint(0, 95), seconds=random.choice((0, 0, 59)))


def compare_a_step(random: Random) -> None:
    """One delay from its beginning over some pauses to its end, by both."""
    calendar, after, base = a_calendar(random), a_delay(random), a_moment(random)
    email, at = random.random() < 0.6, random.choice((None, None, *CLOCKS))
    if email and at is not None and calendar.window is not None:
        at = max(calendar.window.opens, min(at, calendar.window.closes))
    slow = SlowStep(base, after, at, email, calendar)
    plan = Plan(Version(1, 1, 1, Settings("s"), steps_of(after, at, email)), calendar)
    quick = lifecycle.begin_delay(ENROLLMENT, plan, base)
    assert (quick.delay_ends_at, quick.due_at) == (slow.end, slow.due)
    now = base
    for _ in range(random.randint(1, 4)):
        now += a_while(random)
        left, quick = slow.pause(now), lifecycle.hold(quick, now)
        assert lifecycle.remaining_seconds(quick, plan) == left
        now += a_while(random)
        end, due = slow.end, slow.due
        slow.resume(now)
        quick = lifecycle.lift(quick, plan, now)
        assert (quick.delay_ends_at, quick.due_at) == (slow.end, slow.due)
        assert slow.end >= end
        assert slow.due >= min(now, due)


def compare_the_measure(random: Random) -> None:
    """What a pause leaves of any delay, and the way back, without an enrollment around it."""
    calendar, after, base = a_calendar(random), a_delay(random), a_moment(random)
    end = schedule.delay_end(base, after, calendar)
    assert end == advance(base, after, calendar)
    pause, resume = base + a_while(random), a_moment(random)
    left = schedule.remainder(after, pause, end, calendar)
    assert left == (left_at(pause, end, after, calendar) if end > pause else 0)
    found = schedule.add_remainder(after, resume, left, calendar)
    assert found == added(resume, left, after, calendar)
    if pause < end:  # pausing and resuming at once never changes anything
        left = min(left, whole(after))
        assert max(end, schedule.add_remainder(after, pause, left, calendar)) == end


def steps_of(after: Delay, at: time | None, email: bool) -> tuple[Step, ...]:
    first = Step(1, None, None, email=Email("Hello", "Hi"))
    if email:
        return first, Step(2, after, at, email=Email(None, "Hi"))
    return first, Step(2, after, at, task=TaskPlan("call", "Ring"))


ENROLLMENT = Enrollment(
    *(1, 1, 1, 1, 1, 1, "UTC", Status.LIVE, None, 2),
    *(None, None, None, None, datetime(2026, 1, 1, tzinfo=UTC)),
)


@pytest.mark.parametrize("seed", range(4))
def test_steps_are_due_when_the_slow_rules_say(seed: int) -> None:
    random = Random(seed)
    for _ in range(500):
        compare_a_step(random)


@pytest.mark.parametrize("seed", range(2))
def test_remainders_are_those_of_the_slow_rules(seed: int) -> None:
    random = Random(seed)
    for _ in range(500):
        compare_the_measure(random)


@pytest.mark.slow
def test_tens_of_thousands_of_steps_and_remainders() -> None:
    for seed in range(100, 40_100):
        random = Random(seed)
        compare_a_step(random)
        compare_the_measure(random)


# --- the slow rules themselves, by the contract's own examples ----------------------------------------

STOCKHOLM = Calendar("Europe/Stockholm", Days.BUSINESS)
MONTH = {"Thu": 5, "Fri": 6, "Sat": 7, "Sun": 8, "Mon": 9, "Tue": 10}


def on(words: str) -> datetime:
    """`Thu 09:00` of the week of 5 March 2026, in Stockholm."""
    day, hour = words.split()
    return datetime(2026, 3, MONTH[day], int(hour[:2]) - 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("begun", "amount", "paused", "resumed", "ends"),
    [
        ("Thu 09:00", 3, "Fri 09:00", "Sat 09:00", "Tue 09:00"),
        ("Thu 20:00", 1, "Fri 12:00", "Fri 20:00", "Mon 04:00"),
    ],
)
def test_the_examples_of_the_contract(
    begun: str, amount: int, paused: str, resumed: str, ends: str
) -> None:
    slow = SlowStep(on(begun), Delay(amount, Unit.DAY), None, False, STOCKHOLM)
    slow.pause(on(paused))
    slow.resume(on(resumed))
    assert slow.end == on(ends)


def test_the_three_day_rules_of_the_contract() -> None:
    """Enrolled Monday, delays 3 and 3 days: Thursday, then Tuesday, Monday or Sunday."""
    monday = datetime(2026, 3, 2, 8, tzinfo=UTC)
    found: dict[str, list[int]] = {}
    for days in Days:
        calendar, due = STOCKHOLM._replace(days=days), monday
        for _ in range(2):
            end = advance(due, Delay(3, Unit.DAY), calendar)
            due = place(end, due, Delay(3, Unit.DAY), None, True, calendar)
            found.setdefault(days.value, []).append(local(due, calendar.zone).day)
    assert found == {"business": [5, 10], "weekdays": [5, 9], "every": [5, 8]}
