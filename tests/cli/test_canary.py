"""A password goes to its server and nowhere else: no file, no output, no argument of a process ever holds it."""

from __future__ import annotations

import base64
import io
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

import pytest

from seqctl.cli import run
from tests.crash.dying import dies
from tests.mail.bad_server import HANG_UP, BadServer, Script
from tests.mail.certificates import Authority

ROOT = Path(__file__).parents[2]
CANARY = "canary-7f3a91c2-password"
ADDRESS = "rep@seq.test"
FORMS = tuple(
    form.encode()
    for form in (
        CANARY,
        base64.b64encode(CANARY.encode()).decode(),
        base64.b64encode(f"\0{ADDRESS}\0{CANARY}".encode()).decode(),
        base64.b64encode(f"user={ADDRESS}\1auth=Bearer {CANARY}\1\1".encode()).decode(),
        CANARY.encode().hex(),
    )
)
SEQUENCE = "name: intro\nsteps:\n  - email: {subject: Hello, body: Hi}\n"
DEFECT_BEHIND_LOGIN = """
from seqctl.service.sending.settling import Settling
def broken(self, *arguments):
    raise RuntimeError("forced")
Settling.sent = broken
from seqctl.cli import main
main()
"""


def leaks(data: bytes) -> bool:
    return any(form in data for form in FORMS)


class WatchfulServer(BadServer):
    """Looks at all processes and at the workspace's files whenever it is asked something."""

    folder: Path
    seen: list[str]

    def answer_to(self, word: str) -> str:
        self.seen += [f"{word}: {where}" for where in leaking(self.folder)]
        return super().answer_to(word)


def leaking(folder: Path) -> list[str]:
    """The files below a folder, and the processes begun by this test, that hold the password.

    Not every process of the machine: another worker's test may type one into a URL meanwhile.
    """
    kept = [path for path in folder.rglob("*") if path.is_file() and path.name != "secret"]
    found = [str(path) for path in kept if leaks(_bytes(path))]
    arguments = [Path(f"/proc/{process}/cmdline") for process in descendants()]
    return found + [str(path) for path in arguments if leaks(_bytes(path))]


def descendants() -> set[int]:
    """All processes that this one began, and those that they began."""
    parents: dict[int, int] = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        words = _bytes(path).rpartition(b")")[2].split()
        if words:
            parents[int(path.parent.name)] = int(words[1])
    found: set[int] = set()
    begun = {os.getpid()}
    while begun:
        begun = {process for process, parent in parents.items() if parent in begun} - found
        found |= begun
    return found


def test_the_watch_sees_what_its_processes_are_told(tmp_path: Path) -> None:
    told = subprocess.Popen([sys.executable, "-c", "input()", CANARY], stdin=subprocess.PIPE)
    try:
        assert leaking(tmp_path) == [f"/proc/{told.pid}/cmdline"]
    finally:
        told.communicate(b"\n")


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        return b""  # it ended, or was removed, while this looked


class Place:
    """A real workspace with its home, its server, and a secret in three places."""

    def __init__(self, folder: Path, authority: Authority, template: Path) -> None:
        self.folder = folder
        self._template = template
        self.db = folder / "workspace.db"
        self.authority = authority
        self.secret = folder / "secret"
        self.secret.touch(0o600)
        self.secret.write_text(CANARY + "\n")
        self.printed: list[bytes] = []
        self._servers: list[WatchfulServer] = []

    def server(self, script: Script, certificate: str = "good") -> WatchfulServer:
        server = WatchfulServer(self.authority.signed_before(certificate), script)
        server.folder, server.seen = self.folder, []
        self._servers.append(server)
        return server

    def run(self, *words: str, program: tuple[str, ...] = ("-m", "seqctl"), **more: str) -> int:
        """One command in a process of its own; nothing that it prints holds the password."""
        environment = os.environ | {
            "HOME": str(self.folder),
            "SEQCTL_DB": str(self.db),
            "PYTHONPATH": str(ROOT),
            "MAIL_PASSWORD": CANARY,
            **more,
        }
        done = subprocess.run(
            [sys.executable, *program, *words],
            env=environment,
            cwd=self.folder,
            capture_output=True,
            stdin=subprocess.DEVNULL,
            timeout=60,
            check=False,
        )
        self.printed += [done.stdout, done.stderr]
        assert not leaks(done.stdout + done.stderr), words
        return done.returncode

    def look(self, *words: str) -> str:
        """A command that only looks, in this process: it is quicker."""
        printed = io.StringIO()
        with redirect_stdout(printed), redirect_stderr(printed):
            assert run(["--db", str(self.db), *words]) == 0
        assert not leaks(printed.getvalue().encode()), words
        return printed.getvalue()

    def set_up(self, server: BadServer, *secret: str) -> None:
        """Connected, with a mail that is due."""
        shutil.copy(self._template, self.db)
        url = f"smtps://{ADDRESS}@localhost:{server.port}"
        ca_file = ("--ca-file", str(self.authority.ca_file))
        connect = ("inbox", "connect", ADDRESS, "--smtp", url, "--no-replies", *ca_file, *secret)
        assert self.run(*connect, "--json") == 0

    def check(self) -> None:
        assert [place for server in self._servers for place in server.seen] == []
        assert leaking(self.folder) == []
        for server in self._servers:
            assert not leaks("\n".join(server.heard).encode())

    def close(self) -> None:
        for server in self._servers:
            server.stop()


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    made = Authority(tmp_path_factory.mktemp("ca"))
    made.signed("good", "DNS:localhost")
    made.signed("other", "DNS:other.test")
    return made


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A real workspace with a mail that is due."""
    folder = tmp_path_factory.mktemp("template")
    (folder / "intro.yaml").write_text(SEQUENCE)
    for words in (
        ("init", "--user", "rep", "--email", ADDRESS, "--name", "Rep", "--timezone", "UTC"),
        ("inbox", "connect", ADDRESS, "--capture"),
        ("sequence", "apply", str(folder / "intro.yaml")),
        ("contact", "add", "lead@seq.test"),
        ("enroll", "intro", "lead@seq.test"),
    ):
        assert run(["--db", str(folder / "workspace.db"), *words]) == 0
    return folder / "workspace.db"


@pytest.fixture
def place(tmp_path: Path, authority: Authority, template: Path) -> Iterator[Place]:
    made = Place(tmp_path, authority, template)
    yield made
    made.close()


def secret_in(place: Place, source: str) -> tuple[str, str]:
    """The options for a password in a file, in a variable, or printed by a command."""
    return {
        "file": ("--password-file", str(place.secret)),
        "variable": ("--password-env", "MAIL_PASSWORD"),
        "command": ("--password-cmd", f"cat {place.secret}"),
        "token": ("--oauth-cmd", f"cat {place.secret}"),
    }[source]


@pytest.mark.parametrize("source", ["file", "variable", "command", "token"])
def test_when_all_is_well(place: Place, source: str) -> None:
    server = place.server({}, "good")
    server._offers = ("AUTH PLAIN XOAUTH2",)
    place.set_up(server, *secret_in(place, source))
    assert place.run("tick", "--json") == 0
    assert len(server.taken) == 1
    assert any(leaks(line.encode()) for line in server.heard_safely)  # the forms are the right ones
    assert place.run("inbox", "list", "--json") == 0
    look_at_all(place)
    place.check()


def look_at_all(place: Place) -> None:
    for words in ("inbox list", "status", "log", "mail list", "mail show 1"):
        place.look(*words.split())
        place.look(*words.split(), "--json")


FAILURES = [
    ({"AUTH": "535 5.7.8 wrong"}, "good"),
    ({"AUTH": f"535 5.7.8 no such password: {CANARY}"}, "good"),
    ({"AUTH": f"535 5.7.8 no: {FORMS[2].decode()}"}, "good"),
    ({"AUTH": f"garbage {CANARY}"}, "good"),
    ({"MAIL": f"550 5.4.5 quota of {CANARY}"}, "good"),
    ({"RCPT": f"450 4.2.0 later, {CANARY}"}, "good"),
    ({"dot": f"554 5.7.1 no, {CANARY}"}, "good"),
    ({"dot": HANG_UP}, "good"),
    ({}, "other"),
]


@pytest.mark.parametrize(("script", "certificate"), FAILURES)
def test_when_things_fail(place: Place, script: Script, certificate: str) -> None:
    place.set_up(place.server(script, certificate), *secret_in(place, "file"))
    place.run("tick", "--json")
    place.run("tick", SEQCTL_DEBUG="1")
    look_at_all(place)
    place.check()


def test_a_test_that_fails(place: Place) -> None:
    place.set_up(place.server({"AUTH": f"535 no {CANARY}"}), *secret_in(place, "command"))
    assert place.run("inbox", "test", ADDRESS) != 0
    assert place.run("inbox", "test", ADDRESS, "--json", SEQCTL_DEBUG="1") != 0
    place.check()


@pytest.mark.parametrize("as_json", [(), ("--json",)])
def test_a_crash_with_a_traceback(place: Place, as_json: tuple[str, ...]) -> None:
    place.set_up(place.server({}), *secret_in(place, "file"))
    crashing = ("-c", DEFECT_BEHIND_LOGIN)
    assert place.run("tick", *as_json, program=crashing, SEQCTL_DEBUG="1") == 1
    assert b"Traceback" in place.printed[-1]
    assert b"forced" in place.printed[-1]
    place.check()


def test_a_kill_leaves_a_journal_without_it(place: Place) -> None:
    place.set_up(place.server({}), *secret_in(place, "file"))
    dies(place.db, "marked", 1)
    assert (journal := place.db.with_name(f"{place.db.name}-journal")).exists()
    assert not leaks(journal.read_bytes())
    place.check()


@pytest.mark.parametrize("as_json", [(), ("--json",)])
def test_a_password_in_a_url_is_refused_and_not_repeated(
    place: Place, as_json: tuple[str, ...]
) -> None:
    place.set_up(place.server({}), *secret_in(place, "file"))
    url = f"smtps://rep:{CANARY}@localhost"
    assert place.run("inbox", "connect", ADDRESS, "--smtp", url, "--no-replies", *as_json) != 0
    assert place.run("inbox", "connect", ADDRESS, "--imap", url, *as_json) != 0
    place.check()


@pytest.mark.parametrize("mode", [0o644, 0o640])
def test_a_password_file_that_others_may_read(place: Place, mode: int) -> None:
    server = place.server({})
    place.set_up(server, *secret_in(place, "file"))
    place.secret.chmod(mode)
    assert place.run("tick") == 6
    assert b"chmod 600" in place.printed[-1]
    assert server.connections == 0
    place.check()
