"""Attachments from the sequence file to the workspace, and what is shown of them."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from hashlib import sha256
from typing import Any

import pytest

from tests.cli.conftest import Cli

INTRO = """\
name: intro
window: 08:00-18:00
steps:
  - email: {subject: Hello, body: one, attachments: [brochure.pdf]}
  - after: 3 days
    task: {type: call, title: Ring, email: {body: two, attachments: [prices.pdf]}}
"""
DIGEST = sha256(b"%PDF one").hexdigest()


@pytest.fixture
def work(cli: Cli) -> Cli:
    """A workspace of bo with the sequence `intro`, whose files are gone since."""
    init = ("init", "--simulated", "--now", "2026-03-02T09:00", "--timezone", "Europe/Stockholm")
    cli.ok(*init, "--user", "bo", "--email", "bo@x.test", "--name", "Bo Ek")
    cli.ok("inbox", "connect", "bo@x.test")
    cli.ok("contact", "add", "ada@acme.test", "--first-name", "Ada")
    (cli.folder / "intro.yaml").write_text(INTRO)
    (cli.folder / "brochure.pdf").write_bytes(b"%PDF one")
    (cli.folder / "prices.pdf").write_bytes(b"%PDF two!")
    cli.ok("sequence", "check", "intro.yaml")
    cli.ok("sequence", "apply", "intro.yaml")
    return cli


def kept(cli: Cli) -> dict[str, bytes]:
    with closing(sqlite3.connect(cli.db)) as connection:
        return dict(connection.execute("SELECT digest, content FROM attachment").fetchall())


def applied(cli: Cli) -> tuple[Any, Any]:
    (one,) = cli.json("sequence", "apply", "intro.yaml")["sequences"]
    return one["version"], one["status"]


def test_the_workspace_keeps_the_files(work: Cli) -> None:
    (work.folder / "brochure.pdf").unlink()
    assert kept(work) == {DIGEST: b"%PDF one", sha256(b"%PDF two!").hexdigest(): b"%PDF two!"}


def test_another_file_of_the_same_name_is_another_version(work: Cli) -> None:
    assert applied(work) == (1, "unchanged")
    (work.folder / "brochure.pdf").write_bytes(b"%PDF new")
    assert applied(work) == (2, "updated")
    assert len(kept(work)) == 3
    diff = work.json("sequence", "diff", "intro")["diff"].splitlines()
    assert [line for line in diff if line.startswith(("-  ", "+  "))] == [
        f"-        - brochure.pdf  # 8 bytes, sha256 {DIGEST[:12]}",
        f"+        - brochure.pdf  # 8 bytes, sha256 {sha256(b'%PDF new').hexdigest()[:12]}",
    ]


def test_nothing_is_kept_of_a_file_with_a_mistake(work: Cli) -> None:
    (work.folder / "new.pdf").write_bytes(b"new")
    text = INTRO.replace("[brochure.pdf]", "[new.pdf, no.pdf]")
    (work.folder / "intro.yaml").write_text(text)
    answer = work("sequence", "apply", "intro.yaml")
    assert answer.exit_code == 5
    assert "intro.yaml:4:63: the attachment no.pdf does not exist" in answer.stderr
    assert len(kept(work)) == 2


def test_show_names_them(work: Cli) -> None:
    assert work.ok("sequence", "show", "intro").splitlines()[-2:] == [
        "   1  at once  email  Hello (with brochure.pdf)",
        "   2  3 days   call   Ring (with prices.pdf)",
    ]
    first, second = work.json("sequence", "show", "intro")["steps"]
    assert first["email"]["attachments"] == [{"name": "brochure.pdf", "size": 8}]
    assert second["task"]["email"]["attachments"] == [{"name": "prices.pdf", "size": 9}]


def test_preview_names_them(work: Cli) -> None:
    shown = work.ok("sequence", "preview", "intro", "ada@acme.test").splitlines()
    assert [line for line in shown if "attached" in line] == [
        "  attached: brochure.pdf, 8 bytes",
        "  attached: prices.pdf, 9 bytes",
    ]
    steps = work.json("sequence", "preview", "intro", "ada@acme.test")["steps"]
    assert [step["attachments"] for step in steps] == [
        [{"name": "brochure.pdf", "size": 8}],
        [{"name": "prices.pdf", "size": 9}],
    ]


def test_what_was_exported_can_be_applied_beside_the_files(work: Cli) -> None:
    work.ok("sequence", "export", "intro", "--to", "again.yaml")
    (work.folder / "again.yaml").replace(work.folder / "intro.yaml")
    assert applied(work) == (1, "unchanged")


def test_an_edit_keeps_them_and_takes_new_ones(work: Cli) -> None:
    work.ok("enroll", "intro", "ada@acme.test")
    work.ok("tick")
    elsewhere = work.folder / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "map.png").write_bytes(b"PNG")
    (elsewhere / "steps.yaml").write_text(
        "steps:\n  - after: 3 days\n    email: {body: two, attachments: [brochure.pdf, map.png]}\n"
    )
    work.ok("edit", "intro", "ada@acme.test", "--file", str(elsewhere / "steps.yaml"))
    shown = work.json("sequence", "show", "intro", "--version", "1+1")
    assert shown["steps"][1]["email"]["attachments"] == [
        {"name": "brochure.pdf", "size": 8},
        {"name": "map.png", "size": 3},
    ]
    assert kept(work)[sha256(b"PNG").hexdigest()] == b"PNG"
