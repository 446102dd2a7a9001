"""What it costs that every commit survives a power cut: against commits that might not, in turns.

`DELETE, FULL` is what SQLite does by itself. It is fast because it leaves the journal's unlink to chance: the
last commit may be rolled back when the power fails.
"""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable, Generator, Iterator
from contextlib import closing, contextmanager
from functools import partial
from pathlib import Path

from bench import mails
from bench.measuring import Result, Sizes, alternately, at_least, copied, seconds
from bench.workspaces import DAY, make_workspace
from seqctl.clock import SystemClock
from seqctl.service import workspace
from seqctl.service.tick.ticking import tick
from seqctl.store import connection, open_store

_OTHERS = {
    "DELETE, FULL": ("DELETE", "FULL"),
    "DELETE, EXTRA": ("DELETE", "EXTRA"),
    "TRUNCATE": ("TRUNCATE", "FULL"),
    "no sync": ("DELETE", "OFF"),
}
_VERBS = 20


def measure(folder: Path, sizes: Sizes) -> Iterator[Result]:
    """A tick, single verbs and real mail, each as they are and with the other settings."""
    made = folder / "durable.db"
    make_workspace(made, sizes.due, sizes.due)
    yield _compared(f"tick of {sizes.due:,}", sizes, lambda: sizes.due / _tick(made))
    yield _compared("single verbs", sizes, lambda: _VERBS / _verbs(made))
    made.unlink()
    tool = mails.tool("smtp-sink")
    if tool is not None:
        with mails.sinking(tool) as port:
            yield _compared("real mail", sizes, partial(mails.speed, folder, sizes, port))


def _compared(what: str, sizes: Sizes, speed: Callable[[], float]) -> Result:
    """Work per second as it is, and how that compares with each of the other settings."""

    def otherwise(journal: str, synchronous: str) -> float:
        with _settings(journal, synchronous):
            return speed()

    works = [partial(otherwise, *settings) for settings in _OTHERS.values()]
    durable, *others = alternately(sizes.repetitions, speed, *works)
    ratios = [f"{name} {durable / other:.2f}" for name, other in zip(_OTHERS, others, strict=True)][
        1:
    ]
    detail = f"  ({durable:,.0f}/s; against {', '.join(ratios)})"
    return at_least(f"{what}, durable, against DELETE, FULL", durable / others[0], 0.6, detail)


@contextmanager
def _settings(journal: str, synchronous: str) -> Generator[None]:
    """Let connections be made with these settings meanwhile."""
    usual = connection.make_durable

    def make(opened: sqlite3.Connection, path: Path) -> None:
        del path
        opened.execute(f"PRAGMA synchronous = {synchronous}")
        opened.execute(f"PRAGMA journal_mode = {journal}")

    connection.make_durable = make
    try:
        yield
    finally:
        connection.make_durable = usual


def _tick(made: Path) -> float:
    with copied(made) as copy, closing(open_store(copy)) as store:
        return seconds(lambda: tick(store, SystemClock(), by=DAY))


def _verbs(made: Path) -> float:
    """So many settings changed, each by a connection of its own, as commands do it."""
    copy = made.with_name("verbs.db")
    shutil.copyfile(made, copy)

    def type_all() -> None:
        for number in range(_VERBS):
            with closing(open_store(copy)) as store:
                user, now = store.people.users()[0], store.workspace.state().now
                assert now is not None
                workspace.configure(store, "rows", str(number + 1), user, now)

    try:
        return seconds(type_all)
    finally:
        copy.unlink()
