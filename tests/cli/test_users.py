"""Users: added, listed, edited, removed."""

from __future__ import annotations

from typing import Any

import pytest

from tests.cli.conftest import Cli

INTRO = """\
name: intro
share: everyone
steps:
  - email: {subject: Hi, body: Hello}
  - after: 2 days
    task: {type: call, title: Ring}
"""


@pytest.fixture
def ada(cli: Cli) -> Cli:
    """A simulated workspace of ada."""
    cli.ok(
        *("init", "--simulated", "--now", "2026-03-02T09:00", "--timezone", "Europe/Stockholm"),
        *("--user", "ada", "--email", "ada@example.com", "--name", "Ada Ek"),
    )
    return cli


@pytest.fixture
def both(ada: Cli, monkeypatch: pytest.MonkeyPatch) -> Cli:
    """The same with bo, who has an inbox, a sequence, a contact, and two live enrollments."""
    ada.ok("user", "add", "bo", "--email", "bo@example.com", "--team", "nordics")
    (ada.folder / "intro.yaml").write_text(INTRO)
    for words in (
        ("inbox", "connect", "bo@example.com"),
        ("sequence", "apply", "intro.yaml"),
        ("contact", "add", "eve@x.se", "--owner", "bo", "--access", "owner"),
        ("contact", "add", "max@x.se", "--owner", "ada"),
        ("enroll", "intro", "eve@x.se", "max@x.se"),
        ("tick", "--by", "3d"),
        ("pause", "intro"),
    ):
        ada.ok(*words, "--as", "bo")
    monkeypatch.setenv("SEQCTL_USER", "ada")
    return ada


def last_events(cli: Cli, number: int) -> list[tuple[Any, ...]]:
    events = cli.json("log", "--as", "ada")["events"][-number:]
    return [(e["actor"], e["kind"], e["contact"], e["sequence"], e["detail"]) for e in events]


# --- adding and listing -------------------------------------------------------------------------


def test_a_user_is_added_in_the_zone_of_who_adds(ada: Cli) -> None:
    assert ada.ok("user", "add", "bo", "--email", "Bo@Example.com") == (
        "[simulated 2026-03-02 09:00]\n"
        "Added bo: Bo, bo@example.com, Europe/Stockholm.\n"
        "  next: seqctl inbox connect bo@example.com --capture --as bo\n"
    )
    assert last_events(ada, 1) == [("ada", "user-added", None, None, "bo")]


def test_users_as_json(ada: Cli) -> None:
    added = ada.json(
        *("user", "add", "bo.e-1", "--email", "bo@example.com", "--name", " Bo\n  Ek "),
        *("--timezone", "UTC", "--team", "uk", "--team", "nordics", "--signature", "Bo\nSales"),
    )
    assert added == {
        "name": "bo.e-1",
        "full_name": "Bo Ek",
        "email": "bo@example.com",
        "timezone": "UTC",
        "teams": ["nordics", "uk"],
        "signature": "Bo\nSales",
    }
    users = ada.json("user", "list")["users"]
    assert [user["name"] for user in users] == ["ada", "bo.e-1"]
    assert users[1] == added


def test_the_list_for_people(ada: Cli) -> None:
    ada.ok("user", "add", "bo", "--email", "bo@example.com", "--team", "uk", "--team", "nordics")
    assert ada.ok("user", "list", "--as", "ada") == (
        "[simulated 2026-03-02 09:00]\n"
        "user  name    e-mail           time zone         teams\n"
        "ada   Ada Ek  ada@example.com  Europe/Stockholm\n"
        "bo    Bo      bo@example.com   Europe/Stockholm  nordics, uk\n"
    )


@pytest.mark.parametrize(
    "name", ["[/]", "[bold red]x", "a\x1b[31mb", "\u202eevil", "\x9b31mx", "\x07bell", "名前"]
)
def test_names_can_do_no_harm(ada: Cli, name: str) -> None:
    ada.ok("user", "add", "bo", "--email", "bo@example.com", "--name", name)
    shown = ada.ok("user", "list", "--as", "ada").splitlines()[-1]
    assert shown.startswith("bo    ")
    assert not any(mark in shown for mark in "\x1b\x07\x9b\u202e")
    assert name in shown or not name.isprintable()
    assert ada.json("user", "list", "--as", "ada")["users"][1]["full_name"] == name


@pytest.mark.parametrize(
    ("words", "exit_code", "told"),
    [
        (("ada", "--email", "a@x.se"), 4, "There is a user 'ada' already.\n"),
        (("bo",), 2, "A user needs an e-mail address.\n  add --email ADDR\n"),
        (("tick", "--email", "a@x.se"), 2, "'tick' can't be a user's name: the history uses it.\n"),
        (("Bo", "--email", "a@x.se"), 2, "'Bo' can't be a user's name.\n"),
        (("bo@x.se", "--email", "a@x.se"), 2, "'bo@x.se' can't be a user's name.\n"),
        (("bo", "--email", "bo"), 2, "“bo” is not an e-mail address: "),
        (("bo", "--email", "a@x.se", "--timezone", "CEST"), 2, "There is no time zone 'CEST'."),
        (("bo", "--email", "a@x.se", "--team", "a b"), 2, "'a b' can't be a team's name.\n"),
    ],
)
def test_who_cant_be_added(ada: Cli, words: tuple[str, ...], exit_code: int, told: str) -> None:
    before = ada.json("log")
    answer = ada("user", "add", *words)
    assert answer.exit_code == exit_code
    assert told in answer.stderr
    assert ada.json("log") == before


def test_with_two_users_a_change_needs_to_know_who_acts(ada: Cli) -> None:
    ada.ok("user", "add", "bo", "--email", "bo@example.com")
    answer = ada("user", "add", "cy", "--email", "cy@example.com")
    assert answer.exit_code == 2
    assert "Several users share this workspace: ada, bo. Say who you are.\n" in answer.stderr
    ada.ok("user", "add", "cy", "--email", "cy@example.com", "--as", "bo")
    assert last_events(ada, 1) == [("bo", "user-added", None, None, "cy")]


# --- editing ------------------------------------------------------------------------------------


def test_what_is_given_is_changed_and_nothing_else(both: Cli) -> None:
    assert both.json("user", "edit", "bo", "--timezone", "UTC", "--signature", "Bo") == {
        "name": "bo",
        "full_name": "Bo",
        "email": "bo@example.com",
        "timezone": "UTC",
        "teams": ["nordics"],
        "signature": "Bo",
    }
    assert last_events(both, 1) == [("ada", "user-changed", None, None, "bo: zone, signature")]


def test_teams_are_replaced_as_a_whole(both: Cli) -> None:
    edited = both.json("user", "edit", "bo", "--team", "uk", "--team", "us")
    assert edited["teams"] == ["uk", "us"]
    assert both.json("user", "edit", "bo", "--no-team")["teams"] == []
    assert both("user", "edit", "bo", "--no-team", "--team", "x").exit_code == 2


def test_an_edit_that_changes_nothing_leaves_no_event(both: Cli) -> None:
    before = both.json("log")
    both.ok("user", "edit", "bo", "--email", "bo@example.com")
    assert both.json("log") == before


@pytest.mark.parametrize(
    ("words", "exit_code", "told"),
    [
        (("adda", "--name", "X"), 3, "There is no user 'adda'. Did you mean ada?\n"),
        (("bo",), 2, "Nothing to change of 'bo'.\n  try: seqctl user edit --help\n"),
        (("bo", "--email", "x"), 2, "“x” is not an e-mail address: "),
    ],
)
def test_what_cant_be_edited(both: Cli, words: tuple[str, ...], exit_code: int, told: str) -> None:
    answer = both("user", "edit", *words)
    assert answer.exit_code == exit_code
    assert told in answer.stderr


# --- removing -----------------------------------------------------------------------------------


def test_removing_a_user_ends_and_hands_over(both: Cli) -> None:
    assert both.ok("user", "remove", "bo") == (
        "[simulated 2026-03-05 09:00]\n"
        "Removed bo: 2 live enrollments ended.\n"
        "Disconnected: bo@example.com.\n"
        "Yours now: intro, 1 contact.\n"
    )
    assert last_events(both, 7) == [
        ("ada", "owner-changed", None, "intro", "intro: bo → ada"),
        ("ada", "owner-changed", "eve@x.se", None, "bo → ada"),
        ("ada", "unenrolled", "eve@x.se", "intro", "user-removed: bo was removed"),
        ("ada", "unenrolled", "max@x.se", "intro", "user-removed: bo was removed"),
        (
            "ada",
            "hold-lifted",
            None,
            "intro",
            "the pause of the sequence by bo since 2026-03-05T08:00:00Z is over, bo was removed",
        ),
        ("ada", "inbox-disconnected", None, None, "bo@example.com"),
        ("ada", "user-removed", None, None, "bo"),
    ]
    assert [user["name"] for user in both.json("user", "list")["users"]] == ["ada"]
    assert both.json("inbox", "list")["inboxes"][0]["connected"] is False
    enrollments = both.json("status", "intro")["enrollments"]
    assert {(e["enrolled_by"], e["status"], e["reason"]) for e in enrollments} == {
        ("bo", "unenrolled", "user-removed")
    }
    assert both.json("contact", "show", "eve@x.se")["owner"] == "ada"
    both.ok("sequence", "share", "intro", "private")
    assert both.json("doctor") == {"findings": []}


def test_what_removing_did_as_json(both: Cli) -> None:
    removed = both.json("user", "remove", "bo")
    assert removed["name"] == "bo"
    assert {key: removed[key] for key in ("ended", "inboxes", "sequences", "contacts")} == {
        "ended": 2,
        "inboxes": ["bo@example.com"],
        "sequences": ["intro"],
        "contacts": 1,
    }


def test_who_cant_be_removed(both: Cli) -> None:
    assert both("user", "remove", "cy").exit_code == 3
    own = both("user", "remove", "bo", "--as", "bo", "--json")
    assert (own.exit_code, own.error["code"]) == (4, "OWNS_THINGS")
    assert own.error["hint"] == "seqctl user remove bo --as ANOTHER"
    both.ok("user", "remove", "ada", "--as", "bo")
    last = both("user", "remove", "bo", "--as", "bo", "--json")
    assert (last.exit_code, last.error["code"]) == (4, "LAST_USER")


def test_a_removed_user_comes_back_with_the_history(both: Cli) -> None:
    both.ok("user", "remove", "bo")
    both.ok("user", "add", "bo", "--email", "new@example.com", "--name", "Bo Ek")
    both.ok("inbox", "connect", "bo@example.com", "--as", "bo")
    both.ok("contact", "add", "eva@x.se")
    both.ok("enroll", "intro", "eva@x.se", "--as", "bo")
    assert "paused" not in both.ok("status", "intro", "--live")
    assert both.json("doctor") == {"findings": []}
