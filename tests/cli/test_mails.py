"""`mail list` and `mail show` (rules, "What a user sees")."""

from __future__ import annotations

import pytest

from tests.cli.conftest import Cli
from tests.rehearsal import rehearse


@pytest.fixture
def bo(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> Cli:
    """The rehearsed workspace, with bo at the keyboard."""
    store = rehearse(cli.db)
    store.connection.execute("UPDATE workspace SET secret = 'of this test'")
    store.close()
    monkeypatch.setenv("SEQCTL_USER", "bo")
    return cli


def test_the_mails_of_a_contact(bo: Cli) -> None:
    assert bo.ok("mail", "list", "ada@example.com") == (
        "[simulated 2026-03-06 09:00]\n"
        "id  sent              to               subject    sequence  step  status\n"
        " 1  2026-03-02 09:00  ada@example.com  Hello Ada  intro        1  sent\n"
    )


def test_mails_as_json(bo: Cli) -> None:
    messages = bo.json("mail", "list")["messages"]
    assert [message["id"] for message in messages] == [1, 2, 3, 4, 5, 7]
    assert messages[0] == {
        "id": 1,
        "enrollment": 1,
        "contact": "ada@example.com",
        "sequence": "intro",
        "step": 1,
        "from": "bo@example.org",
        "to": "ada@example.com",
        "subject": "Hello Ada",
        "status": "sent",
        "sent_at": "2026-03-02T08:00:00Z",
        "message_id": "<1.e6022c65ed194716e2b4e860@example.org>",
    }
    assert bo.json("mail", "list", "intro", "--limit", "1")["messages"] == messages[-1:]
    assert bo.json("mail", "list", "--status", "unknown") == {"messages": []}
    assert bo.ok("mail", "list", "--status", "unknown").endswith("No mails.\n")


def test_mails_of_a_hidden_sequence_are_hidden(bo: Cli) -> None:
    assert bo("mail", "show", "6").exit_code == 3
    assert bo.json("mail", "show", "6", "--as", "cy")["body"] == "Psst\n"
    assert len(bo.json("mail", "list", "--as", "cy")["messages"]) == 7
    assert bo("mail", "list", "secret").exit_code == 3


def test_my_own_mails_stay_visible_when_a_sequence_is_shared_no_more(bo: Cli) -> None:
    mine = bo.json("mail", "list")
    bo.ok("sequence", "share", "intro", "private")
    assert bo.json("mail", "list", "--as", "cy")["messages"][0]["sequence"] == "secret"
    assert bo.json("mail", "list") == mine


def test_one_mail(bo: Cli) -> None:
    assert bo.ok("mail", "show", "1") == (
        "[simulated 2026-03-06 09:00]\n"
        "from:     bo@example.org\n"
        "to:       ada@example.com\n"
        "subject:  Hello Ada\n"
        "status:   sent 2026-03-02 09:00\n"
        "step:     1 of intro, enrollment 1\n"
        "id:       <1.e6022c65ed194716e2b4e860@example.org>\n"
        "\n"
        "Hi\n"
    )


@pytest.mark.parametrize("word", ["99", "x", "99999999999999999999", "1.5"])
def test_what_is_not_there_is_not_found(bo: Cli, word: str) -> None:
    answer = bo("mail", "show", word, "--json")
    assert (answer.exit_code, answer.error["code"]) == (3, "NO_MAIL")
