"""The tick by example (rules, "The tick", "When a step is due", "Ending" and "Tasks")."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from seqctl.domain.errors import Busy, Refused, WrongUsage
from seqctl.service.contacts import contacts
from seqctl.service.inboxes import inboxes
from seqctl.service.tick import ticking
from tests.desk import CALL, MAILS, MONDAY, Desk, FixedClock, RealDesk, local

DAY = timedelta(days=1)
HOUR = timedelta(hours=1)


def steps(text: str, settings: str = "") -> str:
    """A sequence `intro` of these steps."""
    return f"name: intro\nshare: everyone\n{settings}steps:\n{text}"


FIRST = "  - email: {subject: Hello, body: one}\n"


# --- the clock ------------------------------------------------------------------------------------


def test_every_step_runs_at_its_own_due_time(desk: Desk) -> None:
    desk.apply()
    desk.enroll("ada")
    result = desk.tick(days=30)
    assert desk.mails() == [
        ("ada", "Mon 2 09:00", 1, "Hello Ada"),
        ("ada", "Thu 5 09:00", 2, "Re: Hello Ada"),
        ("ada", "Sun 8 09:00", 3, "Re: Hello Ada"),
    ]
    assert (result.emails, result.finished, result.next_due) == (3, 1, None)
    assert (result.began, result.ended) == (MONDAY, MONDAY + 30 * DAY)
    assert desk.look(1)["ended_at"] == "Sun 8 09:00"


def test_the_target_is_inclusive(desk: Desk) -> None:
    desk.apply()
    desk.enroll("ada")
    assert desk.tick_to(MONDAY + 3 * DAY - timedelta(seconds=1)).emails == 1
    assert desk.tick_to(MONDAY + 3 * DAY).emails == 1
    assert desk.tick().emails == 0


def test_the_clock_never_goes_back(desk: Desk) -> None:
    with pytest.raises(WrongUsage, match="never goes back"):
        desk.tick_to(MONDAY - HOUR)
    assert desk.now == MONDAY


def test_until_idle_ends_at_the_last_due_time_and_tasks_do_not_count(desk: Desk) -> None:
    desk.apply(CALL)
    desk.enroll("ada", sequence="call")
    result = desk.until_idle()
    assert (result.ended, result.tasks, result.next_due) == (MONDAY + 3 * DAY, 1, None)
    assert desk.now == MONDAY + 3 * DAY
    assert desk.until_idle().ended == MONDAY + 3 * DAY


def test_at_one_instant_the_older_enrollment_comes_first(desk: Desk) -> None:
    desk.apply()
    desk.enroll("ben", "ada")
    desk.tick(days=3)
    assert [(who, step) for who, _, step, _ in desk.mails()] == [
        ("ben", 1),
        ("ada", 1),
        ("ben", 2),
        ("ada", 2),
    ]


def test_a_rehearsal_shows_the_changes_and_makes_none(desk: Desk) -> None:
    desk.apply()
    desk.enroll("ada")
    result = ticking.tick(desk.store, FixedClock(MONDAY), by=3 * DAY, dry_run=True)
    assert [(c.event.kind, local(c.event.at)) for c in result.changes or []] == [
        ("sent", "Mon 2 09:00"),
        ("sent", "Thu 5 09:00"),
    ]
    assert (desk.mails(), desk.now, desk.look(1)["step"]) == ([], MONDAY, 1)


def test_a_halted_workspace_does_nothing(desk: Desk) -> None:
    desk.apply()
    desk.enroll("ada")
    desk.store.workspace.halt(MONDAY, "ann", "wrong list")
    with pytest.raises(Busy, match=r"halted: wrong list") as caught:
        desk.tick(days=1)
    assert (caught.value.code, caught.value.hint) == ("HALTED", "seqctl unhalt")
    desk.store.workspace.unhalt()
    assert desk.tick().emails == 1


# --- delays, days and windows ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("days", "second", "third"),
    [
        ("business", "Thu 5 09:00", "Tue 10 09:00"),
        ("weekdays", "Thu 5 09:00", "Mon 9 09:00"),
        ("every", "Thu 5 09:00", "Sun 8 09:00"),
    ],
)
def test_enrolled_on_monday_with_three_days_and_three(
    desk: Desk, days: str, second: str, third: str
) -> None:
    desk.apply(MAILS.replace("steps:", f"days: {days}\nsteps:"))
    desk.enroll("ada")
    desk.until_idle()
    assert [when for _, when, _, _ in desk.mails()] == ["Mon 2 09:00", second, third]


def test_hours_are_elapsed_and_the_window_moves_mails_only(desk: Desk) -> None:
    text = FIRST + (
        "  - {after: 12 hours, task: {title: Look, wait: false}}\n"
        "  - {after: 0 hours, email: {body: two}}\n"
        "  - {after: 90 minutes, email: {body: three}}\n"
    )
    desk.apply(steps(text, "window: 08:00-18:00\n"))
    desk.enroll("ada")
    desk.until_idle()
    assert desk.tasks() == [("Look", "open", "Mon 2 21:00")]
    assert [when for _, when, _, _ in desk.mails()] == [
        "Mon 2 09:00",
        "Tue 3 08:00",
        "Tue 3 09:30",
    ]
    assert desk.look(1)["status"] == "finished"


def test_a_task_keeps_to_its_time_and_to_the_days(desk: Desk) -> None:
    text = FIRST + '  - {after: 5 days, at: "07:30", task: {title: Ring}}\n'
    desk.apply(steps(text, "days: weekdays\nwindow: 08:00-18:00\nholidays: [2026-03-09]\n"))
    desk.enroll("ada")
    desk.until_idle()
    assert desk.tasks() == [("Ring", "open", "Tue 10 07:30")]


# --- texts ----------------------------------------------------------------------------------------


def test_a_subject_starts_a_new_thread(desk: Desk) -> None:
    text = FIRST + (
        "  - {after: 1 day, email: {body: two}}\n"
        "  - {after: 1 day, email: {subject: 'RE: your plans', body: three}}\n"
        "  - {after: 1 day, email: {body: four}}\n"
    )
    desk.apply(steps(text))
    desk.enroll("ada")
    desk.until_idle()
    assert [subject for *_, subject in desk.mails()] == [
        "Hello",
        "Re: Hello",
        "RE: your plans",
        "RE: your plans",
    ]
    answers = desk.store.connection.execute("SELECT answers FROM message ORDER BY id").fetchall()
    assert answers == [(None,), (1,), (None,), (3,)]


def test_the_fields_of_sender_contact_and_sequence(desk: Desk) -> None:
    body = (
        "{{ sender.name }}|{{ sender.first_name }}|{{ sender.email }}|{{ contact.firstname }}|"
        "{{ contact.company }}|{{ contact.color | default('none') }}|{{ sequence.name }}"
    )
    desk.apply(steps(f'  - email: {{subject: Hello, body: "{body}"}}\n'))
    inboxes.connect_inbox(desk.store, desk.me, "sales@acme.test", None, MONDAY)
    desk.enroll("ada", inbox="sales@acme.test")
    desk.tick()
    ((text,),) = desk.store.connection.execute("SELECT body FROM message").fetchall()
    assert text.strip() == "Ann Berg|Ann|sales@acme.test|Ada|ada ltd|none|intro"


def test_a_ready_mail_is_stored_with_the_task(desk: Desk) -> None:
    text = (
        "  - task:\n      title: Ring {{ contact.first_name }}\n      type: call\n"
        "      priority: high\n      notes: Ask {{ contact.company }}\n"
        "      email: {subject: 'Tried, {{ contact.first_name }}', body: 'Hi {{ sender.name }}'}\n"
    )
    desk.apply(steps(text))
    desk.enroll("ada")
    desk.tick()
    (task,) = desk.store.tasks.open_of(desk.me.id)
    assert (task.type, task.title, task.priority) == ("call", "Ring Ada", "high")
    assert (task.notes, task.subject) == ("Ask ada ltd", "Tried, Ada")
    assert (task.body or "").strip() == "Hi Ann Berg"


# --- tasks ----------------------------------------------------------------------------------------


def test_the_delay_counts_from_the_moment_the_task_was_done(desk: Desk) -> None:
    desk.apply(CALL)
    desk.enroll("ada", sequence="call")
    desk.tick(days=10)
    look = desk.look(1)
    assert (look["status"], look["waiting_on"], look["due_at"]) == ("waiting_task", "task", None)
    desk.done("ada")
    assert desk.row(1).due_at == MONDAY + 12 * DAY
    assert desk.look(1)["status"] == "active"


def test_a_task_is_waited_for_at_most_so_long(desk: Desk) -> None:
    text = "  - task: {title: Ring, wait: 5 days}\n  - {after: 1 day, task: {title: Look}}\n"
    desk.apply(steps(text))
    desk.enroll("ada", "ben")
    desk.tick()
    desk.done("ben")
    look = desk.look(1)
    assert (look["waiting_on"], look["due_at"]) == ("task", "Sat 7 09:00")
    desk.tick(days=20)
    assert desk.tasks() == [
        ("Ring", "open", "Mon 2 09:00"),
        ("Ring", "done", "Mon 2 09:00"),
        ("Look", "open", "Tue 3 09:00"),
        ("Look", "open", "Sun 8 09:00"),
    ]
    assert "wait-over" in desk.kinds(1)


def test_a_last_task_that_does_not_wait_stays_open(desk: Desk) -> None:
    desk.apply(steps(FIRST + "  - {after: 1 day, task: {title: Ring, wait: false}}\n"))
    desk.enroll("ada")
    desk.tick(days=1)
    assert desk.look(1)["status"] == "finished"
    (task,) = desk.store.tasks.open_of(desk.me.id)
    assert (task.status, task.orphaned) == ("open", False)


# --- what goes wrong --------------------------------------------------------------------------------


def test_a_bad_enrollment_never_stops_the_others(desk: Desk) -> None:
    desk.apply()
    desk.enroll("ada", "ben", "cleo")
    desk.change("ben", first_name="")
    result = desk.tick()
    assert (result.emails, result.unenrolled) == (2, 1)
    (error,) = result.errors
    assert (error.enrollment, error.code) == (2, "MISSING_FIELD")
    assert "contact.first_name" in error.message
    look = desk.look(2)
    assert (look["status"], look["reason"], look["error"]) == (
        "unenrolled",
        "error",
        "MISSING_FIELD",
    )
    desk.change("ben", first_name="Ben")
    assert desk.reenroll("ben").done == [4]


@pytest.mark.parametrize("names", [("ada", "ben", "cleo"), ("ben", "ada", "cleo")])
def test_a_row_that_the_store_refuses_ends_alone(desk: Desk, names: tuple[str, ...]) -> None:
    desk.apply(CALL)
    desk.enroll(*names, sequence="call")
    desk.tick()
    desk.store.connection.execute(
        "INSERT INTO task (enrollment_id, step, assignee_id, type, title, priority, notes, status, "
        "created_at, done_at) VALUES (?, 2, 1, 'todo', 'Stray', 'low', '', 'done', ?, ?)",
        (bad := names.index("ben") + 1, *("2026-03-02T08:00:00Z",) * 2),
    )
    result = desk.until_idle()
    assert [(e.enrollment, e.code) for e in result.errors] == [(bad, "DEFECT")]
    assert (result.tasks, result.unenrolled) == (2, 1)
    assert [title for title, *_ in desk.tasks()] == ["Stray", "Ring Ada", "Ring Cleo"]
    assert (desk.look(bad)["ended_at"], desk.look(bad)["error"]) == ("Thu 5 09:00", "DEFECT")
    desk.store.connection.execute("DELETE FROM task WHERE title = 'Stray'")


def test_no_mail_to_a_blocked_address(desk: Desk) -> None:
    desk.apply()
    desk.enroll("ada")
    desk.store.contacts.suppress("@x.test", "blocked", MONDAY)
    result = desk.tick()
    assert (result.emails, [e.code for e in result.errors]) == (0, ["BLOCKED"])


def test_an_opt_out_ends_before_the_next_mail(desk: Desk) -> None:
    desk.apply()
    desk.enroll("ada")
    contacts.opt_out(desk.store, desk.me, MONDAY, "ada@x.test")
    assert desk.tick(days=30).emails == 0
    assert desk.look(1)["reason"] == "opt-out"


# --- a real clock -----------------------------------------------------------------------------------


@pytest.fixture
def real(tmp_path: Path) -> RealDesk:
    return RealDesk(tmp_path)


def test_a_real_clock_is_not_moved(real: RealDesk) -> None:
    with pytest.raises(Refused, match="can't be moved") as caught:
        ticking.tick(real.store, real.clock, by=DAY)
    assert (caught.value.code, caught.value.exit_code) == ("REAL_CLOCK", 4)
    assert "init --simulated" in caught.value.hint
    real.close()


def test_after_a_week_without_cron_each_does_the_step_that_is_overdue(real: RealDesk) -> None:
    real.apply()
    real.enroll("ada")
    real.tick_at(MONDAY)
    result = real.tick_at(MONDAY + 10 * DAY + 2 * HOUR)
    assert (result.emails, result.next_due) == (1, MONDAY + 13 * DAY + 2 * HOUR)
    assert real.mails()[1] == ("ada", "Thu 12 11:00", 2, "Re: Hello Ada")
    real.close()


def test_an_overdue_mail_waits_for_the_next_opening(real: RealDesk) -> None:
    real.apply(MAILS.replace("steps:", "days: weekdays\nwindow: 08:00-18:00\nsteps:"))
    real.enroll("ada")
    real.tick_at(MONDAY)
    result = real.tick_at(MONDAY + 5 * DAY)  # Saturday
    assert (result.emails, result.next_due) == (0, MONDAY + 7 * DAY - HOUR)
    assert real.kinds(1)[-1] == "rescheduled"
    assert real.tick_at(MONDAY + 5 * DAY + HOUR).emails == 0
    assert real.tick_at(MONDAY + 7 * DAY).emails == 1
    real.close()


def test_a_late_resume_counts_from_its_time(real: RealDesk) -> None:
    real.apply()
    real.enroll("ada")
    real.tick_at(MONDAY)
    real.pause("intro", until=MONDAY + 2 * DAY)
    result = real.tick_at(MONDAY + 4 * DAY)
    assert (result.resumed, result.emails, result.next_due) == (1, 0, MONDAY + 5 * DAY)
    events = real.store.views.events()
    told = {event.kind: event.at for event in events if event.kind in ("hold-lifted", "resumed")}
    assert told == dict.fromkeys(("hold-lifted", "resumed"), MONDAY + 4 * DAY)
    real.close()


def test_a_clock_that_went_back_by_more_than_a_day_is_refused(real: RealDesk) -> None:
    real.apply()
    real.enroll("ada")
    assert real.tick_at(MONDAY - DAY).emails == 1  # as of the last event
    with pytest.raises(Busy) as caught:
        real.tick_at(MONDAY - 2 * DAY)
    assert caught.value.code == "CLOCK_WENT_BACK"
    real.close()
