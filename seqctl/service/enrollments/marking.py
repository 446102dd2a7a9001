"""`unenroll`, and `mark`: what a person did, or saw happen outside (rules, "Unenrolling" and "Marking")."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING

from seqctl.domain.contacts.addresses import stored_form
from seqctl.domain.contacts.folding import folded
from seqctl.domain.enrollments.access import may_communicate
from seqctl.domain.model import Contact, Enrollment, Event, User
from seqctl.service.acting import reachable, sequence_beside_contact, unknown_contact
from seqctl.service.enrollments.ending import end_all
from seqctl.service.outcome import Outcome, Refusal, nothing
from seqctl.service.plans import Plans

if TYPE_CHECKING:
    from seqctl.ports import Store

REASONS = {"replied": "reply", "meeting": "meeting", "bounced": "bounce"}


def unenroll(
    store: Store,
    user: User,
    now: datetime,
    addresses: Iterable[str],
    sequence_name: str | None = None,
) -> Outcome:
    """End a contact's live enrollments, in one sequence or in all (rules, "Unenrolling").

    Allowed for the enroller, and for anyone with access to the contact.
    """
    sequence_id = None
    if sequence_name:
        sequence_id = sequence_beside_contact(store, sequence_name, user).id
    outcome = nothing()
    with store.writing():
        wanted = list(dict.fromkeys(stored_form(address) for address in addresses))
        contacts = store.contacts.find(wanted)
        for address in wanted:
            contact = contacts.get(address)
            if contact is None:
                outcome.refused.append(unknown_contact(store, address, user))
            else:
                _unenroll_one(store, user, now, contact, sequence_id, outcome)
    return outcome


def _unenroll_one(
    store: Store,
    user: User,
    now: datetime,
    contact: Contact,
    sequence_id: int | None,
    outcome: Outcome,
) -> None:
    live = store.enrollments.live(contact_id=contact.id, sequence_id=sequence_id)
    may = may_communicate(user, contact)
    mine = [enrollment for enrollment in live if may or enrollment.user_id == user.id]
    if not live:
        message = f"{contact.email} is not enrolled there now."
        outcome.refused.append(Refusal(contact.email, "NOT_ENROLLED", message))
    elif not mine:
        message = f"{contact.email} is {contact.owner}'s contact, and you did not enroll it."
        outcome.refused.append(Refusal(contact.email, "NO_CONTACT_ACCESS", message))
    end_all(store, mine, now, user.id, "manual", detail=f"by {user.name}")
    outcome.done.extend(enrollment.id for enrollment in mine)


def mark(store: Store, user: User, now: datetime, addresses: Iterable[str], what: str) -> Outcome:
    """Tell what happened outside: `replied`, `meeting` or `bounced` (a key of REASONS).

    It ends all live enrollments of the contact, whoever enrolled it, and where a sequence asks for
    it those of the same company (rules, "A company's answer"). The same again, where nothing has
    happened since, changes nothing: so it may be typed again after a crash.
    """
    reason = REASONS[what]
    outcome = nothing()
    with store.writing():
        for _, contact in reachable(store, addresses, user, outcome):
            if _was_marked(store, user, contact, what):
                outcome.notes.append(f"{contact.email} was marked so already; nothing was changed.")
                continue
            marked = Event(now, user.id, what, f"marked by {user.name}", contact.id)
            store.history.add([marked])
            if reason == "bounce":
                store.contacts.suppress(contact.email, "bounced", now)
            ended = ended_by_event(store, contact, now, user.id, reason)
            outcome.done.extend(ended)
            if not ended:
                outcome.notes.append(f"{contact.email} was in no sequence; noted all the same.")
    outcome.done.sort()
    return outcome


def _was_marked(store: Store, user: User, contact: Contact, what: str) -> bool:
    """Whether this user's same mark is the last that happened to the contact, and ended all it could."""
    if store.enrollments.live(contact_id=contact.id):
        return False
    events = store.views.events(contact_id=contact.id)
    last = max((event.id for event in events if event.enrollment_id is None), default=0)
    return any(
        event.id == last and (event.kind, event.actor) == (what, user.name) for event in events
    ) and not any(event.id > last and event.kind in _BEGINNINGS for event in events)


_BEGINNINGS = ("enrolled", "reenrolled", "revived")


def ended_by_event(
    store: Store, contact: Contact, at: datetime, actor_id: int | None, reason: str
) -> list[int]:
    """End what a reply, a meeting, a bounce or an opt-out ends; give the ids."""
    own = store.enrollments.live(contact_id=contact.id)
    end_all(store, own, at, actor_id, reason)
    colleagues = _colleagues(store, contact, own, reason)
    end_all(store, colleagues, at, actor_id, f"company-{reason}", detail=contact.email)
    return [enrollment.id for enrollment in (*own, *colleagues)]


def _colleagues(
    store: Store, contact: Contact, own: list[Enrollment], reason: str
) -> list[Enrollment]:
    """Live enrollments in the same sequences of contacts with the same company, if asked for."""
    if reason not in ("reply", "meeting") or not folded(contact.company):
        return []
    plans = Plans(store)
    found: list[Enrollment] = []
    for sequence_id in sorted({enrollment.sequence_id for enrollment in own}):
        same = store.enrollments.live(sequence_id=sequence_id, company=contact.company)
        for enrollment in same:
            settings = plans.version(enrollment.version_id).settings
            if settings.company_reply if reason == "reply" else settings.company_meeting:
                found.append(enrollment)
    return found
