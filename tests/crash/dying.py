"""Ticks in processes of their own that kill themselves with SIGKILL at a named point of sending.

Nothing of the program knows of it: here the ports are wrapped, and the wire's and the attempt's
methods watched.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections.abc import Iterable, Sequence
from datetime import datetime
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, NamedTuple

from seqctl.clock import SystemClock
from seqctl.domain.model import MailStatus
from seqctl.domain.sending.accounts import Account
from seqctl.mail.account.smtp_session import Session
from seqctl.mail.account.wire import Wire
from seqctl.mail.office import Office
from seqctl.mail.reading import html_text, imap, letters, sent_names
from seqctl.mail.sending import compose, smtp
from seqctl.mail.sending.smtp_attempt import Attempt
from seqctl.ports.mail import Courier, Envelope, Handover, Mailbox
from seqctl.ports.outbox import Claim
from seqctl.service.tick import delivering, mailroom, ticking
from seqctl.store import SqliteStore, enrollments, holds
from seqctl.store.connection import open_file
from seqctl.store.outbox import SqliteOutbox

PRELOADED = (compose, html_text, imap, letters, sent_names, smtp, delivering, mailroom)
"""What a tick would import: the server of forks has it before it makes the first process."""
STORES = (enrollments, holds)
_FORKS = multiprocessing.get_context("forkserver")
_FORKS.set_forkserver_preload([__name__])


class Point(NamedTuple):
    """A point of sending: what is watched, and at which time it strikes with one and with four
    mails in flight."""

    watched: str
    of_one: int = 1
    of_four: int = 1


POINTS = {
    "before the claim": Point("claim"),
    "claimed, not committed": Point("claimed"),
    "claim committed": Point("courier"),
    "connected and logged in": Point("begin"),
    "MAIL and RCPT taken": Point("DATA", 1, 2),
    "in the middle of the body": Point("body", 1, 2),
    "body on the wire": Point("begun"),
    "`sending`, not committed": Point("marked"),
    "`sending` committed": Point("drop"),
    "half of the final dot": Point("half dot", 1, 2),
    "final dot written": Point("dot", 1, 2),
    "250 read": Point("answer", 1, 2),
    "outcome, not committed": Point("settled", 1, 1),
    "outcome committed": Point("claim", 2, 2),
    "before the copy in Sent": Point("copy", 1, 2),
    "copied, not noted": Point("copied", 1, 2),
}
NEEDS_COPY = frozenset({"before the copy in Sent", "copied, not noted"})


class Knife:
    """Kills this process the `time`-th time that a point is reached."""

    def __init__(self, watched: str, time: int) -> None:
        self.watched = watched
        self._left = time

    def at(self, point: str) -> None:
        """Here the point is."""
        if self.strikes(point):
            os.kill(os.getpid(), signal.SIGKILL)

    def strikes(self, point: str) -> bool:
        """Whether it is to strike now, for those that have something to do before."""
        self._left -= point == self.watched
        return point == self.watched and self._left == 0


# --- the ports, wrapped -------------------------------------------------------------------------


class DyingOutbox(SqliteOutbox):
    knife: Knife

    def claim(self, inbox_id: int, at: datetime, limit: int) -> list[Claim]:
        self.knife.at("claim")
        claims = super().claim(inbox_id, at, limit)
        self.knife.at("claimed")
        return claims

    def mark_sending(self, ids: Iterable[int]) -> set[int]:
        going = super().mark_sending(ids)
        self.knife.at("marked")
        return going

    def settle(self, ids: Iterable[int], status: MailStatus, *rest: Any, **more: Any) -> None:
        super().settle(ids, status, *rest, **more)
        if status == MailStatus.SENT:
            self.knife.at("settled")


class DyingStore(SqliteStore):
    knife: Knife

    @property
    def outbox(self) -> SqliteOutbox:
        outbox = DyingOutbox(self.connection)
        outbox.knife = self.knife
        return outbox


class DyingCourier:
    def __init__(self, courier: Courier, knife: Knife) -> None:
        self._courier = courier
        self._knife = knife

    @property
    def sessions(self) -> int:
        return self._courier.sessions

    def begin(self, envelopes: Sequence[Envelope]) -> list[Handover]:
        self._knife.at("begin")
        answers = self._courier.begin(envelopes)
        self._knife.at("begun")
        return answers

    def drop(self, ids: Iterable[int]) -> None:
        self._knife.at("drop")
        self._courier.drop(ids)

    def finish(self) -> list[Handover]:
        return self._courier.finish()

    def close(self) -> None:
        self._courier.close()


class DyingMailbox:
    def __init__(self, mailbox: Mailbox, knife: Knife) -> None:
        self._mailbox = mailbox
        self._knife = knife

    def keep_sent(self, content: bytes, message_id: str, at: datetime) -> None:
        self._knife.at("copy")
        self._mailbox.keep_sent(content, message_id, at)
        self._knife.at("copied")

    def __getattr__(self, name: str) -> Any:
        return getattr(self._mailbox, name)


class DyingOffice(Office):
    def __init__(self, knife: Knife) -> None:
        super().__init__()
        self._knife = knife

    def courier(self, account: Account, sessions: int = 4) -> Courier:
        self._knife.at("courier")
        return DyingCourier(super().courier(account, sessions), self._knife)

    def mailbox(self, account: Account) -> Mailbox:
        return DyingMailbox(super().mailbox(account), self._knife)  # type: ignore[return-value]


def watch_wire(knife: Knife) -> None:
    """Watch what goes over the wire: whole or, where the knife strikes, half of it."""
    write, outcome, send_body = Wire.write, Attempt.outcome, Attempt.send_body
    bodies: set[bytes] = set()

    def watched_write(self: Wire, data: bytes) -> None:
        if data == b"DATA\r\n":
            knife.at("DATA")
        halved = "body" if data in bodies else "half dot" if data == b".\r\n" else ""
        if halved and knife.strikes(halved):
            write(self, data[: len(data) // 2])
            os.kill(os.getpid(), signal.SIGKILL)
        write(self, data)
        if data == b".\r\n":
            knife.at("dot")

    def watched_body(self: Attempt) -> None:
        bodies.add(self._body)
        send_body(self)

    def watched_outcome(self: Attempt) -> Handover:
        answer = outcome(self)
        knife.at("answer")
        return answer

    Wire.write = watched_write  # type: ignore[method-assign]
    Attempt.send_body = watched_body  # type: ignore[method-assign]
    Attempt.outcome = watched_outcome  # type: ignore[method-assign]
    if knife.watched == "DATA":  # to come between the commands, they must not go out as one
        Session.pipelines = property(lambda _: False)  # type: ignore[assignment]


# --- the processes ------------------------------------------------------------------------------


def _tick(path: Path, watched: str, time: int) -> None:
    knife = Knife(watched, time)
    watch_wire(knife)
    store = DyingStore(open_file(path), path)
    store.knife = knife
    ticking.tick(store, SystemClock(), office=DyingOffice(knife))


def _tick_and_tell(path: Path, begins: Connection) -> None:
    store = SqliteStore(open_file(path), path)
    begins.send_bytes(b".")
    ticking.tick(store, SystemClock(), office=Office())


def dies(path: Path, watched: str, time: int) -> None:
    """A tick in a process of its own, which has to die at this point."""
    process = _FORKS.Process(target=_tick, args=(path, watched, time))
    process.start()
    process.join(60)
    assert process.exitcode == -signal.SIGKILL, process.exitcode
    process.close()


def killed(path: Path, after: float | None) -> bool:
    """Kill a tick so many seconds after it began, or never; False where it came to its end."""
    begun, begins = _FORKS.Pipe(duplex=False)
    process = _FORKS.Process(target=_tick_and_tell, args=(path, begins))
    process.start()
    begins.close()
    begun.recv_bytes()
    process.join(after)
    process.kill()
    process.join(60)
    ended = process.exitcode
    process.close()
    begun.close()
    assert ended in (0, -signal.SIGKILL), ended
    return ended != 0
