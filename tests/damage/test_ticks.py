"""One damaged row ends alone: the tick does all the others, and says which one it was
(rules, "One bad row")."""

from __future__ import annotations

import json
import sqlite3

import pytest

from tests.damage.world import Wreck

# The enrollment of b@x.test: live, one mail sent, the next one due on 5 March.
HERS = 2
ROWS = {
    "a due time that is none": "UPDATE enrollment SET due_at = 'soon' WHERE id = 2",
    "a due time without a zone": "UPDATE enrollment SET due_at = '2026-03-05T08:00:00' WHERE id = 2",
    "an end of the delay that is none": "UPDATE enrollment SET delay_ends_at = '{}' WHERE id = 2",
    "a time of enrolling that is none": "UPDATE enrollment SET enrolled_at = 'x' WHERE id = 2",
    "a delay that is none": "UPDATE enrollment SET delay = '3 moons' WHERE id = 2",
    "a kept time that is none": "UPDATE enrollment SET kept_due_at = 'later' WHERE id = 2",
    "a zone that is none": "UPDATE enrollment SET timezone = 'Mars/Olympus' WHERE id = 2",
    "a zone that is no UTF-8": "UPDATE enrollment SET timezone = CAST(x'ff41' AS TEXT) WHERE id = 2",
    "a word that says nothing": "UPDATE enrollment SET waiting = 'bus' WHERE id = 2",
    "a contact that isn't there": "UPDATE enrollment SET contact_id = 999 WHERE id = 2",
    "a version that isn't there": "UPDATE enrollment SET version_id = 999 WHERE id = 2",
    "a step that isn't there": "UPDATE enrollment SET step = 99 WHERE id = 2",
    "a negative step": "UPDATE enrollment SET step = -5 WHERE id = 2",
    "a history that isn't there": "UPDATE enrollment SET last_event_id = NULL WHERE id = 2",
    "a contact's name that is no UTF-8":
        "UPDATE contact SET first_name = CAST(x'ff41' AS TEXT) WHERE email = 'b@x.test'",
}  # fmt: skip
AGENDA = {
    "another time, early": "UPDATE agenda SET due_at = '0000' WHERE enrollment_id = 2",
    "another time, late": "UPDATE agenda SET due_at = 'never' WHERE enrollment_id = 2",
    "no UTF-8": "UPDATE agenda SET due_at = CAST(x'ff' AS TEXT) WHERE enrollment_id = 2",
    "nobody": "INSERT INTO agenda VALUES (0, '2026-03-04T08:00:00Z', 999)",
    "one that has ended": "INSERT INTO agenda VALUES (0, '2026-03-04T08:00:00Z', 5)",
}


def mails(connection: sqlite3.Connection) -> list[tuple[int, int]]:
    return connection.execute(
        "SELECT enrollment_id, step FROM message WHERE enrollment_id IN (1, 2) ORDER BY 1, 2"
    ).fetchall()


def after(wreck: Wreck, query: str) -> list[tuple[object, ...]]:
    connection = sqlite3.connect(wreck.cli.db)
    try:
        return connection.execute(query).fetchall()
    finally:
        connection.close()


@pytest.mark.parametrize("damage", ROWS.values(), ids=ROWS)
def test_an_enrollments_row(wreck: Wreck, damage: str) -> None:
    with wreck.tables() as connection:
        connection.execute(damage)
    found = wreck.cli("doctor", "--json")
    answer = wreck.cli("tick", "--by", "4d", "--json")
    assert answer.exit_code == 6, answer
    (error,) = [e for e in answer.json["errors"] if e["enrollment"] == HERS]
    assert error["code"] == "DAMAGED", error
    assert answer.json["to"] == "2026-03-07T09:00:00Z"
    assert after(wreck, "SELECT step FROM message WHERE enrollment_id = 1") == [(1,), (2,)]
    assert after(wreck, "SELECT step FROM message WHERE enrollment_id = 2") == [(1,)]
    assert after(wreck, "SELECT status, reason, error FROM enrollment WHERE id = 2") == [
        ("unenrolled", "error", "DAMAGED")
    ]
    assert wreck.cli("tick", "--by", "1d", "--json").exit_code == 0
    assert found.exit_code == 6


@pytest.mark.parametrize("kind", ["a delay that is none", "a kept time that is none"])
def test_what_ended_can_be_read_again(wreck: Wreck, kind: str) -> None:
    with wreck.tables() as connection:
        connection.execute(ROWS[kind])
    assert wreck.cli("tick", "--by", "4d").exit_code == 6
    assert wreck.cli("status", "mails", "--as", "ann").exit_code == 0
    assert wreck.cli("doctor", "--json").json["findings"] == []


@pytest.mark.parametrize("damage", AGENDA.values(), ids=AGENDA)
def test_a_row_of_the_agenda_is_made_right(wreck: Wreck, damage: str) -> None:
    with wreck.tables() as connection:
        connection.execute(damage)
    answer = wreck.cli("tick", "--by", "4d", "--json")
    assert answer.exit_code == 6, answer
    assert [error["code"] for error in answer.json["errors"]] == ["DAMAGED"]
    for id in (1, 2):
        steps = after(wreck, f"SELECT step FROM message WHERE enrollment_id = {id}")
        assert steps == [(1,), (2,)]
    assert wreck.cli("tick", "--by", "1d").exit_code == 0
    assert wreck.cli("doctor").exit_code == 0


def test_properties_that_are_no_json(wreck: Wreck) -> None:
    """Where the text needs them, one ends; who needs none goes on."""
    wreck.mend()
    place = wreck.bytes.index(b'{"city"', wreck.bytes.index(b"b@x.test"))
    wreck.cli.db.write_bytes(wreck.bytes[:place] + b"(" + wreck.bytes[place + 1 :])
    findings = wreck.cli("doctor", "--json").json["findings"]
    assert any(f["table"] == "contact" and "properties" in f["message"] for f in findings)
    assert wreck.cli("tick", "--by", "4d", "--json").json["emails"] >= 2


def test_an_inbox_that_cannot_be_read_sends_nothing_and_harms_nobody(wreck: Wreck) -> None:
    with wreck.tables() as connection:
        connection.execute("UPDATE inbox SET account = '{\"smtp\": 1}' WHERE user_id = 2")
    answer = wreck.cli("tick", "--by", "4d", "--json")
    assert answer.exit_code == 6
    assert answer.json["emails"] >= 2
    assert "bo@acme.test" in answer.stderr
    assert "needs you: inbox bo@acme.test" in wreck.cli("status", "--as", "ann").stdout


def test_a_rehearsal_ends_nobody(wreck: Wreck) -> None:
    with wreck.tables() as connection:
        connection.execute(ROWS["a zone that is none"])
    answer = wreck.cli("tick", "--by", "4d", "--dry-run", "--json")
    assert answer.exit_code == 6
    assert after(wreck, "SELECT status FROM enrollment WHERE id = 2") == [("live",)]


def test_doctor_names_every_row(wreck: Wreck) -> None:
    with wreck.tables() as connection:
        for table, column in (
            ("enrollment", "base"), ("contact", "deleted_at"), ("hold", "until"),
            ("message", "at"), ("event", "at"), ("task", "created_at"), ("inbox", "since"),
            ("sequence_version", "created_at"), ("received", "at"), ("suppression", "since"),
        ):  # fmt: skip
            connection.execute(f"UPDATE {table} SET {column} = '2026-02-30T08:00:00Z'")
    answer = wreck.cli("doctor", "--json")
    assert answer.exit_code == 6
    told = {
        f["table"] for f in json.loads(answer.stdout)["findings"] if "no moment" in f["message"]
    }
    assert told == {"enrollment", "contact", "hold", "message", "event", "task", "inbox",
                    "sequence_version", "received", "suppression"}  # fmt: skip


def test_every_stored_moment_is_looked_at(wreck: Wreck) -> None:
    """A column that holds moments and is new stands in the doctor's list, too."""
    from seqctl.store.unreadable import MOMENTS

    wreck.mend()
    known = {(table, column) for table, columns in MOMENTS.items() for column in columns}
    with wreck.tables() as connection:
        for (table,) in connection.execute(
            "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite%' "
            "AND name NOT LIKE '\\_%' ESCAPE '\\'"
        ).fetchall():
            for row in connection.execute(f"PRAGMA table_info({table})").fetchall():
                held = connection.execute(
                    f"SELECT count(*) FROM {table} WHERE {row[1]} GLOB '[0-9]*-*-*T*:*:*Z'"
                ).fetchone()[0]
                assert not held or (table, row[1]) in known, (table, row[1])
