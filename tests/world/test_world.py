"""Some eighty worlds (`python -m tests.world --seeds 10000` lives through more)."""

from __future__ import annotations

from pathlib import Path

import pytest

from seqctl.domain.sending.message_ids import message_id
from seqctl.store import open_store
from tests.power.recording import needs_recording
from tests.trials import trials
from tests.world import checks
from tests.world.life import Broken, World, live

QUICK = 3
ALL = QUICK + trials(78)
AGAIN = "again: python -m tests.world --seed"


@needs_recording
@pytest.mark.parametrize("seed", range(QUICK))
def test_a_world(seed: int) -> None:
    lived(seed)


@needs_recording
@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("first", range(QUICK, ALL, 13))
def test_many_worlds(first: int) -> None:
    for seed in range(first, first + 13):
        lived(seed)


def lived(seed: int) -> None:
    try:
        live(seed)
    except Broken as broken:
        pytest.fail(f"{broken}\n{AGAIN} {seed}")


def test_a_world_whose_promises_are_broken_is_found_out(tmp_path: Path) -> None:
    world = World(1, tmp_path, faults=False)
    world.live()
    path, ledger = world.path, world.outside.ledger
    assert list(checks.sound(path, ledger)) == []
    first = ledger[0]
    (twice,) = checks.sound(path, [*ledger, first])
    assert twice.endswith("went out 2 times")
    with_a_stranger = [*ledger, first._replace(message_id=numbered(path, 999))]
    assert "the workspace does not know it" in next(checks.sound(path, with_a_stranger))
    (sent, *_) = checks.at_the_dot(path, [1], world.outside.clock.time)
    assert sent == "mail 1 goes out now, though it is sent"
    (unread,) = checks.unread(path, [("ann@acme.test", "<never@x.test>")])
    assert "has not read it" in unread


def numbered(path: Path, number: int) -> str:
    store = open_store(path)
    secret = store.workspace.state().secret
    store.close()
    return message_id(number, secret, "ann@acme.test")
