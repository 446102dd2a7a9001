"""Enrolling by example (rules, "Enrolling")."""

from __future__ import annotations

from datetime import timedelta
from itertools import combinations

import pytest

from seqctl.domain.errors import NotFound
from seqctl.domain.model import Sharing
from seqctl.service.contacts import contacts
from seqctl.service.inboxes import inboxes
from seqctl.service.sequences import sequences
from tests.desk import MAILS, MONDAY, Desk, at, codes

DAY = timedelta(days=1)
TASKS = """\
name: tasks
share: everyone
steps:
  - task: {title: Think}
"""
OPENING = MAILS.replace("steps:", "days: weekdays\nwindow: 08:00-18:00\nsteps:")


def test_an_enrollment_pins_version_zone_and_inbox_and_is_due_at_once(desk: Desk) -> None:
    desk.apply()
    outcome = desk.enroll("ada")
    assert (outcome.done, outcome.refused, outcome.notes) == ([1], [], [])
    desk.apply(MAILS.replace("two", "zwei"))
    assert desk.look(1) == {
        "id": 1,
        "contact": "ada@x.test",
        "sequence": "intro",
        "version": 1,
        "enrolled_by": "ann",
        "inbox": "ann@acme.test",
        "status": "scheduled",
        "reason": None,
        "error": None,
        "waiting_on": "delay",
        "step": 1,
        "steps": 3,
        "due_at": "Mon 2 09:00",
        "delay_ends_at": "Mon 2 09:00",
        "remaining_s": None,
        "holds": [],
        "enrolled_at": "Mon 2 09:00",
        "last_step_at": None,
        "ended_at": None,
        "reenrollable": False,
    }
    assert desk.row(1).timezone == "Europe/Stockholm"


def test_each_contact_is_enrolled_by_itself(desk: Desk) -> None:
    desk.apply()
    desk.contact("nameless", first_name="")
    outcome = desk.enroll("ada", "nobody", "nameless", "ADA", "ben")
    assert outcome.done == [1, 2]
    assert codes(outcome) == [("nobody", "UNKNOWN_CONTACT"), ("nameless", "MISSING_FIELD")]
    assert outcome.exit_code == 6
    assert desk.enroll("nobody").exit_code == 4


def test_a_misspelt_address_is_answered_with_the_nearest(desk: Desk) -> None:
    desk.apply()
    (refusal,) = desk.enroll("adaa").refused
    assert refusal.message == "There is no contact adaa@x.test. Did you mean ada@x.test?"


def _opt_out(desk: Desk) -> None:
    desk.store.contacts.suppress("ada@x.test", "opted_out", MONDAY)


def _bounce(desk: Desk) -> None:
    desk.store.contacts.suppress("ada@x.test", "bounced", MONDAY)


def _block(desk: Desk) -> None:
    desk.store.contacts.suppress("@x.test", "blocked", MONDAY)


def _block_ada(desk: Desk) -> None:
    desk.store.contacts.suppress("ada@x.test", "blocked", MONDAY)


def _take_access(desk: Desk) -> None:
    desk.change("ada", owner_id=2, owner="bo", access="owner")


def _unshare(desk: Desk) -> None:
    desk.store.sequences.own(1, 2)
    desk.store.sequences.share(1, Sharing())


def _enroll(desk: Desk) -> None:
    assert desk.enroll("ada", also=True).refused == []


def _enroll_elsewhere(desk: Desk) -> None:
    desk.apply(TASKS)
    assert desk.enroll("ada", sequence="tasks", also=True).refused == []


def _disconnect(desk: Desk) -> None:
    inboxes.disconnect_inbox(desk.store, desk.me, "ann@acme.test", False, MONDAY)


def _forget_name(desk: Desk) -> None:
    desk.change("ada", first_name="")


def _delete(desk: Desk) -> None:
    desk.store.sequences.delete(1, MONDAY)


def _nothing(desk: Desk) -> None:
    """Step 0 is asked for."""


# In the order in which they are told.
RULES = {
    "SEQUENCE_DELETED": _delete,
    "OPTED_OUT": _opt_out,
    "BOUNCED": _bounce,
    "BLOCKED": _block,
    "NO_CONTACT_ACCESS": _take_access,
    "NOT_SHARED": _unshare,
    "ALREADY_ENROLLED": _enroll,
    "IN_ANOTHER_SEQUENCE": _enroll_elsewhere,
    "NO_INBOX": _disconnect,
    "MISSING_FIELD": _forget_name,
    "NO_SUCH_STEP": _nothing,
}
FIRST = ("ALREADY_ENROLLED", "IN_ANOTHER_SEQUENCE")


@pytest.mark.parametrize("broken", list(combinations(RULES, 2)), ids="+".join)
def test_of_two_rules_that_forbid_it_the_first_is_told(desk: Desk, broken: tuple[str, str]) -> None:
    desk.apply()
    for code in sorted(broken, key=lambda code: code not in FIRST):
        RULES[code](desk)
    step = 0 if "NO_SUCH_STEP" in broken else 1
    assert codes(desk.enroll("ada", from_step=step)) == [("ada", broken[0])]


def test_words_that_are_no_address_and_unknown_ones(desk: Desk) -> None:
    desk.apply()
    assert codes(desk.enroll("ada@", "nobody")) == [
        ("ada", "INVALID_ADDRESS"),
        ("nobody", "UNKNOWN_CONTACT"),
    ]
    _delete(desk)
    assert codes(desk.enroll("ada@", "nobody")) == [
        ("ada", "SEQUENCE_DELETED"),
        ("nobody", "SEQUENCE_DELETED"),
    ]


def test_a_sequence_that_is_not_shared_refuses_each_contact(desk: Desk) -> None:
    desk.apply(MAILS.replace("share: everyone\n", ""))
    assert codes(desk.acting("bo").enroll("ada", "ben")) == [
        ("ada", "NOT_SHARED"),
        ("ben", "NOT_SHARED"),
    ]


def test_an_unknown_sequence_is_not_found(desk: Desk) -> None:
    desk.apply()
    with pytest.raises(NotFound, match=r"There is no sequence 'intor'. Did you mean intro\?"):
        desk.enroll("ada", sequence="intor")


def test_another_sequence_is_allowed_with_also(desk: Desk) -> None:
    desk.apply()
    desk.apply(TASKS)
    desk.enroll("ada")
    assert codes(desk.enroll("ada", sequence="tasks")) == [("ada", "IN_ANOTHER_SEQUENCE")]
    assert desk.enroll("ada", sequence="tasks", also=True).done == [2]
    assert codes(desk.enroll("ada", also=True)) == [("ada", "ALREADY_ENROLLED")]


def test_a_chosen_inbox_must_be_connected(desk: Desk) -> None:
    desk.apply()
    inboxes.connect_inbox(desk.store, desk.me, "two@acme.test", None, MONDAY)
    inboxes.disconnect_inbox(desk.store, desk.me, "two@acme.test", False, MONDAY)
    assert codes(desk.enroll("ada", inbox="two@acme.test")) == [("ada", "INBOX_DISCONNECTED")]
    with pytest.raises(NotFound, match=r"You have no inbox bo@acme\.test"):
        desk.enroll("ada", inbox="bo@acme.test")
    inboxes.connect_inbox(desk.store, desk.me, "two@acme.test", None, MONDAY)
    desk.enroll("ada", inbox="two@acme.test")
    assert desk.look(1)["inbox"] == "two@acme.test"
    desk.enroll("ben")
    assert desk.look(2)["inbox"] == "ann@acme.test"


def test_no_inbox_is_needed_where_nothing_is_sent(desk: Desk) -> None:
    desk.apply(TASKS)
    _disconnect(desk)
    assert desk.enroll("ada", sequence="tasks").done == [1]
    assert desk.tick().tasks == 1


def test_fields_are_asked_of_the_remaining_steps_only(desk: Desk) -> None:
    desk.apply()
    desk.contact("nameless", first_name="  ")
    assert codes(desk.enroll("nameless")) == [("nameless", "MISSING_FIELD")]
    desk.apply(MAILS.replace("body: two", "subject: Two, body: two"))
    assert desk.enroll("nameless", from_step=2).refused == []


@pytest.mark.parametrize("step", [0, 4, 10**30])
def test_a_step_that_there_is_not(desk: Desk, step: int) -> None:
    desk.apply()
    assert codes(desk.enroll("ada", from_step=step)) == [("ada", "NO_SUCH_STEP")]


def test_a_later_start_has_no_delay_and_opens_the_thread(desk: Desk) -> None:
    desk.apply(
        MAILS.replace(
            "  - after: 3 days\n    email: {body: two}",
            '  - after: 3 days\n    at: "07:00"\n    email: {body: two}',
        )
    )
    desk.enroll("ada", from_step=2)
    desk.until_idle()
    assert desk.mails() == [
        ("ada", "Mon 2 09:00", 2, "Hello Ada"),
        ("ada", "Thu 5 09:00", 3, "Re: Hello Ada"),
    ]


def test_a_start_is_due_at_a_time_of_choice_but_never_in_the_past(desk: Desk) -> None:
    desk.apply(OPENING)
    saturday = MONDAY + 5 * DAY + timedelta(hours=3)
    desk.enroll("ada", at=saturday)
    desk.enroll("ben", at=MONDAY - DAY)
    desk.enroll("cleo", at=saturday, any_time=True)
    assert [desk.look(n)["due_at"] for n in (1, 2, 3)] == [
        "Mon 9 12:00",
        "Mon 2 09:00",
        "Sat 7 12:00",
    ]
    assert desk.look(1)["delay_ends_at"] == "Sat 7 12:00"
    desk.tick_to(saturday)
    assert desk.look(1)["waiting_on"] == "window"


@pytest.mark.parametrize("hours", [1, 24, 24 * 400])
def test_a_time_in_the_past_is_now(desk: Desk, hours: int) -> None:
    """In the middle of a working day, so that no window could make it so."""
    desk.apply(OPENING)
    desk.tick(days=2, hours=3)
    desk.enroll("ada", at=desk.now - timedelta(hours=hours))
    look = desk.look(1)
    assert (look["due_at"], look["delay_ends_at"]) == ("Wed 4 12:00", "Wed 4 12:00")
    assert desk.tick().emails == 1


def test_now_skips_day_and_window_for_the_first_mail_only(desk: Desk) -> None:
    desk.apply(OPENING)
    desk.tick(days=5, hours=12)  # Saturday 21:00
    desk.enroll("ada", any_time=True)
    desk.until_idle()
    assert [when for _, when, _, _ in desk.mails()] == [
        "Sat 7 21:00",
        "Wed 11 08:00",
        "Mon 16 08:00",
    ]


def test_those_who_were_ever_in_it_are_left_out_of_a_selection(desk: Desk) -> None:
    desk.apply()
    desk.enroll("ada")
    desk.unenroll("ada")
    selected = ("ada@x.test", "ben@x.test")
    first = desk.enroll(selected=selected)
    assert (first.done, first.unchanged, first.refused) == ([2], [1], [])
    second = desk.enroll(selected=selected)
    assert (second.done, second.unchanged, second.exit_code) == ([], [1, 2], 0)
    third = desk.enroll(selected=selected, again=True)
    assert (third.done, codes(third)) == ([3], [("ben", "ALREADY_ENROLLED")])


def test_under_a_standing_pause_it_starts_held(desk: Desk) -> None:
    desk.apply()
    desk.pause("intro")
    outcome = desk.enroll("ada")
    assert outcome.notes == ["ada@x.test starts paused: intro is paused by ann."]
    look = desk.look(1)
    assert (look["status"], look["due_at"], look["remaining_s"]) == ("paused", None, 0)
    assert [hold["scope"] for hold in look["holds"]] == ["sequence"]
    assert desk.acting("bo").enroll("ben").notes == []


def test_a_pause_of_the_contact_holds_later_enrollments_of_everybody(desk: Desk) -> None:
    desk.apply()
    desk.acting("bo").pause(None, "ada")
    outcome = desk.acting("ann").enroll("ada")
    assert outcome.notes == ["ada@x.test starts paused: the contact is paused by bo."]
    assert desk.look(1)["status"] == "paused"
    assert desk.tick(days=9).emails == 0


def test_a_zone_of_the_contact(desk: Desk) -> None:
    desk.apply(MAILS.replace("steps:", "timezone: contact\nwindow: 08:00-18:00\nsteps:"))
    desk.contact("hal", properties={"timezone": "America/New_York"})
    desk.enroll("hal", "ada")
    assert [desk.look(n)["due_at"] for n in (1, 2)] == ["Mon 2 14:00", "Mon 2 09:00"]


def test_a_deleted_contact_is_unknown(desk: Desk) -> None:
    desk.apply()
    contacts.delete(desk.store, desk.me, MONDAY, "ada@x.test")
    assert codes(desk.enroll("ada")) == [("ada", "UNKNOWN_CONTACT")]


def test_a_deleted_sequence(desk: Desk) -> None:
    desk.apply()
    sequences.delete(desk.store, desk.me, MONDAY, "intro")
    assert codes(desk.enroll("ada")) == [("ada", "SEQUENCE_DELETED")]


SELECTED = {
    "OPTED_OUT": (_opt_out, "1 opted out"),
    "BOUNCED": (_bounce, "1 bounced"),
    "BLOCKED": (_block_ada, "1 blocked"),
    "NO_CONTACT_ACCESS": (_take_access, "1 another user's"),
    "IN_ANOTHER_SEQUENCE": (_enroll_elsewhere, "1 in another sequence (--also takes them)"),
}


@pytest.mark.parametrize("code", SELECTED)
def test_of_those_selected_whoever_may_not_be_written_to_is_no_failure(
    desk: Desk, code: str
) -> None:
    forbid, words = SELECTED[code]
    desk.apply()
    forbid(desk)
    desk.apply()
    everyone = tuple(map(at, ("ada", "ben")))
    outcome = desk.enroll(selected=everyone)
    assert codes(outcome) == [("ada", code)]
    assert (outcome.exit_code, len(outcome.done)) == (0, 1)
    assert outcome.notes == [f"Left out of those selected: {words}."]
    again = desk.enroll(selected=everyone)  # a script that runs every day
    assert (again.exit_code, len(again.unchanged), codes(again)) == (0, 1, [("ada", code)])
    named = desk.enroll("ada", selected=everyone)
    assert (named.exit_code, codes(named)) == (6, [("ada", code)])
    assert desk.enroll("ada").exit_code == 4


@pytest.mark.parametrize("code", ["NOT_SHARED", "MISSING_FIELD", "NO_INBOX"])
def test_what_keeps_a_selected_contact_out_by_mistake_is_a_failure(desk: Desk, code: str) -> None:
    desk.apply()
    RULES[code](desk)
    assert desk.enroll(selected=(at("ada"),)).exit_code == 4


def test_an_unknown_address_of_a_file_is_a_failure(desk: Desk) -> None:
    desk.apply()
    outcome = desk.enroll(selected=(at("ada"), at("nobody")))
    assert (outcome.exit_code, codes(outcome)) == (6, [("nobody", "UNKNOWN_CONTACT")])
