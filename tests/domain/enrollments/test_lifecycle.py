"""The state machine: every pair of state and trigger, and what each trigger leaves behind."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, time, timedelta

import pytest

from seqctl.domain.enrollments import continuing, lifecycle
from seqctl.domain.enrollments.lifecycle import Plan
from seqctl.domain.enrollments.states import TABLE, NotAllowed, State, Trigger, state_of
from seqctl.domain.model import (
    Email,
    Enrollment,
    Settings,
    Status,
    Step,
    TaskPlan,
    Version,
    Waiting,
)
from seqctl.domain.timing.measures import Calendar, Days, Delay, Unit, Window

NOW = datetime(2026, 3, 4, 8, 0, tzinfo=UTC)  # a Wednesday; 09:00 in Stockholm
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
THREE_DAYS = Delay(3, Unit.DAY)
STOCKHOLM = Calendar("Europe/Stockholm")


def plan(*steps: Step, calendar: Calendar = STOCKHOLM) -> Plan:
    return Plan(Version(1, 1, 1, Settings("Intro"), steps), calendar)


def mail(number: int, after: Delay | None = THREE_DAYS, at: time | None = None) -> Step:
    return Step(number, None if number == 1 else after, at, email=Email("Hello", "Hi"))


def task(number: int, wait: bool | Delay = True) -> Step:
    after = None if number == 1 else THREE_DAYS
    return Step(number, after, None, task=TaskPlan("call", "Ring", wait=wait))


PLAN = plan(mail(1), task(2), mail(3))


def enrollment(step: int = 2, waiting: Waiting | None = Waiting.DELAY) -> Enrollment:
    return Enrollment(
        id=1,
        contact_id=1,
        sequence_id=1,
        version_id=1,
        user_id=1,
        inbox_id=1,
        timezone="Europe/Stockholm",
        status=Status.LIVE,
        waiting=waiting,
        step=step,
        base=NOW - DAY,
        delay_ends_at=NOW + 2 * DAY,
        due_at=NOW + 2 * DAY,
        held_since=None,
        enrolled_at=NOW - DAY,
        last_step_at=NOW - DAY,
    )


TASK = enrollment(2, Waiting.TASK)._replace(delay_ends_at=None, due_at=None)
MAIL = enrollment(3, Waiting.MAIL)._replace(due_at=None)
HELD: dict[str, object] = {"held_since": NOW - HOUR, "due_at": None}
STATES = {
    State.DELAY: enrollment(),
    State.TASK: TASK,
    State.INBOX: enrollment(3, Waiting.INBOX),
    State.MAIL: MAIL,
    State.LIMIT: enrollment(3, Waiting.LIMIT),
    State.HELD_DELAY: enrollment()._replace(**HELD),
    State.HELD_TASK: TASK._replace(**HELD),
    State.HELD_INBOX: enrollment(3, Waiting.INBOX)._replace(**HELD),
    State.HELD_LIMIT: enrollment(3, Waiting.LIMIT)._replace(**HELD),
    State.HELD_RESUME: enrollment(3, Waiting.RESUME)._replace(
        held_since=NOW - HOUR, due_at=None, delay_ends_at=None, base=None
    ),
    State.HELD_MAIL: MAIL._replace(**HELD),
    State.FINISHED: enrollment(4, None)._replace(status=Status.FINISHED, due_at=None, ended_at=NOW),
    State.UNENROLLED: enrollment(2, None)._replace(
        status=Status.UNENROLLED, due_at=None, ended_at=NOW, reason="manual"
    ),
}
FIRE: dict[Trigger, Callable[[Enrollment, Plan], Enrollment]] = {
    Trigger.STEP_DONE: lambda e, p: lifecycle.step_done(e, p, NOW),
    Trigger.TASK_CREATED: lambda e, p: lifecycle.task_created(e, p, NOW),
    Trigger.TASK_CLOSED: lambda e, p: lifecycle.task_closed(e, p, NOW),
    Trigger.INBOX_MISSING: lambda e, p: lifecycle.inbox_missing(e),
    Trigger.LIMIT_REACHED: lambda e, p: lifecycle.limit_reached(e),
    Trigger.MAIL_QUEUED: lambda e, p: lifecycle.mail_queued(e, 17),
    Trigger.MAIL_BACK: lambda e, p: lifecycle.mail_back(e, NOW),
    Trigger.TASK_MAILED: lambda e, p: lifecycle.task_mailed(e, 17, NOW),
    Trigger.POSTPONED: lambda e, p: lifecycle.place_anew(e, p, NOW),
    Trigger.HOLD: lambda e, p: lifecycle.hold(e, NOW),
    Trigger.LIFT: lambda e, p: lifecycle.lift(e, p, NOW),
    Trigger.END: lambda e, p: lifecycle.end(e, NOW, "manual"),
}


def test_the_samples_are_what_they_say() -> None:
    assert {state: state_of(sample) for state, sample in STATES.items()} == {
        state: state for state in State
    }
    assert set(TABLE) == set(State)
    assert set(FIRE) == set(Trigger)


@pytest.mark.parametrize("trigger", Trigger)
@pytest.mark.parametrize("state", State)
def test_every_state_meets_every_trigger(state: State, trigger: Trigger) -> None:
    sample = STATES[state]
    if trigger not in TABLE[state]:
        with pytest.raises(NotAllowed, match=r"enrollment 1"):
            FIRE[trigger](sample, PLAN)
        return
    after = FIRE[trigger](sample, PLAN)
    assert state_of(after) in TABLE[state][trigger]
    assert_whole(after)


@pytest.mark.parametrize(
    ("state", "trigger"),
    [(s, t) for s in State for t, to in TABLE[s].items() if State.FINISHED in to],
)
def test_where_no_step_is_left_it_finishes(state: State, trigger: Trigger) -> None:
    steps = PLAN.version.steps[: STATES[state].step - (state == State.HELD_RESUME)]
    after = FIRE[trigger](STATES[state], plan(*steps))
    assert state_of(after) == State.FINISHED
    assert_whole(after)


def assert_whole(e: Enrollment) -> None:
    """What the tables demand of every row (rules, "What never happens", 4)."""
    assert (e.waiting is None) == (not e.live) == (e.ended_at is not None)
    assert e.due_at is None or (e.live and e.held_since is None)
    if e.waiting == Waiting.DELAY:
        assert e.delay_ends_at is not None
        assert (e.due_at is None) == (e.held_since is not None)
    if e.waiting == Waiting.MAIL:
        assert e.due_at is None
    if e.waiting == Waiting.RESUME:
        assert e.held_since is not None
        assert e.delay_ends_at is None


LABELS = {
    State.DELAY: "active",
    State.TASK: "waiting_task",
    State.INBOX: "active",
    State.MAIL: "active",
    State.HELD_DELAY: "paused",
    State.HELD_TASK: "paused",
    State.HELD_INBOX: "paused",
    State.HELD_LIMIT: "paused",
    State.HELD_RESUME: "paused",
    State.HELD_MAIL: "paused",
    State.FINISHED: "finished",
    State.UNENROLLED: "unenrolled",
}


@pytest.mark.parametrize(("state", "word"), LABELS.items())
def test_the_label_is_the_first_that_applies(state: State, word: str) -> None:
    assert lifecycle.label(STATES[state]) == word


def test_nothing_done_yet_is_scheduled() -> None:
    assert lifecycle.label(enrollment(1)._replace(last_step_at=None)) == "scheduled"


def test_it_waits_on_the_delay_then_on_the_window() -> None:
    waits = enrollment()._replace(due_at=NOW + 3 * DAY)
    assert lifecycle.waiting_on(waits, NOW) == "delay"
    assert lifecycle.waiting_on(waits, NOW + 2 * DAY) == "window"
    assert lifecycle.waiting_on(STATES[State.TASK], NOW) == "task"
    assert lifecycle.waiting_on(STATES[State.INBOX], NOW) == "inbox"
    assert lifecycle.waiting_on(STATES[State.MAIL], NOW) == "mail"
    assert lifecycle.waiting_on(STATES[State.HELD_DELAY], NOW) is None
    assert lifecycle.waiting_on(STATES[State.FINISHED], NOW) is None


# --- pausing: the remainder in each measure -----------------------------------------------------

BUSINESS = Calendar("Europe/Stockholm", Days.BUSINESS)


@pytest.mark.parametrize(
    ("delay", "calendar", "waited", "paused_for", "words", "due_after_resume"),
    [
        (Delay(3, Unit.DAY), STOCKHOLM, 2 * DAY, HOUR, "1 of 3 days left", DAY),
        (Delay(3, Unit.DAY), STOCKHOLM, 2 * DAY, 30 * DAY, "1 of 3 days left", DAY),
        (Delay(3, Unit.DAY), STOCKHOLM, 3 * DAY, DAY, "0 of 3 days left", 0 * DAY),
        (Delay(2, Unit.WEEK), STOCKHOLM, 7 * DAY, DAY, "1 of 2 weeks left", 7 * DAY),
        (Delay(12, Unit.HOUR), STOCKHOLM, 3 * HOUR, DAY, "9 of 12 hours left", 9 * HOUR),
        (Delay(90, Unit.MINUTE), STOCKHOLM, HOUR, DAY, "30 of 90 minutes left", HOUR / 2),
        # Wednesday + 2 = Friday; one of three business days is left: the next one, also on Monday.
        (Delay(3, Unit.DAY), BUSINESS, 2 * DAY, 3 * DAY, "1 of 3 days left", DAY),
        (Delay(3, Unit.DAY), BUSINESS, DAY, DAY, "2 of 3 days left", 4 * DAY),
        (Delay(1, Unit.DAY), STOCKHOLM, 12 * HOUR, DAY, "0.5 of 1 day left", 12 * HOUR),
    ],
)
def test_a_pause_leaves_the_remainder(
    delay: Delay,
    calendar: Calendar,
    waited: timedelta,
    paused_for: timedelta,
    words: str,
    due_after_resume: timedelta,
) -> None:
    two = plan(mail(1), mail(2, delay), calendar=calendar)
    started = lifecycle.step_done(enrollment(1), two, NOW)
    held = lifecycle.hold(started, NOW + waited)
    resumed_at = NOW + waited + paused_for
    assert lifecycle.left_in_words(held, two) == words
    assert lifecycle.lift(held, two, resumed_at).due_at == resumed_at + due_after_resume


def test_a_delay_that_had_not_begun_starts_in_full() -> None:
    held = lifecycle.task_closed(STATES[State.HELD_TASK], PLAN, NOW)
    assert lifecycle.left_in_words(held, PLAN) == "3 of 3 days left"
    assert lifecycle.lift(held, PLAN, NOW + 9 * DAY).due_at == NOW + 12 * DAY


def test_restart_delay_starts_the_whole_delay_over() -> None:
    lifted = lifecycle.lift(STATES[State.HELD_DELAY], PLAN, NOW, restart=True)
    assert lifted.due_at == NOW + 3 * DAY


def test_the_longest_wait_for_a_task_stands_still_too() -> None:
    waits = plan(mail(1), task(2, Delay(5, Unit.DAY)), mail(3))
    waiting = lifecycle.task_created(enrollment(), waits, NOW)
    assert waiting.due_at == NOW + 5 * DAY
    held = lifecycle.hold(waiting, NOW + DAY)
    assert lifecycle.left_in_words(held, waits) == "4 of 5 days left"
    assert lifecycle.lift(held, waits, NOW + 10 * DAY).due_at == NOW + 14 * DAY


def test_a_set_time_is_placed_anew_after_a_pause() -> None:
    at_half_past_nine = plan(mail(1), mail(2, THREE_DAYS, time(9, 30)))
    started = lifecycle.step_done(enrollment(1), at_half_past_nine, NOW)
    assert started.due_at == NOW + 3 * DAY + HOUR / 2
    held = lifecycle.hold(started, NOW + DAY)
    resumed = lifecycle.lift(held, at_half_past_nine, NOW + 2 * DAY + 5 * HOUR)
    assert resumed.delay_ends_at == NOW + 4 * DAY + 5 * HOUR
    assert resumed.due_at == NOW + 4 * DAY + HOUR / 2  # that day's 09:30, though it is earlier


# --- pausing what is due already ----------------------------------------------------------------------

DUE: dict[str, object] = {"delay_ends_at": NOW - 2 * HOUR, "due_at": NOW - HOUR}
blocked = pytest.mark.parametrize("waiting", [Waiting.LIMIT, Waiting.INBOX])


@blocked
def test_resumed_at_once_it_stands_where_it_stood(waiting: Waiting) -> None:
    stands = enrollment(3, waiting)._replace(**DUE)
    held = lifecycle.hold(stands, NOW)
    assert (held.due_at, held.kept_due_at) == (None, stands.due_at)
    assert lifecycle.lift(held, PLAN, NOW) == stands


@blocked
def test_resumed_later_or_started_over_it_waits_for_its_time(waiting: Waiting) -> None:
    held = lifecycle.hold(enrollment(3, waiting)._replace(**DUE), NOW)
    later = lifecycle.lift(held, PLAN, NOW + HOUR)
    assert (later.waiting, later.due_at) == (Waiting.DELAY, NOW + HOUR)
    over = lifecycle.lift(held, PLAN, NOW, restart=True)
    assert (over.waiting, over.due_at) == (Waiting.DELAY, NOW + 3 * DAY)


@blocked
def test_placed_anew_while_it_is_held_it_keeps_that_time(waiting: Waiting) -> None:
    held = lifecycle.hold(enrollment(3, waiting)._replace(**DUE), NOW)
    placed = lifecycle.place_anew(held, PLAN, NOW + HOUR)
    assert (placed.due_at, placed.kept_due_at) == (None, NOW + HOUR)
    lifted = lifecycle.lift(placed, PLAN, NOW + HOUR / 2)
    assert (lifted.waiting, lifted.due_at) == (Waiting.DELAY, NOW + HOUR)


@pytest.mark.parametrize("is_blocked", [False, True])
def test_a_mail_that_comes_back_while_it_is_held_waits_as_it_would_have(is_blocked: bool) -> None:
    on_its_way = MAIL._replace(delay_ends_at=NOW - HOUR)
    back = lifecycle.mail_back(on_its_way, NOW + HOUR, blocked=is_blocked)
    held = lifecycle.hold(on_its_way, NOW)
    while_held = lifecycle.mail_back(held, NOW + HOUR, blocked=is_blocked)
    assert lifecycle.lift(while_held, PLAN, NOW + HOUR / 2) == back


# --- starting and ending ----------------------------------------------------------------------------

WINDOW = Calendar("Europe/Stockholm", Days.WEEKDAYS, Window(time(8), time(18)))
SATURDAY = datetime(2026, 3, 7, 11, 0, tzinfo=UTC)
MONDAY_NOON = datetime(2026, 3, 9, 11, 0, tzinfo=UTC)


def test_a_starting_mail_is_placed_unless_it_may_go_at_any_time() -> None:
    one = plan(mail(1), calendar=WINDOW)
    placed = lifecycle.start(enrollment(1), one, SATURDAY)
    assert (placed.delay_ends_at, placed.due_at) == (SATURDAY, MONDAY_NOON)
    assert lifecycle.start(enrollment(1), one, SATURDAY, any_time=True).due_at == SATURDAY


def test_a_held_start_at_any_time_stays_one() -> None:
    one = plan(mail(1), calendar=WINDOW)
    started = lifecycle.start(enrollment(1), one, NOW, any_time=True)
    lifted = lifecycle.lift(lifecycle.hold(started, NOW), one, SATURDAY)
    assert lifted.due_at == SATURDAY


def test_an_ending_keeps_the_remainder() -> None:
    ended = lifecycle.end(enrollment(), NOW, "manual")
    assert lifecycle.remaining_seconds(ended, PLAN) == 2 * 24 * 3600
    while_held = lifecycle.end(STATES[State.HELD_DELAY], NOW + 9 * DAY, "reply")
    assert lifecycle.remaining_seconds(while_held, PLAN) == 49 * 3600


def fresh(step: int = 2) -> Enrollment:
    return enrollment(step)._replace(
        id=2, base=None, delay_ends_at=None, due_at=None, last_step_at=None
    )


def test_a_reenrollment_is_due_when_the_old_one_would_have_been() -> None:
    old = lifecycle.end(enrollment(), NOW, "manual")
    later = continuing.continue_from(old, fresh(), PLAN, NOW + DAY, task_created=False)
    assert later.due_at == NOW + 2 * DAY
    overdue = continuing.continue_from(old, fresh(), PLAN, NOW + 9 * DAY, task_created=False)
    assert overdue.due_at == NOW + 9 * DAY


def test_a_reenrollment_of_a_held_one_waits_out_the_remainder() -> None:
    old = lifecycle.end(STATES[State.HELD_DELAY], NOW, "manual")
    after = continuing.continue_from(old, fresh(), PLAN, NOW + 9 * DAY, task_created=False)
    assert after.due_at == NOW + 9 * DAY + 2 * DAY + HOUR


def test_a_reenrollment_at_another_step_starts_at_once() -> None:
    old = lifecycle.end(enrollment(), NOW, "manual")
    after = continuing.continue_from(old, fresh(3), PLAN, NOW + HOUR, task_created=False)
    assert (after.base, after.due_at) == (None, NOW + HOUR)
