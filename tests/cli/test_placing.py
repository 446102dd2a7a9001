"""What a killed command leaves behind is cleared by the next one, and nothing else is."""

from __future__ import annotations

import fcntl
import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from seqctl.store.placing import appearing
from tests.cli.conftest import Cli

KILLED = """
import os, signal, sys
from pathlib import Path
from seqctl import durable
from seqctl.store import placing, temporaries
point = sys.argv.pop(1)
def die(*_, **__): os.kill(os.getpid(), signal.SIGKILL)
if point == "filled": durable.sync = die
if point == "named":
    put = placing._put
    def named(*of): put(*of); die()
    placing._put = named
    replace = Path.replace
    def replaced(*of): replace(*of); die()
    Path.replace = replaced
from seqctl.cli import run
sys.exit(run(sys.argv[1:]))
"""
INIT = ("init", "--user", "ann", "--email", "ann@acme.test", "--timezone", "UTC", "--name", "Ann")


def killed(cli: Cli, point: str, *arguments: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", KILLED, point, *arguments], cwd=cli.folder, check=False
    )
    assert done.returncode == -9


def left(folder: Path) -> list[str]:
    return sorted(name for name in os.listdir(folder) if name.startswith("."))


@pytest.mark.parametrize("point", ["filled", "named"])
def test_init_killed_and_typed_again(cli: Cli, point: str) -> None:
    killed(cli, point, *INIT)
    assert left(cli.folder) != []
    cli.clock.time = datetime.now(UTC).replace(microsecond=0)  # the killed one had the machine's
    assert cli.ok(*INIT).startswith("Made a real workspace")
    assert left(cli.folder) == []
    assert cli(*INIT).exit_code == 5
    assert cli("doctor").exit_code == 0


def test_init_killed_is_not_taken_for_another_one(cli: Cli) -> None:
    killed(cli, "named", *INIT)
    cli.ok("contact", "add", "a@x.test")
    answer = cli(*INIT, "--json")
    assert (answer.exit_code, answer.error["code"]) == (5, "EXISTS")
    assert cli.json("contact", "list")["contacts"][0]["email"] == "a@x.test"


@pytest.mark.parametrize("point", ["filled", "named"])
def test_backup_killed_and_typed_again(cli: Cli, point: str) -> None:
    cli.ok(*INIT)
    killed(cli, point, "backup", "copy.db")
    assert left(cli.folder) != []
    cli.ok("backup", "copy.db")
    assert left(cli.folder) == []
    answer = cli("backup", "copy.db", "--json")
    assert (answer.exit_code, answer.error["code"]) == (5, "EXISTS")


@pytest.mark.parametrize("point", ["filled", "named"])
def test_restore_killed_and_typed_again(cli: Cli, point: str) -> None:
    cli.ok(*INIT)
    cli.ok("backup", "copy.db")
    cli.ok("contact", "add", "a@x.test")
    killed(cli, point, "restore", "copy.db", "--yes")
    cli.ok("restore", "copy.db", "--yes")
    assert left(cli.folder) == []
    assert cli.json("contact", "list")["contacts"] == []
    kept = [name for name in os.listdir(cli.folder) if "before-restore" in name]
    assert len(kept) == {"filled": 1, "named": 2}[point]


def test_what_another_process_writes_stays(tmp_path: Path) -> None:
    mine = tmp_path / ".w.db.abcdefgh.new"
    mine.write_text("half")
    with mine.open("rb") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        with appearing(tmp_path / "w.db") as temporary:
            temporary.write_text("whole")
        assert mine.exists()
    with appearing(tmp_path / "w.db", replace=True) as temporary:
        temporary.write_text("new")
    assert os.listdir(tmp_path) == ["w.db"]


@pytest.mark.parametrize("name", [".w.db.short.new", ".w.db.abcdefgh.news", ".v.db.abcdefgh.new"])
def test_other_files_stay(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("mine")
    with appearing(tmp_path / "w.db") as temporary:
        temporary.write_text("whole")
    assert (tmp_path / name).read_text() == "mine"


def test_restore_to_a_link_that_leads_to_itself(cli: Cli) -> None:
    cli.ok(*INIT)
    cli.ok("backup", "copy.db")
    (cli.folder / "loop").symlink_to("loop")
    answer = cli("restore", "copy.db", "--db", "loop", "--json")
    assert (answer.exit_code, answer.error["code"]) == (5, "CANNOT_OPEN")
    assert cli("status", "--db", "loop", "--json").exit_code == 5
    assert cli("restore", "loop", "--yes", "--json").exit_code == 5


def test_restore_over_an_emptied_file(cli: Cli) -> None:
    cli.ok(*INIT)
    cli.ok("backup", "copy.db")
    os.truncate(cli.db, 0)
    cli.ok("restore", "copy.db", "--yes")
    assert cli("doctor").exit_code == 0


@pytest.mark.parametrize(
    "place", ["/dev/null", "/dev/full", "pipe", "folder", "missing/deep/copy.db"]
)
def test_backup_onto_what_is_no_new_file(cli: Cli, place: str) -> None:
    cli.ok(*INIT)
    os.mkfifo(cli.folder / "pipe")
    (cli.folder / "folder").mkdir()
    answer = cli("backup", place, "--json")
    assert answer.exit_code == (0 if "missing" in place else 5), answer
    assert left(cli.folder) == []


@pytest.mark.parametrize("place", ["/dev/zero", "/dev/null", "pipe", "folder", "missing"])
def test_restore_from_what_is_no_backup(cli: Cli, place: str) -> None:
    cli.ok(*INIT)
    os.mkfifo(cli.folder / "pipe")
    (cli.folder / "folder").mkdir()
    for command in (("restore", place, "--yes"), ("status", "--db", place)):
        answer = cli(*command, "--json")
        assert answer.exit_code == 5, answer
