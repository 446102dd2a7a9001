"""The promises of the tables, each as a query for the rows that break it (rules, "What never happens").

Each is one pass over whole tables, so that a million enrollments are examined in well under a minute.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from typing import NamedTuple

from seqctl.domain.enrollments.lifecycle import label
from seqctl.domain.errors import Damaged
from seqctl.ports.views import Finding
from seqctl.store.messages import YIELDS
from seqctl.store.queues import STANDS_IN_LINE
from seqctl.store.rows import UNREADABLE, columns_of, to_enrollment
from seqctl.store.selecting import GROUP
from seqctl.store.unreadable import unreadable

Check = Callable[[sqlite3.Connection], Iterator[Finding]]


class Promise(NamedTuple):
    """What must hold. `query` gives the rows that break it: an id, and what `message` quotes."""

    rule: str
    table: str
    message: str
    query: str


_HOLD = """
    (EXISTS (SELECT 1 FROM hold AS h WHERE h.contact_id IS NULL AND h.sequence_id = e.sequence_id
        AND h.user_id = e.user_id)
    OR EXISTS (SELECT 1 FROM hold AS h WHERE h.contact_id = e.contact_id
        AND ifnull(h.sequence_id, e.sequence_id) = e.sequence_id))
"""
_RUNS = "e.status = 'live' AND e.held_since IS NULL"
_IN_AGENDA = (
    "EXISTS (SELECT 1 FROM agenda AS a WHERE a.yields IN (0, 1) "
    "AND a.due_at = e.due_at AND a.enrollment_id = e.id)"
)
_BY_CLOCK = f"{_RUNS} AND e.waiting IN ('delay', 'task') AND e.due_at IS NOT NULL"
_WITH_LAST_EVENT = "FROM enrollment AS e JOIN event AS v ON v.id = e.last_event_id"

# Each event of a contact or an enrollment is named once: by the one after it, or as the last one.
_NAMED = """
    SELECT last_event_id AS id FROM enrollment
    UNION ALL SELECT last_event_id FROM contact
    UNION ALL SELECT previous FROM event
"""

_PROMISES = (
    Promise(
        "1",
        "message",
        "a second mail of step {0} to one enrollment, counting those that it continues",
        """
        WITH RECURSIVE line (id, ancestor) AS (
            SELECT id, continues FROM enrollment WHERE continues IS NOT NULL
            UNION SELECT line.id, e.continues FROM line JOIN enrollment AS e ON e.id = line.ancestor
            WHERE e.continues IS NOT NULL
        ), first AS MATERIALIZED (SELECT id, min(ancestor) AS ancestor FROM line GROUP BY id)
        SELECT max(m.id), m.step FROM message AS m LEFT JOIN first ON first.id = m.enrollment_id
        WHERE m.status NOT IN ('failed', 'cancelled')
        GROUP BY ifnull(first.ancestor, m.enrollment_id), m.step HAVING count(*) > 1
        """,
    ),
    Promise(
        "2",
        "event",
        "enrollment {0} was {1}, and yet a mail or a task was made",
        """
        SELECT v.id, v.enrollment_id, p.status FROM event AS v JOIN event AS p ON p.id = v.previous
        WHERE (v.message_id IS NOT NULL OR v.task_id IS NOT NULL)
            AND p.status IN ('paused', 'finished', 'unenrolled')
        """,
    ),
    Promise(
        "2",
        "enrollment",
        "runs, although a hold holds it",
        f"SELECT e.id FROM enrollment AS e WHERE {_RUNS} AND {_HOLD}",
    ),
    Promise(
        "3",
        "message",
        "a mail to {0}, which was {1} since {2}",
        """
        SELECT m.id, m.recipient, s.kind, s.since FROM message AS m CROSS JOIN suppression AS s
        ON s.address IN (m.recipient, substr(m.recipient, instr(m.recipient, '@')))
            AND s.since < m.at
        WHERE m.status IN ('sent', 'sending', 'unknown')
        """,
    ),
    Promise(
        "4",
        "enrollment",
        "nothing moves it: it is due {0}, but not in the agenda",
        f"SELECT e.id, e.due_at FROM enrollment AS e WHERE {_BY_CLOCK} AND NOT {_IN_AGENDA}",
    ),
    Promise(
        "4",
        "enrollment",
        "nothing moves it: it waits for a task that is not open",
        f"""
        SELECT e.id FROM enrollment AS e WHERE e.status = 'live' AND e.waiting = 'task'
            AND NOT EXISTS (SELECT 1 FROM task AS t WHERE t.enrollment_id = e.id
                AND t.step = e.step AND t.status = 'open')
            AND NOT ({_BY_CLOCK} AND {_IN_AGENDA})
        """,
    ),
    Promise(
        "4",
        "enrollment",
        "nothing moves it: no inbox that it waits for is disconnected or in trouble",
        """
        SELECT e.id FROM enrollment AS e LEFT JOIN inbox AS i ON i.id = e.inbox_id
        WHERE e.waiting = 'inbox' AND ifnull(i.connected, 1) AND i.trouble IS NULL
        """,
    ),
    Promise(
        "4",
        "enrollment",
        "nothing moves it: it stands in line, but has no due time",
        f"SELECT e.id FROM enrollment AS e WHERE {STANDS_IN_LINE} AND e.due_at IS NULL",
    ),
    Promise(
        "4",
        "enrollment",
        "nothing moves it: it waits for a mail that is settled",
        """
        SELECT e.id FROM enrollment AS e LEFT JOIN message AS m ON m.id = e.last_message_id
        WHERE e.waiting = 'mail' AND ifnull(m.status, 'sent') IN ('sent', 'failed', 'cancelled')
        """,
    ),
    Promise(
        "4",
        "enrollment",
        "nothing moves it: it is paused, but no hold holds it",
        f"""
        SELECT e.id FROM enrollment AS e
        WHERE e.status = 'live' AND e.held_since IS NOT NULL AND NOT {_HOLD}
        """,
    ),
    Promise(
        "4",
        "enrollment",
        "its step {0} is not among the {1} of its version",
        """
        SELECT e.id, e.step, v.steps FROM enrollment AS e
        JOIN sequence_version AS v ON v.id = e.version_id
        WHERE e.status = 'live' AND e.step > v.steps + (e.waiting = 'resume')
        """,
    ),
    Promise(
        "4",
        "agenda",
        "enrollment {0} stands in the agenda at {1}, but the clock does not move it then",
        f"""
        SELECT a.enrollment_id, a.enrollment_id, a.due_at FROM agenda AS a
        LEFT JOIN enrollment AS e ON e.id = a.enrollment_id AND e.due_at = a.due_at AND {_BY_CLOCK}
        WHERE e.id IS NULL
        """,
    ),
    Promise(
        "4",
        "agenda",
        "enrollment {0} stands among the wrong ones of its moment in the agenda",
        f"""
        SELECT e.id, e.id FROM agenda AS a JOIN enrollment AS e ON e.id = a.enrollment_id
        WHERE a.yields <> ({YIELDS})
        """,
    ),
    Promise(
        "6",
        "enrollment",
        "its mail {0} went out, and yet it counts as one that had none",
        """
        SELECT e.id, max(m.id) FROM message AS m JOIN enrollment AS e ON e.id = m.enrollment_id
        WHERE m.status = 'sent' AND NOT e.had_mail GROUP BY e.id
        """,
    ),
    Promise(
        "6",
        "enrollment",
        "it counts as one that had a mail, and there is none",
        "SELECT e.id FROM enrollment AS e WHERE e.had_mail AND e.last_message_id IS NULL",
    ),
    Promise(
        "5",
        "enrollment",
        "a second live enrollment of contact {0} in sequence {1}",
        """
        SELECT max(id), contact_id, sequence_id FROM enrollment WHERE status = 'live'
        GROUP BY contact_id, sequence_id HAVING count(*) > 1
        """,
    ),
    Promise(
        "6",
        "enrollment",
        "its last event {0} does not tell of it",
        """
        SELECT e.id, ifnull(e.last_event_id, 'is missing and') FROM enrollment AS e
        LEFT JOIN event AS v ON v.id = e.last_event_id
        WHERE v.enrollment_id IS NOT e.id
        """,
    ),
    Promise(
        "6",
        "enrollment",
        "is due {0}, but its last event says {1}",
        """
        SELECT e.id, ifnull(e.due_at, 'never'), ifnull(v.due_at, 'never') FROM enrollment AS e
        JOIN event AS v ON v.id = e.last_event_id WHERE e.due_at IS NOT v.due_at
        """,
    ),
    Promise(
        "6",
        "contact",
        "its last event {0} does not tell of it",
        """
        SELECT c.id, ifnull(c.last_event_id, 'is missing and') FROM contact AS c
        LEFT JOIN event AS v ON v.id = c.last_event_id
        WHERE v.contact_id IS NOT c.id OR v.id IS NULL
        """,
    ),
    Promise(
        "6",
        "event",
        "its previous event {0} is not one of the same history before it",
        """
        SELECT v.id, v.previous FROM event AS v LEFT JOIN event AS p ON p.id = v.previous
        WHERE v.previous IS NOT NULL AND (p.id IS NULL OR p.id >= v.id
            OR (p.at > v.at AND NOT EXISTS (SELECT 1 FROM clock_accepted AS a
                WHERE a.event_id > p.id AND a.event_id <= v.id))
            OR p.contact_id IS NOT v.contact_id OR p.enrollment_id IS NOT v.enrollment_id)
        """,
    ),
    Promise(
        "6",
        "event",
        "is reached {0} times from the contacts and enrollments",
        f"SELECT id, count(*) FROM ({_NAMED}) WHERE id IS NOT NULL GROUP BY id HAVING count(*) > 1",
    ),
    Promise(
        "6",
        "event",
        "is not reached from any contact or enrollment",
        f"""
        SELECT id FROM event WHERE (contact_id IS NOT NULL OR enrollment_id IS NOT NULL)
            AND id NOT IN (SELECT id FROM ({_NAMED}) WHERE id IS NOT NULL)
        """,
    ),
    *(
        Promise(
            "6",
            table,
            "is told of by {0} events of its step instead of one",
            f"""
            SELECT t.id, count(v.id) FROM {table} AS t LEFT JOIN (
                SELECT id, {table}_id AS made, enrollment_id, step FROM event
                WHERE {table}_id IS NOT NULL
            ) AS v ON v.made = t.id AND v.enrollment_id = t.enrollment_id AND v.step = t.step
            GROUP BY t.id HAVING count(v.id) <> 1
            """,
        )
        for table in ("message", "task")
    ),
    *(
        Promise(
            "6",
            "event",
            f"tells of the {table} {{0}}, which does not exist",
            f"""
            SELECT id, {table}_id FROM event
            WHERE {table}_id IS NOT NULL AND {table}_id NOT IN (SELECT id FROM {table})
            """,
        )
        for table in ("message", "task")
    ),
    Promise(
        "7",
        "event",
        "user {0} did this to enrollment {1} of user {2}",
        """
        SELECT v.id, v.actor_id, e.id, e.user_id FROM event AS v
        JOIN enrollment AS e ON e.id = v.enrollment_id
        WHERE v.kind IN ('enrolled', 'reenrolled', 'edited', 'task-done', 'task-skipped')
            AND v.actor_id IS NOT e.user_id
        """,
    ),
    Promise(
        "14.1",
        "received",
        "mail {0} was read twice in the folder {1} of inbox {2}",
        """
        SELECT max(id), identity, folder, inbox_id FROM received WHERE identity IS NOT NULL
        GROUP BY identity, inbox_id, folder HAVING count(*) > 1
        """,
    ),
)


def examine(connection: sqlite3.Connection) -> Iterator[Finding]:
    """All rows that break a promise, and all that can't be read.

    Each check stands by itself: what one stumbles over ends that check and is a finding of its own.
    """
    told: set[Finding] = set()
    for check in (*_DAMAGES, *map(_breaking, _PROMISES), _other_labels):
        try:
            for finding in check(connection):
                if finding not in told:
                    told.add(finding)
                    yield finding
        except (sqlite3.Error, *UNREADABLE) as error:
            trouble = Finding("file", "", None, str(error))
            if trouble not in told:
                told.add(trouble)
                yield trouble
            with suppress(sqlite3.Error):
                connection.rollback()  # a damaged file can't even commit having been read


def damages(connection: sqlite3.Connection) -> Iterator[Finding]:
    """What is wrong with the file itself, and which rows can't be read; raises sqlite3.Error."""
    for check in _DAMAGES:
        yield from check(connection)


def _breaking(promise: Promise) -> Check:
    def check(connection: sqlite3.Connection) -> Iterator[Finding]:
        for id, *values in connection.execute(promise.query):
            yield Finding(promise.rule, promise.table, id, promise.message.format(*values))

    return check


def _file(connection: sqlite3.Connection) -> Iterator[Finding]:
    for (message,) in connection.execute("PRAGMA integrity_check"):
        if message != "ok":
            yield Finding("file", "", None, message)


def _pointers(connection: sqlite3.Connection) -> Iterator[Finding]:
    for table, row, other, _ in connection.execute("PRAGMA foreign_key_check"):
        yield Finding("file", table, row, f"points to a row of {other} that does not exist")
    # A sequence is made before its first version, so that this is no foreign key.
    without = connection.execute(
        "SELECT s.id FROM sequence AS s WHERE NOT EXISTS (SELECT 1 FROM sequence_version AS v "
        "WHERE v.id = s.version_id AND v.sequence_id = s.id)"
    )
    for (row,) in without:
        yield Finding("file", "sequence", row, "points to a version that it does not have")


def other_tables(connection: sqlite3.Connection) -> Iterator[Finding]:
    """The tables and indexes that aren't there as seqctl makes them."""
    from seqctl.store.connection import blank

    with closing(blank()) as sound:
        wanted = dict(sound.execute(_TABLES).fetchall())
    found = dict(connection.execute(_TABLES).fetchall())
    for name in sorted(wanted.keys() - found.keys()):
        yield Finding("file", name, None, "is missing")
    for name in sorted(wanted.keys() & found.keys()):
        if wanted[name] != found[name]:
            yield Finding("file", name, None, "is not as seqctl makes it")
    if connection.execute("SELECT count(*) FROM workspace").fetchone()[0] != 1:
        yield Finding("file", "workspace", None, "its one row is missing")


_TABLES = "SELECT name, sql FROM sqlite_schema WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite%'"
_DAMAGES: tuple[Check, ...] = (_file, other_tables, _pointers, unreadable)


def _other_labels(connection: sqlite3.Connection) -> Iterator[Finding]:
    """Enrollments whose last event shows another status: whole groups have the same one."""
    groups = connection.execute(
        f"SELECT {columns_of('e')}, {GROUP}, v.status {_WITH_LAST_EVENT} GROUP BY {GROUP}, v.status"
    ).fetchall()
    for *row, group, told in groups:
        try:
            is_now = label(to_enrollment(tuple(row)))
        except Damaged:
            continue  # told already, with the value that can't be read
        if told == is_now:
            continue
        ids = connection.execute(
            f"SELECT e.id {_WITH_LAST_EVENT} WHERE {GROUP} = ? AND v.status IS ?", (group, told)
        )
        for (id,) in ids:
            yield Finding("6", "enrollment", id, f"is {is_now}, but its last event says {told}")
