"""`inbox sync`: read what is new in mailboxes; the tick does it before it sends."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import datetime
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple

from seqctl.domain.model import Inbox
from seqctl.domain.reading.letters import Kind
from seqctl.ports.mail import AccountRefused, Folder, Unreachable
from seqctl.service.plans import Plans
from seqctl.service.reading.receiving import Receiving
from seqctl.service.reading.rereading import in_this_place

if TYPE_CHECKING:
    from seqctl.domain.reading.letters import Letter
    from seqctl.ports import Store
    from seqctl.ports.mail import Arrived, Cursor, Mailbox, PostOffice
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
        cursor = store.received.cursor(inbox.id, folder)
        for batch in _batches(_new(store, inbox, mailbox, folder, cursor)):
            letters = [office.read(arrived.raw) for arrived in batch]
            received += _record(store, plans, now, inbox, batch, letters)
        _remember_position(store, inbox, mailbox, folder, cursor)
    told = [mail for mail in received if mail.folder == Folder.INBOX or mail.counted]
    kinds = Counter(mail.kind.value for mail in told)
    return Synced(
        inbox,
        len(told),
        sum(mail.counted for mail in told),
        sum(len(mail.ended) for mail in told),
        {kind.value: kinds[kind.value] for kind in Kind if kinds[kind.value]},
    )


def _new(
    store: Store, inbox: Inbox, mailbox: Mailbox, folder: Folder, cursor: Cursor | None
) -> Iterator[Arrived]:
    known = store.received.known_keys(inbox.id, folder) if inbox.account.maildir else ()
    since = inbox.since
    if since is None:  # a damaged row: all that ever stood there would be read
        raise AccountRefused(
            "From when on its mailbox is read is not known.",
            f"seqctl inbox connect {inbox.address}",
        )

    def were_read(identities: Iterable[str]) -> set[str]:
        return store.received.were_read(inbox.id, folder, identities)

    return mailbox.new(folder, cursor, known, since, were_read)


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
        else:
            keys = (arrived.key for arrived in batch)
            store.received.know_keys(inbox.id, last.folder, keys)
    return fresh


def _was_read(store: Store, inbox: Inbox, arrived: Arrived, letter: Letter) -> bool:
    """Whether it was read before, by whatever number or name, or by another command meanwhile."""
    readings = store.received.readings(letter.identity)
    if in_this_place(readings, inbox.id, arrived.folder):
        return True
    id = store.received.recognise(arrived, letter.sender, letter.subject, inbox.id)
    if id is not None:
        store.received.name(id, letter.identity)
    return id is not None


def _aliases(store: Store, senders: set[str]) -> dict[str, int]:
    unknown = senders - store.contacts.find(senders).keys()
    return store.received.aliases(unknown) if unknown else {}


def _remember_position(
    store: Store, inbox: Inbox, mailbox: Mailbox, folder: Folder, before: Cursor | None
) -> None:
    """Old mails that were passed over are never searched again."""
    position = mailbox.position(folder)
    if position is not None and position != before:
        with store.writing():
            store.received.put_cursor(inbox.id, folder, position)
    gone = mailbox.gone(folder)
    if gone:
        with store.writing():
            store.received.forget_keys(inbox.id, folder, gone)
