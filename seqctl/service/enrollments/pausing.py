"""`pause` and `resume` at every level (rules, "Holds"): time spent paused does not count."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple

from seqctl.domain.enrollments import lifecycle
from seqctl.domain.enrollments.deciding import change, ended, with_finish
from seqctl.domain.errors import SeqctlError
from seqctl.domain.model import Change, Contact, Enrollment, Event, Hold, Sequence, User
from seqctl.domain.texts.sentences import said
from seqctl.service.acting import reachable, sequence_beside_contact, visible_sequence
from seqctl.service.enrollments.holding import freeze, holds_enrolled_by, instead, over, tell
from seqctl.service.outcome import Outcome, Refusal, nothing
from seqctl.service.plans import Plans

if TYPE_CHECKING:
    from seqctl.ports import Store
    from seqctl.ports.enrollments import Placed


class Pause(NamedTuple):
    """Who pauses, when, and until when."""

    user: User
    now: datetime
    until: datetime | None = None

    def words(self, scope: str, placed: Placed) -> str:
        """For the history: what is held by whom until when, and until when it was before."""
        if self.until is not None:
            until = said(" until {until}", until=self.until)
        else:
            until = " without an end" if placed.how == "moved" else ""
        held = said("{scope} by {name}{until}", scope=scope, name=self.user.name, until=until)
        return instead(held, placed)


# --- pausing ------------------------------------------------------------------------------------


def pause_sequence(store: Store, name: str, by: Pause) -> Outcome:
    """Hold the user's own enrollments in a sequence, now and later ones."""
    sequence = visible_sequence(store, name, by.user)
    with store.writing():
        outcome = _pause_own(store, sequence, "sequence", by)
    outcome.notes.extend(_others(store, sequence, by.user))
    return outcome


def pause_all(store: Store, by: Pause) -> Outcome:
    """Hold every sequence in which the user has live enrollments now."""
    outcome = nothing()
    with store.writing():
        for sequence in _live_sequences(store, by.user):
            one = _pause_own(store, sequence, "all", by)
            outcome.done.extend(one.done)
            outcome.unchanged.extend(one.unchanged)
            outcome.notes.extend(one.notes)
    outcome.done.sort()
    if not outcome.done and not outcome.unchanged:
        outcome.notes.append("You have no live enrollments; nothing was paused.")
    return outcome


def pause_contacts(
    store: Store, addresses: Iterable[str], by: Pause, sequence_name: str | None = None
) -> Outcome:
    """Hold contacts, everywhere or in one sequence, whoever enrolled them."""
    sequence = sequence_beside_contact(store, sequence_name, by.user) if sequence_name else None
    outcome = nothing()
    with store.writing():
        for address, contact in reachable(store, addresses, by.user, outcome):
            _pause_contact(store, address, contact, sequence, by, outcome)
    return outcome


def _pause_own(store: Store, sequence: Sequence, scope: str, by: Pause) -> Outcome:
    placed = store.holds.place(scope, by.user.id, by.now, by.until, sequence.id)
    ids = store.enrollments.live_ids(sequence.id, by.user.id)
    if placed.how == "unchanged":
        return Outcome([], ids, [], [f"{sequence.name} is paused already."])
    words = by.words(scope, placed)
    tell(store, Event(by.now, by.user.id, "hold", words, sequence_id=sequence.id), by.user.id)
    store.enrollments.hold_all(sequence.id, by.user.id, by.now, by.user.id, words)
    return Outcome(ids, [], [], [])


def _pause_contact(
    store: Store,
    address: str,
    contact: Contact,
    sequence: Sequence | None,
    by: Pause,
    outcome: Outcome,
) -> None:
    sequence_id = sequence.id if sequence else None
    placed = store.holds.place("contact", by.user.id, by.now, by.until, sequence_id, contact.id)
    live = store.enrollments.live(contact_id=contact.id, sequence_id=sequence_id)
    ids = [enrollment.id for enrollment in live]
    if placed.how == "unchanged":
        outcome.unchanged.extend(ids)
        outcome.notes.append(f"{address} is paused already.")
        return
    words = by.words("contact", placed)
    freeze(store, Event(by.now, by.user.id, "hold", words, contact.id, sequence_id), live)
    outcome.done.extend(ids)
    if not live:
        where = f" in {sequence.name}" if sequence else ""
        outcome.notes.append(f"{address} has no live enrollment{where}; a later one starts paused.")


def _others(store: Store, sequence: Sequence, user: User) -> list[str]:
    """Who else's enrollments run on (rules, "Holds": never another user's)."""
    counts = store.enrollments.live_by_user(sequence.id)
    others = [f"{count} of {name}" for name, count in counts.items() if name != user.name]
    return [f"Not paused, since others enrolled them: {', '.join(others)}."] if others else []


# --- resuming -----------------------------------------------------------------------------------


class Resume(NamedTuple):
    """Who resumes, when, and whether the whole delay starts over."""

    user: User
    now: datetime
    restart: bool = False


def resume_sequence(store: Store, name: str, by: Resume) -> Outcome:
    """Lift the user's own holds on a sequence, of scope `sequence` and `all`."""
    sequence = visible_sequence(store, name, by.user)
    with store.writing():
        holds = store.holds.on_sequence(sequence.id, by.user.id)
        outcome = _lift(store, holds, by)
        still = store.enrollments.held_ids(sequence_id=sequence.id, user_id=by.user.id)
        _leave(outcome, still)
    if not holds:
        outcome.notes.append(f"{name} is not paused by you.")
    outcome.notes.extend(_still_held(store, still))
    return outcome


def resume_all(store: Store, by: Resume, *, each: bool = False) -> Outcome:
    """Lift what `pause --all` placed; with `each` also the sequences paused by themselves."""
    with store.writing():
        holds = store.holds.by_all(by.user.id)
        lifted = [hold for hold in holds if each or hold.scope == "all"]
        outcome = _lift(store, lifted, by)
        still: list[int] = []
        for sequence_id in sorted({hold.sequence_id or 0 for hold in holds}):
            still += store.enrollments.held_ids(sequence_id=sequence_id, user_id=by.user.id)
        _leave(outcome, still)
    names = {sequence.id: sequence.name for sequence in store.sequences.all(deleted=True)}
    kept = [names[hold.sequence_id or 0] for hold in holds if hold not in lifted]
    if kept:
        outcome.notes.append(f"Still paused by themselves: {', '.join(kept)} (--each lifts them).")
    if not lifted:
        outcome.notes.append("Nothing was paused with --all.")
    outcome.notes.extend(_still_held(store, still))
    return outcome


def resume_contacts(
    store: Store, addresses: Iterable[str], by: Resume, sequence_name: str | None = None
) -> Outcome:
    """Lift the holds on contacts that the user placed, or on what the user enrolled."""
    sequence = sequence_beside_contact(store, sequence_name, by.user) if sequence_name else None
    outcome = nothing()
    with store.writing():
        for address, contact in reachable(store, addresses, by.user, outcome):
            _resume_contact(store, address, contact, sequence, by, outcome)
    return outcome


def _resume_contact(
    store: Store,
    address: str,
    contact: Contact,
    sequence: Sequence | None,
    by: Resume,
    outcome: Outcome,
) -> None:
    on_contact = store.holds.on_contact(contact.id)
    holds = [h for h in on_contact if sequence is None or h.sequence_id == sequence.id]
    live = store.enrollments.live(
        contact_id=contact.id, sequence_id=sequence.id if sequence else None
    )
    if sequence is not None and any(hold.sequence_id is None for hold in on_contact):
        outcome.notes.append(
            f"{address} is paused as a whole, and resumed as a whole: seqctl resume {address}"
        )
    allowed = [hold for hold in holds if _may_lift(by.user, hold, live)]
    for hold in holds:
        if hold not in allowed:
            message = f"{hold.by} paused {address}, and you did not enroll it."
            outcome.refused.append(Refusal(address, "NOT_YOURS", message))
    if not on_contact:
        outcome.notes.append(f"{address} is not paused by itself.")
    lifted = _lift(store, allowed, by)
    outcome.done.extend(lifted.done)
    outcome.notes.extend(lifted.notes)
    if holds and not allowed:
        return  # what was refused is no "unchanged"
    current = store.enrollments.get(e.id for e in live)
    still = [e.id for e in current if e.live and e.held_since is not None]
    _leave(outcome, still)
    outcome.notes.extend(_still_held(store, still))


def _leave(outcome: Outcome, held: list[int]) -> None:
    """What is held still is unchanged, but where its delay starts over."""
    done = set(outcome.done)
    outcome.unchanged.extend(id for id in held if id not in done)


def _may_lift(user: User, hold: Hold, live: list[Enrollment]) -> bool:
    """Who placed a hold lifts it, and so does whoever enrolled what it holds."""
    if hold.user_id == user.id:
        return True
    return any(e.user_id == user.id and hold.sequence_id in (None, e.sequence_id) for e in live)


def lift_ended(store: Store, plans: Plans, until: datetime, now: datetime) -> list[Change]:
    """Lift the holds that end by themselves at `until`; what they held goes on as of then."""
    holds = store.holds.ending(until)
    return list(_lift_holds(store, plans, holds, as_of=until, at=max(until, now), actor=None))


def lift_by_hand(store: Store, holds: list[Hold], user: User, now: datetime) -> None:
    """Lift these holds for a person; what nothing else holds goes on with its remainder."""
    _lift(store, holds, Resume(user, now))


def _lift(store: Store, holds: list[Hold], by: Resume) -> Outcome:
    changes = _lift_holds(
        store,
        Plans(store),
        holds,
        as_of=by.now,
        at=by.now,
        actor=by.user,
        restart=by.restart,
    )
    done = [made.after.id for made in changes if made.event.kind in ("resumed", "unenrolled")]
    outcome = Outcome(done, [], [], [])
    if by.restart:
        restarted = _start_delays_over(store, holds, by)
        outcome.done.extend(restarted)
        outcome.done.sort()
        if restarted:
            many = "1 stays" if len(restarted) == 1 else f"{len(restarted)} stay"
            outcome.notes.append(f"{many} paused; the whole delay is what is left.")
    return outcome


def _start_delays_over(store: Store, lifted: list[Hold], by: Resume) -> list[int]:
    """`--restart-delay` where another hold stays: the whole delay is what is left from now on."""
    plans, restarted = Plans(store), dict[int, Change]()
    for hold in lifted:
        own = hold.user_id if hold.contact_id is None else None
        for old in store.enrollments.live(
            sequence_id=hold.sequence_id, user_id=own, contact_id=hold.contact_id
        ):
            if old.held_since is None or old.id in restarted:
                continue
            plan = plans.of(old)
            after = lifecycle.start_delay_over(old, plan, by.now)
            if after != old:
                words = lifecycle.left_in_words(after, plan)
                restarted[old.id] = change(after, by.now, "restarted", words, by.user.id)
    store.enrollments.record(list(restarted.values()))
    return list(restarted)


def _lift_holds(
    store: Store,
    plans: Plans,
    holds: list[Hold],
    *,
    as_of: datetime,
    at: datetime,
    actor: User | None,
    restart: bool = False,
) -> Iterator[Change]:
    """Remove holds and let go what nothing else holds; what is taken from here is written.

    The remainder counts from `as_of`; the events are written at `at`.
    """
    actor_id = actor.id if actor else None
    for hold in holds:
        store.holds.lift([hold.id])
        words = over(hold)
        own = holds_enrolled_by(hold)
        lifted = Event(at, actor_id, "hold-lifted", words, hold.contact_id, hold.sequence_id)
        tell(store, lifted, own)
        last = 0
        while released := store.enrollments.released(
            sequence_id=hold.sequence_id, user_id=own, contact_id=hold.contact_id, after=last
        ):
            last = released[-1].id
            decided = [
                made
                for e in released
                for made in _thawed(e, plans.of(e), as_of, at, actor_id, words, restart)
            ]
            store.enrollments.record(decided)
            yield from decided


def _thawed(
    enrollment: Enrollment,
    plan: lifecycle.Plan,
    as_of: datetime,
    at: datetime,
    actor_id: int | None,
    words: str,
    restart: bool,
) -> Iterable[Change]:
    # A late tick may lift a hold as of a moment before the enrollment even began.
    # A clock that was ahead may have held it at a moment that has not come yet.
    since = max(as_of, min(enrollment.held_since or as_of, at))
    try:
        after = lifecycle.lift(enrollment, plan, since, restart=restart)
    except SeqctlError as error:
        return [ended(enrollment, at, "error", error.code, error.message, actor_id)]
    return with_finish(change(after, at, "resumed", words, actor_id))


def _still_held(store: Store, ids: list[int]) -> list[str]:
    """What still holds: one sentence a hold, for the first few."""
    holds = {hold.id: hold for e in store.enrollments.get(ids[:50]) for hold in store.holds.on(e)}
    return [
        said(
            "Still held: {what} by {by} since {since}.",
            what=_SCOPES[hold.scope],
            by=hold.by,
            since=hold.since,
        )
        for hold in holds.values()
    ]


_SCOPES = {
    "sequence": "the sequence was paused",
    "all": "everything was paused",
    "contact": "the contact was paused",
    "auto-reply": "the contact said that it is away, read",
    "hand-written": "the contact was written to by hand",
}


def _live_sequences(store: Store, user: User) -> list[Sequence]:
    ids = store.enrollments.live_sequences(user.id)
    return [sequence for sequence in store.sequences.all() if sequence.id in ids]
