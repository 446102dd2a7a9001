"""Sequences and their immutable versions."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping
from datetime import datetime

from seqctl.domain.model import Sequence, Settings, Sharing, Step, Version
from seqctl.domain.texts import content
from seqctl.domain.timing.moments import iso
from seqctl.store.rows import UNREADABLE, Row, of_table

_SEQUENCE = """
    SELECT s.id, s.name,
        CASE WHEN json_valid(v.content) THEN v.content ->> '$.settings.title' ELSE s.name END, s.owner_id, u.name, s.sharing,
        v.number, v.id, s.deleted_at IS NOT NULL
    FROM sequence AS s
    JOIN user AS u ON u.id = s.owner_id
    JOIN sequence_version AS v ON v.id = s.version_id
"""
_VERSION = "SELECT id, sequence_id, number, edit_of, content FROM sequence_version"


class SqliteSequences:
    """Implements `ports.Sequences`."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def all(self, *, deleted: bool = False) -> list[Sequence]:
        """The sequences by name; with `deleted` also those that were deleted."""
        where = "" if deleted else " WHERE s.deleted_at IS NULL"
        rows = self._connection.execute(f"{_SEQUENCE}{where} ORDER BY s.name")
        return [_to_sequence(row) for row in rows]

    def names(self) -> dict[int, str]:
        """The names of all sequences, deleted or not, by id."""
        return dict(self._connection.execute("SELECT id, name FROM sequence").fetchall())

    def named(self, name: str) -> Sequence | None:
        """The sequence of this name, deleted or not."""
        row = self._connection.execute(f"{_SEQUENCE} WHERE s.name = ?", (name,)).fetchone()
        return _to_sequence(row) if row else None

    def add(self, name: str, owner_id: int) -> int:
        """Store a new private sequence that has no version yet, and give its id."""
        cursor = self._connection.execute(
            "INSERT INTO sequence (name, owner_id, sharing) VALUES (?, ?, ?)",
            (name, owner_id, content.sharing_to_text(Sharing())),
        )
        assert cursor.lastrowid is not None
        return cursor.lastrowid

    def add_version(
        self,
        sequence_id: int,
        number: int,
        settings: Settings,
        steps: tuple[Step, ...],
        at: datetime,
        edit_of: int | None = None,
    ) -> int:
        """Store a version and give its id.

        One that is no edit becomes the current one, of a deleted sequence too: that is there again.
        """
        text = content.to_text(settings, steps)
        cursor = self._connection.execute(
            "INSERT INTO sequence_version (sequence_id, number, edit_of, steps, content, created_at) "
            "VALUES (?, ?, ?, ?, ?, ?)",
            (sequence_id, number, edit_of, len(steps), text, iso(at)),
        )
        assert cursor.lastrowid is not None
        if edit_of is None:
            self._connection.execute(
                "UPDATE sequence SET version_id = ?, deleted_at = NULL WHERE id = ?",
                (cursor.lastrowid, sequence_id),
            )
        return cursor.lastrowid

    def version(self, version_id: int) -> Version:
        """A version by its id."""
        row = self._connection.execute(f"{_VERSION} WHERE id = ?", (version_id,)).fetchone()
        return _to_version(row)

    def versions(self, sequence_id: int) -> list[Version]:
        """The numbered versions of a sequence, oldest first."""
        rows = self._connection.execute(
            f"{_VERSION} WHERE sequence_id = ? AND edit_of IS NULL ORDER BY number", (sequence_id,)
        )
        return [_to_version(row) for row in rows]

    def own(self, sequence_id: int, owner_id: int) -> None:
        """Give a sequence to another owner."""
        self._connection.execute(
            "UPDATE sequence SET owner_id = ? WHERE id = ?", (owner_id, sequence_id)
        )

    def share(self, sequence_id: int, sharing: Sharing) -> None:
        """Store who else may see and use a sequence."""
        self._connection.execute(
            "UPDATE sequence SET sharing = ? WHERE id = ?",
            (content.sharing_to_text(sharing), sequence_id),
        )

    def delete(self, sequence_id: int, at: datetime) -> None:
        """Mark a sequence as deleted; its versions and history stay."""
        self._connection.execute(
            "UPDATE sequence SET deleted_at = ? WHERE id = ?", (iso(at), sequence_id)
        )

    def live(self) -> dict[int, int]:
        """How many live enrollments each sequence has; one without any is left out."""
        return dict(
            self._connection.execute(
                "SELECT sequence_id, count(*) FROM enrollment WHERE status = 'live' "
                "GROUP BY sequence_id"
            ).fetchall()
        )

    def live_versions(self, sequence_id: int) -> dict[int, int]:
        """How many live enrollments run on each version of a sequence, oldest version first.

        Those on an edit count for the version that was edited.
        """
        return dict(
            self._connection.execute(
                "SELECT v.number, count(*) FROM enrollment AS e "
                "JOIN sequence_version AS v ON v.id = e.version_id "
                "WHERE e.sequence_id = ? AND e.status = 'live' GROUP BY v.number ORDER BY v.number",
                (sequence_id,),
            ).fetchall()
        )

    def keep_contents(self, contents: Mapping[str, bytes]) -> None:
        """Keep attached files by their digest; one that is kept already stays as it is."""
        self._connection.executemany(
            "INSERT INTO attachment (digest, content) VALUES (?, ?) ON CONFLICT DO NOTHING",
            contents.items(),
        )

    def contents(self, digests: Iterable[str]) -> dict[str, bytes]:
        """The attached files with these digests, but for those that are not kept."""
        find = "SELECT digest, content FROM attachment WHERE digest = ?"
        wanted = dict.fromkeys(digests)
        return dict(row for each in wanted for row in self._connection.execute(find, (each,)))


@of_table("sequence")
def _to_sequence(row: Row) -> Sequence:
    id, name, title, owner_id, owner, sharing, number, version_id, deleted = row
    shared = _sharing(sharing)
    return Sequence(id, name, title, owner_id, owner, shared, number, version_id, bool(deleted))


def _sharing(text: str) -> Sharing:
    """Who else may use a sequence; nobody, where that can't be read (`doctor` tells)."""
    try:
        return content.sharing_from_text(text)
    except UNREADABLE:
        return Sharing()


@of_table("sequence_version")
def _to_version(row: Row) -> Version:
    id, sequence_id, number, edit_of, text = row
    settings, steps = content.from_text(text)
    return Version(id, sequence_id, number, settings, steps, edit_of)
