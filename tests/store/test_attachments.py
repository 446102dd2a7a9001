"""Attached files are kept by their digest, once each."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from seqctl.store import SqliteStore, create_store
from tests.store.contract import NOW

ONE, TWO = "ab" * 32, "cd" * 32


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqliteStore]:
    made = create_store(tmp_path / "workspace.db", simulated_now=NOW)
    yield made
    made.close()


def test_what_is_kept_is_found(store: SqliteStore) -> None:
    with store.writing():
        store.sequences.keep_contents({ONE: b"%PDF\x00\xff", TWO: b""})
    assert store.sequences.contents([ONE, TWO, ONE]) == {ONE: b"%PDF\x00\xff", TWO: b""}
    assert store.sequences.contents([TWO]) == {TWO: b""}
    assert store.sequences.contents([]) == {}
    assert store.sequences.contents(["ef" * 32]) == {}


def test_keeping_twice_changes_nothing(store: SqliteStore) -> None:
    with store.writing():
        store.sequences.keep_contents({ONE: b"x"})
        store.sequences.keep_contents({ONE: b"x", TWO: b"y"})
        store.sequences.keep_contents({})
    rows = store.connection.execute("SELECT * FROM attachment ORDER BY digest").fetchall()
    assert rows == [(ONE, b"x"), (TWO, b"y")]
