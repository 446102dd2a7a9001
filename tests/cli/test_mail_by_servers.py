"""`inbox test`, a preview and a tick against a real Postfix and a real Dovecot."""

from __future__ import annotations

import pytest

from seqctl.cli import inboxes
from tests.cli.conftest import Cli
from tests.mail.servers import PASSWORD, MailWorld

INTRO = """\
name: intro
steps:
  - email: {subject: Hello, body: Hi there}
  - after: 2 days
    email: {body: Again}
"""


@pytest.fixture
def rep(cli: Cli, mail_world: MailWorld, monkeypatch: pytest.MonkeyPatch) -> Cli:
    """A real workspace of rep, whose inbox is not connected yet."""
    waited = inboxes.time.sleep
    monkeypatch.setattr(inboxes.time, "sleep", lambda _: waited(0.1))
    monkeypatch.setenv("MAIL_PASSWORD", PASSWORD)
    mail_world.empty("rep")
    mail_world.empty("lead1")
    cli.ok("init", "--user", "rep", "--email", mail_world.address("rep"))
    return cli


def connect(cli: Cli, world: MailWorld, *words: str) -> None:
    password = words or ("--password-env", "MAIL_PASSWORD")
    cli.ok(
        *("inbox", "connect", world.address("rep"), "--ca-file", world.ca_file, *password),
        *("--smtp", world.smtp_url("rep"), "--imap", world.imap_url("rep", starttls=True)),
    )


def test_an_inbox_is_tested(rep: Cli, mail_world: MailWorld) -> None:
    connect(rep, mail_world)
    found = rep.json("inbox", "test", "rep@seq.test")
    told = {check["check"]: check["words"] for check in found["checks"]}
    assert all(check["well"] for check in found["checks"]), found
    assert list(told) == [
        *("offers", "smtp", "imap", "tls", "sending", "coming back", "folder Sent"),
    ]
    assert "8BITMIME" in told["offers"]
    assert "TLSv1" in told["tls"]
    assert told["coming back"] == "it arrived, with its Message-ID as it was"
    assert told["folder Sent"] == "seqctl puts a copy there"
    assert len(mail_world.mails("rep")) == 1
    assert mail_world.mails("rep", "Sent") == []
    assert rep.json("inbox", "sync")["inboxes"][0]["counted"] == 0


def test_a_wrong_password_is_told_and_never_shown(
    rep: Cli, mail_world: MailWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    connect(rep, mail_world)
    monkeypatch.setenv("MAIL_PASSWORD", "hunter2")
    answer = rep("inbox", "test", "rep@seq.test")
    assert answer.exit_code == 6
    assert "BAD smtp" in answer.stdout
    assert "BAD imap" in answer.stdout
    assert "hunter2" not in answer.stdout + answer.stderr
    assert mail_world.mails("rep") == []


def test_a_variable_that_is_not_there(
    rep: Cli, mail_world: MailWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    connect(rep, mail_world)
    monkeypatch.delenv("MAIL_PASSWORD")
    (rep.folder / "intro.yaml").write_text(INTRO)
    rep.ok("sequence", "apply", "intro.yaml")
    rep.ok("contact", "add", "lead1@seq.test")
    answer = rep("sequence", "preview", "intro", "lead1@seq.test", "--send-me", "--json")
    assert (answer.exit_code, answer.error["code"]) == (5, "ACCOUNT_REFUSED")
    assert "The variable MAIL_PASSWORD gives nothing." in answer.error["message"]
    assert rep("inbox", "sync").exit_code == 6


def test_a_server_that_is_not_there(rep: Cli, mail_world: MailWorld) -> None:
    rep.ok(
        *("inbox", "connect", "rep@seq.test", "--smtp", "smtps://127.0.0.1:1", "--no-replies"),
        *("--password-env", "MAIL_PASSWORD"),
    )
    answer = rep("inbox", "test", "rep@seq.test")
    assert answer.exit_code == 6
    assert "127.0.0.1:1 takes no connections: is the port right?" in answer.stdout


def test_a_token_and_a_tick(rep: Cli, mail_world: MailWorld) -> None:
    token = rep.folder / "token"
    token.write_text(f"#!/bin/sh\necho {mail_world.token('rep')}\n")
    token.chmod(0o700)
    connect(rep, mail_world, "--oauth-cmd", "./token")
    (rep.folder / "intro.yaml").write_text(INTRO)
    rep.ok("sequence", "apply", "intro.yaml")
    rep.ok("contact", "add", "lead1@seq.test")
    assert "2 mails sent to rep@seq.test" in rep.ok(
        "sequence", "preview", "intro", "lead1@seq.test", "--send-me"
    )
    rep.ok("enroll", "intro", "lead1@seq.test")
    assert rep.json("tick")["emails"] == 1
    (mail,) = mail_world.mails("lead1", at_least=1)
    assert b"Subject: Hello" in mail
    assert rep.json("doctor") == {"findings": []}
