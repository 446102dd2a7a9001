"""Copies of captured mail as a Maildir that any mail program opens."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from seqctl import durable


class MaildirCopies:
    """Implements `ports.outbox.Copies`."""

    def __init__(self) -> None:
        self._not_synced: set[Path] = set()

    def write(self, folder: str, name: str, content: bytes) -> None:
        """Write a copy into `new`, unless it is there or a mail program has moved it to `cur`."""
        maildir = Path(folder).expanduser()
        for part in ("tmp", "new", "cur"):
            durable.make_folder(maildir / part)
        self._not_synced.add(maildir / "new")
        if (maildir / "new" / name).exists() or any((maildir / "cur").glob(f"{name}*")):
            return
        partial = maildir / "tmp" / name
        try:
            durable.write(partial, content.replace(b"\r\n", b"\n"))
            partial.replace(maildir / "new" / name)
        except OSError:
            with suppress(OSError):
                partial.unlink()
            raise

    def sync(self) -> None:
        """Sync the folders written to since the last time."""
        folders, self._not_synced = self._not_synced, set()
        for folder in folders:
            durable.sync(folder)
