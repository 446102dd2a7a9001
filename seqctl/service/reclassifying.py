"""`mail reclassify`: a mail that was read was taken for the wrong thing (docs/mail.md)."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from seqctl.domain.errors import NotFound, Refused, WrongUsage
from seqctl.domain.letters import Kind
from seqctl.domain.model import Contact, Enrollment, Event, Inbox, Status, User
from seqctl.service.pausing import lift_by_hand
from seqctl.service.planning import Plans
from seqctl.service.reacting import About, react
from seqctl.service.reenrolling import revive

if TYPE_CHECKING:
    from seqctl.ports import Store
    from seqctl.ports.received import Received


def reclassify(store: Store, user: User, now: datetime, id: int, kind: Kind) -> Received:
    """Take a mail for `kind`: what it changed is undone, and what `kind` asks for is done.

    An enrollment that it ended is revived: a new one goes on with what was left of the delay. Raises
    NotFound, Refused for another user's inbox, WrongUsage for `own`.
    """
    with store.writing():
        received, inbox = _found(store, user, id)
        if kind == Kind.OWN or received.kind == Kind.OWN:
            raise WrongUsage(
                "Whether a mail is one of your own is a fact, not an opinion.",
                f"seqctl mail reclassify {id} --as other",
            )
        if kind == received.kind:
            return received
        _undo(store, received, user, now)
        after = received._replace(kind=kind, counted=False, suppressed=None, hold_id=None, ended=())
        after = after._replace(reason=f"{user.name} says so; was taken for {received.kind.value}")
        contact = _contact(store, received)
        if contact is not None:
            about = About(inbox, contact, after.reason, received.returns, received.answers)
            reaction = react(store, kind, about, now, user.id)
            after = after._replace(
                counted=bool(reaction),
                suppressed=reaction.suppressed,
                hold_id=reaction.hold_id,
                ended=reaction.ended,
            )
        store.received.change(after)
        return after


def _found(store: Store, user: User, id: int) -> tuple[Received, Inbox]:
    received = store.received.get(id)
    if received is None:
        raise NotFound(f"No mail {id} was received.", "seqctl mail list --received", code="NO_MAIL")
    inbox = next(i for i in store.people.inboxes() if i.id == received.inbox_id)
    if inbox.user_id != user.id:
        raise Refused(
            f"{inbox.address} is an inbox of {inbox.user}.",
            f"the same command with --as {inbox.user}",
            code="NOT_YOURS",
        )
    return received, inbox


def _contact(store: Store, received: Received) -> Contact | None:
    if received.contact_id is None:
        return None
    return store.contacts.by_ids([received.contact_id]).get(received.contact_id)


def _undo(store: Store, received: Received, user: User, now: datetime) -> None:
    contact = _contact(store, received)
    if contact is None:
        return
    words = f"mail {received.id} was no {received.kind.value}"
    if received.suppressed is not None:
        store.contacts.unsuppress(contact.email, received.suppressed)
        kind = "opted-in" if received.suppressed == "opted_out" else "unbounced"
        store.history.add([Event(now, user.id, kind, words, contact.id)])
    if received.hold_id is not None:
        _lift(store, received.hold_id, contact, user, now)
    plans = Plans(store)
    for enrollment in store.enrollments.get(received.ended):
        if _may_go_on(store, plans, enrollment):
            revive(store, plans.of(enrollment), enrollment, now, user.id, words)


def _lift(store: Store, hold_id: int, contact: Contact, user: User, now: datetime) -> None:
    holds = [hold for hold in store.holds.on_contact(contact.id) if hold.id == hold_id]
    lift_by_hand(store, holds, user, now)


def _may_go_on(store: Store, plans: Plans, old: Enrollment) -> bool:
    """Whether an ended enrollment is the latest in its sequence and has steps left."""
    latest = store.enrollments.latest(old.contact_id, old.sequence_id)
    left = plans.of(old).has(old.step)
    return latest is not None and latest.id == old.id and old.status == Status.UNENROLLED and left
