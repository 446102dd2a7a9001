"""From a claimed mail to its bytes: its ids, its thread, its links to unsubscribe, its attachments."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

from seqctl.domain.errors import BadFile
from seqctl.domain.sending.message_ids import message_id, seqctl_id, unsubscribe_token
from seqctl.ports.mail import Attached, Outgoing

if TYPE_CHECKING:
    from seqctl.ports import Store
    from seqctl.ports.mail import PostOffice
    from seqctl.ports.outbox import Claim

UNSUBSCRIBE_URL = "unsubscribe_url"


class Composing:
    """Composes mails; what they have in common is read once."""

    def __init__(self, store: Store, office: PostOffice) -> None:
        self._store = store
        self._office = office
        self._secret = store.workspace.state().secret
        self._url = store.workspace.config().get(UNSUBSCRIBE_URL)
        self._contents: dict[str, bytes] = {}

    def content(self, claim: Claim) -> bytes:
        """The mail as bytes; the same mail always has the same."""
        return self._office.compose(self.outgoing(claim))

    def outgoing(self, claim: Claim) -> Outgoing:
        """The mail with all that it carries."""
        secret, sender = self._secret, claim.sender
        return Outgoing(
            id=claim.id,
            message_id=message_id(claim.id, secret, sender),
            seqctl_id=seqctl_id(claim.enrollment_id, claim.step, secret),
            sender_name=claim.sender_name,
            sender=sender,
            recipient=claim.recipient,
            subject=claim.subject,
            body=claim.body,
            markdown=claim.markdown,
            thread=tuple(message_id(id, secret, sender) for id in claim.thread),
            unsubscribe=unsubscribe_links(claim.id, sender, secret, self._url),
            attachments=tuple(self._attached(*each) for each in claim.attachments),
            at=claim.at,
        )

    def _attached(self, name: str, digest: str) -> Attached:
        if digest not in self._contents:
            self._contents |= self._store.sequences.contents([digest])
        if digest not in self._contents:
            raise BadFile(
                f"The attachment {name} is not in the workspace any more.", "seqctl doctor"
            )
        return Attached(name, self._contents[digest])


def unsubscribe_links(id: int, sender: str, secret: str, url: str | None) -> tuple[str, ...]:
    """Where the recipient of a mail says no: by mail with a signed token, and with one click where
    the workspace has an `unsubscribe_url` (RFC 2369, RFC 8058)."""
    token = unsubscribe_token(id, secret)
    by_mail = f"mailto:{quote(sender, safe='@')}?subject={quote(f'unsubscribe {token}')}"
    if not url:
        return (by_mail,)
    if "{token}" in url:
        return by_mail, url.replace("{token}", token)
    return by_mail, f"{url}{'&' if '?' in url else '?'}token={token}"
