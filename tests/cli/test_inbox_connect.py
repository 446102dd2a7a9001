"""`inbox connect`: what is understood of servers, passwords, limits, and of contradictions."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Cli

ADA = "ada@example.com"
SMTP = "smtps://mail.example.com"
IMAP = "imaps://mail.example.com"
SERVERS = ("--smtp", SMTP, "--imap", IMAP)
BY_VARIABLE = ("--password-env", "MAIL_PASSWORD")


@pytest.fixture
def real(cli: Cli) -> Cli:
    cli.ok("init", "--user", "ada", "--email", ADA)
    return cli


@pytest.fixture
def simulated(cli: Cli) -> Cli:
    cli.ok("init", "--simulated", "--now", "2026-03-02T09:00", "--user", "ada", "--email", ADA)
    return cli


def connected(cli: Cli, *words: str) -> dict[str, Any]:
    return cli.json("inbox", "connect", ADA, *words)


def refused(cli: Cli, *words: str) -> dict[str, str]:
    """The error of a connect that is wrong usage."""
    answer = cli("inbox", "connect", ADA, *words, "--json")
    assert answer.exit_code == 2, answer
    return answer.error


# --- what is understood ---------------------------------------------------------------------------


def test_servers_of_ones_own(real: Cli) -> None:
    made = connected(real, *SERVERS, *BY_VARIABLE)
    assert made == {
        "address": ADA,
        "user": "ada",
        "connected": True,
        "kind": "smtp",
        "capture_to": None,
        "smtp": f"smtps://{ADA}@mail.example.com:465",
        "imap": f"imaps://{ADA}@mail.example.com:993",
        "read_maildir": None,
        "password": "variable MAIL_PASSWORD",
        "per_day": 100,
        "per_minute": 3,
        "gap": None,
        "new_per_day": None,
        "trouble": None,
        "rescheduled": 0,
    }


def test_the_answer_says_what_was_understood_and_what_to_type(real: Cli) -> None:
    assert real.ok("inbox", "connect", ADA, *SERVERS, *BY_VARIABLE, "--gap", "30s..90s") == (
        "Connected ada@example.com of ada.\n"
        "  sends by:    smtps://ada@example.com@mail.example.com:465\n"
        "  reads:       imaps://ada@example.com@mail.example.com:993\n"
        "  password:    variable MAIL_PASSWORD (not set here; cron has to know it too)\n"
        "  limits:      at most 100 in 24 hours, 3 a minute, one every 30 to 90 s\n"
        "  next: seqctl inbox test ada@example.com\n"
    )
    assert real.ok("inbox", "list").splitlines()[1] == (
        "ada@example.com  ada   yes        sends by mail.example.com; reads mail.example.com; "
        "at most 100 in 24 hours, 3 a minute, one every 30 to 90 s"
    )


def test_starttls_and_another_user(real: Cli) -> None:
    made = connected(
        real, "--smtp", "smtp://rep@mail.example.com:2525", "--no-replies", *BY_VARIABLE
    )
    assert (made["smtp"], made["imap"]) == ("smtp://rep@mail.example.com:2525", None)
    told = real.ok("inbox", "connect", ADA)
    assert "reads:       nothing: answered people get follow-ups" in told


@pytest.mark.parametrize("provider", ["gmail", "outlook", "fastmail", "icloud"])
def test_providers_are_known(real: Cli, provider: str) -> None:
    made = connected(real, "--provider", provider, *BY_VARIABLE)
    assert made["kind"] == "smtp"
    assert made["smtp"].partition("://")[2].startswith(f"{ADA}@smtp")
    assert made["imap"].startswith(f"imaps://{ADA}@")


def test_what_is_said_overrules_the_provider(real: Cli) -> None:
    (real.folder / "mail" / "new").mkdir(parents=True)
    (real.folder / "mail" / "cur").mkdir()
    made = connected(
        real, "--provider", "gmail", "--smtp", SMTP, "--read-maildir", "mail", *BY_VARIABLE
    )
    assert made["smtp"] == f"smtps://{ADA}@mail.example.com:465"
    assert (made["imap"], made["read_maildir"]) == (None, str(real.folder / "mail"))


def test_sendmail_needs_no_password(real: Cli) -> None:
    made = connected(real, "--sendmail", "/usr/sbin/sendmail -i", "--no-replies")
    assert (made["kind"], made["password"], made["per_day"]) == ("sendmail", None, 100)


@pytest.mark.parametrize(
    ("words", "place"),
    [
        (("--password-cmd", "pass show mail/ada"), "command pass …"),
        (("--oauth-cmd", "oama"), "token command oama"),
        (("--password-env", "MAIL_PASSWORD"), "variable MAIL_PASSWORD"),
        (("--no-password",), None),
    ],
)
def test_the_place_of_the_password(real: Cli, words: tuple[str, ...], place: str | None) -> None:
    assert connected(real, *SERVERS, *words)["password"] == place


def test_a_command_is_never_told_in_full(real: Cli) -> None:
    told = real("inbox", "connect", ADA, *SERVERS, "--password-cmd", "echo hunter2")
    assert told.exit_code == 0
    seen = told.stdout + real.ok("inbox", "list") + real.ok("inbox", "list", "--json")
    assert "hunter2" not in seen + real.ok("log", "--json")


def test_a_password_file_is_for_its_owner_only(real: Cli) -> None:
    file = real.folder / "password"
    missing = real("inbox", "connect", ADA, *SERVERS, "--password-file", "password")
    assert (missing.exit_code, f"there is no file {file}" in missing.stderr) == (5, True)
    file.write_text("hunter2\n")
    file.chmod(0o640)
    open_to_others = real("inbox", "connect", ADA, *SERVERS, "--password-file", "password")
    assert open_to_others.exit_code == 5
    assert f"chmod 600 {file}" in open_to_others.stderr
    file.chmod(0o600)
    assert connected(real, *SERVERS, "--password-file", "password")["password"] == f"file {file}"


# --- limits ---------------------------------------------------------------------------------------


def test_only_limits_keep_the_account(real: Cli) -> None:
    before = connected(real, *SERVERS, *BY_VARIABLE)
    after = connected(real, "--per-day", "40", "--gap", "60s")
    assert after == before | {"per_day": 40, "gap": "60s"}
    assert connected(real) == after
    assert connected(real, "--per-day", "none", "--per-minute", "none", "--gap", "none") == (
        before | {"per_day": None, "per_minute": None}
    )


def test_limits_stay_when_the_server_changes(real: Cli) -> None:
    connected(real, *SERVERS, *BY_VARIABLE, "--per-day", "40")
    changed = connected(real, "--smtp", "smtps://new.example.com", "--imap", IMAP, *BY_VARIABLE)
    assert (changed["per_day"], changed["per_minute"]) == (40, 3)
    captured = connected(real, "--capture")
    assert (captured["per_day"], captured["per_minute"]) == (None, None)


def test_connecting_with_the_same_words_changes_nothing(real: Cli) -> None:
    words = ("inbox", "connect", ADA, *SERVERS, *BY_VARIABLE)
    real.ok(*words)
    before = real.json("log")
    assert real.ok(*words).startswith("Already connected: ada@example.com of ada.\n")
    assert real.json("log") == before


def test_one_thing_is_changed_and_the_rest_stays(real: Cli) -> None:
    before = connected(real, *SERVERS, *BY_VARIABLE)
    assert connected(real, "--password-cmd", "pass mail") == (
        before | {"password": "command pass …"}
    )
    silent = connected(real, "--no-replies")
    assert (silent["smtp"], silent["imap"]) == (before["smtp"], None)
    assert "mails that you write by hand hold nobody" in real.ok(
        "inbox", "connect", ADA, "--no-hand-written"
    )
    assert "by hand" not in real.ok("inbox", "connect", ADA, "--hand-written")


def test_a_rehearsed_inbox_has_limits_and_answers(simulated: Cli) -> None:
    made = connected(simulated, "--read-maildir", "answers", "--per-day", "5")
    assert (made["kind"], made["per_day"]) == ("capture", 5)
    assert made["read_maildir"] == str(simulated.folder / "answers")
    assert (simulated.folder / "answers" / "new").is_dir()
    told = simulated.ok("inbox", "connect", ADA)
    assert told.splitlines()[1:] == [
        "Already connected: ada@example.com of ada; its mails are kept in the workspace.",
        f"  reads:       the Maildir {simulated.folder}/answers",
        "  limits:      at most 5 in 24 hours",
    ]


# --- contradictions -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--capture", "--smtp", SMTP), "Mail is either captured or really sent."),
        (("--capture-to", "x", "--provider", "gmail"), "Mail is either captured or really sent."),
        (("--smtp", SMTP, "--sendmail", "x"), "by a server or by a command, not by both"),
        ((*SERVERS, "--no-replies"), "Answers are read in one place."),
        ((*SERVERS, "--read-maildir", "x"), "Answers are read in one place."),
        ((*SERVERS, *BY_VARIABLE, "--oauth-cmd", "x"), "A password comes from one place."),
        ((*SERVERS, *BY_VARIABLE, "--no-password"), "A password comes from one place."),
        (("--smtp", SMTP, *BY_VARIABLE), "without reading, answered people get follow-ups"),
        (("--sendmail", "x"), "without reading, answered people get follow-ups"),
        (SERVERS, "Say where its password is found"),
        (("--provider", "gmail"), "Say where its password is found"),
        (("--sendmail", "x", "--no-replies", *BY_VARIABLE), "this inbox talks to none"),
        (("--capture", "--imap", IMAP), "An inbox that captures its mail talks to no server."),
        (("--capture", *BY_VARIABLE), "An inbox that captures its mail talks to no server."),
        (("--imap", IMAP, *BY_VARIABLE), "Say how to connect it"),
        (("--per-day", "5"), "Say how to connect it"),
        ((*SERVERS, "--password-env", "s3cret!"), "never the password itself"),
        ((*SERVERS, "--password-cmd", "pass 'x"), "a quote in it is open"),
        (("--smtp", IMAP, "--no-replies", *BY_VARIABLE), "begins with smtps://"),
        (("--smtp", "mail.example.com", "--no-replies", *BY_VARIABLE), "begins with smtps://"),
        ((*SERVERS, *BY_VARIABLE, "--per-day", "x"), "--per-day is a whole number"),
        ((*SERVERS, *BY_VARIABLE, "--gap", "x"), "is no distance between two mails"),
        (("--provider", "aol"), "aol"),
    ],
)
def test_what_can_not_be_meant(real: Cli, words: tuple[str, ...], told: str) -> None:
    error = refused(real, *words)
    assert told in error["message"]
    assert error["hint"]
    assert "s3cret" not in error["message"] + error["hint"]
    assert real.json("inbox", "list") == {"inboxes": []}


def test_the_maildir_of_a_real_inbox_has_to_be_there(real: Cli) -> None:
    answer = real("inbox", "connect", ADA, "--sendmail", "x", "--read-maildir", "mial")
    assert (answer.exit_code, "is no Maildir" in answer.stderr) == (5, True)
    assert not (real.folder / "mial").exists()


def test_copies_do_not_lie_among_the_answers(simulated: Cli) -> None:
    error = refused(simulated, "--capture-to", "mail", "--read-maildir", "mail")
    assert "can't lie where the answers are read" in error["message"]


def test_a_simulated_workspace_sends_nothing(simulated: Cli) -> None:
    answer = simulated("inbox", "connect", ADA, *SERVERS, *BY_VARIABLE, "--json")
    assert (answer.exit_code, answer.error["code"]) == (4, "SIMULATED")


def test_cron_is_told_of_the_variable(real: Cli) -> None:
    connected(real, *SERVERS, *BY_VARIABLE)
    answer = real("cron")
    assert answer.stdout.startswith("*/5 * * * * ")
    assert "Cron has to know the variable MAIL_PASSWORD" in answer.stderr


# --- changed afterwards ---------------------------------------------------------------------------


def test_a_server_without_a_password_is_changed_without_saying_so_again(real: Cli) -> None:
    connected(real, *SERVERS, "--no-password")
    assert connected(real, "--per-day", "7")["per_day"] == 7
    assert refused(real, "--imap", IMAP)["code"] == "PASSWORD_NEEDED"


def test_limits_are_edited_and_nothing_else(real: Cli) -> None:
    before = connected(real, *SERVERS, *BY_VARIABLE)
    words = ("--new-per-day", "5", "--per-minute", "none", "--gap", "30s..90s")
    after = real.json("inbox", "edit", ADA, *words)
    changed = {"new_per_day": 5, "per_minute": None, "gap": "30s..90s"}
    assert after == {name: before[name] for name in after} | changed
    assert real.ok("inbox", "edit", ADA, *words).startswith("Unchanged: ada@example.com.\n")
    kinds = [event["kind"] for event in real.json("log")["events"]]
    assert kinds.count("inbox-edited") == 1


def test_an_edited_inbox_stays_disconnected(real: Cli) -> None:
    connected(real, *SERVERS, *BY_VARIABLE)
    real.ok("inbox", "disconnect", ADA)
    assert real.json("inbox", "edit", ADA, "--per-day", "7")["connected"] is False
    assert real.json("inbox", "list")["inboxes"][0]["connected"] is False


def test_an_edit_of_nothing_of_nobody_or_of_anothers(real: Cli) -> None:
    connected(real, *SERVERS, *BY_VARIABLE)
    assert real("inbox", "edit", ADA).exit_code == 2
    assert real("inbox", "edit", "bo@example.com", "--per-day", "7").exit_code == 3
    real.ok("--as", "ada", "user", "add", "bo", "--email", "bo@example.com")
    answer = real("--as", "bo", "inbox", "edit", ADA, "--per-day", "7", "--json")
    assert answer.exit_code == 4


# --- nothing to test, nothing to read -------------------------------------------------------------


def test_a_captured_inbox_has_nothing_to_test(simulated: Cli) -> None:
    connected(simulated)
    answer = simulated("inbox", "test", ADA, "--json")
    assert (answer.exit_code, answer.error["code"]) == (4, "NOTHING_TO_TEST")
    assert simulated("inbox", "test", "bo@example.com").exit_code == 3
    answer = simulated("inbox", "sync", ADA, "--json")
    assert (answer.exit_code, answer.error["code"]) == (4, "NOTHING_TO_READ")


def test_a_halted_workspace_tests_nothing(real: Cli) -> None:
    connected(real, *SERVERS, *BY_VARIABLE)
    real.ok("halt")
    assert real("inbox", "test", ADA).exit_code == 7


def test_the_help_names_every_option(real: Cli) -> None:
    shown = real.ok("inbox", "connect", "--help")
    for option in ("--no-replies", "--ca-file", "--oauth-cmd", "--gap", "--no-hand-written"):
        assert option in shown
    assert Path("workspace.db").exists()
