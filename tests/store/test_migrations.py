"""From a blank file to the schema of this version, in one transaction."""

from __future__ import annotations

import gc
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from seqctl.domain.sending.accounts import NO_ACCOUNT, NO_LIMITS, Limits
from seqctl.store import create_store, open_store, schema
from seqctl.store.connection import blank
from seqctl.store.schema import m0001_initial


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
    broken = schema.Migration("0001_initial", (*m0001_initial.STATEMENTS, "CREATE TABLE"))
    monkeypatch.setattr(schema, "MIGRATIONS", (broken,))
    with pytest.raises(sqlite3.OperationalError):
        schema.migrate(memory)
    assert tables(memory) == set()
    assert memory.execute("PRAGMA user_version").fetchone() == (0,)
    memory.close()


def test_a_blank_workspace_that_can_not_be_made_is_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    """An open one would be told as it is thrown away."""
    monkeypatch.setattr(schema, "MIGRATIONS", (schema.Migration("0001_initial", ("CREATE",)),))
    with pytest.raises(sqlite3.OperationalError):
        blank()
    gc.collect()


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


def released_1(path: Path) -> sqlite3.Connection:
    """A workspace as version 0.1.0 made it, with an inbox, an enrollment, a hold and a mail."""
    connection = sqlite3.connect(path, isolation_level=None)
    schema.migrate(connection, to=1)
    connection.executescript(
        """
        INSERT INTO workspace (id, clock, secret) VALUES (1, 'real', 's');
        INSERT INTO user (id, name, full_name, email, timezone)
            VALUES (1, 'ann', 'Ann', 'ann@acme.test', 'UTC');
        INSERT INTO inbox VALUES (1, 'ann@acme.test', 1, 'capture', '/somewhere', 1);
        INSERT INTO contact (id, email) VALUES (1, 'ada@x.test');
        INSERT INTO sequence VALUES (1, 'intro', 1, '{}', 1, NULL);
        INSERT INTO sequence_version VALUES (1, 1, 1, NULL, 2, '{}', '2026-03-01T00:00:00Z');
        INSERT INTO enrollment (id, contact_id, sequence_id, version_id, user_id, inbox_id, timezone,
            status, waiting, step, delay_ends_at, held_since, enrolled_at, last_message_id)
            VALUES (1, 1, 1, 1, 1, 1, 'UTC', 'live', 'delay', 2, '2026-03-04T00:00:00Z',
                '2026-03-02T00:00:00Z', '2026-03-01T00:00:00Z', 1);
        INSERT INTO hold VALUES (1, 'contact', NULL, 1, 1, '2026-03-02T00:00:00Z', NULL);
        INSERT INTO message VALUES (1, 1, 1, 1, 'ada@x.test', 'Hello', 'Hi', NULL, 'sent',
            '2026-03-01T00:00:00Z');
        """
    )
    return connection


def test_a_workspace_of_0_1_0_keeps_all_its_rows(tmp_path: Path) -> None:
    path = tmp_path / "workspace.db"
    released_1(path).close()
    store = open_store(path)
    rows = store.connection.execute
    assert rows("PRAGMA user_version").fetchone() == (schema.SCHEMA_VERSION,)
    assert rows("PRAGMA foreign_keys").fetchone() == (1,)
    assert rows("PRAGMA foreign_key_check").fetchall() == []
    (inbox,) = store.people.inboxes()
    assert (inbox.address, inbox.connected, inbox.capture_to) == (
        "ann@acme.test",
        True,
        "/somewhere",
    )
    assert (inbox.account, inbox.limits, inbox.trouble) == (NO_ACCOUNT, NO_LIMITS, None)
    (enrollment,) = store.enrollments.get([1])
    assert (enrollment.step, enrollment.last_message_id) == (2, 1)
    assert [hold.scope for hold in store.holds.on_contact(1)] == ["contact"]
    assert [mail.subject for mail in store.views.messages()] == ["Hello"]
    indexes = {row[0] for row in rows("SELECT name FROM sqlite_schema WHERE type = 'index'")}
    assert {"enrollment_live", "hold_once", "message_open", "enrollment_in_line"} <= indexes
    store.close()


def test_old_and_new_workspaces_have_the_same_tables(tmp_path: Path) -> None:
    path = tmp_path / "workspace.db"
    released_1(path).close()
    store, fresh = open_store(path), blank()
    query = "SELECT name, sql FROM sqlite_schema ORDER BY name"
    assert store.connection.execute(query).fetchall() == fresh.execute(query).fetchall()
    store.close()
    fresh.close()


def released_2(path: Path) -> sqlite3.Connection:
    """A workspace as the version before made it."""
    connection = released_1(path)
    schema.migrate(connection, to=2)
    return connection


_MESSAGE = (
    "INSERT INTO message (id, enrollment_id, step, inbox_id, recipient, subject, body, status, at, "
    "previous) VALUES (?, ?, ?, 1, 'x@x.test', '', '', ?, '2026-03-01T00:00:00Z', ?)"
)
_DUE_AT = "2026-03-05T08:00:00Z"


@pytest.mark.parametrize(
    ("mails", "waiting", "step", "had_mail", "yields"),
    [
        ([], "delay", 1, False, 1),
        ([("sent", None)], "delay", 2, True, 0),
        ([("queued", None)], "delay", 1, False, 1),
        ([("sent", None), ("queued", 10)], "delay", 2, True, 0),
        ([("unknown", None)], "mail", 1, False, None),
        ([("sent", None), ("sending", 10)], "mail", 2, True, None),
        ([], "limit", 1, False, None),
        ([("sent", None)], "limit", 2, True, None),
    ],
)
def test_who_had_a_mail_is_known_after_the_third_migration(
    tmp_path: Path,
    mails: list[tuple[str, int | None]],
    waiting: str,
    step: int,
    had_mail: bool,
    yields: int | None,
) -> None:
    path = tmp_path / "workspace.db"
    with closing(released_2(path)) as old:
        old.execute("UPDATE inbox SET per_day = 5")
        old.execute("INSERT INTO contact (id, email) VALUES (2, 'ben@x.test')")
        last = 9 + len(mails) if mails else None
        old.execute(
            "INSERT INTO enrollment (id, contact_id, sequence_id, version_id, user_id, inbox_id, "
            "timezone, status, waiting, step, delay_ends_at, due_at, enrolled_at, last_message_id) "
            "VALUES (2, 2, 1, 1, 1, 1, 'UTC', 'live', ?, ?, ?, ?, '2026-03-01T00:00:00Z', ?)",
            (waiting, step, _DUE_AT, None if waiting == "mail" else _DUE_AT, last),
        )
        for id, (status, previous) in enumerate(mails, 10):
            old.execute(_MESSAGE, (id, 2, id - 9, status, previous))
        if waiting == "delay":
            old.execute("INSERT INTO agenda VALUES (?, 2)", (_DUE_AT,))
    with closing(open_store(path)) as store:
        (enrollment,) = store.enrollments.get([2])
        assert enrollment.had_mail == had_mail
        agenda = store.connection.execute("SELECT * FROM agenda").fetchall()
        assert agenda == ([] if yields is None else [(yields, _DUE_AT, 2)])
        assert store.people.inboxes()[0].limits == Limits(per_day=5)
        groups = store.enrollments.groups_in_line(1)
        assert [group.had_mail for group in groups] == ([had_mail] if waiting == "limit" else [])


def test_the_mails_of_0_1_0_name_those_before_them(tmp_path: Path) -> None:
    path = tmp_path / "workspace.db"
    with closing(released_1(path)) as old:
        old.execute(
            "INSERT INTO message VALUES (2, 1, 2, 1, 'ada@x.test', 'Anew', 'Hi', NULL, 'sent', "
            "'2026-03-02T00:00:00Z')"
        )
    with closing(open_store(path)) as store:
        rows = store.connection.execute("SELECT id, previous FROM message ORDER BY id").fetchall()
        assert rows == [(1, None), (2, 1)]
        assert store.enrollments.get([1])[0].had_mail


@pytest.mark.parametrize("older", [released_1, released_2])
def test_an_older_workspace_belongs_to_no_tick_until_one_takes_it(
    tmp_path: Path, older: Callable[[Path], sqlite3.Connection]
) -> None:
    path = tmp_path / "workspace.db"
    older(path).close()
    store = open_store(path)
    marks = store.workspace.marks()
    assert marks is not None
    assert marks == ("s", None)
    with store.tick_lock():
        assert store.is_mine()
        again = store.workspace.marks()
    assert again is not None
    assert again.secret == "s"
    assert again.token
    store.close()


STATEMENTS = [
    (released, number, statement)
    for released, migration in enumerate(schema.MIGRATIONS)
    for number, statement in enumerate(migration.statements)
]


@pytest.mark.parametrize("released", [0, 1, 2])
def test_a_migration_that_ends_at_any_statement_leaves_what_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, released: int
) -> None:
    """From a blank file and from each released format: all of it, or nothing."""
    path = tmp_path / "workspace.db"
    made = [sqlite3.connect, released_1, released_2][released]
    with closing(made(path)) as older:
        older.isolation_level = None
        before = "\n".join(older.iterdump())
        for last, number, _ in STATEMENTS:
            if last < released:
                continue
            whole = schema.MIGRATIONS[last]
            cut = whole._replace(statements=(*whole.statements[: number + 1], "killed here"))
            broken = (*schema.MIGRATIONS[:last], cut, *schema.MIGRATIONS[last + 1 :])
            monkeypatch.setattr(schema, "MIGRATIONS", broken)
            with pytest.raises(sqlite3.OperationalError):
                schema.migrate(older)
            assert "\n".join(older.iterdump()) == before
            monkeypatch.undo()
        schema.migrate(older)
        assert older.execute("PRAGMA user_version").fetchone() == (schema.SCHEMA_VERSION,)
