"""Copies of captured mail as a Maildir that any mail program opens."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path


class MaildirCopies:
    """Implements `ports.outbox.Copies`."""

    def write(self, folder: str, name: str, content: bytes) -> None:
        """Write a copy into `new`, unless it is there or a mail program has moved it to `cur`."""
        maildir = Path(folder).expanduser()
        for part in ("tmp", "new", "cur"):
            (maildir / part).mkdir(parents=True, exist_ok=True)
        if (maildir / "new" / name).exists() or any((maildir / "cur").glob(f"{name}*")):
            return
        partial = maildir / "tmp" / name
        try:
            with partial.open("wb") as file:
                file.write(content.replace(b"\r\n", b"\n"))
                file.flush()
                os.fsync(file.fileno())
            partial.replace(maildir / "new" / name)
        except OSError:
            with suppress(OSError):
                partial.unlink()
            raise
