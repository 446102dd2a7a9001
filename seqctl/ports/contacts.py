"""Contacts, opt-outs, blocks and segments, as the verbs see them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

from seqctl.domain.model import Contact


class Contacts(Protocol):
    """Contacts by address; a deleted one is found only where `deleted` is asked for."""

    def find(self, addresses: Iterable[str]) -> dict[str, Contact]:
        """The contacts of these lower-case addresses, by address; unknown ones are left out."""
        ...

    def blocked(self, address: str) -> bool:
        """Whether the address or its domain is on the block list."""
        ...
