"""Pausing and resuming by example (rules, "Holds" and "What a pause leaves")."""

from __future__ import annotations

from datetime import timedelta

import pytest

from seqctl.service.contacts import contacts
from tests.desk import CALL, MAILS, MONDAY, Desk, codes

DAY = timedelta(days=1)
SECRET = MAILS.replace("name: intro\nshare: everyone", "name: secret")


@pytest.fixture
def running(desk: Desk) -> Desk:
    """ann's ada (1) and ben (2), bo's cleo (3) in `intro`, two days into a delay of three."""
    desk.apply()
    desk.enroll("ada", "ben")
    desk.acting("bo").enroll("cleo")
    desk.acting("ann").tick(days=2)
    return desk


def paused(desk: Desk) -> list[int]:
    """The enrollments that stand still."""
    return [n for n in range(1, 10) if desk.store.enrollments.get([n]) and desk.look(n)["holds"]]


# --- what each command holds --------------------------------------------------------------------


def test_a_sequence_holds_ones_own_enrollments_only(running: Desk) -> None:
    outcome = running.pause("intro")
    assert (outcome.done, paused(running)) == ([1, 2], [1, 2])
    assert outcome.notes == ["Not paused, since others enrolled them: 1 of bo."]
    look = running.look(1)
    assert (look["status"], look["due_at"], look["remaining_s"]) == ("paused", None, 86400)
    assert (look["delay_ends_at"], look["waiting_on"]) == (None, None)
    assert running.tick(days=9).emails == 2  # cleo's
    assert running.kinds(1) == ["enrolled", "sent", "paused"]


def test_all_holds_the_sequences_in_which_one_is_live(running: Desk) -> None:
    running.apply(CALL)
    running.enroll("ada", sequence="call", also=True)
    assert running.pause().done == [1, 2, 4]
    assert paused(running) == [1, 2, 4]
    running.contact("dan")
    running.enroll("dan")
    assert running.look(5)["holds"][0]["scope"] == "all"  # standing, in this sequence


def test_all_without_any_live_enrollment_says_so(desk: Desk) -> None:
    assert desk.pause().notes == ["You have no live enrollments; nothing was paused."]


def test_a_contact_is_held_whoever_enrolled_it(running: Desk) -> None:
    running.acting("cy").apply(SECRET)
    running.enroll("ada", sequence="secret", also=True)
    outcome = running.acting("bo").pause(None, "ada")
    assert (outcome.done, paused(running)) == ([1, 4], [1, 4])


def test_a_contact_in_one_sequence(running: Desk) -> None:
    running.acting("cy").apply(SECRET)
    running.enroll("ada", sequence="secret", also=True)
    assert running.acting("bo").pause("secret", "ada").done == [4]
    assert paused(running) == [4]


def test_pausing_a_contact_needs_access_to_it(running: Desk) -> None:
    running.change("ada", owner_id=2, owner="bo", access="owner")
    outcome = running.pause(None, "ada", "nobody")
    assert codes(outcome) == [("ada", "NO_CONTACT_ACCESS"), ("nobody", "UNKNOWN_CONTACT")]
    assert outcome.exit_code == 4


def test_the_same_again_is_unchanged_and_another_until_replaces_the_old(running: Desk) -> None:
    until = running.now + 7 * DAY
    running.pause("intro", until=until)
    again = running.pause("intro", until=until)
    assert (again.done, again.unchanged, again.exit_code) == ([], [1, 2], 0)
    moved = running.pause("intro", until=until + DAY)
    assert (moved.done, moved.unchanged) == ([1, 2], [])
    (hold,) = running.look(1)["holds"]
    assert hold == {
        "scope": "sequence",
        "sequence": "intro",
        "by": "ann",
        "since": MONDAY + 2 * DAY,
        "until": until + DAY,
    }
    assert running.kinds(1).count("paused") == 1


def test_a_dated_pause_can_be_made_open(running: Desk) -> None:
    running.pause("intro", until=running.now + DAY)
    assert running.pause("intro").done == [1, 2]
    assert running.look(1)["holds"][0]["until"] is None
    assert running.tick(days=30).resumed == 0
    assert paused(running) == [1, 2]


def test_a_pause_without_anybody_stands_for_later_ones(desk: Desk) -> None:
    outcome = desk.pause(None, "ada")
    assert outcome.notes == ["ada@x.test has no live enrollment; a later one starts paused."]


# --- what each command lifts --------------------------------------------------------------------


def test_holds_stack(running: Desk) -> None:
    running.pause("intro")
    running.pause()
    running.pause(None, "ada")
    outcome = running.resume("intro")  # sequence and all
    assert (outcome.done, outcome.unchanged) == ([2], [1])
    assert outcome.notes == [
        "Still held: the contact was paused by ann since 2026-03-04T08:00:00Z."
    ]
    assert running.resume(None, "ada").done == [1]
    assert paused(running) == []


def test_resume_all_leaves_what_was_paused_by_itself(running: Desk) -> None:
    running.apply(CALL)
    running.enroll("ada", sequence="call", also=True)
    running.pause("intro")
    running.pause()
    outcome = running.resume()
    assert (outcome.done, outcome.unchanged) == ([4], [1, 2])
    assert outcome.notes[0] == "Still paused by themselves: intro (--each lifts them)."
    assert running.resume(each=True).done == [1, 2]


def test_resume_of_what_is_not_paused_changes_nothing(running: Desk) -> None:
    outcome = running.resume("intro")
    assert (outcome.done, outcome.notes) == ([], ["intro is not paused by you."])
    assert running.resume(None, "ada").notes == ["ada@x.test is not paused by itself."]
    assert running.resume().notes == ["Nothing was paused with --all."]


def test_another_users_pause_of_a_sequence_is_never_lifted(running: Desk) -> None:
    running.pause("intro")
    assert running.acting("bo").resume("intro").done == []
    assert paused(running) == [1, 2]


def test_a_contact_hold_is_lifted_by_its_placer_and_by_the_enroller(running: Desk) -> None:
    running.acting("cy").pause(None, "ada", "cleo")
    outcome = running.acting("bo").resume(None, "ada", "cleo")
    assert (outcome.done, codes(outcome), outcome.exit_code) == ([3], [("ada", "NOT_YOURS")], 6)
    assert running.acting("ann").resume(None, "ada").done == [1]


def test_a_contact_hold_in_one_sequence_is_not_lifted_by_who_enrolled_it_elsewhere(
    running: Desk,
) -> None:
    running.acting("cy").apply(SECRET)
    running.enroll("ada", sequence="secret", also=True)
    running.pause("secret", "ada")
    outcome = running.acting("ann").resume(None, "ada")
    assert (outcome.done, codes(outcome), outcome.exit_code) == ([], [("ada", "NOT_YOURS")], 4)
    assert paused(running) == [4]
    assert running.acting("cy").resume(None, "ada").done == [4]


def test_a_contact_paused_as_a_whole_is_resumed_as_a_whole(running: Desk) -> None:
    running.pause(None, "ada")
    outcome = running.resume("intro", "ada")
    assert (outcome.done, outcome.unchanged) == ([], [1])
    assert outcome.notes[0] == (
        "ada@x.test is paused as a whole, and resumed as a whole: seqctl resume ada@x.test"
    )


def test_resume_in_one_sequence_lifts_what_was_placed_there(running: Desk) -> None:
    running.apply(CALL)
    running.enroll("ada", sequence="call", also=True)
    running.pause("intro", "ada")
    running.pause("call", "ada")
    assert running.resume("intro", "ada").done == [1]
    assert paused(running) == [4]
    assert running.resume(None, "ada").done == [4]


# --- the remainder --------------------------------------------------------------------------------


@pytest.mark.parametrize("days", [0, 1, 30])
def test_what_is_left_is_waited_out(running: Desk, days: int) -> None:
    running.pause("intro")
    running.tick(days=days)
    running.resume("intro")
    assert running.row(1).due_at == running.now + DAY


def test_nothing_is_sent_in_a_burst_unless_nothing_was_left(running: Desk) -> None:
    running.pause("intro")
    running.tick(days=30)
    running.resume("intro")
    assert running.tick().emails == 0
    running.unenroll("ben")
    running.tick(days=1)
    running.pause("intro")
    running.resume("intro", restart=True)
    assert running.row(1).due_at == running.now + 3 * DAY


def test_what_is_due_at_a_moment_runs_before_a_pause_typed_then(running: Desk) -> None:
    running.tick(days=1)
    running.pause("intro")
    assert running.look(1)["remaining_s"] == 3 * 86400
    assert [step for who, _, step, _ in running.mails() if who == "ada"] == [1, 2]


def test_a_pause_typed_before_the_tick_holds_what_is_due(desk: Desk) -> None:
    desk.apply()
    desk.enroll("ada")
    desk.pause("intro")
    assert desk.tick(days=9).emails == 0
    desk.resume("intro")
    assert desk.tick().emails == 1


def test_a_scheduled_resume_counts_from_its_time(running: Desk) -> None:
    running.pause("intro", until=running.now + 5 * DAY)
    result = running.tick(days=30)
    assert result.resumed == 2
    assert running.mails()[3:] == [
        ("cleo", "Thu 5 09:00", 2, "Re: Hello Cleo"),
        ("cleo", "Sun 8 09:00", 3, "Re: Hello Cleo"),
        ("ada", "Tue 10 09:00", 2, "Re: Hello Ada"),
        ("ben", "Tue 10 09:00", 2, "Re: Hello Ben"),
        ("ada", "Fri 13 09:00", 3, "Re: Hello Ada"),
        ("ben", "Fri 13 09:00", 3, "Re: Hello Ben"),
    ]


def test_at_one_instant_the_resume_comes_first(desk: Desk) -> None:
    desk.apply()
    desk.enroll("ada")
    desk.pause("intro", until=MONDAY + DAY)
    desk.acting("bo").enroll("cleo", at=MONDAY + DAY)
    desk.tick(days=1)
    kinds = [
        kind
        for (kind,) in desk.store.connection.execute(
            "SELECT kind FROM event WHERE enrollment_id IS NOT NULL ORDER BY id"
        )
    ]
    assert kinds == ["enrolled", "paused", "enrolled", "resumed", "sent", "sent"]
    assert [who for who, *_ in desk.mails()] == ["ada", "cleo"]


# --- tasks and endings while held -----------------------------------------------------------------


def test_no_task_is_created_while_held_and_open_ones_may_be_done(desk: Desk) -> None:
    desk.apply(CALL)
    desk.enroll("ada", "ben", sequence="call")
    desk.tick(days=2)
    desk.pause(None, "ben")
    desk.tick(days=1)
    assert [title for title, *_ in desk.tasks()] == ["Ring Ada"]
    desk.pause("call")
    assert desk.look(1)["remaining_s"] is None
    desk.done("ada")
    look = desk.look(1)
    assert (look["status"], look["step"], look["remaining_s"]) == ("paused", 3, 2 * 86400)
    desk.tick(days=10)
    assert len(desk.mails()) == 2
    desk.resume("call")
    assert desk.row(1).due_at == desk.now + 2 * DAY


def test_it_finishes_at_resume_when_its_last_task_was_done_while_held(desk: Desk) -> None:
    desk.apply(CALL.split("  - after: 2 days")[0])
    desk.enroll("ada", sequence="call")
    desk.tick(days=3)
    desk.pause("call")
    desk.done("ada")
    assert desk.look(1)["status"] == "paused"
    desk.tick(days=1)
    assert desk.resume("call").done == [1]
    look = desk.look(1)
    assert (look["status"], look["ended_at"], look["step"]) == ("finished", "Fri 6 09:00", None)
    assert desk.kinds(1)[-2:] == ["resumed", "finished"]


def test_an_answer_ends_a_held_enrollment(running: Desk) -> None:
    running.pause("intro")
    running.mark("ada", "replied")
    contacts.opt_out(running.store, running.me, running.now, "ben@x.test")
    assert [running.look(n)["reason"] for n in (1, 2)] == ["reply", "opt-out"]
    assert running.resume("intro").done == []


def test_a_held_enrollment_still_counts_as_being_in_the_sequence(running: Desk) -> None:
    running.pause("intro")
    assert codes(running.enroll("ada")) == [("ada", "ALREADY_ENROLLED")]
