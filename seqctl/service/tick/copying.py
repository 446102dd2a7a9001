"""Copies of captured mail in a Maildir: recorded with the mail, written after, settled last."""

from __future__ import annotations

from typing import TYPE_CHECKING

from seqctl.domain.errors import SeqctlError
from seqctl.places import look_at
from seqctl.service.sending.outgoing import Composing
from seqctl.service.tick.mailroom import Trouble

if TYPE_CHECKING:
    from seqctl.domain.model import Inbox
    from seqctl.ports import Store
    from seqctl.ports.mail import PostOffice
    from seqctl.ports.outbox import Claim, Copies

_BATCH = 500


def write_copies(store: Store, office: PostOffice, copies: Copies) -> list[Trouble]:
    """Write the copies that are still to be written; why some of them could not be.

    What is left is written by a later tick. A crash in between writes a copy again, under the same
    name, which changes nothing.
    """
    waiting = store.outbox.copies()
    composing = Composing(store, office) if waiting else None
    troubles: list[Trouble] = []
    for inbox in store.people.inboxes():
        if composing is None or inbox.id not in waiting:
            continue
        why, hint = _write(store, composing, copies, inbox)
        if why:
            left = store.outbox.copies().get(inbox.id, 0)
            sentence = f"{copies_wait(left)} to be copied to {inbox.capture_to}: {why}"
            troubles.append(Trouble(inbox.address, sentence, hint))
    return troubles


def copies_wait(number: int) -> str:
    """How many mails wait for their copy, in words."""
    return "1 mail waits" if number == 1 else f"{number} mails wait"


def _write(store: Store, composing: Composing, copies: Copies, inbox: Inbox) -> tuple[str, str]:
    """Write an inbox's copies; why not all of them could be written, or nothing, and what to type."""
    secret, why, last = store.workspace.state().secret, "", 0
    place = inbox.capture_to or "."
    while batch := store.outbox.to_copy(inbox.id, _BATCH, after=last):
        done: list[int] = []
        try:
            try:
                for claim in batch:
                    why = _write_one(composing, copies, claim, secret, done) or why
            finally:
                copies.sync()  # where this fails none of them is noted: they are written again
                with store.writing():
                    store.outbox.written(done)
        except OSError as error:
            return f"{error.strerror or error}.", look_at(place, error)
        last = batch[-1].id
    return why, look_at(place)


def _write_one(
    composing: Composing, copies: Copies, claim: Claim, secret: str, done: list[int]
) -> str:
    """Write a copy; why it can't be composed, which stops no other one."""
    try:
        content = composing.content(claim)
    except SeqctlError as error:
        return error.message
    assert claim.copy_to is not None
    copies.write(claim.copy_to, _name(claim, secret), content)
    done.append(claim.id)
    return ""


def _name(claim: Claim, secret: str) -> str:
    """The name of a copy in its Maildir, made of its message's number."""
    return f"{int(claim.at.timestamp())}.M{claim.id}.seqctl-{secret[:12]}"
