"""Contacts, those who said no, and segments."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime

from seqctl.domain.contacts.filters import Filter
from seqctl.domain.contacts.folding import folded
from seqctl.domain.model import Contact, Event, User
from seqctl.domain.timing.moments import from_iso, iso
from seqctl.ports.contacts import Block, ContactChange, Standing
from seqctl.store.aliases import INSERT_ALIAS, aliases
from seqctl.store.filters import Condition, accessible, conditions, prepare
from seqctl.store.history import INSERT_EVENT, SqliteHistory, places_in
from seqctl.store.rows import CONTACT_COLUMNS, Row, chunks, marks, moment, to_contact

_CONTACT = f"SELECT {CONTACT_COLUMNS} FROM contact AS c"
_MOST_SIMILAR = 2_000
_READ_AT_ONCE = 1_000
_COLUMNS = (
    "email", "first_name", "last_name", "company", "phone", "owner_id", "access", "properties",
    "last_event_id", "company_folded",
)  # fmt: skip
_PROPERTIES = _COLUMNS.index("properties")
_INSERT = f"INSERT INTO contact ({', '.join(_COLUMNS)}, id) VALUES ({marks(len(_COLUMNS) + 1)})"
_UPDATE = (
    f"UPDATE contact SET {', '.join(f'{name} = ?' for name in _COLUMNS)}, deleted_at = NULL "
    "WHERE id = ?"
)
_STANDINGS = """
    WITH standing AS (
        SELECT contact_id, sum(status = 'live') AS active, count(*) AS ever, max(id) AS latest,
            max(ended_at) AS ended,
            max(CASE status WHEN 'finished' THEN ended_at END) AS finished,
            max(CASE status WHEN 'unenrolled' THEN ended_at END) AS unenrolled
        FROM enrollment WHERE contact_id IN ({}) GROUP BY contact_id
    )
    SELECT o.contact_id, o.active, o.ever, s.name, e.enrolled_at, o.ended, o.finished, o.unenrolled
    FROM standing AS o JOIN enrollment AS e ON e.id = o.latest JOIN sequence AS s ON s.id = e.sequence_id
"""


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

    def addresses(self, ids: Iterable[int]) -> dict[int, str]:
        """The addresses of the contacts with these ids, deleted or not, by id."""
        found: dict[int, str] = {}
        for chunk in chunks(dict.fromkeys(ids)):
            query = f"SELECT id, CAST(email AS BLOB) FROM contact WHERE id IN ({marks(len(chunk))})"
            rows = self._connection.execute(query, chunk)
            found.update((id, email.decode(errors="replace")) for id, email in rows)
        return found

    def matching(
        self, filters: Sequence[Filter] = (), user: User | None = None, limit: int | None = None
    ) -> list[Contact]:
        """The contacts that pass all filters, by id; with `user` only those he may write to."""
        where, values = self._where(filters, user)
        rows = self._connection.execute(
            f"{_CONTACT} WHERE {where} ORDER BY c.id LIMIT ?",
            [*values, -1 if limit is None else limit],
        )
        return [to_contact(row) for row in rows]

    def each_matching(
        self, filters: Sequence[Filter] = (), user: User | None = None, limit: int | None = None
    ) -> Iterator[Contact]:
        """The contacts of `matching`, read bit by bit."""
        where, values = self._where(filters, user)
        query = f"{_CONTACT} WHERE {where} AND c.id > ? ORDER BY c.id LIMIT ?"
        last, left = -1, limit
        while left is None or left > 0:
            most = _READ_AT_ONCE if left is None else min(left, _READ_AT_ONCE)
            rows = self._connection.execute(query, [*values, last, most]).fetchall()
            yield from map(to_contact, rows)
            if len(rows) < most:
                return
            last, left = rows[-1][0], None if left is None else left - most

    def count(self, filters: Sequence[Filter] = (), user: User | None = None) -> int:
        """How many contacts `matching` would give without a limit."""
        where, values = self._where(filters, user)
        row = self._connection.execute(
            f"SELECT count(*) FROM contact AS c WHERE {where}", values
        ).fetchone()
        return row[0]

    def addresses_like(self, address: str, user: User | None = None) -> list[str]:
        """Addresses of contacts that begin like this one; with `user` only of those he may write to."""
        beginning = address[:2].lower()
        test, values = accessible(user) if user else ("TRUE", list[object]())
        rows = self._connection.execute(
            f"SELECT c.email FROM contact AS c WHERE c.email >= ? AND c.email < ? "
            f"AND c.deleted_at IS NULL AND {test} LIMIT {_MOST_SIMILAR}",
            [beginning, beginning + "\U0010ffff", *values],
        )
        return [email for (email,) in rows]

    def has_property(self, name: str) -> bool:
        """Whether any contact has a property of its own of this name."""
        row = self._connection.execute(
            "SELECT 1 FROM contact AS c, json_each(c.properties) AS p WHERE p.key = ? LIMIT 1",
            (name,),
        ).fetchone()
        return row is not None

    def property_names(self) -> list[str]:
        """The names of all properties that contacts have of their own."""
        rows = self._connection.execute(
            "SELECT DISTINCT p.key FROM contact AS c, json_each(c.properties) AS p ORDER BY p.key"
        )
        return [name for (name,) in rows]

    def standings(self, ids: Iterable[int]) -> dict[int, Standing]:
        """What the engine keeps about these contacts; those never enrolled are left out."""
        found: dict[int, Standing] = {}
        for chunk in chunks(ids):
            rows = self._connection.execute(_STANDINGS.format(marks(len(chunk))), chunk)
            found.update((row[0], _to_standing(row)) for row in rows)
        return found

    def _where(self, filters: Sequence[Filter], user: User | None) -> Condition:
        prepare(self._connection)
        asked = conditions(filters) + ([accessible(user)] if user else [])
        tests = ["c.deleted_at IS NULL", *(test for test, _ in asked)]
        return " AND ".join(tests), [value for _, values in asked for value in values]

    # --- writing --------------------------------------------------------------------------------

    def record(self, changes: Iterable[ContactChange]) -> None:
        """Write changed and new contacts with their events; a deleted one is there again."""
        changes = list(changes)
        last_events = self._last_events(change.after.id for change in changes if change.after.id)
        contact_id: int = self._connection.execute(
            "SELECT ifnull(max(id), 0) FROM contact"
        ).fetchone()[0]
        first = SqliteHistory(self._connection).last_id() + 1
        created: list[Row] = []
        updated: list[Row] = []
        events: list[Row] = []
        for event_id, (after, event) in enumerate(changes, start=first):
            id = after.id
            if not id:
                id = contact_id = contact_id + 1
            (updated if after.id else created).append(_from_contact(after, event_id, id))
            events.append(_from_event(event, event_id, id, last_events.get(id)))
            last_events[id] = event_id
        self._connection.executemany(_INSERT, created)
        self._connection.executemany(_UPDATE, updated)
        self._write_aliases(updated, created)
        self._connection.executemany(INSERT_EVENT, events)

    def erase(self, contact_id: int, at: datetime) -> None:
        """Mark a contact as deleted and forget all about it but its address."""
        self._connection.execute(
            "UPDATE contact SET first_name = '', last_name = '', company = '', phone = '', "
            "company_folded = '', properties = '{}', deleted_at = ? WHERE id = ?",
            (iso(at), contact_id),
        )
        self._connection.execute("DELETE FROM contact_alias WHERE contact_id = ?", (contact_id,))

    def _write_aliases(self, updated: list[Row], created: list[Row]) -> None:
        many = self._connection.executemany
        many("DELETE FROM contact_alias WHERE contact_id = ?", [row[-1:] for row in updated])
        found = [
            alias for row in (*updated, *created) for alias in aliases(row[-1], row[_PROPERTIES])
        ]
        many(INSERT_ALIAS, found)

    def _last_events(self, ids: Iterable[int]) -> dict[int, int | None]:
        found: dict[int, int | None] = {}
        for chunk in chunks(ids):
            found.update(
                self._connection.execute(
                    f"SELECT id, last_event_id FROM contact WHERE id IN ({marks(len(chunk))})",
                    chunk,
                )
            )
        return found

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

    def suppressed(self, address: str) -> set[str]:
        """What is known of an address: `opted_out`, `bounced`, `blocked`."""
        rows = self._connection.execute(
            "SELECT kind FROM suppression WHERE address = ?", (address.lower(),)
        )
        return {kind for (kind,) in rows}

    def blocks(self) -> list[Block]:
        """The block list, by address."""
        rows = self._connection.execute(
            "SELECT address, since FROM suppression WHERE kind = 'blocked' ORDER BY address"
        )
        return [Block(address, from_iso(since)) for address, since in rows]

    # --- segments -------------------------------------------------------------------------------

    def segments(self) -> dict[str, list[str]]:
        """The filter expressions of every segment, by name."""
        rows = self._connection.execute("SELECT name, filters FROM segment ORDER BY name")
        return {name: json.loads(filters) for name, filters in rows}

    def save_segment(self, name: str, expressions: Sequence[str]) -> None:
        """Store a segment, in place of one of the same name."""
        self._connection.execute(
            "INSERT INTO segment (name, filters) VALUES (?, ?) "
            "ON CONFLICT (name) DO UPDATE SET filters = excluded.filters",
            (name, _json(list(expressions))),
        )

    def delete_segment(self, name: str) -> None:
        """Forget a segment."""
        self._connection.execute("DELETE FROM segment WHERE name = ?", (name,))


_json = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


def _from_contact(contact: Contact, event_id: int, id: int) -> Row:
    properties = _json(dict(contact.properties)) if contact.properties else "{}"
    return (
        contact.email, contact.first_name, contact.last_name, contact.company, contact.phone,
        contact.owner_id, contact.access, properties, event_id, folded(contact.company), id,
    )  # fmt: skip


def _from_event(event: Event, id: int, contact_id: int, previous: int | None) -> Row:
    return (
        id, iso(event.at), event.actor_id, event.kind, event.detail, contact_id, None, None, None,
        None, None, previous, None, None, places_in(event.detail),
    )  # fmt: skip


def _to_standing(row: Row) -> Standing:
    _, active, ever, sequence, enrolled, ended, finished, unenrolled = row
    return Standing(
        active > 0, active, ever, sequence, moment(enrolled), moment(ended), moment(finished),
        moment(unenrolled),
    )  # fmt: skip
