"""The turns of a line are worked out beside the others' work, and once (rules, "Foretold turns")."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from seqctl.domain.model import Change
from seqctl.service.sending import foretelling
from tests.cli.conftest import Cli

WHO = [f"p{number}@x.test" for number in range(12)]
TEXT = """
name: intro
timezone: Europe/Stockholm
days: every
window: "08:00-17:00"
steps:
  - email: {subject: Hello, body: "Hi {{ contact.first_name }}"}
  - after: 1 day
    email: {body: Again}
"""


@pytest.fixture
def line(cli: Cli) -> Cli:
    """Ten in a line of two a day, and two who are not enrolled yet."""
    cli.ok("init", "--simulated", "--now", "2026-03-02T09:00", "--user", "ann", "--email",
           "ann@acme.test", "--name", "Ann", "--timezone", "Europe/Stockholm")  # fmt: skip
    cli.ok("inbox", "connect", "ann@acme.test", "--per-day", "2")
    (cli.folder / "intro.yaml").write_text(TEXT)
    cli.ok("sequence", "apply", "intro.yaml")
    people = "".join(f"{who},Ada\n" for who in WHO)
    (cli.folder / "people.csv").write_text(f"email,first_name\n{people}")
    cli.ok("contact", "import", "people.csv")
    cli.ok("enroll", "intro", *WHO[:10])
    return cli


COMMANDS = [
    ("enroll", "intro", *WHO[10:]),
    ("enroll", "intro", *WHO[10:], "--dry-run"),
    ("pause", "intro", "--dry-run"),
    ("pause", WHO[3], "--dry-run"),
    ("status",),
    ("status", "intro"),
    ("contact", "show", WHO[9]),
]


def meanwhile(monkeypatch: pytest.MonkeyPatch, act: Callable[[], object]) -> list[int]:
    """Let something happen at each step that is foretold; how many there were."""
    steps: list[int] = []
    real = foretelling.Foretelling.changes

    def changes(self: foretelling.Foretelling) -> Iterator[Change]:
        for change in real(self):
            act()
            steps.append(change.after.id)
            yield change

    monkeypatch.setattr(foretelling.Foretelling, "changes", changes)
    return steps


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
@pytest.mark.parametrize("ticked", [False, True], ids=["due", "in line"])
def test_nobody_is_kept_from_the_workspace(
    line: Cli, monkeypatch: pytest.MonkeyPatch, command: tuple[str, ...], ticked: bool
) -> None:
    if ticked:
        line.ok("tick")

    def write() -> None:
        with closing(sqlite3.connect(line.db, timeout=0, isolation_level=None)) as other:
            other.execute("BEGIN EXCLUSIVE")
            other.execute("ROLLBACK")

    steps = meanwhile(monkeypatch, write)
    line.ok(*command)
    assert steps


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_a_tick_beside_it_does_no_harm(
    line: Cli, monkeypatch: pytest.MonkeyPatch, command: tuple[str, ...]
) -> None:
    """What is foretold is as of some moment; it ends, and nothing is met twice."""
    line.ok("tick")

    def tick_once() -> None:
        if not ticked:
            ticked.append(True)
            line.ok("tick", "--by", "3d")

    ticked: list[bool] = []
    steps = meanwhile(monkeypatch, tick_once)
    line.ok(*command)
    assert ticked
    assert max(steps.count(id) for id in steps) <= 4  # both mails, and twice "waits in line"
    assert "Nothing found" in line.ok("doctor")


def told(cli: Cli, *command: str) -> Any:
    return json.loads(cli.ok(*command, "--json"))


def next_dues(cli: Cli) -> dict[str, str]:
    return {row["sequence"]: row["next_due"] for row in told(cli, "status")["sequences"]}


def due(document: dict[str, Any]) -> dict[str, str]:
    return {each["contact"]: each["due_at"] for each in document["done"]}


@pytest.mark.parametrize("ticked", [False, True], ids=["due", "in line"])
def test_the_last_start_is_the_last_of_the_table(line: Cli, ticked: bool) -> None:
    if ticked:
        line.ok("tick")
    rehearsed = told(line, "enroll", "intro", *WHO[10:], "--dry-run")
    done = told(line, "enroll", "intro", *WHO[10:])
    assert due(rehearsed) == due(done)
    assert rehearsed["notes"] == done["notes"]
    (note,) = done["notes"]
    last = max(datetime.fromisoformat(at) for at in due(done).values())
    assert f"{last:%Y-%m-%d}" in note


def test_the_note_and_the_table_look_equally_far(
    line: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(foretelling, "STEPS_FORETOLD", 3)
    done = told(line, "enroll", "intro", *WHO[10:], "--at", "2026-03-20 09:00")
    last = max(datetime.fromisoformat(at) for at in due(done).values())
    assert f"{last:%Y-%m-%d}" in done["notes"][0]


def test_a_rehearsal_foretells_what_it_would_do(line: Cli) -> None:
    """Those behind whoever is paused move up, and whoever is resumed stands in line again."""
    line.ok("tick")
    line.ok("pause", WHO[2])
    rehearsed = due(told(line, "resume", WHO[2], "--dry-run"))
    assert rehearsed == due(told(line, "resume", WHO[2]))


def test_the_overview_looks_only_so_far(line: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    text = TEXT.replace("name: intro", "name: later")
    Path("later.yaml").write_text(text)
    line.ok("sequence", "apply", "later.yaml")
    line.ok("tick")
    line.ok("enroll", "later", WHO[11])
    nexts = next_dues(line)
    assert nexts["later"] > nexts["intro"] > "2026-03-02"
    monkeypatch.setattr("seqctl.service.status.STEPS_FORETOLD", 3)
    nexts = next_dues(line)
    assert (nexts["later"], nexts["intro"] > "2026-03-02") == (None, True)
