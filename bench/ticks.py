"""The tick: against the same changes by plain SQL, at growing totals, and in memory."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from functools import partial
from pathlib import Path
from sqlite3 import Connection
from typing import Any

from bench import others
from bench.measuring import Result, Sizes, alternately, at_least, copied, run, seconds
from bench.workspaces import DAY, make_workspace
from seqctl.clock import SystemClock
from seqctl.service.tick.ticking import tick
from seqctl.store import open_store
from seqctl.store.connection import connect

_BATCH = 1000
_CHANGING = (
    "step", "base", "delay_ends_at", "due_at", "held_since", "last_step_at", "any_time",
    "last_message_id", "had_mail", "last_event_id",
)  # fmt: skip
_MEMORY_LIMIT_MB = 200
_NOTING = """
import re, sys
from pathlib import Path
from seqctl.cli import run
assert run(sys.argv[2:]) == 0
Path(sys.argv[1]).write_text(re.search("VmHWM:.*", Path("/proc/self/status").read_text())[0])
"""

Row = tuple[Any, ...]


def measure(folder: Path, sizes: Sizes) -> Iterator[Result]:
    """Everything about ticks; the job queues, whose jobs are all due, are compared with the tick of
    the smallest workspace, which is as full of due work as they are."""
    totals = (sizes.due, sizes.total // 10, sizes.total)
    workspaces = [folder / f"{total}.db" for total in totals]
    for workspace, total in zip(workspaces, totals, strict=True):
        make_workspace(workspace, total, sizes.due)
    changes = Changes(workspaces[-1])
    *ticks, script = alternately(
        sizes.repetitions,
        *(partial(_tick, workspace) for workspace in workspaces),
        lambda: changes.replay(workspaces[-1]),
    )
    rates = [sizes.due / took for took in ticks]
    yield at_least(
        f"tick, {sizes.due:,} due of {sizes.total:,}, against plain SQL",
        script / ticks[-1],
        0.25,
        f"  ({rates[-1]:,.0f} and {sizes.due / script:,.0f} steps/s)",
    )
    steps = ", ".join(f"{rate:,.0f}" for rate in rates)
    yield at_least(
        f"tick of {totals[-1]:,} against {totals[0]:,} in all",
        rates[-1] / rates[0],
        0.6,
        f"  ({steps} steps/s)",
    )
    yield from others.measure(folder, sizes, rates[0])
    yield _peak_memory(workspaces[-1])


def _peak_memory(workspace: Path) -> Result:
    """Of the whole command, which notes its own peak: `getrusage` would count this process too,
    as large as it was when it forked."""
    note = workspace.with_name("peak")
    with copied(workspace) as copy:
        run("-c", _NOTING, note, "--db", copy, "--as", "ann", "tick", "--by", "12h")
    peak = int(note.read_text().split()[1]) / 1024
    return Result(
        "memory of that tick, at its peak",
        f"{peak:.0f} MB",
        f"<= {_MEMORY_LIMIT_MB} MB",
        peak <= _MEMORY_LIMIT_MB,
    )


def _tick(workspace: Path) -> float:
    with copied(workspace) as copy, closing(open_store(copy)) as store:
        return seconds(lambda: tick(store, SystemClock(), by=DAY))


class Changes:
    """The rows that a tick changes, ready to be written again by plain SQL, thought out already."""

    def __init__(self, workspace: Path) -> None:
        with copied(workspace) as copy, closing(open_store(copy)) as store:
            select = store.connection.execute
            last_event, last_message = (
                select(f"SELECT max(id) FROM {table}").fetchone()[0]
                for table in ("event", "message")
            )
            before = dict(
                select("SELECT enrollment_id, due_at FROM agenda WHERE due_at < '2026-03-03'")
            )
            tick(store, SystemClock(), by=DAY)
            self.messages = select("SELECT * FROM message WHERE id > ?", (last_message,)).fetchall()
            self.events = select(
                "SELECT * FROM event WHERE id > ? AND message_id IS NOT NULL", (last_event,)
            ).fetchall()
            columns = ", ".join(f"e.{name}" for name in _CHANGING)
            self.enrollments = select(
                f"SELECT {columns}, e.id FROM event AS v JOIN enrollment AS e ON e.id = v.enrollment_id "
                "WHERE v.id > ? ORDER BY v.id",
                (last_event,),
            ).fetchall()
            ids = [row[-1] for row in self.enrollments]
            due = _CHANGING.index("due_at")
            self.agenda_before = [(before[id], id) for id in ids]
            self.agenda_after = [(row[due], row[-1]) for row in self.enrollments]

    def replay(self, workspace: Path) -> float:
        """The time that SQL takes to write them to a copy."""
        with copied(workspace) as copy, closing(connect(copy)) as connection:
            return seconds(lambda: self.write(connection))

    def write(self, connection: Connection) -> None:
        """Write them, in transactions as large as those of the tick."""
        for start in range(0, len(self.events), _BATCH):
            self._write(connection, slice(start, start + _BATCH))

    def _write(self, connection: Connection, batch: slice) -> None:
        many = connection.executemany
        connection.execute("BEGIN IMMEDIATE")
        many(
            "DELETE FROM agenda WHERE yields = 0 AND due_at = ? AND enrollment_id = ?",
            self.agenda_before[batch],
        )
        assignments = ", ".join(f"{name} = ?" for name in _CHANGING)
        many(f"UPDATE enrollment SET {assignments} WHERE id = ?", self.enrollments[batch])
        many("INSERT INTO agenda (due_at, enrollment_id) VALUES (?, ?)", self.agenda_after[batch])
        many(f"INSERT INTO message VALUES ({_marks(self.messages)})", self.messages[batch])
        many(f"INSERT INTO event VALUES ({_marks(self.events)})", self.events[batch])
        connection.execute("COMMIT")


def _marks(rows: list[Row]) -> str:
    return ", ".join("?" * len(rows[0]))
