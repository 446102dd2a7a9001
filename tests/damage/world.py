"""A workspace with history, small enough to be damaged a thousand times, and what is typed then."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from tests.cli.conftest import Answer, Cli

ANN = "ann@acme.test"
SEQUENCES = {
    "mails": """\
name: mails
share: everyone
window: 08:00-18:00
days: weekdays
steps:
  - email: {subject: "Hello {{ contact.first_name }}", body: "Hi {{ contact.first_name }}"}
  - after: 3 days
    email: {body: two}
  - after: 3 days
    email: {body: three}
""",
    "calls": """\
name: calls
share: everyone
steps:
  - task: {type: call, title: "Ring {{ contact.first_name }}", wait: 5 days}
  - after: 2 days
    task: {type: todo, title: Look, wait: false}
  - after: 2 days
    email: {subject: s, body: b}
""",
}
REPLY = """\
From: Cleo <c@x.test>
To: Ann <ann@acme.test>
Subject: Re: Hello C
Date: Tue, 03 Mar 2026 09:00:00 +0000
Message-ID: <reply-1@x.test>

Yes, let us talk.
"""
COMMANDS: tuple[tuple[str, ...], ...] = (
    ("status",),
    ("status", "--json"),
    ("status", "mails"),
    ("status", "mails", "--json"),
    ("contact", "list"),
    ("contact", "list", "--json"),
    ("contact", "show", "a@x.test"),
    ("contact", "show", "e@x.test", "--json"),
    ("log",),
    ("log", "--json"),
    ("mail", "list"),
    ("mail", "list", "--received", "--json"),
    ("mail", "show", "1"),
    ("task", "list"),
    ("task", "list", "--json"),
    ("sequence", "list"),
    ("segment", "list"),
    ("inbox", "list"),
    ("user", "list", "--json"),
    ("config",),
    ("tick", "--dry-run", "--by", "2d"),
    ("doctor",),
    ("doctor", "--json"),
    ("backup", "copy.db"),
    ("enroll", "calls", "n@x.test", "--as", "ann"),
    ("pause", "mails", "--as", "ann", "--json"),
    ("resume", "mails", "--as", "ann"),
    ("unenroll", "mails", "b@x.test", "--as", "ann"),
    ("contact", "edit", "d@x.test", "--company", "New", "--as", "ann"),
    ("tick", "--by", "4d", "--json"),
    ("tick", "--until-idle"),
    ("doctor",),
)
"""What is typed at each damaged workspace, in this order: what only looks, then what changes."""
BRIEF: tuple[tuple[str, ...], ...] = (
    ("status",),
    ("status", "mails", "--json"),
    ("contact", "list", "--json"),
    ("contact", "show", "a@x.test"),
    ("log", "--json"),
    ("mail", "list"),
    ("task", "list"),
    ("doctor", "--json"),
    ("backup", "copy.db"),
    ("enroll", "calls", "n@x.test", "--as", "ann"),
    ("pause", "mails", "--as", "ann"),
    ("tick", "--by", "4d", "--json"),
    ("tick", "--until-idle"),
)


def found(cli: Cli) -> None:
    """Enrollments in every state that a simulated workspace knows, mails, tasks, holds, answers."""
    say = cli.ok
    say("init", "--simulated", "--now", "2026-03-02T09:00", "--user", "ann", "--email", ANN,
        "--name", "Ann Berg", "--timezone", "Europe/Stockholm")  # fmt: skip
    (cli.folder / "answers" / "new").mkdir(parents=True)
    (cli.folder / "answers" / "cur").mkdir()
    (cli.folder / "answers" / "tmp").mkdir()
    say("inbox", "connect", ANN, "--capture-to", "copies", "--read-maildir", "answers")
    say("user", "add", "bo", "--email", "bo@acme.test", "--timezone", "UTC", "--team", "t")
    cli.ok("inbox", "connect", "bo@acme.test", "--as", "bo", "--per-day", "1")
    for name, text in SEQUENCES.items():
        (cli.folder / f"{name}.yaml").write_text(text)
        say("sequence", "apply", f"{name}.yaml", "--as", "ann")
    for letter in "abcdefghijn":
        say("contact", "add", f"{letter}@x.test", "--first-name", letter.upper(), "--company",
            f"{letter} Ltd", "--set", "city=Ume\u00e5", "--as", "ann")  # fmt: skip
    say("enroll", "mails", *(f"{x}@x.test" for x in "abcde"), "--as", "ann")
    say("enroll", "calls", *(f"{x}@x.test" for x in "fgh"), "--as", "ann")
    say("enroll", "mails", *(f"{x}@x.test" for x in "ij"), "--also", "--as", "bo")
    say("tick", "--by", "1d", "--as", "ann")
    (cli.folder / "answers" / "new" / "1.reply").write_text(REPLY)
    say("tick", "--by", "1h", "--as", "ann")
    say("pause", "mails", "d@x.test", "--until", "2026-03-12", "--as", "ann")
    say("unenroll", "mails", "e@x.test", "--as", "ann")
    say("task", "done", "f@x.test", "--as", "ann")
    say("segment", "save", "umea", "--where", "city=Ume\u00e5", "--as", "ann")
    say("contact", "opt-out", "n@x.test", "--as", "ann")
    say("contact", "opt-in", "n@x.test", "--as", "ann")
    say("block", "add", "@blocked.test", "--as", "ann")
    say("config", "rows", "40", "--as", "ann")


class Wreck:
    """A workspace that is damaged again and again, each time from the same sound one."""

    def __init__(self, cli: Cli, sound: Path) -> None:
        self.cli = cli
        self._sound = sound
        self.bytes = sound.read_bytes()

    def mend(self) -> None:
        """Put the sound workspace back."""
        for name in self.cli.folder.iterdir():
            if name.name.startswith(("workspace.db", "copy.db", ".")):
                name.unlink()
        shutil.copy(self._sound, self.cli.db)

    @contextmanager
    def tables(self) -> Iterator[sqlite3.Connection]:
        """A sound workspace, to be damaged by statements that nothing checks."""
        self.mend()
        with closing(sqlite3.connect(self.cli.db)) as connection:
            connection.execute("PRAGMA ignore_check_constraints = ON")
            connection.execute("PRAGMA synchronous = OFF")
            yield connection
            connection.commit()

    def type_all(self, what: str, commands: tuple[tuple[str, ...], ...]) -> list[Answer]:
        """Type these commands; none may fail but with a sentence."""
        answers: list[Answer] = []
        for command in commands:
            (self.cli.folder / "copy.db").unlink(missing_ok=True)
            answer = self.cli(*command)
            assert is_told(answer), (what, command, answer)
            answers.append(answer)
        return answers


def is_told(answer: Answer) -> bool:
    """Whether a command ended as documented: no defect, no traceback, no exit code of its own."""
    said = answer.stdout + answer.stderr
    told = answer.exit_code in (0, 2, 3, 4, 5, 6, 7) and not (
        "defect" in said or "Traceback" in said or "DEFECT" in said
    )
    return told and not (answer.exit_code == 0 and answer.stderr.startswith("Trace"))


def damaged(data: bytes, change: Callable[[bytearray], None]) -> bytes:
    """A copy of the bytes with a change."""
    copy = bytearray(data)
    change(copy)
    return bytes(copy)


@contextmanager
def workshop(folder: Path) -> Iterator[Wreck]:
    """The sound workspace, made once for all the tests of a module."""
    with pytest.MonkeyPatch.context() as patch:
        cli = Cli(folder, patch)
        found(cli)
        sound = folder / "sound"
        shutil.copy(cli.db, sound)
        yield Wreck(cli, sound)
