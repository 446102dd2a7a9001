"""The README's console block is run, and shows what really comes out."""

from __future__ import annotations

import os
import re
import shlex
import shutil
from pathlib import Path

import pytest

from tests.cli.conftest import Cli

CHECKOUT = Path(__file__).parents[2]
README = CHECKOUT / "README.md"
WRITE_GOLDEN = bool(os.environ.get("WRITE_GOLDEN"))  # after a wanted change of the output
PARTLY_DONE = 6
BLOCK = re.compile(r"```console\n(.*?)```", re.DOTALL)


def test_the_readme_shows_what_comes_out(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copytree(CHECKOUT / "examples", cli.folder / "examples")
    text = README.read_text(encoding="utf-8")
    (block,) = BLOCK.findall(text)
    monkeypatch.setenv("SEQCTL_DB", "workspace.db")
    shown = "".join(played(cli, line[2:]) for line in block.splitlines() if line[:2] == "$ ")
    if WRITE_GOLDEN:
        README.write_text(text.replace(block, shown), encoding="utf-8")
    assert block == shown


def played(cli: Cli, command: str) -> str:
    program, *arguments = shlex.split(command)
    assert program == "seqctl"
    answer = cli(*arguments)
    assert answer.exit_code in (0, PARTLY_DONE), answer
    assert answer.stderr == ""
    lines = [line.rstrip() for line in answer.stdout.splitlines()]
    return f"$ {command}\n" + "".join(f"{line}\n" for line in lines)


def test_the_test_command_is_the_one_that_ci_runs() -> None:
    commands = re.findall(r"^python3 -m venv \.venv-test .*$", README.read_text("utf-8"), re.M)
    assert len(commands) == 1
    assert "README.md" in (CHECKOUT / ".ci" / "run").read_text(encoding="utf-8")


def test_every_link_leads_somewhere() -> None:
    links = re.findall(r"\]\(([^)#]+)\)", README.read_text(encoding="utf-8"))
    assert links
    assert [link for link in links if not (CHECKOUT / link).exists()] == []
