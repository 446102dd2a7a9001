"""Copies of captured mail as a Maildir that any mail program opens."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from seqctl.domain.message_ids import message_id
from seqctl.mail.compose import compose
from seqctl.ports.mail import Outgoing

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
            file.write(compose(_outgoing(copy)).replace(b"\r\n", b"\n"))
            file.flush()
            os.fsync(file.fileno())
        partial.replace(folder / "new" / name)


def _outgoing(copy: Copy) -> Outgoing:
    """The mail as it would have gone out, with its Message-ID and its place in its thread."""
    earlier = () if copy.answers is None else (copy.answers,)
    return Outgoing(
        id=copy.id,
        message_id=message_id(copy.id, copy.secret, copy.sender),
        seqctl_id=str(copy.id),
        sender_name=copy.sender_name,
        sender=copy.sender,
        recipient=copy.recipient,
        subject=copy.subject,
        body=copy.body,
        markdown=False,
        thread=tuple(message_id(id, copy.secret, copy.sender) for id in earlier),
        unsubscribe=(),
        attachments=(),
        at=copy.at,
    )
