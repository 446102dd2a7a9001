"""A mail is read once, ever: found again, it changes nothing (spec, section 14.1)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.desk import MONDAY, Desk
from tests.mail.maildirs import Maildir
from tests.rereading import effects, read_from, reread

REPLY = (
    b"From: Ada <ada@x.test>\nTo: ann@acme.test\nSubject: Re: Hello\n"
    b"Date: Mon, 02 Mar 2026 09:00:00 +0100\nMessage-ID: <r1@x.test>\n\nYes, gladly.\n"
)
NAMELESS = REPLY.replace(b"Message-ID: <r1@x.test>\n", b"")


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    """ada has had her first mail; ann's inbox reads a Maildir."""
    made = Desk(tmp_path)
    made.apply()
    made.enroll("ada")
    made.tick(hours=1)
    yield made
    made.close()


@pytest.fixture
def mails(desk: Desk, tmp_path: Path) -> Maildir:
    made = Maildir(tmp_path / "mails")
    read_from(desk, maildir=str(made.path))
    return made


FOUND_AGAIN: dict[str, Callable[[Maildir], object]] = {
    "another name": lambda mails: mails.rename("1.first", "2.second"),
    "read by a mail program": lambda mails: mails.rename("1.first", "1.first:2,S", into="cur"),
    "a flag, another name": lambda mails: mails.rename("1.first", "7.other:2,RS", into="cur"),
    "a time of change": lambda mails: mails.touch("1.first", MONDAY),
    "a second copy": lambda mails: mails.copy("1.first", "3.third"),
    "line ends": lambda mails: mails.rewrite(
        "1.first", "4.fourth", lambda raw: raw.replace(b"\n", b"\r\n")
    ),
    "heads of another transport": lambda mails: mails.rewrite(
        "1.first", "5.fifth", lambda raw: b"Received: by b.test\nX-UID: 7\nStatus: RO\n" + raw
    ),
    "blanks at line ends": lambda mails: mails.rewrite(
        "1.first", "6.sixth", lambda raw: raw.replace(b"gladly.\n", b"gladly.  \n\n")
    ),
}


@pytest.mark.parametrize("raw", [REPLY, NAMELESS], ids=["with an id", "without an id"])
@pytest.mark.parametrize("how", FOUND_AGAIN)
def test_found_again(desk: Desk, mails: Maildir, how: str, raw: bytes) -> None:
    mails.put("1.first", raw)
    assert reread(desk).ended == 1
    desk.enroll("ada")
    before = effects(desk.store)
    FOUND_AGAIN[how](mails)
    assert reread(desk).read == 0
    assert effects(desk.store) == before
    assert desk.row(2).reason is None
