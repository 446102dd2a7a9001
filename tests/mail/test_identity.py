"""By what a mail is known again."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from seqctl.mail.reading.identity import identity_in
from seqctl.mail.reading.letters import read_letter


def identity(head: str, body: str = "Hi.\n") -> str:
    return read_letter(f"From: a@x.test\n{head}\n\n{body}".encode()).identity


@pytest.mark.parametrize(
    ("head", "known_by"),
    [
        ("Message-ID: <a.b@c>", "<a.b@c>"),
        ("message-id:<a.b@c>", "<a.b@c>"),
        ("MESSAGE-ID:  <a.b@c>  ", "<a.b@c>"),
        ("Message-ID:\n <a.b@c>", "<a.b@c>"),
        ("Message-ID: <a.\n b@c>", "<a.b@c>"),
        ("Message-ID: < a.b@c >", "<a.b@c>"),
        ("Message-ID: a.b@c", "<a.b@c>"),
        ("Message-ID: a.b@c (a comment)", "<a.b@c>"),
        ("Message-ID: (a comment) <a.b@c>", "<a.b@c>"),
        ("Message-ID: <a.b@c> <d.e@f>", "<a.b@c>"),
        ("Message-ID: <a.b@c>\nMessage-ID: <d.e@f>", "<a.b@c>"),
        ("Message-ID:\nMessage-ID: <a.b@c>", "<a.b@c>"),
        ("Message-ID: <A.b@C>", "<A.b@C>"),
        ("Message-ID: <[1@2]>", "<[1@2]>"),
    ],
)
def test_by_its_message_id(head: str, known_by: str) -> None:
    assert identity(head) == known_by
    if "\n " not in head:
        assert identity_in(f"{head}\r\n\r\n".encode()) == known_by


@pytest.mark.parametrize("head", ["X: y", "Message-ID:", "Message-ID: <>", "Message-ID: < >"])
def test_without_one_by_a_digest(head: str) -> None:
    assert identity(head) == identity("X: y")
    assert identity(head).startswith("sha256:")
    assert identity(head) != identity(head, "Another text.\n")
    assert identity_in(f"{head}\r\n\r\n".encode()) is None


@pytest.mark.parametrize("head", ["x" * 5000, "\0\ud800", "\u202e", "<" * 3000, "=?utf-8?q?a?="])
def test_a_hostile_id_is_one_of_bounded_length(head: str) -> None:
    raw = f"Message-ID: {head}\n\nHi.\n".encode("utf-8", "surrogatepass")
    assert 0 < len(read_letter(raw).identity) <= 1000
    assert read_letter(raw) == read_letter(raw.replace(b"\n", b"\r\n"))
    read_letter(raw).identity.encode()


MAIL = (
    b"Received: by one.test; Mon, 2 Mar 2026 09:00:02 +0100\n"
    b"Date: Mon, 2 Mar 2026 09:00:00 +0100\nFrom: a@x.test\nTo: b@x.test\nSubject: A\n  long one\n\n"
    b"From me to you.\n\n> quoted\nl\xf6st\x00\n"
)
SAME: dict[str, Callable[[bytes], bytes]] = {
    "line ends": lambda raw: raw.replace(b"\n", b"\r\n"),
    "folded otherwise": lambda raw: raw.replace(b"A\n  long one", b"A long\n one"),
    "more transport": lambda raw: b"Received: by two.test\nDelivered-To: b@x.test\n" + raw,
    "marks of a mail program": lambda raw: raw.replace(b"Date:", b"Status: RO\nX-UID: 9\nDate:"),
    "an mbox": lambda raw: (
        b"From a@x.test Mon Mar  2 09:00:00 2026\n" + raw.replace(b"\nFrom me", b"\n>From me")
    ),
    "an mbox of an mbox": lambda raw: raw.replace(b"\nFrom me", b"\n>>From me"),
    "blanks": lambda raw: raw.replace(b"you.\n", b"you. \t\n") + b"\n\n",
    "a NUL that IMAP can't carry": lambda raw: raw.replace(b"\0", b"\x80"),
}


@pytest.mark.parametrize("how", SAME)
def test_the_same_by_another_way(how: str) -> None:
    assert read_letter(SAME[how](MAIL)).identity == read_letter(MAIL).identity


def test_a_large_one_that_is_read_to_another_length() -> None:
    """Of a mail only the beginning is fetched, and IMAP has two bytes where a Maildir has one."""
    raw = MAIL + b"a line\n" * 200_000
    most = 512 * 1024
    by_imap = read_letter(raw.replace(b"\n", b"\r\n")[:most]).identity
    assert read_letter(raw[:most]).identity == by_imap


def test_without_a_date_the_first_server_tells_when() -> None:
    undated = MAIL.replace(b"Date: Mon, 2 Mar 2026 09:00:00 +0100\n", b"")
    assert read_letter(b"Received: by z\n" + undated).identity == read_letter(undated).identity
    later = undated.replace(b"09:00:02", b"10:00:02")
    assert read_letter(later).identity != read_letter(undated).identity
