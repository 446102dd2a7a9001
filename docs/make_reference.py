"""Makes docs/reference.md from the program's own help and docs/reference_head.md.

python docs/make_reference.py > docs/reference.md
"""

from __future__ import annotations

import io
import os
from collections.abc import Iterator
from contextlib import redirect_stdout
from pathlib import Path
from unittest import mock

from seqctl.cli import CONTENTS, root, run
from seqctl.cli.frame import Group

HEAD = Path(__file__).parent / "reference_head.md"
_COMMON = "\nOptions of every command:\n"
_OUTSIDE = {"COLUMNS": "100", "NO_COLOR": "1"}


def reference() -> str:
    """The whole document."""
    parts = [HEAD.read_text(encoding="utf-8").rstrip()]
    for panel, commands in CONTENTS.items():
        parts.append(f"## {panel}")
        for name in commands:
            parts += [_section(words) for words in _with_children(name)]
    return "\n\n".join(parts) + "\n"


def _with_children(name: str) -> Iterator[list[str]]:
    """A command, or a noun followed by its commands."""
    yield [name]
    program = root()
    command = program.get_command(
        program.make_context("seqctl", ["--help"], resilient_parsing=True), name
    )
    if isinstance(command, Group):
        context = command.make_context(name, ["--help"], resilient_parsing=True)
        for child in command.list_commands(context):
            yield [name, child]


def _section(words: list[str]) -> str:
    shown = io.StringIO()
    with redirect_stdout(shown), mock.patch.dict(os.environ, _OUTSIDE):
        run([*words, "--help"])
    before, _, after = shown.getvalue().partition(_COMMON)
    example = after.partition("\nExample:\n")[2]
    text = before + (f"\nExample:\n{example}" if example else "")
    lines = "\n".join(line.rstrip() for line in text.strip().splitlines())
    return f"### seqctl {' '.join(words)}\n\n```text\n{lines}\n```"


if __name__ == "__main__":
    print(reference(), end="")
