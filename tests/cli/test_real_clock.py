"""The real clock: a cron that is late, a week of silence, a clock that was set back (rules, "Two clocks"
and "Overdue mails").

The program runs as it is, on a system clock that libfaketime sets.
"""

from __future__ import annotations

import ast
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from freezegun import freeze_time

from tests.cli.conftest import Cli
from tests.crash.killing import content

ROOT = Path(__file__).parents[2]
LIBRARY = next(
    (
        str(path)
        for folder in ("/usr/lib", "/usr/local/lib", "/usr/lib64")
        for path in sorted(Path(folder).glob("**/faketime/libfaketime.so.1"))
    ),
    None,
)
needs_faketime = pytest.mark.skipif(
    LIBRARY is None, reason="libfaketime is not installed (Debian: apt-get install faketime)"
)
SEQUENCE = """\
name: intro
window: 08:00-18:00
steps:
  - email: {subject: Hello, body: Hi}
  - {after: 1 day, email: {body: Again}}
  - {after: 2 hours, email: {body: A last time}}
"""


class Told(NamedTuple):
    """What the program answered at a moment."""

    exit_code: int
    stdout: str
    stderr: str


class Machine:
    """A machine whose clock stands where each command wants it; the user lives in UTC."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __call__(self, moment: str, *words: str) -> Told:
        environment = os.environ | {
            "PYTHONPATH": str(ROOT),
            "SEQCTL_DB": str(self.folder / "w.db"),
            "LD_PRELOAD": LIBRARY or "",
            "FAKETIME": moment,
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
            "DONT_FAKE_MONOTONIC": "1",
        }
        done = subprocess.run(
            [sys.executable, "-m", "seqctl", *words],
            env=environment, cwd=self.folder, capture_output=True, text=True, check=False,
        )  # fmt: skip
        return Told(done.returncode, done.stdout, done.stderr)

    def ok(self, moment: str, *words: str) -> str:
        """What a command that must succeed printed."""
        told = self(moment, *words)
        assert told.exit_code == 0, told
        return told.stdout

    def json(self, moment: str, *words: str) -> Any:
        """The document of a command that must succeed."""
        return json.loads(self.ok(moment, *words, "--json"))

    def tick(self, moment: str) -> tuple[int, str | None]:
        """How many mails a tick sent, and what is due next."""
        document = self.json(moment, "tick")
        assert document["errors"] == []
        return document["emails"], document["next_due"]


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    machine = Machine(tmp_path)
    (tmp_path / "intro.yaml").write_text(SEQUENCE)
    start = "2026-03-02 08:00:00"
    machine.ok(start, "init", "--user", "ann", "--email", "ann@acme.test", "--timezone", "UTC")
    machine.ok(start, "inbox", "connect", "ann@acme.test", "--capture")
    machine.ok(start, "sequence", "apply", "intro.yaml")
    for name in ("ada", "ben"):
        machine.ok(start, "contact", "add", f"{name}@example.com")
    machine.ok(start, "enroll", "intro", "ada@example.com", "ben@example.com")
    return machine


@needs_faketime
def test_a_late_cron_and_the_next_delay_counts_from_the_mail(machine: Machine) -> None:
    assert machine.tick("2026-03-02 08:00:07") == (2, "2026-03-03T08:00:07Z")
    assert machine.tick("2026-03-03 08:00:04") == (0, "2026-03-03T08:00:07Z")
    assert machine.tick("2026-03-03 08:05:04") == (2, "2026-03-03T10:05:04Z")
    assert machine.tick("2026-03-03 10:05:04") == (2, None)
    assert machine("2026-03-03 10:10:00", "tick") == Told(0, "", "")
    assert machine.ok("2026-03-03 10:10:00", "doctor", "--json") == '{\n  "findings": []\n}\n'


@needs_faketime
def test_after_a_week_of_silence_each_does_one_step(machine: Machine) -> None:
    machine.ok("2026-03-02 08:00:00", "tick")
    assert machine.tick("2026-03-10 11:00:09") == (2, "2026-03-10T13:00:09Z")
    assert machine.tick("2026-03-10 11:00:09") == (0, "2026-03-10T13:00:09Z")
    assert machine.tick("2026-03-10 13:00:09") == (2, None)


@needs_faketime
def test_an_overdue_mail_waits_for_the_next_opening(machine: Machine) -> None:
    machine.ok("2026-03-02 08:00:00", "tick")
    assert machine.tick("2026-03-09 20:00:00") == (0, "2026-03-10T08:00:00Z")
    assert machine.tick("2026-03-10 07:59:59") == (0, "2026-03-10T08:00:00Z")
    assert machine.tick("2026-03-10 08:00:03") == (2, "2026-03-10T10:00:03Z")
    told = [
        (event["at"], event["kind"], event["detail"])
        for event in machine.json("2026-03-10 08:00:03", "log", "ada@example.com")["events"]
        if event["actor"] in (None, "tick")
    ]
    assert told[1:] == [
        ("2026-03-09T20:00:00Z", "rescheduled", "overdue, and the day or window is closed now"),
        ("2026-03-10T08:00:03Z", "sent", "Re: Hello"),
    ]


@needs_faketime
def test_a_clock_set_back_by_an_hour_stands_at_the_last_event(machine: Machine) -> None:
    machine.ok("2026-03-02 08:00:00", "tick")
    machine.ok("2026-03-03 08:30:00", "tick")
    assert machine.tick("2026-03-03 07:30:00") == (0, "2026-03-03T10:30:00Z")
    machine.ok("2026-03-03 07:31:00", "pause", "ada@example.com")
    events = machine.json("2026-03-03 07:31:00", "log")["events"]
    assert events[-1]["at"] == "2026-03-03T08:30:00Z"
    assert machine.json("2026-03-03 07:31:00", "doctor")["findings"] == []


@needs_faketime
def test_a_clock_set_back_by_two_days_stops_the_tick(machine: Machine) -> None:
    machine.ok("2026-03-02 08:00:00", "tick")
    machine.ok("2026-03-03 08:30:00", "tick")
    told = machine("2026-03-01 08:30:00", "tick")
    assert told.exit_code == 7
    assert told.stdout == ""
    assert "clock" in told.stderr
    assert len(machine.json("2026-03-03 08:30:00", "mail", "list")["messages"]) == 4


# --- the only place that asks what time it is ---------------------------------------------------

ASKING = {"now", "utcnow", "today", "time", "time_ns", "localtime", "gmtime"}
CLOCKS = {"datetime", "date", "time"}


def test_nothing_but_the_clock_module_asks_what_time_it_is() -> None:
    asking = [
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for path in sorted((ROOT / "seqctl").rglob("*.py"))
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in ASKING
        and _module(node.func.value) in CLOCKS
    ]
    assert [place.rpartition(":")[0] for place in asking] == ["seqctl/clock.py"]


def _module(value: ast.expr) -> str:
    return value.attr if isinstance(value, ast.Attribute) else getattr(value, "id", "")


def test_a_simulated_workspace_never_shows_the_day_of_the_machine(cli: Cli) -> None:
    told: list[str] = []

    def run(*words: str) -> None:
        told.append(cli.ok(*words))

    (cli.folder / "intro.yaml").write_text(SEQUENCE)
    with freeze_time("2087-08-19 03:04:05"):
        run("init", "--simulated", "--now", "2026-03-02T09:00", "--user", "ann",
            "--email", "ann@acme.test", "--timezone", "UTC")  # fmt: skip
        run("inbox", "connect", "ann@acme.test")
        run("contact", "add", "ada@example.com")
        run("sequence", "apply", "intro.yaml")
        run("enroll", "intro", "ada@example.com")
        run("tick", "--by", "36h")
        run("pause", "intro", "--for", "3d")
        for view in (("status",), ("status", "intro"), ("log",), ("mail", "list"), ("doctor",)):
            run(*view)
            run(*view, "--json")
        run("tick", "--until-idle")
        run("backup", "copy.db")
    assert "2026-03-03" in "".join(told)
    assert "2087-08" not in "".join(told)
    for path in (cli.db, cli.folder / "copy.db"):
        rows = [row for row in content(path) if "2087-08" in row]
        # When a file's tables were made is told by sqlite-utils, for the file and not for people.
        assert all("_sqlite_migrations" in row for row in rows)
