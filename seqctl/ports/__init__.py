"""What the verbs need from outside, in the domain's words; one protocol a family of verbs."""

from __future__ import annotations

from contextlib import AbstractContextManager
from datetime import datetime
from pathlib import Path
from typing import NamedTuple, Protocol

from seqctl.ports.contacts import Contacts
from seqctl.ports.enrollments import Enrollments, Holds, RowRefused
from seqctl.ports.outbox import Outbox
from seqctl.ports.people import History, People, Sequences
from seqctl.ports.received import ReceivedMails
from seqctl.ports.views import Tasks, Views

__all__ = [
    "Ahead",
    "Clock",
    "Contacts",
    "Enrollments",
    "History",
    "Holds",
    "Outbox",
    "People",
    "ReceivedMails",
    "RowRefused",
    "Sequences",
    "Store",
    "Tasks",
    "Views",
    "Workspace",
    "WorkspaceState",
]


class Clock(Protocol):
    """Tells the time."""

    def now(self) -> datetime:
        """The present moment in UTC, in whole seconds."""
        ...


class WorkspaceState(NamedTuple):
    """The workspace's own row. `tick_target` is where an interrupted simulated tick was going;
    `backup_at` is when this file was made as a backup, None where it is none."""

    simulated: bool
    now: datetime | None
    tick_target: datetime | str | None
    last_tick_at: datetime | None
    halted_at: datetime | None
    halted_by: str | None
    halt_reason: str | None
    restored_at: datetime | None
    backup_at: datetime | None
    secret: str

    @property
    def lies_still(self) -> bool:
        """Whether it is a backup with a real clock: what is due in it may have gone out since from
        the workspace. A simulated one sends nothing in any case, and may go on."""
        return self.backup_at is not None and not self.simulated


class Ahead(NamedTuple):
    """What a clock that was ahead has dated: a `due` time of an enrollment, or a `hold` (its end,
    else its beginning), with the contact and the sequence that it concerns."""

    kind: str
    id: int
    at: datetime
    contact: str | None
    sequence: str | None


class Workspace(Protocol):
    """The workspace's clock, halt and settings."""

    def state(self) -> WorkspaceState: ...
    def move_clock(self, now: datetime) -> None: ...
    def aim(self, target: datetime | str | None) -> None: ...
    def ticked(self, at: datetime) -> None: ...
    def halt(self, at: datetime, by: str, reason: str) -> None: ...
    def unhalt(self) -> None: ...
    def mark_restored(self, at: datetime) -> None: ...
    def dated_ahead(self, now: datetime) -> list[Ahead]:
        """The due times and holds that a clock ahead of `now` has dated, by kind and id."""
        ...

    def accept_clock(self, now: datetime) -> None:
        """Remember that the clock was right at `now`, as the last event tells; what has happened
        under a clock ahead of it is dated anew."""
        ...

    def config(self) -> dict[str, str]: ...
    def configure(self, key: str, value: str) -> None: ...


class Store(Protocol):
    """One workspace. Each family stands by itself; a transaction spans them all."""

    @property
    def path(self) -> Path:
        """Its file, by the name that the user has for it."""
        ...

    @property
    def workspace(self) -> Workspace: ...
    @property
    def people(self) -> People: ...
    @property
    def contacts(self) -> Contacts: ...
    @property
    def sequences(self) -> Sequences: ...
    @property
    def enrollments(self) -> Enrollments: ...
    @property
    def holds(self) -> Holds: ...
    @property
    def tasks(self) -> Tasks: ...
    @property
    def views(self) -> Views: ...
    @property
    def outbox(self) -> Outbox: ...
    @property
    def received(self) -> ReceivedMails: ...
    @property
    def history(self) -> History: ...
    def writing(self) -> AbstractContextManager[None]:
        """One write transaction: all or nothing, begun before anything is read. Raises Busy (`LOST`)
        where another tick has taken the workspace from the one at work here."""
        ...

    def recording(self) -> AbstractContextManager[None]:
        """A write transaction for what can't be had again, an answer of a server: it waits for
        minutes where another command is at work, and is not refused."""
        ...

    def is_mine(self) -> bool:
        """Whether the workspace still belongs to the tick at work here."""
        ...

    def reading(self) -> AbstractContextManager[None]:
        """Several reads that see one state."""
        ...

    def rehearsing(self) -> AbstractContextManager[None]:
        """A write transaction that is undone at its end: what would happen, exactly."""
        ...

    def refuse_other_tables(self) -> None:
        """Raise BadFile (`DAMAGED`) where the tables are not as they were made."""
        ...

    def damage(self) -> str | None:
        """What is wrong with the stored rows, the first of it, or None; it reads all of them."""
        ...

    def tick_lock(self, *, rehearsal: bool = False) -> AbstractContextManager[None]:
        """One tick at a time; raises Busy at once where another one is at work. From here on the
        workspace belongs to this tick, unless it is a `rehearsal`, which changes nothing."""
        ...
