"""Holds as they are placed and end, and how the history tells of each (rules, "Holds" and "The history")."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING

from seqctl.domain.enrollments import lifecycle
from seqctl.domain.enrollments.deciding import change
from seqctl.domain.model import Contact, Enrollment, Event, Hold, User
from seqctl.domain.texts.sentences import joined, said

if TYPE_CHECKING:
    from seqctl.ports import Store
    from seqctl.ports.enrollments import Placed


def hold_contact(
    store: Store,
    contact: Contact,
    scope: str,
    user_id: int,
    now: datetime,
    until: datetime | None,
    words: str,
    actor_id: int | None,
) -> int:
    """Hold a contact everywhere for a reason of its own (`scope`); give the hold's id.

    Inside the caller's transaction.
    """
    placed = store.holds.place(scope, user_id, now, until, None, contact.id)
    if placed.how != "unchanged":
        held = Event(now, actor_id, "hold", instead(words, placed), contact.id)
        freeze(store, held, store.enrollments.live(contact_id=contact.id))
    return placed.id


def end_holds(store: Store, holds: Iterable[Hold], now: datetime, user: User, why: str) -> None:
    """Lift holds whose sequence or user is gone, after all that they held has ended.

    Inside the caller's transaction.
    """
    for hold in holds:
        store.holds.lift([hold.id])
        words = joined(", ", (over(hold), why))
        lifted = Event(now, user.id, "hold-lifted", words, hold.contact_id, hold.sequence_id)
        tell(store, lifted, holds_enrolled_by(hold))


def freeze(store: Store, held: Event, live: list[Enrollment]) -> None:
    """Tell of a hold on a contact, and freeze those of its live enrollments that run."""
    tell(store, held)
    at, actor_id = held.at, held.actor_id
    frozen = [lifecycle.hold(e, at) for e in live if e.held_since is None]
    store.enrollments.record([change(e, at, "paused", held.detail, actor_id) for e in frozen])


def tell(store: Store, event: Event, enrolled_by: int | None = None) -> None:
    """Tell of a hold that was placed or lifted: once of its subject, and once of each enrollment that
    another hold holds, so that the history of each is whole (rules, "Holds")."""
    store.history.add([event])
    store.enrollments.tell_held(event, enrolled_by)


def holds_enrolled_by(hold: Hold) -> int | None:
    """Whose enrollments a hold holds: its user's own, or where it holds a contact everybody's (None)."""
    return hold.user_id if hold.contact_id is None else None


def instead(words: str, placed: Placed) -> str:
    """The words for the history, with the end that a hold had before it got another one."""
    if placed.how != "moved":
        return words
    before = "without an end"
    if placed.until_before is not None:
        before = said("until {until}", until=placed.until_before)
    return said("{words}, instead of {before}", words=words, before=before)


def over(hold: Hold) -> str:
    """The words for the history of a hold that is lifted."""
    what = said(_WHAT.get(hold.scope, "the pause of {by}"), by=hold.by)
    return said("{what} since {since} is over", what=what, since=hold.since)


_WHAT = {
    "sequence": "the pause of the sequence by {by}",
    "all": "the pause of everything by {by}",
    "contact": "the pause of the contact by {by}",
    "auto-reply": "the hold for an absence",
    "hand-written": "the hold for what {by} wrote by hand",
}
