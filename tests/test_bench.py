"""The benchmarks run, and measure workspaces in which nothing impossible has happened."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest

from bench import durability, imports, lines, mails, pauses, ticks
from bench.__main__ import show
from bench.measuring import Sizes, copied
from bench.ticks import Changes
from bench.workspaces import DAY, make_workspace
from seqctl.clock import SystemClock
from seqctl.service.doctor import examine
from seqctl.service.tick.ticking import tick
from seqctl.store import connection, open_store
from seqctl.store.connection import connect

TINY = Sizes(
    total=300, due=20, paused=60, imported=40, jobs=5, repetitions=1, starts=1,
    mails=20, mailbox=50, replies=5, line=600,
)  # fmt: skip
TABLES = ("message", "event", "enrollment", "agenda")


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    path = tmp_path / "bench.db"
    make_workspace(path, 300, 30)
    return path


def test_a_made_workspace_breaks_no_promise_before_or_after_its_tick(workspace: Path) -> None:
    with closing(open_store(workspace)) as store:
        assert examine(store) == []
        assert tick(store, SystemClock(), by=DAY).emails == 30
        assert examine(store) == []


def test_plain_sql_makes_the_same_changes_as_the_tick(workspace: Path) -> None:
    changes = Changes(workspace)
    with copied(workspace) as copy:
        with closing(open_store(copy)) as store:
            tick(store, SystemClock(), by=DAY)
        ticked = _rows(copy)
    with copied(workspace) as copy:
        with closing(connect(copy)) as connection:
            changes.write(connection)
        written = _rows(copy)
    assert written == ticked


def test_what_durability_costs_is_measured(tmp_path: Path) -> None:
    results = list(durability.measure(tmp_path, TINY))
    assert len(results) in (2, 3)
    assert connection.make_durable.__module__ == connection.__name__


def test_real_mail_is_measured(tmp_path: Path) -> None:
    *sending, reading = mails.measure(tmp_path, TINY)
    assert reading.met, reading
    assert len(sending) <= 1


def test_lines_are_measured(tmp_path: Path) -> None:
    assert len(list(lines.measure(tmp_path, TINY))) == 3


def test_every_measurement_can_be_printed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("huey")
    pytest.importorskip("sqlalchemy")
    results = [
        *ticks.measure(tmp_path, TINY),
        *pauses.measure(tmp_path, TINY),
        *imports.measure(tmp_path, TINY),
    ]
    show(results, short=True)
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 1 + len(results)
    assert all(line.endswith("short form") for line in lines[1:])


def _rows(path: Path) -> dict[str, list[tuple[object, ...]]]:
    """What the tables hold, but for the events of the clock, which the script leaves out."""
    with closing(connect(path)) as connection:
        connection.execute("DELETE FROM event WHERE kind = 'clock'")
        return {
            table: connection.execute(f"SELECT * FROM {table} ORDER BY 1, 2").fetchall()
            for table in TABLES
        }
