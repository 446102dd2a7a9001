"""Doctor names the row that breaks a promise: each is broken by hand here."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from seqctl.ports.views import Finding
from seqctl.service.doctor import examine
from seqctl.store import SqliteStore, open_store
from tests.rehearsal import rehearse


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqliteStore]:
    store = rehearse(tmp_path / "workspace.db")
    yield store
    store.close()


def test_a_sound_workspace_has_no_findings(store: SqliteStore) -> None:
    assert examine(store) == []


class Damage(NamedTuple):
    """What is done by hand, and one of the findings that it must lead to."""

    script: str
    finding: Finding


MAIL = (
    "INSERT INTO message (enrollment_id, step, inbox_id, recipient, subject, body, status, at) "
    "VALUES ({}, 1, 1, 'dan@example.com', '', '', 'sent', '2026-03-06T08:00:00Z');"
)
EVENT = (
    "INSERT INTO event (at, kind, detail, contact_id, sequence_id, enrollment_id, step, status, "
    "previous) SELECT '2026-03-06T08:00:00Z', 'x', '', contact_id, sequence_id, id, step, "
    "'unenrolled', last_event_id FROM enrollment WHERE id = {};"
)

# Enrollments: 1 ada (task 1), 2 ben (paused), 3 cleo (replied), 4 dan (ended), 8 dan (continues 4),
# 5 eva and 6 finn (by the clock), 7 ada in `secret` (finished).
DAMAGES = {
    "two mails for one step": Damage(
        MAIL.format(4),
        Finding("1", "message", 8, "a second mail of step 1 to one enrollment, counting those that it continues"),
    ),
    "a mail that the enrollment it continues has sent": Damage(
        MAIL.format(8),
        Finding("1", "message", 8, "a second mail of step 1 to one enrollment, counting those that it continues"),
    ),
    "a task for an ended enrollment": Damage(
        EVENT.format(3) + "UPDATE event SET task_id = 1 WHERE id = 45;",
        Finding("2", "event", 45, "enrollment 3 was unenrolled, and yet a mail or a task was made"),
    ),
    "a hold on one that runs": Damage(
        "INSERT INTO hold (scope, contact_id, user_id, since) "
        "VALUES ('contact', 5, 1, '2026-03-03T08:00:00Z');",
        Finding("2", "enrollment", 5, "runs, although a hold holds it"),
    ),
    "a hold on one user's enrollments in a sequence": Damage(
        "INSERT INTO hold (scope, sequence_id, user_id, since) "
        "VALUES ('sequence', 1, 1, '2026-03-03T08:00:00Z');",
        Finding("2", "enrollment", 6, "runs, although a hold holds it"),
    ),
    "a mail to an address that opted out": Damage(
        "INSERT INTO suppression VALUES ('finn@example.com', 'opted_out', '2026-03-05T08:00:00Z');",
        Finding("3", "message", 7, "a mail to finn@example.com, which was opted_out since 2026-03-05T08:00:00Z"),
    ),
    "a mail to a blocked domain": Damage(
        "INSERT INTO suppression VALUES ('@example.com', 'blocked', '2026-03-05T08:00:00Z');",
        Finding("3", "message", 7, "a mail to finn@example.com, which was blocked since 2026-03-05T08:00:00Z"),
    ),
    "no row in the agenda": Damage(
        "DELETE FROM agenda WHERE enrollment_id = 5;",
        Finding("4", "enrollment", 5, "nothing moves it: it is due 2026-03-08T08:00:00Z, but not in the agenda"),
    ),
    "another time in the agenda": Damage(
        "UPDATE agenda SET due_at = '2027-01-01T00:00:00Z' WHERE enrollment_id = 5;",
        Finding("4", "agenda", 5, "enrollment 5 stands in the agenda at 2027-01-01T00:00:00Z, but the clock does not move it then"),
    ),
    "an ended one in the agenda": Damage(
        "INSERT INTO agenda (due_at, enrollment_id) VALUES ('2027-01-01T00:00:00Z', 3);",
        Finding("4", "agenda", 3, "enrollment 3 stands in the agenda at 2027-01-01T00:00:00Z, but the clock does not move it then"),
    ),
    "a place in the agenda among those that yield": Damage(
        "UPDATE agenda SET yields = 1 WHERE enrollment_id = 5;",
        Finding("4", "agenda", 5, "enrollment 5 stands among the wrong ones of its moment in the agenda"),
    ),
    "a mail that does not count": Damage(
        "UPDATE enrollment SET had_mail = 0 WHERE id = 7;",
        Finding("6", "enrollment", 7, "its mail 6 went out, and yet it counts as one that had none"),
    ),
    "a mail that there never was": Damage(
        "UPDATE enrollment SET had_mail = 1, last_message_id = NULL WHERE id = 5;",
        Finding("6", "enrollment", 5, "it counts as one that had a mail, and there is none"),
    ),
    "a task that is closed": Damage(
        "UPDATE task SET status = 'done', done_at = '2026-03-06T08:00:00Z' WHERE id = 1;",
        Finding("4", "enrollment", 1, "nothing moves it: it waits for a task that is not open"),
    ),
    "an inbox that is connected": Damage(
        "UPDATE enrollment SET waiting = 'inbox' WHERE id = 5;",
        Finding("4", "enrollment", 5, "nothing moves it: no inbox that it waits for is disconnected or in trouble"),
    ),
    "a mail that is settled": Damage(
        "UPDATE enrollment SET waiting = 'mail' WHERE id = 5;",
        Finding("4", "enrollment", 5, "nothing moves it: it waits for a mail that is settled"),
    ),
    "a pause without a hold": Damage(
        "DELETE FROM hold WHERE contact_id = 2;",
        Finding("4", "enrollment", 2, "nothing moves it: it is paused, but no hold holds it"),
    ),
    "a step that does not exist": Damage(
        "UPDATE enrollment SET step = 4 WHERE id = 5;",
        Finding("4", "enrollment", 5, "its step 4 is not among the 3 of its version"),
    ),
    "two live enrollments": Damage(
        "DROP INDEX enrollment_live;"
        "UPDATE enrollment SET status = 'live', waiting = 'task', ended_at = NULL, reason = NULL "
        "WHERE id = 4;",
        Finding("5", "enrollment", 8, "a second live enrollment of contact 4 in sequence 1"),
    ),
    "a due time that no event tells": Damage(
        "UPDATE enrollment SET due_at = '2027-01-01T00:00:00Z' WHERE id = 5;",
        Finding("6", "enrollment", 5, "is due 2027-01-01T00:00:00Z, but its last event says 2026-03-08T08:00:00Z"),
    ),
    "a status that no event tells": Damage(
        "UPDATE enrollment SET status = 'finished', reason = NULL WHERE id = 3;",
        Finding("6", "enrollment", 3, "is finished, but its last event says unenrolled"),
    ),
    "an enrollment without history": Damage(
        "UPDATE enrollment SET last_event_id = NULL WHERE id = 3;",
        Finding("6", "enrollment", 3, "its last event is missing and does not tell of it"),
    ),
    "a contact without history": Damage(
        "UPDATE contact SET last_event_id = NULL WHERE id = 3;",
        Finding("6", "contact", 3, "its last event is missing and does not tell of it"),
    ),
    "a chain that is cut": Damage(
        "UPDATE event SET previous = NULL WHERE enrollment_id = 3 AND kind = 'unenrolled';",
        Finding("6", "event", 23, "is not reached from any contact or enrollment"),
    ),
    "a chain that runs into another": Damage(
        "UPDATE event SET previous = 21 WHERE enrollment_id = 3 AND kind = 'unenrolled';",
        Finding("6", "event", 32, "its previous event 21 is not one of the same history before it"),
    ),
    "an event that is reached twice": Damage(
        "UPDATE event SET previous = 21 WHERE enrollment_id = 3 AND kind = 'unenrolled';",
        Finding("6", "event", 21, "is reached 2 times from the contacts and enrollments"),
    ),
    "a mail that no event tells of": Damage(
        MAIL.format(7),
        Finding("6", "message", 8, "is told of by 0 events of its step instead of one"),
    ),
    "a task that no event tells of": Damage(
        "UPDATE event SET task_id = NULL WHERE task_id = 1;",
        Finding("6", "task", 1, "is told of by 0 events of its step instead of one"),
    ),
    "a mail that is gone": Damage(
        "DELETE FROM message WHERE id = 1;",
        Finding("6", "event", 21, "tells of the message 1, which does not exist"),
    ),
    "a task done by another user": Damage(
        "UPDATE event SET actor_id = 2 WHERE kind = 'task-done';",
        Finding("7", "event", 40, "user 2 did this to enrollment 5 of user 1"),
    ),
    "a mail that was read twice": Damage(
        "DROP INDEX received_once;" + 2 * (
            "INSERT INTO received (inbox_id, folder, validity, key, read_at, at, sender, subject, kind, "
            "reason, counted, identity) VALUES (1, 'inbox', 0, 'k', '2026-03-06T08:00:00Z', "
            "'2026-03-06T08:00:00Z', '', '', 'other', '', 0, '<a@b>');"
        ),
        Finding("14.1", "received", 2, "mail <a@b> was read twice in the folder inbox of inbox 1"),
    ),
    "a row that points nowhere": Damage(
        "PRAGMA foreign_keys = OFF; DELETE FROM inbox WHERE id = 2;",
        Finding("file", "message", 6, "points to a row of inbox that does not exist"),
    ),
    "a sequence without its version": Damage(
        "UPDATE sequence SET version_id = 99 WHERE id = 1;",
        Finding("file", "sequence", 1, "points to a version that it does not have"),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", DAMAGES)
def test_each_damage_is_found(store: SqliteStore, name: str) -> None:
    damage = DAMAGES[name]
    store.connection.executescript(damage.script)
    assert damage.finding in examine(store)


def test_a_value_that_its_column_forbids_is_found(store: SqliteStore) -> None:
    store.connection.executescript(
        "PRAGMA ignore_check_constraints = ON;"
        "UPDATE hold SET scope = 'everything'; PRAGMA ignore_check_constraints = OFF;"
    )
    assert Finding("file", "", None, "CHECK constraint failed in hold") in examine(store)


def test_a_damaged_file_is_a_finding_and_no_traceback(tmp_path: Path) -> None:
    path = tmp_path / "workspace.db"
    store = rehearse(path)
    (page,) = store.connection.execute(
        "SELECT rootpage FROM sqlite_schema WHERE name = 'message'"
    ).fetchone()
    (size,) = store.connection.execute("PRAGMA page_size").fetchone()
    store.close()
    with path.open("r+b") as file:
        file.seek((page - 1) * size)
        file.write(b"\xff" * size)
    damaged = open_store(path)
    findings = examine(damaged)
    damaged.close()
    assert findings[-1] == Finding("file", "", None, "database disk image is malformed")
