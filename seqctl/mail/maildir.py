"""Copies of captured mail as a Maildir that any mail program opens."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from seqctl.mail.compose import compose

if TYPE_CHECKING:
    from seqctl.ports.outbox import Copy


class MaildirCopies:
    """Implements `ports.outbox.Copies`. A copy's name is made of its message's number."""

    def write(self, copy: Copy) -> None:
        """Write a copy into `new`, unless it is there or a mail program has moved it to `cur`."""
        folder = Path(copy.folder).expanduser()
        for part in ("tmp", "new", "cur"):
            (folder / part).mkdir(parents=True, exist_ok=True)
        name = f"{int(copy.at.timestamp())}.M{copy.id}.seqctl-{copy.secret[:12]}"
        if (folder / "new" / name).exists() or any((folder / "cur").glob(f"{name}*")):
            return
        partial = folder / "tmp" / name
        with partial.open("wb") as file:
            file.write(compose(copy))
            file.flush()
            os.fsync(file.fileno())
        partial.replace(folder / "new" / name)
