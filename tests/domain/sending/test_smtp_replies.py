"""What the answers of real servers are taken for."""

from __future__ import annotations

import pytest

from seqctl.domain.sending.smtp_replies import (
    LONGEST_WORDS,
    Reply,
    Stage,
    Verdict,
    clean_words,
    parse_reply,
    verdict,
)

LOGIN, SENDER, RECIPIENT, DATA, DOT = Stage
ACCEPTED, LATER, BAD, REFUSED, ACCOUNT, UNKNOWN = Verdict

ANSWERS = [
    (DOT, "250 2.0.0 Ok: queued as 4F2", ACCEPTED),
    (RECIPIENT, "251 user not local; will forward", ACCEPTED),
    (DATA, "354 go on", ACCEPTED),
    # the account: login
    (LOGIN, "535 5.7.8 Username and Password not accepted.", ACCOUNT),
    (LOGIN, "534 5.7.9 Application-specific password required.", ACCOUNT),
    (LOGIN, "538 encryption required", ACCOUNT),
    (LOGIN, "454 4.7.0 Too many login attempts, please try again later.", ACCOUNT),
    (LOGIN, "454 Temporary authentication failure", ACCOUNT),
    (LOGIN, "504 5.5.4 Unrecognized authentication type", ACCOUNT),
    (LOGIN, "421 4.3.0 Temporary System Problem. Try again later", LATER),
    (LOGIN, "451 4.3.5 server configuration problem", LATER),
    (SENDER, "530 5.7.0 Authentication Required.", ACCOUNT),
    (SENDER, "530 5.7.57 Client not authenticated to send mail.", ACCOUNT),
    (RECIPIENT, "554 5.7.1 <ann@acme.test>: Relay access denied", ACCOUNT),
    (RECIPIENT, "550 5.7.1 Unable to relay", ACCOUNT),
    (RECIPIENT, "530 Authentication required", ACCOUNT),
    (RECIPIENT, "554 5.7.1 Service unavailable; Client host [192.0.2.1] blocked using x", ACCOUNT),
    # the account: how much
    (SENDER, "421 4.7.0 Try again later, closing connection.", ACCOUNT),
    (DOT, "421 4.7.28 unusual rate of unsolicited mail", ACCOUNT),
    (SENDER, "550 5.4.5 Daily user sending quota exceeded.", ACCOUNT),
    (RECIPIENT, "550 5.4.5 Daily SMTP relay limit exceeded for user.", ACCOUNT),
    (DOT, "550 5.4.5 Daily user sending quota exceeded.", ACCOUNT),
    (DOT, "550 5.7.1 user sending quota exceeded", ACCOUNT),
    (DOT, "554 5.7.0 Too many messages were sent today", ACCOUNT),
    (DOT, "550 5.4.6 Unusual sending activity detected.", ACCOUNT),
    (DOT, "454 Throttling failure: Maximum sending rate exceeded.", ACCOUNT),
    (RECIPIENT, "450 4.7.1 rate limit exceeded for user rep", ACCOUNT),
    (RECIPIENT, "452 too many messages in this hour", ACCOUNT),
    # the account: as whom
    (RECIPIENT, "553 5.7.1 <a@x.test>: Sender address rejected: not owned by user b", ACCOUNT),
    (SENDER, "501 5.1.7 Bad sender address syntax", ACCOUNT),
    (DOT, "550 5.1.8 Access denied, bad outbound sender", ACCOUNT),
    (DOT, "554 5.1.8 Email Outgoing Blocked", ACCOUNT),
    (DOT, "550 5.7.60 SMTP; Client does not have permissions to send as this sender", ACCOUNT),
    (DOT, "554 5.2.252 SendAsDenied; rep@acme.test not allowed to send as x@acme.test", ACCOUNT),
    (DOT, "554 5.2.0 STOREDRV.Submission.Exception:OutboundSpamException; Failed", ACCOUNT),
    (DOT, "550 5.7.708 Service unavailable. Access denied, traffic not accepted", ACCOUNT),
    (RECIPIENT, "450 4.1.8 <a@x.test>: Sender address rejected: Domain not found", ACCOUNT),
    # MAIL FROM
    (SENDER, "550 not you", ACCOUNT),
    (SENDER, "553 5.1.3 strange", ACCOUNT),
    (SENDER, "450 4.7.1 later", ACCOUNT),
    (SENDER, "421 4.3.2 shutting down", LATER),
    (SENDER, "421 shutting down", LATER),
    (SENDER, "452 4.3.1 Insufficient system storage", LATER),
    (SENDER, "451 try again", LATER),
    (SENDER, "552 5.3.4 Message size exceeds fixed limit", REFUSED),
    (SENDER, "552 too big", REFUSED),
    # the recipient
    (RECIPIENT, "550 5.1.1 <nobody@acme.test>: user unknown", BAD),
    (RECIPIENT, "550 No such user", BAD),
    (RECIPIENT, "553 mailbox name not allowed", BAD),
    (RECIPIENT, "501 5.1.3 Bad recipient address syntax", BAD),
    (RECIPIENT, "501 bad address", BAD),
    (RECIPIENT, "550 5.4.1 Recipient address rejected: Access denied.", BAD),
    (RECIPIENT, "550 5.2.1 The email account that you tried to reach is disabled", BAD),
    (RECIPIENT, "554 5.7.1 not wanted here", BAD),
    (RECIPIENT, "550 5.1.2 Domain not found", BAD),
    (DOT, "550 5.1.1 no such user", BAD),
    (DOT, "550 5.1.10 RESOLVER.ADR.RecipientNotFound", BAD),
    (DOT, "550 5.2.1 mailbox disabled", BAD),
    (DOT, "550 User unknown", BAD),
    (RECIPIENT, "450 4.2.0 Greylisted, come back later", LATER),
    (RECIPIENT, "451 4.7.1 Greylisting in action, please come back later", LATER),
    (
        RECIPIENT,
        "450 4.2.1 The user you are trying to contact is receiving mail too quickly.",
        LATER,
    ),
    (RECIPIENT, "450 4.1.1 unverified address", LATER),
    (RECIPIENT, "452 4.5.3 Too many recipients", LATER),
    # a full mailbox
    (RECIPIENT, "552 5.2.2 The email account that you tried to reach is over quota", LATER),
    (RECIPIENT, "452 4.2.2 The email account that you tried to reach is over quota", LATER),
    (RECIPIENT, "552 storage exceeded", LATER),
    (DOT, "552 5.2.2 mailbox full", LATER),
    (DOT, "554 mailbox is full", LATER),
    # the mail
    (RECIPIENT, "552 5.3.4 message too big for this mailbox", REFUSED),
    (DOT, "552 5.3.4 Message too big", REFUSED),
    (DOT, "552 5.2.3 Message exceeds local size limit", REFUSED),
    (DOT, "552 5.7.0 This message was blocked because its content presents a risk", REFUSED),
    (DOT, "554 5.6.0 bad content", REFUSED),
    (DOT, "550 5.7.1 this looks like spam", REFUSED),
    (DOT, "554 no", REFUSED),
    (DATA, "554 5.5.1 Error: no valid recipients", REFUSED),
    # programs that don't understand each other
    (RECIPIENT, "503 5.5.1 Error: need MAIL command", REFUSED),
    (RECIPIENT, "500 what?", REFUSED),
    (RECIPIENT, "553 5.6.7 SMTPUTF8 is needed", REFUSED),
    # the server
    (DOT, "451 4.3.0 Error: queue file write error", LATER),
    (DOT, "432 4.3.2 STOREDRV.ClientSubmit; sender thread limit exceeded", LATER),
    (DATA, "451 4.4.2 Timeout - closing connection.", LATER),
    (DATA, "421 4.3.0 Temporary System Problem.", LATER),
    # what no server should say
    (DATA, "199 hm", LATER),
    (DOT, "199 hm", UNKNOWN),
    (DOT, "654 hm", UNKNOWN),
]


@pytest.mark.parametrize(("stage", "line", "expected"), ANSWERS)
def test_verdicts(stage: Stage, line: str, expected: Verdict) -> None:
    reply = parse_reply([line])
    assert reply is not None
    assert verdict(stage, *reply) is expected


def test_an_answer_of_several_lines() -> None:
    reply = parse_reply(["550-5.1.1 The account does", "550-5.1.1 not exist.", "550 5.1.1 Bye"])
    assert reply == Reply(550, "5.1.1", "The account does not exist. Bye")
    assert reply.words == "550 5.1.1 The account does not exist. Bye"


def test_an_answer_without_a_status() -> None:
    assert parse_reply(["250-mx.test", "250-SIZE 100", "250"]) == Reply(250, "", "mx.test SIZE 100")
    assert parse_reply(["220 5.1.1.1 is no status"]) == Reply(220, "", "5.1.1.1 is no status")


@pytest.mark.parametrize("lines", [[], ["HTTP/1.1 400 Bad"], ["25 x"], ["2500 x"], ["٢٥٠ x"], [""]])
def test_what_is_not_smtp(lines: list[str]) -> None:
    assert parse_reply(lines) is None


def test_words_of_strangers_are_one_clean_line() -> None:
    assert clean_words("a\x1b[31m\r\n b\t\u202ec\u200b\x00 é\ufffd") == "a[31m b c é\ufffd"
    assert len(clean_words("x" * 9999)) == LONGEST_WORDS
    assert clean_words("x" * 9999).endswith("x…")
