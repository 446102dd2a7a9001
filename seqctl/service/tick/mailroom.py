"""Real mail within a tick: mailboxes are read first, then what is due is handed over, then copied to Sent.

An inbox that can't be read or is refused stops for this tick, with its sentence; it harms nobody else.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple

from seqctl.domain.model import Change, Inbox, MailStatus
from seqctl.domain.sending.message_ids import message_id, seqctl_id
from seqctl.ports.mail import AccountRefused, Unreachable
from seqctl.service.reading.syncing import read_mailbox
from seqctl.service.sending.outgoing import Composing
from seqctl.service.sending.placing_anew import place_anew
from seqctl.service.tick.delivering import Delivery, Find, look_before_sending, look_for, take_back

if TYPE_CHECKING:
    from seqctl.ports import Clock, Store
    from seqctl.ports.mail import Mailbox, PostOffice
    from seqctl.ports.outbox import Sent
    from seqctl.service.plans import Plans

_COPIES_AT_ONCE = 20
_FRESH = timedelta(minutes=5)
"""So long what was read of the mailboxes is good enough to send by."""


class Trouble(NamedTuple):
    """Why an inbox does not send in this tick, and what to do about it."""

    inbox: str
    message: str
    hint: str = ""


class Mailroom:
    """The mail of one tick. `now` is the stored clock of a simulated workspace, else None."""

    def __init__(
        self, store: Store, clock: Clock, office: PostOffice, plans: Plans, now: datetime | None
    ) -> None:
        self._store = store
        self._clock = clock
        self._office = office
        self._plans = plans
        self._simulated_now = now
        self.troubles: list[Trouble] = []
        self.changes: list[Change] = []
        self.ended_by_mail = 0
        self._stopped: set[int] = set()
        self._read_at = clock.now()

    def prepare(self) -> None:
        """Read every mailbox, settle what an interrupted tick left, and let go on what waited."""
        for inbox in self._store.people.inboxes():  # also those that send no longer
            self.changes += take_back(self._store, self._clock, self._plans, inbox)
        self._read_at = self._clock.now()
        for inbox in self._inboxes():
            try:
                self._read_and_look(inbox)
            except (Unreachable, AccountRefused) as error:
                self._stop(inbox, error)

    def deliver(self) -> bool:
        """Hand over what is queued; whether anything was."""
        worked = False
        for inbox in self._inboxes():
            if not inbox.account.sends or inbox.id in self._stopped:
                continue
            try:
                self._look_before_sending(inbox)
            except (Unreachable, AccountRefused) as error:
                self._stop(inbox, error)
                continue
            delivery = Delivery(
                self._store, self._clock, self._office, self._plans, inbox, self._read_again
            )
            try:
                worked |= delivery.run()
            finally:  # what went out before a Ctrl-C is counted
                self.changes += delivery.changes
            if delivery.trouble is not None:
                self._stop(inbox, delivery.trouble)
            elif delivery.outage is not None:
                # Its mails are tried again by themselves; the person is told all the same.
                self.troubles.append(Trouble(inbox.address, str(delivery.outage)))
        return worked

    def finish(self) -> None:
        """Look once more for what may have gone out, and put the copies into Sent."""
        for inbox in self._inboxes():
            if not inbox.account.sends or not self._has_to_look(inbox):
                continue
            try:
                self._look_and_copy(inbox)
            except (Unreachable, AccountRefused) as error:
                # The next tick looks and copies: nothing is lost, and the mails went out.
                self.troubles.append(Trouble(inbox.address, f"{error} Sent was not reached."))

    # --- reading --------------------------------------------------------------------------------

    def _read_and_look(self, inbox: Inbox) -> None:
        account = inbox.account
        if account.reads:
            mailbox = self._office.mailbox(account)
            try:
                self._read(inbox, mailbox)
                self._look(inbox, mailbox)
            finally:
                mailbox.close()
        else:
            self._look(inbox, None)
        if inbox.trouble is not None:
            self._try_again(inbox)

    def _read(self, inbox: Inbox, mailbox: Mailbox) -> None:
        now = self._simulated_now or self._clock.now()
        synced = read_mailbox(self._store, self._office, self._plans, now, inbox, mailbox)
        self.ended_by_mail += synced.ended

    def _read_again(self) -> None:
        """In a long tick: who answered meanwhile gets nothing more (rules, "Asked again at the door")."""
        if self._clock.now() - self._read_at <= _FRESH:
            return
        self._read_at = self._clock.now()
        for inbox in self._inboxes():
            if inbox.account.reads and inbox.id not in self._stopped:
                try:
                    self._open_and_read(inbox)
                except (Unreachable, AccountRefused) as error:
                    self._stop(inbox, error)

    def _open_and_read(self, inbox: Inbox) -> None:
        mailbox = self._office.mailbox(inbox.account)
        try:
            self._read(inbox, mailbox)
        finally:
            mailbox.close()

    def _look(self, inbox: Inbox, mailbox: Mailbox | None) -> None:
        find = None if mailbox is None else self._finder(inbox, mailbox)
        self.changes += look_for(self._store, self._clock, self._plans, inbox, find)

    def _look_before_sending(self, inbox: Inbox) -> None:
        """In a restored workspace a mail may have gone out of which it knows nothing."""
        restored_at = self._store.workspace.state().restored_at
        if restored_at is None or not inbox.account.reads:
            return
        if not self._store.outbox.unsettled(inbox.id, MailStatus.QUEUED):
            return
        mailbox = self._office.mailbox(inbox.account)
        try:
            find = self._finder(inbox, mailbox)
            self.changes += look_before_sending(
                self._store, self._clock, self._plans, inbox, restored_at, find
            )
        finally:
            mailbox.close()

    def _finder(self, inbox: Inbox, mailbox: Mailbox) -> Find:
        secret = self._store.workspace.state().secret

        def find(mail: Sent) -> datetime | None:
            return mailbox.find_sent(
                message_id(mail.id, secret, inbox.address),
                seqctl_id(mail.enrollment.id, mail.step, secret),
            )

        return find

    # --- trouble --------------------------------------------------------------------------------

    def _stop(self, inbox: Inbox, error: Exception) -> None:
        self._stopped.add(inbox.id)
        self.troubles.append(Trouble(inbox.address, str(error), getattr(error, "hint", "")))
        if inbox.trouble != str(error):
            with self._store.writing():
                self._store.people.trouble_inbox(inbox.id, str(error))

    def _try_again(self, inbox: Inbox) -> None:
        """It is read again; where it is reached for sending too, what waited is placed anew."""
        if inbox.account.sends:
            self._office.courier(inbox.account, 1).close()
        with self._store.writing():
            self._store.people.trouble_inbox(inbox.id, None)
            now = max(self._now(), self._store.history.last_at() or self._now())
            self.changes += place_anew(self._store, inbox, None, now, "can send again")

    # --- copies ---------------------------------------------------------------------------------

    def _has_to_look(self, inbox: Inbox) -> bool:
        outbox = self._store.outbox
        return bool(
            outbox.unsettled(inbox.id, MailStatus.SENDING)
            or (inbox.account.reads and outbox.to_keep(inbox.id, 1))
        )

    def _look_and_copy(self, inbox: Inbox) -> None:
        if not inbox.account.reads:
            self._look(inbox, None)
            return
        mailbox = self._office.mailbox(inbox.account)
        try:
            self._look(inbox, mailbox)
            self._copy(inbox, mailbox)
        finally:
            mailbox.close()

    def _copy(self, inbox: Inbox, mailbox: Mailbox) -> None:
        composing = Composing(self._store, self._office)
        while claims := self._store.outbox.to_keep(inbox.id, _COPIES_AT_ONCE):
            for claim in claims:
                outgoing = composing.outgoing(claim)
                content = self._office.compose(outgoing)
                mailbox.keep_sent(content, outgoing.message_id, claim.at)
            with self._store.writing():
                self._store.outbox.written(claim.id for claim in claims)

    def _inboxes(self) -> list[Inbox]:
        return [
            inbox
            for inbox in self._store.people.inboxes()
            if inbox.connected and (inbox.account.sends or inbox.account.reads)
        ]

    def _now(self) -> datetime:
        return self._simulated_now or self._clock.now()
