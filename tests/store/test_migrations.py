"""From a blank file to the schema of this version, in one transaction."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from seqctl.store import create_store, open_store, schema
from seqctl.store.connection import blank


def tables(connection: sqlite3.Connection) -> set[str]:
    return {row[0] for row in connection.execute("SELECT name FROM sqlite_schema")}


@pytest.fixture
def memory() -> sqlite3.Connection:
    return sqlite3.connect(":memory:", isolation_level=None)


def test_a_blank_workspace_carries_its_marks() -> None:
    connection = blank()
    assert connection.execute("PRAGMA application_id").fetchone() == (schema.APPLICATION_ID,)
    assert connection.execute("PRAGMA user_version").fetchone() == (schema.SCHEMA_VERSION,)
    connection.close()


def test_every_table_is_strict() -> None:
    connection = blank()
    lax = [
        name
        for _, name, kind, _, _, strict in connection.execute("PRAGMA table_list")
        if kind == "table" and not strict and not name.startswith(("sqlite_", "_sqlite"))
    ]
    assert lax == []
    connection.close()


def test_migrating_twice_changes_nothing(memory: sqlite3.Connection) -> None:
    schema.migrate(memory)
    before = list(memory.execute("SELECT * FROM sqlite_schema"))
    schema.migrate(memory)
    assert list(memory.execute("SELECT * FROM sqlite_schema")) == before
    memory.close()


def test_a_migration_that_fails_leaves_what_was(
    memory: sqlite3.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(schema, "_INITIAL", (*schema._INITIAL, "CREATE TABLE"))
    with pytest.raises(sqlite3.OperationalError):
        schema.migrate(memory)
    assert tables(memory) == set()
    assert memory.execute("PRAGMA user_version").fetchone() == (0,)
    memory.close()


def test_an_older_workspace_is_migrated_when_it_is_opened(tmp_path: Path) -> None:
    path = tmp_path / "workspace.db"
    older = sqlite3.connect(path)
    older.execute(f"PRAGMA application_id = {schema.APPLICATION_ID}")
    older.commit()
    older.close()
    store = open_store(path)
    assert {"workspace", "enrollment", "agenda", "event"} <= tables(store.connection)
    store.close()


def test_a_workspace_that_is_opened_again_is_not_written_to(tmp_path: Path) -> None:
    path = tmp_path / "workspace.db"
    create_store(path, simulated_now=None).close()
    before = path.stat().st_mtime_ns, path.read_bytes()
    store = open_store(path)
    store.workspace.state()
    store.close()
    assert (path.stat().st_mtime_ns, path.read_bytes()) == before
