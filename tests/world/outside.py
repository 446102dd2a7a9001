"""What lies outside of the program: the clock, mail servers with mailboxes, and what really went out."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from random import Random
from typing import NamedTuple

from seqctl.domain.reading.letters import Letter
from seqctl.domain.sending.accounts import Account
from seqctl.domain.sending.smtp_replies import Verdict
from seqctl.mail.office import Office
from seqctl.ports.mail import (
    AccountRefused,
    Arrived,
    Check,
    Cursor,
    Envelope,
    Folder,
    Handover,
    Outgoing,
    Unreachable,
    WereRead,
)

START = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)  # a Monday
SESSIONS = 4


@dataclass
class WorldClock:
    """The system's clock, which only the world moves."""

    time: datetime = START

    def now(self) -> datetime:
        return self.time


class Delivered(NamedTuple):
    """One mail that a server has taken."""

    at: datetime
    inbox: str
    recipient: str
    message_id: str
    seqctl_id: str


class Lying(NamedTuple):
    """A mail in a folder of a server."""

    uid: int
    at: datetime
    raw: bytes


@dataclass
class Lodging:
    """What a server keeps for one address: its folders, and how it behaves today."""

    reachable: bool = True
    refused: bool = False
    fills_sent: bool = False
    validity: int = 1
    next_uid: int = 1
    folders: dict[Folder, list[Lying]] = field(
        default_factory=lambda: {Folder.INBOX: [], Folder.SENT: []}
    )

    def put(self, folder: Folder, raw: bytes, at: datetime) -> None:
        """A mail comes to lie in a folder."""
        self.folders[folder].append(Lying(self.next_uid, at, raw))
        self.next_uid += 1

    def renumber(self) -> None:
        """The server numbers all its mails anew."""
        self.validity += 1
        for folder, mails in self.folders.items():
            self.folders[folder] = [mail._replace(uid=n) for n, mail in enumerate(mails, 1)]
        self.next_uid = max(map(len, self.folders.values())) + 1

    def move_away_and_back(self, chance: Random) -> None:
        """Somebody moves a mail into another folder, and back: it has another number now."""
        inbox = self.folders[Folder.INBOX]
        if inbox:
            mail = inbox.pop(chance.randrange(len(inbox)))
            self.put(Folder.INBOX, mail.raw, mail.at)


class Outside:
    """Everything outside: accounts by address, what was delivered, and what happens at a hand-over.

    `meanwhile` is called while mails are on the wire, `at_the_dot` with those whose final dot goes
    out now, and `delivered` tells the recipients.
    """

    def __init__(self, chance: Random, clock: WorldClock) -> None:
        self.chance = chance
        self.clock = clock
        self.accounts: dict[str, Lodging] = {}
        self.ledger: list[Delivered] = []
        self.healed = False
        self.meanwhile: Callable[[], None] = lambda: None
        self.at_the_dot: Callable[[list[int]], None] = lambda _: None
        self.took: Callable[[str], None] = lambda _: None
        self.delivered: Callable[[Delivered, bytes], None] = lambda _, __: None

    def account(self, address: str) -> Lodging:
        """The account of an address."""
        return self.accounts.setdefault(address, Lodging())

    def happens(self, of_a_hundred: int) -> bool:
        """Whether something that goes wrong so often does so now."""
        return not self.healed and self.chance.randrange(100) < of_a_hundred

    def take(self, envelope: Envelope) -> None:
        """A server takes a mail: from here on it can't be undone."""
        mail = message_from_bytes(envelope.content)
        known = Delivered(
            self.clock.time,
            envelope.sender,
            envelope.recipient,
            str(mail["Message-ID"]),
            str(mail["X-Seqctl-Id"]),
        )
        self.ledger.append(known)
        self.took(known.message_id)
        account = self.account(envelope.sender)
        if account.fills_sent:
            account.put(Folder.SENT, envelope.content, known.at)
        self.delivered(known, envelope.content)


class WorldCourier:
    """Implements `ports.mail.Courier`."""

    sessions = SESSIONS

    def __init__(self, outside: Outside) -> None:
        self._outside = outside
        self._begun: dict[int, Envelope] = {}

    def begin(self, envelopes: Sequence[Envelope]) -> list[Handover]:
        self._begun = {envelope.id: envelope for envelope in envelopes}
        refused = [
            Handover(envelope.id, verdict, words)
            for envelope in envelopes
            for verdict, words in self._refusal()
        ]
        for handover in refused:
            del self._begun[handover.id]
        self._outside.meanwhile()
        return refused

    def _refusal(self) -> Iterator[tuple[Verdict, str]]:
        happens = self._outside.happens
        if happens(4):
            yield Verdict.TRY_LATER, "451 4.7.1 greylisted"
        elif happens(2):
            yield Verdict.BAD_RECIPIENT, "550 5.1.1 no such user"
        elif happens(1):
            yield Verdict.REFUSED, "554 5.6.0 not this one"

    def drop(self, ids: Iterable[int]) -> None:
        for id in ids:
            self._begun.pop(id, None)

    def finish(self) -> list[Handover]:
        self._outside.at_the_dot(sorted(self._begun))
        answers = [self._dot(envelope) for envelope in self._begun.values()]
        self._begun = {}
        return answers

    def _dot(self, envelope: Envelope) -> Handover:
        happens = self._outside.happens
        if happens(3):
            return Handover(envelope.id, Verdict.UNKNOWN, "the connection broke")
        if happens(2):
            return Handover(envelope.id, Verdict.TRY_LATER, "452 4.3.1 no room")
        if happens(1):
            return Handover(envelope.id, Verdict.ACCOUNT, "550 5.4.5 quota")
        self._outside.take(envelope)
        if happens(4):
            return Handover(envelope.id, Verdict.UNKNOWN, "no answer came")
        return Handover(envelope.id, Verdict.ACCEPTED, "250 2.0.0 taken")

    def close(self) -> None:
        self._begun = {}


class WorldMailbox:
    """Implements `ports.mail.Mailbox`."""

    def __init__(self, account: Lodging) -> None:
        self._account = account
        self._read: dict[Folder, Cursor] = {}

    def new(
        self,
        folder: Folder,
        cursor: Cursor | None,
        known: Iterable[str],
        since: datetime,
        were_read: WereRead | None = None,
    ) -> Iterator[Arrived]:
        del known, were_read  # what was read before may always be found again
        account = self._account
        same = cursor is not None and cursor.validity == account.validity
        last = cursor.last_uid if cursor is not None and same else 0
        for mail in sorted(account.folders[folder]):
            if mail.uid > last and (same or mail.at >= since - timedelta(days=1)):
                here = Cursor(account.validity, mail.uid)
                yield Arrived(folder, str(mail.uid), mail.at, mail.raw, len(mail.raw), here)
        self._read[folder] = Cursor(account.validity, account.next_uid - 1)

    def position(self, folder: Folder) -> Cursor | None:
        return self._read.get(folder)

    def gone(self, folder: Folder) -> frozenset[str]:
        del folder
        return frozenset()

    def find_sent(self, message_id: str, seqctl_id: str) -> datetime | None:
        sent = [(mail.at, message_from_bytes(mail.raw)) for mail in self._sent]
        for head, wanted in (("Message-ID", message_id), ("X-Seqctl-Id", seqctl_id)):
            for at, mail in sent:
                if mail[head] == wanted:
                    return at
        return None

    def keep_sent(self, content: bytes, message_id: str, at: datetime) -> None:
        known = (message_from_bytes(mail.raw)["Message-ID"] for mail in self._sent)
        if message_id not in known:
            self._account.put(Folder.SENT, content, at)

    @property
    def _sent(self) -> list[Lying]:
        return self._account.folders[Folder.SENT]

    def close(self) -> None:
        self._read = {}


class WorldOffice:
    """Implements `ports.mail.PostOffice`; mails are composed and read by the program's own parts."""

    def __init__(self, outside: Outside) -> None:
        self._outside = outside
        self._own = Office()

    def courier(self, account: Account, sessions: int = 4) -> WorldCourier:
        del sessions
        assert account.smtp is not None
        self._known(account.smtp.user)
        return WorldCourier(self._outside)

    def mailbox(self, account: Account) -> WorldMailbox:
        assert account.imap is not None
        return WorldMailbox(self._known(account.imap.user))

    def _known(self, address: str) -> Lodging:
        account = self._outside.account(address)
        if not account.reachable:
            raise Unreachable("mail.acme.test:465 did not answer in time.")
        if account.refused:
            raise AccountRefused("The server refuses the password.", "seqctl inbox test")
        return account

    def compose(self, mail: Outgoing) -> bytes:
        return self._own.compose(mail)

    def read(self, raw: bytes) -> Letter:
        return self._own.read(raw)

    def inspect(self, account: Account) -> Mapping[str, Check]:
        del account
        return {}
