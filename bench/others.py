"""The same durable work by job queues that people might pick instead: each job writes a row and
schedules the next one, a week later. One job costs the same however many there are, so a tenth of
the ticks' jobs is measured."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bench.measuring import Result, Sizes, at_least, seconds

_WEEK = timedelta(days=7)
_BODY = "A mail of six hundred characters. " * 18


def measure(folder: Path, sizes: Sizes, tick_rate: float) -> Iterator[Result]:
    """How many times as fast as each of them a tick is; `tick_rate` is in steps a second."""
    contenders: dict[str, Callable[[Path, int], float]] = {
        "huey (SQLite)": _huey, "APScheduler": _apscheduler,
    }  # fmt: skip
    for name, run in contenders.items():
        rate = sizes.jobs / run(folder, sizes.jobs)
        detail = f"  ({rate:,.0f} jobs/s, of {sizes.jobs:,})"
        yield at_least(f"tick, against {name}", tick_rate / rate, 30, detail)


class _Table:
    """Where the jobs write, each durably."""

    def __init__(self, path: Path) -> None:
        self._connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        self._connection.execute("CREATE TABLE message (id INTEGER PRIMARY KEY, job, body)")
        self._connection.execute("PRAGMA synchronous = FULL")
        self.rows = 0

    def write(self, job: int) -> None:
        self._connection.execute("INSERT INTO message (job, body) VALUES (?, ?)", (job, _BODY))
        self.rows += 1


_tables: dict[str, _Table] = {}


def _huey(folder: Path, jobs: int) -> float:
    from huey import SqliteHuey

    table = _Table(folder / "huey-rows.db")
    huey = SqliteHuey(filename=str(folder / "huey.db"), immediate=False, fsync=True)

    def step(job: int) -> None:
        table.write(job)
        task.schedule(args=(job,), eta=datetime.now(UTC) + _WEEK)

    task = huey.task()(step)
    for job in range(jobs):
        task.schedule(args=(job,), eta=datetime.now(UTC) - _WEEK)

    def work() -> None:
        for due in huey.read_schedule():
            huey.enqueue(due)
        while (job := huey.dequeue()) is not None:
            huey.execute(job)

    took = seconds(work)
    assert table.rows == jobs == huey.scheduled_count(), "every job ran and scheduled its next"
    return took


def _apscheduler(folder: Path, jobs: int) -> float:
    from apscheduler.executors.debug import DebugExecutor
    from apscheduler.jobstores.sqlalchemy import SQLAlchemyJobStore
    from apscheduler.schedulers.background import BackgroundScheduler
    from apscheduler.schedulers.base import STATE_RUNNING

    table = _tables["apscheduler"] = _Table(folder / "apscheduler-rows.db")
    store = SQLAlchemyJobStore(f"sqlite:///{folder / 'apscheduler.db'}")
    scheduler = BackgroundScheduler(
        jobstores={"default": store}, executors={"default": DebugExecutor()}, timezone=UTC
    )
    scheduler.start(paused=True)
    due = datetime.now(UTC) - timedelta(minutes=1)
    for job in range(jobs):
        scheduler.add_job(
            _write, "interval", (job,), weeks=1, next_run_time=due, misfire_grace_time=None
        )
    scheduler.state = STATE_RUNNING  # without waking its own thread, which would take the jobs
    took = seconds(scheduler._process_jobs)
    scheduler.shutdown()
    assert table.rows == jobs, "every job ran"
    return took


def _write(job: int) -> None:
    _tables["apscheduler"].write(job)
