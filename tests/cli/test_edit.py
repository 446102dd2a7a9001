"""`seqctl edit`: in an editor, or from a file."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.cli.conftest import Cli

NOW = "[simulated 2026-03-02 09:00]\n"
INTRO = """\
name: intro
title: Intro
window: 08:00-18:00
steps:
  - email: {subject: Hello, body: one}
  - after: 3 days
    email: {body: two}
  - after: 2 days
    task: {title: Ring}
"""


@pytest.fixture
def work(cli: Cli) -> Cli:
    """A workspace in which bo enrolled ada, and the first mail went out."""
    init = ("init", "--simulated", "--now", "2026-03-02T09:00", "--timezone", "Europe/Stockholm")
    cli.ok(*init, "--user", "bo", "--email", "bo@x.test", "--name", "Bo Ek")
    cli.ok("inbox", "connect", "bo@x.test")
    cli.ok("contact", "add", "ada@acme.test", "--first-name", "Ada")
    (cli.folder / "intro.yaml").write_text(INTRO)
    cli.ok("sequence", "apply", "intro.yaml")
    cli.ok("enroll", "intro", "ada@acme.test")
    cli.ok("tick")
    return cli


def editor(cli: Cli, patch: pytest.MonkeyPatch, program: str) -> Path:
    """Make a Python program the editor: `path` is the file to edit; what it showed is kept."""
    script, shown = cli.folder / "the editor.py", cli.folder / "shown.txt"
    script.write_text(
        "import sys, pathlib\n"
        "path = pathlib.Path(sys.argv[1])\n"
        f"pathlib.Path({str(shown)!r}).write_text(path.read_text())\n{program}\n"
    )
    patch.setenv("EDITOR", f"{sys.executable} '{script}'")
    patch.setenv("TMPDIR", str(cli.folder))
    patch.setattr("tempfile.tempdir", None)
    return shown


def kept(cli: Cli) -> list[Path]:
    return sorted(cli.folder.glob("seqctl-edit-*.yaml"))


def version(cli: Cli) -> int | str:
    return cli.json("status", "intro")["enrollments"][0]["version"]


def test_the_coming_steps_in_an_editor(work: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    shown = editor(
        work, monkeypatch, "path.write_text(path.read_text().replace('body: two', 'body: new'))"
    )
    document = work.json("edit", "intro", "ada@acme.test")
    assert document["unchanged"] == document["refused"] == document["notes"] == []
    (after,) = document["done"]
    assert (after["version"], after["step"], after["steps"]) == ("1+1", 2, 3)
    assert after["due_at"] == "2026-03-05T08:00:00Z"
    assert shown.read_text().startswith(
        "# The coming steps of ada@acme.test in intro, version 1.\n"
    )
    assert kept(work) == []
    work.ok("tick", "--by", "4d")
    bodies = [work.json("mail", "show", str(id))["body"] for id in (1, 2)]
    assert [body.strip() for body in bodies] == ["one", "new"]


def test_an_unchanged_text_changes_nothing(work: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    editor(work, monkeypatch, "")
    assert work.ok("edit", "intro", "ada@acme.test") == (
        f"{NOW}ada@acme.test: nothing was changed.\n"
    )
    assert len(work.json("edit", "intro", "ada@acme.test")["unchanged"]) == 1
    assert version(work) == 1
    assert kept(work) == []


def test_a_mistake_keeps_the_text(work: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    editor(
        work, monkeypatch, "path.write_text('steps:\\n  - after: 3 dais\\n    task: {title: x}\\n')"
    )
    answer = work("edit", "intro", "ada@acme.test")
    assert (answer.exit_code, answer.stdout) == (5, "")
    (path,) = kept(work)
    assert answer.stderr == (
        f"{NOW}"
        f'{path}:2:12: `after` can\'t be "3 dais"; write `3 days`\n'
        f"  try: seqctl edit intro ada@acme.test --file {path}\n"
    )
    assert version(work) == 1
    path.write_text(path.read_text().replace("dais", "days"))
    assert work.ok("edit", "intro", "ada@acme.test", "--file", str(path)).startswith(
        f"{NOW}ada@acme.test is now on version 1+1, one of its own.\n"
    )


def test_a_refusal_keeps_the_text(work: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    editor(work, monkeypatch, "path.write_text('steps: []')")
    document = work("edit", "intro", "ada@acme.test", "--json")
    assert document.exit_code == 4
    (refused,) = document.json["refused"]
    assert (refused["contact"], refused["code"]) == ("ada@acme.test", "NO_STEPS")
    (path,) = kept(work)
    assert document.json["notes"] == [f"next: seqctl edit intro ada@acme.test --file {path}"]


def test_an_editor_that_fails_changes_nothing(work: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    editor(work, monkeypatch, "path.write_text(path.read_text() + '#'); sys.exit(3)")
    answer = work("edit", "intro", "ada@acme.test")
    assert answer.exit_code == 4
    assert "The editor ended with exit code 3; nothing was changed." in answer.stdout
    assert version(work) == 1


@pytest.mark.parametrize("wanted", [None, "", "/nowhere/editor", "'"])
def test_without_an_editor(work: Cli, monkeypatch: pytest.MonkeyPatch, wanted: str | None) -> None:
    if wanted is not None:
        monkeypatch.setenv("VISUAL", wanted)
    answer = work("edit", "intro", "ada@acme.test", "--json")
    assert (answer.exit_code, answer.error["code"]) == (2, "NO_EDITOR")


def test_what_is_edited_follows_the_sequence(work: Cli) -> None:
    (work.folder / "steps.yaml").write_text("steps: [{after: 1 day, email: {body: x}}]")
    work.ok("edit", "ada@acme.test", "intro", "--file", "steps.yaml")
    assert version(work) == "1+1"
    assert len(work.json("sequence", "show", "intro", "--version", "1+1")["steps"]) == 2
    assert work.json("sequence", "show", "intro")["version"] == 1
    kinds = [event["kind"] for event in work.json("log", "intro", "ada@acme.test")["events"]]
    assert kinds[-1] == "edited"


def test_a_whole_file_with_other_coming_steps(work: Cli) -> None:
    (work.folder / "intro.yaml").write_text(INTRO.replace("two", "other"))
    work.ok("edit", "intro", "ada@acme.test", "--file", "intro.yaml")
    assert version(work) == "1+1"
    (work.folder / "intro.yaml").write_text(INTRO.replace("one", "other"))
    answer = work("edit", "intro", "ada@acme.test", "--file", "intro.yaml")
    assert answer.exit_code == 5
    assert answer.stderr.splitlines() == [
        NOW.strip(),
        "intro.yaml:5:5: step 1 is done and can't be changed",
        "  try: seqctl edit intro ada@acme.test --file intro.yaml",
    ]


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("intro",), 2),
        (("ada@acme.test",), 2),
        (("intro", "ada@acme.test", "cy@acme.test"), 2),
        (("intros", "ada@acme.test"), 3),
        (("intro", "cy@acme.test"), 4),
        (("intro", "ada@acme.test", "--file", "none.yaml"), 5),
    ],
)
def test_what_can_not_be_edited(work: Cli, words: tuple[str, ...], code: int) -> None:
    answer = work("edit", *words, "--json")
    assert answer.exit_code == code
    if code == 4:
        assert answer.json["refused"][0]["code"] == "UNKNOWN_CONTACT"
        assert answer.stderr == ""
