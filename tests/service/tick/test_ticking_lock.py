"""One tick at a time, by whatever name it calls the file; a killed one frees the workspace; other commands
go on meanwhile (rules, "One tick at a time")."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import sqlite3
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from seqctl.domain.errors import BadFile, Busy, NoWorkspace
from seqctl.domain.model import Contact
from seqctl.mail.office import Office
from seqctl.service.reading.resolving import resolve
from seqctl.service.tick import ticking
from seqctl.service.workspace import mark_restored
from seqctl.store import open_store, schema
from seqctl.store.backup import back_up, restore
from seqctl.store.connection import open_file
from seqctl.store.tick_lock import tick_lock
from tests.cli.conftest import Cli, cli
from tests.errands import Errands
from tests.store.test_migrations import released_1
from tests.workspaces import CLOCK, MONDAY, add_contacts, found, opened

__all__ = ["cli"]
ROOT = Path(__file__).parents[3]
NOBODY = 65534
_HOLD = """
import sys
from pathlib import Path
from seqctl.store.tick_lock import tick_lock
with tick_lock(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


@contextmanager
def another_tick(path: Path) -> Iterator[subprocess.Popen[str]]:
    """A process that holds the tick lock until it is killed."""
    pipe = subprocess.PIPE
    with subprocess.Popen(
        [sys.executable, "-c", _HOLD, str(path)],
        stdin=pipe,
        stdout=pipe,
        text=True,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        yield process
        process.kill()


def test_a_second_tick_is_refused_at_once_and_others_go_on(cli: Cli) -> None:
    found(cli.db, MONDAY)
    with another_tick(cli.db):
        answer = cli("tick", "--by", "3d")
        assert answer.exit_code == 7
        assert answer.stdout == ""
        assert answer.stderr == (
            "[simulated 2026-03-02 09:00]\n"
            "Another tick is at work on this workspace.\n  try: seqctl status\n"
        )
        assert cli("tick", "--json").error["code"] == "TICKING"
        cli.ok("contact", "add", "ada@example.com")
        assert len(cli.json("contact", "list")["contacts"]) == 1
        cli.ok("status")
        cli.ok("backup", "copy.db")
        assert cli("tick", "--dry-run").exit_code == 7


def test_a_killed_tick_frees_the_lock(tmp_path: Path) -> None:
    path = tmp_path / "w.db"
    found(path, MONDAY)
    with opened(path) as store, another_tick(path) as process:
        with pytest.raises(Busy):
            ticking.tick(store, CLOCK)
        process.kill()
        process.wait()
        assert not ticking.tick(store, CLOCK).happened


def test_the_lock_leaves_nothing_beside_the_workspace(tmp_path: Path) -> None:
    path = tmp_path / "w.db"
    found(path, MONDAY)
    with opened(path) as store:
        add_contacts(store, [Contact(0, "ada@example.com")], MONDAY)
        ticking.tick(store, CLOCK)
    assert os.listdir(tmp_path) == ["w.db"]


# --- by whatever name -------------------------------------------------------------------------------


def command(path: Path | str, *words: str, before: tuple[str, ...] = ()) -> list[str]:
    """A command line in a process of its own."""
    return [*before, sys.executable, "-m", "seqctl", "--db", str(path), *words]


def answered(errands: Errands, line: list[str]) -> tuple[int, str]:
    """The exit code of a command, and the code of its error."""
    told = subprocess.run(
        line, capture_output=True, text=True, cwd=errands.folder, env=environment()
    )
    return told.returncode, json.loads(told.stderr)["error"]["code"] if told.stderr else ""


def environment() -> dict[str, str]:
    return os.environ | {"PYTHONPATH": str(ROOT)}


class Tick:
    """A real tick in a process of its own, stopped within the hand-over of its first mail."""

    def __init__(self, errands: Errands) -> None:
        self._folder = errands.folder
        for pipe in ("working", "go"):
            os.mkfifo(self._folder / pipe)
        (self._folder / "hold").touch()
        self.process = subprocess.Popen(
            command(errands.path, "tick", "--json"),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=self._folder,
            env=environment(),
        )
        (self._folder / "working").read_text()

    def ends(self) -> tuple[int, str]:
        """Let it go on; its exit code, and what it told on stderr."""
        (self._folder / "hold").unlink()
        (self._folder / "go").write_text("on\n")
        _, told = self.process.communicate(timeout=60)
        return self.process.returncode, told

    def is_killed(self) -> None:
        """Kill it; the command that it had started ends by itself."""
        self.process.kill()
        self.process.communicate()
        (self._folder / "hold").unlink()
        (self._folder / "go").write_text("on\n")


@pytest.fixture
def errands(tmp_path: Path) -> Iterator[Errands]:
    """Twelve mails are due in a real workspace of today."""
    made = Errands(tmp_path)
    made.clock.time = CLOCK.now()
    made.begin(12)
    yield made
    made.close()


def link(path: Path) -> Path:
    other = path.with_name("hard.db")
    os.link(path, other)
    return other


def symbolic(path: Path) -> Path:
    other = path.with_name("soft.db")
    other.symlink_to(path.name)
    return other


def through_a_folder(path: Path) -> Path:
    other = path.with_name("elsewhere")
    other.symlink_to(path.parent, target_is_directory=True)
    return other / path.name


def with_dots(path: Path) -> Path:
    (path.parent / "sub").mkdir()
    return path.parent / "sub" / ".." / path.name


def link_of_a_link(path: Path) -> Path:
    return symbolic(link(path))


def relative(path: Path) -> Path:
    return Path(path.name)


def without_lock_file(path: Path) -> Path:
    path.with_name("w.db.tick-lock").unlink(missing_ok=True)
    return path


NAMES: list[Callable[[Path], Path]] = [
    link, symbolic, through_a_folder, with_dots, relative, without_lock_file,
]  # fmt: skip


def test_a_second_tick_by_any_name_is_refused_and_nobody_gets_two(
    errands: Errands, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(errands.folder)
    first = Tick(errands)
    try:
        for name in NAMES:
            with closing(open_store(name(errands.path))) as store:
                with pytest.raises(Busy) as refused:
                    ticking.tick(store, CLOCK, office=Office())
                assert refused.value.code == "TICKING", name
                with pytest.raises(Busy):
                    resolve(store, errands.user, CLOCK.now(), 1, sent=False)
        by_link = command("soft.db", "tick", "--json")
        assert answered(errands, by_link) == (7, "TICKING")
    finally:
        code, told = first.ends()
    assert (code, told) == (0, "")
    assert errands.went() == [f"p{n + 1}" for n in range(12)]
    assert errands.statuses() == ["sent"] * 12


def test_a_moved_file_is_the_same_workspace(errands: Errands) -> None:
    first = Tick(errands)
    other = errands.folder / "moved.db"
    errands.path.rename(other)
    try:
        refused = answered(errands, command(other, "tick", "--json"))
    finally:
        code, told = first.ends()
    assert refused == (7, "TICKING")
    assert (code, json.loads(told)["error"]["code"]) == (7, "MOVED")
    assert errands.went() == ["p1"]
    errands.store.close()
    errands.path, errands.store = other, open_store(other)
    assert errands.statuses()[0] == "sent"
    errands.tick()
    assert Counter(errands.went()) == {f"p{n + 1}": 1 for n in range(12)}


def test_a_mounted_file_or_folder_is_the_same_workspace(errands: Errands) -> None:
    private = ["unshare", "--mount", "--propagation", "private"]
    if subprocess.run([*private, "true"], capture_output=True, check=False).returncode:
        pytest.skip("needs the right to mount")
    (errands.folder / "file.db").touch()
    (errands.folder / "folder").mkdir()
    first = Tick(errands)
    told: dict[str, tuple[int, str]] = {}
    try:
        for source, target, db in (
            (errands.path, "file.db", "file.db"),
            (errands.folder, "folder", "folder/w.db"),
        ):
            mounted = [*private, "sh", "-c", 'mount --bind "$0" "$1" && shift && exec "$@"']
            line = command(db, "tick", "--json", before=(*mounted, str(source), target))
            told[target] = answered(errands, line)
    finally:
        assert first.ends() == (0, "")
    assert told == {"file.db": (7, "TICKING"), "folder": (7, "TICKING")}
    assert len(errands.went()) == len(set(errands.went())) == 12


def test_the_workspace_of_a_killed_tick_is_free_at_once_by_any_name(errands: Errands) -> None:
    first = Tick(errands)
    other = link(errands.path)
    first.is_killed()
    code, error = answered(errands, command(other, "tick", "--json"))
    assert (code, error) == (6, "MAIL_UNSETTLED"), "the first mail may or may not have gone out"
    assert errands.went() == [f"p{n + 1}" for n in range(12)]
    assert errands.statuses() == ["unknown"] + ["sent"] * 11


@pytest.mark.parametrize("name", [link, symbolic, link_of_a_link, with_dots])
def test_a_restore_sees_a_tick_by_any_name(tmp_path: Path, name: Callable[[Path], Path]) -> None:
    path = tmp_path / "w.db"
    found(path, MONDAY)
    with opened(path) as store:
        back_up(store, tmp_path / "backup.db", MONDAY)
        before = path.read_bytes()
        other = name(path)
        listed = sorted(os.listdir(tmp_path))
        with store.tick_lock():
            with pytest.raises(Busy) as refused:
                restore(tmp_path / "backup.db", other, lambda _: None)
            assert refused.value.code == "TICKING"
            assert sorted(os.listdir(tmp_path)) == listed
            taken = path.read_bytes()
        assert taken != before, "the tick's token"
        assert restore(tmp_path / "backup.db", other, lambda _: None) is not None


def test_a_restore_of_a_file_to_itself_by_another_name(tmp_path: Path) -> None:
    path = tmp_path / "w.db"
    found(path, MONDAY)
    for other in (link(path), symbolic(path)):
        with pytest.raises(BadFile, match="is the workspace itself"):
            restore(other, path, lambda _: None)


# --- SQLite's locks and ours --------------------------------------------------------------------------


def test_the_lock_and_sqlite_do_not_meet(tmp_path: Path) -> None:
    """A tick's lock lets others write, and a writer lets a tick take its lock; nothing drops SQLite's own."""
    path = tmp_path / "w.db"
    found(path, MONDAY)
    with opened(path) as one, opened(path) as other:
        with one.writing():
            one.workspace.configure("rows", "3")
            with another_tick(path):
                pass  # it was held by another process while this one writes
            assert one.connection.in_transaction
        with another_tick(path), other.writing():
            other.workspace.configure("rows", "4")
        with one.tick_lock():
            with pytest.raises(Busy), other.tick_lock():
                pytest.fail("two at once")
            with other.writing():
                other.workspace.configure("rows", "5")
            with one.writing():
                other.connection.execute("PRAGMA busy_timeout = 0")
                with pytest.raises(sqlite3.OperationalError, match="locked"), other.writing():
                    pytest.fail("SQLite's lock was dropped")
        assert one.workspace.config() == {"rows": "5"}


def test_a_child_of_a_tick_does_not_keep_its_lock(tmp_path: Path) -> None:
    path = tmp_path / "w.db"
    found(path, MONDAY)
    with opened(path) as store:
        with store.tick_lock():
            child = subprocess.Popen(["cat"], stdin=subprocess.PIPE, close_fds=False)
        try:
            with store.tick_lock():
                pass
        finally:
            child.communicate()


def test_where_there_is_nothing_to_lock(tmp_path: Path) -> None:
    with pytest.raises(NoWorkspace), tick_lock(tmp_path / "nothing.db"):
        pytest.fail("locked nothing")
    with pytest.raises(BadFile) as refused, tick_lock(tmp_path):
        pytest.fail("locked a folder")
    assert refused.value.message == f"{tmp_path} can't be written to: Is a directory."


def test_a_file_that_can_not_be_locked_where_it_lies(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Some network disks keep no locks; here the system is asked for one that it does not know."""
    path = tmp_path / "w.db"
    found(path, MONDAY)
    monkeypatch.setattr(sys.modules[tick_lock.__module__], "_SET_LOCK", 9999)
    with pytest.raises(BadFile) as refused, tick_lock(path):
        pytest.fail("locked")
    told = refused.value
    assert (told.exit_code, told.code) == (5, "CANNOT_LOCK")
    assert told.message == f"{path} can't be locked where it lies: Invalid argument."
    assert told.hint == "keep the workspace on a disk of this machine"


# --- two accounts on one file ----------------------------------------------------------------------------


def as_account(number: int) -> tuple[str, ...]:
    """A command as this account, which may read whatever the tests' program needs."""
    read = "+dac_read_search"
    ids = (f"--reuid={number}", f"--regid={NOBODY}", "--clear-groups")
    return ("setpriv", *ids, f"--inh-caps={read}", f"--ambient-caps={read}")


@pytest.fixture
def shared() -> Iterator[Errands]:
    """The workspace's file is 0660, its folder writable for the group; twelve mails are due."""
    if os.geteuid() != 0 or shutil.which("setpriv") is None:
        pytest.skip("needs root and setpriv to act as two accounts")
    with TemporaryDirectory() as folder:  # the tests' own folders are for one account only
        made = Errands(Path(folder))
        made.clock.time = CLOCK.now()
        made.begin(12)
        made.store.close()  # a journal that is kept meanwhile has the mode that the file had
        made.store = made.again()
        for path, mode in ((made.folder, 0o770), (made.path, 0o660)):
            os.chown(path, NOBODY - 1, NOBODY)
            path.chmod(mode)
        yield made
        made.close()


def test_two_accounts_tick_in_turns(shared: Errands) -> None:
    for number in (NOBODY, NOBODY - 1, NOBODY):
        told = answered(shared, command(shared.path, "tick", "--json", before=as_account(number)))
        assert told == (0, ""), number
    assert len(shared.went()) == 12
    assert shared.path.stat().st_mode & 0o777 == 0o660


def test_a_restore_by_another_account_leaves_the_file_to_both(shared: Errands) -> None:
    backup = shared.folder / "backup.db"
    made = command(shared.path, "backup", str(backup), before=as_account(NOBODY))
    assert subprocess.run(made, env=environment(), check=False).returncode == 0
    line = command(
        shared.path, "restore", str(backup), "--yes", "--json", before=as_account(NOBODY)
    )
    assert answered(shared, line) == (0, "")
    now = shared.path.stat()
    assert (now.st_mode & 0o777, now.st_uid, now.st_gid) == (0o660, NOBODY, NOBODY)
    other = command(shared.path, "tick", "--json", before=as_account(NOBODY - 1))
    assert answered(shared, other)[0] in (0, 6)


def test_an_account_that_may_only_read_is_told_so(shared: Errands) -> None:
    shared.path.chmod(0o640)
    line = command(shared.path, "tick", "--json", before=as_account(NOBODY))
    assert answered(shared, line) == (5, "READ_ONLY")


# --- the lock file of an older seqctl ----------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["link", "pipe", "folder", "text", "another account's"])
def test_what_stands_at_an_old_lock_s_name_harms_nobody(tmp_path: Path, kind: str) -> None:
    path, old, victim = tmp_path / "w.db", tmp_path / "w.db.tick-lock", tmp_path / "victim"
    released_1(path).close()
    victim.write_text("mine")
    victim.chmod(0o644)
    if kind == "link":
        old.symlink_to(victim)
    elif kind == "pipe":
        os.mkfifo(old)
    elif kind == "folder":
        old.mkdir()
    else:
        old.write_text("notes" if kind == "text" else "")
        old.chmod(0o644 if kind == "text" else 0)
    with opened(path) as store, store.tick_lock():  # migrates it
        assert store.is_mine()
    assert (victim.read_text(), victim.stat().st_mode & 0o777) == ("mine", 0o644)
    assert os.path.lexists(old) is (kind != "another account's" or os.geteuid() != 0)


def test_an_older_tick_at_work_is_waited_for_by_the_migration(tmp_path: Path) -> None:
    path, old = tmp_path / "w.db", tmp_path / "w.db.tick-lock"
    released_1(path).close()
    with old.open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        with pytest.raises(Busy) as refused:
            open_file(path)
        assert refused.value.code == "TICKING"
        assert version_of(path) == 1
        found(tmp_path / "other.db", MONDAY)
        with pytest.raises(Busy):
            restore(
                tmp_path / "other.db", path, lambda store: mark_restored(store, "ann", CLOCK, "")
            )
    open_file(path).close()
    assert version_of(path) == schema.SCHEMA_VERSION
    assert not old.exists()


def version_of(path: Path) -> int:
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute("PRAGMA user_version").fetchone()[0]


# --- other names and what a crash leaves ---------------------------------------------------------------


def test_what_a_crash_left_half_done_is_undone_by_another_name(tmp_path: Path) -> None:
    """SQLite looks for the journal beside the name that it is given."""
    path = tmp_path / "w.db"
    found(path, MONDAY)
    other, before = link(path), path.read_bytes()
    program = (
        "import os, signal, sys\nfrom pathlib import Path\nfrom seqctl.store import open_store\n"
        "store = open_store(Path(sys.argv[1]))\n"
        "store.connection.execute('PRAGMA cache_size = 1')\n"
        "store.connection.execute('BEGIN IMMEDIATE')\n"
        "for n in range(2000): store.workspace.configure(f'key{n}', 'x' * 500)\n"
        "os.kill(os.getpid(), signal.SIGKILL)"
    )
    subprocess.run([sys.executable, "-c", program, str(path)], env=environment(), check=False)
    assert path.read_bytes() != before, "it was killed before it wrote"
    open_store(other).close()
    assert path.read_bytes() == before
