"""A small workspace with a bit of everything in it, made by the verbs themselves."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

from seqctl.clock import SystemClock
from seqctl.domain.model import (
    Contact,
    Email,
    Event,
    SequenceDraft,
    Settings,
    Sharing,
    Step,
    TaskPlan,
    User,
)
from seqctl.domain.timing.measures import Delay, Unit
from seqctl.ports.contacts import ContactChange
from seqctl.service.enrollments import enrolling, marking, pausing, reenrolling
from seqctl.service.inboxes.inboxes import capturing
from seqctl.service.inboxes.people import add_first_user, add_user
from seqctl.service.sequences import sequences
from seqctl.service.tick import ticking
from seqctl.store import SqliteStore, create_store

MONDAY = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
DAY = timedelta(days=1)
DAYS = Delay(3, Unit.DAY)

INTRO = SequenceDraft(
    "intro",
    Settings("Intro"),
    (
        Step(1, None, None, email=Email("Hello {{ contact.first_name }}", "Hi\n")),
        Step(2, DAYS, None, task=TaskPlan("call", "Ring {{ contact.first_name }}", "high")),
        Step(3, DAYS, None, email=Email(None, "Still there?\n")),
    ),
    Sharing(everyone=True),
)
SECRET = SequenceDraft(
    "secret",
    Settings("Secret"),
    (Step(1, None, None, email=Email("Only between us", "Psst\n")),),
)
NAMES = ("ada", "ben", "cleo", "dan", "eva", "finn")


def rehearse(path: Path) -> SqliteStore:
    """Six contacts in `intro` (bo) and one in `secret` (cy), four days later.

    Of bo's: ada has a task; ben is paused after a day; cleo answered on the second; dan was
    unenrolled on the second and re-enrolled on the third; eva is done with her task; finn is held
    since Monday by a pause of the whole, until Friday.
    """
    store = create_store(path, simulated_now=MONDAY)
    bo = add_first_user(store, _user("bo"), MONDAY)
    cy = add_user(store, _user("cy"), bo, MONDAY)
    for user in (bo, cy):
        store.people.connect_inbox(capturing(user))
    sequences.apply(store, bo, MONDAY, [INTRO])
    sequences.apply(store, cy, MONDAY, [SECRET])
    store.contacts.record(
        ContactChange(
            Contact(0, f"{name}@example.com", name.capitalize(), company=f"{name} ltd"),
            Event(MONDAY, bo.id, "contact-added"),
        )
        for name in NAMES
    )
    addresses = tuple(f"{name}@example.com" for name in NAMES)
    pause = pausing.Pause(bo, MONDAY, MONDAY + 4 * DAY)
    pausing.pause_contacts(store, ["finn@example.com"], pause)
    enrolling.enroll(store, bo, MONDAY, enrolling.Request("intro", addresses))
    enrolling.enroll(
        store, cy, MONDAY, enrolling.Request("secret", ("ada@example.com",), also=True)
    )
    move(store, DAY)
    now = MONDAY + DAY
    pausing.pause_contacts(store, ["ben@example.com"], pausing.Pause(bo, now))
    marking.mark(store, bo, now, ["cleo@example.com"], "replied")
    marking.unenroll(store, bo, now, ["dan@example.com"])
    move(store, DAY)
    reenrolling.reenroll(store, bo, now + DAY, reenrolling.Request("intro", ("dan@example.com",)))
    move(store, DAY)
    close_task(store, bo, "eva@example.com")
    move(store, DAY)
    return store


def move(store: SqliteStore, by: timedelta) -> None:
    """Let the simulated clock run."""
    ticking.tick(store, SystemClock(), by=by)


def close_task(store: SqliteStore, user: User, address: str) -> None:
    """Do the open task of a contact."""
    from seqctl.service.tasks import close_task

    now = store.workspace.state().now
    assert now is not None
    close_task(store, user, now, [address], "done")


def _user(name: str) -> User:
    return User(0, name, name.capitalize(), f"{name}@example.org", "Europe/Stockholm")
