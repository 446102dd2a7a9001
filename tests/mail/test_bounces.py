"""Bounces in formats of which no example lies at hand, written after what such servers send."""

from __future__ import annotations

from typing import NamedTuple

import pytest

from seqctl.domain.reading.letters import Kind, Letter, taken_for
from seqctl.mail.reading.letters import read_letter

HARD, SOFT = Kind.BOUNCE_HARD, Kind.BOUNCE_SOFT
DAEMON = "From: Mail Delivery System <MAILER-DAEMON@mx.example.net>\nReturn-Path: <>"
POSTMASTER = "From: postmaster@example.net\nReturn-Path: <>"
ORIGINAL = """
Return-Path: <me@example.com>
Received: from mail.example.com by mx.example.net; Mon, 23 Nov 2026 10:00:00 +0000
Message-ID: <17.abc@example.com>
From: Me <me@example.com>
To: Ann <ann@example.org>
Subject: A question on spam and full mailboxes
"""


def mail(head: str, body: str, subject: str = "Undelivered Mail Returned to Sender") -> bytes:
    return (
        f"{head}\nTo: me@example.com\nSubject: {subject}\nDate: Tue, 24 Nov 2026 10:00:00 +0000\n"
        f"Message-ID: <b1@mx.example.net>\n\n{body}"
    ).encode()


def read(raw: bytes) -> Letter:
    return read_letter(raw)


class Case(NamedTuple):
    name: str
    raw: bytes
    kind: Kind
    recipient: str | None = "ann@example.org"


CASES = [
    Case(
        "fields of the original as a list",
        mail(
            POSTMASTER,
            "This message was created automatically because your mail failed to be delivered.\n\n"
            "Message details:\n  Subject: Hello\n  MAIL FROM: me@example.com\n  RCPT TO: ann@example.org\n"
            "  From: Me <me@example.com>\n  To: ann@example.org\n\n550 5.1.1 unknown user\n",
            "[BOUNCE]",
        ),
        HARD,
    ),
    Case(
        "address between ruled lines",
        mail(
            POSTMASTER,
            "   ----- The following addresses had delivery problems -----\nann@example.org\n\n"
            "   ----- Non-delivered information -----\n"
            "The number of messages in recipient's mailbox exceeded the local limit.\n",
            "Returned mail: see transcript for details",
        ),
        SOFT,
    ),
    Case(
        "German, without a report part",
        mail(
            POSTMASTER,
            "Fehler bei der Nachrichtenzustellung an folgende Empfänger oder Gruppen:\n\n"
            "ann@example.org\nDie eingegebene E-Mail-Adresse konnte nicht gefunden werden.\n",
            "Unzustellbar: Hello",
        ),
        HARD,
    ),
    Case(
        "French",
        mail(
            DAEMON,
            "Votre message n'a pas pu être remis au destinataire suivant : ann@example.org\n\n"
            "Cette adresse n'existe pas.\n",
            "Message non remis",
        ),
        HARD,
    ),
    Case(
        "Swedish",
        mail(
            DAEMON,
            "Det gick inte att leverera meddelandet till följande mottagare:\n\n  ann@example.org\n"
            "    Mottagaren finns inte.\n",
            "Meddelandet kunde inte levereras",
        ),
        HARD,
    ),
    Case(
        "only HTML",
        mail(
            f"{POSTMASTER}\nMIME-Version: 1.0\nContent-Type: text/html; charset=utf-8",
            "<html><head><style>p {color: red}</style></head><body><p>Your message to "
            "<a href='mailto:ann@example.org'>ann@example.org</a> couldn't be delivered.</p>"
            "<p>ann wasn't found at example.org: 550 5.1.10 recipient not found</p></body></html>",
            "Undeliverable: Hello",
        ),
        HARD,
    ),
    Case(
        "a session's transcript",
        mail(
            POSTMASTER,
            "The attached message had PERMANENT fatal delivery errors.\n\n--- Session Transcript ---\n"
            " <-- 220 mx.example.org ESMTP\n --> MAIL From:<me@example.com>\n <-- 250 ok\n"
            " --> RCPT To:<ann@example.org>\n <-- 550 5.1.1 No such user here\n --- End Transcript ---\n",
            "Permanent Delivery Failure",
        ),
        HARD,
    ),
    Case(
        "a labelled recipient",
        mail(
            DAEMON,
            "Could not deliver message to the following recipient(s):\n\nFailed Recipient: ann@example.org\n"
            "Reason: Remote host said: 552 5.2.2 Mailbox quota exceeded\n\n"
            "   -- The header and top 20 lines of the message follows --\n" + ORIGINAL,
            "Delivery Failure",
        ),
        SOFT,
    ),
    Case(
        "recipients that could not be reached",
        mail(
            POSTMASTER,
            "Your message did not reach some or all of the intended recipients.\n\n"
            "   Sent: Mon, 23 Nov 2026 10:00:00 +0000\n   Subject: spam\n\n"
            "The following recipient(s) could not be reached:\n\nann@example.org\n   Error Type: SMTP\n"
            "   Remote server replied: 550 5.1.1 The account does not exist.\n\nhMailServer\n",
            "Message undeliverable: Hello",
        ),
        HARD,
    ),
    Case(
        "a warning",
        mail(
            DAEMON,
            "    **********************************************\n"
            "    **      THIS IS A WARNING MESSAGE ONLY      **\n"
            "    **  YOU DO NOT NEED TO RESEND YOUR MESSAGE  **\n"
            "    **********************************************\n\n"
            "   ----- Transcript of session follows -----\n"
            "<ann@example.org>... Deferred: Connection timed out with mx.example.org.\n"
            "Warning: message still undelivered after 4 hours\n",
            "Warning: could not send message for past 4 hours",
        ),
        SOFT,
    ),
    Case(
        "a telephone's address",
        mail(
            POSTMASTER,
            "Error: The message could not be sent: no such mailbox\n\n   MAIL FROM: me@example.com\n"
            "   RCPT TO: 5550100@text.example.org\n",
            "Undeliverable Message",
        ),
        HARD,
        "5550100@text.example.org",
    ),
    Case(
        "in the middle of a sentence",
        mail(
            DAEMON,
            "Sorry, your message to ann@example.org cannot be delivered. This account has been disabled.\n"
            "If you have questions, write to help@example.net.\n",
            "Mail failure",
        ),
        HARD,
    ),
    Case(
        "a foreign daemon whose words nobody knows",
        mail(
            "From: Почта <MAILER-DAEMON@mx.example.net>",
            "Ваше письмо вернулось.\n\n<ann@example.org>: 550 5.1.1\n",
            "Ошибка",
        ),
        HARD,
    ),
    Case(
        "only the quoted mail says to whom it went",
        mail(
            DAEMON,
            "Your message could not be delivered.\n\n--- The original message follows ---\n"
            + ORIGINAL,
        ),
        SOFT,
    ),
    Case(
        "content refused with the code of an unknown user",
        mail(DAEMON, "<ann@example.org>: host mx said: 550 5.1.1 Message rejected as spam\n"),
        SOFT,
    ),
    Case(
        "an unknown user refused with the code of a policy",
        mail(DAEMON, "<ann@example.org>: host mx said: 550 5.7.1 User unknown\n"),
        HARD,
    ),
    Case(
        "our own side refused",
        mail(
            DAEMON,
            "<ann@example.org>: host mx said: 550 5.1.8 <me@example.com>: Sender address rejected\n",
        ),
        SOFT,
    ),
    Case(
        "the server itself is the only address",
        mail(DAEMON, "Your mail failed. For assistance send mail to postmaster@mx.example.net.\n"),
        SOFT,
        None,
    ),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_kind_and_recipient(case: Case) -> None:
    letter = read(case.raw)
    assert letter.failure, "not taken for a bounce"
    assert (taken_for(letter).kind, letter.failure.recipient) == (case.kind, case.recipient)


REPORT = """MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="b"

--b

Something about this mail.
--b
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example.net

{fields}

--b
Content-Type: {original}

Message-ID: <17.abc@example.com>
From: me@example.com
To: ann@example.org

--b--
"""


def report(fields: str, original: str = "message/rfc822") -> Letter:
    head = f"{DAEMON}\nTo: me@example.com\nSubject: Delivery report\nAuto-Submitted: auto-replied\n"
    return read((head + REPORT.format(fields=fields, original=original)).encode())


@pytest.mark.parametrize(
    ("fields", "hard"),
    [
        ("Action: failed\nStatus: 5.1.1", True),
        ("Action: failed\nStatus: 5.1.2", True),
        ("Action: failed\nStatus: 5.1.3", True),
        ("Action: failed\nStatus: 5.1.6", True),
        ("Action: failed\nStatus: 5.1.10", True),
        ("Action: failed\nStatus: 5.2.1", True),
        ("Action: failed\nStatus: 5.4.4", True),
        ("Action: failed\nStatus: 5.0.0", True),
        ("Action: failed\nStatus: 5.1.8", False),
        ("Action: failed\nStatus: 5.2.2", False),
        ("Action: failed\nStatus: 5.2.3", False),
        ("Action: failed\nStatus: 5.3.4", False),
        ("Action: failed\nStatus: 5.4.6", False),
        ("Action: failed\nStatus: 5.4.7", False),
        ("Action: failed\nStatus: 5.6.0", False),
        ("Action: failed\nStatus: 5.7.1", False),
        ("Action: failed\nStatus: 5.7.26", False),
        ("Action: failed\nStatus: 4.4.7", False),
        ("Action: delayed\nStatus: 5.1.1", False),
        ("Action: failed\nStatus: 5.0.0\nDiagnostic-Code: smtp; 550 5.2.2 over quota", False),
        ("Action: failed\nStatus: 5.0.0\nDiagnostic-Code: smtp; 550 No such user", True),
        ("Action: failed\nStatus: 5.5.0\nDiagnostic-Code: smtp; 554 blocked by a policy", False),
        ("Action: failed\nStatus: 5.1.1\nDiagnostic-Code: smtp; 452 4.2.2 mailbox full", False),
    ],
)
def test_hard_means_that_the_address_is_dead(fields: str, hard: bool) -> None:
    letter = report(f"Final-Recipient: rfc822; Ann@Example.org\n{fields}")
    assert letter.failure
    assert (letter.failure.recipient, letter.failure.hard) == ("ann@example.org", hard)


def test_the_address_before_forwarding_is_the_one_that_failed() -> None:
    letter = report(
        "Final-Recipient: rfc822; box7@store.example.org\nOriginal-Recipient: rfc822;ann@example.org\n"
        "Action: failed\nStatus: 5.1.1"
    )
    assert letter.failure
    assert letter.failure.recipient == "ann@example.org"


def test_of_several_the_dead_one_is_named() -> None:
    letter = report(
        "Final-Recipient: rfc822; bob@example.org\nAction: delayed\nStatus: 4.4.1\n\n"
        "Final-Recipient: rfc822; ann@example.org\nAction: failed\nStatus: 5.1.1"
    )
    assert letter.failure
    assert letter.failure == (letter.failure.recipient, True, letter.failure.why)
    assert letter.failure.recipient == "ann@example.org"


@pytest.mark.parametrize("original", ["message/rfc822", "text/rfc822-headers", "message/global"])
def test_the_quoted_mail_is_referred_to(original: str) -> None:
    letter = report(
        "Final-Recipient: rfc822; ann@example.org\nAction: failed\nStatus: 5.1.1", original
    )
    assert letter.references == ("<17.abc@example.com>",)


def test_a_mail_quoted_in_the_text_is_referred_to() -> None:
    letter = read(
        mail(DAEMON, f"<ann@example.org>: unknown user\n\n--- Below is a copy.\n{ORIGINAL}")
    )
    assert letter.references == ("<17.abc@example.com>",)


def test_a_report_of_success_is_no_bounce_and_no_reply() -> None:
    letter = report("Final-Recipient: rfc822; ann@example.org\nAction: delivered\nStatus: 2.0.0")
    assert letter.failure is None
    assert taken_for(letter).kind is Kind.AUTO_REPLY


def test_the_reason_is_one_short_line_for_people() -> None:
    letter = report(
        "Final-Recipient: rfc822; ann@example.org\nAction: failed\nStatus: 5.1.1\n"
        "Diagnostic-Code: smtp; 550 5.1.1\n  user unknown\u202e" + " x" * 500
    )
    reason = taken_for(letter).reason
    assert reason.startswith("delivery report: 550 5.1.1 user unknown x")
    assert "\u202e" not in reason
    assert len(reason) < 250


NOT_BOUNCES = {
    "a person who got one": mail(
        "From: Ann <ann@example.org>\nIn-Reply-To: <17.abc@example.com>",
        "Hi, I got this:\n\nYour message could not be delivered.\n<bob@example.org>: 550 5.1.1 unknown user\n",
        "Re: Undelivered Mail Returned to Sender",
    ),
    "a parcel": mail(
        "From: Parcels <news@parcels.example>",
        "Your parcel could not be delivered to ann@example.org today. Delivery failed.",
        "Delivery failed",
    ),
    "a forwarded report": mail(
        "From: Ann <ann@example.org>\nMIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=b",
        "--b\n\nWhat is this?\n--b\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; x\n\n"
        "Final-Recipient: rfc822; bob@example.org\nAction: failed\nStatus: 5.1.1\n\n--b--\n",
        "Fwd: Undelivered Mail Returned to Sender",
    ),
    "a question about bounces": mail(
        "From: Ann <ann@example.org>",
        "How do you handle bounces? 550 5.1.1 user unknown?",
        "Bounce rates",
    ),
    "a forwarded mail of ours": mail(
        "From: Ann <ann@example.org>",
        f"My colleague could not be reached, ask Bob.\n\n---- Original message ----\n{ORIGINAL}",
        "FW: A question",
    ),
    "a postmaster who is a person": mail(
        "From: Post Master <postmaster@example.org>\nReturn-Path: <postmaster@example.org>",
        "Thanks, let us talk on Tuesday.",
        "Re: Hello",
    ),
}


@pytest.mark.parametrize("name", NOT_BOUNCES)
def test_what_people_write_is_no_bounce(name: str) -> None:
    letter = read(NOT_BOUNCES[name])
    assert letter.failure is None
    assert taken_for(letter).kind is Kind.OTHER


@pytest.mark.parametrize(
    "text",
    [
        "I can't be reached until 12 January.\n\nUrgent? Write to\nbob@example.org",
        "Ann is no longer with the company.\nYour mail could not be delivered to her.\nbob@example.org",
        "Your message has not been delivered: this mailbox is not read.",
    ],
)
def test_an_empty_return_path_makes_no_bounce(text: str) -> None:
    letter = read(mail("From: Ann <ann@example.org>\nReturn-Path: <>", text, "Re: Hello"))
    assert letter.failure is None
    assert taken_for(letter).kind is Kind.AUTO_REPLY


def test_a_server_that_hides_returns_our_mail() -> None:
    body = (
        "--b\n\nYour mail could not be delivered to: <ann@example.org>\nAs their mailbox is full.\n"
        f"--b\nContent-Type: message/rfc822\n{ORIGINAL}\nHello\n--b--\n"
    )
    head = (
        "From: no-reply@example.net\nMIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=b"
    )
    letter = read(mail(head, body, "Mail"))
    assert letter.failure
    assert (letter.failure.recipient, letter.failure.hard) == ("ann@example.org", False)
    assert letter.references == ("<17.abc@example.com>",)


def test_a_service_may_tell_of_a_bounce_in_json() -> None:
    told = (
        '{"Message" : "{\\"notificationType\\":\\"Bounce\\",\\"bounce\\":{\\"bounceType\\":\\"Permanent\\",'
        '\\"bouncedRecipients\\":[{\\"emailAddress\\":\\"ann@example.org\\",\\"status\\":\\"5.1.1\\"}]}}"}'
    )
    letter = read(mail("From: no-reply@sns.example.com", told, "Notification"))
    assert letter.failure
    assert letter.failure.recipient == "ann@example.org"


def test_a_list_of_members_only_refuses_for_now() -> None:
    letter = read(
        mail(
            "From: talk-owner@lists.example.org",
            "You are not allowed to post to this mailing list <talk@lists.example.org>.",
            "Your message to Talk",
        )
    )
    assert letter.failure
    assert (letter.failure.recipient, letter.failure.hard) == ("talk@lists.example.org", False)
