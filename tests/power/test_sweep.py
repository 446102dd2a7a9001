"""The power cut, and the disk failing, at every operation: nothing doubled, lost or unsound (13.8)."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.power.recording import needs_recording
from tests.power.scenarios import SCENARIOS, prepared
from tests.power.sweep import FOR_EVER, cuts, failures

pytestmark = needs_recording
SEED = 20261126


@pytest.mark.parametrize("name", SCENARIOS)
def test_the_power_is_cut(tmp_path: Path, name: str) -> None:
    with prepared(name, tmp_path) as scenario:
        tally = cuts(scenario, SEED)
    assert tally.wrong == []
    assert (tally.doubled, tally.lost) == (0, 0)


@pytest.mark.parametrize("full", [False, True], ids=["broken", "full"])
@pytest.mark.parametrize("name", SCENARIOS)
def test_the_disk_fails(tmp_path: Path, name: str, full: bool) -> None:
    with prepared(name, tmp_path) as scenario:
        tally = failures(scenario, FOR_EVER if full else 1, full=full)
    assert tally.wrong == []
    assert (tally.doubled, tally.lost) == (0, 0)
