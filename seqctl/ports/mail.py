"""Mail over the network, as the verbs see it: a courier hands over, a mailbox is read."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple, Protocol

from seqctl.domain.reading.letters import Letter
from seqctl.domain.sending.accounts import Account
from seqctl.domain.sending.smtp_replies import Verdict as Verdict


class Unreachable(Exception):
    """A server can't be spoken to now (no connection, no answer, 4xx); `str()` is one sentence."""


class AccountRefused(Exception):
    """The account is refused, or can't be used safely: password, quota, certificate, no STARTTLS,
    a secret that can't be had. `str()` is one sentence; `hint` is what to do about it."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint


# --- sending ------------------------------------------------------------------------------------


class Attached(NamedTuple):
    """A file that goes with a mail."""

    name: str
    content: bytes


class Outgoing(NamedTuple):
    """One mail, ready to be composed; the same one always gives the same bytes.

    `thread` are the Message-IDs of the earlier mails of its thread, oldest first. `unsubscribe` are
    the URLs of List-Unsubscribe (`mailto:…`, `https://…`), in that order. `at` is its Date.
    """

    id: int
    message_id: str
    seqctl_id: str
    sender_name: str
    sender: str
    recipient: str
    subject: str
    body: str
    markdown: bool
    thread: tuple[str, ...]
    unsubscribe: tuple[str, ...]
    attachments: tuple[Attached, ...]
    at: datetime


class Envelope(NamedTuple):
    """A composed mail: `content` has CRLF line ends and is not dot-stuffed yet."""

    id: int
    sender: str
    recipient: str
    content: bytes


class Handover(NamedTuple):
    """One attempt and what the server said, as one clean line."""

    id: int
    verdict: Verdict
    words: str


class Courier(Protocol):
    """Several sessions with the server of one inbox; a mail needs `begin` and then `finish`.

    Between the two the body is on the wire, without its final dot: the server has not taken the mail,
    and `drop` can still take it back.
    """

    @property
    def sessions(self) -> int:
        """How many mails can be begun at once."""
        ...

    def begin(self, envelopes: Sequence[Envelope]) -> list[Handover]:
        """Put these mails (at most `sessions`) on the wire, each in a session of its own; the
        answers for those that the server refused already, which are not to be finished."""
        ...

    def drop(self, ids: Iterable[int]) -> None:
        """Hang up on these begun mails: the server never takes them."""
        ...

    def finish(self) -> list[Handover]:
        """Send the final dot of all begun mails that were not dropped; one answer each."""
        ...

    def close(self) -> None:
        """End all sessions politely; never raises."""
        ...


# --- reading ------------------------------------------------------------------------------------


class Folder(StrEnum):
    """Which folder of a mailbox."""

    INBOX = "inbox"
    SENT = "sent"


class Cursor(NamedTuple):
    """Up to where a folder was read: IMAP's UIDVALIDITY and the last UID. A Maildir has none."""

    validity: int
    last_uid: int


class Arrived(NamedTuple):
    """One mail as it was found: `key` is its UID, or its name in the Maildir without flags.

    `raw` is its beginning, at most READ_AT_MOST bytes; `size` is that of the whole mail.
    `at` is when it arrived. `cursor` is the folder's cursor once this mail is dealt with.
    """

    folder: Folder
    key: str
    at: datetime
    raw: bytes
    size: int
    cursor: Cursor | None


READ_AT_MOST = 512 * 1024

WereRead = Callable[[Iterable[str]], set[str]]
"""Those of some Message-IDs (`Letter.identity`) that were read from a folder before."""


class Mailbox(Protocol):
    """A connected mailbox, read only but for `keep_sent`."""

    def new(
        self,
        folder: Folder,
        cursor: Cursor | None,
        known: Iterable[str],
        since: datetime,
        were_read: WereRead | None = None,
    ) -> Iterator[Arrived]:
        """The mails behind the cursor, oldest first, flags untouched.

        Without a cursor, or where the mails were numbered anew, those that arrived from the day before
        `since` on, but for those of which `were_read` knows the Message-ID. `known` are the keys of a
        Maildir that were read already. A folder that isn't there is empty.
        """
        ...

    def position(self, folder: Folder) -> Cursor | None:
        """The folder's cursor once all that `new` has just yielded is dealt with, also if that was
        nothing; None before `new` was read to its end, and for a Maildir, which has no cursor."""
        ...

    def gone(self, folder: Folder) -> frozenset[str]:
        """Those of the `known` keys that stand in the folder no longer, once `new` was read to its end."""
        ...

    def find_sent(self, message_id: str, seqctl_id: str) -> datetime | None:
        """When the mail with this Message-ID, else with this X-Seqctl-Id, went out, if it stands in
        Sent; None if it does not."""
        ...

    def keep_sent(self, content: bytes, message_id: str, at: datetime) -> None:
        """Put a copy into Sent, unless one with this Message-ID is there."""
        ...

    def close(self) -> None:
        """Log out; never raises."""
        ...


# --- what is wired together ---------------------------------------------------------------------


class Check(NamedTuple):
    """What `inbox test` found out of one server: a name, whether it is well, and the details."""

    name: str
    well: bool
    words: str


class PostOffice(Protocol):
    """Couriers, mailboxes and composing, for the account of an inbox."""

    def courier(self, account: Account, sessions: int = 4) -> Courier:
        """Connect and log in, one session at first; raises Unreachable or AccountRefused."""
        ...

    def mailbox(self, account: Account) -> Mailbox:
        """Connect and log in to what `account` reads; raises Unreachable or AccountRefused."""
        ...

    def compose(self, mail: Outgoing) -> bytes:
        """The mail as bytes (RFC 5322), CRLF line ends, 7-bit clean; always the same bytes."""
        ...

    def read(self, raw: bytes) -> Letter:
        """The facts of a mail; never raises."""
        ...

    def inspect(self, account: Account) -> Mapping[str, Check]:
        """What the servers offer: see `inbox test`."""
        ...
