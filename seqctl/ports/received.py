"""Mail that was read, as the verbs see it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from typing import NamedTuple, Protocol

from seqctl.domain.reading.letters import Kind
from seqctl.ports.mail import Arrived, Cursor, Folder


class Received(NamedTuple):
    """One mail that was read, and what it was taken for.

    `key` and `validity` say where it was found first, `identity` by what it is known again (None of old
    mails without a Message-ID). `recipient` is who could not be reached, complained, or wants to be left alone. `answers` is the
    message of ours that it is about. `counted` is whether it changed anything: then `suppressed` is
    the mark that it set on the contact's address, `hold_id` the hold that it placed, and `ended` are
    the enrollments that it ended.
    """

    id: int
    inbox_id: int
    folder: Folder
    validity: int
    key: str
    read_at: datetime
    at: datetime
    sender: str
    subject: str
    message_id: str | None
    kind: Kind
    reason: str
    recipient: str | None = None
    contact_id: int | None = None
    enrollment_id: int | None = None
    answers: int | None = None
    returns: date | None = None
    counted: bool = False
    suppressed: str | None = None
    hold_id: int | None = None
    ended: tuple[int, ...] = ()
    identity: str | None = None


class Reading(NamedTuple):
    """That a mail was read before: where, from whom, and what it was taken for."""

    id: int
    inbox_id: int
    inbox: str
    folder: Folder
    sender: str
    kind: Kind
    counted: bool


class ReceivedView(NamedTuple):
    """A received mail with the names of all that it points to; `user_id` is the inbox's."""

    received: Received
    inbox: str
    user_id: int
    contact: str | None


class ReceivedMails(Protocol):
    """Mails that were read."""

    def cursor(self, inbox_id: int, folder: Folder) -> Cursor | None:
        """Up to where a folder was read."""
        ...

    def move_cursor(self, inbox_id: int, folder: Folder, cursor: Cursor) -> None:
        """Remember up to where a folder was read; with one numbering it never goes back."""
        ...

    def put_cursor(self, inbox_id: int, folder: Folder, cursor: Cursor) -> None:
        """Remember up to where a folder was read, also where that is further back."""
        ...

    def forget_places(self, inbox_id: int) -> None:
        """Another mailbox is read from now on: no cursor and no file name counts any more."""
        ...

    def known_keys(self, inbox_id: int, folder: Folder) -> list[str]:
        """The keys of the files of a Maildir that need not be opened again."""
        ...

    def know_keys(self, inbox_id: int, folder: Folder, keys: Iterable[str]) -> None:
        """These files of a Maildir need not be opened again."""
        ...

    def forget_keys(self, inbox_id: int, folder: Folder, keys: Iterable[str]) -> None:
        """These files stand in a Maildir no longer."""
        ...

    def readings(self, identity: str) -> list[Reading]:
        """Where a mail was read before, in whichever inbox and folder, oldest first."""
        ...

    def were_read(self, inbox_id: int, folder: Folder, identities: Iterable[str]) -> set[str]:
        """Those of these identities that were read from this folder."""
        ...

    def recognise(self, found: Arrived, sender: str, subject: str, inbox_id: int) -> int | None:
        """The id of a mail of unknown identity that this one must be: by sender and subject, and by its
        number in the folder or the second of its arrival."""
        ...

    def name(self, id: int, identity: str) -> None:
        """From now on a mail is known by this identity."""
        ...

    def add(self, received: Received) -> int:
        """Store a mail that was read (its id is ignored) and give its id."""
        ...

    def change(self, received: Received) -> None:
        """Store what it is taken for now, and what that changed."""
        ...

    def get(self, id: int) -> Received | None:
        """A mail that was read, or None."""
        ...

    def of_contact(self, contact_id: int) -> list[Received]:
        """The mails that were about a contact, by id."""
        ...

    def view(
        self, *, user_id: int | None = None, limit: int | None = None, id: int | None = None
    ) -> list[ReceivedView]:
        """The latest mails that were read, by id: of the inbox folders, and of Sent those that counted;
        with `user_id` only of that user's inboxes."""
        ...

    def aliases(self, addresses: Iterable[str]) -> dict[str, int]:
        """The contacts that these addresses belong to, by address: those that answered a thread
        before, and those among a contact's `other_emails`."""
        ...
