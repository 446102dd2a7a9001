"""A captured mail as bytes (RFC 5322)."""

from __future__ import annotations

from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import EmailPolicy
from email.utils import format_datetime
from typing import TYPE_CHECKING

from seqctl.domain.message_ids import message_id

if TYPE_CHECKING:
    from seqctl.ports.outbox import Copy

POLICY = EmailPolicy(linesep="\n", cte_type="7bit", max_line_length=78)


def compose(copy: Copy) -> bytes:
    """The mail as it would have gone out, with its Message-ID and its place in its thread."""
    message = EmailMessage(policy=POLICY)
    message["From"] = Address(copy.sender_name, addr_spec=copy.sender)
    message["To"] = Address(addr_spec=copy.recipient)
    message["Date"] = format_datetime(copy.at)
    message["Subject"] = copy.subject
    message["Message-ID"] = message_id(copy.id, copy.secret, copy.sender)
    if copy.answers is not None:
        earlier = message_id(copy.answers, copy.secret, copy.sender)
        message["In-Reply-To"] = earlier
        message["References"] = earlier
    message["X-Seqctl-Id"] = str(copy.id)
    message.set_content(copy.body)
    return message.as_bytes()
