"""Users, inboxes, sequences and the history, as the verbs see them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Protocol

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
    def inboxes(self) -> list[Inbox]: ...
    def connect_inbox(self, address: str, user_id: int, capture_to: str | None) -> Inbox: ...
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
    def revive(self, sequence_id: int) -> None: ...


class History(Protocol):
    """The append-only history."""

    def add(self, events: Iterable[Event]) -> None:
        """Write events that concern no single enrollment."""
        ...

    def last_at(self) -> datetime | None:
        """When the latest event happened."""
        ...
