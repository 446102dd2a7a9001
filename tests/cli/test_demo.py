"""The demo teaches the tool: its transcript is golden, and what it prints can be typed."""

from __future__ import annotations

import os
import shlex
from pathlib import Path

import pytest

from seqctl.cli.demo import ACTS, change_file
from tests.cli.conftest import Cli

WRITE_GOLDEN = bool(os.environ.get("WRITE_GOLDEN"))  # after a wanted change of the output
GOLDEN = Path(__file__).parent / "golden" / "demo.txt"


def test_the_transcript_is_golden(cli: Cli) -> None:
    transcript = cli.ok("demo", "rehearsal")
    if WRITE_GOLDEN:
        GOLDEN.write_text(transcript, encoding="utf-8")
    assert transcript == GOLDEN.read_text(encoding="utf-8")


def test_the_same_commands_typed_by_hand_do_the_same(
    cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown = cli.ok("demo", "shown")
    cli.ok("demo", "typed")
    folder = cli.folder / "typed"
    for file in folder.iterdir():
        if file.name.startswith("demo.db"):
            file.unlink()
    examples = Path(__file__).parents[2] / "examples"
    for name in ("founders-intro.yaml",):
        (folder / name).write_bytes((examples / name).read_bytes())
    monkeypatch.chdir(folder)
    monkeypatch.setenv("SEQCTL_DB", "demo.db")
    monkeypatch.setenv("SEQCTL_USER", "ann")
    printed: list[str] = []
    for act in ACTS:
        program, *arguments = shlex.split(act.command)
        if program == "sed":
            change_file(Path(arguments[-1]))
        else:
            printed.append(cli(*arguments).stdout)
    position = 0
    for output in printed:
        position = shown.find(output, position)
        assert position >= 0, output
        position += len(output)


def test_with_json_it_gives_one_document(cli: Cli) -> None:
    document = cli.json("demo", "rehearsal")
    assert [played["command"] for played in document["commands"]] == [act.command for act in ACTS]
    assert {played["exit_code"] for played in document["commands"]} == {0}


def test_a_folder_that_holds_something_is_left_alone(cli: Cli) -> None:
    (cli.folder / "mine").mkdir()
    (cli.folder / "mine" / "notes.txt").write_text("keep", encoding="utf-8")
    answer = cli("demo", "mine")
    assert answer.exit_code == 5
    assert answer.stderr == "mine is not an empty folder.\n  try: seqctl demo ANOTHER-FOLDER\n"
    assert os.listdir(cli.folder / "mine") == ["notes.txt"]
