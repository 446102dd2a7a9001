"""Whatever a library stumbles over in what a server says is trouble of that one inbox, and of no other.

The couriers and mailboxes themselves turn what they foresee into Unreachable and AccountRefused.
"""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import datetime

from seqctl.domain.errors import SeqctlError
from seqctl.domain.sending.smtp_replies import clean_words
from seqctl.ports.mail import (
    AccountRefused,
    Arrived,
    Courier,
    Cursor,
    Envelope,
    Folder,
    Handover,
    Mailbox,
    Unreachable,
    Verdict,
    WereRead,
)

_FORESEEN = (Unreachable, AccountRefused, SeqctlError)


@contextmanager
def guarding(place: str) -> Generator[None]:
    """Let what nobody foresaw be Unreachable, in a sentence that names the server's `place`."""
    trouble: Unreachable | None = None
    try:
        yield
    except _FORESEEN:
        raise
    except Exception as error:  # noqa: BLE001  # one inbox's trouble never ends another's tick
        trouble = Unreachable(_sentence(place, error))
    if trouble is not None:
        raise trouble


def _sentence(place: str, error: Exception) -> str:
    said = clean_words(f"{type(error).__name__}: {error}")
    return f"{place} says something that can't be made sense of ({said})."


def _noting(were_read: WereRead, own: list[Exception]) -> WereRead:
    """The same, with what it raises noted."""

    def asked(identities: Iterable[str]) -> set[str]:
        try:
            return were_read(identities)
        except Exception as error:
            own.append(error)
            raise

    return asked


class GuardedMailbox:
    """Implements `ports.mail.Mailbox` by another one."""

    def __init__(self, inner: Mailbox, place: str) -> None:
        self._inner = inner
        self._place = place

    def new(
        self,
        folder: Folder,
        cursor: Cursor | None,
        known: Iterable[str],
        since: datetime,
        were_read: WereRead | None = None,
    ) -> Iterator[Arrived]:
        """As `ports.mail.Mailbox`."""
        own: list[Exception] = []
        remembered = None if were_read is None else _noting(were_read, own)
        found = self._inner.new(folder, cursor, known, since, remembered)
        while True:
            try:
                with guarding(self._place):
                    arrived = next(found, None)
            except Unreachable:
                if own:  # it is the workspace that is in trouble, not the server
                    raise own[0] from None
                raise
            if arrived is None:
                return
            yield arrived

    def gone(self, folder: Folder) -> frozenset[str]:
        """As `ports.mail.Mailbox`."""
        return self._inner.gone(folder)

    def position(self, folder: Folder) -> Cursor | None:
        """As `ports.mail.Mailbox`."""
        return self._inner.position(folder)

    def find_sent(self, message_id: str, seqctl_id: str) -> datetime | None:
        """As `ports.mail.Mailbox`."""
        with guarding(self._place):
            return self._inner.find_sent(message_id, seqctl_id)

    def keep_sent(self, content: bytes, message_id: str, at: datetime) -> None:
        """As `ports.mail.Mailbox`."""
        with guarding(self._place):
            self._inner.keep_sent(content, message_id, at)

    def close(self) -> None:
        """As `ports.mail.Mailbox`."""
        with suppress(Exception):  # the mails were read; nobody can do anything about it
            self._inner.close()


class GuardedCourier:
    """Implements `ports.mail.Courier` by another one."""

    def __init__(self, inner: Courier, place: str) -> None:
        self._inner = inner
        self._place = place
        self._begun: set[int] = set()

    @property
    def sessions(self) -> int:
        """As `ports.mail.Courier`."""
        return self._inner.sessions

    def begin(self, envelopes: Sequence[Envelope]) -> list[Handover]:
        """As `ports.mail.Courier`; where that fails no final dot has gone out."""
        ids = {envelope.id for envelope in envelopes}
        try:
            with guarding(self._place):
                refused = self._inner.begin(envelopes)
        except Unreachable as error:
            with suppress(Exception):
                self._inner.drop(ids)
            return [Handover(id, Verdict.TRY_LATER, str(error)) for id in sorted(ids)]
        self._begun = ids - {handover.id for handover in refused}
        return refused

    def drop(self, ids: Iterable[int]) -> None:
        """As `ports.mail.Courier`."""
        dropped = set(ids)
        self._begun -= dropped
        with suppress(Exception):  # without its final dot no server takes a mail
            self._inner.drop(dropped)

    def finish(self) -> list[Handover]:
        """As `ports.mail.Courier`; where that fails nobody knows what went out."""
        begun, self._begun = self._begun, set[int]()
        try:
            with guarding(self._place):
                return self._inner.finish()
        except Unreachable as error:
            return [Handover(id, Verdict.UNKNOWN, str(error)) for id in sorted(begun)]

    def close(self) -> None:
        """As `ports.mail.Courier`."""
        with suppress(Exception):  # what was handed over was answered before
            self._inner.close()
