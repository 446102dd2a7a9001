"""Real mail: handing it over, against Postfix's own load generator; finding answers in a full mailbox."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Generator, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from bench.measuring import Result, Sizes, alternately, at_least, seconds
from bench.workspaces import DRAFT
from seqctl.clock import SystemClock
from seqctl.domain.model import Contact, Event, User
from seqctl.domain.sending.accounts import NO_LIMITS, Account, Server
from seqctl.domain.sending.message_ids import message_id
from seqctl.domain.timing.measures import Days
from seqctl.mail.account import smtp_session
from seqctl.mail.account.connecting import Patience
from seqctl.mail.account.wire import greeted
from seqctl.mail.office import Office
from seqctl.mail.sending.smtp import SmtpCourier
from seqctl.ports.contacts import ContactChange
from seqctl.service.enrollments import enrolling
from seqctl.service.inboxes import inboxes
from seqctl.service.inboxes.people import add_first_user
from seqctl.service.reading import syncing
from seqctl.service.sequences import sequences
from seqctl.service.tick import ticking
from seqctl.store import SqliteStore, create_store

SESSIONS = 4
_LENGTH = 1900
"""Bytes of one mail of the sequence with its heads, for the load generator."""
_ANN = "ann@acme.test"
_OLD = 30 * 24 * 3600


def measure(folder: Path, sizes: Sizes) -> Iterator[Result]:
    """Mails per second through a tick, and what a sync reads of a mailbox that is full of mail."""
    tools = [tool("smtp-sink"), tool("smtp-source")]
    if None in tools:
        print("Postfix's smtp-sink and smtp-source are not installed: sending is not measured.")
    else:
        yield _sending(folder, sizes, *filter(None, tools))
    yield _reading(folder, sizes)


def tool(name: str) -> str | None:
    """Where a program of Postfix is, if it is installed."""
    return shutil.which(name, path=f"{os.environ.get('PATH', '')}:/usr/sbin")


# --- sending ------------------------------------------------------------------------------------


class _PlainCourier(SmtpCourier):
    """Without TLS, which the sink does not speak: neither side of the comparison has it."""

    def _opened(self) -> smtp_session.Session:
        server = self._entrance.server
        wire = greeted(server, Patience(), None)
        return smtp_session.Session(wire, smtp_session._hello(wire, server))


class _PlainOffice(Office):
    def courier(self, account: Account, sessions: int = SESSIONS) -> SmtpCourier:
        return _PlainCourier(account, SESSIONS)


def _sending(folder: Path, sizes: Sizes, sink: str, source: str) -> Result:
    with sinking(sink) as port:

        def theirs(*options: str) -> float:
            words = [source, "-s", str(SESSIONS), "-m", str(sizes.mails), "-l", str(_LENGTH)]
            where = f"127.0.0.1:{port}"
            run = [*words, *options, where]
            return sizes.mails / seconds(lambda: subprocess.run(run, check=True))

        tick, each, kept = alternately(
            sizes.repetitions, partial(speed, folder, sizes, port), theirs, lambda: theirs("-d")
        )
    detail = f"  ({tick:.0f} and {each:.0f} mails/s; {kept:.0f} with its connections kept)"
    return at_least(
        f"mails through a tick, against smtp-source, {SESSIONS} sessions", tick / each, 0.3, detail
    )


def speed(folder: Path, sizes: Sizes, port: int) -> float:
    """Mails per second through a tick, to the server at a port of this machine."""
    account = Account(smtp=Server("127.0.0.1", port, _ANN, tls=False))
    with closing(_workspace(folder / "mails.db", sizes.mails, account)) as store:
        took = seconds(lambda: _ticked(store, sizes.mails))
    (folder / "mails.db").unlink()
    return sizes.mails / took


def _ticked(store: SqliteStore, mails: int) -> None:
    result = ticking.tick(store, SystemClock(), office=_PlainOffice())
    assert result.emails == mails, result


@contextmanager
def sinking(program: str) -> Generator[int]:
    """Postfix's server that takes everything and keeps nothing; gives its port."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
    user = ["-u", "nobody"] if os.getuid() == 0 else []
    sink = subprocess.Popen([program, *user, f"127.0.0.1:{port}", "1000"])
    try:
        _wait_for(port)
        yield port
    finally:
        sink.terminate()
        sink.wait()


def _wait_for(port: int) -> None:
    for _ in range(100):
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except ConnectionRefusedError:
            time.sleep(0.05)
        else:
            return
    raise RuntimeError("smtp-sink does not start")


# --- reading ------------------------------------------------------------------------------------


def _reading(folder: Path, sizes: Sizes) -> Result:
    """A Maildir that holds old mail: after the first sync, only the answers are read."""
    maildir = folder / "maildir"
    for part in ("new", "cur", "tmp"):
        (maildir / part).mkdir(parents=True)
    for number in range(sizes.mailbox):
        _put(maildir / "cur" / f"{number}.old:2,S", f"<old-{number}@elsewhere.test>", "", _OLD)
    account = Account(maildir=str(maildir))
    with closing(_workspace(folder / "reading.db", sizes.replies, account)) as store:
        ticking.tick(store, SystemClock())
        first = seconds(lambda: _synced(store, sizes.mailbox))
        secret = store.workspace.state().secret
        for number in range(1, sizes.replies + 1):
            answered = message_id(number, secret, _ANN)
            _put(maildir / "new" / f"{number}.answer", f"<{number}@x.test>", answered, 0)
        found = seconds(lambda: _synced(store, sizes.replies))
        idle = seconds(lambda: _synced(store, 0))
        ended = sum(not e.live for e in store.enrollments.get(range(1, sizes.replies + 1)))
    shutil.rmtree(maildir)
    (folder / "reading.db").unlink()
    measured = (
        f"{sizes.replies} read of {sizes.mailbox + sizes.replies:,}, {ended} ended, {found:.2f} s"
        f"  (the first sync {first:.1f} s, nothing new {idle * 1000:.0f} ms)"
    )
    what = "a sync reads only what is new, and finds each answer"
    return Result(what, measured, f"{sizes.replies}", ended == sizes.replies)


def _synced(store: SqliteStore, wanted: int) -> None:
    (synced,) = syncing.sync(store, Office(), SystemClock().now(), store.people.inboxes())
    assert synced.read == wanted, synced


def _put(path: Path, number: str, answered: str, age: int) -> None:
    references = f"In-Reply-To: {answered}\nReferences: {answered}\n" if answered else ""
    path.write_text(
        f"From: Somebody <somebody@elsewhere.test>\nTo: {_ANN}\nSubject: Re: A question\n"
        f"Message-ID: {number}\n{references}Date: Mon, 23 Nov 2026 08:00:00 +0000\n\n"
        + "A few lines that nobody has to understand.\n"
        * 40
    )
    then = time.time() - age
    os.utime(path, (then, then))


# --- the workspace ------------------------------------------------------------------------------


def _workspace(path: Path, mails: int, account: Account) -> SqliteStore:
    """A real workspace in which so many first mails are due."""
    store, now = create_store(path, simulated_now=None), datetime.now(UTC).replace(microsecond=0)
    ann = add_first_user(store, User(0, "ann", "Ann Berg", _ANN, "Europe/Stockholm"), now)
    inboxes.connect_inbox(store, ann, _ANN, inboxes.Wiring(account, None, NO_LIMITS), now)
    people = [
        Contact(0, f"p{n}@company.test", f"P{n}", company="Acme", properties={"city": "Malmö"})
        for n in range(mails)
    ]
    with store.writing():
        store.contacts.record(ContactChange(one, Event(now, ann.id, "created")) for one in people)
    always = DRAFT.settings._replace(window=None, days=Days.EVERY)
    sequences.apply(store, ann, now, [DRAFT._replace(settings=always)])
    enrolled = tuple(one.email for one in people)
    enrolling.enroll(store, ann, now, enrolling.Request("intro", enrolled))
    return store
