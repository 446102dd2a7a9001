"""A composed mail says what it was given, and nothing else, to whoever parses it."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from email import policy
from email.header import decode_header, make_header
from email.headerregistry import Address
from email.message import EmailMessage
from email.parser import BytesParser
from email.utils import parseaddr
from typing import Any

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from seqctl.domain.errors import Refused
from seqctl.mail.sending.compose import compose
from seqctl.mail.sending.file_names import safe_name
from seqctl.mail.sending.headers import cleaned
from seqctl.ports.mail import Attached, Outgoing

MAIL = Outgoing(
    id=17,
    message_id="<17.3f0a@acme.test>",
    seqctl_id="12.3.3f0a",
    sender_name="Ada Berg",
    sender="ada@acme.test",
    recipient="eve@x.test",
    subject="A question",
    body="Hi Eve,\n\nwho looks after this?\n",
    markdown=False,
    thread=(),
    unsubscribe=(),
    attachments=(),
    at=datetime(2026, 3, 2, 8, 0, tzinfo=UTC),
)
CONTENT = ["MIME-Version", "Content-Type"]
HEAD = ["From", "To", "Subject", "Date", "Message-ID", "X-Seqctl-Id", *CONTENT]


def parsed(mail: Outgoing) -> EmailMessage:
    """What the standard library reads; it finds no defect anywhere."""
    message = BytesParser(EmailMessage, policy=policy.default).parsebytes(compose(mail))
    for part in message.walk():
        assert part.defects == []
        for value in part.values():
            assert value.defects == ()
    return message


def sender_of(message: EmailMessage) -> tuple[str, str]:
    """Name and address of From; the newer parser keeps blanks between the encoded words of a name."""
    raw = str(dict(message.raw_items())["From"]).replace("\r\n", "")
    name, address = parseaddr(raw)
    return str(make_header(decode_header(name))), address


def body_of(part: Any) -> str:
    return part.get_content().replace("\r\n", "\n")


def raw_header(mail: Outgoing, name: str) -> str:
    """A header as it stands in the bytes, folds and all."""
    head = compose(mail).partition(b"\r\n\r\n")[0].decode()
    (found,) = re.findall(rf"^{name}: ?((?:[^\r]|\r\n )*)", head, re.MULTILINE)
    return found


def assert_well_made(content: bytes) -> None:
    assert content.isascii()
    assert content.endswith(b"\r\n")
    assert b"\r" not in content.replace(b"\r\n", b"")
    assert b"\n" not in content.replace(b"\r\n", b"")
    assert max(map(len, content.split(b"\r\n"))) <= 998


# --- whole mails ---------------------------------------------------------------------------------


def test_a_plain_mail() -> None:
    assert compose(MAIL) == (
        b"From: Ada Berg <ada@acme.test>\r\n"
        b"To: eve@x.test\r\n"
        b"Subject: A question\r\n"
        b"Date: Mon, 02 Mar 2026 08:00:00 +0000\r\n"
        b"Message-ID: <17.3f0a@acme.test>\r\n"
        b"X-Seqctl-Id: 12.3.3f0a\r\n"
        b"MIME-Version: 1.0\r\n"
        b'Content-Type: text/plain; charset="utf-8"\r\n'
        b"Content-Transfer-Encoding: 7bit\r\n"
        b"\r\n"
        b"Hi Eve,\r\n\r\nwho looks after this?\r\n"
    )


def test_a_mail_with_everything() -> None:
    mail = MAIL._replace(
        subject="Re: Ünïcode " + "å" * 80,
        body="Hej *Åsa*,\n\nse [här](https://acme.test/a?b=1&c=2).\n",
        markdown=True,
        thread=("<1.a@acme.test>", "<2.b@acme.test>"),
        unsubscribe=("mailto:ada@acme.test?subject=unsubscribe", "https://acme.test/u/17"),
        attachments=(Attached("brochure.pdf", b"%PDF-\x00\xff"), Attached("pris å.csv", b"a,b\n")),
    )
    message = parsed(mail)
    assert_well_made(compose(mail))
    assert message["Subject"] == mail.subject
    assert message["In-Reply-To"] == "<2.b@acme.test>"
    assert message["References"] == "<1.a@acme.test> <2.b@acme.test>"
    text, html = message.get_body(("plain",)), message.get_body(("html",))
    assert body_of(text) == mail.body
    assert '<p>Hej <em>Åsa</em>,</p>\n<p>se <a href="https://acme.test/a?b=1&amp;c=2">' in (
        body_of(html)
    )
    assert [
        (part.get_filename(), part.get_content_type(), part.get_payload(decode=True))
        for part in message.iter_attachments()
    ] == [
        ("brochure.pdf", "application/pdf", b"%PDF-\x00\xff"),
        ("pris å.csv", "text/csv", b"a,b\n"),
    ]
    assert [part.get_content_type() for part in message.walk()] == [
        *("multipart/mixed", "multipart/alternative", "text/plain", "text/html"),
        *("application/pdf", "text/csv"),
    ]


def test_the_same_mail_is_the_same_bytes() -> None:
    mail = MAIL._replace(markdown=True, attachments=(Attached("a.txt", b"x"),))
    assert compose(mail) == compose(mail)
    assert compose(mail) != compose(mail._replace(message_id="<18.3f0a@acme.test>"))


# --- properties ----------------------------------------------------------------------------------

NASTY = st.sampled_from(
    [
        *("\r\nBcc: all@x.test\r\n", "\n", "\r", "\0", "\x85", "\u2028", "\x0c", " ", "  ", "\t"),
        *('"', "\\", "=?utf-8?q?x?=", "(", ")", ",", ";", ":", "<", ">", "@", ".", "=", "_", "Å"),
        *("日本", "\U0001f469", "From x", "\n.\n", "\nFrom y\n", "--", "\u202e", "\ud800"),
        *("x" * 80, "a" * 1000, "/", "../"),
    ]
)
TEXTS = st.lists(st.one_of(NASTY, st.text(max_size=8)), max_size=12).map("".join)
MESSAGE_IDS = st.integers(1, 10**9).map(lambda id: f"<{id}.3f0a@acme.test>")
URLS = st.sampled_from(
    ["mailto:a@acme.test?subject=u", "https://acme.test/u/" + "x" * 120, "http://acme.test/u"]
)
MAILS = st.builds(
    Outgoing,
    id=st.integers(1, 10**9),
    message_id=MESSAGE_IDS,
    seqctl_id=st.just("12.3.3f0a"),
    sender_name=TEXTS,
    sender=st.sampled_from(["ada@acme.test", "a" * 60 + "@acme.test", "ada@bücher.test"]),
    recipient=st.sampled_from(["eve@x.test", "o'hara+x=y!#$@x.test", "eve@日本.test"]),
    subject=TEXTS,
    body=TEXTS,
    markdown=st.booleans(),
    thread=st.lists(MESSAGE_IDS, max_size=40, unique=True).map(tuple),
    unsubscribe=st.lists(URLS, max_size=3, unique=True).map(tuple),
    attachments=st.lists(st.builds(Attached, TEXTS, st.binary(max_size=200)), max_size=3).map(
        tuple
    ),
    at=st.integers(0, 10**9).map(lambda seconds: MAIL.at + timedelta(seconds=seconds)),
)


def expected_names(mail: Outgoing) -> list[str]:
    names = ["From", "To", "Subject", "Date", "Message-ID"]
    names += ["In-Reply-To", "References"] if mail.thread else []
    names += ["X-Seqctl-Id"]
    names += ["List-Unsubscribe"] if mail.unsubscribe else []
    if any(url.startswith("https:") for url in mail.unsubscribe):
        names += ["List-Unsubscribe-Post"]
    names += CONTENT
    return names if mail.markdown or mail.attachments else [*names, "Content-Transfer-Encoding"]


def expected_body(text: str) -> str:
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    text = re.sub("[\ud800-\udfff]", "\ufffd", text)
    return text if text.endswith("\n") else f"{text}\n"


@given(MAILS)
@example(MAIL._replace(body=""))
@example(MAIL._replace(subject="x" * 2000, sender_name='Berg, "Ada" \\ (x)'))
@example(MAIL._replace(sender_name="x " * 60, sender="a" * 60 + "@acme.test"))
def test_a_mail_is_read_as_it_was_meant(mail: Outgoing) -> None:
    content = compose(mail)
    message = parsed(mail)
    assert_well_made(content)
    assert message.keys() == expected_names(mail)
    assert message["Subject"] == cleaned(mail.subject)
    name, address = sender_of(message)
    assert name == cleaned(mail.sender_name)
    assert address.replace("xn--bcher-kva", "bücher") == mail.sender
    (recipient,) = message["To"].addresses
    assert recipient.addr_spec.replace("xn--wgv71a", "日本") == mail.recipient
    assert message["Date"].datetime == mail.at
    assert body_of(message.get_body(("plain",))) == expected_body(mail.body)
    assert (message.get_body(("html",)) is not None) == mail.markdown
    files = [
        (part.get_filename(), part.get_payload(decode=True)) for part in message.iter_attachments()
    ]
    assert files == [(safe_name(name), content) for name, content in mail.attachments]


@given(MAILS)
def test_heads_stay_short_where_they_can_be_folded(mail: Outgoing) -> None:
    for line in compose(mail).partition(b"\r\n\r\n")[0].decode().split("\r\n"):
        assert len(line) <= 78 or " " not in line.partition(": ")[2].lstrip(), line


TEXT_ONLY = MAILS.map(lambda mail: mail._replace(markdown=False, attachments=(), unsubscribe=()))


@given(TEXT_ONLY)
def test_joining_lines_says_the_same_as_the_library(mail: Outgoing) -> None:
    assume("=?" not in mail.subject + mail.sender_name)  # the library doesn't protect it
    ours, theirs = parsed(mail), by_the_library(mail)
    assert ours["From"].addresses[0].addr_spec == theirs["From"].addresses[0].addr_spec
    for name in ("To", "Subject", "Date", "Message-ID", "In-Reply-To", "X-Seqctl-Id"):
        assert ours[name] == theirs[name]
    assert body_of(ours) == body_of(theirs)
    assert ours.get_content_type() == theirs.get_content_type()
    assert ours.get_content_charset() == theirs.get_content_charset()


def by_the_library(mail: Outgoing) -> EmailMessage:
    """The same mail, composed and parsed by the standard library alone."""
    message = EmailMessage(policy=policy.SMTP.clone(cte_type="7bit"))
    wire = {"bücher": "xn--bcher-kva", "日本": "xn--wgv71a"}
    sender, recipient = mail.sender, mail.recipient
    for domain, encoded in wire.items():
        sender, recipient = sender.replace(domain, encoded), recipient.replace(domain, encoded)
    message["From"] = Address(cleaned(mail.sender_name), addr_spec=sender)
    message["To"] = Address(addr_spec=recipient)
    message["Subject"] = cleaned(mail.subject)
    message["Date"] = mail.at
    message["Message-ID"] = mail.message_id
    if mail.thread:
        message["In-Reply-To"] = mail.thread[-1]
    message["X-Seqctl-Id"] = mail.seqctl_id
    message.set_content(expected_body(mail.body))
    return message


# --- single fields -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("", "<ada@acme.test>"),
        (" Ada\r\nBcc: x@y.test", '"Ada Bcc: x@y.test" <ada@acme.test>'),
        ("Berg, Ada", '"Berg, Ada" <ada@acme.test>'),
        ('Ada "the" Berg\\', '"Ada \\"the\\" Berg\\\\" <ada@acme.test>'),
        ("Åsa", "=?utf-8?q?=C3=85sa?= <ada@acme.test>"),
        ("=?utf-8?q?x?=", "=?utf-8?b?PT91dGYtOD9xP3g/PQ==?= <ada@acme.test>"),
    ],
)
def test_names(name: str, line: str) -> None:
    mail = MAIL._replace(sender_name=name)
    assert raw_header(mail, "From") == line
    (address,) = parsed(mail)["From"].addresses
    assert address.display_name == cleaned(name)


def test_an_international_domain_is_written_in_ascii() -> None:
    mail = MAIL._replace(sender="ada@bücher.test", recipient="eve@straße.test")
    assert raw_header(mail, "From") == "Ada Berg <ada@xn--bcher-kva.test>"
    assert raw_header(mail, "To") == "eve@xn--strae-oqa.test"
    assert_well_made(compose(mail))


def test_an_international_local_part_stays_as_it_is() -> None:
    content = compose(MAIL._replace(recipient="åsa@bücher.test"))
    assert "\r\nTo: åsa@xn--bcher-kva.test\r\n".encode() in content
    assert content.replace("å".encode(), b"").isascii()


@pytest.mark.parametrize("field", ["sender", "recipient"])
@pytest.mark.parametrize(
    "address",
    [
        *("", "ada", "a@b@c.test", "a b@x.test", "a@x.test\r\nBcc: b@x.test", "a@x.test\n"),
        *("a,b@x.test", "a\0@x.test", "a\u2028@x.test", "å@a b.test", "a\ud800@x.test"),
        *("<a@x.test>", "a@x.test>", "a@" + "x" * 1000 + ".test", "å@日 本.test", "a\x7f@x.test"),
    ],
)
def test_what_is_no_address_is_refused(field: str, address: str) -> None:
    with pytest.raises(Refused) as caught:
        compose(MAIL._replace(**{field: address}))
    assert caught.value.code == "SEND_FAILED"
    assert "\n" not in caught.value.message


@pytest.mark.parametrize(
    "change",
    [
        {"message_id": "<1@x.test>\r\nBcc: a@x.test"},
        {"message_id": "1@x.test"},
        {"message_id": "<å@x.test>"},
        {"thread": ("<1@x.test>", "<2@x.test> <3@x.test>")},
        {"thread": ("<1@x.test>\n",)},
        {"seqctl_id": "1 2"},
        {"seqctl_id": ""},
        {"unsubscribe": ("https://x.test/ a",)},
        {"unsubscribe": ("https://x.test/>, <https://y.test",)},
        {"unsubscribe": ("https://x.test/\r\nBcc: a@x.test",)},
        {"unsubscribe": ("https://bücher.test/",)},
        {"unsubscribe": ("x.test",)},
        {"unsubscribe": ("https://x.test/" + "x" * 1000,)},
    ],
)
def test_what_is_never_encoded_is_refused_where_it_would_have_to_be(change: dict[str, Any]) -> None:
    with pytest.raises(Refused):
        compose(MAIL._replace(**change))


def test_the_middle_of_a_long_thread_is_left_out() -> None:
    thread = tuple(f"<{number}.3f0a@acme.test>" for number in range(1, 501))
    mail = MAIL._replace(thread=thread)
    references = parsed(mail)["References"].split(" ")
    assert references == [thread[0], *thread[-19:]]
    assert parsed(mail)["In-Reply-To"] == thread[-1]
    assert parsed(MAIL._replace(thread=thread[:20]))["References"].split(" ") == list(thread[:20])


def test_long_urls_stay_whole() -> None:
    url = "https://acme.test/u/" + "x" * 120
    mail = MAIL._replace(unsubscribe=("mailto:ada+unsubscribe-17.3f@acme.test?subject=u", url))
    assert raw_header(mail, "List-Unsubscribe") == (
        f"<mailto:ada+unsubscribe-17.3f@acme.test?subject=u>,\r\n <{url}>"
    )
    assert raw_header(mail, "List-Unsubscribe-Post") == "List-Unsubscribe=One-Click"


@pytest.mark.parametrize("urls", [(), ("mailto:a@x.test",), ("http://x.test/", "mailto:a@x.test")])
def test_one_click_needs_https(urls: tuple[str, ...]) -> None:
    assert "List-Unsubscribe-Post" not in parsed(MAIL._replace(unsubscribe=urls))


def test_the_date_is_in_utc() -> None:
    from zoneinfo import ZoneInfo

    mail = MAIL._replace(at=MAIL.at.astimezone(ZoneInfo("Asia/Tokyo")))
    assert raw_header(mail, "Date") == "Mon, 02 Mar 2026 08:00:00 +0000"
    later = MAIL._replace(at=MAIL.at + timedelta(seconds=1))
    assert raw_header(later, "Date") == "Mon, 02 Mar 2026 08:00:01 +0000"


# --- the body ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "encoding"),
    [
        ("plain\n", "7bit"),
        (".\n..\n.x\n", "7bit"),
        ("-- \nAda\n", "7bit"),
        ("x" * 899 + "\n", "7bit"),
        ("x" * 2000 + "\n", "quoted-printable"),
        ("From here on\n", "quoted-printable"),
        ("a\nFrom here on\n.\n", "quoted-printable"),
        ("one line of Swedish, på svenska\n", "quoted-printable"),
        ("bell \x07, null \0, page \x0c\n", "quoted-printable"),
        ("日本語のメール\n" * 20, "base64"),
    ],
)
def test_how_bodies_are_encoded(body: str, encoding: str) -> None:
    message = parsed(MAIL._replace(body=body))
    assert message["Content-Transfer-Encoding"] == encoding
    assert body_of(message) == body
    assert b"\r\nFrom " not in compose(MAIL._replace(body=body))


def test_a_boundary_never_occurs_in_the_content() -> None:
    mail = MAIL._replace(markdown=True)
    (boundary,) = re.findall(rb'boundary="(.*)"', compose(mail))
    again = mail._replace(body=f"--{boundary.decode()}\n")
    assert body_of(parsed(again).get_body(("plain",))) == again.body


# --- attachments ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("brochure.pdf", "brochure.pdf"),
        ("price list (1).pdf", "price list (1).pdf"),
        ("../../etc/passwd", "passwd"),
        ("C:\\a.exe", "a.exe"),
        ('a"b;c.pdf', "a_b;c.pdf"),
        ("a\r\nBcc: x.pdf", "a Bcc_ x.pdf"),
        ("invoice\u202efdp.exe", "invoice_fdp.exe"),
        (".env", "env"),
        ("..", "attachment"),
        ("", "attachment"),
        ("\xa0", "attachment"),
        ("x" * 300 + ".pdf", "x" * 66 + ".pdf"),
    ],
)
def test_names_of_files(name: str, safe: str) -> None:
    mail = MAIL._replace(attachments=(Attached(name, b"x"),))
    (part,) = parsed(mail).iter_attachments()
    assert safe_name(name) == safe
    assert part.get_filename() == safe
    assert_well_made(compose(mail))


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("a.PDF", "application/pdf"),
        ("a", "application/octet-stream"),
        ("pdf", "application/octet-stream"),
        ("a.eml", "application/octet-stream"),
        ("a.jpeg", "image/jpeg"),
    ],
)
def test_kinds_of_files(name: str, kind: str) -> None:
    (part,) = parsed(MAIL._replace(attachments=(Attached(name, b"x"),))).iter_attachments()
    assert part.get_content_type() == kind
