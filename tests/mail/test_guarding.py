"""What a library stumbles over is trouble of one inbox; mails are never doubled by it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime

import pytest

from seqctl.domain.errors import Busy
from seqctl.mail.account.guarding import GuardedCourier, GuardedMailbox
from seqctl.ports.mail import (
    AccountRefused,
    Arrived,
    Cursor,
    Envelope,
    Folder,
    Handover,
    Unreachable,
    Verdict,
    WereRead,
)

NOW = datetime(2026, 3, 2, tzinfo=UTC)
STRANGE = [OverflowError("signed integer is greater than maximum"), MemoryError(), KeyError("x"),
           RecursionError(), AssertionError(), UnicodeDecodeError("ascii", b"\xff", 0, 1, "no")]  # fmt: skip
MAILS = [Envelope(n, "a@x.test", "b@x.test", b"") for n in (1, 2)]


class Stumbling:
    """A mailbox and a courier that raise `error` in the step called `at`."""

    sessions = 2

    def __init__(self, error: Exception, at: str = "") -> None:
        self.error = error
        self.at = at
        self.dropped: set[int] = set()

    def _perhaps(self, step: str) -> None:
        if self.at in ("", step):
            raise self.error

    def new(
        self,
        folder: Folder,
        cursor: Cursor | None,
        known: Iterable[str],
        since: datetime,
        were_read: WereRead | None = None,
    ) -> Iterator[Arrived]:
        yield Arrived(folder, "1", NOW, b"", 0, None)
        raise self.error

    def position(self, folder: Folder) -> Cursor | None:
        return None

    def gone(self, folder: Folder) -> frozenset[str]:
        return frozenset()

    def find_sent(self, message_id: str, seqctl_id: str) -> datetime | None:
        raise self.error

    def keep_sent(self, content: bytes, message_id: str, at: datetime) -> None:
        raise self.error

    def begin(self, envelopes: Sequence[Envelope]) -> list[Handover]:
        self._perhaps("begin")
        return []

    def drop(self, ids: Iterable[int]) -> None:
        self.dropped |= set(ids)
        self._perhaps("drop")

    def finish(self) -> list[Handover]:
        self._perhaps("finish")
        return []

    def close(self) -> None:
        raise self.error


@pytest.mark.parametrize("error", STRANGE, ids=lambda error: type(error).__name__)
def test_a_mailbox_is_unreachable(error: Exception) -> None:
    box = GuardedMailbox(Stumbling(error), "mail.test")
    found = box.new(Folder.INBOX, None, (), NOW)
    assert next(found).key == "1"
    with pytest.raises(Unreachable, match=r"mail\.test says something"):
        next(found)
    with pytest.raises(Unreachable):
        box.find_sent("<1@x>", "1")
    with pytest.raises(Unreachable):
        box.keep_sent(b"", "<1@x>", NOW)
    box.close()


@pytest.mark.parametrize("error", [Unreachable("gone"), AccountRefused("no", ""), Busy("busy")])
def test_what_is_foreseen_stays_as_it_is(error: Exception) -> None:
    with pytest.raises(type(error)) as raised:
        GuardedMailbox(Stumbling(error), "mail.test").find_sent("<1@x>", "1")
    assert raised.value is error


def verdicts(handovers: list[Handover]) -> dict[int, Verdict]:
    return {handover.id: handover.verdict for handover in handovers}


@pytest.mark.parametrize("error", STRANGE, ids=lambda error: type(error).__name__)
def test_a_courier_that_stumbles_before_the_final_dot_has_sent_nothing(error: Exception) -> None:
    inner = Stumbling(error, "begin")
    courier = GuardedCourier(inner, "mail.test")
    assert verdicts(courier.begin(MAILS)) == {1: Verdict.TRY_LATER, 2: Verdict.TRY_LATER}
    assert inner.dropped == {1, 2}
    assert courier.finish() == []


@pytest.mark.parametrize("error", STRANGE, ids=lambda error: type(error).__name__)
def test_a_courier_that_stumbles_at_the_final_dot_knows_nothing(error: Exception) -> None:
    courier = GuardedCourier(Stumbling(error, "finish"), "mail.test")
    assert courier.begin(MAILS) == []
    courier.drop([1])
    assert verdicts(courier.finish()) == {2: Verdict.UNKNOWN}
    courier.close()
