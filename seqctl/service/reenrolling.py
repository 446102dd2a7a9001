"""`reenroll` (spec, section 7): continue an enrollment that ended unexpectedly, in a new row."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple

from seqctl.domain import lifecycle, reenrolling
from seqctl.domain.access import may_use
from seqctl.domain.deciding import change
from seqctl.domain.errors import SeqctlError
from seqctl.domain.lifecycle import Plan
from seqctl.domain.model import Contact, Enrollment, Sequence, Status, User, Waiting
from seqctl.service.acting import sequence_to_enroll_in
from seqctl.service.enrolling import check_texts, no_access
from seqctl.service.outcome import Outcome, Refusal, nothing
from seqctl.service.pausing import unknown_contact
from seqctl.service.planning import Plans

if TYPE_CHECKING:
    from seqctl.ports import Store


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
        addresses = dict.fromkeys(a.strip().lower() for a in request.addresses)
        contacts = store.contacts.find(addresses)
        wanted: dict[str, Contact | None] = {a: contacts.get(a) for a in addresses}
        if request.reason is not None:
            ended = store.enrollments.ended_by(self._user.id, self._sequence.id, request.reason)
            known = store.contacts.by_ids(e.contact_id for e in ended)
            wanted.update({contact.email: contact for contact in known.values()})
        return wanted

    def _refusal(self, address: str, contact: Contact | None) -> tuple[str, str] | None:
        if contact is None:
            return unknown_contact(self._store, address, self._user)[1:]
        try:
            return reenrolling.first(self._refusals(contact))
        except SeqctlError as error:
            return error.code, error.message

    def _refusals(self, contact: Contact) -> Iterator[tuple[str, str]]:
        store, user, sequence = self._store, self._user, self._sequence
        yield from no_access(user, contact)
        if not may_use(user, sequence):
            yield "NOT_SHARED", f"{sequence.name} is not shared with {user.name}."
        old = store.enrollments.latest(contact.id, sequence.id)
        yield from reenrolling.refusals(self._facts(contact, old))
        if old is None:
            return
        if old.user_id != user.id:
            yield "NOT_YOURS", f"Another user enrolled {contact.email} in {sequence.name}."
        yield from self._repeats(contact, old)
        yield from self._missing_fields(contact, old)
        others = store.enrollments.live_sequences_of([contact.id]).get(contact.id, set())
        if others - {sequence.id} and not self._request.also:
            message = f"{contact.email} is in another sequence (--also allows both)."
            yield "IN_ANOTHER_SEQUENCE", message

    def _facts(self, contact: Contact, old: Enrollment | None) -> reenrolling.Facts:
        from seqctl.ports.views import Selection
        from seqctl.service.views import reenrolling_facts

        if old is None:
            return reenrolling.Facts(
                contact.email, self._sequence.name, None, sequence_deleted=self._sequence.deleted
            )
        (view,) = self._store.views.enrollments(Selection(ids=(old.id,)))
        facts = reenrolling_facts(view, self._plans)
        sends = self._plans.version(old.version_id).sends_from(self._step(old))
        chosen = self._request.from_step is not None
        return facts._replace(sends=sends, nothing_left=facts.nothing_left and not chosen)

    def _repeats(self, contact: Contact, old: Enrollment) -> Iterator[tuple[str, str]]:
        """An enrollment and its re-enrollment never mail the same step (spec, section 13)."""
        version = self._plans.version(old.version_id)
        first = self._step(old)
        if any(step.sends for step in version.steps[first - 1 : old.step - 1]):
            yield (
                "NOT_REENROLLABLE",
                f"{contact.email} stood at step {old.step}; going back to {first} could repeat a mail: "
                f"enroll it afresh with --from-step {first}.",
            )

    def _missing_fields(self, contact: Contact, old: Enrollment) -> Iterator[tuple[str, str]]:
        version = self._plans.version(old.version_id)
        step = self._step(old)
        if not 1 <= step <= len(version.steps):
            if old.status == Status.UNENROLLED:
                steps = len(version.steps)
                yield "NOT_REENROLLABLE", f"Its version has steps 1 to {steps}."
            return
        inboxes = {inbox.id: inbox.address for inbox in self._store.people.inboxes()}
        inbox = inboxes.get(old.inbox_id) if old.inbox_id else None
        try:
            check_texts(version, step, contact, self._user, inbox, self._sequence.name)
        except SeqctlError as error:
            yield "MISSING_FIELD", error.message

    def _step(self, old: Enrollment) -> int:
        chosen = self._request.from_step
        return chosen if chosen is not None else old.step

    def _continue(self, contact: Contact) -> None:
        store, now = self._store, self._now
        old = store.enrollments.latest(contact.id, self._sequence.id)
        assert old is not None
        plan = self._plans.of(old)
        orphans = [t for t in store.tasks.of_enrollment(old.id) if t.status == "open"]
        fresh = old._replace(
            id=store.enrollments.next_id(),
            status=Status.LIVE,
            waiting=Waiting.DELAY,
            step=self._step(old),
            base=None,
            delay_ends_at=None,
            due_at=None,
            held_since=None,
            enrolled_at=now,
            last_step_at=None,
            ended_at=None,
            reason=None,
            error=None,
            continues=old.id,
            last_event_id=None,
        )
        reached = any(task.step == old.step for task in orphans)
        after = self._scheduled(old, fresh, plan, reached)
        for task in orphans:
            store.tasks.close(task.id, "skipped", now, "re-enrolled")
            closing = change(
                old, now, "task-skipped", f"{task.title}: re-enrolled", self._user.id, task.step
            )
            store.enrollments.record([closing])
            (old,) = store.enrollments.get([old.id])
        words = f"continues enrollment {old.id} on version {plan.version.label}, step {after.step}"
        if store.holds.on(after):
            after = lifecycle.hold(after, now)
            words += ", starts paused"
            self._outcome.notes.append(f"{contact.email} starts paused.")
        store.enrollments.record([change(after, now, "reenrolled", words, self._user.id)])
        self._outcome.done.append(after.id)
        self._tell_newer(contact, plan, after)

    def _scheduled(
        self, old: Enrollment, fresh: Enrollment, plan: Plan, reached: bool
    ) -> Enrollment:
        if self._request.at_once:
            return lifecycle.start(fresh, plan, self._now, any_time=True)
        return lifecycle.continue_from(old, fresh, plan, self._now, task_created=reached)

    def _tell_newer(self, contact: Contact, plan: Plan, after: Enrollment) -> None:
        if plan.version.number < self._sequence.version:
            self._outcome.notes.append(
                f"Changes of version {self._sequence.version} do not apply to {contact.email}; to use them: "
                f"seqctl unenroll {self._sequence.name} {contact.email} && "
                f"seqctl enroll {self._sequence.name} {contact.email} --from-step {after.step}"
            )
