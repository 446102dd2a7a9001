"""Mails that were read: what each was taken for, and what it changed."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from datetime import date
from typing import Any

from seqctl.domain.reading.letters import Kind
from seqctl.domain.timing.moments import from_iso, iso
from seqctl.ports.mail import Arrived, Cursor, Folder
from seqctl.ports.received import Reading, Received, ReceivedView
from seqctl.store.rows import Row, of_table
from seqctl.store.selecting import ONE_OF, Conditions, at_most, listed

_COLUMNS = (
    "id", "inbox_id", "folder", "validity", "key", "read_at", "at", "sender", "subject", "message_id",
    "kind", "reason", "recipient", "contact_id", "enrollment_id", "answers", "returns", "counted",
    "suppressed", "hold_id", "identity",
)  # fmt: skip
_SELECT = f"SELECT {', '.join(f'r.{column}' for column in _COLUMNS)}"
_CHANGING = _COLUMNS[_COLUMNS.index("kind") :]
_WIDTH = len(_COLUMNS)


class SqliteReceived:
    """Implements `ports.ReceivedMails`."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def cursor(self, inbox_id: int, folder: Folder) -> Cursor | None:
        """Up to where a folder was read."""
        row = self._connection.execute(
            "SELECT validity, last_uid FROM mailbox_cursor WHERE inbox_id = ? AND folder = ?",
            (inbox_id, folder.value),
        ).fetchone()
        return Cursor(*row) if row else None

    def move_cursor(self, inbox_id: int, folder: Folder, cursor: Cursor) -> None:
        """Remember up to where a folder was read; with one numbering it never goes back."""
        self._connection.execute(
            "INSERT INTO mailbox_cursor VALUES (?, ?, ?, ?) ON CONFLICT (inbox_id, folder) "
            "DO UPDATE SET validity = excluded.validity, last_uid = CASE "
            "WHEN validity = excluded.validity THEN max(last_uid, excluded.last_uid) "
            "ELSE excluded.last_uid END",
            (inbox_id, folder.value, *cursor),
        )

    def put_cursor(self, inbox_id: int, folder: Folder, cursor: Cursor) -> None:
        """Remember up to where a folder was read, also where that is further back."""
        self._connection.execute(
            "INSERT OR REPLACE INTO mailbox_cursor VALUES (?, ?, ?, ?)",
            (inbox_id, folder.value, *cursor),
        )

    def forget_places(self, inbox_id: int) -> None:
        """Another mailbox is read from now on: no cursor and no file name counts any more."""
        for table in ("mailbox_cursor", "read_file"):
            self._connection.execute(f"DELETE FROM {table} WHERE inbox_id = ?", (inbox_id,))

    def known_keys(self, inbox_id: int, folder: Folder) -> list[str]:
        """The keys of the files of a Maildir that need not be opened again."""
        rows = self._connection.execute(
            "SELECT key FROM read_file WHERE inbox_id = ? AND folder = ?", (inbox_id, folder.value)
        )
        return [row[0] for row in rows]

    def know_keys(self, inbox_id: int, folder: Folder, keys: Iterable[str]) -> None:
        """These files of a Maildir need not be opened again."""
        self._connection.executemany(
            "INSERT OR IGNORE INTO read_file VALUES (?, ?, ?)",
            [(inbox_id, folder.value, key) for key in keys],
        )

    def forget_keys(self, inbox_id: int, folder: Folder, keys: Iterable[str]) -> None:
        """These files stand in a Maildir no longer."""
        self._connection.executemany(
            "DELETE FROM read_file WHERE inbox_id = ? AND folder = ? AND key = ?",
            [(inbox_id, folder.value, key) for key in keys],
        )

    def readings(self, identity: str) -> list[Reading]:
        """Where a mail was read before, in whichever inbox and folder, oldest first."""
        rows = self._connection.execute(
            "SELECT r.id, inbox_id, address, folder, sender, r.kind, counted FROM received AS r "
            "JOIN inbox ON inbox.id = r.inbox_id WHERE identity = ? ORDER BY r.id",
            (identity,),
        )
        return [
            Reading(id, inbox_id, inbox, Folder(folder), sender, Kind(kind), bool(counted))
            for id, inbox_id, inbox, folder, sender, kind, counted in rows
        ]

    def were_read(self, inbox_id: int, folder: Folder, identities: Iterable[str]) -> set[str]:
        """Those of these identities that were read from this folder."""
        rows = self._connection.execute(
            f"SELECT identity FROM received WHERE identity IN {ONE_OF} "
            "AND inbox_id = ? AND folder = ?",
            (listed(identities), inbox_id, folder.value),
        )
        return {identity for (identity,) in rows}

    def recognise(self, found: Arrived, sender: str, subject: str, inbox_id: int) -> int | None:
        """The id of a mail of unknown identity that this one must be (see `ports.ReceivedMails`)."""
        validity = found.cursor.validity if found.cursor else 0
        told = (inbox_id, found.folder.value, sender, subject, iso(found.at))
        row = self._connection.execute(
            "SELECT id FROM received WHERE inbox_id = ? AND folder = ? AND sender = ? "
            "AND identity IS NULL AND message_id IS NULL AND subject = ? "
            "AND (at = ? OR (validity = ? AND key = ?)) ORDER BY id LIMIT 1",
            (*told, validity, found.key),
        ).fetchone()
        return row[0] if row else None

    def name(self, id: int, identity: str) -> None:
        """From now on a mail is known by this identity."""
        self._connection.execute("UPDATE received SET identity = ? WHERE id = ?", (identity, id))

    def add(self, received: Received) -> int:
        """Store a mail that was read (its id is ignored) and give its id."""
        values = _values(received)[1:]
        cursor = self._connection.execute(
            f"INSERT INTO received ({', '.join(_COLUMNS[1:])}) "
            f"VALUES ({', '.join('?' * len(values))})",
            values,
        )
        assert cursor.lastrowid is not None
        self._write_ended(cursor.lastrowid, received.ended)
        return cursor.lastrowid

    def change(self, received: Received) -> None:
        """Store what it is taken for now, and what that changed."""
        values = _values(received)[_COLUMNS.index("kind") :]
        self._connection.execute(
            f"UPDATE received SET {', '.join(f'{c} = ?' for c in _CHANGING)} WHERE id = ?",
            (*values, received.id),
        )
        self._write_ended(received.id, received.ended)

    def get(self, id: int) -> Received | None:
        """A mail that was read, or None."""
        found = self._all("WHERE r.id = ?", (id,))
        return found[0] if found else None

    def of_contact(self, contact_id: int) -> list[Received]:
        """The mails that were about a contact, by id."""
        return self._all("WHERE r.contact_id = ? ORDER BY r.id", (contact_id,))

    def view(
        self, *, user_id: int | None = None, limit: int | None = None, id: int | None = None
    ) -> list[ReceivedView]:
        """The latest mails that were read, by id (see `ports.ReceivedMails`)."""
        asked = Conditions()
        asked.add("i.user_id = ?", user_id)
        asked.add("r.id = ?", id)
        asked.texts.append("(r.folder = 'inbox' OR r.counted)")
        rows = self._connection.execute(
            f"{_SELECT}, i.address, i.user_id, c.email FROM received AS r "
            "JOIN inbox AS i ON i.id = r.inbox_id LEFT JOIN contact AS c ON c.id = r.contact_id "
            f"{asked.where} ORDER BY r.id DESC LIMIT ?",
            [*asked.values, at_most(limit)],
        ).fetchall()
        return [ReceivedView(self._received(row), *row[_WIDTH:]) for row in reversed(rows)]

    def aliases(self, addresses: Iterable[str]) -> dict[str, int]:
        """The contacts that these addresses belong to (see `ports.ReceivedMails`)."""
        wanted = listed(addresses)
        found = self._connection.execute(
            "SELECT address, contact_id FROM contact_alias JOIN contact ON contact.id = contact_id "
            f"WHERE deleted_at IS NULL AND address IN {ONE_OF} ORDER BY contact_id",
            (wanted,),
        )
        answered = self._connection.execute(
            "SELECT sender, contact_id FROM received WHERE kind = 'reply' "
            f"AND contact_id IS NOT NULL AND answers IS NOT NULL AND sender IN {ONE_OF}",
            (wanted,),
        )
        return dict(found.fetchall()) | dict(answered.fetchall())

    def _write_ended(self, id: int, enrollments: Iterable[int]) -> None:
        self._connection.execute("DELETE FROM ended_by_mail WHERE received_id = ?", (id,))
        self._connection.executemany(
            "INSERT INTO ended_by_mail VALUES (?, ?)", [(id, each) for each in enrollments]
        )

    def _all(self, where: str, values: tuple[object, ...]) -> list[Received]:
        rows = self._connection.execute(f"{_SELECT} FROM received AS r {where}", values).fetchall()
        return [self._received(row) for row in rows]

    def _received(self, row: Row) -> Received:
        ended = self._connection.execute(
            "SELECT enrollment_id FROM ended_by_mail WHERE received_id = ? ORDER BY 1", row[:1]
        )
        return _to_received(row)._replace(ended=tuple(id for (id,) in ended))


@of_table("received")
def _to_received(row: Row) -> Received:
    values: dict[str, Any] = dict(zip(_COLUMNS, row, strict=False))
    values |= {
        "folder": Folder(values["folder"]),
        "read_at": from_iso(values["read_at"]),
        "at": from_iso(values["at"]),
        "kind": Kind(values["kind"]),
        "returns": date.fromisoformat(values["returns"]) if values["returns"] else None,
        "counted": bool(values["counted"]),
    }
    return Received(**values)


def _values(received: Received) -> tuple[object, ...]:
    return (
        *received[:2], received.folder.value, *received[3:5], iso(received.read_at),
        iso(received.at), *received[7:10], received.kind.value, *received[11:16],
        received.returns.isoformat() if received.returns else None, int(received.counted),
        *received[18:20], received.identity,
    )  # fmt: skip
