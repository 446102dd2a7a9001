"""Real mail without a server: a command that puts it into a Maildir, which is read."""

from __future__ import annotations

import email.policy
from email import message_from_bytes
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest

from seqctl.cli import inboxes
from tests.cli.conftest import Cli

ANN = "ann@acme.test"
INTRO = """\
name: intro
share: everyone
steps:
  - email: {subject: "Hello {{ contact.first_name }}", body: "Hi {{ contact.first_name }}"}
  - after: 2 days
    task: {type: call, title: "Ring {{ contact.first_name }}", notes: Ask., email: {subject: Quote, body: Here}}
  - after: 2 days
    email: {body: Again}
"""
DELIVER = """\
#!/bin/sh
# Deliver to the Maildir of the recipient, keep a copy if there is a folder for it, or refuse.
[ -e refuse ] && { echo "this account is tired"; exit 77; }
n=$(ls mails/new | wc -l)
cat > mails/new/$n.out
[ -d mails/.Sent/cur ] && cp mails/new/$n.out mails/.Sent/cur/$n.out:2,S
echo "$@" >> mails/recipients
exit 0
"""


@pytest.fixture
def ann(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> Cli:
    """A real workspace whose inbox sends by a script into the Maildir `mails`, which it reads."""
    monkeypatch.setattr(inboxes.time, "sleep", lambda _: None)
    for part in ("cur", "new", "tmp"):
        (cli.folder / "mails" / part).mkdir(parents=True)
    script = cli.folder / "deliver"
    script.write_text(DELIVER)
    script.chmod(0o700)
    (cli.folder / "intro.yaml").write_text(INTRO)
    cli.ok("init", "--user", "ann", "--email", ANN, "--name", "Ann Berg")
    cli.ok("inbox", "connect", ANN, "--sendmail", "./deliver", "--read-maildir", "mails")
    cli.ok("sequence", "apply", "intro.yaml")
    cli.ok("contact", "add", "ada@x.test", "--first-name", "Ada")
    return cli


def delivered(cli: Cli) -> list[EmailMessage]:
    files = sorted((cli.folder / "mails" / "new").glob("*.out"), key=lambda f: int(f.stem))
    return [message_from_bytes(f.read_bytes(), policy=email.policy.default) for f in files]  # type: ignore[misc]


def checks(answer: Any) -> dict[str, tuple[bool, str]]:
    return {check["check"]: (check["well"], check["words"]) for check in answer["checks"]}


# --- inbox test -----------------------------------------------------------------------------------


def test_an_inbox_is_tested_there_and_back(ann: Cli) -> None:
    found = ann.json("inbox", "test", ANN)
    assert found["inbox"] == ANN
    told = checks(found)
    assert list(told) == ["sendmail", "maildir", "sending", "coming back", "folder Sent"]
    assert all(well for well, _ in told.values())
    assert told["coming back"][1] == "it arrived, with its Message-ID as it was"
    assert told["folder Sent"][1] == "seqctl puts a copy there"
    (mail,) = delivered(ann)
    assert (mail["To"], mail["X-Seqctl-Id"].startswith("test-")) == (ANN, True)


def test_a_copy_in_sent_is_noticed(ann: Cli) -> None:
    for part in ("cur", "new", "tmp"):
        (ann.folder / "mails" / ".Sent" / part).mkdir(parents=True)
    told = ann.ok("inbox", "test", ANN)
    assert "ok  folder Sent  the server keeps a copy by itself\n" in told
    assert told.endswith("ann@acme.test is well; its test mail may be deleted.\n")


def test_a_refused_account_is_told(ann: Cli) -> None:
    (ann.folder / "refuse").touch()
    answer = ann("inbox", "test", ANN)
    assert answer.exit_code == 6
    assert "BAD sending" in answer.stdout
    assert "this account is tired" in answer.stdout
    assert "1 check of ann@acme.test not well." in answer.stdout
    assert ann("inbox", "test", ANN, "--json").exit_code == 6


def test_a_mail_that_never_comes_is_not_waited_for_for_ever(ann: Cli) -> None:
    (ann.folder / "deliver").write_text("#!/bin/sh\ncat > /dev/null\n")
    answer = ann("inbox", "test", ANN, "--json")
    assert answer.exit_code == 6
    well, words = checks(answer.json)["coming back"]
    assert (well, "look for it in the mailbox" in words) == (False, True)


def test_who_reads_nothing_is_told_so(ann: Cli) -> None:
    ann.ok("inbox", "connect", ANN, "--no-replies")
    told = checks(ann.json("inbox", "test", ANN))
    assert list(told) == ["sendmail", "sending", "reading"]


# --- preview --send-me ----------------------------------------------------------------------------


def test_a_preview_goes_to_its_user_only(ann: Cli) -> None:
    before = ann.json("log")
    told = ann.ok("sequence", "preview", "intro", "ada@x.test", "--send-me")
    assert told == "3 mails sent to ann@acme.test from ann@acme.test; none to the contact.\n"
    mails = delivered(ann)
    assert [mail["Subject"] for mail in mails] == [
        "[preview 1/3 to ada@x.test] Hello Ada",
        "[preview 2/3 to ada@x.test] Task: Ring Ada",
        "[preview 3/3 to ada@x.test] Re: Hello Ada",
    ]
    assert {mail["To"] for mail in mails} == {ANN}
    assert "List-Unsubscribe" not in mails[0]
    assert "Subject: Quote" in mails[1].get_content()
    assert "ada@x.test" not in (ann.folder / "mails" / "recipients").read_text()
    assert ann.json("log") == before
    assert ann.json("mail", "list") == {"messages": []}


def test_a_preview_in_sent_is_not_taken_for_hand_written(ann: Cli) -> None:
    for part in ("cur", "new", "tmp"):
        (ann.folder / "mails" / ".Sent" / part).mkdir(parents=True)
    ann.ok("contact", "add", ANN, "--first-name", "Ann")
    ann.ok("enroll", "intro", ANN, "--at", "+1d")
    ann.ok("sequence", "preview", "intro", ANN, "--send-me")
    assert ann.json("inbox", "sync")["inboxes"][0]["counted"] == 0
    assert ann.json("status", "intro")["enrollments"][0]["status"] == "scheduled"


def test_a_preview_that_is_refused_is_told(ann: Cli) -> None:
    (ann.folder / "refuse").touch()
    answer = ann("sequence", "preview", "intro", "ada@x.test", "--send-me", "--json")
    assert answer.exit_code == 6
    assert [mail["sent"] for mail in answer.json["mails"]] == [False, False, False]
    assert answer.json["sent_to"] == ANN


def test_a_captured_inbox_sends_no_preview(ann: Cli) -> None:
    ann.ok("inbox", "connect", ANN, "--capture")
    answer = ann("sequence", "preview", "intro", "ada@x.test", "--send-me", "--json")
    assert (answer.exit_code, answer.error["code"]) == (4, "NOTHING_SENDS")
    ann.ok("inbox", "disconnect", ANN)
    answer = ann("sequence", "preview", "intro", "ada@x.test", "--send-me", "--json")
    assert (answer.exit_code, answer.error["code"]) == (4, "NO_INBOX")
    assert answer.error["hint"].startswith("seqctl inbox connect ann@acme.test")


# --- the tick -------------------------------------------------------------------------------------


def test_a_tick_sends_and_reads_and_a_reply_ends(ann: Cli) -> None:
    ann.ok("enroll", "intro", "ada@x.test")
    assert ann.ok("tick").startswith("Done: 1 mail. ")
    (mail,) = delivered(ann)
    assert (mail["To"], mail["Subject"]) == ("ada@x.test", "Hello Ada")
    (sent,) = ann.json("mail", "list")["messages"]
    assert (sent["status"], sent["message_id"]) == ("sent", mail["Message-ID"])
    answer_to(ann, mail, "Thanks, tell me more")
    assert ann.ok("inbox", "sync") == (
        "ann@acme.test: 2 new mails: 1 reply, 1 own; 1 enrollment ended\n"
    )


def test_what_came_in_is_listed_and_mended(ann: Cli) -> None:
    ann.ok("enroll", "intro", "ada@x.test")
    ann.ok("tick")
    answer_to(ann, delivered(ann)[0], "Thanks, tell me more")
    read = ann.json("inbox", "sync")["inboxes"][0]
    assert (read["inbox"], read["counted"], read["kinds"]["reply"]) == (ANN, 1, 1)
    assert read["trouble"] is None
    reply = next(m for m in ann.json("mail", "list", "--received")["received"] if m["counted"])
    assert set(reply) == {
        "id", "inbox", "from", "subject", "at", "kind", "recipient", "contact", "enrollment",
        "reason", "counted",
    }  # fmt: skip
    assert (reply["from"], reply["kind"], reply["contact"]) == ("ada@x.test", "reply", "ada@x.test")
    assert ann.json("mail", "list", "--received", "ada@x.test")["received"] == [reply]
    assert ann.json("mail", "list", "--received", "--limit", "0")["received"] == []
    shown = ann.ok("mail", "list", "--received", "ada@x.test")
    assert shown.splitlines()[0].split() == (
        ["id", "arrived", "from", "subject", "taken", "for", "contact", "counted", "why"]
    )
    mended = ann.json("mail", "reclassify", str(reply["id"]), "--as", "other")
    assert (mended["kind"], mended["counted"]) == ("other", False)
    live = ann.json("status", "intro")["enrollments"][-1]
    assert (live["contact"], live["status"]) == ("ada@x.test", "scheduled")


def answer_to(cli: Cli, mail: EmailMessage, text: str) -> None:
    """Ada answers a mail."""
    answer = EmailMessage()
    answer["From"], answer["To"] = "Ada <ada@x.test>", ANN
    answer["Subject"], answer["In-Reply-To"] = f"Re: {mail['Subject']}", mail["Message-ID"]
    answer["Message-ID"], answer["Date"] = "<1@x.test>", "Mon, 02 Mar 2026 08:00:00 +0000"
    answer.set_content(text)
    Path(cli.folder / "mails" / "new" / "answer").write_bytes(answer.as_bytes())


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("mail", "resolve", "1"), 2),
        (("mail", "resolve", "1", "--sent", "--resend"), 2),
        (("mail", "resolve", "99", "--sent"), 3),
        (("mail", "resolve", "x", "--sent"), 3),
        (("mail", "resolve", "1", "--sent"), 4),
        (("mail", "reclassify", "99", "--as", "reply"), 3),
        (("mail", "reclassify", "x", "--as", "reply"), 3),
        (("mail", "reclassify", "1", "--as", "nonsense"), 2),
        (("mail", "list", "--status", "nonsense"), 2),
        (("mail", "list", "--received", "intro"), 2),
        (("mail", "list", "--received", "--status", "sent"), 2),
    ],
)
def test_the_exit_code_tells(ann: Cli, words: tuple[str, ...], code: int) -> None:
    ann.ok("enroll", "intro", "ada@x.test")
    ann.ok("tick")
    answer = ann(*words, "--json")
    assert (answer.exit_code, bool(answer.error["message"])) == (code, True)


def test_an_inbox_in_trouble_is_named(ann: Cli) -> None:
    ann.ok("enroll", "intro", "ada@x.test")
    (ann.folder / "refuse").touch()
    answer = ann("tick", "--quiet")
    assert answer.exit_code == 6
    assert "ann@acme.test: " in answer.stderr
    assert "  try: seqctl inbox test ann@acme.test" in answer.stderr
    told = ann("status").stdout
    assert "needs you: inbox ann@acme.test: " in told
    assert "needs you: nothing" not in told
    (row,) = ann.json("inbox", "list")["inboxes"]
    assert row["trouble"]
    assert "IN TROUBLE: " in ann.ok("inbox", "list")
    assert set(ann("tick", "--json").json) == {
        "from", "to", "emails", "tasks", "finished", "unenrolled", "resumed", "errors", "left_due",
        "next_due",
    }  # fmt: skip


def test_an_inbox_that_can_not_be_read_is_told(ann: Cli) -> None:
    (ann.folder / "mails").rename(ann.folder / "elsewhere")
    answer = ann("inbox", "sync")
    assert answer.exit_code == 6
    assert "ann@acme.test: " in answer.stderr
    assert ann("inbox", "sync", "--json").json["inboxes"][0]["trouble"]


def test_an_unknown_mail_is_named_and_resolved(ann: Cli) -> None:
    ann.ok("enroll", "intro", "ada@x.test")
    lose_the_answer(ann)
    first = ann("tick", "--quiet")
    assert (first.exit_code, first.stdout) == (6, "")
    assert first.stderr == (
        "1 mail may or may not have gone out, and will not be sent again by itself.\n"
        "  try: seqctl mail list --status unknown\n"
    )
    told = ann.ok("tick")
    assert "1 mail may or may not have gone out: seqctl mail list --status unknown\n" in told
    assert "waits for its mail to be settled" in ann.ok("status", "intro")
    (mail,) = ann.json("mail", "list", "--status", "unknown")["messages"]
    assert (mail["id"], mail["sent_at"]) == (1, None)
    assert "needs you: 1 mail not settled" in ann.ok("status")
    assert "server:   it may or may not have gone out" in ann.ok("mail", "show", "1")
    assert ann.ok("mail", "resolve", "1", "--sent") == "Mail 1 to ada@x.test counts as sent.\n"
    shown = ann.json("mail", "show", "1")
    assert (shown["status"], "words" in shown) == ("sent", True)
    assert ann("mail", "resolve", "1", "--sent").exit_code == 4
    assert ann.json("doctor") == {"findings": []}


def test_a_mail_that_did_not_go_out_is_sent_again(ann: Cli) -> None:
    ann.ok("enroll", "intro", "ada@x.test")
    lose_the_answer(ann)
    told = ann("tick", "--json")
    assert (told.exit_code, told.error["code"]) == (6, "MAIL_UNSETTLED")
    assert told.json["left_due"] == 1
    assert ann.ok("mail", "resolve", "1", "--resend") == (
        "Mail 1 to ada@x.test goes out again with the next tick.\n"
    )
    (ann.folder / "deliver").write_text(DELIVER)
    ann.ok("tick")
    (mail,) = delivered(ann)
    assert ann.json("mail", "show", "1")["message_id"] == mail["Message-ID"]
    assert ann.json("doctor") == {"findings": []}


def test_one_that_did_not_go_out_and_whose_enrollment_has_ended(ann: Cli) -> None:
    ann.ok("enroll", "intro", "ada@x.test")
    lose_the_answer(ann)
    assert ann("tick").exit_code == 6
    ann.ok("unenroll", "intro", "ada@x.test")
    assert ann.ok("mail", "resolve", "1", "--resend") == (
        "Mail 1 to ada@x.test did not go out, and never will:\n  its enrollment has ended.\n"
    )
    assert ann.json("mail", "show", "1")["status"] == "cancelled"
    assert ann.json("doctor") == {"findings": []}


def lose_the_answer(cli: Cli) -> None:
    """Let the command be killed after it has read a mail: nobody knows how far it came."""
    (cli.folder / "deliver").write_text("#!/bin/sh\ncat > /dev/null\nkill -9 $$\n")


# --- task send ------------------------------------------------------------------------------------


@pytest.fixture
def tasked(ann: Cli) -> Cli:
    """Ada's task is reached: it offers a mail."""
    from datetime import timedelta

    ann.ok("enroll", "intro", "ada@x.test")
    ann.ok("tick")
    ann.clock.time += timedelta(days=2)
    ann.ok("tick")
    return ann


def test_the_mail_of_a_task_goes_out_with_the_next_tick(tasked: Cli) -> None:
    told = tasked.ok("task", "send", "ada@x.test")
    assert told.startswith("Done: Ring Ada (ada@x.test). Its mail goes out with the next tick.\n")
    assert len(delivered(tasked)) == 1
    tasked.ok("tick")
    assert delivered(tasked)[1]["Subject"] == "Quote"


def test_the_mail_of_a_task_may_be_changed(tasked: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    editor(tasked, monkeypatch, "Subject: Your quote\n\nHere it is.\n")
    assert tasked.json("task", "send", "ada@x.test", "--edit")["status"] == "done"
    tasked.ok("tick")
    mail = delivered(tasked)[1]
    assert (mail["Subject"], mail.get_content().strip()) == ("Your quote", "Here it is.")


@pytest.mark.parametrize(
    ("text", "exit_code", "code"),
    [
        (None, 4, "UNCHANGED"),
        ("", 4, "EMPTY"),
        ("Subject:\n", 4, "EMPTY"),
        ("no subject\n", 5, "NO_SUBJECT_LINE"),
        ("Subject: x\n\n \n", 5, "NO_SUBJECT_LINE"),
    ],
)
def test_what_is_no_mail_is_not_sent(
    tasked: Cli, monkeypatch: pytest.MonkeyPatch, text: str | None, exit_code: int, code: str
) -> None:
    editor(tasked, monkeypatch, text)
    answer = tasked("task", "send", "ada@x.test", "--edit", "--json")
    assert (answer.exit_code, answer.error["code"]) == (exit_code, code)
    assert tasked.json("task", "list")["tasks"][0]["status"] == "open"


def editor(cli: Cli, monkeypatch: pytest.MonkeyPatch, text: str | None) -> None:
    """An editor that writes `text`, or leaves what is there."""
    script = cli.folder / "editor"
    (cli.folder / "typed").write_text(text or "")
    script.write_text(f"#!/bin/sh\n{'true' if text is None else f'cat {cli.folder}/typed > $1'}\n")
    script.chmod(0o700)
    monkeypatch.setenv("EDITOR", str(script))
