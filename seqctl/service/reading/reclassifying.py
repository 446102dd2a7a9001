"""`mail reclassify`: a mail that was read was taken for the wrong thing (docs/mail.md)."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple

from seqctl.domain.errors import NotFound, Refused, WrongUsage
from seqctl.domain.model import Contact, Enrollment, Event, Inbox, Status, User
from seqctl.domain.reading.letters import Kind
from seqctl.domain.texts.sentences import said
from seqctl.service.enrollments.pausing import lift_by_hand
from seqctl.service.enrollments.reenrolling import revive
from seqctl.service.plans import Plans
from seqctl.service.reading.reacting import About, react
from seqctl.service.reading.rereading import acted_already
from seqctl.service.sending.foretelling import due_at

if TYPE_CHECKING:
    from seqctl.ports import Store
    from seqctl.ports.received import Received


class Reclassified(NamedTuple):
    """A mail as it is taken now, what that changed, one sentence each, and who goes on."""

    received: Received
    effects: list[str]
    revived: list[Enrollment]


def reclassify(store: Store, user: User, now: datetime, id: int, kind: Kind) -> Reclassified:
    """Take a mail for `kind`: what it changed is undone, and what `kind` asks for is done.

    An enrollment that it ended is revived: a new one goes on with what was left of the delay. Raises
    NotFound, Refused for another user's inbox or a copy that changed nothing, WrongUsage for `own`.
    """
    with store.writing():
        received, inbox = _found(store, user, id)
        if kind == Kind.OWN or received.kind == Kind.OWN:
            raise WrongUsage(
                "Whether a mail is one of your own is a fact, not an opinion.",
                "seqctl mail list --received",
            )
        if kind == received.kind:
            return Reclassified(received, [], [])
        _refuse_copy(store, received, kind)
        effects, revived = _undo(store, received, user, now)
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
            effects += _done(contact, after)
        store.received.change(after)
        return Reclassified(after, effects, revived)


def _done(contact: Contact, after: Received) -> list[str]:
    """What taking it for the new kind changed."""
    done: list[str] = []
    if after.suppressed is not None:
        done.append(f"{contact.email} is {_MARKS[after.suppressed]} now.")
    if after.ended:
        done.append(f"{_enrollments(len(after.ended))} of {contact.email} ended.")
    if after.hold_id is not None:
        done.append(f"{contact.email} is held until the morning after its return.")
    return done


_MARKS = {"opted_out": "opted out", "bounced": "marked as bounced"}


def _enrollments(number: int) -> str:
    return f"{number} enrollment{'' if number == 1 else 's'}"


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


def _refuse_copy(store: Store, received: Received, kind: Kind) -> None:
    """What a mail has changed is undone where it acted, not at another copy of it."""
    if received.identity is None or received.counted:
        return
    earlier = [one for one in store.received.readings(received.identity) if one.id < received.id]
    first = acted_already(earlier, received.inbox_id, received.folder, received.sender)
    if first is None:
        return
    inbox = next(i for i in store.people.inboxes() if i.id == first.inbox_id)
    raise Refused(
        f"Mail {received.id} is a copy of mail {first.id}, which {inbox.address} read first: "
        "that one counts.",
        f"seqctl --as {inbox.user} mail reclassify {first.id} --as {kind.value}",
        code="COPY",
    )


def _contact(store: Store, received: Received) -> Contact | None:
    if received.contact_id is None:
        return None
    return store.contacts.by_ids([received.contact_id]).get(received.contact_id)


def _undo(
    store: Store, received: Received, user: User, now: datetime
) -> tuple[list[str], list[Enrollment]]:
    """Undo what a mail changed; one sentence for each thing that is different now, and who goes on."""
    undone: list[str] = []
    contact = _contact(store, received)
    if contact is None:
        return undone, []
    words = f"mail {received.id} was no {received.kind.value}"
    if received.suppressed is not None:
        store.contacts.unsuppress(contact.email, received.suppressed)
        kind = "opted-in" if received.suppressed == "opted_out" else "unbounced"
        store.history.add([Event(now, user.id, kind, words, contact.id)])
        undone.append(f"{contact.email} is not {_MARKS[received.suppressed]} any more.")
    if received.hold_id is not None:
        _lift(store, received.hold_id, contact, user, now)
        undone.append(f"{contact.email} is not held for it any more.")
    plans = Plans(store)
    return undone, [
        revive(store, plans.of(enrollment), enrollment, now, user.id, words)
        for enrollment in store.enrollments.get(received.ended)
        if _may_go_on(store, plans, enrollment)
    ]


def goes_on(store: Store, now: datetime, revived: Enrollment) -> str:
    """When an enrollment that was revived goes on, in a sentence."""
    contact = store.contacts.by_ids([revived.contact_id])[revived.contact_id]
    if revived.held_since is not None:
        when = "when it is resumed"
    else:
        due = due_at(store, now, revived)
        when = said("due {due}", due=due) if due else "when its task is done"
    who, step = contact.email, revived.step
    return said("{who} goes on with step {step}, {when}.", who=who, step=step, when=when)


def _lift(store: Store, hold_id: int, contact: Contact, user: User, now: datetime) -> None:
    holds = [hold for hold in store.holds.on_contact(contact.id) if hold.id == hold_id]
    lift_by_hand(store, holds, user, now)


def _may_go_on(store: Store, plans: Plans, old: Enrollment) -> bool:
    """Whether an ended enrollment is the latest in its sequence and has steps left."""
    latest = store.enrollments.latest(old.contact_id, old.sequence_id)
    left = plans.of(old).has(old.step)
    return latest is not None and latest.id == old.id and old.status == Status.UNENROLLED and left
