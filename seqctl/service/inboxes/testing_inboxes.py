"""`inbox test`: a mail from an inbox to itself, and what becomes of it on its way."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

from seqctl.domain.errors import Refused
from seqctl.ports.mail import (
    AccountRefused,
    Check,
    Envelope,
    Folder,
    Outgoing,
    Unreachable,
    Verdict,
)
from seqctl.service.halting import refuse_stopped
from seqctl.service.inboxes.inboxes import inbox_named, refuse_foreign_inbox

if TYPE_CHECKING:
    from seqctl.domain.model import Inbox, User
    from seqctl.ports import Store
    from seqctl.ports.mail import Cursor, Mailbox, PostOffice

_SUBJECT = "A test of your inbox by seqctl"
_BODY = """\
seqctl sent this mail from your inbox to itself, to see whether it comes back as it went out.
You may delete it. Nobody else got it.
"""


def inbox_to_test(store: Store, user: User, address: str) -> Inbox:
    """The user's inbox of this address, if it really sends.

    Raises NotFound, Busy in a halted workspace, and Refused in a backup, for an inbox of another user,
    for one that keeps its mail in the workspace, and for one that is not connected.
    """
    refuse_stopped(store)
    inbox = inbox_named(store, address)
    refuse_foreign_inbox(store, inbox, user)
    if not inbox.account.sends:
        raise Refused(
            f"{inbox.address} keeps its mail in the workspace: there is nothing to test.",
            "seqctl mail list",
            code="NOTHING_TO_TEST",
        )
    if not inbox.connected:
        raise Refused(
            f"{inbox.address} is not connected.",
            f"seqctl inbox connect {inbox.address}",
            code="INBOX_DISCONNECTED",
        )
    return inbox


def test_inbox(
    store: Store,
    office: PostOffice,
    inbox: Inbox,
    user: User,
    now: datetime,
    wait: Callable[[], bool],
) -> list[Check]:
    """Look at the servers of an inbox, send a mail to itself, read it back; one check each.

    `wait` lets some time pass between two looks; False: it was long enough. Whether the server keeps a
    copy in Sent by itself is remembered. It ends with the first check that makes the others useless.
    """
    checks = list(office.inspect(inbox.account).values())
    if all(check.well for check in checks):
        checks += _Trial(store, office, inbox, user, now).run(wait)
    return checks


class _Trial:
    """One test mail on its way."""

    def __init__(
        self, store: Store, office: PostOffice, inbox: Inbox, user: User, now: datetime
    ) -> None:
        from secrets import token_hex

        self._store = store
        self._office = office
        self._inbox = inbox
        self._now = now
        token = token_hex(16)
        self._mail = Outgoing(
            id=0,
            message_id=f"<test.{token}@{inbox.address.rpartition('@')[2]}>",
            seqctl_id=f"test-{token}",
            sender_name=user.full_name,
            sender=inbox.address,
            recipient=inbox.address,
            subject=_SUBJECT,
            body=_BODY,
            markdown=False,
            thread=(),
            unsubscribe=(),
            attachments=(),
            at=now,
        )

    def run(self, wait: Callable[[], bool]) -> Iterator[Check]:
        """Send the mail and look for it; one check after the other."""
        try:
            if not self._inbox.account.reads:
                yield self._sent()
                yield Check("reading", True, "not asked for: nobody sees who has answered")
                return
            mailbox = self._office.mailbox(self._inbox.account)
            try:
                yield from self._there_and_back(mailbox, wait)
            finally:
                mailbox.close()
        except (Unreachable, AccountRefused) as error:
            hint = getattr(error, "hint", "")
            yield Check("connection", False, f"{error} {hint}".strip())

    def _there_and_back(self, mailbox: Mailbox, wait: Callable[[], bool]) -> Iterator[Check]:
        known, cursor = self._standing(mailbox)
        sent = self._sent()
        yield sent
        if not sent.well:
            return
        yield self._came_back(mailbox, known, cursor, wait)
        yield self._kept_in_sent(mailbox)

    def _standing(self, mailbox: Mailbox) -> tuple[set[str], Cursor | None]:
        """What is in the inbox folder already: the keys of a Maildir, or the end of the folder."""
        received, inbox = self._store.received, self._inbox
        known = set(received.known_keys(inbox.id, Folder.INBOX) if inbox.account.maildir else ())
        cursor = received.cursor(inbox.id, Folder.INBOX)
        known |= {a.key for a in mailbox.new(Folder.INBOX, cursor, frozenset(known), self._now)}
        return known, mailbox.position(Folder.INBOX)

    def _sent(self) -> Check:
        courier = self._office.courier(self._inbox.account, 1)
        try:
            content = self._office.compose(self._mail)
            address = self._inbox.address
            answers = courier.begin([Envelope(self._mail.id, address, address, content)])
            (answer,) = answers or courier.finish()
        finally:
            courier.close()
        words = answer.words or answer.verdict.value
        return Check("sending", answer.verdict is Verdict.ACCEPTED, words)

    def _came_back(
        self, mailbox: Mailbox, known: set[str], cursor: Cursor | None, wait: Callable[[], bool]
    ) -> Check:
        while True:
            for arrived in mailbox.new(Folder.INBOX, cursor, frozenset(known), self._now):
                known.add(arrived.key)
                cursor = arrived.cursor or cursor
                letter = self._office.read(arrived.raw)
                if letter.message_id == self._mail.message_id:
                    return Check("coming back", True, "it arrived, with its Message-ID as it was")
                if letter.seqctl_id == self._mail.seqctl_id:
                    return Check(
                        "coming back",
                        True,
                        f"it arrived, but the server gave it another Message-ID "
                        f"({letter.message_id or 'none'}): answers are known by X-Seqctl-Id "
                        "and by their sender",
                    )
            if not wait():
                return Check(
                    "coming back",
                    False,
                    "it was taken, but did not arrive in time: look for it in the mailbox, and "
                    "in its spam folder",
                )

    def _kept_in_sent(self, mailbox: Mailbox) -> Check:
        found = mailbox.find_sent(self._mail.message_id, self._mail.seqctl_id) is not None
        account = self._inbox.account._replace(fills_sent=found)
        if account != self._inbox.account:
            with self._store.writing():
                self._store.people.connect_inbox(replace(self._inbox, account=account))
                self._store.people.trouble_inbox(self._inbox.id, self._inbox.trouble)
        by = "the server keeps a copy by itself" if found else "seqctl puts a copy there"
        return Check("folder Sent", True, by)
