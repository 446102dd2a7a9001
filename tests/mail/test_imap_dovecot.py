"""Reading a real mailbox over IMAP."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from seqctl.mail.office import Office
from seqctl.mail.reading import imap
from seqctl.mail.reading.imap import ImapMailbox
from seqctl.ports.mail import READ_AT_MOST, AccountRefused, Arrived, Cursor, Folder, Unreachable
from tests.mail.accounts import account_of
from tests.mail.servers import MailWorld

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
LONG_AGO = datetime(1990, 1, 1, tzinfo=UTC)


@pytest.fixture
def user(mail_world: MailWorld) -> str:
    """A user whose mailbox is empty."""
    mail_world.empty("lead20")
    return "lead20"


@pytest.fixture
def box(mail_world: MailWorld, user: str, tmp_path: Path) -> Iterator[ImapMailbox]:
    made = ImapMailbox(account_of(mail_world, user, tmp_path))
    yield made
    made.close()


def put(
    world: MailWorld, user: str, *subjects: str, folder: str = "INBOX", at: datetime = NOW
) -> None:
    """Mails with these subjects, as if they had arrived at `at`."""
    with world.imap(user) as client:
        for subject in subjects:
            raw = f"Subject: {subject}\r\nMessage-ID: <{subject}@seq.test>\r\n\r\nHi\r\n".encode()
            assert client.append(folder, "", at, raw)[0] == "OK"


def read(
    box: ImapMailbox, cursor: Cursor | None = None, since: datetime = LONG_AGO
) -> list[Arrived]:
    return list(box.new(Folder.INBOX, cursor, (), since))


def subjects(found: list[Arrived]) -> list[str]:
    return [one.raw.split(b"\r\n")[0].decode().removeprefix("Subject: ") for one in found]


def test_all_then_only_what_is_new(mail_world: MailWorld, user: str, box: ImapMailbox) -> None:
    put(mail_world, user, "a", "b")
    first = read(box)
    assert subjects(first) == ["a", "b"]
    assert [one.at for one in first] == [NOW, NOW]
    assert all(one.size == len(one.raw) for one in first)
    assert read(box, first[-1].cursor) == []
    assert box.position(Folder.INBOX) == first[-1].cursor
    put(mail_world, user, "c")
    assert subjects(read(box, first[-1].cursor)) == ["c"]
    assert subjects(read(box, first[0].cursor)) == ["b", "c"]


def test_flags_are_left_alone(mail_world: MailWorld, user: str, box: ImapMailbox) -> None:
    put(mail_world, user, "a")
    read(box)
    with mail_world.imap(user) as client:
        client.select("INBOX", readonly=True)
        assert client.search(None, "UNSEEN")[1] == [b"1"]


def test_an_empty_mailbox_has_a_position(
    mail_world: MailWorld, user: str, box: ImapMailbox
) -> None:
    put(mail_world, user, "a")
    (one,) = read(box)
    mail_world.empty(user)
    assert box.position(Folder.SENT) is None
    assert read(box) == []
    assert box.position(Folder.INBOX) == one.cursor
    assert read(box, one.cursor) == []


def test_old_mail_is_passed_over_once(mail_world: MailWorld, user: str, box: ImapMailbox) -> None:
    put(mail_world, user, "old", at=NOW - timedelta(days=30))
    put(mail_world, user, "eve", at=NOW - timedelta(days=1))
    put(mail_world, user, "new")
    assert subjects(read(box, since=NOW)) == ["eve", "new"]
    assert read(box, since=NOW + timedelta(days=9)) == []
    position = box.position(Folder.INBOX)
    assert position is not None
    put(mail_world, user, "next", at=NOW - timedelta(days=30))
    assert subjects(read(box, position, NOW + timedelta(days=9))) == ["next"]


def test_another_uidvalidity_starts_over(
    mail_world: MailWorld, user: str, box: ImapMailbox
) -> None:
    put(mail_world, user, "a", at=NOW - timedelta(days=30))
    put(mail_world, user, "b")
    validity = read(box)[0].cursor
    assert validity is not None
    other = Cursor(validity.validity + 1, 10_000)
    assert subjects(read(box, other, NOW)) == ["b"]
    position = box.position(Folder.INBOX)
    assert position is not None
    assert position.validity == validity.validity
    assert position.last_uid < 10_000


def test_a_cursor_that_is_ahead_of_a_mailbox_that_was_set_back(
    mail_world: MailWorld, user: str, box: ImapMailbox
) -> None:
    put(mail_world, user, "a")
    cursor = read(box)[0].cursor
    assert cursor is not None
    ahead = cursor._replace(last_uid=cursor.last_uid + 500)
    assert subjects(read(box, ahead)) == ["a"]
    assert box.position(Folder.INBOX) == cursor


def test_in_slices(
    mail_world: MailWorld, user: str, box: ImapMailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(imap, "SLICE", 3)
    put(mail_world, user, *"abcdefgh")
    reading = box.new(Folder.INBOX, None, (), LONG_AGO)
    first = next(reading)
    assert box.position(Folder.INBOX) is None
    put(mail_world, user, "late")
    rest = list(reading)
    assert subjects([first, *rest]) == list("abcdefgh")
    assert subjects(read(box, box.position(Folder.INBOX))) == ["late"]


def test_only_the_beginning_of_a_large_mail(
    mail_world: MailWorld, user: str, box: ImapMailbox
) -> None:
    raw = b"Subject: large\r\n\r\n" + (b"x" * 70 + b"\r\n") * 10_000
    with mail_world.imap(user) as client:
        client.append("INBOX", "", NOW, raw)
        client.append("INBOX", "", NOW, b"\r\n")
    large, tiny = read(box)
    assert large.raw == raw[:READ_AT_MOST]
    assert (large.size, tiny.raw, tiny.size) == (len(raw), b"\r\n", 2)


def test_the_sent_folder(mail_world: MailWorld, user: str, box: ImapMailbox) -> None:
    assert box.find_sent("<x@seq.test>", "1.2.ab") is None
    content = b"Subject: s\r\nMessage-ID: <x@seq.test>\r\nX-Seqctl-Id: 1.2.ab\r\n\r\nHi\r\n"
    box.keep_sent(content, "<x@seq.test>", NOW)
    box.keep_sent(content, "<x@seq.test>", NOW + timedelta(hours=1))
    assert mail_world.mails(user, "Sent") == [content]
    assert box.find_sent("<x@seq.test>", "") == NOW
    assert box.find_sent("<y@seq.test>", "1.2.ab") == NOW
    assert box.find_sent("<y@seq.test>", "9.9.ab") is None
    assert box.find_sent('<"x\r\n1 LOGOUT>', "") is None
    (one,) = box.new(Folder.SENT, None, (), LONG_AGO)
    assert one.folder is Folder.SENT
    with mail_world.imap(user) as client:
        client.select("Sent", readonly=True)
        assert client.search(None, "SEEN")[1] == [b"1"]


def test_the_newest_of_two_copies(mail_world: MailWorld, user: str, box: ImapMailbox) -> None:
    put(mail_world, user, "twice", folder="Sent", at=NOW)
    put(mail_world, user, "twice", folder="Sent", at=NOW - timedelta(days=2))
    assert box.find_sent("<twice@seq.test>", "") == NOW


@pytest.mark.parametrize("starttls", [True, False])
def test_a_token(mail_world: MailWorld, tmp_path: Path, starttls: bool) -> None:
    account = account_of(mail_world, "rep", tmp_path, starttls=starttls, token=True)
    box = ImapMailbox(account)
    assert box.sent_folder() == "Sent"
    box.close()


@pytest.mark.parametrize("token", [True, False])
def test_a_login_that_is_refused(mail_world: MailWorld, tmp_path: Path, token: bool) -> None:
    account = account_of(mail_world, "rep2", tmp_path, token=token)
    assert account.imap is not None
    other = account._replace(imap=account.imap._replace(user="lead1@seq.test"))
    if not token:
        (tmp_path / "secret").write_text("canary-wörd\n")
    with pytest.raises(AccountRefused) as caught:
        ImapMailbox(other)
    assert "does not let lead1@seq.test in" in str(caught.value)
    assert caught.value.hint.startswith("seqctl inbox connect lead1@seq.test … --")
    assert caught.value.__context__ is None
    assert "canary" not in str(caught.value)


def test_a_certificate_that_nobody_here_knows(mail_world: MailWorld, tmp_path: Path) -> None:
    for starttls in (True, False):
        account = account_of(mail_world, "rep", tmp_path, starttls=starttls)
        with pytest.raises(AccountRefused) as caught:
            ImapMailbox(account._replace(ca_file=None))
        assert "--ca-file" in caught.value.hint


def test_a_connection_that_is_lost(mail_world: MailWorld, user: str, box: ImapMailbox) -> None:
    put(mail_world, user, "a")
    box.connection.shutdown(2)  # type: ignore[attr-defined]
    with pytest.raises(Unreachable):
        read(box)
    with pytest.raises(Unreachable):
        box.find_sent("<x@seq.test>", "")
    with pytest.raises(Unreachable):
        box.keep_sent(b"x", "<x@seq.test>", NOW)


def test_what_inbox_test_says(mail_world: MailWorld, tmp_path: Path) -> None:
    checks = Office().inspect(account_of(mail_world, "rep", tmp_path))
    assert {name: check.well for name, check in checks.items()} == dict.fromkeys(
        ("offers", "smtp", "imap", "tls"), True
    )
    assert checks["smtp"].words == "login accepted"
    assert checks["imap"].words == "login accepted, sent mail in Sent"
    assert checks["offers"].words == "DSN, SIZE 4000000, 8BITMIME, SMTPUTF8, PIPELINING"
    assert checks["tls"].words.startswith("TLSv1.3, certificate of localhost valid until 20")


def test_what_inbox_test_says_of_an_account_that_is_refused(
    mail_world: MailWorld, tmp_path: Path
) -> None:
    account = account_of(mail_world, "rep", tmp_path)
    (tmp_path / "secret").write_text("wrong\n")
    checks = Office().inspect(account)
    assert {name: check.well for name, check in checks.items()} == {"smtp": False, "imap": False}
    assert "--password-cmd" in checks["imap"].words
