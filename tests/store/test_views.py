"""What people look at: the documents of enrollments, as set queries give them
(rules, "Tables and documents")."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from seqctl.domain.enrollments.lifecycle import label
from seqctl.domain.model import User
from seqctl.ports.views import SORTS, Selection
from seqctl.service.enrollments import marking, pausing, reenrolling
from seqctl.service.views import enrollment_documents, event_documents, message_documents
from seqctl.store import SqliteStore
from tests.rehearsal import DAY, MONDAY, move, rehearse

FRIDAY = MONDAY + 4 * DAY


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqliteStore]:
    store = rehearse(tmp_path / "workspace.db")
    yield store
    store.close()


def bo(store: SqliteStore) -> User:
    return store.people.users()[0]


def document(store: SqliteStore, id: int) -> dict[str, Any]:
    """One enrollment as it is now."""
    now = store.workspace.state().now
    assert now is not None
    (found,) = enrollment_documents(store, bo(store), now, ids=[id])
    return found


def test_one_that_the_clock_moves(store: SqliteStore) -> None:
    assert document(store, 5) == {
        "id": 5,
        "contact": "eva@example.com",
        "sequence": "intro",
        "version": 1,
        "enrolled_by": "bo",
        "inbox": "bo@example.org",
        "status": "active",
        "reason": None,
        "error": None,
        "waiting_on": "delay",
        "step": 3,
        "steps": 3,
        "due_at": MONDAY + 6 * DAY,
        "delay_ends_at": MONDAY + 6 * DAY,
        "remaining_s": None,
        "holds": [],
        "enrolled_at": MONDAY,
        "last_step_at": MONDAY + 3 * DAY,
        "ended_at": None,
        "reenrollable": False,
    }


def test_one_that_waits_for_a_task(store: SqliteStore) -> None:
    ada = document(store, 1)
    assert (ada["status"], ada["waiting_on"], ada["step"]) == ("waiting_task", "task", 2)
    assert (ada["due_at"], ada["delay_ends_at"], ada["remaining_s"]) == (None, None, None)


def test_a_held_one_shows_each_hold_that_holds_it_by_age(store: SqliteStore) -> None:
    pausing.pause_sequence(store, "intro", pausing.Pause(bo(store), FRIDAY, FRIDAY + DAY))
    pausing.pause_contacts(store, ["eva@example.com"], pausing.Pause(bo(store), FRIDAY), "intro")
    ben = document(store, 2)
    assert (ben["status"], ben["waiting_on"], ben["due_at"]) == ("paused", None, None)
    assert ben["remaining_s"] == 2 * 86400
    assert ben["holds"] == [
        {
            "scope": "contact",
            "sequence": None,
            "by": "bo",
            "since": MONDAY + DAY,
            "until": None,
        },
        {
            "scope": "sequence",
            "sequence": "intro",
            "by": "bo",
            "since": FRIDAY,
            "until": FRIDAY + DAY,
        },
    ]
    assert [hold["scope"] for hold in document(store, 5)["holds"]] == ["sequence", "contact"]
    assert [hold["scope"] for hold in document(store, 6)["holds"]] == ["sequence"]


def test_an_ended_one_has_no_step_and_no_holds(store: SqliteStore) -> None:
    marking.unenroll(store, bo(store), FRIDAY, ["ben@example.com"])
    ben = document(store, 2)
    assert (ben["status"], ben["reason"], ben["ended_at"]) == ("unenrolled", "manual", FRIDAY)
    assert (ben["step"], ben["due_at"], ben["delay_ends_at"]) == (None, None, None)
    assert (ben["remaining_s"], ben["holds"]) == (None, [])


def test_a_mail_that_waits_for_its_inbox_is_due(store: SqliteStore) -> None:
    store.people.disconnect_inbox(1)
    move(store, 3 * DAY)
    eva = document(store, 5)
    assert (eva["waiting_on"], eva["due_at"]) == ("inbox", MONDAY + 6 * DAY)


class TestReenrollable:
    """Whether an enrollment can be re-enrolled does not depend on who asks (rules, "Re-enrolling")."""

    @pytest.fixture
    def ended(self, store: SqliteStore) -> SqliteStore:
        """Eva (5), whose last step sends, was unenrolled by hand."""
        marking.unenroll(store, bo(store), FRIDAY, ["eva@example.com"])
        return store

    def test_one_that_ended_by_hand(self, ended: SqliteStore) -> None:
        assert document(ended, 5)["reenrollable"] is True

    def test_only_the_latest(self, store: SqliteStore) -> None:
        marking.unenroll(store, bo(store), FRIDAY, ["dan@example.com"])
        assert [document(store, id)["reenrollable"] for id in (4, 8)] == [False, True]

    def test_no_live_finished_or_answered_one(self, store: SqliteStore) -> None:
        assert [document(store, id)["reenrollable"] for id in (5, 7, 3)] == [False] * 3

    @pytest.mark.parametrize(
        "obstacle",
        [
            "INSERT INTO suppression VALUES ('eva@example.com', 'opted_out', '2026-03-06')",
            "INSERT INTO suppression VALUES ('eva@example.com', 'bounced', '2026-03-06')",
            "INSERT INTO suppression VALUES ('eva@example.com', 'blocked', '2026-03-06')",
            "INSERT INTO suppression VALUES ('@example.com', 'blocked', '2026-03-06')",
            "UPDATE contact SET deleted_at = '2026-03-06' WHERE id = 5",
            "UPDATE sequence SET deleted_at = '2026-03-06' WHERE id = 1",
            "UPDATE inbox SET connected = 0 WHERE id = 1",
            "UPDATE message SET status = 'unknown', step = 3 WHERE id = 5",
        ],
    )
    def test_what_stands_in_its_way(self, ended: SqliteStore, obstacle: str) -> None:
        ended.connection.execute(obstacle)
        assert document(ended, 5)["reenrollable"] is False

    def test_no_inbox_is_asked_where_nothing_is_sent(self, ended: SqliteStore) -> None:
        ended.connection.execute("UPDATE inbox SET connected = 0")
        ended.connection.execute(
            "UPDATE sequence_version SET content = json_remove(content, '$.steps[2]'), steps = 2 "
            "WHERE id = 1"
        )
        ended.connection.execute("UPDATE enrollment SET step = 2 WHERE id = 5")
        assert document(ended, 5)["reenrollable"] is True

    def test_it_agrees_with_the_verb(self, ended: SqliteStore) -> None:
        request = reenrolling.Request("intro", ("eva@example.com", "cleo@example.com"))
        outcome = reenrolling.reenroll(ended, bo(ended), FRIDAY, request)
        assert [refusal.code for refusal in outcome.refused] == ["NOT_REENROLLABLE"]
        assert len(outcome.done) == 1
        assert document(ended, 5)["reenrollable"] is False


def test_an_edit_is_named_after_its_version_and_enrollment(store: SqliteStore) -> None:
    version = store.sequences.version(1)
    with store.writing():
        edited = store.sequences.add_version(
            1, 1, version.settings, version.steps, FRIDAY, edit_of=5
        )
        store.connection.execute("UPDATE enrollment SET version_id = ? WHERE id = 5", (edited,))
    assert document(store, 5)["version"] == "1+5"


@pytest.mark.parametrize("sort", SORTS)
def test_every_order_lists_all_of_them(store: SqliteStore, sort: str) -> None:
    everything = store.views.enrollments(Selection(), sort=sort)
    assert sorted(view.enrollment.id for view in everything) == list(range(1, 9))
    first = store.views.enrollments(Selection(), sort=sort, limit=3)
    assert first == everything[:3]


def test_many_ids_at_once(store: SqliteStore) -> None:
    views = store.views.enrollments(Selection(ids=tuple(range(5, 50_000))))
    assert [view.enrollment.id for view in views] == [5, 6, 7, 8]
    assert store.views.enrollments(Selection(ids=())) == []


def test_all_of_a_group_have_the_label_of_its_sample(store: SqliteStore) -> None:
    groups = store.views.groups(sequence_id=1)
    assert sum(group.size for group in groups) == 7
    for group in groups:
        views = store.views.enrollments(Selection(sequence_id=1, groups=(group.key,)))
        assert len(views) == group.size
        assert {label(view.enrollment) for view in views} == {label(group.sample)}


def test_the_history_of_a_contact_is_its_own_and_that_of_all_its_enrollments(
    store: SqliteStore,
) -> None:
    everything = event_documents(store, bo(store))
    for contact_id, name in ((1, "ada"), (4, "dan"), (6, "finn")):
        own = event_documents(store, bo(store), contact_id=contact_id)
        assert own == [e for e in everything if e["contact"] == f"{name}@example.com"]


def test_the_mails_of_a_contact(store: SqliteStore) -> None:
    def mails(user: User) -> list[int]:
        return [mail["id"] for mail in message_documents(store, user, contact_id=1)]

    assert [mails(user) for user in store.people.users()] == [[1], [1, 6]]


def test_mails_are_counted_from_a_moment_on(store: SqliteStore) -> None:
    assert store.views.sent_since(MONDAY) == {1: 6, 2: 1}
    assert store.views.sent_since(MONDAY + DAY) == {1: 1}
    assert store.views.sent_since(FRIDAY + DAY) == {}
