"""The recorder itself: it must see every operation, or the sweep would prove nothing."""

from __future__ import annotations

import os
import sqlite3
from collections import Counter
from contextlib import closing
from pathlib import Path

import pytest

from tests.power.operations import Create, Delete, Fault, Link, Rename, Sync, SyncFolder
from tests.power.recording import needs_recording, recording

pytestmark = needs_recording


def kinds(operations: list[object]) -> list[str]:
    return [type(operation).__name__ for operation in operations]


def test_a_commit_of_sqlite_is_seen_with_its_journal(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    with recording(tmp_path) as recorder, closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA synchronous = EXTRA")
        connection.execute("CREATE TABLE t (x)")
        connection.commit()
    journal = f"{path}-journal"
    assert [o for o in recorder.operations if isinstance(o, Create)] == [
        Create(str(path), 1),
        Create(journal, 2),
    ]
    assert [o for o in recorder.operations if isinstance(o, Sync)] == [Sync(2), Sync(2), Sync(1)]
    folder = SyncFolder(str(tmp_path))
    first_sync = recorder.operations.index(Sync(2))
    assert recorder.operations[first_sync + 1] == folder  # the journal's entry
    assert recorder.operations[-2:] == [Delete(journal), folder]


def test_what_python_does_is_seen_in_the_same_order(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    with recording(tmp_path) as recorder:
        with path.open("w") as file:
            file.write("one")
            file.flush()
            os.fsync(file.fileno())
        os.link(path, tmp_path / "b.txt")
        path.replace(tmp_path / "c.txt")
        (tmp_path / "c.txt").unlink()
        recorder.outside("taken")
    assert kinds(recorder.operations) == [
        *("Create", "Write", "Sync", "Link", "Rename", "Delete", "Outside"),
    ]
    assert Link(str(path), str(tmp_path / "b.txt")) in recorder.operations
    assert Rename(str(path), str(tmp_path / "c.txt")) in recorder.operations
    assert (tmp_path / "b.txt").read_text() == "one"


def test_nothing_is_recorded_of_other_folders_and_afterwards(tmp_path: Path) -> None:
    watched, other = tmp_path / "watched", tmp_path / "other"
    watched.mkdir()
    other.mkdir()
    with recording(watched) as recorder:
        (other / "a.txt").write_text("one")
        with closing(sqlite3.connect(other / "a.db")) as connection:
            connection.execute("CREATE TABLE t (x)")
    (watched / "b.txt").write_text("two")
    assert recorder.operations == []


def test_each_operation_can_fail_once(tmp_path: Path) -> None:
    with recording(tmp_path) as recorder:
        assert write(tmp_path / "a.db") is None
    told = Counter[str]()
    for number in range(1, len(recorder.attempted) + 1):
        for left in ("a.db", "a.db-journal"):
            (tmp_path / left).unlink(missing_ok=True)
        with recording(tmp_path, Fault(number)) as failing:
            told[str(write(tmp_path / "a.db"))] += 1
        assert len(failing.failed) == 1
    assert set(told) == {"disk I/O error", "unable to open database file"}


def test_a_full_disk_fails_what_needs_room(tmp_path: Path) -> None:
    assert write(tmp_path / "a.db") is None
    with recording(tmp_path, Fault(1, 1000, full=True)) as recorder:
        assert write(tmp_path / "a.db") == "unable to open database file"
        with pytest.raises(OSError, match="No space left"):
            (tmp_path / "b.txt").write_text("one")
    assert kinds(recorder.failed) == ["Create", "Create"]


def write(path: Path) -> str | None:
    try:
        with closing(sqlite3.connect(path)) as connection:
            connection.execute("CREATE TABLE IF NOT EXISTS t (x)")
            connection.execute("INSERT INTO t VALUES (1)")
            connection.commit()
    except sqlite3.Error as error:
        return str(error)
    return None
