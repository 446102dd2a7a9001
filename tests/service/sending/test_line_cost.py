"""A long line costs no more per step than a short one: counted in SQLite's own instructions."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path
from statistics import median

import pytest

from seqctl.domain.model import Contact
from seqctl.domain.sending.accounts import Limits
from seqctl.service import status
from seqctl.service.enrollments import enrolling
from seqctl.service.inboxes import inboxes
from seqctl.service.tick import ticking
from seqctl.service.views import enrollment_documents
from seqctl.store import SqliteStore
from tests.desk import MAILS, MONDAY, Desk
from tests.workspaces import CLOCK, add_contacts

SHORT, LONG = 60, 2400
A_LITTLE = 1.1


class Counter:
    """Counts the instructions of SQLite's virtual machine."""

    def __init__(self, store: SqliteStore) -> None:
        self.steps = 0
        store.connection.set_progress_handler(self._count, 1)

    def _count(self) -> int:
        self.steps += 1
        return 0


def line_of(folder: Path, size: int) -> Desk:
    """So many in line, ten a day, of whom ten have had their first mail."""
    folder.mkdir()
    desk = Desk(folder)
    desk.apply(MAILS)
    names = [f"p{number}@x.test" for number in range(size)]
    add_contacts(desk.store, [Contact(0, name, "Ada") for name in names], MONDAY)
    wiring = inboxes.Wiring(limits=Limits(per_day=10, new_per_day=8))
    inboxes.connect_inbox(desk.store, desk.me, "ann@acme.test", wiring, MONDAY)
    enrolling.enroll(desk.store, desk.me, MONDAY, enrolling.Request("intro", tuple(names)))
    desk.tick()
    return desk


def counted(desk: Desk, act: Callable[[], object]) -> int:
    """The instructions that something takes."""
    counter = Counter(desk.store)
    act()
    desk.store.connection.set_progress_handler(None, 1)
    return counter.steps


@pytest.fixture
def desks(tmp_path: Path) -> Iterator[list[Desk]]:
    made = [line_of(tmp_path / str(size), size) for size in (SHORT, LONG)]
    yield made
    for desk in made:
        desk.store.close()


def batches(desk: Desk) -> float:
    """The instructions of the middle one among the batches of a tick of four days."""
    counter, marks = Counter(desk.store), list[int]()
    ticking.tick(desk.store, CLOCK, by=4 * (MONDAY.replace(day=3) - MONDAY),
                 progress=lambda _: marks.append(counter.steps))  # fmt: skip
    assert len(marks) > 5
    return median(later - earlier for earlier, later in pairwise(marks))


def test_a_batch_reads_only_those_whose_turn_comes(
    desks: list[Desk], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ticking, "BATCH", 4)
    short, long = map(batches, desks)
    assert long <= A_LITTLE * short


def test_a_page_of_the_front_reads_only_the_front(desks: list[Desk]) -> None:
    short, long = (
        counted(d, lambda d=d: enrollment_documents(d.store, d.me, d.now, ids=range(9, 30)))
        for d in desks
    )
    assert long <= A_LITTLE * short


def test_the_overview_asks_only_for_the_next_turn(desks: list[Desk]) -> None:
    short, long = (counted(d, lambda d=d: status._first_turns(d.store, d.now, {1})) for d in desks)
    assert long <= A_LITTLE * short
