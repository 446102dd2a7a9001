"""What must hold in the world at any moment; each check gives a sentence for each thing that doesn't."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import closing
from datetime import datetime
from pathlib import Path

from seqctl.domain.sending.message_ids import message_of
from seqctl.domain.timing.schedule import is_open
from seqctl.service.doctor import examine
from seqctl.service.plans import Plans
from seqctl.store import SqliteStore, open_store
from tests.workspaces import doubled
from tests.world.outside import Delivered

MAY_HAVE_GONE = frozenset({"sent", "sending", "unknown"})


def sound(path: Path, ledger: Iterable[Delivered]) -> Iterator[str]:
    """What the doctor finds, and where the workspace and what really went out disagree."""
    with closing(open_store(path)) as store:
        yield from (f"doctor: {finding}" for finding in examine(store))
        yield from (f"two mails: {one}" for one in doubled_rows(store.connection))
        yield from _told(store, ledger)
        yield from _read_twice(store.connection)


def once(ledger: Iterable[Delivered]) -> Iterator[str]:
    """No step of an enrollment went out twice, by the names that the mails carry."""
    for step, times in Counter(mail.seqctl_id for mail in ledger).items():
        if times > 1:
            yield f"the step {step} went out {times} times"


def doubled_rows(connection: sqlite3.Connection) -> list[tuple[int, int]]:
    """Steps for which the workspace itself knows of two mails that may have gone out."""
    lost = "('failed', 'cancelled')"
    gone = connection.execute(f"SELECT count(*) FROM message WHERE status IN {lost}").fetchone()[0]
    return [] if gone else doubled(connection)


def _told(store: SqliteStore, ledger: Iterable[Delivered]) -> Iterator[str]:
    """Each mail that went out is known, and went out once, counting those who were enrolled again."""
    secret = store.workspace.state().secret
    rows = {row[0]: row[1:] for row in store.connection.execute(_MESSAGES)}
    numbers = [message_of(mail.message_id, secret) for mail in ledger]
    for number, times in Counter(numbers).items():
        if number not in rows:
            yield f"mail {number} went out, and the workspace does not know it"
        elif times > 1:
            yield f"mail {number} went out {times} times"
        elif rows[number][0] not in MAY_HAVE_GONE:
            yield f"mail {number} went out, and is {rows[number][0]}"
    steps = Counter(rows[number][1:] for number in set(numbers) if number in rows)
    yield from (f"step {step} went out {n} times" for step, n in steps.items() if n > 1)


_MESSAGES = """
    WITH RECURSIVE line (id, first) AS (
        SELECT id, id FROM enrollment WHERE continues IS NULL
        UNION ALL SELECT e.id, line.first FROM enrollment AS e JOIN line ON e.continues = line.id
    )
    SELECT m.id, m.status, line.first, m.step FROM message AS m
    JOIN line ON line.id = m.enrollment_id
"""


def _read_twice(connection: sqlite3.Connection) -> Iterator[str]:
    twice = "SELECT message_id, inbox_id FROM received WHERE folder = 'inbox' AND message_id "
    twice += "IS NOT NULL GROUP BY 1, 2 HAVING count(*) > 1"
    for id, inbox in connection.execute(twice):
        yield f"{id} was read twice in inbox {inbox}"


def at_the_dot(path: Path, ids: Iterable[int], now: datetime) -> Iterator[str]:
    """Mails whose final dot goes out now, although something says that they must not."""
    with closing(open_store(path)) as store:
        plans, halted = Plans(store), store.workspace.state().halted_at
        connected = {inbox.id: inbox.connected for inbox in store.people.inboxes()}
        for mail in store.outbox.get(ids):
            enrollment = mail.enrollment
            reasons = {
                f"it is {mail.status}": mail.status != "sending",
                "its enrollment has ended": not enrollment.live,
                "its enrollment is held": enrollment.held_since is not None,
                "its address may not be written to": bool(
                    store.contacts.suppressed(mail.recipient)
                ),
                "the workspace is halted": halted is not None,
                "its inbox is disconnected": not connected[mail.inbox_id],
                "its day or window is closed": not enrollment.any_time
                and not is_open(now, plans.of(enrollment).calendar),
            }
            for reason in (reason for reason, holds in reasons.items() if holds):
                yield f"mail {mail.id} goes out now, though {reason}"


def unread(path: Path, lying: Iterable[tuple[str, str]]) -> Iterator[str]:
    """Answers (inbox, Message-ID) that a tick should have read, and has not."""
    with closing(open_store(path)) as store:
        known = set(
            store.connection.execute(
                "SELECT i.address, r.message_id FROM received AS r JOIN inbox AS i ON i.id = inbox_id"
            )
        )
    for inbox, id in lying:
        if (inbox, id) not in known and (inbox, id.strip("<>")) not in known:
            yield f"the answer {id} lay in {inbox}, and a tick has not read it"
