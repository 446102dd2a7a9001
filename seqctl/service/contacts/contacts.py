"""Adding, changing, opting out and deleting contacts (rules, "Contacts")."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

from seqctl.domain.contacts.addresses import parse_address
from seqctl.domain.contacts.filters import KINDS, property_name
from seqctl.domain.enrollments.access import may_communicate
from seqctl.domain.errors import Refused, WrongUsage
from seqctl.domain.model import Contact, Event, User
from seqctl.ports.contacts import ContactChange
from seqctl.service.acting import no_such_contact, user_named

if TYPE_CHECKING:
    from seqctl.ports import Store

RECORD_FIELDS = ("first_name", "last_name", "company", "phone")
"""The fields of a contact that hold free text."""

ACCESS = ("everyone", "owner", "team")
_NOTHING: Mapping[str, str] = MappingProxyType({})


class Edit(NamedTuple):
    """What to change; what is not named stays. An empty text clears a field or a property."""

    fields: Mapping[str, str] = _NOTHING
    properties: Mapping[str, str] = _NOTHING
    owner: str | None = None
    access: str | None = None


class Outcome(NamedTuple):
    """A contact after a command: what changed, and how many enrollments that ended."""

    contact: Contact
    changed: Sequence[str] = ()
    ended: int = 0


# --- looking up ---------------------------------------------------------------------------------


def visible_contact(store: Store, user: User, address: str) -> Contact:
    """The contact that the user may write to; raises NotFound with the nearest address."""
    email = parse_address(address)
    contact = store.contacts.find([email]).get(email)
    if contact is None or not may_communicate(user, contact):
        raise no_such_contact(store, user, email)
    return contact


def own_contact(store: Store, user: User, address: str) -> Contact:
    """The contact that the user may change; raises NotFound, or Refused (`NO_CONTACT_ACCESS`)."""
    email = parse_address(address)
    contact = store.contacts.find([email]).get(email)
    if contact is None:
        raise no_such_contact(store, user, email)
    _require_access(user, contact)
    return contact


def parse_assignments(texts: Iterable[str]) -> Edit:
    """What `--set key=value` sets: fields by their name, anything else as a property.

    Raises WrongUsage for a text without `=`, and for a name that the engine keeps.
    """
    fields: dict[str, str] = {}
    properties: dict[str, str] = {}
    for text in texts:
        key, equals, value = text.partition("=")
        name = property_name(key)
        if not equals or not name:
            raise WrongUsage(
                f"'{text}' sets nothing.", "for example --set source=fair", code="BAD_PROPERTY"
            )
        if name in KINDS and name not in RECORD_FIELDS:
            raise WrongUsage(
                f"'{name}' can't be set: it means something else in a workspace.",
                "choose another name",
                code="BAD_PROPERTY",
            )
        (fields if name in RECORD_FIELDS else properties)[name] = value.strip()
    return Edit(fields, properties)


# --- changing -----------------------------------------------------------------------------------


def add(store: Store, user: User, now: datetime, address: str, edit: Edit) -> Outcome:
    """Add a contact, or bring a deleted one back with nothing but the new values.

    Raises Refused where there is a contact of this address already.
    """
    email = parse_address(address)
    with store.writing():
        existing = store.contacts.find([email]).get(email)
        if existing is not None:
            _require_access(user, existing)
            raise Refused(
                f"{email} is a contact already.", f"seqctl contact edit {email}", code="EXISTS"
            )
        deleted = store.contacts.find([email], deleted=True).get(email)
        blank = Contact(deleted.id if deleted else 0, email, owner_id=user.id, owner=user.name)
        contact = _edited(store, blank, edit)
        store.contacts.record(
            [ContactChange(contact, Event(now, user.id, "created", "again" if deleted else ""))]
        )
        return Outcome(store.contacts.find([email])[email])


def edit(store: Store, user: User, now: datetime, address: str, edit: Edit) -> Outcome:
    """Change a contact; the outcome names what changed, and is empty where nothing did.

    Raises Refused where the owner or the access is not the user's to change.
    """
    with store.writing():
        before = own_contact(store, user, address)
        after = _edited(store, before, edit)
        changed = changed_names(before, after)
        if before.access != "everyone" and {"owner", "access"}.intersection(changed):
            _require_owner(user, before)
        if changed:
            event = Event(now, user.id, "updated", ", ".join(changed))
            store.contacts.record([ContactChange(after, event)])
        return Outcome(after, changed)


def opt_out(store: Store, user: User, now: datetime, address: str) -> Outcome:
    """No more mails to an address, contact or not; ends all its live enrollments."""
    email = parse_address(address)
    with store.writing():
        contact = store.contacts.find([email]).get(email) or Contact(0, email)
        _require_access(user, contact)
        fresh = store.contacts.suppress(email, "opted_out", now)
        if fresh:
            store.history.add([about(contact, now, user, "opted-out")])
        ended = end_enrollments(store, contact, now, user, "opt-out")
        return _suppression_outcome(store, contact, "opted_out" if fresh else "", ended)


def opt_in(store: Store, user: User, now: datetime, address: str) -> Outcome:
    """Mails may go to an address again; enrollments that ended stay ended."""
    email = parse_address(address)
    with store.writing():
        contact = store.contacts.find([email]).get(email) or Contact(0, email)
        _require_access(user, contact)
        known = store.contacts.unsuppress(email, "opted_out")
        if known:
            store.history.add([about(contact, now, user, "opted-in")])
        return _suppression_outcome(store, contact, "opted_out" if known else "", 0)


def delete(store: Store, user: User, now: datetime, address: str) -> Outcome:
    """Delete a contact: its enrollments end, its data goes; that it said no is remembered."""
    with store.writing():
        contact = own_contact(store, user, address)
        ended = end_enrollments(store, contact, now, user, "contact-deleted")
        store.history.add([about(contact, now, user, "deleted")])
        store.contacts.erase(contact.id, now)
        return Outcome(store.contacts.by_ids([contact.id])[contact.id], ended=ended)


def end_enrollments(
    store: Store, contact: Contact, now: datetime, user: User, reason: str, error: str | None = None
) -> int:
    """End all live enrollments of a contact, whoever enrolled it; give their number."""
    from seqctl.service.enrollments.ending import end_all

    if not contact.id:
        return 0
    live = store.enrollments.live(contact_id=contact.id)
    return end_all(store, live, now, user.id, reason, error)


def changed_names(before: Contact, after: Contact) -> list[str]:
    """The names of the fields and properties in which two states of a contact differ."""
    names = [
        name
        for name in (*RECORD_FIELDS, "owner", "access")
        if getattr(before, name) != getattr(after, name)
    ]
    old, new = before.properties, after.properties
    return names + [name for name in {**old, **new} if old.get(name) != new.get(name)]


def about(contact: Contact, now: datetime, user: User, kind: str) -> Event:
    """An event about a contact, or where there is none about its address."""
    if contact.id:
        return Event(now, user.id, kind, contact_id=contact.id)
    return Event(now, user.id, kind, contact.email)


def _edited(store: Store, contact: Contact, edit: Edit) -> Contact:
    merged = {**contact.properties, **edit.properties}
    contact = replace(
        contact,
        **{name: value.strip() for name, value in edit.fields.items()},
        properties={name: value for name, value in merged.items() if value},
    )
    if edit.owner is not None:
        owner = user_named(store, edit.owner)
        contact = replace(contact, owner_id=owner.id, owner=owner.name, owner_teams=owner.teams)
    if edit.access is not None:
        if edit.access not in ACCESS:
            raise WrongUsage(f"'{edit.access}' is no access.", f"use --access {'|'.join(ACCESS)}")
        contact = replace(contact, access=edit.access)
    return contact


def _suppression_outcome(store: Store, contact: Contact, changed: str, ended: int) -> Outcome:
    known = store.contacts.suppressed(contact.email)
    after = replace(contact, opted_out="opted_out" in known, bounced="bounced" in known)
    return Outcome(after, [changed] if changed else [], ended)


def _require_access(user: User, contact: Contact) -> None:
    if not may_communicate(user, contact):
        raise Refused(
            f"{contact.email} is {contact.owner}'s contact, and not shared with {user.name}.",
            f"ask {contact.owner} to type: seqctl contact edit {contact.email} --access everyone",
            code="NO_CONTACT_ACCESS",
        )


def _require_owner(user: User, contact: Contact) -> None:
    if contact.owner_id not in (None, user.id):
        raise Refused(
            f"{contact.email} is {contact.owner}'s contact: only {contact.owner} may change its "
            "owner and access.",
            f"ask {contact.owner}",
            code="NOT_YOURS",
        )
