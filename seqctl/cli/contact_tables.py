"""Contacts as tables, and one contact's record, for people."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from seqctl.cli.output import ROWS_SHOWN
from seqctl.cli.session import Session
from seqctl.domain.contacts.filters import ENGINE_PROPERTIES
from seqctl.service.contacts.contact_documents import (
    contact_documents,
    each_document,
    record_document,
)
from seqctl.service.contacts.contacts import visible_contact
from seqctl.service.contacts.segments import filters_of

if TYPE_CHECKING:
    from seqctl.domain.contacts.filters import Filter

_LATEST = 10


def print_contacts(
    session: Session, where: Sequence[str], segment: str | None, *, every: bool, limit: int | None
) -> None:
    """Answer `contact list` and `segment show`.

    People see 50 rows, or with `every` all; `limit` is for both.
    """
    from seqctl.domain.errors import WrongUsage

    if limit is not None and limit < 0:
        raise WrongUsage("--limit is 0 or more.", "--limit 20")
    store, user = session.store, session.user
    filters = filters_of(store, user, session.now, where, segment)
    if session.json:
        # In no transaction: a reader that takes its time would keep the tick from writing.
        found = store.contacts.each_matching(filters, user, limit)
        session.emit({"contacts": each_document(store, found)})
        return
    with store.reading():
        shown = limit if every or limit is not None else ROWS_SHOWN
        documents = contact_documents(store, store.contacts.matching(filters, user, shown))
        total = len(documents) if limit is not None else store.contacts.count(filters, user)
    if not documents:
        session.say(_none_found(filters, session))
        return
    session.table(
        ["email", "name", "company", "owner", "sequences", "note"],
        [_row(document) for document in documents],
        every=every or limit is not None,
        total=total,
    )


def _none_found(filters: Sequence[Filter], session: Session) -> str:
    if filters:
        return "No contact passes."
    return "No contacts yet. Try: seqctl contact import FILE"


def _row(document: dict[str, Any]) -> list[object]:
    return [
        document["email"],
        _name(document),
        document["company"],
        document["owner"],
        document["properties"]["sequences_active_count"] or None,
        ", ".join(_notes(document)),
    ]


def _name(document: dict[str, Any]) -> str:
    return f"{document['first_name']} {document['last_name']}".strip()


def _notes(document: dict[str, Any]) -> list[str]:
    said = {"opted out": document["opted_out"], "bounced": document["bounced"]}
    return [note for note, is_so in said.items() if is_so]


# --- one contact --------------------------------------------------------------------------------


def print_record(session: Session, address: str) -> None:
    """Answer `contact show`."""
    store, user, now = session.store, session.user, session.now
    contact = visible_contact(store, user, address)
    document = record_document(store, user, now, contact)
    session.emit(document)
    if session.json:
        return
    blocked = ["blocked"] if store.contacts.blocked(contact.email) else []
    session.say(contact.email, "bold")
    _print_pairs(session, _facts(document, blocked))
    _print_pairs(session, _properties(session, document["properties"]), "Properties")
    _print_enrollments(session, document["enrollments"])
    _print_latest(session, "Open tasks", document["tasks"], ["id", "type", "title", "assignee"])
    _print_latest(session, "Mails", document["messages"], ["id", "sent_at", "status", "subject"])
    _print_latest(session, "History", document["events"], ["at", "actor", "kind", "detail"])


def _facts(document: dict[str, Any], blocked: list[str]) -> dict[str, object]:
    return {
        "name": _name(document),
        "company": document["company"],
        "phone": document["phone"],
        "owner": document["owner"],
        "access": document["access"],
        "mail": ", ".join(_notes(document) + blocked),
    }


def _properties(session: Session, properties: dict[str, Any]) -> dict[str, object]:
    """Own properties, and of the engine's those that have a value."""
    return {
        name: _shown(session, value)
        for name, value in properties.items()
        if name not in ENGINE_PROPERTIES or value not in (None, 0, False)
    }


def _shown(session: Session, value: object) -> object:
    if isinstance(value, datetime):
        return session.moment(value)
    if isinstance(value, bool):
        return "yes" if value else "no"
    return value


def _print_pairs(session: Session, pairs: dict[str, object], title: str = "") -> None:
    filled = {name: value for name, value in pairs.items() if value not in (None, "")}
    if title and filled:
        session.say(f"\n{title}")
    width = max(map(len, filled), default=0)
    for name, value in filled.items():
        session.say(f"  {name.ljust(width)}  {value}")


def _print_enrollments(session: Session, enrollments: list[dict[str, Any]]) -> None:
    if not enrollments:
        session.say("\nNever enrolled.")
        return
    session.say("\nEnrollments")
    session.table(
        ["id", "sequence", "by", "status", "step", "due"],
        [
            [
                row["id"],
                row["sequence"],
                row["enrolled_by"],
                _status(row),
                f"{row['step']}/{row['steps']}" if row["step"] else "",
                session.moment(row["due_at"]),
            ]
            for row in enrollments
        ],
        every=True,
    )


def _status(row: dict[str, Any]) -> str:
    status = "waiting on task" if row["status"] == "waiting_task" else row["status"]
    why = ": ".join(word for word in (row["reason"], row["error"]) if word)
    return f"{status} ({why})" if why else status


def _print_latest(
    session: Session, title: str, rows: list[dict[str, Any]], columns: list[str]
) -> None:
    """The latest rows of one kind, newest last."""
    if not rows:
        return
    older = len(rows) - _LATEST
    session.say(f"\n{title}" + (f" (the latest {_LATEST} of {len(rows)})" if older > 0 else ""))
    heads = ["when" if column in ("at", "sent_at") else column for column in columns]
    cells = [[_shown(session, row[column]) for column in columns] for row in rows[-_LATEST:]]
    session.table(heads, cells, every=True)
