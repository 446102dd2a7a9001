"""docs/mail.md names only commands, options and links that there are."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from tests.cli.conftest import Cli

TEXT = (Path(__file__).parents[2] / "docs" / "mail.md").read_text(encoding="utf-8")
TYPED = sorted(
    {
        found.strip("$ `.")
        for block in re.findall(r"```\n(.*?)```", TEXT, re.DOTALL)
        for found in re.findall(r"^\s*(?:\$ )?(seqctl .*)$", block, re.MULTILINE)
    }
    | set(re.findall(r"`(seqctl [^`…]+)`", TEXT))
)


@pytest.mark.parametrize("line", TYPED)
def test_a_command_of_the_text_can_be_typed(cli: Cli, line: str) -> None:
    _, *words = shlex.split(line)
    options = [word for word in words if word.startswith("--")]
    depth = 2 if words[0] in {"inbox", "mail", "sequence", "task"} else 1
    shown = cli.ok(*words[:depth], "--help")
    assert [option for option in options if option not in shown] == []


def test_there_is_something_to_type() -> None:
    assert len(TYPED) > 15
    assert "`sending`" in TEXT
