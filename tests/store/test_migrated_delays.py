"""Delays that ran, stood still or had ended in a workspace of an earlier version go on rightly."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

from seqctl.domain.enrollments import lifecycle
from seqctl.domain.enrollments.continuing import continue_from
from seqctl.domain.enrollments.lifecycle import Plan
from seqctl.domain.model import Enrollment
from seqctl.store import open_store
from tests.desk import Desk
from tests.store.test_migrations import released_1

STEPS = """\
name: intro
days: business
window: 08:00-18:00
steps:
  - email: {subject: Hello, body: one}
  - after: 3 days
    email: {body: two}
"""
DAY = timedelta(days=1)
THURSDAY = datetime(2026, 3, 5, 9, tzinfo=UTC)
ROWS = """
    UPDATE enrollment SET status = 'unenrolled', waiting = NULL, reason = 'manual',
        ended_at = '2026-03-02T00:00:00Z', held_since = NULL WHERE id = 1;
    INSERT INTO enrollment (id, contact_id, sequence_id, version_id, user_id, timezone, status, waiting,
        step, base, delay_ends_at, due_at, held_since, enrolled_at, ended_at, reason) VALUES
    (2, 2, 1, 1, 1, 'UTC', 'live', 'delay', 2, '2026-03-05T09:00:00Z', '2026-03-10T09:00:00Z', NULL,
        '2026-03-06T09:00:00Z', '2026-03-05T09:00:00Z', NULL, NULL),
    (3, 3, 1, 1, 1, 'UTC', 'live', 'delay', 1, NULL, '2026-03-14T09:00:00Z', NULL,
        '2026-03-06T09:00:00Z', '2026-03-05T09:00:00Z', NULL, NULL),
    (4, 4, 1, 1, 1, 'UTC', 'unenrolled', NULL, 2, '2026-03-05T09:00:00Z', '2026-03-10T09:00:00Z', NULL,
        NULL, '2026-03-05T09:00:00Z', '2026-03-06T09:00:00Z', 'manual');
"""


def migrated(tmp_path: Path) -> tuple[dict[int, Enrollment], Plan]:
    """A running delay of 3 business days (2) and a start on a Saturday (3), both held since Friday;
    one such delay (4) that was ended then.
    """
    (tmp_path / "now").mkdir()
    desk = Desk(tmp_path / "now")
    desk.apply(STEPS)
    (content,) = desk.store.connection.execute("SELECT content FROM sequence_version").fetchone()
    desk.close()
    old = released_1(tmp_path / "old.db")
    old.execute("UPDATE sequence_version SET content = ?", (content,))
    old.executemany(
        "INSERT INTO contact (id, email) VALUES (?, ?)", [(n, f"c{n}@x.test") for n in (2, 3, 4)]
    )
    old.executescript(ROWS)
    old.close()
    store = open_store(tmp_path / "old.db")
    found = {e.id: e for e in store.enrollments.get([2, 3, 4])}
    version = store.sequences.version(1)
    store.close()
    return found, Plan(version, version.settings.calendar("UTC"))


def test_what_stood_still_goes_on(tmp_path: Path) -> None:
    found, plan = migrated(tmp_path)
    assert lifecycle.remaining_seconds(found[2], plan) == 2 * 86400
    resumed = lifecycle.lift(found[2], plan, THURSDAY + 2 * DAY)
    assert resumed.due_at == datetime(2026, 3, 10, 9, tzinfo=UTC)


def test_a_start_that_was_held_keeps_its_moment(tmp_path: Path) -> None:
    found, plan = migrated(tmp_path)
    assert lifecycle.remaining_seconds(found[3], plan) == 0
    monday = datetime(2026, 3, 16, 9, tzinfo=UTC)
    assert lifecycle.lift(found[3], plan, THURSDAY + 4 * DAY).due_at == monday
    assert lifecycle.lift(found[3], plan, monday + DAY).due_at == monday + DAY


def test_what_had_ended_is_due_when_it_would_have_been(tmp_path: Path) -> None:
    found, plan = migrated(tmp_path)
    fresh = found[4]._replace(id=5, base=None, delay_ends_at=None)
    due = datetime(2026, 3, 10, 9, tzinfo=UTC)
    for now, expected in ((THURSDAY + 2 * DAY, due), (due + DAY, due + DAY)):
        again = continue_from(found[4], fresh, plan, now, task_created=False)
        assert again.due_at == expected
