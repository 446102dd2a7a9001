"""The block list: addresses and domains that never get a mail (rules, "The block list")."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple

from seqctl.domain.contacts.addresses import InvalidAddress, parse_address
from seqctl.domain.contacts.filters import Filter, Operator
from seqctl.domain.errors import NotFound, WrongUsage
from seqctl.domain.model import Contact, Event, User
from seqctl.service.acting import did_you_mean
from seqctl.service.contacts.contacts import end_enrollments

if TYPE_CHECKING:
    from seqctl.ports import Store
    from seqctl.ports.contacts import Block


class Blocked(NamedTuple):
    """What `add` did: the blocks asked for, which of them are new, how many enrollments ended."""

    blocks: list[Block]
    fresh: list[str]
    ended: int


def add(store: Store, user: User, now: datetime, targets: Sequence[str]) -> Blocked:
    """Block addresses and domains; ends the live enrollments of those whom they match."""
    addresses = [parse_target(target) for target in targets]
    with store.writing():
        fresh = [a for a in addresses if store.contacts.suppress(a, "blocked", now)]
        store.history.add(_events(store, user, now, "blocked", fresh))
        ended = sum(
            end_enrollments(store, contact, now, user, "error", "BLOCKED")
            for address in addresses
            for contact in _enrolled_at(store, address)
        )
        blocks = [block for block in store.contacts.blocks() if block.address in addresses]
    return Blocked(blocks, fresh, ended)


def remove(store: Store, user: User, now: datetime, targets: Sequence[str]) -> list[Block]:
    """Take addresses and domains off the list: all, or none where one isn't on it (NotFound)."""
    addresses = [parse_target(target) for target in targets]
    with store.writing():
        known = {block.address: block for block in store.contacts.blocks()}
        _require_known(addresses, known)
        for address in addresses:
            store.contacts.unsuppress(address, "blocked")
        store.history.add(_events(store, user, now, "unblocked", addresses))
    return [known[address] for address in addresses]


def parse_target(text: str) -> str:
    """An address, or a domain as `@domain`, in the form in which it is stored.

    Raises WrongUsage.
    """
    domain = text.strip()
    if "@" not in domain:
        raise WrongUsage(f"'{text}' is no address.", f"a whole domain is written @{domain}")
    if not domain.startswith("@"):
        return parse_address(text)
    try:
        return parse_address(f"anybody{domain}").removeprefix("anybody")
    except InvalidAddress as error:
        raise WrongUsage(
            f"'{text}' is not a domain: {error.reason}.", "for example @example.com"
        ) from None


def _events(
    store: Store, user: User, now: datetime, kind: str, addresses: Iterable[str]
) -> list[Event]:
    """One event for each address, told about its contact where there is one."""
    contacts = store.contacts.find(addresses)
    return [
        Event(now, user.id, kind, a, contact_id=contacts[a].id if a in contacts else None)
        for a in addresses
    ]


def _enrolled_at(store: Store, address: str) -> list[Contact]:
    """The contacts with live enrollments whom a block matches."""
    named = Filter(
        "email", Operator.CONTAINS if address.startswith("@") else Operator.EQUAL, address
    )
    enrolled = store.contacts.matching([named, Filter("now_in_sequence", Operator.SET)])
    return [contact for contact in enrolled if contact.email.endswith(address)]


def _require_known(addresses: Iterable[str], known: Iterable[str]) -> None:
    for address in addresses:
        if address not in known:
            raise NotFound(
                f"{address} is not blocked.{did_you_mean(address, known)}",
                "seqctl block list",
                code="NOT_BLOCKED",
            )
