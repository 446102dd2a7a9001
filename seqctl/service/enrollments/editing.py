"""`edit`: change the coming steps of one enrollment (rules, "Editing one enrollment").

The text is opened first and saved later, perhaps minutes after, when the enrollment may have moved
on: saving looks again, and refuses then.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple

from seqctl.domain.contacts.addresses import stored_form
from seqctl.domain.enrollments import lifecycle
from seqctl.domain.enrollments.deciding import change
from seqctl.domain.enrollments.lifecycle import Plan
from seqctl.domain.errors import Refused
from seqctl.domain.model import Contact, Enrollment, Sequence, Step, User, Version, Waiting
from seqctl.service.acting import visible_sequence

if TYPE_CHECKING:
    from seqctl.ports import Store


class Editing(NamedTuple):
    """An enrollment whose coming steps, from number `first` on, may be edited."""

    enrollment: Enrollment
    contact: Contact
    sequence: Sequence
    version: Version
    first: int


def open_edit(store: Store, user: User, name: str, address: str) -> Editing:
    """The live enrollment of a contact in a sequence, to be edited by the user who enrolled.

    Raises NotFound (the sequence), Refused (`UNKNOWN_CONTACT`, `NOT_ENROLLED`, `NOT_YOURS`).
    """
    with store.reading():
        sequence = store.sequences.named(name)
        contact = store.contacts.find([stored_form(address)]).get(stored_form(address))
        live = None
        if sequence is not None and contact is not None:
            live = store.enrollments.latest(contact.id, sequence.id)
        # What a user enrolled stays theirs to edit when the sequence is no longer shared with them.
        if sequence is None or live is None or live.user_id != user.id:
            sequence = visible_sequence(store, name, user)
        if contact is None:
            raise _unknown(store, user, address)
        if live is None or not live.live:
            raise Refused(
                f"{contact.email} is not in {name} now.",
                f"seqctl enroll {name} {contact.email}",
                code="NOT_ENROLLED",
            )
        if live.user_id != user.id:
            raise _not_yours(store, live, contact)
        version = store.sequences.version(live.version_id)
    return Editing(live, contact, sequence, version, first_coming(live))


def first_coming(enrollment: Enrollment) -> int:
    """The number of the first step that has not begun: one that has a task or a mail, has."""
    begun = enrollment.waiting in (Waiting.TASK, Waiting.MAIL)
    return enrollment.step + 1 if begun else enrollment.step


def save_edit(
    store: Store,
    user: User,
    now: datetime,
    opened: Editing,
    steps: tuple[Step, ...],
    contents: Mapping[str, bytes] | None = None,
) -> bool:
    """Give the enrollment a version of its own with these steps; False if they are as before.

    `contents` are the newly attached files by their digest.
    The running delay keeps its remainder; where the next step's `at` or kind is another, it is
    placed anew. Raises Refused: `MOVED_ON`, `NO_STEPS`, `NO_INBOX`, `MISSING_FIELD`,
    `TEMPLATE_ERROR`, `NO_SEND_TIME`.
    """
    with store.writing():
        (current,) = store.enrollments.get([opened.enrollment.id])
        _require_same(opened, current)
        if steps == opened.version.steps:
            return False
        _require_sendable(store, user, opened, steps)
        version_id = store.sequences.add_version(
            opened.sequence.id,
            opened.version.number,
            opened.version.settings,
            steps,
            now,
            edit_of=current.id,
        )
        if contents:
            store.sequences.keep_contents(contents)
        version = store.sequences.version(version_id)
        after = _replanned(current._replace(version_id=version_id), opened.version, version, now)
        detail = f"version {version.label}, from step {opened.first} on"
        store.enrollments.record([change(after, now, "edited", detail, user.id)])
    return True


def _require_same(opened: Editing, current: Enrollment) -> None:
    same = current.live and current.version_id == opened.version.id
    if not same or first_coming(current) != opened.first:
        raise Refused(
            f"{opened.contact.email} moved on in {opened.sequence.name} meanwhile; nothing was changed.",
            f"seqctl edit {opened.sequence.name} {opened.contact.email}",
            code="MOVED_ON",
        )


def _require_sendable(store: Store, user: User, opened: Editing, steps: tuple[Step, ...]) -> None:
    from seqctl.service.enrollments.enrolling import check_texts

    name, email = opened.sequence.name, opened.contact.email
    coming = steps[opened.first - 1 :]
    if not coming and len(opened.version.steps) >= opened.first:
        raise Refused(
            f"No coming step of {email} in {name} would be left.",
            f"seqctl unenroll {name} {email}",
            code="NO_STEPS",
        )
    if opened.enrollment.inbox_id is None and any(step.sends for step in coming):
        raise Refused(
            f"{email} was enrolled without an inbox, so that no step can send a mail.",
            f"seqctl unenroll {name} {email}",
            code="NO_INBOX",
        )
    inbox = {each.id: each.address for each in store.people.inboxes()}
    address = inbox.get(opened.enrollment.inbox_id or 0)
    check_texts(
        opened.version._replace(steps=steps), opened.first, opened.contact, user, address, name
    )


def _replanned(after: Enrollment, before: Version, version: Version, now: datetime) -> Enrollment:
    """The enrollment on its new version: its clock goes on, the next step is placed anew if need be.

    The delay that runs stays the one that it was, whatever the step says now
    (rules, "Editing one enrollment").
    """
    movable = (Waiting.DELAY, Waiting.INBOX, Waiting.LIMIT)
    if after.waiting not in movable:
        return after
    running = lifecycle.running_delay(after, _plan(before, after))
    plan = _plan(version, after)
    after = lifecycle.keep_delay(after, plan, running)
    old, new = before.steps[after.step - 1], version.steps[after.step - 1]
    if (old.at, old.sends) == (new.at, new.sends):
        return after
    return lifecycle.place_anew(after, plan, max(now, after.base or now))


def _plan(version: Version, enrollment: Enrollment) -> Plan:
    return Plan(version, version.settings.calendar(enrollment.timezone))


def _unknown(store: Store, user: User, address: str) -> Refused:
    from seqctl.service.acting import no_such_contact

    error = no_such_contact(store, user, stored_form(address))
    return Refused(error.message, error.hint, code=error.code)


def _not_yours(store: Store, enrollment: Enrollment, contact: Contact) -> Refused:
    names = {user.id: user.name for user in store.people.users(removed=True)}
    owner = names[enrollment.user_id]
    return Refused(
        f"{contact.email} was enrolled by {owner}: only {owner} may edit it.",
        f"ask {owner}",
        code="NOT_YOURS",
    )
