"""`inbox sync`: read what is new in mailboxes; the tick does it before it sends."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import datetime
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple

from seqctl.domain.letters import Kind
from seqctl.domain.model import Inbox
from seqctl.ports.mail import AccountRefused, Folder, Unreachable
from seqctl.service.planning import Plans
from seqctl.service.receiving import Receiving

if TYPE_CHECKING:
    from seqctl.domain.letters import Letter
    from seqctl.ports import Store
    from seqctl.ports.mail import Arrived, Mailbox, PostOffice
    from seqctl.ports.received import Received

_AT_ONCE = 50


class Synced(NamedTuple):
    """What was read from one inbox; `trouble` is why it could not be read to its end."""

    inbox: Inbox
    read: int
    counted: int
    ended: int
    kinds: dict[str, int]
    trouble: str | None = None
    hint: str = ""


def sync(store: Store, office: PostOffice, now: datetime, inboxes: Iterable[Inbox]) -> list[Synced]:
    """Read what is new in these inboxes; one that can't be read does not stop the others."""
    plans = Plans(store)
    return [_sync_one(store, office, plans, now, inbox) for inbox in inboxes]


def _sync_one(
    store: Store, office: PostOffice, plans: Plans, now: datetime, inbox: Inbox
) -> Synced:
    try:
        mailbox = office.mailbox(inbox.account)
        try:
            return read_mailbox(store, office, plans, now, inbox, mailbox)
        finally:
            mailbox.close()
    except (Unreachable, AccountRefused) as error:
        return Synced(inbox, 0, 0, 0, {}, str(error), getattr(error, "hint", ""))


def read_mailbox(
    store: Store,
    office: PostOffice,
    plans: Plans,
    now: datetime,
    inbox: Inbox,
    mailbox: Mailbox,
) -> Synced:
    """Read what is new in a connected mailbox: first Sent, which settles what went out.

    Raises Unreachable where the connection breaks; what was read till then is kept.
    """
    received: list[Received] = []
    for folder in (Folder.SENT, Folder.INBOX):
        for batch in _batches(_new(store, inbox, mailbox, folder)):
            letters = [office.read(arrived.raw) for arrived in batch]
            received += _record(store, plans, now, inbox, batch, letters)
        _remember_position(store, inbox, mailbox, folder)
    told = [mail for mail in received if mail.folder == Folder.INBOX or mail.counted]
    kinds = Counter(mail.kind.value for mail in told)
    return Synced(
        inbox,
        len(told),
        sum(mail.counted for mail in told),
        sum(len(mail.ended) for mail in told),
        {kind.value: kinds[kind.value] for kind in Kind if kinds[kind.value]},
    )


def _new(store: Store, inbox: Inbox, mailbox: Mailbox, folder: Folder) -> Iterator[Arrived]:
    known = store.received.known_keys(inbox.id, folder) if inbox.account.maildir else ()
    cursor = store.received.cursor(inbox.id, folder)
    assert inbox.since is not None
    return mailbox.new(folder, cursor, known, inbox.since)


def _batches(arrived: Iterator[Arrived]) -> Iterator[list[Arrived]]:
    while batch := list(islice(arrived, _AT_ONCE)):
        yield batch


def _record(
    store: Store,
    plans: Plans,
    now: datetime,
    inbox: Inbox,
    batch: list[Arrived],
    letters: list[Letter],
) -> list[Received]:
    """The events of these mails, and the cursor behind them, in one transaction."""
    with store.writing():
        now = max(now, store.history.last_at() or now)
        aliases = _aliases(store, {letter.sender for letter in letters})
        receiving = Receiving(store, plans, inbox, now, aliases)
        fresh = [
            receiving.take(arrived, letter)
            for arrived, letter in zip(batch, letters, strict=True)
            if not _was_read(store, inbox, arrived, letter)
        ]
        last = batch[-1]
        if last.cursor is not None:
            store.received.move_cursor(inbox.id, last.folder, last.cursor)
    return fresh


def _was_read(store: Store, inbox: Inbox, arrived: Arrived, letter: Letter) -> bool:
    """Whether it was read before: by another command meanwhile, or under another number of a server
    that has numbered its mails anew."""
    received, folder = store.received, arrived.folder
    if arrived.cursor is None:
        return received.has_key(inbox.id, folder, arrived.key)
    known = received.cursor(inbox.id, folder)
    if known is None:
        return False
    if known.validity == arrived.cursor.validity:
        return int(arrived.key) <= known.last_uid
    return letter.message_id is not None and received.was_read(inbox.id, folder, letter.message_id)


def _aliases(store: Store, senders: set[str]) -> dict[str, int]:
    unknown = senders - store.contacts.find(senders).keys()
    return store.received.aliases(unknown) if unknown else {}


def _remember_position(store: Store, inbox: Inbox, mailbox: Mailbox, folder: Folder) -> None:
    """Old mails that were passed over are never searched again."""
    position = mailbox.position(folder)
    if position is not None and position != store.received.cursor(inbox.id, folder):
        with store.writing():
            store.received.move_cursor(inbox.id, folder, position)
