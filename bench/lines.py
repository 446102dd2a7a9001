"""The line in front of an inbox with a limit: what a long one costs more than a short one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import timedelta
from functools import partial
from pathlib import Path

from bench.measuring import Result, Sizes, alternately, at_most, copied, seconds
from bench.workspaces import DAY, NOW, make_workspace
from seqctl.clock import SystemClock
from seqctl.domain.sending.accounts import Limits
from seqctl.service.inboxes.inboxes import Wiring, connect_inbox
from seqctl.service.tick.ticking import tick
from seqctl.service.views import enrollment_documents
from seqctl.store import SqliteStore, open_store

_PER_DAY = 100
_SHORT = 400
_PAGE = 50


def measure(folder: Path, sizes: Sizes) -> Iterator[Result]:
    """A day's mails, a tick at which nobody's turn comes, and the times of a page, at two sizes."""
    lines = {size: folder / f"line-{size}.db" for size in (sizes.line, _SHORT)}
    for size, workspace in lines.items():
        _make_line(workspace, size)
    works: dict[str, Callable[[SqliteStore], object]] = {
        f"{_PER_DAY} turns": lambda store: tick(store, SystemClock(), by=timedelta(days=1)),
        "no turn": lambda store: tick(store, SystemClock()),
        f"times of {_PAGE}": _look,
    }
    for what, work in works.items():
        long, short = alternately(
            sizes.repetitions, *(partial(_timed, path, work) for path in lines.values())
        )
        detail = f"  ({1000 * long:,.0f} ms and {1000 * short:,.0f} ms)"
        name = f"line of {sizes.line:,} against {_SHORT}: {what}"
        yield at_most(name, long / short, 1.5, detail)


def _make_line(workspace: Path, size: int) -> None:
    """So many that were due today, of whom a day's mails have gone."""
    make_workspace(workspace, size, size)
    with closing(open_store(workspace)) as store:
        ann = store.people.users()[0]
        limits = Wiring(limits=Limits(per_day=_PER_DAY))
        connect_inbox(store, ann, ann.email, limits, NOW)
        tick(store, SystemClock(), by=DAY)


def _timed(workspace: Path, work: Callable[[SqliteStore], object]) -> float:
    with copied(workspace) as copy, closing(open_store(copy)) as store:
        return seconds(lambda: work(store))


def _look(store: SqliteStore) -> None:
    """The times of those that stand first."""
    ann, now = store.people.users()[0], store.workspace.state().now
    assert now is not None
    first = store.connection.execute(
        "SELECT id FROM enrollment WHERE waiting = 'limit' ORDER BY had_mail DESC, due_at, id LIMIT ?",
        (_PAGE,),
    )
    enrollment_documents(store, ann, now, ids=[id for (id,) in first.fetchall()])
