"""A Maildir that can't be written to is trouble of its inbox: the tick's work stands (found.md A13)."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from tests.cli.conftest import Cli

ANN = "ann@acme.test"
MAILS = """\
name: mails
steps:
  - email: {subject: one, body: one}
  - after: 1 day
    email: {subject: two, body: two}
"""


@pytest.fixture
def copying(cli: Cli) -> Cli:
    cli.ok("init", "--simulated", "--now", "2026-03-02T09:00", "--user", "ann", "--email", ANN)
    cli.ok("inbox", "connect", ANN, "--capture-to", "copies")
    (cli.folder / "mails.yaml").write_text(MAILS)
    cli.ok("sequence", "apply", "mails.yaml")
    for name in "ab":
        cli.ok("contact", "add", f"{name}@x.test")
    cli.ok("enroll", "mails", "a@x.test", "b@x.test")
    return cli


def written(cli: Cli) -> int:
    return len(list((cli.folder / "copies" / "new").iterdir()))


def in_the_way(cli: Cli) -> Path:
    """A file stands where the Maildir was: nobody, root neither, can write into it."""
    shutil.rmtree(cli.folder / "copies")
    (cli.folder / "copies").write_text("a file")
    return cli.folder / "copies"


def test_the_tick_stands_and_tells(copying: Cli) -> None:
    folder = in_the_way(copying)
    answer = copying("tick", "--by", "2h", "--json")
    assert (answer.exit_code, answer.json["emails"]) == (6, 2)
    told = answer.error
    assert told["code"] == "INBOX_TROUBLE"
    assert told["message"].startswith(f"{ANN}: 2 mails wait to be copied to {folder}: ")
    assert told["hint"] == f"ls -ld {folder}"
    assert len(copying.json("mail", "list")["messages"]) == 2


def test_people_get_the_summary_too(copying: Cli) -> None:
    in_the_way(copying)
    answer = copying("tick", "--by", "2h")
    assert answer.exit_code == 6
    assert "Done: 2 mails." in answer.stdout
    assert "2 mails wait to be copied" in answer.stderr


def test_each_tick_moves_its_own_way_and_a_later_one_copies(copying: Cli) -> None:
    folder = in_the_way(copying)
    assert copying("tick", "--by", "2h", "--json").json["to"] == "2026-03-02T11:00:00Z"
    assert copying("tick", "--json").json["to"] == "2026-03-02T11:00:00Z"
    folder.unlink()
    copying.ok("tick")
    assert written(copying) == 2
    assert copying.json("tick")["emails"] == 0
    assert written(copying) == 2


def test_status_says_what_waits(copying: Cli) -> None:
    folder = in_the_way(copying)
    copying("tick")
    told = copying.ok("status")
    assert "needs you: nothing" not in told
    assert f"needs you: inbox {ANN}: 2 mails wait to be copied to {folder}" in told
    folder.unlink()
    copying.ok("tick")
    assert "needs you: nothing" in copying.ok("status")


def test_one_full_disk_keeps_nobody_elses_copies(
    copying: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    copying.ok("user", "add", "bo", "--email", "bo@acme.test", "--as", "ann")
    copying.ok("inbox", "connect", "bo@acme.test", "--capture-to", "others", "--as", "bo")
    copying.ok("sequence", "share", "mails", "everyone", "--as", "ann")
    copying.ok("contact", "add", "c@x.test", "--as", "ann")
    copying.ok("enroll", "mails", "c@x.test", "--as", "bo")
    full = os.fsync

    def sync(number: int) -> None:
        if "/copies/" in os.readlink(f"/proc/self/fd/{number}"):
            raise OSError(28, "No space left on device")
        full(number)

    monkeypatch.setattr(os, "fsync", sync)
    answer = copying("tick", "--as", "ann")
    assert answer.exit_code == 6
    assert "No space left on device" in answer.stderr
    assert len(list((copying.folder / "others" / "new").iterdir())) == 1
    assert list((copying.folder / "copies" / "tmp").iterdir()) == []


def test_a_rehearsal_copies_nothing(copying: Cli) -> None:
    in_the_way(copying)
    copying("tick")
    assert copying("tick", "--dry-run", "--by", "3d").exit_code == 0
