"""Limits of inboxes by example: who goes when, and what people see of the line."""

from __future__ import annotations

import json
from collections import Counter
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest

from seqctl.domain.model import TaskPlan
from seqctl.domain.sending.accounts import NO_LIMITS, Limits
from seqctl.service import status
from seqctl.service.contacts import contacts
from seqctl.service.enrollments import editing
from seqctl.service.inboxes import inboxes
from seqctl.service.sending.placing_anew import place_anew
from seqctl.service.tick import ticking
from tests.desk import MAILS, MONDAY, Desk, RealDesk
from tests.workspaces import CLOCK, assert_same, ledger

DAY = timedelta(days=1)
HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)
SECOND = timedelta(seconds=1)
ONE = "name: intro\nshare: everyone\n{}steps:\n  - email: {{subject: Hello, body: one}}\n"
OFFICE = "days: weekdays\nwindow: 08:00-18:00\n"
FORTY = tuple(f"p{number:02}" for number in range(40))
FIVE = FORTY[:5]


def limited(desk: Desk, **limits: object) -> None:
    """Ann's inbox gets these limits."""
    wiring = inboxes.Wiring(limits=Limits(**limits))  # pyright: ignore[reportArgumentType]
    inboxes.connect_inbox(desk.store, desk.me, f"{desk.me.name}@acme.test", wiring, desk.now)


def filled(desk: Desk, text: str = ONE.format(""), names: tuple[str, ...] = FORTY) -> Desk:
    desk.apply(text)
    for name in names:
        desk.contact(name)
    return desk


def moments(desk: Desk) -> list[datetime]:
    rows = desk.store.connection.execute("SELECT at FROM message ORDER BY id")
    return [datetime.fromisoformat(at) for (at,) in rows]


def names(desk: Desk) -> list[str]:
    return [who for who, *_ in desk.mails()]


# --- a simulated workspace ------------------------------------------------------------------------


def test_forty_enrolled_at_once_go_five_a_day_in_their_order(desk: Desk) -> None:
    limited(filled(desk), per_day=5)
    desk.enroll(*FORTY)
    first = desk.tick()
    assert (first.emails, first.left_due, first.next_due) == (5, 35, MONDAY + DAY)
    result = desk.until_idle()
    assert (result.emails, result.left_due, result.next_due) == (35, 0, None)
    assert result.ended == MONDAY + 7 * DAY
    assert names(desk) == list(FORTY)
    assert moments(desk) == [MONDAY + number // 5 * DAY for number in range(40)]


def test_those_in_line_show_what_they_wait_for_and_keep_their_place(desk: Desk) -> None:
    limited(filled(desk, names=FIVE), per_day=2)
    desk.enroll(*FIVE)
    result = desk.tick(hours=1)
    assert (result.left_due, result.next_due) == (3, MONDAY + DAY)
    assert [desk.look(id)["waiting_on"] for id in range(1, 6)] == [None, None, *["limit"] * 3]
    shown = desk.look(3)
    assert (shown["due_at"], shown["status"]) == ("Tue 3 09:00", "scheduled")
    assert desk.row(3).due_at == MONDAY
    assert desk.kinds(3) == ["enrolled", "waiting"]
    assert desk.kinds(1) == ["enrolled", "sent", "finished"]
    assert not desk.tick().happened
    assert desk.tick(days=1).emails == 2
    assert desk.kinds(3) == ["enrolled", "waiting", "sent", "finished"]


def test_the_history_says_which_limit(desk: Desk) -> None:
    limited(filled(desk, names=FIVE), per_day=4, per_minute=2)
    desk.enroll(*FIVE)
    desk.tick()
    (detail,) = desk.store.connection.execute(
        "SELECT DISTINCT detail FROM event WHERE kind = 'waiting'"
    ).fetchone()
    assert detail == "ann@acme.test sends at most 4 in 24 hours, 2 a minute"


def test_minutes_and_gaps_are_kept_and_the_gaps_differ(desk: Desk) -> None:
    limited(filled(desk), per_minute=1, gap=(30 * SECOND, 90 * SECOND))
    desk.enroll(*FORTY)
    desk.until_idle()
    apart = [later - earlier for earlier, later in pairwise(moments(desk))]
    assert all(MINUTE <= each <= 90 * SECOND for each in apart)
    assert len(set(apart)) > 10
    assert names(desk) == list(FORTY)


def test_no_turn_comes_after_closing_time(desk: Desk) -> None:
    limited(filled(desk, ONE.format(OFFICE)), per_day=5)
    desk.tick_to(MONDAY + 3 * DAY + 9 * HOUR - MINUTE)  # Thursday 17:59
    desk.enroll(*FORTY)
    desk.until_idle()
    opening = MONDAY + 7 * DAY - HOUR
    per_moment = Counter(moments(desk))
    assert list(per_moment.values()) == [5] * 8
    assert list(per_moment)[:4] == [
        MONDAY + 3 * DAY + 9 * HOUR - MINUTE,
        MONDAY + 4 * DAY + 9 * HOUR - MINUTE,
        opening,
        opening + DAY,
    ]


def test_two_zones_share_one_inbox(desk: Desk) -> None:
    """Of ten overseas and ten at home, those at home go while it is night overseas."""
    filled(desk, ONE.format("timezone: contact\n" + OFFICE), names=())
    for number in range(20):
        zone = "America/New_York" if number < 10 else "Europe/Stockholm"
        desk.contact(f"p{number:02}", properties={"timezone": zone})
    limited(desk, per_day=6)
    desk.enroll(*FORTY[:20])
    desk.until_idle()
    by_hour = Counter(at.strftime("%a %H:%M") for at in moments(desk))
    assert by_hour == {
        "Mon 08:00": 6,
        "Tue 08:00": 4,
        "Tue 13:00": 2,
        "Wed 13:00": 6,
        "Thu 13:00": 2,
    }
    at_home = [who for who in names(desk) if who >= "p10"]
    overseas = [who for who in names(desk) if who < "p10"]
    assert at_home == sorted(at_home)
    assert overseas == sorted(overseas)


def test_a_mail_that_goes_when_it_is_due_does_not_say_that_it_waited(desk: Desk) -> None:
    limited(filled(desk, names=FIVE), per_day=2)
    desk.enroll(*FIVE[:3])
    desk.tick()
    desk.enroll("p03", at=MONDAY + DAY)
    desk.enroll("p04", at=MONDAY + DAY)
    desk.tick(days=1)
    assert desk.kinds(3) == ["enrolled", "waiting", "sent", "finished"]
    assert desk.kinds(4) == ["enrolled", "sent", "finished"]
    assert desk.kinds(5) == ["enrolled", "waiting"]


def test_an_inbox_without_limit_is_not_held_up_by_another(desk: Desk) -> None:
    limited(filled(desk, names=FIVE), per_day=1)
    desk.enroll(*FIVE[:3])
    desk.acting("bo").enroll(*FIVE[3:])
    assert desk.tick().emails == 3
    assert names(desk) == ["p03", "p04", "p00"]  # at one instant first mails under a limit yield


def test_the_next_step_counts_from_when_the_mail_went(desk: Desk) -> None:
    limited(filled(desk, MAILS, names=FIVE[:2]), per_day=1)
    desk.enroll(*FIVE[:2])
    desk.tick(days=2)
    assert desk.look(1)["due_at"] == "Thu 5 09:00"
    assert desk.look(2)["due_at"] == "Fri 6 09:00"


def test_tasks_do_not_wait_for_the_limit(desk: Desk) -> None:
    tasks = "name: intro\nshare: everyone\nsteps:\n  - task: {title: Ring}\n"
    limited(filled(desk, tasks, names=FIVE), per_day=1)
    desk.enroll(*FIVE)
    assert desk.tick().tasks == 5


def test_mails_sent_before_the_limit_was_set_count(desk: Desk) -> None:
    filled(desk, names=FIVE).enroll(*FIVE[:3])
    desk.tick(hours=1)
    limited(desk, per_day=4)
    desk.enroll(*FIVE[3:])
    desk.until_idle()
    assert moments(desk)[3:] == [MONDAY + HOUR, MONDAY + DAY]


# --- what people do while some stand in line --------------------------------------------------------


@pytest.fixture
def queue(desk: Desk) -> Desk:
    """One of five has gone; four stand in line, one a day."""
    limited(filled(desk, names=FIVE), per_day=1)
    desk.enroll(*FIVE)
    desk.tick(hours=1)
    return desk


def test_who_is_paused_in_line_loses_the_place_and_waits_no_longer_than_others(
    queue: Desk,
) -> None:
    queue.pause(None, "p01")
    assert queue.look(2)["waiting_on"] is None
    assert queue.look(2)["remaining_s"] == 0
    queue.tick(hours=1)
    queue.resume(None, "p01")
    assert queue.row(2).due_at == MONDAY + 2 * HOUR
    assert queue.look(2)["due_at"] == "Fri 6 09:00"
    queue.until_idle()
    assert names(queue) == ["p00", "p02", "p03", "p04", "p01"]


def test_paused_and_resumed_at_once_the_place_in_line_is_kept(queue: Desk) -> None:
    before = queue.look(2)
    queue.pause(None, "p01")
    queue.resume(None, "p01")
    queue.tick()
    assert queue.look(2) == before
    queue.until_idle()
    assert names(queue) == list(FIVE)


def test_paused_and_resumed_at_once_at_a_closed_hour_nothing_goes_before_the_opening(
    desk: Desk,
) -> None:
    limited(filled(desk, ONE.format(OFFICE), names=FIVE), per_day=1)
    desk.tick_to(MONDAY + 4 * DAY)
    desk.enroll(*FIVE)
    desk.tick(days=1)  # Saturday
    desk.pause("intro")
    desk.resume("intro")
    limited(desk)
    assert desk.tick().emails == 0
    desk.until_idle()
    assert names(desk) == list(FIVE)
    assert moments(desk)[1:] == [MONDAY + 7 * DAY - HOUR] * 4


def test_a_paused_sequence_sends_nothing_and_goes_on_in_its_order(queue: Desk) -> None:
    queue.pause("intro")
    assert queue.tick(days=3).emails == 0
    queue.resume("intro")
    queue.until_idle()
    assert names(queue) == list(FIVE)
    assert moments(queue)[1:] == [MONDAY + HOUR + (3 + day) * DAY for day in range(4)]


def test_a_scheduled_resume_stands_in_line_from_its_own_time(queue: Desk) -> None:
    queue.pause(None, "p01", until=MONDAY + 2 * DAY + HOUR)
    queue.until_idle()
    assert list(zip(names(queue), moments(queue), strict=True))[1:] == [
        ("p02", MONDAY + DAY),
        ("p03", MONDAY + 2 * DAY),
        ("p04", MONDAY + 3 * DAY),
        ("p01", MONDAY + 4 * DAY),
    ]


def test_who_leaves_the_line_makes_room(queue: Desk) -> None:
    queue.unenroll("p01")
    queue.mark("p02", "replied")
    contacts.opt_out(queue.store, queue.me, queue.now, "p03@x.test")
    assert queue.until_idle().ended == MONDAY + DAY
    assert names(queue) == ["p00", "p04"]


def test_who_may_not_be_written_to_any_more_takes_nobodys_turn(queue: Desk) -> None:
    queue.store.connection.execute(
        "INSERT INTO suppression VALUES ('p01@x.test', 'blocked', '2026-03-02T09:00:00Z')"
    )
    result = queue.tick(days=1)
    assert [failure.code for failure in result.errors] == ["BLOCKED"]
    assert names(queue) == ["p00", "p02"]


def test_one_in_line_that_the_tables_refuse_ends_alone(queue: Desk) -> None:
    queue.store.connection.execute(
        "CREATE TRIGGER no_second BEFORE INSERT ON message WHEN NEW.enrollment_id = 2 "
        "BEGIN SELECT RAISE(ABORT, 'not this one'); END"
    )
    result = queue.until_idle()
    assert [(e.enrollment, e.code) for e in result.errors] == [(2, "DEFECT")]
    assert list(zip(names(queue), moments(queue), strict=True))[1:] == [
        ("p02", MONDAY + DAY), ("p03", MONDAY + 2 * DAY), ("p04", MONDAY + 3 * DAY),
    ]  # fmt: skip


def test_one_in_line_whose_version_can_not_be_read_ends_alone(queue: Desk) -> None:
    opened = editing.open_edit(queue.store, queue.me, "intro", "p01@x.test")
    (step,) = opened.version.steps
    other = step._replace(email=step.email and step.email._replace(subject="Good day"))
    editing.save_edit(queue.store, queue.me, queue.now, opened, (other,))
    run = queue.store.connection.execute
    ((content,),) = run("SELECT content FROM sequence_version WHERE edit_of IS NOT NULL").fetchall()
    replace = "UPDATE sequence_version SET content = ? WHERE edit_of IS NOT NULL"
    run(replace, ("{}",))
    result = queue.tick(days=4)
    assert [(e.enrollment, e.code) for e in result.errors] == [(2, "DAMAGED")]
    assert names(queue) == ["p00", "p02", "p03", "p04"]
    run(replace, (content,))


def test_one_in_line_that_no_day_allows_any_more_ends_alone(queue: Desk) -> None:
    """Its version was given holidays without end behind the program's back."""
    days = [f"{MONDAY + day * DAY:%Y-%m-%d}" for day in range(800)]
    queue.store.connection.execute(
        "UPDATE sequence_version SET content = json_set(content, '$.settings.holidays', json(?))",
        (json.dumps(days),),
    )
    result = queue.tick(days=1)
    assert {failure.code for failure in result.errors} == {"NO_SEND_TIME"}
    assert len(result.errors) == 4


def test_a_text_that_fails_takes_nobodys_turn(desk: Desk) -> None:
    limited(filled(desk, MAILS, names=FIVE), per_day=1)
    desk.enroll(*FIVE)
    desk.tick()
    desk.change("p01", first_name="")
    result = desk.tick(days=1)
    assert [failure.code for failure in result.errors] == ["MISSING_FIELD"]
    assert names(desk) == ["p00", "p02"]


def test_disconnected_they_wait_for_the_inbox_at_once(queue: Desk) -> None:
    inboxes.disconnect_inbox(queue.store, queue.me, "ann@acme.test", False, queue.now)
    result = queue.tick(days=2)
    assert (result.emails, result.left_due, result.next_due) == (0, 4, None)
    assert [queue.look(id)["waiting_on"] for id in range(2, 6)] == ["inbox"] * 4
    rows = queue.store.connection.execute("SELECT at FROM event WHERE detail LIKE '%not connected'")
    assert {at for (at,) in rows} == {"2026-03-02T09:00:00Z"}
    inboxes.connect_inbox(queue.store, queue.me, "ann@acme.test", None, queue.now)
    queue.until_idle()
    assert names(queue) == list(FIVE)
    assert moments(queue)[1:] == [MONDAY + HOUR + (2 + day) * DAY for day in range(4)]


def test_disconnected_at_a_closed_hour_they_wait_for_the_inbox_at_once(desk: Desk) -> None:
    limited(filled(desk, ONE.format(OFFICE), names=FIVE), per_day=1)
    desk.tick_to(MONDAY + 4 * DAY)
    desk.enroll(*FIVE)
    desk.tick(days=1)  # Saturday
    inboxes.disconnect_inbox(desk.store, desk.me, "ann@acme.test", False, desk.now)
    desk.tick()
    assert [desk.look(id)["waiting_on"] for id in range(2, 6)] == ["inbox"] * 4


def test_connected_again_before_a_tick_nothing_has_changed(queue: Desk) -> None:
    inboxes.disconnect_inbox(queue.store, queue.me, "ann@acme.test", False, queue.now)
    inboxes.connect_inbox(queue.store, queue.me, "ann@acme.test", None, queue.now)
    queue.until_idle()
    assert moments(queue) == [MONDAY + day * DAY for day in range(5)]


def test_an_inbox_in_trouble_keeps_its_line_waiting(queue: Desk) -> None:
    queue.store.people.trouble_inbox(1, "the password is refused")
    assert queue.tick(days=1).emails == 0
    assert queue.kinds(2) == ["enrolled", "waiting", "waiting"]
    queue.store.people.trouble_inbox(1, None)
    plans = place_anew(
        queue.store, queue.store.people.inboxes()[0], None, queue.now, "can send again"
    )
    assert len(plans) == 4
    assert queue.tick().emails == 1


def test_a_raised_limit_lets_more_go_at_once(queue: Desk) -> None:
    limited(queue, per_day=3)
    assert queue.tick().emails == 2
    queue.until_idle()
    assert moments(queue)[3:] == [MONDAY + DAY, MONDAY + DAY + HOUR]


def test_a_removed_limit_lets_all_go_at_once(queue: Desk) -> None:
    wiring = inboxes.Wiring(limits=NO_LIMITS)
    inboxes.connect_inbox(queue.store, queue.me, "ann@acme.test", wiring, queue.now)
    assert queue.tick().emails == 4
    assert names(queue) == list(FIVE)


def test_a_removed_limit_lets_nobody_go_at_a_closed_hour(desk: Desk) -> None:
    limited(filled(desk, ONE.format(OFFICE), names=FIVE), per_day=1)
    desk.tick_to(MONDAY + 4 * DAY + HOUR)
    desk.enroll(*FIVE)
    desk.tick_to(MONDAY + 5 * DAY + HOUR)  # Saturday
    wiring = inboxes.Wiring(limits=NO_LIMITS)
    inboxes.connect_inbox(desk.store, desk.me, "ann@acme.test", wiring, desk.now)
    assert desk.tick(days=1).emails == 0
    desk.until_idle()
    assert moments(desk)[1:] == [MONDAY + 7 * DAY - HOUR] * 4


def test_an_edit_of_one_in_line(queue: Desk) -> None:
    opened = editing.open_edit(queue.store, queue.me, "intro", "p01@x.test")
    (step,) = opened.version.steps
    other = step._replace(email=step.email and step.email._replace(subject="Good day"))
    editing.save_edit(queue.store, queue.me, queue.now, opened, (other,))
    assert queue.look(2)["waiting_on"] == "limit"
    queue.until_idle()
    assert queue.mails()[1] == ("p01", "Tue 3 09:00", 1, "Good day")


def test_one_in_line_whose_step_becomes_a_task_leaves_the_line(queue: Desk) -> None:
    opened = editing.open_edit(queue.store, queue.me, "intro", "p01@x.test")
    task = opened.version.steps[0]._replace(email=None, task=TaskPlan("call", "Ring"))
    editing.save_edit(queue.store, queue.me, queue.now, opened, (task,))
    assert queue.tick().tasks == 1
    queue.until_idle()
    assert names(queue) == ["p00", "p02", "p03", "p04"]


def test_one_that_ended_in_line_is_re_enrolled_at_the_end_of_it(queue: Desk) -> None:
    queue.unenroll("p01")
    queue.reenroll("p01")
    queue.until_idle()
    assert names(queue) == ["p00", "p02", "p03", "p04", "p01"]


def test_a_dry_run_shows_the_turns_and_changes_nothing(queue: Desk) -> None:
    before = ledger(queue.store)
    result = ticking.tick(queue.store, CLOCK, by=2 * DAY, dry_run=True)
    assert result.emails == 2
    assert_same(before, ledger(queue.store))


# --- what people see --------------------------------------------------------------------------------


def test_the_turns_that_status_tells_are_those_that_come(desk: Desk) -> None:
    limited(filled(desk, ONE.format(OFFICE)), per_day=7, gap=(30 * SECOND, 90 * SECOND))
    desk.enroll(*FORTY)
    desk.tick(hours=1)
    page = status.summary_page(desk.store, desk.me, desk.now, "intro", status.Wanted())
    turns = {row["id"]: row["due_at"] for row in page.document["enrollments"][7:]}
    (row,) = status.overview(desk.store, desk.me, desk.now).document["sequences"]
    result = desk.until_idle()
    assert row["next_due"] == min(turns.values())
    assert result.emails == 33
    rows = desk.store.connection.execute("SELECT enrollment_id, at FROM message WHERE id > 7")
    assert turns == {id: datetime.fromisoformat(at) for id, at in rows}


def test_no_turn_is_told_of_an_inbox_that_can_not_send(queue: Desk) -> None:
    inboxes.disconnect_inbox(queue.store, queue.me, "ann@acme.test", False, queue.now)
    page = status.summary_page(queue.store, queue.me, queue.now, "intro", status.Wanted())
    assert [row["due_at"] for row in page.document["enrollments"][1:]] == [MONDAY] * 4


# --- killed and repeated, cut in pieces -------------------------------------------------------------


class Killed(Exception):
    """The tick is gone."""


def test_a_killed_tick_goes_on_where_it_stopped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ticking, "BATCH", 3)
    whole = started(tmp_path / "whole")
    whole.tick(days=9)
    for batches in range(1, 14, 3):
        desk = started(tmp_path / str(batches))
        left = batches

        def kill(_: ticking.TickResult) -> None:
            nonlocal left
            left -= 1
            if left == 0:
                raise Killed

        with pytest.raises(Killed):
            ticking.tick(desk.store, CLOCK, by=9 * DAY, progress=kill)
        assert desk.tick().finished_earlier_target
        assert_same(ledger(whole.store), ledger(desk.store))
        desk.close()
    whole.close()


def started(folder: Path) -> Desk:
    folder.mkdir()
    desk = filled(Desk(folder), MAILS, FORTY[:12])
    limited(desk, per_day=4, gap=(30 * SECOND, 90 * SECOND))
    desk.enroll(*FORTY[:12])
    return desk


# --- a real workspace -------------------------------------------------------------------------------


@pytest.fixture
def real(tmp_path: Path) -> RealDesk:
    return RealDesk(tmp_path)


def ticked(real: RealDesk, start: datetime, end: datetime) -> dict[str, int]:
    """How many mails each tick sent, one tick every five minutes; those of none are left out."""
    sent: dict[str, int] = {}
    while start <= end:
        emails = real.tick_at(start).emails
        if emails:
            sent[f"{start:%a %H:%M}"] = emails
        start += 5 * MINUTE
    return sent


def test_a_real_tick_sends_as_many_as_the_limits_allow_now(real: RealDesk) -> None:
    limited(filled(real, names=FORTY[:9]), per_day=5, per_minute=2)
    real.enroll(*FORTY[:9])
    first = real.tick_at(MONDAY)
    assert (first.emails, first.left_due, first.next_due) == (2, 7, MONDAY + MINUTE)
    assert ticked(real, MONDAY, MONDAY + DAY + 10 * MINUTE) == {
        "Mon 08:05": 2, "Mon 08:10": 1, "Tue 08:00": 2, "Tue 08:05": 2,
    }  # fmt: skip
    assert names(real) == list(FORTY[:9])
    real.close()


def test_a_real_tick_never_waits_for_a_gap(real: RealDesk) -> None:
    limited(filled(real, names=FIVE), gap=(30 * SECOND, 90 * SECOND))
    real.enroll(*FIVE)
    assert list(ticked(real, MONDAY, MONDAY + HOUR).values()) == [1] * 5
    real.close()


def test_a_real_line_minds_windows_and_its_order(real: RealDesk) -> None:
    limited(filled(real, ONE.format(OFFICE), names=FIVE), per_day=2)
    real.clock.time = MONDAY + 3 * DAY + 8 * HOUR  # Thursday 17:00
    real.enroll(*FIVE)
    assert ticked(real, real.now, MONDAY + 8 * DAY) == {
        "Thu 16:00": 2, "Fri 16:00": 2, "Mon 07:00": 1,
    }  # fmt: skip
    assert real.kinds(5) == ["enrolled", "waiting", "sent", "finished"]
    real.close()


def test_after_a_week_without_cron_a_line_does_not_burst(real: RealDesk) -> None:
    limited(filled(real, names=FORTY[:9]), per_day=2)
    real.enroll(*FORTY[:9])
    assert real.tick_at(MONDAY).emails == 2
    assert real.tick_at(MONDAY + 7 * DAY).emails == 2
    assert real.tick_at(MONDAY + 7 * DAY + 23 * HOUR).emails == 0
    assert real.tick_at(MONDAY + 8 * DAY + HOUR).emails == 2
    assert moments(real)[2:4] == [MONDAY + 7 * DAY] * 2
    real.close()


def test_a_repeated_real_tick_sends_nothing_more(real: RealDesk) -> None:
    limited(filled(real, names=FIVE), per_minute=2)
    real.enroll(*FIVE)
    assert real.tick_at(MONDAY).emails == 2
    assert not real.tick_at(MONDAY).happened
    assert not real.tick_at(MONDAY + 59 * SECOND).happened
    assert real.tick_at(MONDAY + MINUTE).emails == 2
    real.close()
