"""Every hold that is placed, moved or lifted is told, whatever else holds (rules, "Holds" and
"The history")."""

from __future__ import annotations

from datetime import timedelta

from seqctl.domain.texts.sentences import in_zone
from seqctl.service.enrollments.holding import hold_contact
from seqctl.service.enrollments.pausing import lift_by_hand
from seqctl.service.inboxes.people import remove_user
from seqctl.service.views import event_documents
from tests.desk import ZONE, Desk, at

Told = list[tuple[str, str, str, int | None, str]]


def told(desk: Desk, *, contact: str | None = None, sequence: str | None = None) -> Told:
    """Who, what, status, enrollment and why of what `log` shows of holds."""
    contact_id = desk.store.contacts.find([at(contact)])[at(contact)].id if contact else None
    found = desk.store.sequences.named(sequence) if sequence else None
    events = event_documents(
        desk.store, desk.me, contact_id=contact_id, sequence_id=found and found.id
    )
    return [
        (e["actor"], e["kind"], e["status"], e["enrollment"], in_zone(e["detail"], ZONE.key))
        for e in events
        if e["kind"] in ("hold", "paused", "hold-lifted", "resumed")
    ]


def test_lifting_one_of_two_is_told_of_the_contact_and_of_the_sequence(desk: Desk) -> None:
    desk.apply()
    desk.enroll("ada", "ben")
    desk.pause("intro")
    desk.tick(days=1)
    desk.acting("bo").pause(None, "ada")
    desk.tick(days=1)
    desk.acting("ann").resume("intro")
    over = "the pause of the sequence by ann since 2026-03-02 09:00 is over"
    assert told(desk, contact="ada") == [
        ("ann", "paused", "paused", 1, "sequence by ann"),
        ("bo", "hold", None, None, "contact by bo"),
        ("bo", "hold", "paused", 1, "contact by bo"),
        ("ann", "hold-lifted", "paused", 1, over),
    ]
    assert told(desk, sequence="intro")[-3:] == [
        ("ann", "hold-lifted", None, None, over),
        ("ann", "hold-lifted", "paused", 1, over),
        ("ann", "resumed", "scheduled", 2, over),
    ]
    desk.acting("bo").resume(None, "ada")
    over_of_contact = "the pause of the contact by bo since 2026-03-03 09:00 is over"
    assert told(desk, contact="ada")[-2:] == [
        ("bo", "hold-lifted", None, None, over_of_contact),
        ("bo", "resumed", "scheduled", 1, over_of_contact),
    ]


def test_what_was_lifted_is_told_apart_though_all_began_at_once(desk: Desk) -> None:
    desk.apply()
    desk.enroll("ada")
    desk.pause("intro")
    desk.pause()
    desk.pause(None, "ada")
    desk.resume("intro")
    over = "the pause of {} by ann since 2026-03-02 09:00 is over"
    lifted = [row[-1] for row in told(desk, contact="ada") if row[1] == "hold-lifted"]
    assert lifted == [over.format("the sequence"), over.format("everything")]


def test_two_holds_lifted_at_once_are_two_events(desk: Desk) -> None:
    desk.apply()
    desk.enroll("ada")
    desk.pause("intro")
    desk.tick(hours=1)
    desk.pause()
    desk.resume("intro")
    assert [kind for kind in desk.kinds(1) if kind != "sent"] == [
        "enrolled",
        "paused",
        "hold",
        "hold-lifted",
        "resumed",
    ]


def test_a_hold_that_ends_by_itself_while_another_stays(desk: Desk) -> None:
    desk.apply()
    desk.enroll("ada")
    desk.pause("intro", until=desk.now + timedelta(days=2))
    desk.pause(None, "ada", until=desk.now + timedelta(days=1))
    desk.tick(days=3)
    over = "the pause of the {} by ann since 2026-03-02 09:00 is over"
    assert told(desk, contact="ada")[-3:] == [
        ("tick", "hold-lifted", None, None, over.format("contact")),
        ("tick", "hold-lifted", "paused", 1, over.format("contact")),
        ("tick", "resumed", "scheduled", 1, over.format("sequence")),
    ]


def test_another_end_is_told_with_the_one_before(desk: Desk) -> None:
    desk.apply()
    desk.pause("intro")  # nobody is in it
    desk.enroll("ada")
    desk.pause("intro", until=desk.now + timedelta(days=2))
    desk.pause("intro", until=desk.now + timedelta(days=1))
    desk.pause("intro", until=desk.now + timedelta(days=1))  # unchanged
    desk.pause("intro")
    moved = [
        "sequence by ann until 2026-03-04 09:00, instead of without an end",
        "sequence by ann until 2026-03-03 09:00, instead of until 2026-03-04 09:00",
        "sequence by ann without an end, instead of until 2026-03-03 09:00",
    ]
    assert [why for *_, why in told(desk, contact="ada")] == moved
    assert told(desk, sequence="intro") == [
        ("ann", "hold", None, None, "sequence by ann"),
        *(row for why in moved for row in _twice("ann", "hold", why)),
    ]


def _twice(who: str, kind: str, why: str) -> Told:
    return [(who, kind, None, None, why), (who, kind, "paused", 1, why)]


def test_what_a_mail_holds_and_a_person_lifts_while_another_hold_stays(desk: Desk) -> None:
    desk.apply()
    desk.enroll("ada")
    desk.pause("intro")
    ada = desk.store.contacts.find([at("ada")])[at("ada")]
    ann, now = desk.me, desk.now
    until = now + timedelta(days=4)
    with desk.store.writing():
        hold_contact(desk.store, ada, "auto-reply", ann.id, now, until, "auto-reply: away", None)
        later = until + timedelta(days=1)
        id = hold_contact(desk.store, ada, "auto-reply", ann.id, now, later, "still away", None)
    lift_by_hand(
        desk.store, [h for h in desk.store.holds.on_contact(ada.id) if h.id == id], ann, now
    )
    assert told(desk, contact="ada")[1:] == [
        *_twice("tick", "hold", "auto-reply: away"),
        *_twice("tick", "hold", "still away, instead of until 2026-03-06 09:00"),
        *_twice("ann", "hold-lifted", "the hold for an absence since 2026-03-02 09:00 is over"),
    ]


def test_what_others_hold_is_not_told_of_one_s_own_enrollments(desk: Desk) -> None:
    desk.apply()
    desk.enroll("ada")
    desk.pause("intro")
    desk.acting("bo").pause("intro")
    desk.resume("intro")
    desk.pause("intro")
    remove_user(desk.store, "bo", desk.users["ann"], desk.now)
    assert desk.kinds(1) == ["enrolled", "paused"]
    assert told(desk, sequence="intro")[-1][-1] == (
        "the pause of the sequence by bo since 2026-03-02 09:00 is over, bo was removed"
    )


def test_a_pause_of_an_empty_sequence_is_told_to_its_end(desk: Desk) -> None:
    desk.apply()
    desk.pause("intro", until=desk.now + timedelta(days=1))
    desk.tick(days=1)
    over = "the pause of the sequence by ann since 2026-03-02 09:00 is over"
    assert told(desk, sequence="intro") == [
        ("ann", "hold", None, None, "sequence by ann until 2026-03-03 09:00"),
        ("tick", "hold-lifted", None, None, over),
    ]
