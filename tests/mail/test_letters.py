"""The facts of ordinary mails: headers, own text, opt-outs, acceptances, complaints."""

from __future__ import annotations

import base64
from datetime import UTC, date, datetime
from email.message import EmailMessage

import pytest

from seqctl.domain.reading.letters import Kind, Letter, taken_for
from seqctl.mail.reading.letters import read_letter

TOKEN = "17." + "3f" * 12
HEAD = (
    "From: Ann Berg <Ann@Example.org>\nTo: me@example.com\nDate: Tue, 24 Nov 2026 10:00:00 +0100\n"
)


def letter(body: str, head: str = "", subject: str = "Re: Hello") -> Letter:
    return read_letter(f"{HEAD}Subject: {subject}\n{head}\n{body}".encode())


def kind(body: str, head: str = "", subject: str = "Re: Hello") -> Kind:
    return taken_for(letter(body, head, subject)).kind


# --- headers ------------------------------------------------------------------------------------


def test_the_facts_of_a_reply() -> None:
    raw = (
        'From: =?utf-8?q?Ann_=C3=85berg?= <Ann@Example.org>\r\nTo: Me <me@example.com>, "B, C" <BC@example.com>\r\n'
        "Cc: d@example.com\r\nSubject: =?utf-8?b?UmU6IGhlasOl?=\r\n =?utf-8?q?_p=C3=A5?= dig\r\n"
        "Date: Tue, 24 Nov 2026 10:00:00 +0100\r\nMessage-ID: <r1@example.org>\r\nX-Seqctl-Id: 12.3.ab\r\n"
        "In-Reply-To: <17.b@example.com>\r\nReferences: <1.a@example.com>\r\n <17.b@example.com>\r\n"
        "\r\nSounds good.\r\n\r\n> quoted\r\n"
    )
    assert read_letter(raw.encode()) == Letter(
        sender="ann@example.org",
        sender_name="Ann Åberg",
        subject="Re: hejå på dig",
        at=datetime(2026, 11, 24, 9, tzinfo=UTC),
        message_id="<r1@example.org>",
        references=("<17.b@example.com>", "<1.a@example.com>"),
        seqctl_id="12.3.ab",
        recipients=("me@example.com", "bc@example.com", "d@example.com"),
        failure=None,
        automatic=None,
        returns=None,
        complaint=None,
        unsubscribes=False,
        token=None,
        accepts=False,
        text="Sounds good.",
        identity="<r1@example.org>",
    )


@pytest.mark.parametrize(
    ("value", "address", "name"),
    [
        ("ann@example.org", "ann@example.org", ""),
        ("<ANN@example.org>", "ann@example.org", ""),
        ('"Berg, Ann" <ann@example.org>', "ann@example.org", "Berg, Ann"),
        ("ann@example.org (Ann Berg)", "ann@example.org", "Ann Berg"),
        ("bob@example.net <ann@example.org>", "ann@example.org", "bob@example.net"),
        ('"bob@example.net" <ann@example.org>', "ann@example.org", "bob@example.net"),
        ("=?iso-8859-1?Q?=C5sa?= <asa@example.org>", "asa@example.org", "Åsa"),
        ("=?unknown?Q?Ann?= <ann@example.org>", "ann@example.org", "Ann"),
        ("Ann\u202e\x07Berg <ann@example.org>", "ann@example.org", "AnnBerg"),
        ("nobody", "", ""),
        ("<>", "", ""),
        ("", "", ""),
    ],
)
def test_who_wrote(value: str, address: str, name: str) -> None:
    read = read_letter(f"From: {value}\nSubject: x\n\nhi".encode())
    assert (read.sender, read.sender_name) == (address, name)


@pytest.mark.parametrize(
    "value",
    [
        "yesterday",
        "",
        "Tue, 99 Nov 2026 99:00:00",
        "1 Jan 99999 00:00 +0000",
        "Fri, 31 Dec 9999 23:59:59 -2300",
    ],
)
def test_no_date_is_no_date(value: str) -> None:
    assert read_letter(f"From: a@b.example\nDate: {value}\n\nhi".encode()).at is None


def test_values_are_one_clean_line_of_bounded_length() -> None:
    raw = f"From: a@b.example\nSubject: =?utf-8?q?a=0D=0Ab=E2=80=AE=00?=\n{'c' * 900}\n\nhi"
    subject = read_letter(raw.replace("\nccc", "\n ccc").encode()).subject
    assert subject.startswith("a b")
    assert len(subject) == 500
    assert subject.isprintable()


def test_many_references_and_recipients_are_cut() -> None:
    ids = " ".join(f"<{n}@x>" for n in range(90))
    everyone = ", ".join(f"p{n}@example.org" for n in range(300))
    read = letter("hi", f"References: {ids}\nCc: {everyone}\n")
    assert len(read.references) == 50
    assert read.references[0] == "<89@x>"
    assert len(read.recipients) == 100


# --- texts --------------------------------------------------------------------------------------


def test_the_text_of_a_multipart_mail_is_its_plain_part() -> None:
    message = EmailMessage()
    message["From"] = "ann@example.org"
    message.set_content("Tack, det låter bra!\n")
    message.add_alternative("<p>Andra ord</p>", subtype="html")
    message.add_attachment("Not mine", filename="notes.txt")
    assert read_letter(message.as_bytes()).text == "Tack, det låter bra!"


@pytest.mark.parametrize(
    "html",
    [
        "<html><head><title>no</title><style>p{}</style></head><body><p>Sounds &amp; good</p></body></html>",
        "<div>Sounds &amp; good</div><blockquote>old<blockquote>older</blockquote>old</blockquote>",
        '<div dir="ltr">Sounds &amp; good</div><br><div class="gmail_quote"><div>On Monday you wrote:</div>old</div>',
        'Sounds &amp; good<div id="appendonsend"></div><hr><div id="divRplyFwdMsg"><b>From:</b> me</div><div>old</div>',
        "Sounds<!-- <b>no</b> --> &amp; good<script>alert('<p>no</p>')</script>",
        "<P>Sounds &amp; good<P><BR/><img src='a b",
    ],
)
def test_the_own_text_of_an_html_mail(html: str) -> None:
    read = letter(html, "MIME-Version: 1.0\nContent-Type: text/html; charset=utf-8\n")
    assert read.text == "Sounds & good"


@pytest.mark.parametrize(
    ("head", "body"),
    [
        (
            "Content-Type: text/plain; charset=iso-8859-1\nContent-Transfer-Encoding: quoted-printable\n",
            "h=E5ll=",
        ),
        ("Content-Transfer-Encoding: base64\n", base64.b64encode("håll".encode()).decode() + "***"),
        ("Content-Type: text/plain; charset=nobody-knows\n", "håll"),
        ('Content-Type: text/plain; charset="\n', "håll"),
        ("Content-Type: multipart/mixed; boundary=b\n", "--b\n\nhåll"),
        ("Content-Type: multipart/mixed; boundary=b\n", "håll"),
        ("Content-Type: multipart/mixed\n", "håll"),
    ],
)
def test_broken_encodings_are_read_as_far_as_can_be(head: str, body: str) -> None:
    assert letter(body, f"MIME-Version: 1.0\n{head}").text == "håll"


# --- opt-outs, acceptances, automatic replies ------------------------------------------------------


@pytest.mark.parametrize(
    "raw",
    [
        f"{HEAD}Subject: unsubscribe {TOKEN}\n\n",
        f"{HEAD}Subject: Unsubscribe: {TOKEN.upper()}\nAuto-Submitted: auto-generated\n\nSent by a program.",
        HEAD.replace("me@", f"me+unsubscribe-{TOKEN}@") + "Subject: x\n\n",
        f"{HEAD}Delivered-To: me+unsubscribe-{TOKEN}@example.com\nSubject: x\n\n",
        f"{HEAD}Subject: x\n\nunsubscribe {TOKEN}\n",
    ],
)
def test_the_token_of_an_unsubscribe_link_comes_back(raw: str) -> None:
    read = read_letter(raw.encode())
    assert read.token == TOKEN
    assert taken_for(read).kind is Kind.UNSUBSCRIBE


def test_a_program_that_presses_unsubscribe_for_a_person_is_no_automatic_reply() -> None:
    body = "Apple Mail sent this email to unsubscribe from the message “Hello”."
    head = "Auto-Submitted: auto-replied\nX-Apple-Unsubscribe: true\n"
    assert kind(body, head, "unsubscribe") is Kind.UNSUBSCRIBE


def test_an_answer_below_which_the_link_is_quoted_is_a_reply() -> None:
    body = f"Sounds good!\n\nOn Monday, Me <me@example.com> wrote:\n> unsubscribe {TOKEN}\n"
    read = letter(body)
    assert (read.token, read.unsubscribes, taken_for(read).kind) == (None, False, Kind.OTHER)


CALENDAR = (
    'BEGIN:VCALENDAR\r\nMETHOD:REPLY\r\nBEGIN:VEVENT\r\nATTENDEE;CN="Ann Berg";ROLE=REQ-PARTICIPANT;PARTS\r\n'
    " TAT=ACCEPTED:mailto:ann@example.org\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
)


def meeting(calendar: str, head: str, encode: bool = False) -> Letter:
    body = base64.encodebytes(calendar.encode()).decode() if encode else calendar
    part = f"--b\n\nAnn has accepted.\n--b\n{head}\n\n{body}\n--b--\n"
    return letter(
        part, "MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=b\n", "Accepted: Demo"
    )


@pytest.mark.parametrize(
    ("head", "encoded"),
    [
        ("Content-Type: text/calendar; method=REPLY; charset=utf-8", False),
        ("Content-Type: text/calendar\nContent-Transfer-Encoding: base64", True),
        ('Content-Type: application/octet-stream; name="invite.ics"', False),
        (
            'Content-Type: application/octet-stream\nContent-Disposition: attachment; filename="i.ics"',
            False,
        ),
        ("Content-Type: application/ics", False),
    ],
)
def test_an_accepted_meeting(head: str, encoded: bool) -> None:
    assert taken_for(meeting(CALENDAR, head, encoded)).kind is Kind.MEETING


def test_calendars_mark_a_persons_yes_as_automatic() -> None:
    raw = meeting(CALENDAR, "Content-Type: text/calendar\nAuto-Submitted: auto-generated")
    assert raw.accepts
    head = "Auto-Submitted: auto-generated\nContent-Type: text/calendar\n"
    assert kind(CALENDAR.replace("\r\n", "\n"), head) is Kind.MEETING


@pytest.mark.parametrize(
    "calendar",
    [
        CALENDAR.replace("ACCEPTED", "DECLINED"),
        CALENDAR.replace("ACCEPTED", "TENTATIVE"),
        CALENDAR.replace("REPLY", "REQUEST"),
    ],
)
def test_no_accepted_meeting(calendar: str) -> None:
    assert not meeting(calendar, "Content-Type: text/calendar").accepts


def test_an_automatic_reply_with_the_day_of_return() -> None:
    read = letter(
        "I'm away.\n\nBack on 12 January.", "Auto-Submitted: auto-replied\n", "Out of office"
    )
    assert read.returns == date(2027, 1, 12)
    assert taken_for(read) == (
        Kind.AUTO_REPLY,
        "Auto-Submitted: auto-replied, away until 2027-01-12",
    )


def test_a_day_in_what_is_quoted_is_no_day_of_return() -> None:
    body = "I'm away.\n\nOn Monday, Me wrote:\n> I'll be back on 12 January."
    assert letter(body, "Auto-Submitted: auto-replied\n").returns is None


def test_a_read_receipt_is_automatic() -> None:
    head = "MIME-Version: 1.0\nContent-Type: multipart/report; report-type=disposition-notification; boundary=b\n"
    body = "--b\n\nYour mail was displayed.\n--b\nContent-Type: message/disposition-notification\n\nx: y\n--b--\n"
    assert taken_for(letter(body, head, "Read: Hello")) == (Kind.AUTO_REPLY, "read receipt")


# --- complaints -----------------------------------------------------------------------------------

FEEDBACK = """MIME-Version: 1.0
Content-Type: multipart/report; report-type=feedback-report; boundary=b

--b

This is an abuse report.
--b
Content-Type: message/feedback-report

Feedback-Type: {kind}
Version: 1
{fields}
--b
Content-Type: message/rfc822

From: me@example.com
To: {to}
Message-ID: <17.abc@example.com>

Hello
--b--
"""


def feedback(kind: str = "abuse", fields: str = "", to: str = "Ann@example.org") -> Letter:
    filled = FEEDBACK.format(kind=kind, fields=fields + "\n" if fields else "", to=to)
    return read_letter(f"From: loop@provider.example\nSubject: complaint\n{filled}".encode())


@pytest.mark.parametrize(
    ("fields", "to", "recipient"),
    [
        ("Original-Rcpt-To: <bob@example.org>", "ann@example.org", "bob@example.org"),
        ("Removal-Recipient: bob@example.org", "ann@example.org", "bob@example.org"),
        ("", "Ann Berg <ann@example.org>", "ann@example.org"),
        ("Original-Rcpt-To: redacted@example.org", "redacted@example.org", ""),
        ("", "undisclosed-recipients:;", ""),
    ],
)
def test_who_complained(fields: str, to: str, recipient: str) -> None:
    read = feedback(fields=fields, to=to)
    assert read.complaint == recipient
    assert read.references == ("<17.abc@example.com>",)
    assert taken_for(read).kind is Kind.COMPLAINT


@pytest.mark.parametrize("kind", ["auth-failure", "not-spam"])
def test_nobody_complained_of_a_signature(kind: str) -> None:
    read = feedback(kind)
    assert read.complaint is None
    assert taken_for(read).kind is Kind.AUTO_REPLY
