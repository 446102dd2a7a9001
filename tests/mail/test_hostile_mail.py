"""Mail that is made to hurt: read in a moment, without an exception, with the right nothing."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seqctl.domain.reading.letters import taken_for
from seqctl.mail.reading.letters import read_letter
from seqctl.ports.mail import READ_AT_MOST

# Of a busy machine; on an idle one each takes less than a fifth of it.
HEAD = (
    b"From: Ann <ann@example.org>\r\nTo: me@example.com\r\nSubject: Hello\r\nMIME-Version: 1.0\r\n"
    b"Date: Tue, 24 Nov 2026 10:00:00 +0000\r\nMessage-ID: <1@x>\r\n"
)
DAEMON = HEAD.replace(b"Ann <ann@", b"<MAILER-DAEMON@").replace(b"Hello", b"Undelivered Mail")
HTML = HEAD + b"Content-Type: text/html\r\n\r\n"
AWAY = HEAD + b"Auto-Submitted: auto-replied\r\n\r\n"
MIXED = HEAD + b"Content-Type: multipart/mixed; boundary=b\r\n\r\n"
CALENDAR = HEAD + b"Content-Type: text/calendar\r\n\r\nMETHOD:REPLY\r\n"
REPORT = (
    DAEMON + b"Content-Type: multipart/report; report-type=delivery-status; boundary=b\r\n\r\n"
    b"--b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; x\r\n\r\n"
)


def nested() -> bytes:
    levels = (
        b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (n, n)
        for n in range(10_000)
    )
    return HEAD + b"".join(levels) + b"\r\nhi"


def failed(n: int) -> bytes:
    return (
        b"Final-Recipient: rfc822; p%d@example.org\r\nAction: failed\r\nStatus: 5.1.1\r\n\r\n" % n
    )


MAILS: dict[str, Callable[[], bytes]] = {
    "nothing": lambda: b"",
    "25 MB": lambda: HEAD + b"\r\n" + b"hello world\r\n" * 2_000_000,
    "nested parts": nested,
    "nested mails": lambda: HEAD + b"Content-Type: message/rfc822\r\n\r\n" * 10_000,
    "one boundary for all": lambda: (
        MIXED + b"--b\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n" * 9000
    ),
    "thousands of parts": lambda: MIXED + b"--b\r\n\r\nx\r\n" * 40_000,
    "a boundary of dashes": lambda: MIXED.replace(b"=b", b"=-") + b"-" * 500_000,
    "On On On": lambda: HEAD + b"\r\n" + b"On " * 15_000,
    "On in lines": lambda: HEAD + b"\r\n" + b"On\n" * 15_000,
    "On wrote": lambda: HEAD + b"\r\n" + b"On x wrote :x\n" * 30_000,
    "From in lines": lambda: HEAD + b"\r\n" + b"From: x\n" * 50_000,
    "100,000 headers": lambda: b"X-A: b\r\n" * 100_000 + HEAD,
    "a header without end": lambda: HEAD + b"X-Long: " + b"a" * 500_000,
    "folded without end": lambda: HEAD + b"X-Long: a\r\n" + b" b\r\n" * 100_000,
    "encoded words": lambda: HEAD.replace(b"Hello", b"=?utf-8?q?a?= " * 40_000),
    "half encoded words": lambda: HEAD.replace(b"Hello", b"=?" * 200_000),
    "a slow charset": lambda: HEAD.replace(b"Hello", b"=?punycode?q?" + b"a" * 99_000 + b"?="),
    "open quotes": lambda: HEAD.replace(b"Ann <", b'"\\' * 100_000 + b" <"),
    "open comments": lambda: HEAD.replace(b"Ann <", b"(" * 200_000 + b" <"),
    "50,000 recipients": lambda: HEAD.replace(b"me@", b"a@example.org, " * 50_000 + b"me@"),
    "50,000 references": lambda: HEAD + b"References: " + b"<a@example.org> " * 50_000,
    "50,000 failed": lambda: REPORT + b"".join(map(failed, range(50_000))),
    "fields without values": lambda: DAEMON + b"\r\n" + b"Final-Recipient: x\n" * 25_000,
    "at signs": lambda: DAEMON + b"\r\n" + b"@" * 400_000,
    "half addresses": lambda: DAEMON + b"\r\nfailed <" + b"a@b.c." * 70_000,
    "addresses": lambda: DAEMON + b"\r\nundeliverable\n" + b"x@example.org\n" * 40_000,
    "words of failure": lambda: DAEMON + b"\r\n" + b"mail could not has user mailbox " * 16_000,
    "dashes": lambda: DAEMON + b"\r\n" + b"-" * 400_000,
    "lines of dashes": lambda: DAEMON + b"\r\n" + b"---- x\n" * 60_000,
    "empty lines": lambda: DAEMON + b"\r\n" + b"\n" * 400_000,
    "open JSON": lambda: (
        DAEMON + b"\r\n" + b'"notificationType":"Bounce" "bouncedRecipients":[' * 9000
    ),
    "open tags": lambda: HTML + b"<" * 400_000,
    "open comments in HTML": lambda: HTML + b"<!--" * 100_000,
    "open quotes in HTML": lambda: HTML + b"<blockquote>" * 40_000,
    "entities": lambda: HTML + b"&" * 400_000,
    "NULs": lambda: HEAD + b"\r\n" + b"\0" * 400_000,
    "noise": lambda: random.Random(1).randbytes(400_000),
    "broken base64": lambda: HEAD + b"Content-Transfer-Encoding: base64\r\n\r\n" + b"A=*" * 150_000,
    "broken quoted-printable": lambda: (
        HEAD + b"Content-Transfer-Encoding: quoted-printable\r\n\r\n" + b"=\n=Z" * 100_000
    ),
    "attendees": lambda: CALENDAR + b"ATTENDEE;" * 50_000,
    "attendees in lines": lambda: CALENDAR + b"ATTENDEE;X\n" * 40_000,
    "wishes": lambda: HEAD + b"\r\n" + b"please unsubscribe me " * 20_000,
    "days": lambda: AWAY + b"until 12 January " * 20_000,
    "numbers": lambda: AWAY + b"1-1-" * 100_000,
    "answers": lambda: HEAD.replace(b"Hello", b"Re: " * 100_000),
}


@pytest.mark.timeout(30)  # what takes a moment would take minutes if it grew with the square
@pytest.mark.parametrize("name", MAILS)
def test_it_is_read_in_a_moment(name: str) -> None:
    raw = MAILS[name]()[:READ_AT_MOST]
    letter = read_letter(raw)
    taken_for(letter)
    assert len(letter.subject) <= 500
    assert len(letter.references) <= 50
    assert len(letter.recipients) <= 100
    assert len(letter.text) <= 4000


@pytest.mark.parametrize(
    "name", ["25 MB", "nested parts", "thousands of parts", "a header without end", "NULs"]
)
def test_its_headers_are_read_all_the_same(name: str) -> None:
    letter = read_letter(MAILS[name]()[:READ_AT_MOST])
    assert (letter.sender, letter.subject) == ("ann@example.org", "Hello")


def test_of_50_000_failures_one_is_told() -> None:
    letter = read_letter(MAILS["50,000 failed"]()[:READ_AT_MOST])
    assert letter.failure
    assert letter.failure.recipient == "p0@example.org"


_PIECES = st.sampled_from(
    [
        *(
            b"From: ",
            b"<",
            b">",
            b"@",
            b"a@example.org",
            b"\n",
            b"\r\n",
            b"\n\n",
            b":",
            b";",
            b"=",
            b"=?utf-8?b?",
            b"?=",
        ),
        *(
            b"Content-Type: ",
            b"multipart/mixed; boundary=b",
            b"message/delivery-status",
            b"text/html",
            b"text/calendar",
        ),
        *(
            b"--b",
            b"--b--",
            b"MAILER-DAEMON",
            b"Final-Recipient: rfc822;",
            b"Status: 5.1.1",
            b"550 ",
            b"Return-Path: <>",
        ),
        *(
            b"Content-Transfer-Encoding: base64",
            b"message/feedback-report",
            b"On ",
            b"wrote:",
            b"unsubscribe",
            b"\xff\xfe",
            b"\0",
        ),
        *(
            b"until 31.2.2027",
            b"Auto-Submitted: auto-replied",
            b"Date: ",
            b"Tue, 24 Nov 2026 10:00:00 +0000",
            b"Subject: ",
        ),
    ]
)


@settings(max_examples=400, deadline=None)
@given(st.one_of(st.lists(_PIECES, max_size=60).map(b"".join), st.binary(max_size=300)))
def test_nothing_raises(raw: bytes) -> None:
    letter = read_letter(raw)
    taken_for(letter)
    for value in (
        letter.subject,
        letter.sender,
        letter.sender_name,
        *letter.recipients,
        *letter.references,
    ):
        assert value.isprintable()
