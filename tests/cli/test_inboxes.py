"""Inboxes: connected, disconnected, connected again."""

from __future__ import annotations

import os
from typing import Any

import pytest

from tests.cli.conftest import Cli

INTRO = """\
name: intro
share: everyone
window: 08:00-18:00
steps:
  - email: {subject: Hi, body: Hello}
  - after: 2 days
    email: {body: Again}
  - after: 1 day
    task: {type: call, title: Ring}
"""
ADA = "ada@example.com"


@pytest.fixture
def real(cli: Cli) -> Cli:
    cli.ok("init", "--user", "ada", "--email", ADA)
    return cli


@pytest.fixture
def ada(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> Cli:
    """A simulated workspace of ada and bo; ada's inbox has sent the first of two mails."""
    cli.ok(
        *("init", "--simulated", "--now", "2026-03-02T09:00", "--timezone", "Europe/Stockholm"),
        *("--user", "ada", "--email", ADA),
    )
    (cli.folder / "intro.yaml").write_text(INTRO)
    cli.ok("user", "add", "bo", "--email", "bo@example.com")
    monkeypatch.setenv("SEQCTL_USER", "ada")
    for words in (
        ("inbox", "connect", ADA),
        ("sequence", "apply", "intro.yaml"),
        ("contact", "add", "eve@x.se"),
        ("enroll", "intro", "eve@x.se"),
        ("tick", "--by", "1d"),
    ):
        cli.ok(*words)
    return cli


def eve(cli: Cli) -> dict[str, Any]:
    return cli.json("status", "intro")["enrollments"][0]


# --- connecting ---------------------------------------------------------------------------------


def test_a_real_workspace_needs_to_be_told_the_kind(real: Cli) -> None:
    answer = real("inbox", "connect", ADA)
    assert (answer.exit_code, answer.stderr) == (
        2,
        "Say how to connect it: with a provider, with servers of your own, or to capture its mail.\n"
        "  try: seqctl inbox connect ada@example.com --provider gmail, or --smtp URL --imap URL, "
        "or --capture\n",
    )
    assert real.ok("inbox", "list") == (
        "There is no inbox yet.\n  try: seqctl inbox connect ADDR --capture\n"
    )
    assert real.ok("inbox", "connect", ADA, "--capture") == (
        "Connected ada@example.com of ada; its mails are kept in the workspace.\n"
    )


def test_a_simulated_workspace_captures(ada: Cli) -> None:
    assert ada.json("inbox", "list") == {
        "inboxes": [
            {
                "address": ADA,
                "user": "ada",
                "connected": True,
                "kind": "capture",
                "capture_to": None,
                "smtp": None,
                "imap": None,
                "read_maildir": None,
                "password": None,
                "per_day": None,
                "per_minute": None,
                "gap": None,
                "new_per_day": None,
                "trouble": None,
            }
        ]
    }


def test_the_list_for_people(ada: Cli) -> None:
    ada.ok("inbox", "connect", "bo@example.com", "--capture-to", "mails", "--as", "bo")
    ada.ok("inbox", "disconnect", ADA)
    assert ada.ok("inbox", "list").splitlines()[1:] == [
        "inbox            user  connected  mail",
        "ada@example.com  ada   no         its mails are kept in the workspace",
        "bo@example.com   bo    yes        its mails are kept in the workspace and copied to "
        f"{ada.folder}/mails",
    ]


def test_a_maildir_is_made(real: Cli) -> None:
    made = real.json("inbox", "connect", "Ada@Example.com", "--capture-to", "mails/rehearsal")
    folder = real.folder / "mails" / "rehearsal"
    assert (made["address"], made["capture_to"]) == (ADA, str(folder))
    assert sorted(os.listdir(folder)) == ["cur", "new", "tmp"]
    real.ok("inbox", "disconnect", ADA)
    assert real.json("inbox", "connect", ADA)["capture_to"] == str(folder)
    assert real.json("inbox", "connect", ADA, "--capture")["capture_to"] is None


def test_a_folder_of_other_things_is_no_maildir(real: Cli) -> None:
    (real.folder / "notes").mkdir()
    (real.folder / "notes" / "a.txt").write_text("x")
    for place, told in (("notes", "holds something else"), ("notes/a.txt", "is not a folder")):
        answer = real("inbox", "connect", ADA, "--capture-to", place)
        assert answer.exit_code == 5
        assert told in answer.stderr
    assert real.json("inbox", "list") == {"inboxes": []}


def test_connecting_twice_changes_nothing(ada: Cli) -> None:
    before = ada.json("log")
    assert "Already connected: ada@example.com" in ada.ok("inbox", "connect", ADA)
    assert ada.json("log") == before


@pytest.mark.parametrize("verb", ["connect", "disconnect"])
def test_another_users_inbox(ada: Cli, verb: str) -> None:
    answer = ada("inbox", verb, ADA, "--as", "bo", "--json")
    assert answer.exit_code == 4
    assert answer.error == {
        "code": "NOT_YOURS",
        "message": "ada@example.com is an inbox of ada.",
        "hint": "the same command with --as ada",
    }


def test_the_inbox_of_someone_who_left_may_be_taken_over(ada: Cli) -> None:
    ada.ok("inbox", "connect", "bo@example.com", "--as", "bo")
    ada.ok("user", "remove", "bo")
    assert ada.json("inbox", "connect", "bo@example.com")["user"] == "ada"


def test_what_is_no_address(ada: Cli) -> None:
    assert ada("inbox", "connect", "ada").exit_code == 2
    unknown = ada("inbox", "disconnect", "adda@example.com")
    assert unknown.exit_code == 3
    assert "There is no inbox 'adda@example.com'. Did you mean ada@example.com?" in unknown.stderr


# --- disconnecting ------------------------------------------------------------------------------


def test_a_disconnected_inbox_lets_its_mails_wait(ada: Cli) -> None:
    assert ada.ok("inbox", "disconnect", ADA).splitlines()[1:] == [
        "Disconnected ada@example.com.",
        "1 live enrollment sends from it, the next due 2026-03-04 09:00: they wait.",
        "  go on with: seqctl inbox connect ada@example.com",
    ]
    assert ada.json("inbox", "disconnect", ADA)["waiting"] == 1
    ada.ok("tick", "--to", "2026-03-06T20:00")
    assert (eve(ada)["status"], eve(ada)["waiting_on"], eve(ada)["due_at"]) == (
        "active",
        "inbox",
        "2026-03-04T08:00:00Z",
    )


def test_connected_again_they_are_placed_anew(ada: Cli) -> None:
    ada.ok("inbox", "disconnect", ADA)
    ada.ok("tick", "--to", "2026-03-06T20:00")
    assert ada.ok("inbox", "connect", ADA).splitlines()[1:] == [
        "Connected ada@example.com of ada; its mails are kept in the workspace.",
        "1 mail that waited for it placed anew.",
    ]
    assert (eve(ada)["waiting_on"], eve(ada)["due_at"]) == ("window", "2026-03-07T07:00:00Z")
    last = ada.json("log")["events"][-1]
    assert (last["kind"], last["actor"], last["detail"]) == (
        "rescheduled",
        "ada",
        "ada@example.com is connected again",
    )
    assert ada.json("tick", "--by", "1d")["emails"] == 1
    assert ada.json("doctor") == {"findings": []}


def test_connected_again_before_anything_was_due(ada: Cli) -> None:
    before = eve(ada)
    ada.ok("inbox", "disconnect", ADA)
    assert ada.json("inbox", "connect", ADA)["rescheduled"] == 0
    assert eve(ada) == before


def test_what_is_paused_meanwhile_stays_paused(ada: Cli) -> None:
    ada.ok("inbox", "disconnect", ADA)
    ada.ok("tick", "--by", "3d")
    ada.ok("pause", "intro")
    assert ada.json("inbox", "connect", ADA)["rescheduled"] == 0
    assert eve(ada)["status"] == "paused"
    ada.ok("resume", "intro")
    assert ada.json("tick")["emails"] == 1


def test_disconnecting_may_end_what_sends_from_it(ada: Cli) -> None:
    ended = ada.json("inbox", "disconnect", ADA, "--end")
    assert (ended["connected"], ended["ended"], ended["waiting"]) == (False, 1, 0)
    assert (eve(ada)["status"], eve(ada)["reason"], eve(ada)["error"]) == (
        "unenrolled",
        "error",
        "INBOX_DISCONNECTED",
    )
    assert ada.ok("inbox", "disconnect", ADA, "--end").splitlines()[1:] == [
        "Already disconnected: ada@example.com.",
        "No live enrollment sends from it.",
    ]


def test_who_has_no_mail_left_to_send_goes_on(ada: Cli) -> None:
    ada.ok("tick", "--by", "1d")
    assert ada.json("inbox", "disconnect", ADA, "--end")["ended"] == 0
    assert ada.json("tick", "--by", "2d")["tasks"] == 1
