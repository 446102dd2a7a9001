"""Every command of the table of contents exists, and its help shows how to use it."""

from __future__ import annotations

import pytest

from seqctl.cli import root
from seqctl.cli.frame import Noun
from tests.cli.conftest import Cli

ENTRIES = root().entries


@pytest.mark.parametrize("name", ENTRIES)
def test_a_command_has_help_with_an_example(cli: Cli, name: str) -> None:
    found = ENTRIES[name].load()
    commands = [(name, verb) for verb in found.verbs] if isinstance(found, Noun) else [(name,)]
    assert commands, f"{name} has no verbs"
    for command in commands:
        page = cli.ok(*command, "--help")
        assert page.startswith(f"Usage: seqctl {' '.join(command)} ")
        assert f"Example:\n  seqctl {command[0]}" in page, f"{' '.join(command)} has no example"


def test_the_help_of_the_program_fits_a_narrow_terminal(
    cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    page = cli.ok("--help")
    assert max(map(len, page.splitlines())) <= 80
    assert all(f"\n  {name} " in page for name in ENTRIES)
