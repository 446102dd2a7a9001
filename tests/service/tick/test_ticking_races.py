"""Commands that are typed while a tick is at work: time never runs backwards in the history."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from seqctl.domain.errors import Busy
from seqctl.domain.model import Contact, Email, SequenceDraft, Settings, Step, TaskPlan
from seqctl.domain.timing.measures import Delay, Unit
from seqctl.service import tasks
from seqctl.service.enrollments import enrolling, pausing
from seqctl.service.tick import ticking
from seqctl.store import SqliteStore
from tests.cli.conftest import FixedClock
from tests.workspaces import (
    CLOCK,
    MONDAY,
    add_contacts,
    apply,
    assert_sound,
    found,
    now,
    opened,
    user,
)

CALLS = SequenceDraft(
    "calls",
    Settings("Calls"),
    (
        Step(1, None, None, task=TaskPlan("call", "Ring")),
        Step(2, Delay(0, Unit.DAY), None, email=Email("Hello", "Hi")),
    ),
)
ADDRESSES = tuple(f"p{number}@example.com" for number in range(4))
SECOND = timedelta(seconds=1)


def prepare(path: Path, *, real: bool) -> None:
    found(path, MONDAY, real=real)
    with opened(path) as store:
        add_contacts(store, [Contact(0, address) for address in ADDRESSES], MONDAY)
        apply(store, [CALLS], MONDAY)
        request = enrolling.Request("calls", ADDRESSES)
        enrolling.enroll(store, user(store, "ann"), MONDAY, request)


def times(store: SqliteStore) -> list[str]:
    return [at for (at,) in store.connection.execute("SELECT at FROM event ORDER BY id")]


def test_a_real_tick_goes_on_from_what_others_did_meanwhile(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "w.db"
    prepare(path, real=True)
    monkeypatch.setattr(ticking, "BATCH", 1)
    with opened(path) as store, opened(path) as other:
        ann, later = user(other, "ann"), MONDAY + 5 * SECOND

        def meanwhile(_: ticking.TickResult) -> None:
            mine = tasks.my_tasks(other, ann)
            tasks.close_task(other, ann, later, [str(mine[0].id)], "done")

        ticking.tick(store, FixedClock(MONDAY), progress=meanwhile)
        assert times(store) == sorted(times(store))
        assert times(store)[-1] == "2026-03-02T08:00:05Z"
        assert_sound(store)


def test_a_command_that_a_tick_overtook_changes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "w.db"
    prepare(path, real=False)
    with opened(path) as store, opened(path) as other:
        at = now(store)
        store.tell(at)
        ticking.tick(other, CLOCK, by=timedelta(days=30))
        with pytest.raises(Busy) as refused:
            pausing.pause_sequence(store, "calls", pausing.Pause(user(store, "ann"), at))
        assert refused.value.code == "CLOCK_MOVED"
        assert store.holds.by_all(1) == []
        store.tell(now(store))
        pausing.pause_sequence(store, "calls", pausing.Pause(user(store, "ann"), now(store)))
        assert times(store) == sorted(times(store))
        assert_sound(store)
