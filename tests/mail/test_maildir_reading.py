"""A Maildir is read, and left as it was."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from seqctl.mail.reading import maildir_reading
from seqctl.mail.reading.maildir_reading import MaildirMailbox
from seqctl.ports.mail import READ_AT_MOST, AccountRefused, Arrived, Folder

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
SECONDS = int(NOW.timestamp())


def maildir(path: Path) -> Path:
    for part in ("tmp", "new", "cur"):
        (path / part).mkdir(parents=True)
    return path


@pytest.fixture
def place(tmp_path: Path) -> Path:
    return maildir(tmp_path / "mail" / "INBOX")


def put(folder: Path, name: str, raw: bytes = b"Subject: x\n\nhi\n", at: int = SECONDS) -> Path:
    path = folder / name
    path.write_bytes(raw)
    os.utime(path, (at, at))
    return path


def read(place: Path, *known: str, folder: Folder = Folder.INBOX) -> list[Arrived]:
    return list(MaildirMailbox(str(place)).new(folder, None, known, NOW))


def state(place: Path) -> list[tuple[str, bytes]]:
    return sorted((str(p), p.read_bytes()) for p in place.rglob("*") if p.is_file())


def test_new_and_read_mail_oldest_first(place: Path) -> None:
    put(place / "new", f"{SECONDS}.M2.host")
    put(place / "cur", f"{SECONDS - 50}.M1.host:2,S")
    put(place / "cur", "1000000000.M0.host:2,RS")
    before = state(place)
    found = read(place)
    assert [one.key for one in found] == [
        "1000000000.M0.host",
        f"{SECONDS - 50}.M1.host",
        f"{SECONDS}.M2.host",
    ]
    assert found[-1] == Arrived(
        Folder.INBOX, f"{SECONDS}.M2.host", NOW, b"Subject: x\n\nhi\n", 15, None
    )
    assert state(place) == before
    assert MaildirMailbox(str(place)).position(Folder.INBOX) is None


def test_what_is_known_is_passed_over_also_when_it_moved(place: Path) -> None:
    put(place / "cur", "1.a:2,S")
    put(place / "cur", "2.b:2,")
    put(place / "new", "2.b")
    assert [one.key for one in read(place, "1.a")] == ["2.b"]
    assert read(place, "1.a", "2.b") == []


@pytest.mark.parametrize(
    "name", ["letter", "99.x", f"{SECONDS + 10**6}.x", "99999999999.x", "x.1.y"]
)
def test_when_the_name_tells_no_time(place: Path, name: str) -> None:
    put(place / "new", name, at=SECONDS - 7)
    assert read(place)[0].at == NOW - timedelta(seconds=7)


def test_a_copied_maildir_keeps_its_times(place: Path) -> None:
    put(place / "new", f"{SECONDS - 10**7}.x", at=SECONDS)
    assert read(place)[0].at == NOW - timedelta(seconds=10**7)


def test_links_folders_pipes_and_hidden_files_are_passed_over(place: Path, tmp_path: Path) -> None:
    outside = put(tmp_path, "outside")
    (place / "new" / "1.link").symlink_to(outside)
    (place / "new" / "2.broken").symlink_to(tmp_path / "nowhere")
    (place / "new" / "3.folder").mkdir()
    os.mkfifo(place / "new" / "4.pipe")
    put(place / "new", ".hidden")
    put(place / "new", "5.mail")
    assert [one.key for one in read(place)] == ["5.mail"]


def test_a_mail_that_vanishes_while_it_is_read(place: Path) -> None:
    put(place / "new", "1000000001.a")
    vanishing = put(place / "new", "1000000002.b")
    put(place / "new", "1000000003.c")
    reading = MaildirMailbox(str(place)).new(Folder.INBOX, None, (), NOW)
    assert next(reading).key == "1000000001.a"
    vanishing.unlink()
    assert [one.key for one in reading] == ["1000000003.c"]


def test_only_the_beginning(place: Path) -> None:
    put(place / "new", "1.a", b"x" * (READ_AT_MOST + 5))
    (one,) = read(place)
    assert (len(one.raw), one.size) == (READ_AT_MOST, READ_AT_MOST + 5)


@pytest.mark.parametrize(
    "sent",
    [
        "INBOX/.Sent",
        "INBOX/Sent",
        "INBOX/.Sent Items",
        "INBOX/.INBOX.Sent",
        "INBOX/.Skickat",
        "INBOX/.[Gmail].Sent Mail",
        "INBOX/[Gmail]/Sent Mail",
        "Sent",
        "Gesendet",
        "[Gmail]/Sent Mail",
    ],
)
def test_sent(place: Path, sent: str) -> None:
    folder = maildir(place.parent / sent)
    (place / ".Drafts" / "cur").mkdir(parents=True)
    (place / ".Sent without a maildir").mkdir()
    box = MaildirMailbox(str(place))
    content = b"Subject: s\r\nMessage-ID: <7.ab@seq.test>\r\nX-Seqctl-Id: 1.2.ab\r\n\r\nHi\r\n"
    assert box.find_sent("<7.ab@seq.test>", "1.2.ab") is None
    box.keep_sent(content, "<7.ab@seq.test>", NOW)
    box.keep_sent(content, "<7.ab@seq.test>", NOW)
    (file,) = [path for path in folder.rglob("*") if path.is_file()]
    assert file.parent.name == "cur"
    assert file.name == f"{SECONDS}.7.ab-seq.test.seqctl:2,S"
    assert file.read_bytes() == content.replace(b"\r\n", b"\n")
    os.utime(file, (SECONDS, SECONDS))
    assert box.find_sent("<7.ab@seq.test>", "") == NOW
    assert box.find_sent("<8.ab@seq.test>", "1.2.ab") == NOW
    assert box.find_sent("<8.ab@seq.test>", "9.9.ab") is None
    assert len(read(place, folder=Folder.SENT)) == 1


def test_no_sent(place: Path) -> None:
    box = MaildirMailbox(str(place))
    before = state(place.parent)
    box.keep_sent(b"x\r\n", "<7.ab@seq.test>", NOW)
    assert state(place.parent) == before
    assert box.find_sent("<7.ab@seq.test>", "1.2.ab") is None
    assert read(place, folder=Folder.SENT) == []


def test_a_message_id_over_two_lines(place: Path) -> None:
    sent = maildir(place / ".Sent")
    put(sent / "cur", f"{SECONDS}.x:2,S", b"Message-ID:\n <7.ab@seq.test>\n\nMessage-ID: <8@x>\n")
    box = MaildirMailbox(str(place))
    assert box.find_sent("<7.ab@seq.test>", "") == NOW
    assert box.find_sent("<8@x>", "") is None


def test_only_the_newest_are_looked_through(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(maildir_reading, "NEWEST_SENT", 3)
    sent = maildir(place / ".Sent")
    for number in range(5):
        raw = f"Message-ID: <{number}@x>\n\n".encode()
        put(sent / "cur", f"{SECONDS + number}.x:2,S", raw, at=SECONDS + number)
    box = MaildirMailbox(str(place))
    found = [box.find_sent(f"<{number}@x>", "") is not None for number in range(5)]
    assert found == [False, False, True, True, True]


@pytest.mark.parametrize("what", ["nothing", "a file", "an empty folder"])
def test_no_maildir(tmp_path: Path, what: str) -> None:
    path = tmp_path / "the mail"
    if what == "a file":
        path.write_text("x")
    elif what == "an empty folder":
        path.mkdir()
    with pytest.raises(AccountRefused, match="is no Maildir") as caught:
        MaildirMailbox(str(path))
    assert caught.value.hint == (f"ls -la '{path}'" if path.exists() else f"ls -la {tmp_path}")


@pytest.mark.timeout(30)  # what takes a moment would take minutes if it grew with the square
def test_a_large_maildir_that_is_known_costs_little(place: Path) -> None:
    keys = [f"{SECONDS}.M{number}.host" for number in range(5_000)]
    for key in keys:
        (place / "cur" / f"{key}:2,S").touch()
    box = MaildirMailbox(str(place))
    assert list(box.new(Folder.INBOX, None, keys, NOW)) == []
