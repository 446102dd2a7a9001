"""The power cut, and the disk failing, at every operation: nothing doubled, lost or unsound
(rules, "What never happens", 8)."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterable
from pathlib import Path

import pytest

from seqctl import durable
from seqctl.store import connection
from tests.power.__main__ import SEED
from tests.power.recording import needs_recording
from tests.power.scenarios import SCENARIOS, prepared
from tests.power.sweep import Tally, cuts, failures

QUICK_CUTS = {"tick, mail by a command", "init", "pause"}
QUICK_FAILURES = {"enroll"}
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


# --- a sweep that finds nothing has to be one that would ------------------------------------------


@needs_recording
@pytest.mark.slow
def test_sqlites_own_settings_double_a_mail(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def make_durable(opened: sqlite3.Connection, _: Path) -> None:
        opened.execute("PRAGMA synchronous = FULL")

    monkeypatch.setattr(connection, "make_durable", make_durable)
    with prepared("tick, mail by a command", tmp_path) as scenario:
        tally = cuts(scenario, SEED)
    assert (tally.doubled, tally.lost) == (1, 0)
    assert [wrong for wrong in tally.wrong if "doubled" in wrong] == tally.wrong


@needs_recording
@pytest.mark.slow
@pytest.mark.parametrize(
    "name", ["tick, captured with copies in a Maildir", "tick, copy into a Maildir's Sent"]
)
def test_copies_whose_folder_is_not_synced_are_lost(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setattr(durable, "sync", lambda _: None)
    with prepared(name, tmp_path) as scenario:
        tally = cuts(scenario, SEED)
    assert any("copies is []" in wrong for wrong in tally.wrong)


@needs_recording
@pytest.mark.slow
def test_a_file_that_is_replaced_before_its_second_name_is_there_is_lost(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(durable, "sync", lambda _: None)
    with prepared("restore", tmp_path) as scenario:
        tally = cuts(scenario, SEED)
    assert any("what stood there is gone" in wrong for wrong in tally.wrong)


# --- the document ---------------------------------------------------------------------------------


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
