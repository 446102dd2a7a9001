"""A Maildir that another program fills (mbsync, offlineimap, a local server), read and left alone."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from seqctl import durable
from seqctl.mail.reading.sent_names import sent_among
from seqctl.places import look_at, look_into
from seqctl.ports.mail import (
    READ_AT_MOST,
    AccountRefused,
    Arrived,
    Cursor,
    Folder,
    WereRead,
)

NEWEST_SENT = 2000
_HEADERS_AT_MOST = 64 * 1024
_SECONDS = re.compile(r"(\d{9,11})[._]", re.ASCII)
_EARLIEST = datetime(1990, 1, 1, tzinfo=UTC).timestamp()
_A_DAY = 86_400.0


class _Found(NamedTuple):
    """A file of the Maildir, before it is opened. It sorts by when it arrived."""

    at: float
    key: str
    path: str


class MaildirMailbox:
    """Implements `ports.mail.Mailbox`. Nothing is ever renamed; `known` keys tell what was read."""

    def __init__(self, folder: str) -> None:
        """Raises AccountRefused if there is no Maildir."""
        self._inbox = Path(folder).expanduser()
        self._gone: dict[Folder, frozenset[str]] = {}
        if not any((self._inbox / part).is_dir() for part in ("cur", "new")):
            raise AccountRefused(
                f"{folder} is no Maildir: it has no folder `cur` or `new`, or may not be read.",
                look_into(self._inbox),
            )

    def new(
        self,
        folder: Folder,
        cursor: Cursor | None,
        known: Iterable[str],
        since: datetime,
        were_read: WereRead | None = None,
    ) -> Iterator[Arrived]:
        """Whatever stands there and isn't known, oldest first, whatever `since` says."""
        place = self._inbox if folder is Folder.INBOX else self._sent()
        if place is None:
            return
        gone = set(known)
        for found in sorted(_files(place, frozenset(gone), gone)):
            read = _read(found.path, READ_AT_MOST)
            if read is not None:
                raw, size = read
                at = datetime.fromtimestamp(int(found.at), UTC)
                yield Arrived(folder, found.key, at, raw, size, None)
        self._gone[folder] = frozenset(gone)

    def position(self, folder: Folder) -> Cursor | None:
        """A Maildir has no cursor."""
        return None

    def gone(self, folder: Folder) -> frozenset[str]:
        """The known keys of files that were not there when `new` looked."""
        return self._gone.get(folder, frozenset())

    def find_sent(self, message_id: str, seqctl_id: str) -> datetime | None:
        """Look through the headers of the newest NEWEST_SENT mails in Sent."""
        place = self._sent()
        if place is None:
            return None
        newest = sorted(_files(place, frozenset()), reverse=True)[:NEWEST_SENT]
        same_step: _Found | None = None
        for found in newest:
            read = _read(found.path, _HEADERS_AT_MOST)
            headers = _headers(read[0]) if read else {}
            if headers.get("message-id") == message_id:
                return datetime.fromtimestamp(int(found.at), UTC)
            if same_step is None and headers.get("x-seqctl-id") == seqctl_id:
                same_step = found
        return datetime.fromtimestamp(int(same_step.at), UTC) if same_step else None

    def keep_sent(self, content: bytes, message_id: str, at: datetime) -> None:
        """Write a copy into Sent, read already, if there is such a folder. Raises AccountRefused."""
        place = self._sent()
        if place is None or self.find_sent(message_id, "") is not None:
            return
        name = f"{int(at.timestamp())}.{_name(message_id)}.seqctl"
        try:
            _write(place, name, content.replace(b"\r\n", b"\n"))
        except OSError as error:
            raise AccountRefused(
                f"No copy could be put into {place}: {error.strerror}.",
                look_at(place / "cur", error),
            ) from None

    def close(self) -> None:
        """Nothing is open."""

    def _sent(self) -> Path | None:
        """A sub-Maildir, or one beside the Maildir (as mbsync lays them out)."""
        beside = self._inbox.parent
        for parent in (self._inbox, self._inbox / "[Gmail]", beside, beside / "[Gmail]"):
            maildirs = {
                entry.name.lstrip("."): Path(entry.path)
                for entry in _entries(parent)
                if os.path.isdir(os.path.join(entry.path, "cur"))
            }
            name = sent_among(name for name in maildirs if maildirs[name] != self._inbox)
            if name is not None:
                return maildirs[name]
        return None


def _entries(folder: Path) -> list[os.DirEntry[str]]:
    """What lies in a folder; nothing if it isn't there (any more) or may not be read."""
    try:
        with os.scandir(folder) as entries:
            return list(entries)
    except OSError:
        return []


def _files(maildir: Path, known: frozenset[str], gone: set[str] | None = None) -> Iterator[_Found]:
    """The mails whose keys aren't known, each once: a file may move from `new` to `cur` meanwhile.

    Of `gone` only the keys are left that are not there.
    """
    seen: set[str] = set()
    for part in ("new", "cur"):
        for entry in _entries(maildir / part):
            key = entry.name.partition(":2,")[0]
            if gone:
                gone.discard(key)
            if key in known or key in seen or key.startswith("."):
                continue
            at = _arrived(entry)
            if at is not None:
                seen.add(key)
                yield _Found(at, key, entry.path)


def _arrived(entry: os.DirEntry[str]) -> float | None:
    """When the mail arrived: the seconds its name begins with, unless its time of change belies them.

    None if it has vanished, or is no file.
    """
    try:
        status = entry.stat(follow_symlinks=False)
    except OSError:
        return None
    if not stat.S_ISREG(status.st_mode):
        return None
    named = _SECONDS.match(entry.name)
    seconds = float(named[1]) if named else 0.0
    # A copied Maildir has later times of change, never much earlier ones.
    return seconds if _EARLIEST <= seconds <= status.st_mtime + _A_DAY else status.st_mtime


def _read(path: str, at_most: int) -> tuple[bytes, int] | None:
    """The beginning of a file and its size; None if it vanished (another will be seen) or is closed
    to us."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError:
        return None
    with os.fdopen(descriptor, "rb") as file:
        return file.read(at_most), os.fstat(descriptor).st_size


def _headers(raw: bytes) -> dict[str, str]:
    from email.parser import BytesHeaderParser

    parsed = BytesHeaderParser().parsebytes(raw)
    return {name.lower(): str(value).strip() for name, value in reversed(parsed.items())}


def _name(message_id: str) -> str:
    return re.sub(r"[^A-Za-z0-9.]", "-", message_id.strip("<>"))[:100]


def _write(maildir: Path, name: str, content: bytes) -> None:
    partial = maildir / "tmp" / name
    durable.make_folder(partial.parent)
    durable.write(partial, content)
    partial.replace(maildir / "cur" / f"{name}:2,S")
    durable.sync(maildir / "cur")
