"""What goes wrong with the workspace's file: a sentence, a next step, an exit code, no traceback."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from seqctl.store import connection as connections
from tests.cli.conftest import Answer, Cli

NOBODY = 65534
CHECKOUT = Path(__file__).parents[2]


@pytest.fixture
def workspace(cli: Cli) -> Cli:
    cli.ok("init", "--user", "ada", "--email", "ada@example.com")
    return cli


def told(answer: Answer) -> tuple[int, str, str, str]:
    """The exit code, and what is told to programs; nothing is on stdout."""
    assert answer.stdout == ""
    error = answer.error
    return answer.exit_code, error["code"], error["message"], error["hint"]


# --- the file -----------------------------------------------------------------------------------


def test_no_workspace_yet(cli: Cli) -> None:
    assert cli("user", "list") == (
        5,
        "",
        f"There is no workspace at {cli.db} yet.\n  try: seqctl init --db {cli.db}\n",
    )
    assert os.listdir(cli.folder) == []


def test_a_text_file(cli: Cli) -> None:
    cli.db.write_text("name,email\n" * 50)
    assert told(cli("user", "list", "--json")) == (
        5,
        "BAD_FILE",
        f"{cli.db} is not a seqctl workspace.",
        "seqctl init --db ANOTHER-FILE",
    )


def test_a_file_of_another_program(cli: Cli) -> None:
    other = sqlite3.connect(cli.db)
    other.execute("CREATE TABLE user (id)")
    other.close()
    before = cli.db.stat().st_mtime_ns, cli.db.read_bytes()
    for command in (("user", "list"), ("halt",), ("doctor",), ("backup", "copy.db")):
        assert cli(*command).stderr.startswith(f"{cli.db} is an SQLite file of another program.\n")
    assert (cli.db.stat().st_mtime_ns, cli.db.read_bytes()) == before
    assert os.listdir(cli.folder) == [cli.db.name]


def test_a_folder(cli: Cli) -> None:
    cli.db.mkdir()
    code, _, message, hint = told(cli("user", "list", "--json"))
    assert (code, message) == (5, f"{cli.db} can't be read: Is a directory.")
    assert hint == f"ls -ld {cli.db}"


def test_a_workspace_of_a_newer_seqctl(workspace: Cli) -> None:
    newer = sqlite3.connect(workspace.db)
    newer.execute("PRAGMA user_version = 99")
    newer.close()
    before = workspace.db.read_bytes()
    code, name, message, hint = told(workspace("halt", "--json"))
    assert (code, name, hint) == (7, "NEWER_WORKSPACE", "pip install --upgrade seqctl")
    assert message.startswith(f"{workspace.db} was made by a newer seqctl (format 99; ")
    assert workspace.db.read_bytes() == before


# --- busy, read-only, full ----------------------------------------------------------------------


def test_a_busy_workspace(workspace: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "BUSY_TIMEOUT_S", 0.05)
    other = sqlite3.connect(workspace.db, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    assert workspace.ok("user", "list").startswith("user")
    assert told(workspace("halt", "--json")) == (
        7,
        "BUSY",
        f"Another program is writing to {workspace.db}.",
        "wait a moment, then type it again",
    )
    other.execute("ROLLBACK")
    other.close()
    workspace.ok("halt")


def test_a_backup_of_a_busy_workspace_waits_no_longer_than_others(
    workspace: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections, "BUSY_TIMEOUT_S", 0.05)
    other = sqlite3.connect(workspace.db, isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    assert workspace("backup", "copy.db").exit_code == 7
    assert workspace("restore", "copy.db", "--yes").exit_code == 5
    other.close()
    assert os.listdir(workspace.folder) == [workspace.db.name]


@pytest.mark.skipif(
    os.getuid() != 0 or shutil.which("setpriv") is None,
    reason="only root can give files away and give up its power over them",
)
@pytest.mark.parametrize(
    ("file_mode", "folder_mode", "code", "message"),
    [
        (0o644, 0o755, "READ_ONLY", "{db} can't be written to."),
        (0o666, 0o755, "READ_ONLY", "{folder} can't be written to."),
        (0o600, 0o755, "BAD_FILE", "{db} can't be read: Permission denied."),
        (0o666, 0o600, "BAD_FILE", "{db} can't be read: Permission denied."),
    ],
)
def test_a_workspace_of_someone_else(
    workspace: Cli, file_mode: int, folder_mode: int, code: str, message: str
) -> None:
    for path, mode in ((workspace.db, file_mode), (workspace.folder, folder_mode)):
        path.chmod(mode)
        os.chown(path, NOBODY, NOBODY)
    refused = without_power(workspace, "halt", "--json")
    error = json.loads(refused.stderr)["error"]
    wanted = message.format(db=workspace.db, folder=workspace.folder)
    assert (refused.returncode, error["code"], error["message"]) == (5, code, wanted)
    if code == "READ_ONLY":
        assert error["hint"].startswith("ls -ld ")  # it may not be theirs to change
        assert without_power(workspace, "user", "list").returncode == 0


def without_power(cli: Cli, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run one command as a root that permissions bind like anybody else."""
    powers = "-dac_override,-dac_read_search,-fowner"
    program = ("-m", "seqctl", "--db", str(cli.db), *arguments)
    return subprocess.run(
        ["setpriv", f"--bounding-set={powers}", sys.executable, *program],
        capture_output=True,
        text=True,
        cwd=CHECKOUT,
    )


def test_a_full_disk(workspace: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    connect = connections.connect

    def connect_to_a_full_disk(path: Path) -> sqlite3.Connection:
        connection = connect(path)
        connection.execute("PRAGMA max_page_count = 1")
        return connection

    with monkeypatch.context() as patch:
        patch.setattr(connections, "connect", connect_to_a_full_disk)
        before = workspace.db.read_bytes()
        assert told(workspace("halt", "x" * 20_000, "--json")) == (
            5,
            "DISK_FULL",
            f"The disk that holds {workspace.db} is full; nothing was changed by what failed.",
            "make room, then type the same command again",
        )
    assert workspace.db.read_bytes() == before
    workspace.ok("halt", "x" * 20_000)


@pytest.mark.skipif(not os.path.exists("/dev/shm"), reason="needs a Linux machine")
def test_a_file_that_may_not_grow(workspace: Cli) -> None:
    limited = (
        "import resource, signal, sys\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "size = int(sys.argv.pop(1))\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))\n"
        "from seqctl.cli import main\n"
        "main()"
    )
    for command, size in (
        (["halt", "x" * 100_000], workspace.db.stat().st_size),
        (["backup", "copy.db"], 50_000),
    ):
        ran = subprocess.run(
            [sys.executable, "-c", limited, str(size), *command],
            capture_output=True,
            text=True,
            env={**os.environ, "PYTHONPATH": str(CHECKOUT)},
        )
        assert ran.returncode == 5
        assert ran.stderr.startswith("The disk failed while ")
    assert os.listdir(workspace.folder) == [workspace.db.name]
    assert workspace.json("doctor") == {"findings": []}


# --- damage -------------------------------------------------------------------------------------


def test_every_damaged_page_is_told_and_never_a_defect(workspace: Cli) -> None:
    for number in range(20):
        words = ("--signature", "x" * 400, "--team", f"t{number}")
        workspace.ok(
            "user", "add", f"u{number}", "--email", f"u{number}@x.se", *words, "--as", "ada"
        )
    sound = workspace.db.read_bytes()
    codes: set[int] = set()
    for page in range(1, len(sound) // 4096):
        damaged = bytearray(sound)
        damaged[page * 4096 : (page + 1) * 4096] = b"\xff" * 4096
        workspace.db.write_bytes(damaged)
        for command in (("user", "list"), ("config",), ("doctor",), ("halt", "--as", "ada")):
            answer = workspace(*command)
            codes.add(answer.exit_code)
            assert answer.exit_code in {0, 5, 6}, (page, command, answer)
            assert "Traceback" not in answer.stderr
    assert codes == {0, 5, 6}


def test_a_damaged_workspace_says_what_to_do(workspace: Cli) -> None:
    with workspace.db.open("r+b") as file:
        file.seek(100)
        file.write(b"\xff" * 8000)
    code, name, message, hint = told(workspace("user", "list", "--json"))
    assert (code, name) == (5, "DAMAGED")
    assert message.startswith(f"{workspace.db} is damaged: ")
    assert hint == "seqctl restore BACKUP --db NEW-FILE, from your latest backup"


# --- the rest -----------------------------------------------------------------------------------


def test_a_missing_table_is_damage(workspace: Cli) -> None:
    broken = sqlite3.connect(workspace.db)
    broken.execute("DROP TABLE config")
    broken.commit()
    broken.close()
    code, name, message, _ = told(workspace("config", "--json"))
    assert (code, name) == (5, "DAMAGED")
    assert message == f"{workspace.db} is damaged: config is missing."


def test_an_error_in_a_sound_workspace_is_a_defect(
    workspace: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    from seqctl.service import workspace as verbs

    monkeypatch.delattr(verbs, "check_setting")
    answer = workspace("config", "rows")
    assert answer.exit_code == 1
    assert answer.stderr.startswith("This is a defect of seqctl, please report it: ImportError: ")
