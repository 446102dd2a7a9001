"""Contacts, opt-outs, blocks and segments, as the verbs see them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Protocol

from seqctl.domain.filters import Filter
from seqctl.domain.model import Contact, User


class Contacts(Protocol):
    """Contacts by address, and the addresses that said no."""

    def find(self, addresses: Iterable[str], *, deleted: bool = False) -> dict[str, Contact]:
        """The contacts of these addresses, by address; `deleted` gives those that were deleted."""
        ...

    def by_ids(self, ids: Iterable[int]) -> dict[int, Contact]:
        """The contacts with these ids, deleted or not, by id."""
        ...

    def matching(
        self, filters: Sequence[Filter] = (), user: User | None = None, limit: int | None = None
    ) -> list[Contact]:
        """The contacts that pass all filters, by id; with `user` only those who are theirs to write to."""
        ...

    def blocked(self, address: str) -> bool:
        """Whether the address or its domain is on the block list."""
        ...

    def suppress(self, address: str, kind: str, at: datetime) -> bool:
        """Note that an address said no (`opted_out`, `bounced`, `blocked`); False if known before."""
        ...

    def unsuppress(self, address: str, kind: str) -> bool:
        """Forget that an address said no; False if nothing was known."""
        ...
