"""Copies of captured mail in a Maildir: recorded with the mail, written after, settled last."""

from __future__ import annotations

from typing import TYPE_CHECKING

from seqctl.service.outgoing import Composing

if TYPE_CHECKING:
    from seqctl.ports import Store
    from seqctl.ports.mail import PostOffice
    from seqctl.ports.outbox import Claim, Copies

_BATCH = 500


def write_copies(store: Store, office: PostOffice, copies: Copies) -> int:
    """Write the copies that are still to be written; give their number.

    A crash in between writes a copy again, under the same name, which changes nothing.
    """
    composing, secret, number = Composing(store, office), store.workspace.state().secret, 0
    while batch := store.outbox.to_copy(_BATCH):
        for claim in batch:
            assert claim.copy_to is not None
            copies.write(claim.copy_to, _name(claim, secret), composing.content(claim))
        with store.writing():
            store.outbox.written(claim.id for claim in batch)
        number += len(batch)
    return number


def _name(claim: Claim, secret: str) -> str:
    """The name of a copy in its Maildir, made of its message's number."""
    return f"{int(claim.at.timestamp())}.M{claim.id}.seqctl-{secret[:12]}"
