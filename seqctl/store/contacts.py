"""Contacts, those who said no, and segments."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from datetime import datetime

from seqctl.domain.filters import Filter
from seqctl.domain.model import Contact, User
from seqctl.domain.moments import iso
from seqctl.store.rows import CONTACT_COLUMNS, chunks, marks, to_contact

_CONTACT = f"SELECT {CONTACT_COLUMNS} FROM contact AS c"


class SqliteContacts:
    """Implements `ports.Contacts`."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    # --- reading --------------------------------------------------------------------------------

    def find(self, addresses: Iterable[str], *, deleted: bool = False) -> dict[str, Contact]:
        """The contacts of these addresses, by address; `deleted` gives those that were deleted."""
        absent = "IS NOT NULL" if deleted else "IS NULL"
        found: dict[str, Contact] = {}
        for chunk in chunks(dict.fromkeys(addresses)):
            rows = self._connection.execute(
                f"{_CONTACT} WHERE c.deleted_at {absent} AND c.email IN ({marks(len(chunk))})",
                [address.lower() for address in chunk],
            )
            found.update((row[1], to_contact(row)) for row in rows)
        return found

    def by_ids(self, ids: Iterable[int]) -> dict[int, Contact]:
        """The contacts with these ids, deleted or not, by id."""
        found: dict[int, Contact] = {}
        for chunk in chunks(dict.fromkeys(ids)):
            rows = self._connection.execute(
                f"{_CONTACT} WHERE c.id IN ({marks(len(chunk))})", chunk
            )
            found.update((row[0], to_contact(row)) for row in rows)
        return found

    def matching(
        self, filters: Sequence[Filter] = (), user: User | None = None, limit: int | None = None
    ) -> list[Contact]:
        """The contacts that pass all filters, by id; with `user` only those who are theirs to write to."""
        from seqctl.store.filters import accessible, conditions, prepare

        prepare(self._connection)
        asked = conditions(filters) + ([accessible(user)] if user else [])
        tests = ["c.deleted_at IS NULL", *(test for test, _ in asked)]
        rows = self._connection.execute(
            f"{_CONTACT} WHERE {' AND '.join(tests)} ORDER BY c.id LIMIT ?",
            [*(value for _, values in asked for value in values), -1 if limit is None else limit],
        )
        return [to_contact(row) for row in rows]

    # --- those who said no ----------------------------------------------------------------------

    def blocked(self, address: str) -> bool:
        """Whether the address or its domain is on the block list."""
        domain = "@" + address.rpartition("@")[2]
        return bool(
            self._connection.execute(
                "SELECT EXISTS (SELECT 1 FROM suppression WHERE kind = 'blocked' "
                "AND address IN (?, ?))",
                (address.lower(), domain.lower()),
            ).fetchone()[0]
        )

    def suppress(self, address: str, kind: str, at: datetime) -> bool:
        """Note that an address said no (`opted_out`, `bounced`, `blocked`); False if known before."""
        cursor = self._connection.execute(
            "INSERT OR IGNORE INTO suppression (address, kind, since) VALUES (?, ?, ?)",
            (address.lower(), kind, iso(at)),
        )
        return cursor.rowcount > 0

    def unsuppress(self, address: str, kind: str) -> bool:
        """Forget that an address said no; False if nothing was known."""
        cursor = self._connection.execute(
            "DELETE FROM suppression WHERE address = ? AND kind = ?", (address.lower(), kind)
        )
        return cursor.rowcount > 0
