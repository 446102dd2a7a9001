"""Pausing and resuming a whole sequence, against a plain SQL script that changes the same rows."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path

from bench.measuring import Result, Sizes, alternately, at_most, copied, seconds
from bench.workspaces import NOW, make_workspace
from seqctl.service.enrollments.pausing import Pause, Resume, pause_sequence, resume_sequence
from seqctl.store import open_store
from seqctl.store.connection import connect

_LATER = timedelta(days=2)
_EVENT = "id, at, actor_id, kind, detail, contact_id, sequence_id, enrollment_id, step, status, due_at, previous"
_PAUSE_SCRIPT = f"""
    BEGIN IMMEDIATE;
    INSERT INTO hold (scope, sequence_id, user_id, since) VALUES ('sequence', 1, 1, '2026-03-02T07:00:00Z');
    INSERT INTO event ({_EVENT})
    SELECT (SELECT max(id) FROM event) + id, '2026-03-02T07:00:00Z', 1, 'paused', 'sequence by ann',
        contact_id, sequence_id, id, step, 'paused', NULL, last_event_id
    FROM enrollment WHERE sequence_id = 1 AND user_id = 1 AND status = 'live';
    DELETE FROM agenda;
    UPDATE enrollment SET held_since = '2026-03-02T07:00:00Z', due_at = NULL, last_event_id = v.id
    FROM event AS v WHERE v.kind = 'paused' AND v.enrollment_id = enrollment.id;
    COMMIT;
"""
# What is left is two days more from the same time of day: no calendar, no rule.
_RESUME_SCRIPT = f"""
    BEGIN IMMEDIATE;
    DELETE FROM hold;
    INSERT INTO event ({_EVENT})
    SELECT (SELECT max(id) FROM event) + id, '2026-03-04T07:00:00Z', 1, 'resumed',
        'the pause of ann since 2026-03-02T07:00:00Z is over', contact_id, sequence_id, id, step,
        iif(last_step_at IS NULL, 'scheduled', 'active'),
        strftime('%Y-%m-%dT%H:%M:%SZ', delay_ends_at, '+2 days'), last_event_id
    FROM enrollment WHERE sequence_id = 1 AND user_id = 1 AND held_since IS NOT NULL;
    UPDATE enrollment SET held_since = NULL, last_event_id = v.id, due_at = v.due_at,
        delay_ends_at = v.due_at, base = iif(base IS NULL, NULL, '2026-03-04T07:00:00Z')
    FROM event AS v WHERE v.kind = 'resumed' AND v.enrollment_id = enrollment.id;
    INSERT INTO agenda (due_at, enrollment_id) SELECT due_at, id FROM enrollment ORDER BY due_at, id;
    COMMIT;
"""


def measure(folder: Path, sizes: Sizes) -> Iterator[Result]:
    """Both verbs, each against its script."""
    workspace, paused = folder / "sequence.db", folder / "paused.db"
    make_workspace(workspace, sizes.paused, sizes.paused // 10)
    pause, pause_script = alternately(
        sizes.repetitions, lambda: _pause(workspace), lambda: _run(_PAUSE_SCRIPT, workspace)
    )
    yield at_most(f"pause {sizes.paused:,}, against plain SQL", pause / pause_script, 3)
    with copied(workspace) as copy:
        _run_on(_PAUSE_SCRIPT, copy)
        shutil.copyfile(copy, paused)
    resume, resume_script = alternately(
        sizes.repetitions, lambda: _resume(paused), lambda: _run(_RESUME_SCRIPT, paused)
    )
    yield at_most(f"resume {sizes.paused:,}, against plain SQL", resume / resume_script, 8)


def _pause(workspace: Path) -> float:
    with copied(workspace) as copy, closing(open_store(copy)) as store:
        ann = store.people.users()[0]
        return seconds(lambda: pause_sequence(store, "intro", Pause(ann, NOW)))


def _resume(workspace: Path) -> float:
    with copied(workspace) as copy, closing(open_store(copy)) as store:
        ann = store.people.users()[0]
        return seconds(lambda: resume_sequence(store, "intro", Resume(ann, NOW + _LATER)))


def _run(script: str, workspace: Path) -> float:
    with copied(workspace) as copy:
        return _run_on(script, copy)


def _run_on(script: str, workspace: Path) -> float:
    with closing(connect(workspace)) as connection:
        return seconds(lambda: connection.executescript(script))
