"""The power cut, and the disk failing, at every operation: nothing doubled, lost or unsound (13.8)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.power.recording import needs_recording
from tests.power.stage import Stage, staged, taking_by_command
from tests.power.sweep import Scenario, cuts, failures

pytestmark = needs_recording

ANN = "ann@acme.test"
TWO_MAILS = """\
name: intro
steps:
  - email: {subject: "Hello {{ contact.first_name }}", body: "Hi {{ contact.first_name }}"}
  - after: 3 days
    email: {body: Again}
"""


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    with staged(tmp_path) as stage:
        yield stage


def begun(stage: Stage, *words: str, contacts: int = 1, simulated: bool = False) -> None:
    """A workspace whose inbox is connected as told, with contacts and a sequence."""
    clock = ("--simulated", "--now", "2026-03-02T08:00:00Z") if simulated else ()
    user = ("--user", "ann", "--email", ANN, "--name", "Ann Berg", "--timezone", "UTC")
    stage.ok("init", *clock, *user)
    stage.ok("inbox", "connect", ANN, *words)
    for number in range(1, contacts + 1):
        stage.ok("contact", "add", f"lead{number}@x.test", "--first-name", f"Lead{number}")
    stage.ok("sequence", "apply", stage.write("intro.yaml", TWO_MAILS))


def leads(number: int) -> list[str]:
    return [f"lead{one}@x.test" for one in range(1, number + 1)]


@pytest.fixture
def by_command(stage: Stage) -> Iterator[Scenario]:
    """A tick that hands one mail to a command."""
    with taking_by_command(stage) as script:
        begun(stage, "--sendmail", script, "--no-replies")
        stage.ok("enroll", "intro", *leads(1))
        yield Scenario(stage, ("tick",))


def test_thin(by_command: Scenario) -> None:
    import time

    t = time.time()
    tally = cuts(by_command, seed=1)
    print(tally, time.time() - t)
    t = time.time()
    tally = failures(by_command)
    print(tally, time.time() - t)
    assert 0
