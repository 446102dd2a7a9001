"""A mail is read once, ever, however a server numbers it (rules, "Read once")."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from random import Random

import pytest

from seqctl.domain.reading.letters import Kind
from seqctl.ports.mail import Cursor, Folder
from seqctl.service.reading.reclassifying import reclassify
from tests.desk import MONDAY, Desk
from tests.mail.certificates import Authority
from tests.mail.maildirs import Maildir
from tests.mail.small_imap_server import ImapFolder, SmallImapServer
from tests.rereading import effects, imap_account, read_from, reread


def mail(number: int, sender: str = "ada@x.test", to: str = "ann@acme.test", **more: str) -> bytes:
    """A mail with its own Message-ID, unless `id` says otherwise ('' for none)."""
    id = more.get("id", f"<m{number}@x.test>")
    lines = [
        f"From: {sender}", f"To: {to}", f"Subject: {more.get('subject', 'Re: Hello')}",
        f"Date: Mon, 02 Mar 2026 09:{number % 60:02}:00 +0100",
        *([f"Message-ID: {id}"] if id else []), "", more.get("text", f"Mail number {number}."), "",
    ]  # fmt: skip
    return "\n".join(lines).encode()


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    made = Authority(tmp_path_factory.mktemp("ca"))
    made.signed("good", "DNS:localhost")
    return made


@pytest.fixture
def server(authority: Authority) -> Iterator[SmallImapServer]:
    made = SmallImapServer(authority.signed_before("good"))
    yield made
    made.stop()


@pytest.fixture
def desk(tmp_path: Path, server: SmallImapServer, authority: Authority) -> Iterator[Desk]:
    """ada and ben have had their first mails; ann's inbox is read by IMAP."""
    made = Desk(tmp_path)
    made.apply()
    made.enroll("ada", "ben")
    made.tick(hours=1)
    read_from(made, **imap_account(server, authority, tmp_path))
    yield made
    made.close()


@pytest.fixture
def inbox(server: SmallImapServer) -> ImapFolder:
    return server.folders["INBOX"]


def fill(folder: ImapFolder, number: int, **more: str) -> list[bytes]:
    """So many mails from ada, an hour apart."""
    mails = [mail(n, **more) for n in range(number)]
    for n, raw in enumerate(mails):
        folder.put(raw, MONDAY + timedelta(minutes=n))
    return mails


def move(folder: ImapFolder, raw: bytes) -> None:
    """To Archive and back."""
    kept = folder.take(raw)
    folder.put(kept.raw, kept.at)


Change = Callable[[ImapFolder, list[bytes]], object]
FOUND_AGAIN: dict[str, Change] = {
    "numbered anew": lambda inbox, _: inbox.renumber(2),
    "numbered anew in another order": lambda inbox, _: inbox.renumber(2, Random(1)),
    "numbered anew with an old number": lambda inbox, _: inbox.renumber(0x7FFFFFFF),
    "moved and back": lambda inbox, mails: [move(inbox, raw) for raw in mails],
    "copied": lambda inbox, mails: [inbox.put(raw, MONDAY) for raw in mails],
    "moved with an old date": lambda inbox, mails: inbox.put(
        inbox.take(mails[0]).raw, MONDAY - timedelta(days=900)
    ),
    "set back": lambda inbox, _: inbox.set_back(3),
    "set back to nothing": lambda inbox, _: inbox.set_back(1),
    "set back, and come again": lambda inbox, _: [
        inbox.put(kept.raw, kept.at) for kept in reversed(inbox.set_back(3))
    ],
    "deleted": lambda inbox, mails: [inbox.take(raw) for raw in mails],
}


@pytest.mark.parametrize("number", [4, 60])
@pytest.mark.parametrize("id", [None, ""], ids=["with an id", "without an id"])
@pytest.mark.parametrize("how", FOUND_AGAIN)
def test_found_again(desk: Desk, inbox: ImapFolder, how: str, id: str | None, number: int) -> None:
    mails = fill(inbox, number, **({} if id is None else {"id": id}))
    assert reread(desk).ended == 1
    desk.enroll("ada")
    before = effects(desk.store)
    FOUND_AGAIN[how](inbox, mails)
    assert [reread(desk).read for _ in range(3)] == [0, 0, 0]
    assert effects(desk.store) == before


def test_numbers_that_flip(desk: Desk, inbox: ImapFolder, server: SmallImapServer) -> None:
    fill(inbox, 60)
    assert reread(desk).read == 60
    before, fetched = effects(desk.store), server.fetched
    for validity in (2, 1, 2, 1):
        inbox.renumber(validity)
        assert reread(desk).read == 0
    assert effects(desk.store) == before
    assert server.fetched == fetched  # known by their heads


def test_new_mail_among_mails_numbered_anew(desk: Desk, inbox: ImapFolder) -> None:
    mails = fill(inbox, 60)
    reread(desk)
    inbox.put(mail(500, "ben@x.test"), MONDAY + timedelta(hours=5))
    inbox.renumber(2, Random(3))
    synced = reread(desk)
    assert (synced.read, synced.ended) == (1, 1)
    assert desk.row(2).reason == "reply"
    inbox.put(mails[0], MONDAY)
    assert reread(desk).read == 0


@pytest.mark.parametrize(
    ("lost", "more"), [(60, 0), (119, 0), (1, 1), (60, 1), (1, 200), (60, 200), (119, 200)]
)
def test_new_mail_in_a_mailbox_that_was_set_back(
    desk: Desk, inbox: ImapFolder, server: SmallImapServer, lost: int, more: int
) -> None:
    """Its UID was that of another mail; `more` mails came, so that UIDNEXT tells nothing."""
    fill(inbox, 60)
    reread(desk)
    inbox.set_back(121 - lost)
    inbox.put(mail(500, "ben@x.test"), MONDAY + timedelta(hours=5))
    for n in range(more):
        inbox.put(mail(1000 + n, "cleo@x.test"), MONDAY + timedelta(hours=6))
    synced = reread(desk)
    assert (synced.read, synced.ended) == (1 + more, 1)
    assert desk.row(2).reason == "reply"
    server.heard.clear()
    assert reread(desk).read == 0
    assert not any("SEARCH" in line for line in server.heard)


def test_set_back_a_little_and_filled_again_at_once(desk: Desk, inbox: ImapFolder) -> None:
    """UIDNEXT is the same, the mails are others: all that can be seen is that one more came."""
    fill(inbox, 10)
    reread(desk)
    inbox.set_back(10)
    inbox.put(mail(500, "ben@x.test"), MONDAY + timedelta(hours=5))
    assert inbox.next_uid == 11
    reread(desk)
    inbox.put(mail(501, "cleo@x.test"), MONDAY + timedelta(hours=6))
    reread(desk)
    assert desk.row(2).reason == "reply"


def test_an_idle_sync_searches_nothing(
    desk: Desk, inbox: ImapFolder, server: SmallImapServer
) -> None:
    fill(inbox, 3)
    reread(desk)
    server.heard.clear()
    reread(desk)
    assert not any("SEARCH" in line or "FETCH" in line for line in server.heard)


def test_what_stood_there_before_connecting_is_not_read(
    desk: Desk, server: SmallImapServer
) -> None:
    inbox = server.folders["INBOX"]
    inbox.put(mail(1), MONDAY - timedelta(days=9))
    assert reread(desk).read == 0
    inbox.put(mail(2, "ben@x.test"), MONDAY)
    assert reread(desk).ended == 1
    inbox.renumber(2)
    assert reread(desk).read == 0
    assert desk.row(1).reason is None


def test_an_old_mail_that_is_moved_in_is_read(desk: Desk, inbox: ImapFolder) -> None:
    fill(inbox, 1)
    reread(desk)
    inbox.put(mail(7, "ben@x.test"), MONDAY - timedelta(days=900))
    assert reread(desk).read == 1


def test_two_mails_with_one_id_are_one(desk: Desk, inbox: ImapFolder) -> None:
    """docs/mail.md says why, and what the risk is."""
    inbox.put(mail(1, id="<same@x.test>"), MONDAY)
    inbox.put(mail(2, "ben@x.test", id="<same@x.test>"), MONDAY)
    assert reread(desk).read == 1
    assert [desk.row(1).reason, desk.row(2).reason] == ["reply", None]


# --- what a person decided since ----------------------------------------------------------------


def test_a_reclassified_mail_stays_what_a_person_said(desk: Desk, inbox: ImapFolder) -> None:
    fill(inbox, 2)
    reread(desk)
    first, second = (view.received.id for view in desk.store.received.view())
    for id in (first, second):
        reclassify(desk.store, desk.me, desk.now, id, Kind.OTHER)
    assert desk.row(3).status.value == "live"
    before = effects(desk.store)
    inbox.renumber(2)
    reread(desk)
    assert effects(desk.store) == before


# --- another way of reading ---------------------------------------------------------------------


def test_by_imap_then_a_maildir_and_back(
    desk: Desk, server: SmallImapServer, authority: Authority, tmp_path: Path
) -> None:
    inbox, maildir = server.folders["INBOX"], Maildir(tmp_path / "mails")
    mails = fill(inbox, 60) + fill(inbox, 60, id="", text="Another.")
    assert reread(desk).read == 120
    desk.enroll("ada")
    for n, raw in enumerate(mails):
        maildir.put(f"{n}.copy", raw)
    for _ in range(2):
        read_from(desk, maildir=str(maildir.path))
        before = effects(desk.store)
        assert reread(desk).read == 0
        assert effects(desk.store) == before
        read_from(desk, **imap_account(server, authority, tmp_path))
        before = effects(desk.store)
        assert reread(desk).read == 0
        assert effects(desk.store) == before
    assert desk.row(3).reason is None


def test_a_mail_that_came_between_two_mailboxes_is_read(
    desk: Desk, server: SmallImapServer, tmp_path: Path
) -> None:
    """Connected anew three days later: what came meanwhile was read by nobody."""
    fill(server.folders["INBOX"], 1)
    reread(desk)
    desk.tick(days=3)
    other = Maildir(tmp_path / "mails")
    other.put("1.known", mail(0), at=MONDAY)
    other.put("2.late", mail(9, "ben@x.test"), at=MONDAY + timedelta(days=1))
    read_from(desk, maildir=str(other.path))
    synced = reread(desk)
    assert (synced.read, synced.ended) == (1, 1)
    assert desk.row(2).reason == "reply"


def test_the_cursor_of_another_server_does_not_count(
    desk: Desk, server: SmallImapServer, authority: Authority, tmp_path: Path
) -> None:
    """The new server happens to have the same UIDVALIDITY, and UIDs below those of the old one."""
    fill(server.folders["INBOX"], 60)
    reread(desk)
    other = SmallImapServer(authority.signed_before("good"))
    try:
        other.folders["INBOX"].put(mail(5), MONDAY)
        desk.tick(days=3)
        other.folders["INBOX"].put(mail(500, "ben@x.test"), MONDAY + timedelta(hours=2))
        read_from(desk, **imap_account(other, authority, tmp_path))
        assert desk.store.received.cursor(1, Folder.INBOX) is None
        synced = reread(desk)
        assert (synced.read, synced.ended) == (1, 1)
        assert desk.store.received.cursor(1, Folder.INBOX) == Cursor(1, 2)
    finally:
        other.stop()


def test_what_came_while_nothing_was_read_is_read(
    desk: Desk, server: SmallImapServer, authority: Authority, tmp_path: Path
) -> None:
    fill(server.folders["INBOX"], 1)
    reread(desk)
    read_from(desk)
    desk.tick(days=2)
    server.folders["INBOX"].put(mail(7, "ben@x.test"), MONDAY + timedelta(hours=9))
    read_from(desk, **imap_account(server, authority, tmp_path))
    assert reread(desk).ended == 1
