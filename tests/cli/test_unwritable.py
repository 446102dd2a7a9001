"""What can't be written to: a sentence, and a next command that works as it is typed."""

from __future__ import annotations

import errno
import os
import shlex
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any, NoReturn

import pytest

from seqctl import durable
from tests.cli.conftest import Cli

CHECKOUT = Path(__file__).parents[2]
FULL = "No space left on device"
SEQUENCE = """\
name: intro
steps:
  - email: {subject: Hello, body: Hi}
  - {after: 1 day, email: {body: So}}
"""
WHO = ("--user", "ann", "--email", "ann@acme.test", "--timezone", "UTC")

pytestmark = pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs a Linux machine")


@pytest.fixture
def work(cli: Cli) -> Cli:
    """A simulated workspace with a mail that is due, and a file at `file`."""
    (cli.folder / "intro.yaml").write_text(SEQUENCE)
    (cli.folder / "file").write_text("a file")
    cli.ok("init", "--simulated", "--now", "2026-03-02T09:00", *WHO)
    cli.ok("inbox", "connect", "ann@acme.test")
    cli.ok("sequence", "apply", "intro.yaml")
    cli.ok("contact", "add", "ada@x.test")
    cli.ok("enroll", "intro", "ada@x.test")
    return cli


def command(
    cli: Cli, *words: str, out: Path | None = None, err: Path | None = None, **environment: str
) -> subprocess.CompletedProcess[str]:
    """Run seqctl in a process of its own, its streams led to these files."""
    with (
        open(out or cli.folder / "out", "w") as stdout,
        open(err or cli.folder / "err", "w") as stderr,
    ):
        done = subprocess.run(
            [sys.executable, "-m", "seqctl", *words],
            cwd=cli.folder,
            env={**os.environ, "PYTHONPATH": str(CHECKOUT), **environment},
            stdin=subprocess.DEVNULL,
            stdout=stdout,
            stderr=stderr,
        )
    told = [
        Path(cli.folder / name).read_text() if not to else ""
        for name, to in (("out", out), ("err", err))
    ]
    return subprocess.CompletedProcess(done.args, done.returncode, *told)


def works(hint: str) -> bool:
    """Whether a command that is not seqctl's works as it is typed."""
    return subprocess.run(shlex.split(hint), capture_output=True).returncode == 0


# --- what is printed ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "words",
    ["status", "status --json", "tick --by 1d", "tick --by 1d --json", "sequence export intro"],
)
def test_an_answer_that_can_not_be_written_out(work: Cli, words: str) -> None:
    told = command(work, *words.split(), out=Path("/dev/full"))
    sentence = f"The answer could not be written out: {FULL}. What was done by then stands."
    assert told.returncode == 5
    if "--json" in words:
        assert '"code": "CANNOT_PRINT"' in told.stderr
        assert sentence in told.stderr
    else:
        assert told.stderr.endswith(f"{sentence}\n  try: seqctl log\n")
    assert len(work.json("mail", "list")["messages"]) == (2 if "tick" in words else 0)


@pytest.mark.parametrize("words", ["--version", "--help", "status --help"])
def test_a_page_that_can_not_be_written_out(work: Cli, words: str) -> None:
    told = command(work, *words.split(), out=Path("/dev/full"))
    assert (told.returncode, told.stderr) == (
        5,
        f"A file or the output can't be used: {FULL}.\n  df -h\n",
    )


@pytest.mark.parametrize(
    ("words", "code"),
    [("tick --to nonsense", 2), ("tick --to nonsense --json", 2), ("pause nosuch", 3)],
)
def test_errors_that_can_not_be_written_out_keep_their_exit_code(
    work: Cli, words: str, code: int
) -> None:
    assert command(work, *words.split(), err=Path("/dev/full")).returncode == code


# --- files and folders ----------------------------------------------------------------------------

CONNECT = ("inbox", "connect", "ann@acme.test", "--capture", "--capture-to")


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ((*CONNECT, "file/mails"), "{at}/file/mails can't be made: Not a directory."),
        ((*CONNECT, "/proc/none/x"), "/proc/none/x can't be made: No such file or directory."),
        (("demo", "/proc/none"), "/proc/none can't be made: No such file or directory."),
        (("demo", "file/demo"), "file/demo can't be made: Not a directory."),
        (("sequence", "new", "a", "--to", "no/a.yaml"), "no/a.yaml can't be made: No such file or directory."),
        (("sequence", "export", "intro", "--to", "/dev/full/x"), "/dev/full/x can't be made: Not a directory."),
        (("contact", "import", "no/a.csv"), "There is no file no/a.csv."),
        (("contact", "import", "."), ". is a folder, not a file."),
        (("restore", "no/a.db"), "There is no file no/a.db."),
        (("inbox", "connect", "ann@acme.test", "--smtp", "smtps://x.test", "--no-replies", "--password-file", "no/it"),
         "--password-file: there is no file {at}/no/it."),
    ],
    ids=lambda v: " ".join(v) if isinstance(v, tuple) else "",
)  # fmt: skip
def test_what_can_not_be_made_or_read(work: Cli, words: tuple[str, ...], told: str) -> None:
    answer = work(*words, "--json")
    assert (answer.exit_code, answer.stdout) == (5, "")
    assert answer.error["message"] == told.format(at=work.folder)
    assert works(answer.error["hint"]), answer.error["hint"]


@pytest.mark.skipif(
    os.getuid() != 0 or shutil.which("setpriv") is None,
    reason="only root can give up its power over permissions",
)
@pytest.mark.parametrize(
    "words",
    [
        (*CONNECT, "{}/mails"),
        ("demo", "{}/demo"),
        ("sequence", "new", "a", "--to", "{}/a.yaml"),
        ("backup", "{}/copy.db"),
    ],
    ids=" ".join,
)
def test_a_folder_of_somebody_else(work: Cli, words: tuple[str, ...]) -> None:
    closed = work.folder / "closed one"
    closed.mkdir(mode=0o500)
    powers = "-dac_override,-dac_read_search,-fowner"
    ran = subprocess.run(
        ["setpriv", f"--bounding-set={powers}", sys.executable, "-m", "seqctl"]
        + [word.format(closed) for word in words],
        capture_output=True,
        text=True,
        cwd=CHECKOUT,
    )
    assert ran.returncode == 5
    sentence, hint = ran.stderr.splitlines()[-2:]
    assert sentence.endswith(" can't be made: Permission denied.")
    assert words[0] == "backup" or (works(hint) and hint == f"  ls -ld '{closed}'")


def no_room(*_: Any, **__: Any) -> NoReturn:
    raise OSError(errno.ENOSPC, FULL)


def test_a_full_disk_where_captured_mails_go(work: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    work.ok(*CONNECT, "mails")
    with monkeypatch.context() as patch:
        patch.setattr(durable, "_sync", no_room)
        told = work("tick", "--json")
    assert told.exit_code == 6
    assert told.error["message"].endswith(f" to be copied to {work.folder}/mails: {FULL}.")
    assert told.error["hint"] == f"df -h {work.folder}/mails"


def test_a_full_disk_leaves_no_half_of_a_sequence_file(work: Cli) -> None:
    ran = command(work, "sequence", "new", "big")
    assert ran.returncode == 0
    os.remove(work.folder / "big.yaml")
    limited = (
        "import resource, signal, sys\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (10, 10))\n"
        "from seqctl.cli import main\nmain()"
    )
    ran = subprocess.run(
        [sys.executable, "-c", limited, "sequence", "new", "big"],
        capture_output=True,
        text=True,
        cwd=work.folder,
        env={**os.environ, "PYTHONPATH": str(CHECKOUT)},
    )
    assert ran.returncode == 5
    assert ran.stderr.startswith("big.yaml can't be made: File too large.\n  ls -ld ")
    assert not (work.folder / "big.yaml").exists()


def test_no_room_for_the_editor(work: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EDITOR", "true")
    monkeypatch.setattr(tempfile, "NamedTemporaryFile", no_room)
    told = work("edit", "intro", "ada@x.test", "--json")
    assert (told.exit_code, told.error["message"], told.error["hint"]) == (
        5,
        f"No file can be made for the editor: {FULL}.",
        "set TMPDIR to a folder with room, or give the steps with --file FILE",
    )


def test_nobody_reads_the_errors(work: Cli) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer, "w") as stderr:
        ran = subprocess.run(
            [sys.executable, "-m", "seqctl", "pause", "nosuch"],
            cwd=work.folder,
            env={**os.environ, "PYTHONPATH": str(CHECKOUT)},
            stdout=subprocess.DEVNULL,
            stderr=stderr,
        )
    assert ran.returncode == 3
