"""The SQLite store keeps the contract."""

from __future__ import annotations

from pathlib import Path

from seqctl.ports import Store
from seqctl.store import SqliteStore, create_store, open_store
from tests.store.contract import NOW, StoreContract


class TestSqliteStore(StoreContract):
    def make(self, folder: Path) -> Store:
        return create_store(folder / "workspace.db", simulated_now=NOW)

    def again(self, store: Store) -> Store:
        assert isinstance(store, SqliteStore)
        return open_store(store.path)

    def close(self, store: Store) -> None:
        assert isinstance(store, SqliteStore)
        store.close()
