"""Mail that was recorded and has still to be handed over, as the verbs see it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import NamedTuple, Protocol

from seqctl.domain.model import Enrollment, MailStatus


class Claim(NamedTuple):
    """A mail with all that composing it needs.

    `thread` are the earlier mails of its thread, oldest first; `attachments` are names and digests.
    `at` is its Date. `copy_to` is the Maildir that a captured mail is copied to.
    """

    id: int
    enrollment_id: int
    step: int
    inbox_id: int
    sender_name: str
    sender: str
    recipient: str
    subject: str
    body: str
    markdown: bool
    attachments: tuple[tuple[str, str], ...]
    thread: tuple[int, ...]
    at: datetime
    copy_to: str | None = None


class Sent(NamedTuple):
    """A mail as it stands, with its enrollment as it is now.

    `tries` and `first_try_at` count the attempts that were refused for now.
    """

    id: int
    step: int
    inbox_id: int
    contact_id: int
    recipient: str
    subject: str
    status: MailStatus
    at: datetime
    tries: int
    first_try_at: datetime | None
    enrollment: Enrollment

    @property
    def is_awaited(self) -> bool:
        """Whether its enrollment waits for what becomes of it."""
        waited = self.enrollment.waiting is not None and self.enrollment.waiting.value == "mail"
        return waited and self.enrollment.last_message_id == self.id

    @property
    def is_due_again(self) -> bool:
        """Whether it went back, and its enrollment comes to it once more."""
        enrollment = self.enrollment
        waits = enrollment.waiting is not None and enrollment.waiting.value in ("delay", "limit")
        same = (enrollment.last_message_id, enrollment.step) == (self.id, self.step)
        back = self.status == MailStatus.QUEUED and enrollment.held_since is None
        return waits and same and back


class Outbox(Protocol):
    """Mails on their way, and the copies that are still to be written."""

    def copies(self) -> Mapping[int, int]:
        """How many copies of captured mail are still to be written, by inbox id."""
        ...

    def to_copy(self, inbox_id: int, limit: int, *, after: int = 0) -> list[Claim]:
        """The first captured mails of an inbox, beyond the id `after`, of which a copy is still to be
        written, by id."""
        ...

    def written(self, ids: Iterable[int]) -> None:
        """These copies are written."""
        ...

    def unsettled(self, inbox_id: int, *statuses: MailStatus) -> list[Sent]:
        """The mails of an inbox that have one of these statuses, by id."""
        ...

    def get(self, ids: Iterable[int]) -> list[Sent]:
        """These mails, by id."""
        ...

    def claim(self, inbox_id: int, at: datetime, limit: int) -> list[Claim]:
        """Claim the first queued mails of live, unheld enrollments: they are this tick's now."""
        ...

    def mark_sending(self, ids: Iterable[int]) -> set[int]:
        """Those of these claimed mails whose enrollment is still live and unheld, and whose recipient
        may still be written to; from here on only their final dot is missing."""
        ...

    def settle(
        self,
        ids: Iterable[int],
        status: MailStatus,
        at: datetime,
        words: str = "",
        *,
        tried: bool = False,
    ) -> None:
        """Give mails a status. A `sent` one went out at `at`, and its slot moves there; one that goes
        back (`queued`, `cancelled`, `failed`) gives its slot back, and `tried` counts an attempt."""
        ...

    def last_sent(self, id: int) -> int | None:
        """This mail, or where it never went out the latest one before it that did."""
        ...

    def keep_in_sent(self, ids: Iterable[int]) -> None:
        """Copies of these sent mails have still to be put into Sent."""
        ...

    def to_keep(self, inbox_id: int, limit: int) -> list[Claim]:
        """The first sent mails of an inbox that have still to be put into Sent, by id."""
        ...

    def counts(self, statuses: Iterable[MailStatus]) -> Mapping[int, int]:
        """How many mails of each inbox have one of these statuses, by inbox id."""
        ...


class Copies(Protocol):
    """Where copies of captured mail go."""

    def write(self, folder: str, name: str, content: bytes) -> None:
        """Write a copy under a name of its own; writing the same one again changes nothing."""
        ...

    def sync(self) -> None:
        """All that was written so far survives a power cut from here on."""
        ...
