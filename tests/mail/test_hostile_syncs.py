"""Hostile mail through a whole sync: each ends within two seconds, with the right nothing."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from seqctl.domain.sending.accounts import Account
from seqctl.domain.sending.message_ids import message_id
from seqctl.mail.office import Office
from seqctl.service.inboxes import inboxes
from seqctl.service.reading import syncing
from tests.desk import MONDAY, Desk

HEAD = b"From: a@elsewhere.test\r\nTo: ann@acme.test\r\nSubject: Hello\r\nMIME-Version: 1.0\r\n"
FORGED_ID = b"<1.0123456789abcdef01234567@acme.test>"


def nested(depth: int) -> bytes:
    opened = b"".join(
        b'Content-Type: multipart/mixed; boundary="b%d"\r\n\r\n--b%d\r\n' % (n, n)
        for n in range(depth)
    )
    return HEAD + opened + b"Content-Type: text/plain\r\n\r\nunsubscribe\r\n"


def bounce(of: bytes) -> bytes:
    return (
        b"From: MAILER-DAEMON@x.test\r\nTo: ann@acme.test\r\nSubject: Undelivered\r\n"
        b"Return-Path: <>\r\nMIME-Version: 1.0\r\n"
        b'Content-Type: multipart/report; report-type=delivery-status; boundary="b"\r\n\r\n'
        b"--b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; x.test\r\n\r\n"
        b"Final-Recipient: rfc822; ada@x.test\r\nAction: failed\r\nStatus: 5.1.1\r\n\r\n"
        b"--b\r\nContent-Type: message/rfc822\r\n\r\nMessage-ID: " + of + b"\r\n\r\nHi\r\n--b--\r\n"
    )


HOSTILE = {
    "25 MB": HEAD + b"\r\n" + b"x" * 76 * 340_000,
    "10,000 nested parts": nested(10_000),
    "45 kB of On": HEAD + b"\r\n" + b"On " * 15_000,
    "45 kB of On, in lines": HEAD + b"\r\n" + b"On \r\n" * 9_000,
    "broken encodings": HEAD + b"Content-Type: text/plain; charset=no-such\r\n"
    b"Content-Transfer-Encoding: base64\r\n\r\n" + b"\xff\x00=?" * 50_000,
    "broken heads": b"Subject: =?utf-8?q?" + b"=ff" * 100_000 + b"\r\nFrom: \xff\x00<<<\r\n\r\nx",
    "100,000 head lines": b"X-Y: z\r\n" * 100_000 + b"\r\nx",
    "nothing at all": b"",
    "a forged bounce": bounce(FORGED_ID),
    "a forged bounce without an id": bounce(b""),
    "a forged token": HEAD.replace(b"Hello", b"unsubscribe 1." + b"0" * 24) + b"\r\n",
    "a forged X-Seqctl-Id": HEAD + b"X-Seqctl-Id: 1.1." + b"0" * 24 + b"\r\n\r\nx",
}


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    """ada has had her first mail; ann's inbox reads a Maildir."""
    made = Desk(tmp_path)
    for part in ("new", "cur", "tmp"):
        (tmp_path / "mails" / part).mkdir(parents=True)
    wiring = inboxes.Wiring(Account(maildir=str(tmp_path / "mails")))
    inboxes.connect_inbox(made.store, made.me, "ann@acme.test", wiring, MONDAY)
    made.apply()
    made.enroll("ada")
    made.tick(hours=1)
    yield made
    made.close()


def read(desk: Desk, folder: Path, raw: bytes) -> syncing.Synced:
    (folder / "mails" / "new" / "1.hostile").write_bytes(raw)
    inbox = inboxes.inbox_named(desk.store, "ann@acme.test")
    (synced,) = syncing.sync(desk.store, Office(), desk.now, [inbox])
    return synced


@pytest.mark.timeout(30)  # what takes a moment would take minutes if it grew with the square
@pytest.mark.parametrize("name", HOSTILE)
def test_it_ends_in_time_and_changes_nothing(desk: Desk, tmp_path: Path, name: str) -> None:
    before = desk.row(1)
    synced = read(desk, tmp_path, HOSTILE[name])
    assert (synced.trouble, synced.read, synced.counted, synced.ended) == (None, 1, 0, 0)
    assert desk.row(1) == before
    assert desk.store.contacts.suppressed("ada@x.test") == set()


def test_the_genuine_bounce_does_count(desk: Desk, tmp_path: Path) -> None:
    """So that the others change nothing because they are forged, and not because of their form."""
    genuine = message_id(1, desk.store.workspace.state().secret, "ann@acme.test")
    assert read(desk, tmp_path, bounce(genuine.encode())).ended == 1
    assert desk.row(1).reason == "bounce"
    assert desk.store.contacts.suppressed("ada@x.test") == {"bounced"}
