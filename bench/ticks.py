"""The tick: against the same changes by plain SQL, at growing totals, and in memory."""

from __future__ import annotations

import resource
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

from bench.measuring import Result, Sizes, alternately, at_least, copied, seconds
from bench.workspaces import DAY, make_workspace
from seqctl.clock import SystemClock
from seqctl.service.ticking import tick
from seqctl.store import open_store
from seqctl.store.connection import connect

_BATCH = 1000
_CHANGING = (
    "step", "base", "delay_ends_at", "due_at", "held_since", "last_step_at", "any_time",
    "last_message_id", "last_event_id",
)  # fmt: skip
_MEMORY_LIMIT_MB = 200

Row = tuple[Any, ...]


def measure(folder: Path, sizes: Sizes) -> Iterator[Result]:
    """Everything about ticks."""
    workspace = folder / "workspace.db"
    make_workspace(workspace, sizes.total, sizes.due)
    changes = Changes(workspace)
    tick_time, sql_time = alternately(
        sizes.repetitions, lambda: _tick(workspace), lambda: changes.replay(workspace)
    )
    due = sizes.due
    detail = f"  ({due / tick_time:,.0f} and {due / sql_time:,.0f} steps/s)"
    yield at_least("tick, against plain SQL", sql_time / tick_time, 0.25, detail)


def _tick(workspace: Path) -> float:
    with copied(workspace) as copy, closing(open_store(copy)) as store:
        return seconds(lambda: tick(store, SystemClock(), by=DAY))


class Changes:
    """The rows that a tick changes, ready to be written again by plain SQL, thought out already."""

    def __init__(self, workspace: Path) -> None:
        with copied(workspace) as copy, closing(open_store(copy)) as store:
            run = store.connection.execute
            last_event, last_message = (
                run(f"SELECT max(id) FROM {table}").fetchone()[0] for table in ("event", "message")
            )
            before = dict(
                run("SELECT enrollment_id, due_at FROM agenda WHERE due_at < '2026-03-03'")
            )
            tick(store, SystemClock(), by=DAY)
            self.messages = run("SELECT * FROM message WHERE id > ?", (last_message,)).fetchall()
            self.events = run(
                "SELECT * FROM event WHERE id > ? AND message_id IS NOT NULL", (last_event,)
            ).fetchall()
            columns = ", ".join(f"e.{name}" for name in _CHANGING)
            self.enrollments = run(
                f"SELECT {columns}, e.id FROM event AS v JOIN enrollment AS e ON e.id = v.enrollment_id "
                "WHERE v.id > ? ORDER BY v.id",
                (last_event,),
            ).fetchall()
            ids = [row[-1] for row in self.enrollments]
            due = _CHANGING.index("due_at")
            self.agenda_before = [(before[id], id) for id in ids]
            self.agenda_after = [(row[due], row[-1]) for row in self.enrollments]

    def replay(self, workspace: Path) -> float:
        """The time that SQL takes to write them, in transactions as large as those of the tick."""
        with copied(workspace) as copy, closing(connect(copy)) as connection:

            def write() -> None:
                for start in range(0, len(self.events), _BATCH):
                    self._write(connection, slice(start, start + _BATCH))

            return seconds(write)

    def _write(self, connection: Any, batch: slice) -> None:
        many = connection.executemany
        connection.execute("BEGIN IMMEDIATE")
        many("DELETE FROM agenda WHERE due_at = ? AND enrollment_id = ?", self.agenda_before[batch])
        assignments = ", ".join(f"{name} = ?" for name in _CHANGING)
        many(f"UPDATE enrollment SET {assignments} WHERE id = ?", self.enrollments[batch])
        many("INSERT INTO agenda VALUES (?, ?)", self.agenda_after[batch])
        many(f"INSERT INTO message VALUES ({_marks(self.messages)})", self.messages[batch])
        many(f"INSERT INTO event VALUES ({_marks(self.events)})", self.events[batch])
        connection.execute("COMMIT")


def _marks(rows: list[Row]) -> str:
    return ", ".join("?" * len(rows[0]))
