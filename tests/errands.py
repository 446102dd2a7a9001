"""A real workspace whose inboxes send by a command: what it was given stands in a file."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from seqctl.domain.model import Contact, Event, User
from seqctl.domain.sending.accounts import NO_LIMITS, Account, Limits
from seqctl.files.sequences.sequences import read_sequence_text
from seqctl.mail.office import Office
from seqctl.ports.contacts import ContactChange
from seqctl.ports.mail import Courier, Envelope, Handover
from seqctl.service.doctor import examine
from seqctl.service.enrollments import enrolling
from seqctl.service.inboxes import inboxes
from seqctl.service.inboxes.people import add_first_user
from seqctl.service.sequences import sequences
from seqctl.service.tick import ticking
from seqctl.store import SqliteStore, create_store, open_store
from tests.desk import MONDAY, FixedClock, at

ONE_MAIL = "name: intro\nsteps:\n  - email: {subject: Hello, body: Hi}\n"
ANN = "ann@acme.test"
SCRIPT = """\
#!/bin/sh
# Note the recipient; where there is a `hold`, tell that it is at work and wait to be let go on.
cd "$(dirname "$0")" && cat > /dev/null
for last; do :; done
echo "$last" >> went
if [ -e hold ]; then echo > working; read _ < go; fi
exit 0
"""
Deed = Callable[[], None]
POINTS = ("connected", "begun", "at the door", "handed over")
"""Moments in a mail's way at which an `ErrandOffice` does a deed; between them lie commits."""


class Errands:
    """Ann's workspace, with contacts p1@x.test, … and a clock that the test moves."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.path = folder / "w.db"
        self.clock = FixedClock(MONDAY)
        self.office: Office = Office()
        script = folder / "deliver"
        script.write_text(SCRIPT)
        script.chmod(0o755)
        self.store: SqliteStore = create_store(self.path, simulated_now=None)
        self.store.connection.execute("PRAGMA synchronous = OFF")
        draft = User(0, "ann", "Ann Berg", ANN, "Europe/Stockholm")
        self.user = add_first_user(self.store, draft, self.clock.time)

    def connect(self, limits: Limits = NO_LIMITS, **account: Any) -> None:
        wired = Account(sendmail=str(self.folder / "deliver"), **account)
        wiring = inboxes.Wiring(wired, None, limits)
        inboxes.connect_inbox(self.store, self.user, ANN, wiring, self.clock.time)

    def apply(self, text: str = ONE_MAIL) -> None:
        draft = read_sequence_text(text, name="a.yaml", folder=None)
        (applied,) = sequences.apply(self.store, self.user, self.clock.time, [draft])
        assert isinstance(applied, sequences.Applied), applied

    def enroll(self, *names: str, sequence: str = "intro", **asked: Any) -> None:
        now = self.clock.time
        known = self.store.contacts.find(map(at, names))
        fresh = [Contact(0, at(name)) for name in names if at(name) not in known]
        self.store.contacts.record(ContactChange(each, Event(now, 1, "created")) for each in fresh)
        request = enrolling.Request(sequence, tuple(map(at, names)), **asked)
        outcome = enrolling.enroll(self.store, self.user, now, request)
        assert not outcome.refused, outcome

    def begin(self, number: int, text: str = ONE_MAIL, **connecting: Any) -> list[str]:
        """Connected, with so many contacts enrolled; their names."""
        names = [f"p{each + 1}" for each in range(number)]
        self.connect(**connecting)
        self.apply(text)
        self.enroll(*names)
        return names

    def tick(self) -> ticking.TickResult:
        return ticking.tick(self.store, self.clock, office=self.office)

    def later(self, **by: float) -> None:
        """Put the clock forward."""
        self.clock.time += timedelta(**by)

    def went(self) -> list[str]:
        """To whom the command was given a mail, in order."""
        went = self.folder / "went"
        return [line.split("@")[0] for line in went.read_text().split()] if went.exists() else []

    def statuses(self) -> list[str]:
        """The status of every mail, by id."""
        return [row[0] for row in self.rows("SELECT status FROM message ORDER BY id")]

    def rows(self, query: str) -> list[Any]:
        return self.store.connection.execute(query).fetchall()

    def again(self) -> SqliteStore:
        """The workspace as another process has it open."""
        store = open_store(self.path)
        store.connection.execute("PRAGMA synchronous = OFF")
        return store

    def close(self) -> None:
        """Prove that nothing is broken, and close."""
        assert examine(self.store) == []
        self.store.close()


class ErrandOffice(Office):
    """An office during whose errands other things happen: `deed(point)` at each point of each mail."""

    def __init__(self, deed: Callable[[str], None]) -> None:
        super().__init__()
        self._deed = deed

    def courier(self, account: Account, sessions: int = 4) -> Courier:
        courier = super().courier(account, sessions)
        self._deed("connected")
        return _ErrandCourier(courier, self._deed)


class _ErrandCourier:
    def __init__(self, courier: Courier, deed: Callable[[str], None]) -> None:
        self._courier = courier
        self._deed = deed

    @property
    def sessions(self) -> int:
        return self._courier.sessions

    def begin(self, envelopes: Sequence[Envelope]) -> list[Handover]:
        answers = self._courier.begin(envelopes)
        self._deed("begun")
        return answers

    def drop(self, ids: Iterable[int]) -> None:
        self._courier.drop(ids)

    def finish(self) -> list[Handover]:
        self._deed("at the door")
        answers = self._courier.finish()
        self._deed("handed over")
        return answers

    def close(self) -> None:
        self._courier.close()


def moments_of(rows: Iterable[tuple[str]]) -> list[datetime]:
    """Stored moments."""
    return [datetime.fromisoformat(at) for (at,) in rows]
