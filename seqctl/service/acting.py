"""Who acts, when, and on what: the questions that every verb asks first."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from difflib import get_close_matches
from typing import TYPE_CHECKING

from seqctl.domain.contacts.addresses import InvalidAddress, parse_address, stored_form
from seqctl.domain.enrollments.access import may_communicate, may_use
from seqctl.domain.errors import NotFound, WrongUsage
from seqctl.domain.model import Contact, Sequence, User
from seqctl.service.outcome import Outcome, Refusal

if TYPE_CHECKING:
    from seqctl.ports import Clock, Store


_TOLERATED = timedelta(days=1)
"""So far the system's clock may have gone back before a tick refuses to work."""


def current_time(store: Store, clock: Clock) -> datetime:
    """Now: the stored clock, or the system's, which is never before the last event."""
    state = store.workspace.state()
    if state.now is not None:
        return state.now
    now = clock.now()
    last = store.history.last_at()
    return now if last is None else max(now, last)


def far_ahead(store: Store, clock: Clock) -> datetime | None:
    """When the last event of a real workspace was, if that is more than a day ahead of the system's
    clock: one clock or the other was wrong (rules, "Two clocks")."""
    last = store.history.last_at()
    if last is None or last - clock.now() <= _TOLERATED or store.workspace.state().simulated:
        return None
    return last


def acting_user(store: Store, name: str | None) -> User:
    """Who acts: the named user, else the only one there is (rules, "Who acts").

    Raises:
        NotFound: no user has this name.
        WrongUsage: there are several users and none was named, or there is none.
    """
    users = store.people.users()
    if name is not None:
        return user_named(store, name)
    if len(users) == 1:
        return users[0]
    names = ", ".join(user.name for user in users)
    if not users:
        raise WrongUsage("There is no user yet.", "seqctl user add NAME --email ADDRESS")
    raise WrongUsage(
        f"Several users share this workspace: {names}. Say who you are.",
        f"the same command with --as {users[0].name}, or set SEQCTL_USER",
        code="WHO",
    )


def user_named(store: Store, name: str) -> User:
    """The user of this name; raises NotFound with the nearest name."""
    users = {user.name: user for user in store.people.users()}
    if name in users:
        return users[name]
    raise NotFound(
        f"There is no user '{name}'.{did_you_mean(name, users)}", "seqctl user list", code="NO_USER"
    )


def visible_sequence(store: Store, name: str, user: User) -> Sequence:
    """The sequence of this name that the user may see; raises NotFound with the nearest name."""
    found = store.sequences.named(name)
    if found is not None and not found.deleted and may_use(user, found):
        return found
    seen = [sequence.name for sequence in store.sequences.all() if may_use(user, sequence)]
    raise NotFound(
        f"There is no sequence '{name}'.{did_you_mean(name, seen)}",
        "seqctl sequence list",
        code="NO_SEQUENCE",
    )


def sequence_to_enroll_in(store: Store, name: str, user: User) -> Sequence:
    """The sequence of this name, also one that is deleted or not shared: enrolling refuses those
    with a code of their own (rules, "Order of refusals"). Raises NotFound with the nearest visible name."""
    return store.sequences.named(name) or visible_sequence(store, name, user)


def sequence_beside_contact(store: Store, name: str, user: User) -> Sequence:
    """A sequence named together with a contact, also a private one of another user: access to the
    contact is enough (rules, "Access"). Raises NotFound with the nearest visible name."""
    found = store.sequences.named(name)
    return found if found and not found.deleted else visible_sequence(store, name, user)


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """` Did you mean X?` for the nearest known name, or nothing."""
    near = get_close_matches(name, list(known), n=1, cutoff=0.6)
    return f" Did you mean {near[0]}?" if near else ""


def reachable(
    store: Store, addresses: Iterable[str], user: User, outcome: Outcome
) -> list[tuple[str, Contact]]:
    """The contacts that the user may communicate with; the others join the refusals."""
    wanted = list(dict.fromkeys(stored_form(address) for address in addresses))
    known = store.contacts.find(wanted)
    found: list[tuple[str, Contact]] = []
    for address in wanted:
        contact = known.get(address)
        if contact is None:
            outcome.refused.append(unknown_contact(store, address, user))
        elif not may_communicate(user, contact):
            message = f"{address} belongs to {contact.owner}; you may not communicate with it."
            outcome.refused.append(Refusal(address, "NO_CONTACT_ACCESS", message))
        else:
            found.append((address, contact))
    return found


def no_such_contact(store: Store, user: User, email: str) -> NotFound:
    """The error for an address that is no contact's, with the nearest one that is."""
    near = did_you_mean(email, store.contacts.addresses_like(email, user))
    return NotFound(
        f"There is no contact '{email}'.{near}",
        f"seqctl contact add {email}",
        code="UNKNOWN_CONTACT",
    )


def unknown_contact(store: Store, address: str, user: User) -> Refusal:
    """The refusal of an address that no contact has, or of words that are none."""
    try:
        parse_address(address)
    except InvalidAddress as error:
        return Refusal(address, "INVALID_ADDRESS", error.message)
    hint = did_you_mean(address, store.contacts.addresses_like(address, user))
    return Refusal(address, "UNKNOWN_CONTACT", f"There is no contact {address}.{hint}")
