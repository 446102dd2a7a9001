"""The rules of time through the verbs (rules, "When a step is due", "What a pause leaves", "Ending",
"Re-enrolling" and "What it waits for")."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from seqctl.files.sequences.sequence_edits import edit_text, read_edit
from seqctl.service.enrollments import editing, pausing
from seqctl.service.tasks import close_task
from tests.desk import MONDAY, ZONE, Desk, RealDesk, codes

DAY, HOUR = timedelta(days=1), timedelta(hours=1)
FIRST = "  - email: {subject: Hello, body: one}\n"


def sequence(*steps: str, settings: str = "") -> str:
    return f"name: intro\nshare: everyone\n{settings}steps:\n" + "".join(
        f"  - {step}\n" for step in steps
    )


def mails(after: str, settings: str = "", at: str = "") -> str:
    """A mail, and another one after a delay."""
    at = f' at: "{at}",' if at else ""
    return sequence(
        "email: {subject: Hello, body: one}",
        f"{{after: {after},{at} email: {{body: two}}}}",
        settings=settings,
    )


TASK_ONLY = sequence("task: {title: Ring}", settings="days: business\nwindow: 08:00-18:00\n")
OPENING = "days: weekdays\nwindow: 08:00-18:00\n"
HALF_PAST_NINE = mails("1 day", at="09:30")


def to(desk: Desk, words: str) -> None:
    """Let the clock run to `Fri 6 09:00` of March, Stockholm's."""
    _, day, clock = words.split()
    hour, minute = clock.split(":")
    there = datetime(2026, 3, int(day), int(hour), int(minute), tzinfo=ZONE)
    desk.tick_to(there.astimezone(UTC))


def begun(desk: Desk, text: str, when: str = "Mon 2 09:00") -> Desk:
    """ada (1) has had the first mail at this time; what follows is waited for."""
    to(desk, when)
    desk.apply(text)
    desk.enroll("ada", any_time=True)
    desk.tick()
    return desk


# --- business days: whole days and a rest ---------------------------------------------------------


@pytest.mark.parametrize(
    ("start", "after", "pauses", "left", "end"),
    [
        ("Thu 5 09:00", "3 days", [("Fri 6 09:00", "Sat 7 09:00")], 2 * DAY, "Tue 10 09:00"),
        ("Thu 5 20:00", "1 day", [("Fri 6 12:00", "Fri 6 20:00")], 8 * HOUR, "Mon 9 04:00"),
        # a rest of less than nothing is taken from the days
        ("Thu 5 09:00", "3 days", [("Fri 6 12:00", "Sat 14 09:00")], 45 * HOUR, "Tue 17 06:00"),
        # on a closed day none of what is left passes, however early or late its clock
        ("Fri 6 09:00", "1 day", [("Sun 8 07:00", "Tue 10 12:00")], DAY, "Wed 11 12:00"),
        ("Fri 6 09:00", "1 day", [("Sat 7 12:00", "Sat 7 13:00")], 21 * HOUR, "Mon 9 10:00"),
        # the resume's own day, though it is closed
        ("Fri 6 09:00", "1 day", [("Mon 9 07:00", "Sat 14 12:00")], 2 * HOUR, "Sat 14 14:00"),
        # never before the old end
        ("Sat 7 12:00", "1 day", [("Sun 8 10:00", "Sun 8 10:01")], DAY, "Mon 9 12:00"),
        # nothing is gained by a second pause
        (
            *("Thu 5 09:00", "3 days"),
            [("Fri 6 09:00", "Sat 7 09:00"), ("Sun 8 07:00", "Sun 8 20:00")],
            *(2 * DAY, "Tue 10 20:00"),
        ),
        # Tuesday 10 and Wednesday 11 are holidays here
        ("Mon 9 09:00", "1 day", [("Tue 10 09:00", "Wed 11 09:00")], DAY, "Thu 12 09:00"),
        ("Mon 9 09:00", "2 days", [("Mon 9 10:00", "Mon 9 11:00")], 47 * HOUR, "Fri 13 10:00"),
    ],
)
def test_what_is_left_of_business_days(
    desk: Desk, start: str, after: str, pauses: list[tuple[str, str]], left: timedelta, end: str
) -> None:
    settings = "days: business\nholidays: [2026-03-10, 2026-03-11]\n"
    if "holiday" not in after and start.startswith(("Thu", "Fri", "Sat")):
        settings = "days: business\n"
    begun(desk, mails(after, settings), start)
    for pause, resume in pauses:
        to(desk, pause)
        desk.pause("intro")
        held = desk.look(1)["remaining_s"]
        to(desk, resume)
        desk.resume("intro")
    assert (held, desk.look(1)["delay_ends_at"]) == (left.total_seconds(), end)


# --- over when the pause began --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("paused", "resumed", "due"),
    [
        ("Thu 5 21:00", "Fri 6 07:00", "Fri 6 08:00"),  # keeps its time
        ("Thu 5 21:00", "Fri 6 08:00", "Fri 6 08:00"),
        ("Thu 5 21:00", "Fri 6 08:01", "Fri 6 08:01"),  # the resume is later
        ("Thu 5 21:00", "Fri 6 19:00", "Mon 9 08:00"),
        ("Thu 5 21:00", "Sat 7 12:00", "Mon 9 12:00"),
    ],
)
def test_a_delay_that_was_over_stays_over(desk: Desk, paused: str, resumed: str, due: str) -> None:
    begun(desk, mails("1 day", OPENING), "Wed 4 20:00")
    assert desk.look(1)["due_at"] == "Fri 6 08:00"
    to(desk, paused)
    desk.pause("intro")
    assert desk.look(1)["remaining_s"] == 0
    to(desk, resumed)
    desk.resume("intro")
    assert desk.look(1)["due_at"] == due


def test_a_set_time_that_was_waited_for_is_kept(desk: Desk) -> None:
    """The delay is over at 09:00, the step comes at 09:30; paused in between."""
    begun(desk, HALF_PAST_NINE, "Mon 2 09:00")
    to(desk, "Tue 3 09:10")
    before = desk.look(1)
    assert (before["due_at"], before["waiting_on"]) == ("Tue 3 09:30", "window")
    desk.pause("intro")
    to(desk, "Tue 3 09:20")
    desk.resume("intro")
    assert desk.look(1) == before
    desk.pause("intro")
    to(desk, "Tue 3 11:00")
    desk.resume("intro")
    assert desk.look(1)["due_at"] == "Wed 4 09:30"  # placed from the resume


@pytest.mark.parametrize("when", ["Tue 3 09:00", "Thu 5 20:30", "Fri 6 03:00", "Sat 7 13:00"])
def test_pausing_and_resuming_at_once_changes_nothing(desk: Desk, when: str) -> None:
    begun(desk, mails("3 days", "days: business\nwindow: 08:00-18:00\n"), "Mon 2 20:00")
    to(desk, when)
    before = desk.look(1)
    for _ in range(3):
        desk.pause("intro")
        desk.resume("intro")
    assert desk.look(1) == before


def test_what_was_overdue_is_overdue_still(tmp_path: Path) -> None:
    """A real tick is late: a pause and a resume at once don't put the step off to the next day."""
    real = RealDesk(tmp_path)
    real.apply(HALF_PAST_NINE)
    real.enroll("ada")
    real.tick_at(MONDAY)
    real.clock.time = MONDAY + DAY + HOUR
    before = real.look(1)
    real.pause("intro")
    real.resume("intro")
    assert real.look(1) == before
    assert before["due_at"] == "Tue 3 09:30"
    real.close()


# --- starts ---------------------------------------------------------------------------------------


def test_a_moment_set_by_at_is_no_delay(desk: Desk) -> None:
    desk.apply(mails("1 day", OPENING))
    desk.enroll("ada", at=MONDAY + 3 * DAY)
    desk.tick(days=1)
    desk.pause("intro")
    assert desk.look(1)["remaining_s"] == 0
    desk.tick(days=1)
    desk.resume("intro", restart=True)
    assert desk.look(1)["due_at"] == "Thu 5 09:00"
    desk.pause("intro")
    desk.tick(days=3)  # Saturday
    desk.resume("intro")
    assert desk.look(1)["due_at"] == "Mon 9 09:00"


def test_enrolled_under_a_pause_for_a_moment(desk: Desk) -> None:
    desk.apply(mails("1 day", OPENING))
    desk.pause("intro")
    desk.enroll("ada", at=MONDAY + 5 * DAY)  # Saturday
    desk.tick(days=1)
    desk.resume("intro")
    look = desk.look(1)
    assert (look["due_at"], look["delay_ends_at"]) == ("Mon 9 09:00", "Sat 7 09:00")


def test_a_start_keeps_its_time_where_the_resume_lies_between_its_moment_and_that(
    desk: Desk,
) -> None:
    desk.apply(mails("1 day", OPENING))
    desk.enroll("ada", at=MONDAY + 5 * DAY)  # Saturday 09:00, so it is due on Monday 09:00
    desk.pause("intro")
    to(desk, "Sat 7 13:00")
    desk.resume("intro")
    assert desk.look(1)["due_at"] == "Mon 9 09:00"


def test_a_start_that_begins_held_is_placed_at_its_resume_even_with_now(desk: Desk) -> None:
    desk.apply(mails("1 day", OPENING))
    desk.pause("intro")
    desk.enroll("ada", any_time=True)
    desk.acting("bo").enroll("ben", any_time=True)
    desk.acting("ann").pause(None, "ben")
    desk.tick(days=5)
    desk.resume("intro")
    assert desk.look(1)["due_at"] == "Mon 9 09:00"
    desk.resume(None, "ben")  # this one began to run
    assert desk.look(2)["due_at"] == "Sat 7 09:00"


def test_a_reenrollment_that_begins_held_is_placed_even_with_now(desk: Desk) -> None:
    begun(desk, mails("1 day", OPENING))
    desk.unenroll("ada")
    desk.pause("intro")
    desk.reenroll("ada", at_once=True)
    desk.tick(days=5)
    desk.resume("intro")
    assert desk.look(2)["due_at"] == "Mon 9 09:00"


def test_a_starting_task_is_created_on_a_closed_day_too(desk: Desk) -> None:
    to(desk, "Sat 7 21:00")
    desk.apply(TASK_ONLY)
    desk.enroll("ada")
    desk.pause(None, "ada")
    desk.enroll("ben", at=desk.now + HOUR)
    desk.pause(None, "ben")
    desk.tick(hours=2)
    desk.resume(None, "ada")
    desk.resume(None, "ben")
    desk.enroll("cleo")
    assert [desk.look(n)["due_at"] for n in (1, 2, 3)] == ["Sat 7 23:00"] * 3
    assert desk.tick().tasks == 3


def test_a_start_at_a_later_step_has_no_set_time(desk: Desk) -> None:
    desk.apply(HALF_PAST_NINE.replace("09:30", "17:00"))
    desk.enroll("ada", from_step=2)
    assert desk.look(1)["due_at"] == "Mon 2 09:00"
    desk.pause("intro")
    desk.tick(days=1)
    desk.resume("intro", restart=True)  # a start has no delay to start over
    assert desk.look(1)["due_at"] == "Tue 3 09:00"


# --- starting a delay over ------------------------------------------------------------------------


def test_the_whole_delay_is_left_at_once_where_another_hold_stays(desk: Desk) -> None:
    begun(desk, mails("3 days"))
    desk.tick(days=2)
    desk.pause("intro")
    desk.pause(None, "ada")
    desk.tick(days=1)
    assert desk.look(1)["remaining_s"] == DAY.total_seconds()
    outcome = desk.resume("intro", restart=True)
    assert (outcome.done, outcome.unchanged) == ([1], [])
    assert outcome.notes[0] == "1 stays paused; the whole delay is what is left."
    look = desk.look(1)
    assert (look["status"], look["remaining_s"]) == ("paused", 3 * DAY.total_seconds())
    assert desk.kinds(1)[-1] == "restarted"
    desk.tick(days=5)
    desk.resume(None, "ada")
    assert desk.row(1).due_at == desk.now + 3 * DAY


def test_without_restart_another_hold_changes_nothing_of_what_is_left(desk: Desk) -> None:
    begun(desk, mails("3 days"))
    desk.tick(days=2)
    desk.pause("intro")
    desk.pause(None, "ada")
    before = desk.look(1)
    assert desk.resume("intro").unchanged == [1]
    assert desk.look(1) == before | {"holds": before["holds"][1:]}


def test_a_start_and_an_unlimited_wait_have_nothing_to_start_over(desk: Desk) -> None:
    desk.apply(sequence("task: {title: Ring}", "{after: 1 day, task: {title: Look}}"))
    desk.enroll("ada")
    desk.tick()
    desk.enroll("ben")
    desk.pause("intro")
    desk.pause(None, "ada", "ben")
    before = [desk.row(n)._replace(last_event_id=None) for n in (1, 2)]
    assert desk.resume("intro", restart=True).done == []
    assert [desk.row(n)._replace(last_event_id=None) for n in (1, 2)] == before


def test_the_delay_of_a_reenrolled_step_is_started_over(desk: Desk) -> None:
    begun(desk, mails("3 days"))
    desk.unenroll("ada")
    desk.tick(days=9)
    desk.reenroll("ada")  # overdue: now
    assert desk.row(2).due_at == desk.now
    desk.pause("intro")
    assert desk.look(2)["remaining_s"] == 0
    desk.resume("intro", restart=True)
    assert desk.row(2).due_at == desk.now + 3 * DAY


# --- editing while a delay runs -------------------------------------------------------------------


def edit(desk: Desk, old: str, new: str) -> None:
    opened = editing.open_edit(desk.store, desk.me, "intro", "ada@x.test")
    text = edit_text(opened.version, opened.first, sequence="intro", contact="ada@x.test")
    assert old in text
    words = {"name": "edit.yaml", "folder": None, "sequence": "intro"}
    edited = read_edit(text.replace(old, new), version=opened.version, first=opened.first, **words)  # type: ignore[arg-type]
    assert editing.save_edit(desk.store, desk.me, desk.now, opened, edited.steps)


@pytest.mark.parametrize("held", [False, True])
@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("after: 3 days", "after: 1 hour"),
        ("after: 3 days", "after: 5 weeks"),
        ("after: 3 days", "after: 0 days"),
    ],
)
def test_an_edit_changes_nothing_of_what_is_left(
    desk: Desk, old: str, new: str, held: bool
) -> None:
    """Of business days over a weekend, which hours and weeks would count otherwise."""
    begun(desk, mails("3 days", "days: business\n"), "Thu 5 09:00")
    to(desk, "Fri 6 09:00")
    if held:
        desk.pause("intro")
    edit(desk, old, new)
    if not held:
        assert desk.look(1)["due_at"] == "Tue 10 09:00"
        desk.pause("intro")
    assert desk.look(1)["remaining_s"] == 2 * DAY.total_seconds()
    to(desk, "Sat 7 09:00")
    desk.resume("intro")
    assert desk.look(1)["due_at"] == "Tue 10 09:00"


def test_after_an_edit_the_whole_delay_is_the_new_one(desk: Desk) -> None:
    begun(desk, mails("3 days"))
    desk.tick(days=1)
    edit(desk, "after: 3 days", "after: 5 hours")
    desk.pause("intro")
    desk.resume("intro", restart=True)
    assert desk.row(1).due_at == desk.now + 5 * HOUR
    desk.pause("intro")
    assert desk.look(1)["remaining_s"] == 5 * 3600


def test_a_set_time_given_by_an_edit_is_placed_by_the_delay_that_runs(desk: Desk) -> None:
    """After days, `at` may be earlier than the delay's end; after hours it may not."""
    begun(desk, mails("3 days"), "Mon 2 12:00")
    edit(desk, "after: 3 days\n", 'after: 72 hours\n    at: "09:00"\n')
    assert desk.look(1)["due_at"] == "Thu 5 09:00"


@pytest.mark.parametrize("held", [False, True])
def test_an_edit_of_what_is_overdue_by_then_places_nothing_in_the_past(
    desk: Desk, held: bool
) -> None:
    begun(desk, mails("1 day", at="16:00"), "Mon 2 12:00")
    to(desk, "Tue 3 13:00")
    if held:
        desk.pause("intro")
    edit(desk, 'at: "16:00"', 'at: "12:30"')
    if held:
        desk.resume("intro")
    assert desk.look(1)["due_at"] == "Wed 4 12:30"


def test_a_held_step_that_is_edited_is_placed_anew(desk: Desk) -> None:
    begun(desk, mails("1 day", OPENING), "Wed 4 20:00")
    to(desk, "Thu 5 21:00")
    desk.pause("intro")
    edit(desk, "after: 1 day\n", 'after: 1 day\n    at: "17:00"\n')
    to(desk, "Fri 6 07:00")
    desk.resume("intro")
    assert desk.look(1)["due_at"] == "Fri 6 17:00"


# --- the longest wait for a task ------------------------------------------------------------------

WAITS = sequence("task: {title: Ring, wait: 5 days}", "{after: 1 day, task: {title: Look}}")


def test_the_longest_wait_is_a_delay_like_any_other(desk: Desk) -> None:
    desk.apply(WAITS)
    desk.enroll("ada")
    desk.tick(days=2)
    look = desk.look(1)
    assert (look["waiting_on"], look["due_at"], look["delay_ends_at"]) == (
        "task",
        "Sat 7 09:00",
        "Sat 7 09:00",
    )
    desk.pause("intro")
    assert (desk.look(1)["due_at"], desk.look(1)["remaining_s"]) == (None, 3 * 86400)
    desk.tick(days=10)
    desk.resume("intro")
    assert desk.row(1).due_at == desk.now + 3 * DAY
    desk.pause("intro")
    desk.resume("intro", restart=True)
    assert desk.row(1).due_at == desk.now + 5 * DAY
    desk.tick(days=5)
    assert desk.look(1)["step"] == 2


def test_the_longest_wait_starts_over_while_another_hold_stays(desk: Desk) -> None:
    desk.apply(WAITS)
    desk.enroll("ada")
    desk.tick(days=2)
    desk.pause("intro")
    desk.pause(None, "ada")
    desk.resume("intro", restart=True)
    assert desk.look(1)["remaining_s"] == 5 * 86400


def test_an_ending_keeps_the_longest_wait(desk: Desk) -> None:
    desk.apply(WAITS)
    desk.enroll("ada")
    desk.tick(days=2)
    desk.unenroll("ada")
    row = desk.row(1)
    assert (row.delay_ends_at, row.kept_due_at, row.due_at) == (*(MONDAY + 5 * DAY,) * 2, None)


# --- re-enrolling ---------------------------------------------------------------------------------

TWO_TASKS = sequence("task: {title: Ring}", "{after: 2 weeks, task: {title: Look}}")
LIMITED = TWO_TASKS.replace("title: Look", "title: Look, wait: 5 days")


def look_at(desk: Desk, verb: str) -> None:
    (task, *_) = [t for t in desk.store.tasks.of_enrollment(1) if t.step == 2]
    close_task(desk.store, desk.me, desk.now, [str(task.id)], verb)


@pytest.mark.parametrize("text", [TWO_TASKS, LIMITED], ids=["waited for", "at most 5 days"])
@pytest.mark.parametrize("held", ["never", "before", "after"])
@pytest.mark.parametrize("closed", ["open", "done", "skipped"])
def test_a_step_whose_task_was_reached_is_due_now(
    desk: Desk, text: str, held: str, closed: str
) -> None:
    """However the task went on after the enrollment was taken out."""
    desk.apply(text)
    desk.enroll("ada")
    desk.tick()
    desk.done("ada")
    desk.tick(days=15)
    if held == "before":
        desk.pause(None, "ada")
    desk.unenroll("ada")
    if held == "after":
        desk.pause(None, "ada")
    if closed != "open":
        look_at(desk, closed)
    assert desk.reenroll("ada").done == [2]
    look = desk.look(2)
    if held == "never":
        assert look["due_at"] == "Tue 17 09:00"
    else:
        assert (look["status"], look["remaining_s"]) == ("paused", 0)
        desk.resume(None, "ada")
        assert desk.row(2).due_at == desk.now
    desk.pause(None, "ada")
    desk.resume(None, "ada", restart=True)
    assert desk.look(2)["due_at"] == "Tue 31 09:00"


def test_a_delay_that_had_not_begun_when_it_ended_starts_in_full(desk: Desk) -> None:
    desk.apply(TWO_TASKS)
    desk.enroll("ada")
    desk.tick()
    desk.pause(None, "ada")
    desk.done("ada")
    desk.unenroll("ada")
    desk.reenroll("ada")
    assert desk.look(2)["remaining_s"] == 14 * 86400
    desk.resume(None, "ada")
    assert desk.row(2).due_at == desk.now + 14 * DAY


@pytest.mark.parametrize("step", ["email: {body: two}", "task: {title: Ring}"])
def test_an_overdue_reenrollment_is_placed_by_day_and_window(desk: Desk, step: str) -> None:
    text = sequence(
        "email: {subject: Hello, body: one}",
        f'{{after: 1 day, at: "17:00", {step}}}',
        settings=OPENING,
    )
    begun(desk, text)
    desk.unenroll("ada")
    to(desk, "Sat 7 12:00")
    desk.reenroll("ada")
    assert desk.look(2)["due_at"] == "Mon 9 12:00"  # not at 17:00


def test_a_reenrollment_is_due_at_the_very_time_of_the_old_one(desk: Desk) -> None:
    """Also where that was a moment set by `--at`, or a time kept over a pause."""
    desk.apply(mails("1 day", OPENING))
    desk.enroll("ada", at=MONDAY + 4 * DAY)
    desk.unenroll("ada")
    desk.tick(days=1)
    desk.reenroll("ada")
    assert desk.look(2)["due_at"] == "Fri 6 09:00"
    desk.pause("intro")
    desk.unenroll("ada")
    desk.resume("intro")
    desk.reenroll("ada")
    assert desk.look(3)["due_at"] == "Fri 6 09:00"


def test_what_is_left_of_a_held_one_is_waited_out_by_its_own_measure(desk: Desk) -> None:
    begun(desk, mails("3 days", "days: business\n"), "Thu 5 09:00")
    edit(desk, "after: 3 days", "after: 9 weeks")
    to(desk, "Fri 6 09:00")
    desk.pause("intro")
    desk.unenroll("ada")
    desk.resume("intro")
    to(desk, "Sat 7 09:00")
    desk.reenroll("ada")
    assert desk.look(2)["due_at"] == "Tue 10 09:00"


# --- holds in JSON --------------------------------------------------------------------------------


def test_two_holds_can_be_told_apart(desk: Desk) -> None:
    begun(desk, mails("3 days"))
    desk.pause("intro", "ada", until=MONDAY + DAY)
    desk.pause(None, "ada")
    desk.pause("intro")
    told = [(h["scope"], h["sequence"], h["by"], h["until"]) for h in desk.look(1)["holds"]]
    assert told == [
        ("contact", "intro", "ann", MONDAY + DAY),
        ("contact", None, "ann", None),
        ("sequence", "intro", "ann", None),
    ]


def test_another_users_contact_hold_with_restart(desk: Desk) -> None:
    """What a resume may not lift it doesn't start over either."""
    begun(desk, mails("3 days"))
    desk.tick(days=1)
    desk.acting("bo").pause(None, "ada")
    before = desk.row(1)
    outcome = desk.acting("cy").resume(None, "ada", restart=True)
    assert codes(outcome) == [("ada", "NOT_YOURS")]
    assert desk.row(1) == before


def test_a_late_resume_by_a_tick_counts_from_its_time(desk: Desk) -> None:
    begun(desk, mails("3 days"))
    desk.tick(days=1)
    by = pausing.Pause(desk.me, desk.now, desk.now + 4 * DAY)
    pausing.pause_sequence(desk.store, "intro", by)
    desk.tick(days=5)
    assert desk.row(1).due_at == MONDAY + 7 * DAY
