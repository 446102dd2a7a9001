"""Files that appear whole or not at all, and for good."""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from seqctl import durable
from seqctl.store import create_store, open_store
from seqctl.store.backup import back_up, restore
from seqctl.store.placing import appearing
from tests.desk import MONDAY


@pytest.fixture
def left_behind(tmp_path: Path) -> Path:
    """The hot journal of a workspace that has gone: SQLite would play it into what comes there."""
    path, gone = tmp_path / "w.db", tmp_path / "gone.db"
    with closing(create_store(gone, simulated_now=None)) as store:
        store.connection.execute("PRAGMA cache_size = 1")
        store.connection.execute("BEGIN IMMEDIATE")
        rows = [(f"key {number}", "x" * 500) for number in range(100)]
        store.connection.executemany("INSERT INTO config VALUES (?, ?)", rows)
        shutil.copy(f"{gone}-journal", f"{path}-journal")
        store.connection.execute("ROLLBACK")
    assert (tmp_path / "w.db-journal").read_bytes()[:8] == bytes.fromhex("d9d505f920a163d7")
    return path


def init(path: Path, _: Path) -> None:
    create_store(path, simulated_now=None).close()


def backup(path: Path, other: Path) -> None:
    with closing(create_store(other, simulated_now=None)) as store:
        back_up(store, path, MONDAY)


def restored(path: Path, other: Path) -> None:
    create_store(other, simulated_now=None).close()
    assert restore(other, path, lambda _: None) is None


@pytest.mark.parametrize("make", [init, backup, restored])
def test_a_journal_that_was_left_behind_is_played_into_no_other_file(
    left_behind: Path, make: Callable[[Path, Path], None]
) -> None:
    kept = Path(f"{left_behind}-journal").read_bytes()
    make(left_behind, left_behind.with_name("other.db"))
    with closing(sqlite3.connect(left_behind)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    open_store(left_behind).close()
    assert Path(f"{left_behind}.left-behind-1-journal").read_bytes() == kept


def test_a_new_folder_and_its_file_are_there_for_good(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[Path] = []
    really = durable.sync

    def sync(path: Path) -> None:
        synced.append(path)
        really(path)

    monkeypatch.setattr(durable, "sync", sync)
    with appearing(tmp_path / "a" / "b" / "w.db") as temporary:
        temporary.write_text("one")
    assert {tmp_path, tmp_path / "a"} <= set(synced)
    assert synced[-2:] == [temporary, tmp_path / "a" / "b"]


def test_a_name_that_cannot_be_kept_is_taken_away_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    really = durable.sync

    def sync(path: Path) -> None:
        if path == tmp_path:
            raise OSError(5, "Input/output error")
        really(path)

    monkeypatch.setattr(durable, "sync", sync)
    with pytest.raises(OSError, match="Input/output"), appearing(tmp_path / "w.db") as temporary:
        temporary.write_text("one")
    assert os.listdir(tmp_path) == []
