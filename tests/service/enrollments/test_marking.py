"""Endings by example (rules, "Ending")."""

from __future__ import annotations

import pytest

from seqctl.service.contacts import contacts
from seqctl.service.inboxes import inboxes, people
from seqctl.service.sequences import sequences
from tests.desk import CALL, MAILS, MONDAY, Desk, codes

COMPANY = MAILS.replace(
    "steps:", "unenroll_on: {company_reply: true, company_meeting: false}\nsteps:"
)
SECRET = MAILS.replace("name: intro\nshare: everyone", "name: secret")


def ended(desk: Desk, *ids: int) -> list[tuple[str, str | None]]:
    """Status and reason of enrollments."""
    return [(desk.look(id)["status"], desk.look(id)["reason"]) for id in ids]


# --- by hand ------------------------------------------------------------------------------------


def test_unenroll_in_one_sequence_or_in_all(desk: Desk) -> None:
    desk.apply()
    desk.apply(CALL)
    desk.enroll("ada", "ben")
    desk.enroll("ada", "ben", sequence="call", also=True)
    assert desk.unenroll("ada", sequence="call").done == [3]
    assert desk.unenroll("ben").done == [2, 4]
    assert desk.unenroll("ada", "ben").done == [1]
    assert ended(desk, 1, 2, 3, 4) == [("unenrolled", "manual")] * 4
    assert desk.tick(days=30).emails == 0


def test_unenroll_refuses_who_is_not_in_it(desk: Desk) -> None:
    desk.apply()
    desk.enroll("ada")
    outcome = desk.unenroll("ada", "ben", "nobody", sequence="intro")
    assert codes(outcome) == [("ben", "NOT_ENROLLED"), ("nobody", "UNKNOWN_CONTACT")]
    assert (outcome.done, outcome.exit_code) == ([1], 6)
    assert codes(desk.unenroll("ada")) == [("ada", "NOT_ENROLLED")]


def test_the_enroller_and_whoever_may_write_to_the_contact_may_unenroll(desk: Desk) -> None:
    desk.apply(SECRET)
    desk.enroll("ada", "ben", "cleo", sequence="secret")
    assert desk.acting("bo").unenroll("ada", sequence="secret").done == [1]
    for name in ("ben", "cleo"):
        desk.change(name, owner_id=2, owner="bo", access="owner")
    assert codes(desk.acting("cy").unenroll("ben")) == [("ben", "NO_CONTACT_ACCESS")]
    assert desk.acting("ann").unenroll("ben").done == [2]  # enrolled it
    assert desk.acting("bo").unenroll("cleo").done == [3]  # owns it


def test_open_tasks_stay_as_orphans(desk: Desk) -> None:
    desk.apply(CALL)
    desk.enroll("ada", sequence="call")
    desk.tick(days=3)
    desk.unenroll("ada")
    (task,) = desk.store.tasks.open_of(desk.me.id)
    assert (task.status, task.orphaned) == ("open", True)


# --- by what happened outside -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("what", "reason"), [("replied", "reply"), ("meeting", "meeting"), ("bounced", "bounce")]
)
def test_a_mark_ends_all_of_the_contact_whoever_enrolled(
    desk: Desk, what: str, reason: str
) -> None:
    desk.apply()
    desk.apply(CALL)
    desk.enroll("ada", "ben")
    desk.acting("bo").enroll("ada", sequence="call", also=True)
    outcome = desk.acting("cy").mark("ada", what)
    assert outcome.done == [1, 3]
    assert ended(desk, 1, 2, 3) == [
        ("unenrolled", reason),
        ("scheduled", None),
        ("unenrolled", reason),
    ]


def test_a_bounce_forbids_every_later_mail(desk: Desk) -> None:
    desk.apply()
    outcome = desk.mark("ada", "bounced")
    assert outcome.notes == ["ada@x.test was in no sequence; noted all the same."]
    assert codes(desk.enroll("ada")) == [("ada", "BOUNCED")]


def test_a_reply_ends_colleagues_where_the_sequence_asks_for_it(desk: Desk) -> None:
    desk.apply(COMPANY)
    desk.apply(CALL)
    for name, company in (("dan", "Acme"), ("eva", " ACME "), ("finn", "Other")):
        desk.contact(name, company=company)
    desk.enroll("dan", "eva", "finn")
    desk.acting("bo").enroll("eva", sequence="call", also=True)
    assert desk.mark("dan", "replied").done == [1, 2]
    assert ended(desk, 1, 2, 3, 4) == [
        ("unenrolled", "reply"),
        ("unenrolled", "company-reply"),
        ("scheduled", None),
        ("scheduled", None),
    ]


def test_a_meeting_ends_colleagues_only_if_that_is_asked_for(desk: Desk) -> None:
    desk.apply(COMPANY)
    for name in ("dan", "eva"):
        desk.contact(name, company="Acme")
    desk.enroll("dan", "eva")
    assert desk.mark("dan", "meeting").done == [1]


def test_contacts_without_a_company_are_no_colleagues(desk: Desk) -> None:
    desk.apply(COMPANY)
    for name in ("dan", "eva"):
        desk.contact(name, company="")
    desk.enroll("dan", "eva")
    assert desk.mark("dan", "replied").done == [1]


def test_mark_needs_access(desk: Desk) -> None:
    desk.change("ada", owner_id=2, owner="bo", access="owner")
    assert codes(desk.mark("ada", "replied")) == [("ada", "NO_CONTACT_ACCESS")]


def test_what_is_deleted_ends_what_needs_it(desk: Desk) -> None:
    desk.apply()
    desk.apply(CALL)
    desk.enroll("ada", "ben")
    desk.acting("bo").enroll("cleo", sequence="call")
    desk.acting("ann")
    contacts.delete(desk.store, desk.me, MONDAY, "ada@x.test")
    sequences.delete(desk.store, desk.me, MONDAY, "intro")
    people.remove_user(desk.store, "bo", desk.me, MONDAY)
    assert [reason for _, reason in ended(desk, 1, 2, 3)] == [
        "contact-deleted",
        "sequence-deleted",
        "user-removed",
    ]


# --- inboxes ----------------------------------------------------------------------------------------


def test_mails_wait_for_their_inbox_and_go_on_placed_anew(desk: Desk) -> None:
    desk.apply(MAILS.replace("steps:", "window: 08:00-18:00\nsteps:"))
    desk.enroll("ada")
    desk.tick()
    inboxes.disconnect_inbox(desk.store, desk.me, "ann@acme.test", False, desk.now)
    result = desk.tick(days=9, hours=12)
    look = desk.look(1)
    assert (look["status"], look["waiting_on"], look["step"]) == ("active", "inbox", 2)
    assert (result.emails, result.left_due, result.next_due) == (0, 1, None)
    inboxes.connect_inbox(desk.store, desk.me, "ann@acme.test", None, desk.now)
    assert desk.look(1)["due_at"] == "Thu 12 08:00"
    desk.tick(days=1)
    assert [when for _, when, _, _ in desk.mails()] == ["Mon 2 09:00", "Thu 12 08:00"]


def test_disconnecting_may_end_what_sends_from_there(desk: Desk) -> None:
    desk.apply()
    desk.enroll("ada")
    inboxes.disconnect_inbox(desk.store, desk.me, "ann@acme.test", True, desk.now)
    look = desk.look(1)
    assert (look["reason"], look["error"]) == ("error", "INBOX_DISCONNECTED")


def test_paused_while_it_waits_for_the_inbox(desk: Desk) -> None:
    desk.apply()
    desk.enroll("ada")
    inboxes.disconnect_inbox(desk.store, desk.me, "ann@acme.test", False, desk.now)
    desk.tick(days=1)
    desk.pause("intro")
    assert desk.look(1)["remaining_s"] == 0
    inboxes.connect_inbox(desk.store, desk.me, "ann@acme.test", None, desk.now)
    assert desk.tick(days=1).emails == 0
    desk.resume("intro")
    assert desk.tick().emails == 1
