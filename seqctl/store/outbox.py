"""The outbox: mails on their way, and recorded mail of which a copy has still to be written."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Mapping
from datetime import datetime

from seqctl.domain.model import Enrollment, MailStatus
from seqctl.domain.timing.moments import from_iso, iso
from seqctl.ports.outbox import Claim, Sent
from seqctl.store.messages import LIMITED
from seqctl.store.rows import Row, columns_of, marks, moment, of_table, to_enrollment
from seqctl.store.selecting import ONE_OF, listed

_CLAIM = """
    SELECT m.id, m.enrollment_id, m.step, m.inbox_id, u.full_name, i.address, m.recipient, m.subject,
        m.body, m.markdown, m.attachments, m.answers, ifnull(m.dated, m.at),
        i.capture_to
    FROM {from_} message AS m
    JOIN inbox AS i ON i.id = m.inbox_id
    JOIN enrollment AS e ON e.id = m.enrollment_id
    JOIN user AS u ON u.id = e.user_id
    WHERE {where}
    ORDER BY m.id
"""
# Its enrollment waits for it, and nothing says that it must not go out.
_MAY_GO = """
    e.waiting = 'mail' AND e.last_message_id = m.id AND e.held_since IS NULL
    AND (SELECT connected FROM inbox WHERE id = m.inbox_id)
    AND (SELECT halted_at FROM workspace) IS NULL
    AND NOT EXISTS (SELECT 1 FROM suppression AS s WHERE s.address = m.recipient)
    AND NOT EXISTS (SELECT 1 FROM suppression AS s
        WHERE s.address = substr(m.recipient, instr(m.recipient, '@')))
"""
_SENT = f"""
    SELECT {columns_of("e")}, m.id, m.step, m.inbox_id, e.contact_id, m.recipient, m.subject,
        m.status, m.at, m.tries, m.first_try_at
    FROM message AS m JOIN enrollment AS e ON e.id = m.enrollment_id
"""
_OPEN = "m.status IN ('queued', 'claimed', 'sending', 'unknown')"
"""The words of the index `message_open`, without which SQLite reads all mails that ever were."""
_WIDTH = len(Enrollment._fields)


class SqliteOutbox:
    """Implements `ports.Outbox`."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    # --- copies of captured mail --------------------------------------------------------------

    def copies(self) -> Mapping[int, int]:
        """How many copies of captured mail are still to be written, by inbox id."""
        rows = self._connection.execute(
            "SELECT m.inbox_id, count(*) FROM outbox AS o CROSS JOIN message AS m "
            "ON m.id = o.message_id JOIN inbox AS i ON i.id = m.inbox_id "
            "WHERE i.capture_to IS NOT NULL GROUP BY m.inbox_id"
        )
        return dict(rows.fetchall())

    def to_copy(self, inbox_id: int, limit: int, *, after: int = 0) -> list[Claim]:
        """The first captured mails of an inbox of which a copy is still to be written, by id."""
        where = "m.id = o.message_id AND o.message_id > ? AND m.inbox_id = ?"
        where = f"{where} AND i.capture_to IS NOT NULL"
        given = (after, inbox_id)
        return self._claims(where, given, from_="outbox AS o CROSS JOIN", limit=limit)

    def written(self, ids: Iterable[int]) -> None:
        """These copies are written."""
        self._connection.executemany("DELETE FROM outbox WHERE message_id = ?", [(i,) for i in ids])

    # --- mails on their way -------------------------------------------------------------------

    def unsettled(self, inbox_id: int, *statuses: MailStatus) -> list[Sent]:
        """The mails of an inbox that have one of these statuses, by id."""
        return self._all(
            f"WHERE m.inbox_id = ? AND m.status IN ({marks(len(statuses))}) AND {_OPEN}",
            (inbox_id, *(status.value for status in statuses)),
        )

    def get(self, ids: Iterable[int]) -> list[Sent]:
        """These mails, by id."""
        return self._all(f"WHERE m.id IN {ONE_OF}", (listed(ids),))

    def claim(self, inbox_id: int, at: datetime, limit: int) -> list[Claim]:
        """Claim the first queued mails of live, unheld enrollments: they are this tick's now."""
        where = f"m.inbox_id = ? AND m.status = 'queued' AND {_OPEN} AND {_MAY_GO}"
        found = self._claims(where, (inbox_id,), limit=limit)
        self._connection.executemany(
            "UPDATE message SET status = 'claimed', at = ?, dated = ? "
            "WHERE id = ? AND status = 'queued'",
            [(iso(at), iso(at), claim.id) for claim in found],
        )
        return [claim._replace(at=at) for claim in found]

    def mark_sending(self, ids: Iterable[int]) -> set[int]:
        """Those of these claimed mails that may still go out: only their final dot is missing."""
        rows = self._connection.execute(
            "UPDATE message SET status = 'sending' WHERE status = 'claimed' AND id IN ("
            "SELECT m.id FROM message AS m JOIN enrollment AS e ON e.id = m.enrollment_id "
            f"WHERE m.id IN {ONE_OF} AND {_MAY_GO}) RETURNING id",
            (listed(ids),),
        )
        return {row[0] for row in rows}

    def settle(
        self,
        ids: Iterable[int],
        status: MailStatus,
        at: datetime,
        words: str = "",
        *,
        tried: bool = False,
    ) -> None:
        """Give mails a status, and move or give back their slots (see `ports.Outbox`)."""
        each = [(id,) for id in ids]
        many = self._connection.executemany
        many(
            "UPDATE message SET status = ?, words = nullif(?, '') WHERE id = ?",
            [(status.value, words, *id) for id in each],
        )
        if status == MailStatus.SENT:
            many("UPDATE message SET at = ? WHERE id = ?", [(iso(at), *id) for id in each])
            self._take_slots(each, at)
        elif status in (MailStatus.QUEUED, MailStatus.CANCELLED, MailStatus.FAILED):
            self._free_slots(each)
        if tried:
            many(
                "UPDATE message SET tries = tries + 1, first_try_at = ifnull(first_try_at, ?) "
                "WHERE id = ?",
                [(iso(at), *id) for id in each],
            )

    def last_sent(self, id: int) -> int | None:
        """This mail, or where it never went out the latest one before it that did."""
        row = self._connection.execute(
            "WITH RECURSIVE back (id) AS (VALUES (?) UNION SELECT m.previous FROM back "
            "JOIN message AS m ON m.id = back.id "
            "WHERE m.status IN ('failed', 'cancelled') AND m.previous IS NOT NULL) "
            "SELECT m.id FROM back JOIN message AS m ON m.id = back.id "
            "WHERE m.status NOT IN ('failed', 'cancelled') LIMIT 1",
            (id,),
        ).fetchone()
        return row[0] if row else None

    def keep_in_sent(self, ids: Iterable[int]) -> None:
        """Copies of these sent mails have still to be put into Sent."""
        self._connection.executemany(
            "INSERT OR IGNORE INTO outbox VALUES (?)", [(id,) for id in ids]
        )

    def to_keep(self, inbox_id: int, limit: int) -> list[Claim]:
        """The first sent mails of an inbox that have still to be put into Sent, by id."""
        from_ = "outbox AS o CROSS JOIN"
        where = "m.id = o.message_id AND m.inbox_id = ? AND i.capture_to IS NULL"
        return self._claims(where, (inbox_id,), from_=from_, limit=limit)

    def counts(self, statuses: Iterable[MailStatus]) -> Mapping[int, int]:
        """How many mails of each inbox have one of these statuses, by inbox id."""
        wanted = [status.value for status in statuses]
        rows = self._connection.execute(
            f"SELECT inbox_id, count(*) FROM message AS m WHERE m.status IN ({marks(len(wanted))}) "
            f"AND {_OPEN} GROUP BY inbox_id",
            wanted,
        )
        return dict(rows.fetchall())

    def _take_slots(self, each: list[tuple[int]], at: datetime) -> None:
        self._free_slots(each)
        self._connection.executemany(
            "INSERT OR REPLACE INTO slot SELECT m.inbox_id, ?, m.id FROM message AS m "
            f"JOIN inbox ON inbox.id = m.inbox_id WHERE m.id = ? AND ({LIMITED})",
            [(iso(at), *id) for id in each],
        )

    def _free_slots(self, each: list[tuple[int]]) -> None:
        self._connection.executemany(
            "DELETE FROM slot WHERE message_id = ? "
            "AND inbox_id = (SELECT inbox_id FROM message WHERE id = ?)",
            [id * 2 for id in each],
        )

    def _claims(
        self, where: str, values: tuple[object, ...], *, from_: str = "", limit: int | None = None
    ) -> list[Claim]:
        query = _CLAIM.format(from_=from_, where=where) + (" LIMIT ?" if limit else "")
        rows = self._connection.execute(query, (*values, limit) if limit else values).fetchall()
        threads = self._threads({row[11] for row in rows} - {None})
        return [_to_claim((*row, threads.get(row[11], ()))) for row in rows]

    def _threads(self, ends: set[int]) -> dict[int | None, tuple[int, ...]]:
        """The mails of each thread up to one of `ends`, oldest first."""
        answered: dict[int, int | None] = {}
        wanted = ends
        while wanted:
            rows = self._connection.execute(
                f"SELECT id, answers FROM message WHERE id IN {ONE_OF}", (listed(wanted),)
            )
            found: dict[int, int | None] = dict(rows.fetchall())
            answered |= found
            wanted = {id for id in found.values() if id is not None} - answered.keys()
        return {end: _thread(end, answered) for end in ends}

    def _all(self, where: str, values: tuple[object, ...]) -> list[Sent]:
        rows = self._connection.execute(f"{_SENT} {where} ORDER BY m.id", values)
        return [_to_sent(row) for row in rows]


def _thread(end: int, answered: Mapping[int, int | None]) -> tuple[int, ...]:
    thread: list[int] = []
    mail: int | None = end
    while mail is not None and mail in answered:
        thread.append(mail)
        mail = answered[mail]
    return tuple(reversed(thread))


@of_table("message")
def _to_claim(row: Row) -> Claim:
    return Claim(
        *row[:9],
        markdown=bool(row[9]),
        attachments=tuple((n, d) for n, d in json.loads(row[10] or "[]")),
        thread=row[14],
        at=from_iso(row[12]),
        copy_to=row[13],
    )


def _to_sent(row: Row) -> Sent:
    return _with_enrollment((*row[_WIDTH:], to_enrollment(row)))


@of_table("message")
def _with_enrollment(row: Row) -> Sent:
    id, step, inbox, contact, recipient, subject, status, at, tries, first, enrollment = row
    return Sent(
        id,
        step,
        inbox,
        contact,
        recipient,
        subject,
        MailStatus(status),
        from_iso(at),
        tries,
        moment(first),
        enrollment,
    )
