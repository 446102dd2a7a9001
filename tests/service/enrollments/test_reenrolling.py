"""Re-enrolling by example (rules, "Re-enrolling")."""

from __future__ import annotations

from datetime import timedelta
from itertools import combinations

import pytest

from seqctl.domain.errors import NotFound
from seqctl.domain.model import Sharing
from seqctl.service.contacts import contacts
from seqctl.service.inboxes import inboxes
from seqctl.service.sequences import sequences
from tests.desk import CALL, MAILS, MONDAY, Desk, codes

DAY = timedelta(days=1)
TASKS = """\
name: tasks
share: everyone
steps:
  - task: {title: Think}
  - after: 1 day
    task: {title: Think again}
"""


@pytest.fixture
def ended(desk: Desk) -> Desk:
    """ada (1) went through the first mail of `intro`, was taken out after a day."""
    desk.apply()
    desk.enroll("ada")
    desk.tick(days=1)
    desk.unenroll("ada")
    return desk


# --- what it continues ----------------------------------------------------------------------------


def test_it_goes_on_in_a_new_row_where_the_old_one_stood(ended: Desk) -> None:
    before = ended.row(1)
    ended.apply(MAILS.replace("two", "zwei"))
    outcome = ended.reenroll("ada")
    assert outcome.done == [2]
    assert ended.row(1) == before
    fresh = ended.row(2)
    assert (fresh.continues, fresh.version_id, fresh.inbox_id) == (1, 1, before.inbox_id)
    look = ended.look(2)
    assert (look["version"], look["step"], look["due_at"]) == (1, 2, "Thu 5 09:00")
    assert (look["enrolled_at"], look["last_step_at"]) == ("Tue 3 09:00", None)
    assert outcome.notes == [
        "Changes of version 2 do not apply to ada@x.test; to use them: "
        "seqctl unenroll intro ada@x.test && seqctl enroll intro ada@x.test --from-step 2"
    ]


def test_the_thread_goes_on(ended: Desk) -> None:
    ended.reenroll("ada")
    ended.until_idle()
    assert ended.mails() == [
        ("ada", "Mon 2 09:00", 1, "Hello Ada"),
        ("ada", "Thu 5 09:00", 2, "Re: Hello Ada"),
        ("ada", "Sun 8 09:00", 3, "Re: Hello Ada"),
    ]
    answers = ended.store.connection.execute("SELECT answers FROM message ORDER BY id").fetchall()
    assert answers == [(None,), (1,), (2,)]


def test_what_would_have_been_due_is_due_now(ended: Desk) -> None:
    ended.tick(days=9)
    ended.reenroll("ada")
    assert ended.row(2).due_at == ended.now


def test_now_is_at_once(ended: Desk) -> None:
    ended.reenroll("ada", at_once=True)
    assert ended.row(2).due_at == ended.now


def test_a_later_step_may_be_chosen_but_no_mail_is_repeated(ended: Desk) -> None:
    outcome = ended.reenroll("ada", from_step=1)
    assert codes(outcome) == [("ada", "NOT_REENROLLABLE")]
    assert ended.reenroll("ada", from_step=3).done == [2]
    look = ended.look(2)
    assert (look["step"], look["due_at"]) == (3, "Tue 3 09:00")


def test_one_that_was_held_waits_out_its_remainder(desk: Desk) -> None:
    desk.apply()
    desk.enroll("ada")
    desk.tick(days=1)
    desk.pause("intro")
    desk.tick(days=30)
    desk.unenroll("ada")
    desk.resume("intro")
    desk.reenroll("ada")
    assert desk.row(2).due_at == desk.now + 2 * DAY


def test_under_a_standing_pause_it_starts_held(ended: Desk) -> None:
    ended.pause("intro")
    outcome = ended.reenroll("ada")
    assert outcome.notes == ["ada@x.test starts paused."]
    look = ended.look(2)
    assert (look["status"], look["remaining_s"]) == ("paused", 2 * 86400)


def test_its_orphaned_task_is_closed_as_skipped(desk: Desk) -> None:
    desk.apply(CALL)
    desk.enroll("ada", sequence="call")
    desk.tick(days=3)
    desk.unenroll("ada")
    desk.reenroll("ada", sequence="call")
    assert desk.tasks() == [("Ring Ada", "skipped", "Thu 5 09:00")]
    assert desk.kinds(1)[-2:] == ["unenrolled", "task-skipped"]
    desk.tick()
    assert desk.tasks()[1:] == [("Ring Ada", "open", "Thu 5 09:00")]


def test_all_of_mine_that_ended_by_an_error(desk: Desk) -> None:
    desk.apply()
    desk.enroll("ada", "ben")
    desk.acting("bo").enroll("cleo")
    for name in ("ada", "ben", "cleo"):
        desk.change(name, first_name="")
    assert desk.tick().errors != []
    for name in ("ada", "cleo"):
        desk.change(name, first_name="Again")
    outcome = desk.acting("ann").reenroll(reason="error")
    assert (outcome.done, codes(outcome)) == ([4], [("ben", "MISSING_FIELD")])
    assert desk.tick().emails == 1
    assert desk.reenroll(reason="error").done == []


# --- what is refused ------------------------------------------------------------------------------


def test_what_ended_as_it_should_is_enrolled_afresh(desk: Desk) -> None:
    desk.apply(MAILS.split("  - after")[0])
    desk.enroll("ada", "ben")
    desk.mark("ada", "replied")
    desk.tick()
    outcome = desk.reenroll("ada", "ben", "cleo")
    assert [(r.code, r.message) for r in outcome.refused] == [
        ("NOT_REENROLLABLE", "ada@x.test was ended by reply in intro: enroll it afresh."),
        ("NOT_REENROLLABLE", "ben@x.test finished in intro: enroll it afresh."),
        ("NOT_REENROLLABLE", "cleo@x.test was never in intro: enroll it."),
    ]
    assert desk.look(1)["reenrollable"] is False


def _hide(desk: Desk) -> None:
    desk.change("ada", owner_id=2, owner="bo", access="owner")


def _unshare(desk: Desk) -> None:
    desk.store.sequences.own(1, 2)
    desk.store.sequences.share(1, Sharing())


def _delete(desk: Desk) -> None:
    desk.store.sequences.delete(1, MONDAY)


def _forget_name(desk: Desk) -> None:
    desk.change("ada", first_name="")


def _block(desk: Desk) -> None:
    desk.store.contacts.suppress("ada@x.test", "blocked", MONDAY)


def _opt_out(desk: Desk) -> None:
    desk.store.contacts.suppress("ada@x.test", "opted_out", MONDAY)


def _bounce(desk: Desk) -> None:
    desk.store.contacts.suppress("ada@x.test", "bounced", MONDAY)


def _disconnect(desk: Desk) -> None:
    inboxes.connect_inbox(desk.store, desk.me, "other@acme.test", None, MONDAY)
    inboxes.disconnect_inbox(desk.store, desk.me, "ann@acme.test", False, MONDAY)


def _enroll_elsewhere(desk: Desk) -> None:
    desk.apply(TASKS)
    assert desk.enroll("ada", sequence="tasks", also=True).done


def _act_as_another(desk: Desk) -> None:
    desk.acting("cy")


def _reenroll(desk: Desk) -> None:
    assert desk.reenroll("ada").done


def _end_by_reply(desk: Desk) -> None:
    with desk.store.connection as connection:
        connection.execute("UPDATE enrollment SET reason = 'reply' WHERE id = 1")


def _unsettle(desk: Desk) -> None:
    with desk.store.connection as connection:
        connection.execute("UPDATE message SET status = 'unknown', step = 2")
        connection.execute("UPDATE event SET step = 2 WHERE message_id IS NOT NULL")


def _nothing(desk: Desk) -> None:
    """Step 0 is asked for."""


# In the order in which they are told (rules, "Order of refusals").
RULES = {
    "SEQUENCE_DELETED": _delete,
    "OPTED_OUT": _opt_out,
    "BOUNCED": _bounce,
    "BLOCKED": _block,
    "NO_CONTACT_ACCESS": _hide,
    "NOT_SHARED": _unshare,
    "ALREADY_ENROLLED": _reenroll,
    "IN_ANOTHER_SEQUENCE": _enroll_elsewhere,
    "INBOX_DISCONNECTED": _disconnect,
    "MISSING_FIELD": _forget_name,
    "NO_SUCH_STEP": _nothing,
    "NOT_REENROLLABLE": _end_by_reply,
    "NOT_YOURS": _act_as_another,
    "MAIL_UNSETTLED": _unsettle,
}
FIRST = ("ALREADY_ENROLLED", "IN_ANOTHER_SEQUENCE")
# A live one can't have ended, and its mails are settled by the tick.
NEVER = {("ALREADY_ENROLLED", "NOT_REENROLLABLE"), ("ALREADY_ENROLLED", "MAIL_UNSETTLED")}


@pytest.mark.parametrize(
    "broken", [p for p in combinations(RULES, 2) if p not in NEVER], ids="+".join
)
def test_of_two_rules_that_forbid_it_the_first_is_told(
    ended: Desk, broken: tuple[str, str]
) -> None:
    for code in sorted(broken, key=lambda code: (code not in FIRST, code == "NOT_YOURS")):
        RULES[code](ended)
    step = 0 if "NO_SUCH_STEP" in broken else None
    assert codes(ended.reenroll("ada", from_step=step)) == [("ada", broken[0])]


def test_words_that_are_no_address_and_unknown_ones(ended: Desk) -> None:
    assert codes(ended.reenroll("ada@", "nobody")) == [
        ("ada", "INVALID_ADDRESS"),
        ("nobody", "UNKNOWN_CONTACT"),
    ]
    _delete(ended)
    assert codes(ended.reenroll("ada@", "nobody")) == [
        ("ada", "SEQUENCE_DELETED"),
        ("nobody", "SEQUENCE_DELETED"),
    ]


def test_who_was_never_in_it_may_be_in_another_sequence(ended: Desk) -> None:
    ended.apply(TASKS)
    ended.enroll("ben", sequence="tasks")
    assert codes(ended.reenroll("ben")) == [("ben", "IN_ANOTHER_SEQUENCE")]
    assert codes(ended.reenroll("ben", also=True)) == [("ben", "NOT_REENROLLABLE")]


def test_one_that_is_live_again_is_enrolled_already(ended: Desk) -> None:
    ended.reenroll("ada")
    assert codes(ended.reenroll("ada")) == [("ada", "ALREADY_ENROLLED")]


def test_the_inbox_is_not_asked_for_where_nothing_is_sent(desk: Desk) -> None:
    desk.apply(TASKS)
    desk.enroll("ada", sequence="tasks")
    desk.unenroll("ada")
    inboxes.disconnect_inbox(desk.store, desk.me, "ann@acme.test", False, MONDAY)
    assert desk.look(1)["reenrollable"] is True
    assert desk.reenroll("ada", sequence="tasks").done == [2]


def test_unknown_contacts_and_sequences(ended: Desk) -> None:
    (refusal,) = ended.reenroll("adaa").refused
    assert refusal.code == "UNKNOWN_CONTACT"
    assert refusal.message == "There is no contact adaa@x.test. Did you mean ada@x.test?"
    with pytest.raises(NotFound):
        ended.reenroll("ada", sequence="nix")


def test_after_a_deletion_the_contact_must_be_back(ended: Desk) -> None:
    ended.reenroll("ada")
    contacts.delete(ended.store, ended.me, ended.now, "ada@x.test")
    assert ended.look(2)["reenrollable"] is False
    assert codes(ended.reenroll("ada")) == [("ada", "UNKNOWN_CONTACT")]
    back = contacts.parse_assignments(["first_name=Ada"])
    contacts.add(ended.store, ended.me, ended.now, "ada@x.test", back)
    assert ended.look(2)["reenrollable"] is True
    assert ended.reenroll("ada").done == [3]


def test_after_an_opt_out_it_must_have_opted_in_again(ended: Desk) -> None:
    ended.reenroll("ada")
    contacts.opt_out(ended.store, ended.me, ended.now, "ada@x.test")
    assert codes(ended.reenroll("ada")) == [("ada", "OPTED_OUT")]
    contacts.opt_in(ended.store, ended.me, ended.now, "ada@x.test")
    assert ended.reenroll("ada").done == [3]


def test_what_ended_with_its_sequence_is_not_continued(desk: Desk) -> None:
    desk.apply()
    desk.enroll("ada")
    sequences.delete(desk.store, desk.me, desk.now, "intro")
    assert codes(desk.reenroll("ada")) == [("ada", "SEQUENCE_DELETED")]
    desk.apply()
    assert codes(desk.reenroll("ada")) == [("ada", "NOT_REENROLLABLE")]


def test_one_whose_last_task_was_done_while_held_has_nothing_left(desk: Desk) -> None:
    desk.apply(TASKS)
    desk.enroll("ada", sequence="tasks", from_step=2)
    desk.tick()
    desk.pause("tasks")
    desk.done("ada")
    desk.unenroll("ada")
    assert codes(desk.reenroll("ada", sequence="tasks")) == [("ada", "NOT_REENROLLABLE")]
    assert desk.look(1)["reenrollable"] is False


@pytest.mark.parametrize("step", [0, 4])
def test_a_step_that_its_version_does_not_have(ended: Desk, step: int) -> None:
    (refusal,) = ended.reenroll("ada", from_step=step).refused
    assert (refusal.code, refusal.message) == ("NO_SUCH_STEP", "Its version has steps 1 to 3.")


# --- whether it could be, whoever looks -----------------------------------------------------------


@pytest.mark.parametrize("code", [c for c in RULES if c not in ("NO_SUCH_STEP", "NOT_YOURS")])
def test_reenrollable_asks_all_but_who_asks(ended: Desk, code: str) -> None:
    assert ended.look(1)["reenrollable"] is True
    RULES[code](ended)
    assert ended.look(1)["reenrollable"] is False


def test_reenrollable_does_not_depend_on_who_asks(ended: Desk) -> None:
    ended.change("ada", owner_id=1, owner="ann", access="owner")
    assert ended.acting("cy").look(1)["reenrollable"] is True
