"""`clock` and `clock accept` as they are typed (rules, "Two clocks")."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from tests.cli.conftest import Cli

WRONG = datetime(2031, 1, 6, 8, 0, tzinfo=UTC)
RIGHT = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
WHO = ("--user", "ann", "--email", "ann@acme.test", "--timezone", "UTC")
SEQUENCE = "name: intro\nsteps:\n  - email: {subject: Hello, body: Hi}\n  - {after: 1 day, email: {body: So}}\n"


@pytest.fixture
def wrong(cli: Cli) -> Cli:
    """A real workspace in which a tick and a pause were typed under a clock of 2031."""
    cli.ok("init", *WHO)
    cli.ok("inbox", "connect", "ann@acme.test", "--capture")
    (cli.folder / "intro.yaml").write_text(SEQUENCE)
    cli.ok("sequence", "apply", "intro.yaml")
    for name in ("ada", "ben"):
        cli.ok("contact", "add", f"{name}@x.test")
    cli.clock.time = WRONG
    cli.ok("enroll", "intro", "ada@x.test")
    cli.ok("tick")
    cli.ok("pause", "ben@x.test")
    cli.clock.time = RIGHT
    return cli


def test_a_wrong_clock_is_said_by_every_command(wrong: Cli) -> None:
    told = wrong("tick", "--json")
    assert (told.exit_code, told.error["code"]) == (7, "CLOCK_WENT_BACK")
    assert told.error["hint"] == "seqctl clock"
    for words in (("status",), ("contact", "list"), ("segment", "list")):
        assert wrong.ok(*words).startswith(
            "[the clock is wrong, or was when it said 2031-01-06 08:00; seqctl clock]\n"
        )
    wrong.ok("clock", "accept")
    assert "[the clock" not in wrong.ok("status")


def test_the_page_names_both_clocks_and_what_they_have_dated(wrong: Cli) -> None:
    ahead = [
        {"kind": "due", "id": 1, "at": "2031-01-07T08:00:00Z"},
        {"kind": "hold", "id": 1, "at": "2031-01-06T08:00:00Z"},
    ]
    seen = {
        "system": "2026-03-02T09:00:00Z",
        "workspace": "2031-01-06T08:00:00Z",
        "last_event_at": "2031-01-06T08:00:00Z",
        "ahead": ahead,
    }
    assert wrong.json("clock") == seen
    page = wrong.ok("clock")
    for words in ("2026-03-02 09:00", "2031-01-06 08:00", "seqctl clock accept", "ada@x.test"):
        assert words in page
    right = "2026-03-02T09:00:00Z"
    accepted = {"system": right, "workspace": right, "last_event_at": right, "ahead": ahead}
    assert wrong.json("clock", "accept") == accepted
    assert wrong.json("clock") == accepted
    assert "nothing was changed" in wrong.ok("clock", "accept")
    assert wrong.json("tick")["emails"] == 0
    assert wrong.json("doctor")["findings"] == []


def test_what_mends_a_due_time_is_said_and_works(wrong: Cli) -> None:
    told = wrong.ok("clock", "accept")
    assert "seqctl pause …, then seqctl resume … --restart-delay" in told
    wrong.ok("pause", "ada@x.test")
    wrong.ok("resume", "ada@x.test", "--restart-delay")
    wrong.ok("resume", "ben@x.test")
    assert wrong.json("clock")["ahead"] == []


def test_other_words_are_wrong_usage(wrong: Cli) -> None:
    assert wrong("clock", "reject").exit_code == 2


def test_only_a_user_accepts(wrong: Cli) -> None:
    wrong.ok("user", "add", "bo", "--email", "bo@acme.test")
    assert wrong("clock").exit_code == 0
    assert wrong("clock", "accept").exit_code == 2
    wrong.ok("clock", "accept", "--as", "bo")
    assert wrong.json("log", "--as", "bo")["events"][-1]["actor"] == "bo"


def test_a_simulated_clock_is_only_moved(cli: Cli) -> None:
    cli.ok("init", "--simulated", "--now", "2027-01-01", *WHO)
    assert cli.json("clock") == {
        "system": "2026-03-02T08:00:00Z",
        "workspace": "2027-01-01T00:00:00Z",
        "last_event_at": "2027-01-01T00:00:00Z",
        "ahead": [],
    }
    assert "simulated: only you move it" in cli.ok("clock")
    refused = cli("clock", "accept", "--json")
    assert (refused.exit_code, refused.error["code"]) == (4, "SIMULATED")
