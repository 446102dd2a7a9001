"""Whatever stands at a path that a person types: bounded time and memory, and a sentence."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.cli.conftest import Cli

ANN = "ann@acme.test"
PLACES = [
    "/dev/zero",
    "/dev/null",
    "/dev/urandom",
    "pipe",
    "folder",
    "loop",
    "huge",
    "missing",
    "secret/x",
]
COMMANDS = {
    "import": ("contact", "import"),
    "enroll": ("enroll", "mails", "--file"),
    "edit": ("edit", "mails", "a@x.test", "--file"),
    "apply": ("sequence", "apply"),
    "check": ("sequence", "check"),
    "restore": ("restore", "--yes"),
    "db": ("status", "--db"),
    "ca": ("inbox", "connect", ANN, "--smtp", "smtp://ann@localhost", "--imap",
           "imap://ann@localhost", "--password-env", "X", "--ca-file"),
}  # fmt: skip
NEW_PLACES = ["/dev/full", "pipe", "loop", "huge", "huge/x", "/proc/x"]
WRITING = {
    "backup": ("backup",),
    "capture": ("inbox", "connect", ANN, "--capture-to"),
    "maildir": ("inbox", "connect", ANN, "--read-maildir"),
    "init": ("init", "--user", "bo", "--email", "bo@x.test", "--name", "Bo", "--timezone", "UTC", "--db"),
}  # fmt: skip
MAILS = "name: mails\nsteps:\n  - email: {subject: one, body: one}\n"


@pytest.fixture
def places(cli: Cli) -> Cli:
    cli.ok("init", "--user", "ann", "--email", ANN, "--timezone", "UTC", "--name", "Ann")
    cli.ok("inbox", "connect", ANN, "--capture")
    (cli.folder / "mails.yaml").write_text(MAILS)
    cli.ok("sequence", "apply", "mails.yaml")
    cli.ok("contact", "add", "a@x.test")
    cli.ok("enroll", "mails", "a@x.test")
    os.mkfifo(cli.folder / "pipe")
    (cli.folder / "folder").mkdir()
    (cli.folder / "loop").symlink_to("loop")
    with (cli.folder / "huge").open("wb") as file:
        file.truncate(10 << 30)
    return cli


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("command", COMMANDS)
def test_read(places: Cli, command: str, place: str) -> None:
    answer = places(*COMMANDS[command], place, "--json")
    assert answer.exit_code == 5, answer
    assert answer.error["message"].count("\n") <= 1
    assert len(answer.stderr) < 2000


@pytest.mark.parametrize("place", NEW_PLACES)
@pytest.mark.parametrize("command", WRITING)
def test_written(places: Cli, command: str, place: str) -> None:
    answer = places(*WRITING[command], place, "--json")
    assert answer.exit_code == 5, answer
    assert "defect" not in answer.stderr
    assert [name for name in os.listdir(places.folder) if name.startswith(".")] == []


@pytest.mark.parametrize("place", ["/dev/zero", "huge", "folder", "pipe"])
def test_an_attachment_or_a_body_that_is_no_file(places: Cli, place: str) -> None:
    for key in (f"body_file: {place}", f"body: b, attachments: [{place}]"):
        file = places.folder / "more.yaml"
        file.write_text(f"name: more\nsteps:\n  - email: {{subject: s, {key}}}\n")
        assert places("sequence", "apply", "more.yaml").exit_code == 5


def test_standard_input_without_an_end(places: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    from seqctl.files.contacts import decoding

    monkeypatch.setattr(decoding, "MOST_BYTES", 1000)
    long = Path(places.folder / "long.csv")
    long.write_text("email\n" + "b@x.test\n" * 500)
    answer = places("contact", "import", "long.csv", "--json")
    assert (answer.exit_code, "is larger than" in answer.error["message"]) == (5, True)


def test_a_pipe_is_read_to_its_end(places: Cli) -> None:
    reading, writing = os.pipe()
    os.write(writing, b"email\nb@x.test\n")
    os.close(writing)
    try:
        assert places.json("contact", "import", f"/dev/fd/{reading}")["created"] == 1
    finally:
        os.close(reading)
