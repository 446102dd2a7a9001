"""Users, inboxes, sequences and the history, as the verbs see them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import NamedTuple, Protocol

from seqctl.domain.model import (
    Event,
    Inbox,
    Sequence,
    Settings,
    Sharing,
    Step,
    User,
    Version,
)


class People(Protocol):
    """Users, their teams and their inboxes."""

    def users(self, *, removed: bool = False) -> list[User]: ...
    def add_user(self, user: User) -> User: ...
    def change_user(self, user: User) -> None: ...
    def remove_user(self, user_id: int, at: datetime) -> None: ...
    def contacts_owned_by(self, user_id: int) -> list[int]: ...
    def give_contacts(self, from_id: int, to_id: int) -> None: ...
    def inboxes(self) -> list[Inbox]: ...
    def connect_inbox(self, inbox: Inbox) -> Inbox: ...
    def trouble_inbox(self, inbox_id: int, trouble: str | None) -> None: ...
    def disconnect_inbox(self, inbox_id: int) -> None: ...


class Sequences(Protocol):
    """Sequences and their immutable versions."""

    def all(self, *, deleted: bool = False) -> list[Sequence]: ...
    def named(self, name: str) -> Sequence | None: ...
    def add(self, name: str, owner_id: int) -> int: ...
    def add_version(
        self,
        sequence_id: int,
        number: int,
        settings: Settings,
        steps: tuple[Step, ...],
        at: datetime,
        edit_of: int | None = None,
    ) -> int: ...
    def version(self, version_id: int) -> Version: ...
    def versions(self, sequence_id: int) -> list[Version]: ...
    def own(self, sequence_id: int, owner_id: int) -> None: ...
    def share(self, sequence_id: int, sharing: Sharing) -> None: ...
    def delete(self, sequence_id: int, at: datetime) -> None: ...
    def live(self) -> dict[int, int]: ...
    def live_versions(self, sequence_id: int) -> dict[int, int]: ...
    def keep_contents(self, contents: Mapping[str, bytes]) -> None:
        """Keep attached files by their digest, for good; one that is kept already stays."""
        ...

    def contents(self, digests: Iterable[str]) -> dict[str, bytes]:
        """The attached files with these digests, but for those that are not kept."""
        ...


class Concerned(NamedTuple):
    """How many enrollments something starts and ends, and of how many people."""

    started: int
    ended: int
    people: int


class History(Protocol):
    """The append-only history."""

    def last_id(self) -> int:
        """The id of the latest event, 0 if there is none."""
        ...

    def concerned_since(self, event_id: int) -> Concerned:
        """Whose enrollments have been started and ended by the events after this one."""
        ...

    def add(self, events: Iterable[Event]) -> None:
        """Write events that concern no single enrollment."""
        ...

    def last_at(self) -> datetime | None:
        """When the latest event happened."""
        ...
