"""`reenroll` (rules, "Re-enrolling"): continue an enrollment that ended unexpectedly, in a new row."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple

from seqctl.domain.contacts.addresses import stored_form
from seqctl.domain.enrollments import lifecycle, reenrolling
from seqctl.domain.enrollments.access import may_use
from seqctl.domain.enrollments.continuing import continue_from, due_now
from seqctl.domain.enrollments.deciding import change
from seqctl.domain.enrollments.lifecycle import Plan
from seqctl.domain.errors import SeqctlError
from seqctl.domain.model import Contact, Enrollment, Sequence, Status, User, Waiting
from seqctl.service.acting import sequence_to_enroll_in, unknown_contact
from seqctl.service.enrollments.enrolling import check_texts, no_access, said_no
from seqctl.service.outcome import Outcome, Refusal, nothing
from seqctl.service.plans import Plans

if TYPE_CHECKING:
    from seqctl.ports import Store
    from seqctl.ports.views import EnrollmentView


class Request(NamedTuple):
    """What `reenroll` was asked for: contacts, or all of the user's that ended for `reason`."""

    sequence: str
    addresses: tuple[str, ...] = ()
    reason: str | None = None
    from_step: int | None = None
    at_once: bool = False
    also: bool = False


def reenroll(store: Store, user: User, now: datetime, request: Request) -> Outcome:
    """Re-enroll contacts; raises NotFound where the sequence does not exist."""
    sequence = sequence_to_enroll_in(store, request.sequence, user)
    with store.writing():
        return _Reenrolling(store, user, now, request, sequence).run()


class _Reenrolling:
    """One `reenroll` at work."""

    def __init__(
        self, store: Store, user: User, now: datetime, request: Request, sequence: Sequence
    ) -> None:
        self._store = store
        self._user = user
        self._now = now
        self._request = request
        self._sequence = sequence
        self._plans = Plans(store)
        self._outcome = nothing()

    def run(self) -> Outcome:
        """Re-enroll one after the other."""
        for address, contact in self._wanted().items():
            refusal = self._refusal(address, contact)
            if refusal is not None:
                self._outcome.refused.append(Refusal(address, *refusal))
            elif contact is not None:
                self._continue(contact)
        return self._outcome

    def _wanted(self) -> dict[str, Contact | None]:
        store, request = self._store, self._request
        addresses = dict.fromkeys(stored_form(a) for a in request.addresses)
        contacts = store.contacts.find(addresses)
        wanted: dict[str, Contact | None] = {a: contacts.get(a) for a in addresses}
        if request.reason is not None:
            ended = store.enrollments.ended_by(self._user.id, self._sequence.id, request.reason)
            known = store.contacts.by_ids(e.contact_id for e in ended)
            wanted.update({contact.email: contact for contact in known.values()})
        return wanted

    def _refusal(self, address: str, contact: Contact | None) -> tuple[str, str] | None:
        if self._sequence.deleted:
            return "SEQUENCE_DELETED", f"The sequence {self._sequence.name} was deleted."
        if contact is None:
            return unknown_contact(self._store, address, self._user)[1:3]
        try:
            return reenrolling.first(self._refusals(contact))
        except SeqctlError as error:
            return error.code, error.message

    def _refusals(self, contact: Contact) -> Iterator[tuple[str, str]]:
        store, user, sequence = self._store, self._user, self._sequence
        yield from said_no(store, contact)
        yield from no_access(user, contact)
        if not may_use(user, sequence):
            yield "NOT_SHARED", f"{sequence.name} is not shared with {user.name}."
        old = store.enrollments.latest(contact.id, sequence.id)
        yield from reenrolling.refusals(self._facts(contact, old))
        others = store.enrollments.live_sequences_of([contact.id]).get(contact.id, set())
        if others - {sequence.id} and not self._request.also:
            message = f"{contact.email} is in another sequence (--also allows both)."
            yield "IN_ANOTHER_SEQUENCE", message
        if old is None:
            return
        if old.user_id != user.id:
            yield "NOT_YOURS", f"Another user enrolled {contact.email} in {sequence.name}."
        yield from self._no_such_step(old)
        yield from self._repeats(contact, old)
        yield from self._missing_fields(contact, old)

    def _facts(self, contact: Contact, old: Enrollment | None) -> reenrolling.Facts:
        from seqctl.ports.views import Selection

        if old is None:
            return reenrolling.Facts(
                contact.email, self._sequence.name, None, sequence_deleted=self._sequence.deleted
            )
        (view,) = self._store.views.enrollments(Selection(ids=(old.id,)))
        facts = _facts(view, self._plans)
        sends = self._plans.version(old.version_id).sends_from(self._step(old))
        chosen = self._request.from_step is not None
        return facts._replace(sends=sends, nothing_left=facts.nothing_left and not chosen)

    def _repeats(self, contact: Contact, old: Enrollment) -> Iterator[tuple[str, str]]:
        """An enrollment and its re-enrollment never mail the same step (rules, "What never happens", 1)."""
        version = self._plans.version(old.version_id)
        first = max(1, self._step(old))
        if any(step.sends for step in version.steps[first - 1 : old.step - 1]):
            yield (
                "NOT_REENROLLABLE",
                f"{contact.email} stood at step {old.step}; going back to {first} could repeat a mail: "
                f"enroll it afresh with --from-step {first}.",
            )

    def _missing_fields(self, contact: Contact, old: Enrollment) -> Iterator[tuple[str, str]]:
        version = self._plans.version(old.version_id)
        step = max(1, self._step(old))
        inboxes = {inbox.id: inbox.address for inbox in self._store.people.inboxes()}
        inbox = inboxes.get(old.inbox_id) if old.inbox_id else None
        try:
            check_texts(version, step, contact, self._user, inbox, self._sequence.name)
        except SeqctlError as error:
            yield error.code, error.message

    def _no_such_step(self, old: Enrollment) -> Iterator[tuple[str, str]]:
        chosen, steps = self._request.from_step, len(self._plans.version(old.version_id).steps)
        if chosen is not None and not 1 <= chosen <= steps:
            yield "NO_SUCH_STEP", f"Its version has steps 1 to {steps}."

    def _step(self, old: Enrollment) -> int:
        chosen = self._request.from_step
        return chosen if chosen is not None else old.step

    def _continue(self, contact: Contact) -> None:
        store, now = self._store, self._now
        old = store.enrollments.latest(contact.id, self._sequence.id)
        assert old is not None
        plan = self._plans.of(old)
        continuing = _Continuing(store, plan, old, now, self._user.id, "re-enrolled")
        fresh = continuing.fresh(self._step(old))
        if self._request.at_once:
            after = self._at_once(old, fresh, plan)
        else:
            reached = continuing.has_reached_task
            after = continue_from(old, fresh, plan, now, task_created=reached)
        words = f"continues enrollment {old.id} on version {plan.version.label}, step {after.step}"
        after = continuing.record(after, "reenrolled", words)
        if after.held_since is not None:
            self._outcome.notes.append(f"{contact.email} starts paused.")
        self._outcome.done.append(after.id)
        self._tell_newer(contact, plan, after)

    def _at_once(self, old: Enrollment, fresh: Enrollment, plan: Plan) -> Enrollment:
        """`--now`; what begins held is placed by day and window all the same (rules, "Starts")."""
        any_time = not self._store.holds.on(fresh)
        if fresh.step != old.step:
            return lifecycle.start(fresh, plan, self._now, any_time=any_time)
        return due_now(old, fresh, plan, self._now, any_time=any_time)

    def _tell_newer(self, contact: Contact, plan: Plan, after: Enrollment) -> None:
        if plan.version.number < self._sequence.version:
            self._outcome.notes.append(
                f"Changes of version {self._sequence.version} do not apply to {contact.email}; to use them: "
                f"seqctl unenroll {self._sequence.name} {contact.email} && "
                f"seqctl enroll {self._sequence.name} {contact.email} --from-step {after.step}"
            )


def may_go_on(view: EnrollmentView, plans: Plans) -> bool:
    """Whether it is the latest of its contact in its sequence and ended so that it can go on."""
    if view.enrollment.status != Status.UNENROLLED or not view.latest:
        return False
    return reenrolling.refusal(_facts(view, plans)) is None


def _facts(view: EnrollmentView, plans: Plans) -> reenrolling.Facts:
    """What the rule of re-enrolling asks, of the latest enrollment in a sequence."""
    enrollment = view.enrollment
    version = plans.version(enrollment.version_id)
    return reenrolling.Facts(
        view.contact,
        view.sequence,
        enrollment.status,
        enrollment.reason,
        contact_deleted=view.contact_deleted,
        sequence_deleted=view.sequence_deleted,
        blocked=view.blocked,
        opted_out=view.opted_out,
        bounced=view.bounced,
        sends=version.sends_from(enrollment.step),
        nothing_left=enrollment.step > len(version.steps),
        inbox=view.inbox,
        inbox_connected=view.inbox_connected,
        unsettled=view.unsettled,
    )


def open_to_enrollers(store: Store, plans: Plans, views: list[EnrollmentView]) -> set[int]:
    """Which of these ended enrollments their enrollers may re-enroll now, as far as contact, sequence
    and texts go (rules, "Re-enrolling"); the rest is `domain.reenrolling`'s.
    """
    contacts = store.contacts.by_ids({view.enrollment.contact_id for view in views})
    live = store.enrollments.live_sequences_of(contacts)
    users = {user.id: user for user in store.people.users(removed=True)}
    sequences = {sequence.id: sequence for sequence in store.sequences.all(deleted=True)}
    found: set[int] = set()
    for view in views:
        old = view.enrollment
        contact, user = contacts.get(old.contact_id), users[old.user_id]
        if contact is None or live.get(old.contact_id, set()) - {old.sequence_id}:
            continue
        if any(no_access(user, contact)) or not may_use(user, sequences[old.sequence_id]):
            continue
        try:
            version = plans.version(old.version_id)
            check_texts(version, old.step, contact, user, view.inbox, view.sequence)
        except SeqctlError:
            continue
        found.add(old.id)
    return found


def revive(
    store: Store, plan: Plan, old: Enrollment, now: datetime, actor_id: int, words: str
) -> Enrollment:
    """A new enrollment waits out what was left of the delay when `old` ended by mistake."""
    continuing = _Continuing(store, plan, old, now, actor_id, "revived")
    stopped = old if old.held_since is not None else old._replace(held_since=old.ended_at)
    after = continue_from(
        stopped,
        continuing.fresh(old.step),
        plan,
        now,
        task_created=continuing.has_reached_task,
    )
    return continuing.record(after, "revived", f"continues enrollment {old.id}: {words}")


class _Continuing:
    """A new enrollment in the place of an ended one, whose open tasks it closes as skipped."""

    def __init__(
        self, store: Store, plan: Plan, old: Enrollment, now: datetime, actor_id: int, why: str
    ) -> None:
        self._store = store
        self._plan = plan
        self._old = old
        self._now = now
        self._actor_id = actor_id
        self._why = why
        self._tasks = store.tasks.of_enrollment(old.id)

    @property
    def has_reached_task(self) -> bool:
        """Whether the ended one had come to the task of its step, were that closed since."""
        return any(task.step == self._old.step for task in self._tasks)

    def fresh(self, step: int) -> Enrollment:
        """The new enrollment without a schedule; it goes on in the thread of the last mail sent."""
        old, last = self._old, self._old.last_message_id
        last = None if last is None else self._store.outbox.last_sent(last)
        return old._replace(
            id=self._store.enrollments.next_id(),
            status=Status.LIVE,
            waiting=Waiting.DELAY,
            step=step,
            base=None,
            delay_ends_at=None,
            due_at=None,
            held_since=None,
            any_time=False,
            delay=None,
            left_s=None,
            kept_due_at=None,
            enrolled_at=self._now,
            last_step_at=None,
            ended_at=None,
            reason=None,
            error=None,
            continues=old.id,
            last_message_id=last,
            had_mail=last is not None,
            last_event_id=None,
        )

    def record(self, after: Enrollment, kind: str, words: str) -> Enrollment:
        """Write it, held where a hold holds it."""
        store, now = self._store, self._now
        for task in self._tasks:
            if task.status != "open":
                continue
            store.tasks.close(task.id, "skipped", now, self._why)
            (old,) = store.enrollments.get([self._old.id])
            detail = f"{task.title}: {self._why}"
            store.enrollments.record(
                [change(old, now, "task-skipped", detail, self._actor_id, task.step)]
            )
        if store.holds.on(after):
            after = lifecycle.hold(after, now)
            words += ", starts paused"
        store.enrollments.record([change(after, now, kind, words, self._actor_id)])
        return after
