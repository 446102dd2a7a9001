"""Opening and making workspace files: what is no workspace stays untouched, what is made is whole."""

from __future__ import annotations

import inspect
import os
import signal
import sqlite3
import stat
import subprocess
import sys
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from seqctl.domain.errors import BadFile, Busy, NoWorkspace, SeqctlError
from seqctl.store import SqliteStore, create_store, open_store
from seqctl.store import connection as connections
from seqctl.store.placing import appearing

NOW = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "workspace.db"


@pytest.fixture
def workspace(path: Path) -> Path:
    create_store(path, simulated_now=NOW).close()
    return path


def refusal(path: Path) -> SeqctlError:
    """What opening says, after a look that the folder is as it was."""
    before = footprint(path.parent)
    with pytest.raises(SeqctlError) as caught:
        open_store(path)
    assert footprint(path.parent) == before
    return caught.value


def footprint(folder: Path) -> dict[str, tuple[int, bytes]]:
    files = [file for file in folder.iterdir() if file.is_file()]
    return {file.name: (file.stat().st_mtime_ns, file.read_bytes()) for file in files}


def overtaken(path: Path) -> None:
    with appearing(path) as temporary:
        temporary.write_text("second")
        path.write_text("first")


def write_and_fail(store: SqliteStore) -> None:
    with store.writing():
        with store.writing():
            store.workspace.configure("rows", "3")
        raise ZeroDivisionError


# --- what is no workspace -----------------------------------------------------------------------


def test_no_file(path: Path) -> None:
    error = refusal(path)
    assert isinstance(error, NoWorkspace)
    assert error.message == f"There is no workspace at {path} yet."
    assert error.hint == f"seqctl init --db {path}"


@pytest.mark.parametrize(
    "content", [b"", b"SQLite format 3\x00", b"name,email\n" * 50, bytes(5000)]
)
def test_a_file_of_another_kind(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    error = refusal(path)
    assert isinstance(error, BadFile)
    assert error.message == f"{path} is not a seqctl workspace."


def test_an_sqlite_file_of_another_program(path: Path) -> None:
    with sqlite3.connect(path) as other:
        other.execute("CREATE TABLE user (id INTEGER PRIMARY KEY)")
    other.close()
    error = refusal(path)
    assert (error.exit_code, error.message) == (
        5,
        f"{path} is an SQLite file of another program.",
    )


def test_a_folder(path: Path) -> None:
    path.mkdir()
    assert refusal(path).message == f"{path} can't be read: Is a directory."


def test_a_path_through_a_file(path: Path) -> None:
    path.write_text("x")
    with pytest.raises(BadFile, match="Not a directory"):
        open_store(path / "workspace.db")


def test_a_pipe_is_not_waited_for(path: Path) -> None:
    os.mkfifo(path)
    assert refusal(path).message == f"{path} is not a seqctl workspace."


def test_a_workspace_of_a_newer_seqctl(workspace: Path) -> None:
    newer = sqlite3.connect(workspace)
    newer.execute("PRAGMA user_version = 99")
    newer.close()
    error = refusal(workspace)
    assert isinstance(error, Busy)
    assert (error.code, error.exit_code) == ("NEWER_WORKSPACE", 7)
    assert "was made by a newer seqctl (format 99;" in error.message


# --- making one ---------------------------------------------------------------------------------


def test_a_new_workspace_is_for_its_owner_only(workspace: Path) -> None:
    assert stat.S_IMODE(workspace.stat().st_mode) == 0o600
    assert os.listdir(workspace.parent) == ["workspace.db"]


def test_missing_folders_are_made(tmp_path: Path) -> None:
    store = create_store(tmp_path / "a" / "b" / "workspace.db", simulated_now=None)
    assert store.workspace.state().simulated is False
    store.close()


@pytest.mark.parametrize("simulated_now", [NOW, None])
def test_the_clock_is_chosen_once(path: Path, simulated_now: datetime | None) -> None:
    create_store(path, simulated_now=simulated_now).close()
    store = open_store(path)
    state = store.workspace.state()
    store.close()
    assert (state.simulated, state.now) == (simulated_now is not None, simulated_now)


def test_what_exists_is_never_overwritten(path: Path) -> None:
    path.write_text("mine")
    with pytest.raises(BadFile, match="exists already"):
        create_store(path, simulated_now=None)
    assert path.read_text() == "mine"


def test_the_first_of_two_wins(path: Path) -> None:
    with pytest.raises(BadFile, match="exists already"):
        overtaken(path)
    assert path.read_text() == "first"
    assert os.listdir(path.parent) == ["workspace.db"]


def test_a_file_system_without_links(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(source: Path, target: Path) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "link", refuse)
    create_store(path, simulated_now=None).close()
    with pytest.raises(BadFile, match="exists already"):
        overtaken(path.with_name("x"))
    assert sorted(os.listdir(path.parent)) == ["workspace.db", "x"]


def test_nothing_is_left_of_one_that_failed(path: Path) -> None:
    def fail(store: object) -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        create_store(path, simulated_now=NOW, prepare=fail)
    assert os.listdir(path.parent) == []


def test_a_killed_init_leaves_no_half_made_workspace(path: Path) -> None:
    program = (
        "import os, signal\nfrom pathlib import Path\nfrom seqctl.store import create_store\n"
        f"create_store(Path({str(path)!r}), simulated_now=None,\n"
        "    prepare=lambda store: os.kill(os.getpid(), signal.SIGKILL))"
    )
    ran = subprocess.run([sys.executable, "-c", program])
    assert ran.returncode == -signal.SIGKILL
    assert os.listdir(path.parent) == []
    create_store(path, simulated_now=None).close()


# --- working with one ---------------------------------------------------------------------------


def test_a_busy_workspace_is_waited_for_and_then_told(
    workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections, "BUSY_TIMEOUT_S", 0.05)
    first, second = open_store(workspace), open_store(workspace)
    with (
        first.writing(),
        pytest.raises(sqlite3.OperationalError, match="locked"),
        second.writing(),
    ):
        pytest.fail("two wrote at once")
    with second.writing():
        second.workspace.configure("rows", "3")
    assert first.workspace.config() == {"rows": "3"}
    first.close()
    second.close()


SETTINGS = {"busy_timeout": 5000, "foreign_keys": 1, "synchronous": 3, "fullfsync": 1}


@pytest.fixture
def as_in_life(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "connect", inspect.unwrap(connections.connect))


def settings(connection: sqlite3.Connection) -> dict[str, int]:
    return {name: connection.execute(f"PRAGMA {name}").fetchone()[0] for name in SETTINGS}


@pytest.mark.usefixtures("as_in_life")
def test_every_connection_waits_five_seconds_and_survives_a_power_cut(workspace: Path) -> None:
    store = open_store(workspace)
    assert settings(store.connection) == SETTINGS
    assert connections.journal_mode(store.connection) == "persist"
    store.close()


@pytest.mark.usefixtures("as_in_life")
def test_whoever_wants_wal_keeps_it(workspace: Path) -> None:
    with closing(sqlite3.connect(workspace)) as shell:
        shell.execute("PRAGMA journal_mode = WAL")
    store = open_store(workspace)
    assert settings(store.connection) == SETTINGS
    assert connections.journal_mode(store.connection) == "wal"
    store.close()


@pytest.mark.usefixtures("as_in_life")
@pytest.mark.parametrize(
    ("own_group", "inherited", "mode"),
    [(True, False, "persist"), (False, False, "delete"), (False, True, "persist")],
)
def test_a_journal_stays_only_where_all_who_share_the_file_may_open_it(
    workspace: Path,
    monkeypatch: pytest.MonkeyPatch,
    own_group: bool,
    inherited: bool,
    mode: str,
) -> None:
    group = workspace.stat().st_gid
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    monkeypatch.setattr(os, "getegid", lambda: group if own_group else group + 1)
    if inherited:
        workspace.parent.chmod(0o2700)
    store = open_store(workspace)
    assert settings(store.connection) == SETTINGS
    assert connections.journal_mode(store.connection) == mode
    store.close()


def test_no_journal_stays_beside_a_file_that_is_closed(workspace: Path) -> None:
    first, second = open_store(workspace), open_store(workspace)
    first.workspace.configure("rows", "2")
    second.workspace.configure("rows", "3")
    assert workspace.with_name("workspace.db-journal").exists()
    first.close()
    second.workspace.configure("rows", "4")
    second.close()
    assert {path.name for path in workspace.parent.iterdir()} == {"workspace.db"}
    second.close()  # closing again does nothing


def test_closing_takes_no_journal_from_one_that_is_writing(workspace: Path) -> None:
    first, second = open_store(workspace), open_store(workspace)
    first.workspace.configure("rows", "2")
    with second.writing():
        second.workspace.configure("rows", "3")
        first.close()
        assert workspace.with_name("workspace.db-journal").stat().st_size > 0
    second.close()


def test_a_transaction_is_all_or_nothing(workspace: Path) -> None:
    store = open_store(workspace)
    with pytest.raises(ZeroDivisionError):
        write_and_fail(store)
    assert store.workspace.config() == {}
    store.close()


def test_a_killed_writer_leaves_the_state_before(workspace: Path) -> None:
    program = (
        "import os, signal\nfrom pathlib import Path\nfrom seqctl.store import open_store\n"
        f"store = open_store(Path({str(workspace)!r}))\n"
        "store.connection.execute('PRAGMA cache_size = 1')\n"
        "store.connection.execute('BEGIN IMMEDIATE')\n"
        "for n in range(2000): store.workspace.configure(f'key{n}', 'x' * 500)\n"
        "os.kill(os.getpid(), signal.SIGKILL)"
    )
    before = workspace.read_bytes()
    assert subprocess.run([sys.executable, "-c", program]).returncode == -signal.SIGKILL
    assert workspace.read_bytes() != before, "the writer was killed before it wrote"
    assert workspace.with_name("workspace.db-journal").exists()
    store = open_store(workspace)
    assert store.workspace.config() == {}
    assert store.connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    store.close()
