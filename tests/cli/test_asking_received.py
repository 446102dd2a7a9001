"""Who is asked before a mail that came in is taken for something else."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.cli.conftest import Answer, Cli

INTRO = """\
name: intro
unenroll_on: {company_reply: true}
steps:
  - email: {subject: Hello, body: Hi}
"""
PEOPLE = [f"p{number}@big.test" for number in range(3)]
ANSWER = "From: p0@big.test\nTo: ann@acme.test\nSubject: Hello\nMessage-ID: <1@big.test>\n"


@pytest.fixture
def read(cli: Cli) -> Cli:
    """A real workspace that has read one mail, number 1, as the reply of a company of three."""
    for part in ("cur", "new", "tmp"):
        Path(cli.folder / "mails" / part).mkdir(parents=True)
    (cli.folder / "intro.yaml").write_text(INTRO)
    cli.ok("init", "--user", "ann", "--email", "ann@acme.test")
    cli.ok("inbox", "connect", "ann@acme.test", "--sendmail", "true", "--read-maildir", "mails")
    cli.ok("sequence", "apply", "intro.yaml")
    for address in PEOPLE:
        cli.ok("contact", "add", address, "--company", "Big AB")
    cli.ok("enroll", "intro", *PEOPLE, "--at", "2026-03-05T08:00")
    answer = Path(cli.folder / "mails" / "new" / "answer")
    text = f"{ANSWER}Date: Mon, 02 Mar 2026 09:00:00 +0000\n\nGladly, call me.\n"
    answer.write_text(text)
    cli.clock.time = cli.clock.time.replace(hour=10)
    os.utime(answer, times=(cli.clock.time.timestamp(),) * 2)
    cli.ok("inbox", "sync")
    cli.ok("config", "enroll_confirm", "2")
    return cli


def take_for(cli: Cli, kind: str, *more: str) -> Answer:
    return cli("mail", "reclassify", "1", "--as", kind, *more)


def test_taking_a_mail_for_something_else_is_asked_about_where_many_start_or_end(read: Cli) -> None:
    for kind, told in (("other", "start"), ("reply", "end")):
        before = read.db.read_bytes()
        asked = take_for(read, kind, "--json")
        assert (asked.exit_code, asked.stdout, asked.error["code"]) == (2, "", "NEEDS_YES")
        question = f"Take mail 1 for {kind}? 3 people: 3 enrollments {told}."
        assert asked.error["message"].endswith(question)
        assert read.db.read_bytes() == before
        assert take_for(read, kind, "--yes").exit_code == 0


def test_few_are_not_asked_about(read: Cli) -> None:
    read.ok("config", "enroll_confirm", "3")
    assert take_for(read, "other").exit_code == 0


def test_an_enrollment_that_goes_on_again_may_be_marked_again(read: Cli) -> None:
    already = "p0@big.test was marked so already"
    read.ok("mark", "p0@big.test", "replied")
    assert already in read.ok("mark", "p0@big.test", "replied")
    assert take_for(read, "other", "--yes").exit_code == 0
    read.ok("unenroll", "p0@big.test")
    assert already not in read.ok("mark", "p0@big.test", "replied")
