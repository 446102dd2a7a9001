"""A simulated workspace with three users at their desks, for examples of the verbs."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from seqctl.clock import SystemClock
from seqctl.domain.model import Contact, Enrollment, Event, User
from seqctl.files.sequences.sequences import read_sequence_text
from seqctl.ports.contacts import ContactChange
from seqctl.service.doctor import examine
from seqctl.service.enrollments import enrolling, marking, pausing, reenrolling
from seqctl.service.inboxes.inboxes import capturing
from seqctl.service.outcome import Outcome
from seqctl.service.sequences import sequences
from seqctl.service.tasks import close_task
from seqctl.service.tick import ticking
from seqctl.service.views import enrollment_documents
from seqctl.store import SqliteStore, create_store

MONDAY = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)  # 09:00 in Stockholm
ZONE = ZoneInfo("Europe/Stockholm")
MAILS = """\
name: intro
share: everyone
steps:
  - email: {subject: "Hello {{ contact.first_name }}", body: "Hi {{ contact.first_name }}, {{ sender.name }}"}
  - after: 3 days
    email: {body: two}
  - after: 3 days
    email: {body: three}
"""
CALL = """\
name: call
share: everyone
steps:
  - email: {subject: Hello, body: one}
  - after: 3 days
    task: {title: "Ring {{ contact.first_name }}"}
  - after: 2 days
    email: {body: last}
"""


class Desk:
    """The workspace; every verb acts as `me` (ann until another is named) at the stored clock."""

    def __init__(self, folder: Path, *, start: datetime = MONDAY) -> None:
        self.store = self._create(folder / "workspace.db", start)
        self.store.connection.execute("PRAGMA synchronous = OFF")
        self.users: dict[str, User] = {}
        for name in ("ann", "bo", "cy"):
            draft = User(0, name, f"{name.capitalize()} Berg", f"{name}@acme.test", ZONE.key)
            user = self.store.people.add_user(draft)
            self.users[name] = user
            self.store.people.connect_inbox(capturing(user))
        self.me = self.users["ann"]
        for name in ("ada", "ben", "cleo"):
            self.contact(name)

    def _create(self, path: Path, start: datetime) -> SqliteStore:
        return create_store(path, simulated_now=start)

    @property
    def now(self) -> datetime:
        now = self.store.workspace.state().now
        assert now is not None
        return now

    def acting(self, name: str) -> Desk:
        """Let another user act from here on."""
        self.me = self.users[name]
        return self

    def contact(self, name: str, **fields: Any) -> None:
        given = {"first_name": name.capitalize(), "company": f"{name} ltd"} | fields
        contact = Contact(0, at(name), **given)
        self.store.contacts.record([ContactChange(contact, Event(self.now, 1, "created"))])

    def change(self, name: str, **fields: Any) -> None:
        """Edit a contact as the store sees it."""
        contact = self.store.contacts.find([at(name)])[at(name)]
        values = {f: getattr(contact, f) for f in contact.__slots__} | fields
        self.store.contacts.record([ContactChange(Contact(**values), Event(self.now, 1, "edited"))])

    def apply(self, text: str = MAILS) -> None:
        draft = read_sequence_text(text, name="a.yaml", folder=None)
        (applied,) = sequences.apply(self.store, self.me, self.now, [draft])
        assert isinstance(applied, sequences.Applied), applied

    def enroll(self, *names: str, sequence: str = "intro", **asked: Any) -> Outcome:
        request = enrolling.Request(sequence, tuple(map(at, names)), **asked)
        return enrolling.enroll(self.store, self.me, self.now, request)

    def reenroll(self, *names: str, sequence: str = "intro", **asked: Any) -> Outcome:
        request = reenrolling.Request(sequence, tuple(map(at, names)), **asked)
        return reenrolling.reenroll(self.store, self.me, self.now, request)

    def unenroll(self, *names: str, sequence: str | None = None) -> Outcome:
        return marking.unenroll(self.store, self.me, self.now, map(at, names), sequence)

    def mark(self, name: str, what: str) -> Outcome:
        return marking.mark(self.store, self.me, self.now, [at(name)], what)

    def pause(self, sequence: str | None = None, *names: str, until: Any = None) -> Outcome:
        by = pausing.Pause(self.me, self.now, until)
        if names:
            return pausing.pause_contacts(self.store, map(at, names), by, sequence)
        if sequence is None:
            return pausing.pause_all(self.store, by)
        return pausing.pause_sequence(self.store, sequence, by)

    def resume(
        self, sequence: str | None = None, *names: str, restart: bool = False, each: bool = False
    ) -> Outcome:
        by = pausing.Resume(self.me, self.now, restart)
        if names:
            return pausing.resume_contacts(self.store, map(at, names), by, sequence)
        if sequence is None:
            return pausing.resume_all(self.store, by, each=each)
        return pausing.resume_sequence(self.store, sequence, by)

    def tick(self, **by: float) -> ticking.TickResult:
        return ticking.tick(self.store, SystemClock(), by=timedelta(**by))

    def tick_to(self, moment: datetime) -> ticking.TickResult:
        return ticking.tick(self.store, SystemClock(), to=moment)

    def until_idle(self) -> ticking.TickResult:
        return ticking.tick(self.store, SystemClock(), until_idle=True)

    def done(self, name: str) -> None:
        close_task(self.store, self.me, self.now, [at(name)], "done")

    def look(self, id: int) -> dict[str, Any]:
        """An enrollment as JSON shows it, moments on Stockholm's clock."""
        (document,) = enrollment_documents(self.store, self.me, self.now, ids=[id])
        return {key: local(value) for key, value in document.items()}

    def row(self, id: int) -> Enrollment:
        return self.store.enrollments.get([id])[0]

    def mails(self) -> list[tuple[str, str, int, str]]:
        """Recipient, moment, step and subject of every mail, in order."""
        rows = self.store.connection.execute(
            "SELECT recipient, at, step, subject FROM message ORDER BY id"
        )
        return [
            (who.split("@")[0], local(datetime.fromisoformat(when)), step, subject)
            for who, when, step, subject in rows
        ]

    def tasks(self) -> list[tuple[str, str, str]]:
        """Title, status and moment of creation of every task, in order."""
        rows = self.store.connection.execute(
            "SELECT title, status, created_at FROM task ORDER BY id"
        )
        return [
            (title, status, local(datetime.fromisoformat(when))) for title, status, when in rows
        ]

    def kinds(self, id: int) -> list[str]:
        """The kinds of the events of one enrollment, in order."""
        rows = self.store.connection.execute(
            "SELECT kind FROM event WHERE enrollment_id = ? ORDER BY id", (id,)
        )
        return [kind for (kind,) in rows]

    def close(self) -> None:
        """Prove that nothing is broken, and close."""
        assert examine(self.store) == []
        self.store.close()


class FixedClock:
    """A system clock that stands where it is put."""

    def __init__(self, time: datetime) -> None:
        self.time = time

    def now(self) -> datetime:
        return self.time


class RealDesk(Desk):
    """The same desk under the system's clock, which the test moves."""

    def __init__(self, folder: Path) -> None:
        self.clock = FixedClock(MONDAY)
        super().__init__(folder)

    @property
    def now(self) -> datetime:
        return self.clock.time

    def _create(self, path: Path, start: datetime) -> SqliteStore:
        del start
        return create_store(path, simulated_now=None)

    def tick_at(self, moment: datetime) -> ticking.TickResult:
        self.clock.time = moment
        return ticking.tick(self.store, self.clock)


def at(name: str) -> str:
    """`ada` → `ada@x.test`; an address stays one."""
    return name if "@" in name else f"{name}@x.test"


def local(value: Any) -> Any:
    """A moment on Stockholm's clock, `Mon 2 09:00`; anything else as it is."""
    if not isinstance(value, datetime):
        return value
    there = value.astimezone(ZONE)
    return f"{there:%a} {there.day} {there:%H:%M}"


def codes(outcome: Outcome) -> list[tuple[str, str]]:
    """Who was refused, and by which code."""
    return [(refusal.contact.split("@")[0], refusal.code) for refusal in outcome.refused]
