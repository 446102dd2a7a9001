"""Contacts as documents: what `contact list` and `contact show` tell (rules, "Contacts" and
"Tables and documents")."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from itertools import islice
from typing import TYPE_CHECKING, Any

from seqctl.domain.model import Contact, User
from seqctl.ports.contacts import Standing

if TYPE_CHECKING:
    from seqctl.ports import Store

Document = dict[str, Any]
_AT_ONCE = 500


def contact_document(store: Store, contact: Contact) -> Document:
    """The JSON of one contact."""
    return contact_documents(store, [contact])[0]


def contact_documents(store: Store, contacts: Iterable[Contact]) -> list[Document]:
    """The JSON of contacts, with the properties that the engine keeps."""
    return list(each_document(store, contacts))


def each_document(store: Store, contacts: Iterable[Contact]) -> Iterator[Document]:
    """The documents of `contact_documents`, made while the contacts are read."""
    waiting, never = iter(contacts), Standing()
    while some := list(islice(waiting, _AT_ONCE)):
        standings = store.contacts.standings(contact.id for contact in some)
        for contact in some:
            yield _document(contact, standings.get(contact.id, never))


def record_document(store: Store, user: User, now: datetime, contact: Contact) -> Document:
    """All that is known of a contact: `contact show`."""
    from seqctl.ports.views import Selection
    from seqctl.service import views
    from seqctl.service.sending.foretelling import Foretelling

    with store.reading():
        seen = views.visible_ids(store, user)
        tasks = [task for task in store.tasks.of_contact(contact.id) if task.status == "open"]
        enrollments = views.selected(store, now, Selection(contact_id=contact.id))
        document = contact_document(store, contact) | {
            "enrollments": enrollments.documents,
            "tasks": views.task_documents(
                task
                if task.sequence_id in seen or task.assignee_id == user.id
                else task._replace(title="")
                for task in tasks
            ),
            "messages": views.message_documents(store, user, contact_id=contact.id),
            "events": views.event_documents(store, user, contact_id=contact.id),
        }
    turns = Foretelling(store, now).moments(enrollments.enrollments)
    return document | {"enrollments": enrollments.documents_by(turns, now)}


def _document(contact: Contact, standing: Standing) -> Document:
    return {
        "email": contact.email,
        "first_name": contact.first_name,
        "last_name": contact.last_name,
        "company": contact.company,
        "phone": contact.phone,
        "owner": contact.owner,
        "access": contact.access,
        "opted_out": contact.opted_out,
        "bounced": contact.bounced,
        "properties": {**standing._asdict(), **contact.properties},
    }
