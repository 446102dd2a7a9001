"""The power cut, and the disk failing, at every operation: nothing doubled, lost or unsound (13.8)."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

import pytest

from tests.power.__main__ import SEED
from tests.power.recording import needs_recording
from tests.power.scenarios import SCENARIOS, prepared
from tests.power.sweep import Tally, cuts, failures

QUICK_CUTS = {"tick, mail by a command", "init", "pause"}
QUICK_FAILURES = {"enroll", "migration from format 2"}
RELIABILITY = Path(__file__).parents[2] / "docs" / "reliability.md"


def each(quick: Iterable[str]) -> list[object]:
    """Every scenario; those that are not quick, or say nothing that the quick ones don't, are slow."""
    return [
        pytest.param(name, marks=[] if name in quick else [pytest.mark.slow]) for name in SCENARIOS
    ]


def assert_well(tally: Tally) -> None:
    assert tally.operations
    assert tally.disks
    assert tally.wrong == []
    assert (tally.doubled, tally.lost) == (0, 0)


@needs_recording
@pytest.mark.parametrize("name", each(QUICK_CUTS))
def test_the_power_is_cut(tmp_path: Path, name: str) -> None:
    with prepared(name, tmp_path) as scenario:
        assert_well(cuts(scenario, SEED))


@needs_recording
@pytest.mark.parametrize("name", each(QUICK_FAILURES))
def test_an_operation_fails(tmp_path: Path, name: str) -> None:
    with prepared(name, tmp_path) as scenario:
        assert_well(failures(scenario))


@needs_recording
@pytest.mark.parametrize("name", each(QUICK_FAILURES))
def test_the_disk_is_full(tmp_path: Path, name: str) -> None:
    with prepared(name, tmp_path) as scenario:
        assert_well(failures(scenario, full=True))


def rows_of(head: str) -> dict[str, list[str]]:
    """The rows of a table of the document, by their first cell."""
    text = RELIABILITY.read_text(encoding="utf-8")
    (table,) = re.findall(rf"^\| {head} \|[^\n]*\n\|[-:|]+\n((?:\|[^\n]*\n)+)", text, re.MULTILINE)
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in table.splitlines()]
    return {name: figures for name, *figures in cells}


@pytest.mark.parametrize("head", ["the power is cut in", "the disk fails in"])
def test_the_document_has_a_row_of_each_command_swept(head: str) -> None:
    rows = rows_of(head)
    assert list(rows) == list(SCENARIOS)
    assert {tuple(figures[-3:-1]) for figures in rows.values()} == {("0", "0")}
