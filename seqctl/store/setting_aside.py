"""One damaged row ends alone: what can still be done with it, so that the others go on
(rules, "One bad row").

What can't be read is emptied, or put to the time of the ending where it may not be empty; nothing else
of the row is changed. The agenda follows from the enrollments, and is made right.
"""

from __future__ import annotations

import sqlite3
from datetime import datetime
from typing import NamedTuple

from seqctl.domain.errors import Damaged
from seqctl.domain.timing.moments import iso
from seqctl.ports.enrollments import SetAside
from seqctl.store.messages import YIELDS, cancel_queued
from seqctl.store.unreadable import is_moment


def set_aside(connection: sqlite3.Connection, damage: Damaged, at: datetime) -> SetAside | None:
    """Let the damaged row stop nobody any more; None where it is none that a tick works through."""
    if damage.table == "enrollment":
        return _end(connection, damage.row, damage.message, at)
    if damage.table == "agenda":
        return _refile(connection, damage.row, damage.message, at)
    if damage.table == "message":
        return _settle(connection, damage.row, damage.message, at)
    return None


class _Standing(NamedTuple):
    contact_id: int
    status: str
    moved: int
    due_at: str | None


def _standing(connection: sqlite3.Connection, id: object) -> _Standing | None:
    """What an enrollment says of itself in words and numbers, which no decoding can refuse."""
    row = connection.execute(
        "SELECT contact_id, CAST(status AS BLOB), status = 'live' AND held_since IS NULL AND "
        f"waiting IN ('delay', 'task') AND due_at IS NOT NULL AND {is_moment('due_at')}, "
        f"CASE WHEN {is_moment('due_at')} THEN due_at END FROM enrollment WHERE id = ?",
        (id,),
    ).fetchone()
    return None if row is None else _Standing(row[0], row[1].decode(errors="replace"), *row[2:])


def _end(connection: sqlite3.Connection, id: object, why: str, at: datetime) -> SetAside | None:
    standing = _standing(connection, id)
    if standing is None or standing.status in ("finished", "unenrolled"):
        return None
    given = {"id": id, "at": iso(at), "why": f"error: DAMAGED: {why}"}
    connection.execute("DELETE FROM agenda WHERE enrollment_id = :id", given)
    connection.execute(
        f"UPDATE enrollment SET status = 'unenrolled', waiting = NULL, {_kept(_EMPTIED)}, "
        f"delay = {_DELAY}, "
        f"due_at = NULL, enrolled_at = CASE WHEN {is_moment('enrolled_at')} THEN enrolled_at "
        "ELSE :at END, ended_at = :at, reason = 'error', error = 'DAMAGED' WHERE id = :id",
        given,
    )
    cancel_queued(connection, [standing_id := int(str(id))])
    connection.execute(
        "INSERT INTO event (at, kind, detail, contact_id, sequence_id, enrollment_id, step, status, "
        "previous) SELECT :at, 'unenrolled', :why, contact_id, sequence_id, id, step, 'unenrolled', "
        "last_event_id FROM enrollment WHERE id = :id",
        given,
    )
    connection.execute(
        "UPDATE enrollment SET last_event_id = (SELECT max(id) FROM event) WHERE id = :id", given
    )
    return SetAside(standing_id, standing.contact_id, why, ended=True)


_EMPTIED = ("base", "delay_ends_at", "held_since", "kept_due_at", "last_step_at")
_DELAY = """
    CASE WHEN delay GLOB '[0-9]* *' AND ltrim(delay, '0123456789') IN (' minute', ' hour', ' day', ' week')
        THEN delay END
"""


def _kept(columns: tuple[str, ...]) -> str:
    return ", ".join(f"{c} = CASE WHEN {is_moment(c)} THEN {c} END" for c in columns)


def _refile(connection: sqlite3.Connection, id: object, why: str, at: datetime) -> SetAside | None:
    """The enrollment's place in the agenda made right; where it has no time itself, it ends."""
    standing = _standing(connection, id)
    if standing is not None and standing.status == "live" and not standing.moved:
        (waits,) = connection.execute(
            "SELECT waiting IN ('delay', 'task') AND held_since IS NULL FROM enrollment "
            "WHERE id = ?",
            (id,),
        ).fetchone()
        if waits:
            return _end(connection, id, why, at)
    connection.execute("DELETE FROM agenda WHERE enrollment_id = ?", (id,))
    if standing is not None and standing.moved:
        connection.execute(
            f"INSERT INTO agenda SELECT {YIELDS}, due_at, id FROM enrollment AS e WHERE id = ?",
            (id,),
        )
    contact_id = 0 if standing is None else standing.contact_id
    return SetAside(int(str(id)), contact_id, f"{why} The agenda was made right.", ended=False)


def _settle(connection: sqlite3.Connection, id: object, why: str, at: datetime) -> SetAside | None:
    """The mail goes no further: what may have gone out is `unknown`, and its enrollment ends."""
    row = connection.execute(
        "SELECT enrollment_id, status = 'sent' FROM message WHERE id = ?", (id,)
    ).fetchone()
    if row is None:
        return None
    enrollment_id, sent = row
    given = {"id": id, "at": iso(at)}
    connection.execute(
        f"UPDATE message SET at = CASE WHEN {is_moment('at')} THEN at ELSE :at END, "
        f"{_kept(('dated', 'first_try_at'))}, "
        "attachments = CASE WHEN json_valid(attachments) THEN attachments END, status = CASE "
        "WHEN status IN ('sent', 'failed', 'cancelled', 'unknown') THEN status "
        "WHEN status = 'sending' THEN 'unknown' ELSE 'cancelled' END WHERE id = :id",
        given,
    )
    connection.execute("DELETE FROM outbox WHERE message_id = :id", given)
    ended = None if sent else _end(connection, enrollment_id, why, at)
    return ended or SetAside(
        enrollment_id, _contact_of(connection, enrollment_id), why, ended=False
    )


def _contact_of(connection: sqlite3.Connection, enrollment_id: int) -> int:
    standing = _standing(connection, enrollment_id)
    return 0 if standing is None else standing.contact_id
