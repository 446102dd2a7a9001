"""A small workspace for the tests of contacts: anna (team nordics), bo (nordics), cy (no team)."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from seqctl.domain.model import (
    Change,
    Contact,
    Email,
    Enrollment,
    Event,
    Settings,
    Status,
    Step,
    User,
    Waiting,
)
from seqctl.ports.contacts import ContactChange
from seqctl.store import SqliteStore, create_store

NOW = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
DUE = datetime(2026, 3, 9, 8, 0, tzinfo=UTC)


class World:
    """A workspace with three users; `enroll` writes enrollments as they would stand."""

    def __init__(self, path: Path) -> None:
        self.store: SqliteStore = create_store(path, simulated_now=NOW)
        people = self.store.people
        self.anna, self.bo, self.cy = (
            people.add_user(
                User(0, name, name.title(), f"{name}@us.test", "Europe/Stockholm", teams=teams)
            )
            for name, teams in (
                ("anna", frozenset({"nordics"})),
                ("bo", frozenset({"nordics"})),
                ("cy", frozenset[str]()),
            )
        )

    def contact(self, email: str, **fields: object) -> Contact:
        """Add a contact as it is given."""
        after = Contact(0, email, **fields)  # type: ignore[arg-type]
        with self.store.writing():
            self.store.contacts.record([ContactChange(after, Event(NOW, None, "created"))])
        return self.store.contacts.find([email])[email]

    def enroll(
        self,
        email: str,
        sequence: str,
        at: datetime = NOW,
        *,
        ended_at: datetime | None = None,
        reason: str | None = None,
    ) -> int:
        """Enroll a contact: live, or with `ended_at` finished, or with a `reason` unenrolled."""
        status = Status.LIVE if ended_at is None else Status.FINISHED
        if reason is not None:
            status = Status.UNENROLLED
        due = DUE if status == Status.LIVE else None
        sequence_id, version_id = self._sequence(sequence)
        contact_id = self.store.contacts.find([email])[email].id
        with self.store.writing():
            id = self.store.enrollments.next_id()
            enrollment = Enrollment(
                id, contact_id, sequence_id, version_id, self.bo.id, None, "UTC", status,
                Waiting.DELAY if due else None, 1, at, due, due, None, at,
                ended_at=ended_at, reason=reason,
            )  # fmt: skip
            event = Event(at, self.bo.id, "enrolled", "", contact_id, sequence_id, id, 1)
            self.store.enrollments.record([Change(enrollment, event)])
        return id

    def endings(self) -> list[tuple[str, str | None, str | None]]:
        """Status, reason and error of every enrollment, by id."""
        return self.store.connection.execute(
            "SELECT status, reason, error FROM enrollment ORDER BY id"
        ).fetchall()

    def events(self, email: str | None = None) -> list[tuple[str, str, str]]:
        """Actor, kind and detail of what happened to contacts, or to one; not to enrollments."""
        return self.store.connection.execute(
            "SELECT ifnull(u.name, ''), e.kind, e.detail FROM event AS e "
            "LEFT JOIN user AS u ON u.id = e.actor_id LEFT JOIN contact AS c ON c.id = e.contact_id "
            "WHERE (? IS NULL OR c.email = ?) AND e.enrollment_id IS NULL ORDER BY e.id",
            (email, email),
        ).fetchall()

    def chain(self, email: str) -> list[str]:
        """The kinds of a contact's events, walked from the last one back."""
        rows = self.store.connection.execute(
            "WITH RECURSIVE chain (id, kind, previous) AS ("
            "SELECT e.id, e.kind, e.previous FROM event AS e JOIN contact AS c "
            "ON c.last_event_id = e.id WHERE c.email = ? UNION ALL "
            "SELECT e.id, e.kind, e.previous FROM event AS e JOIN chain ON e.id = chain.previous) "
            "SELECT kind FROM chain",
            (email,),
        )
        return [kind for (kind,) in rows]

    def _sequence(self, name: str) -> tuple[int, int]:
        found = self.store.sequences.named(name)
        if found is None:
            step = Step(1, None, None, email=Email("Hello", "Hi"))
            id = self.store.sequences.add(name, self.bo.id)
            self.store.sequences.add_version(id, 1, Settings(name), (step,), NOW)
            found = self.store.sequences.named(name)
        assert found is not None
        return found.id, found.version_id
