"""Mail that was recorded and has still to be handed over, as the verbs see it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple, Protocol


class Copy(NamedTuple):
    """A captured mail whose copy goes into the Maildir `folder`.

    `answers` is the message whose thread it goes on; `secret` is the workspace's, for Message-IDs.
    """

    id: int
    sender_name: str
    sender: str
    recipient: str
    subject: str
    body: str
    answers: int | None
    at: datetime
    folder: str
    secret: str


class Outbox(Protocol):
    """The copies that are still to be written."""

    def waiting(self) -> int:
        """How many there are."""
        ...

    def next(self, limit: int) -> list[Copy]:
        """The first of them, by id."""
        ...

    def written(self, ids: Iterable[int]) -> None:
        """These are written."""
        ...


class Copies(Protocol):
    """Where copies of captured mail go."""

    def write(self, copy: Copy) -> None:
        """Write a copy; writing the same one again changes nothing."""
        ...
