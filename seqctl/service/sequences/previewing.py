"""What a sequence would say to one contact, and when (rules, "Previewing")."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple

from seqctl.domain.enrollments import lifecycle
from seqctl.domain.enrollments.lifecycle import Plan
from seqctl.domain.enrollments.zones import pinned_zone
from seqctl.domain.errors import Refused
from seqctl.domain.model import Contact, Enrollment, Sequence, Status, Step, User, Version, Waiting
from seqctl.domain.texts.rendering import (
    Audience,
    TaskTexts,
    email_texts,
    sender_fields,
    task_texts,
)
from seqctl.domain.texts.template_fields import ContactFields, SequenceFields
from seqctl.service.acting import visible_sequence
from seqctl.service.contacts.contacts import visible_contact

if TYPE_CHECKING:
    from seqctl.ports import Store


class PreviewedStep(NamedTuple):
    """One step as it would be for a contact: a mail or a task, or why it can't be rendered."""

    step: Step
    at: datetime
    subject: str | None = None
    body: str | None = None
    task: TaskTexts | None = None
    error: Refused | None = None


class Preview(NamedTuple):
    """What a contact would get if it were enrolled now; `timezone` is the zone it would pin."""

    sequence: Sequence
    version: Version
    contact: Contact
    timezone: str
    sender: str
    steps: tuple[PreviewedStep, ...]


def preview(
    store: Store, user: User, now: datetime, name: str, address: str, from_step: int = 1
) -> Preview:
    """Render every step for one contact, as if enrolled now and each task were done at once.

    Raises NotFound for a sequence or a contact, Refused (`NO_SUCH_STEP`, `NO_SEND_TIME`).
    """
    with store.reading():
        found = visible_sequence(store, name, user)
        version = store.sequences.version(found.version_id)
        contact = visible_contact(store, user, address)
        sender = _sending_address(store, user)
    _require_step(found, version, from_step)
    zone = pinned_zone(version.settings, user, contact)
    audience = Audience(
        ContactFields.from_contact(contact),
        sender_fields(user, sender),
        SequenceFields(found.name, version.settings.title),
    )
    plan = Plan(version, version.settings.calendar(zone))
    steps = tuple(_previewed(plan, from_step, audience, now))
    return Preview(found, version, contact, zone, sender, steps)


def _sending_address(store: Store, user: User) -> str:
    inboxes = [inbox for inbox in store.people.inboxes() if inbox.user_id == user.id]
    connected = next((inbox.address for inbox in inboxes if inbox.connected), None)
    return connected or user.email


def _require_step(sequence: Sequence, version: Version, number: int) -> None:
    count = len(version.steps)
    if not 1 <= number <= count:
        there = "one step" if count == 1 else f"{count} steps"
        raise Refused(
            f"{sequence.name} has no step {number}; it has {there}.",
            f"seqctl sequence show {sequence.name}",
            code="NO_SUCH_STEP",
        )


def _previewed(
    plan: Plan, first: int, audience: Audience, now: datetime
) -> Iterator[PreviewedStep]:
    enrollment = lifecycle.start(_enrolled(plan, first, now), plan, now)
    thread: str | None = None
    for step in plan.version.steps[first - 1 :]:
        at = enrollment.due_at
        assert at is not None
        rendered = _rendered(plan.version, step, at, audience, thread)
        thread = rendered.subject or thread
        yield rendered
        enrollment = lifecycle.step_done(enrollment, plan, at)


def _enrolled(plan: Plan, step: int, now: datetime) -> Enrollment:
    version, zone = plan.version, plan.calendar.zone
    return Enrollment(
        *(0, 0, version.sequence_id, version.id, 0, None, zone, Status.LIVE, Waiting.DELAY, step),
        *(None, None, None, None, now),
    )


def _rendered(
    version: Version, step: Step, at: datetime, audience: Audience, thread: str | None
) -> PreviewedStep:
    try:
        if step.sends:
            return PreviewedStep(step, at, *email_texts(version, step.number, audience, thread))
        return PreviewedStep(step, at, task=task_texts(version, step.number, audience))
    except Refused as error:
        return PreviewedStep(step, at, error=error)
