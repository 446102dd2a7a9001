"""`log` (rules, "The history"): what happened, when, who did it and why."""

from __future__ import annotations

import pytest

from tests.cli.conftest import Cli
from tests.rehearsal import rehearse


@pytest.fixture
def bo(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> Cli:
    """The rehearsed workspace, with bo at the keyboard."""
    rehearse(cli.db).close()
    monkeypatch.setenv("SEQCTL_USER", "bo")
    return cli


def test_one_contact_in_one_sequence(bo: Cli) -> None:
    assert bo.ok("log", "intro", "ben@example.com") == (
        "[simulated 2026-03-06 09:00]\n"
        "time              who   contact          sequence  what               why\n"
        "2026-03-02 09:00  bo    ben@example.com  intro     enrolled (step 1)"
        "  version 1, step 1\n"
        "2026-03-02 09:00  tick  ben@example.com  intro     sent (step 1)      Hello Ben\n"
        "2026-03-03 09:00  bo    ben@example.com  intro     paused (step 2)    contact by bo\n"
    )


def test_events_as_json(bo: Cli) -> None:
    events = bo.json("log", "dan@example.com")["events"]
    assert [event["kind"] for event in events] == [
        "contact-added",
        "enrolled",
        "sent",
        "unenrolled",
        "reenrolled",
        "task-created",
    ]
    assert events[2] == {
        "id": 24,
        "at": "2026-03-02T08:00:00Z",
        "actor": "tick",
        "kind": "sent",
        "contact": "dan@example.com",
        "sequence": "intro",
        "enrollment": 4,
        "step": 1,
        "detail": "Hello Dan",
        "status": "active",
    }
    assert (events[0]["actor"], events[0]["enrollment"], events[0]["status"]) == ("bo", None, None)


def test_all_in_json_unless_n(bo: Cli) -> None:
    everything = bo.json("log")["events"]
    assert [event["id"] for event in everything] == list(range(1, len(everything) + 1))
    assert bo.json("log", "-n", "2")["events"] == everything[-2:]
    assert bo.json("log", "-n", "0") == {"events": []}


def test_the_latest_fifty_for_people(bo: Cli) -> None:
    bo.ok("tick", "--by", "30d")
    addresses = [f"p{n}@example.com" for n in range(60)]
    (bo.folder / "people.csv").write_text("email\n" + "\n".join(addresses))
    bo.ok("contact", "import", "people.csv")
    lines = bo.ok("log").splitlines()
    assert (lines[1], len(lines)) == ("… and earlier ones (--all)", 3 + 50)
    assert "p59@example.com" in lines[-1]
    assert len(bo.ok("log", "-n", "60").splitlines()) == 2 + 60
    assert len(bo.ok("log", "--all").splitlines()) == 2 + len(bo.json("log")["events"])


def test_none_of_the_latest_is_not_that_nothing_happened(bo: Cli) -> None:
    assert "Nothing" not in bo.ok("log", "-n", "0")


def test_what_happened_in_a_hidden_sequence_is_told_without_its_texts(bo: Cli) -> None:
    def secrets(*user: str) -> list[str]:
        events = bo.json("log", "ada@example.com", *user)["events"]
        return [event["detail"] for event in events if event["sequence"] == "secret"]

    assert secrets() == ["", "", ""]
    assert secrets("--as", "cy") == ["version 1, step 1", "Only between us", "all steps are done"]


def test_a_deleted_contact_and_a_deleted_sequence_keep_their_history(bo: Cli) -> None:
    before = bo.json("log", "intro", "ben@example.com")["events"]
    bo.ok("contact", "delete", "ben@example.com")
    bo.ok("sequence", "delete", "intro", "--yes")
    assert bo.json("log", "intro", "ben@example.com")["events"][: len(before)] == before


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["nobody@example.com"], 3),
        (["intor"], 3),
        (["secret"], 3),
        (["ada@example.com", "ben@example.com"], 2),
        (["intro", "secret"], 2),
    ],
)
def test_mistakes(bo: Cli, words: list[str], code: int) -> None:
    assert bo("log", *words).exit_code == code
