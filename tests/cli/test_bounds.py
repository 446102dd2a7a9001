"""What lies beyond the calendar, or in a home that nobody knows, is a sentence."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.conftest import Cli

ROOT = Path(__file__).parents[2]


@pytest.fixture
def east(cli: Cli) -> Cli:
    """A simulated workspace of a user east of UTC."""
    who = ("--user", "ann", "--email", "ann@acme.test", "--timezone", "Pacific/Kiritimati")
    cli.ok("init", "--simulated", "--now", "2026-03-02T09:00", *who)
    cli.ok("contact", "add", "ada@x.test", "--set", "until=9999-12-31")
    return cli


@pytest.mark.parametrize(
    "words",
    [
        ("tick", "--by", "99999999d"),
        ("tick", "--by", "2600000d"),
        ("tick", "--by", "9" * 5000 + "m"),
        ("tick", "--to", "9999-12-31T23:59:59Z"),
        ("tick", "--to", "9999-12-31T23:59:59-14:00"),
        ("tick", "--to", "9001-01-02"),
        ("tick", "--to", "+99999999d"),
        ("pause", "ada@x.test", "--for", "99999999d"),
        ("pause", "ada@x.test", "--for", "2600000d"),
        ("pause", "ada@x.test", "--until", "9999-12-31"),
        ("contact", "list", "--where", "until<9999-12-31T23:59:59Z"),
        ("contact", "list", "--where", "last_enrolled_at<9999-12-31"),
        ("contact", "list", "--where", "last_enrolled_at>+99999999d"),
        ("contact", "list", "--where", "last_enrolled_at=9999-12-31"),
        ("segment", "save", "late", "--where", "until>9999-12-31"),
        ("cron", "--every", "99999999d"),
        ("init", "--simulated", "--now", "9999-12-31T23:59:59Z", "--db", "new.db"),
    ],
    ids=lambda words: " ".join(words)[:60],
)
def test_beyond_the_calendar_is_wrong_usage(east: Cli, words: tuple[str, ...]) -> None:
    before = east.db.read_bytes()
    for more in ((), ("--json",)):
        answer = east(*words, *more)
        assert (answer.exit_code, answer.stdout) == (2, ""), answer
        assert "defect" not in answer.stderr
    assert east.db.read_bytes() == before
    assert not Path("new.db").exists()


def test_what_a_contact_has_may_lie_at_the_end_of_the_calendar(east: Cli) -> None:
    for where in ("until>2026-01-01", "until>8999-12-31", "until~9999"):
        assert len(east.json("contact", "list", "--where", where)["contacts"]) == 1


def test_the_last_year_is_reached_by_every_way(east: Cli) -> None:
    east.ok("tick", "--to", "9000-12-30T12:00Z")
    assert east("tick", "--by", "3d").exit_code == 2
    east.ok("tick", "--by", "1h")
    east.ok("status")


# --- homes --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "words",
    [
        ("status", "--db", "~nouser/w.db"),
        ("init", "--db", "~nouser/w.db"),
        ("backup", "~nouser/w.db"),
        ("restore", "~nouser/w.db"),
        ("inbox", "connect", "ann@acme.test", "--capture-to", "~nouser/mail"),
    ],
    ids=" ".join,
)
def test_the_home_of_nobody(east: Cli, words: tuple[str, ...]) -> None:
    answer = east(*words, "--json")
    assert (answer.exit_code, answer.error["code"]) == (5, "BAD_FILE")
    assert "begins with a home folder that nobody knows" in answer.error["message"]
    assert not Path("~nouser").exists()


def without_home(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """The program as a user of whom the machine knows nothing."""
    program = (
        "import os, pwd, sys\n"
        "def nobody(_): raise KeyError('no such user')\n"
        "pwd.getpwuid = nobody\n"
        "from seqctl.cli import run\n"
        "sys.exit(run(sys.argv[1:]))\n"
    )
    environment = {k: v for k, v in os.environ.items() if k not in ("HOME", "SEQCTL_DB")}
    return subprocess.run(
        [sys.executable, "-c", program, *words], cwd=folder, capture_output=True, text=True,
        env={**environment, "PYTHONPATH": str(ROOT)}, check=False,
    )  # fmt: skip


@pytest.mark.parametrize("words", [("status",), ("init",), ("status", "--db", "~/w.db")])
def test_without_a_home_the_workspace_has_to_be_named(
    tmp_path: Path, words: tuple[str, ...]
) -> None:
    told = without_home(tmp_path, *words)
    assert (told.returncode, told.stdout) == (5, "")
    assert "home folder" in told.stderr
    assert "Traceback" not in told.stderr
    assert list(tmp_path.iterdir()) == []


def test_without_a_home_a_named_workspace_works(tmp_path: Path) -> None:
    who = ("--user", "ann", "--email", "ann@acme.test", "--timezone", "UTC")
    told = without_home(tmp_path, "init", "--db", "w.db", *who)
    assert (told.returncode, told.stderr) == (0, "")
    assert without_home(tmp_path, "status", "--db", "w.db").returncode == 0


@pytest.mark.parametrize("words", [("status",), ("tick",), ("init",), ("doctor",)])
def test_a_folder_is_no_workspace(cli: Cli, words: tuple[str, ...]) -> None:
    answer = cli(*words, "--db", str(cli.folder))
    assert answer.exit_code == 5
    assert "defect" not in answer.stderr
