"""Contacts, those who said no, and segments, as the verbs see them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple, Protocol

from seqctl.domain.model import Contact, Event, User

if TYPE_CHECKING:
    from seqctl.domain.contacts.filters import Filter


class ContactChange(NamedTuple):
    """A contact after a change, and the event that tells of it.

    A contact with id 0 is a new one; the store fills in the event's contact.
    """

    after: Contact
    event: Event


class Standing(NamedTuple):
    """What the engine keeps about a contact (rules, "Properties that the engine keeps";
    `filters.ENGINE_PROPERTIES`)."""

    now_in_sequence: bool = False
    sequences_active_count: int = 0
    sequences_enrolled_count: int = 0
    last_sequence_enrolled: str | None = None
    last_enrolled_at: datetime | None = None
    last_sequence_ended_at: datetime | None = None
    last_sequence_finished_at: datetime | None = None
    last_sequence_unenrolled_at: datetime | None = None


class Block(NamedTuple):
    """An address, or `@domain`, that never gets a mail."""

    address: str
    since: datetime


class Contacts(Protocol):
    """Contacts by address, the addresses that said no, and segments."""

    def find(self, addresses: Iterable[str], *, deleted: bool = False) -> dict[str, Contact]:
        """The contacts of these addresses, by address; `deleted` gives those that were deleted."""
        ...

    def by_ids(self, ids: Iterable[int]) -> dict[int, Contact]:
        """The contacts with these ids, deleted or not, by id."""
        ...

    def addresses(self, ids: Iterable[int]) -> dict[int, str]:
        """The addresses of the contacts with these ids, deleted or not, by id."""
        ...

    def matching(
        self, filters: Sequence[Filter] = (), user: User | None = None, limit: int | None = None
    ) -> list[Contact]:
        """The contacts that pass all filters, by id; with `user` only those he may write to."""
        ...

    def each_matching(
        self, filters: Sequence[Filter] = (), user: User | None = None, limit: int | None = None
    ) -> Iterator[Contact]:
        """The contacts of `matching`, read bit by bit, as nobody may need all of them at once."""
        ...

    def count(self, filters: Sequence[Filter] = (), user: User | None = None) -> int:
        """How many contacts `matching` would give without a limit."""
        ...

    def addresses_like(self, address: str, user: User | None = None) -> list[str]:
        """Addresses of contacts that begin like this one; with `user` only of those he may write to."""
        ...

    def property_names(self) -> list[str]:
        """The names of all properties that contacts have of their own."""
        ...

    def has_property(self, name: str) -> bool:
        """Whether any contact has a property of this name."""
        ...

    def standings(self, ids: Iterable[int]) -> dict[int, Standing]:
        """What the engine keeps about these contacts; those never enrolled are left out."""
        ...

    def record(self, changes: Iterable[ContactChange]) -> None:
        """Write changed and new contacts with their events; a deleted one is there again."""
        ...

    def erase(self, contact_id: int, at: datetime) -> None:
        """Mark a contact as deleted and forget all about it but its address."""
        ...

    def blocked(self, address: str) -> bool:
        """Whether the address or its domain is on the block list."""
        ...

    def blocks(self) -> list[Block]:
        """The block list, by address."""
        ...

    def suppressed(self, address: str) -> set[str]:
        """What is known of an address: `opted_out`, `bounced`, `blocked`."""
        ...

    def suppress(self, address: str, kind: str, at: datetime) -> bool:
        """Note that an address said no (`opted_out`, `bounced`, `blocked`); False if known before."""
        ...

    def unsuppress(self, address: str, kind: str) -> bool:
        """Forget that an address said no; False if nothing was known."""
        ...

    def segments(self) -> dict[str, list[str]]:
        """The filter expressions of every segment, by name."""
        ...

    def save_segment(self, name: str, expressions: Sequence[str]) -> None:
        """Store a segment, in place of one of the same name."""
        ...

    def delete_segment(self, name: str) -> None:
        """Forget a segment."""
        ...
