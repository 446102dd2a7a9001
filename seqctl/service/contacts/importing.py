"""Importing contacts: all rows of a file in one transaction (rules, "Importing contacts")."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple, Protocol

from seqctl.domain.enrollments.access import may_communicate
from seqctl.domain.model import Contact, Event, User
from seqctl.ports.contacts import ContactChange
from seqctl.service.contacts.contacts import RECORD_FIELDS, Edit, changed_names, end_enrollments

if TYPE_CHECKING:
    from seqctl.ports import Store

_AT_ONCE = 5_000
_REASONS = {"opted_out": "opt-out", "bounced": "bounce"}


class Row(Protocol):
    """One contact of a file; `line` is where its row begins."""

    @property
    def line(self) -> int: ...
    @property
    def email(self) -> str: ...
    @property
    def fields(self) -> Mapping[str, str]: ...
    @property
    def properties(self) -> Mapping[str, str]: ...
    @property
    def opted_out(self) -> bool: ...
    @property
    def bounced(self) -> bool: ...


class Rejection(NamedTuple):
    """A row that was not imported, and one sentence that says why."""

    line: int
    reason: str


@dataclass
class Imported:
    """What an import did, in contacts; `repeated` rows named a contact of an earlier row.

    `opted_out` and `bounced` are those of whom the file says so, whether it was known or not.
    """

    created: int = 0
    updated: int = 0
    unchanged: int = 0
    ended: int = 0
    repeated: int = 0
    opted_out: int = 0
    bounced: int = 0
    rejected: list[Rejection] = field(default_factory=list[Rejection])


class Plan(NamedTuple):
    """How to import: `source` names the file in the history, `owner` gets the new contacts, and
    `always` is set on every row."""

    source: str
    owner: User
    always: Edit = Edit()


def import_contacts(
    store: Store,
    user: User,
    now: datetime,
    rows: Iterable[Row],
    plan: Plan,
    *,
    dry_run: bool = False,
) -> Imported:
    """Create and update the contacts of a file: all of it or, where that fails, nothing.

    A row of a contact that the user may not write to is rejected. With `dry_run` nothing is stored.
    Rows are read, decided and written some thousands at a time, so that a file may be long.
    """
    result = Imported()
    decider = _Decider(store, user, now, plan, result)
    with store.rehearsing() if dry_run else store.writing():
        waiting = iter(rows)
        while some := list(islice(waiting, _AT_ONCE)):
            decider.decide(_merge(some, result))
            store.contacts.record(decider.changes)
            result.ended += _remember(store, user, now, decider.said_no)
            decider.changes.clear()
            decider.said_no.clear()
    return result


def _merge(rows: Iterable[Row], result: Imported) -> dict[str, Row]:
    """The rows by address; what a later row says of the same address wins."""
    merged: dict[str, Row] = {}
    for row in rows:
        earlier = merged.get(row.email)
        if earlier is not None:
            result.repeated += 1
            row = _Repeated(
                row.line,
                row.email,
                {**earlier.fields, **row.fields},
                {**earlier.properties, **row.properties},
                earlier.opted_out or row.opted_out,
                earlier.bounced or row.bounced,
            )
        merged[row.email] = row
    return merged


class _Repeated(NamedTuple):
    """Several rows of one address as one."""

    line: int
    email: str
    fields: Mapping[str, str]
    properties: Mapping[str, str]
    opted_out: bool
    bounced: bool


class _Decider:
    """Decides what each row means for its contact, and counts it."""

    def __init__(
        self, store: Store, user: User, now: datetime, plan: Plan, result: Imported
    ) -> None:
        self.changes: list[ContactChange] = []
        self.said_no: list[tuple[Contact, str]] = []
        self._store = store
        self._user = user
        self._now = now
        self._plan = plan
        self._result = result
        self._seen: dict[str, str] = {}

    def decide(self, rows: Mapping[str, Row]) -> None:
        """Decide all rows, which are given by address."""
        known = self._store.contacts.find(rows)
        deleted = self._store.contacts.find(rows, deleted=True)
        for email, row in rows.items():
            self._result.opted_out += row.opted_out
            self._result.bounced += row.bounced
            before = known.get(email)
            if before is None:
                self._create(row, deleted[email].id if email in deleted else 0)
                self._count(email, "created")
            elif may_communicate(self._user, before):
                self._count(email, "updated" if self._update(row, before) else "unchanged")
            else:
                self._reject(row, before)

    def _count(self, email: str, became: str) -> bool:
        """Count a contact once, whatever further rows say of it; whether this row is its first."""
        result, known = self._result, self._seen.get(email)
        if known is None:
            self._seen[email] = became
        elif (known, became) == ("unchanged", "updated"):
            self._seen[email] = became
            result.unchanged -= 1
        else:
            became = ""
        result.repeated += known is not None
        result.created += became == "created"
        result.updated += became == "updated"
        result.unchanged += became == "unchanged"
        return known is None

    def _create(self, row: Row, id: int) -> None:
        always, owner = self._plan.always, self._plan.owner
        fields = {**row.fields, **always.fields}
        contact = Contact(
            id,
            row.email,
            *(fields.get(name, "") for name in RECORD_FIELDS),
            owner_id=owner.id,
            owner=owner.name,
            properties={**row.properties, **always.properties},
        )
        flags = ", ".join(self._note_flags(row, contact))
        detail = f"{self._plan.source}: {flags}" if flags else self._plan.source
        self.changes.append(ContactChange(contact, self._event("created", detail)))

    def _update(self, row: Row, before: Contact) -> bool:
        """Whether that changes anything."""
        always = self._plan.always
        after = replace(
            before,
            properties={**before.properties, **row.properties, **always.properties},
            **{**row.fields, **always.fields},
        )
        changed = [*changed_names(before, after), *self._note_flags(row, before)]
        if not changed:
            return False
        detail = f"{self._plan.source}: {', '.join(changed)}"
        self.changes.append(ContactChange(after, self._event("updated", detail)))
        return True

    def _reject(self, row: Row, before: Contact) -> None:
        """The row changes nothing, but a no holds whoever brings it."""
        if self._count(row.email, "rejected"):
            reason = f"{row.email} is {before.owner}'s contact, and not shared with you."
            self._result.rejected.append(Rejection(row.line, reason))
        fresh = self._note_flags(row, before)
        if fresh:
            detail = f"{self._plan.source}: {', '.join(fresh)}"
            self.changes.append(ContactChange(before, self._event("updated", detail)))

    def _note_flags(self, row: Row, contact: Contact) -> list[str]:
        """The flags that a row sets and that were not set before."""
        said = {"opted_out": row.opted_out, "bounced": row.bounced}
        fresh = [flag for flag in said if said[flag] and not getattr(contact, flag)]
        self.said_no += [(contact, flag) for flag in fresh]
        return fresh

    def _event(self, kind: str, detail: str) -> Event:
        return Event(self._now, self._user.id, kind, detail)


def _remember(
    store: Store, user: User, now: datetime, said_no: Iterable[tuple[Contact, str]]
) -> int:
    """Keep who said no, and end their live enrollments; give the number of those."""
    ended = 0
    for contact, flag in said_no:
        store.contacts.suppress(contact.email, flag, now)
        ended += end_enrollments(store, contact, now, user, _REASONS[flag])
    return ended
