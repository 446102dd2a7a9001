"""What a mail that was read changes (rules, "What a mail changes"): endings, marks and holds.

Every function writes inside the caller's transaction. The tick is who does it; a hold is its inbox's
user's, who may lift it.
"""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING, NamedTuple

from seqctl.domain.model import Contact, Event, Inbox
from seqctl.domain.reading.letters import Kind
from seqctl.domain.texts.sentences import said
from seqctl.domain.timing.moments import in_utc
from seqctl.service.enrollments.holding import hold_contact
from seqctl.service.enrollments.marking import ended_by_event

if TYPE_CHECKING:
    from seqctl.ports import Store

MORNING = time(8, 0)
SOFT_IN_A_ROW = 3
"""So many mails in a row that could not be delivered for now are taken for a dead address."""

_ENDS = {
    Kind.REPLY: ("replied", "reply"),
    Kind.MEETING: ("meeting", "meeting"),
    Kind.UNSUBSCRIBE: ("opted-out", "opt-out"),
    Kind.COMPLAINT: ("complained", "opt-out"),
    Kind.BOUNCE_HARD: ("bounced", "bounce"),
}
_MARKS = {
    Kind.UNSUBSCRIBE: "opted_out",
    Kind.COMPLAINT: "opted_out",
    Kind.BOUNCE_HARD: "bounced",
}


class Reaction(NamedTuple):
    """What was changed: enrollments that ended, the mark set on the address, the hold placed."""

    ended: tuple[int, ...] = ()
    suppressed: str | None = None
    hold_id: int | None = None

    def __bool__(self) -> bool:
        return bool(self.ended or self.suppressed or self.hold_id)


class About(NamedTuple):
    """A mail that was read: in which inbox, about whom, and what it says.

    `returns` is the day on which an automatic reply says that its writer is back.
    """

    inbox: Inbox
    contact: Contact
    why: str
    returns: date | None = None
    message_id: int | None = None


def react(
    store: Store, kind: Kind, about: About, now: datetime, actor_id: int | None = None
) -> Reaction:
    """Do what a mail of this kind asks for; `actor_id` is a person who says that it is of this kind."""
    if kind in _ENDS:
        return _end(store, kind, about, now, actor_id)
    if kind == Kind.AUTO_REPLY:
        return _away(store, about, now, actor_id)
    if kind == Kind.BOUNCE_SOFT:
        return _soft(store, about, now, actor_id)
    return Reaction()


def _end(store: Store, kind: Kind, about: About, now: datetime, actor_id: int | None) -> Reaction:
    told, reason = _ENDS[kind]
    contact, mark = about.contact, _MARKS.get(kind)
    store.history.add([Event(now, actor_id, told, about.why, contact.id)])
    fresh = mark is not None and store.contacts.suppress(contact.email, mark, now)
    ended = ended_by_event(store, contact, now, actor_id, reason)
    return Reaction(tuple(ended), mark if fresh else None)


def _away(store: Store, about: About, now: datetime, actor_id: int | None) -> Reaction:
    contact = about.contact
    store.history.add([Event(now, actor_id, "auto-reply", about.why, contact.id)])
    if about.returns is None:
        return Reaction()
    until = morning_after(about.returns, _zone(store, about.inbox))
    if until <= now or not store.enrollments.live(contact_id=contact.id):
        return Reaction()
    words = f"auto-reply: {contact.email} is away until {about.returns.isoformat()}"
    user_id = about.inbox.user_id
    hold_id = hold_contact(store, contact, "auto-reply", user_id, now, until, words, actor_id)
    return Reaction(hold_id=hold_id)


def wrote_by_hand(
    store: Store, inbox: Inbox, contact: Contact, on: datetime, now: datetime
) -> Reaction:
    """The user wrote to the contact by hand: its coming steps wait until they are resumed."""
    if not store.enrollments.live(contact_id=contact.id):
        return Reaction()
    words = said(
        "hand-written: {user} wrote to {contact} by hand on {on}",
        user=inbox.user,
        contact=contact.email,
        on=on,
    )
    user_id = inbox.user_id
    return Reaction(
        hold_id=hold_contact(store, contact, "hand-written", user_id, now, None, words, None)
    )


def morning_after(day: date, zone: str) -> datetime:
    """08:00 of the day after: whoever is back on a day has that day for what has piled up."""
    return in_utc(datetime.combine(day + timedelta(days=1), MORNING), zone)


def _soft(store: Store, about: About, now: datetime, actor_id: int | None) -> Reaction:
    contact = about.contact
    store.history.add([Event(now, actor_id, "soft-bounce", about.why, contact.id)])
    if not _is_last_straw(store, about):
        return Reaction()
    why = f"{SOFT_IN_A_ROW} mails in a row could not be delivered; {about.why}"
    return _end(store, Kind.BOUNCE_HARD, about._replace(why=why), now, actor_id)


def _is_last_straw(store: Store, about: About) -> bool:
    """Whether each of the latest mails to the contact came back for now."""
    received = store.received.of_contact(about.contact.id)
    soft = {mail.answers for mail in received if mail.kind == Kind.BOUNCE_SOFT}
    soft.add(about.message_id)
    sent = store.views.messages(contact_id=about.contact.id, status="sent", limit=SOFT_IN_A_ROW)
    return len(sent) == SOFT_IN_A_ROW and all(mail.id in soft for mail in sent)


def _zone(store: Store, inbox: Inbox) -> str:
    users = store.people.users(removed=True)
    return next(user.timezone for user in users if user.id == inbox.user_id)
