"""`enroll` (rules, "Enrolling"): each contact by itself; those refused don't stop the rest."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import datetime
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

from seqctl.domain.contacts.addresses import stored_form
from seqctl.domain.enrollments import lifecycle
from seqctl.domain.enrollments.access import may_communicate, may_use
from seqctl.domain.enrollments.deciding import change
from seqctl.domain.enrollments.lifecycle import Plan
from seqctl.domain.enrollments.zones import pinned_zone
from seqctl.domain.errors import NotFound, SeqctlError
from seqctl.domain.model import (
    Change,
    Contact,
    Enrollment,
    Hold,
    Inbox,
    Sequence,
    Status,
    User,
    Version,
    Waiting,
)
from seqctl.domain.texts.rendering import Audience, render_all, sender_fields
from seqctl.domain.texts.sentences import said
from seqctl.domain.texts.template_fields import ContactFields, SequenceFields
from seqctl.service.acting import did_you_mean, sequence_to_enroll_in, unknown_contact
from seqctl.service.outcome import Outcome, Refusal, nothing

if TYPE_CHECKING:
    from seqctl.ports import Store

_BATCH = 1000
_PASSED_OVER = {
    "OPTED_OUT": "opted out",
    "BOUNCED": "bounced",
    "BLOCKED": "blocked",
    "NO_CONTACT_ACCESS": "another user's",
    "IN_ANOTHER_SEQUENCE": "in another sequence (--also takes them)",
}
"""Why whoever is selected, and not named, is left out without that being a failure, and in words."""


class Request(NamedTuple):
    """What `enroll` was asked for.

    `selected` are contacts that a segment, a filter or a file named: those who were ever in the
    sequence are left out unless `again`. `at` is when the starting step is due, None for now;
    `any_time` skips day and window. `inbox` is an address; `also` allows another live sequence.
    `no_to` are the codes (OPTED_OUT, BOUNCED) of those of whom the file says so.
    """

    sequence: str
    addresses: tuple[str, ...] = ()
    selected: tuple[str, ...] = ()
    again: bool = False
    from_step: int = 1
    at: datetime | None = None
    any_time: bool = False
    inbox: str | None = None
    also: bool = False
    no_to: Mapping[str, str] = MappingProxyType({})


def enroll(store: Store, user: User, now: datetime, request: Request) -> Outcome:
    """Enroll contacts; raises NotFound where the sequence or the chosen inbox does not exist."""
    sequence = sequence_to_enroll_in(store, request.sequence, user)
    with store.writing():
        return _Enrolling(store, user, now, request, sequence).run()


def last_start(
    store: Store, user: User, request: Request, turns: Mapping[int, datetime]
) -> str | None:
    """Where the inbox has a limit: when the last of these starts goes out (rules, "Enrolling").

    `turns` are the moments of those that were enrolled, by id.
    """
    inbox = choose_inbox(store, user, request.inbox)
    if inbox is None or not inbox.limits or not turns:
        return None
    which = "this start goes" if len(turns) == 1 else "the last of these starts goes"
    return said(
        "{inbox} sends {limits}: {which} out {at}.",
        inbox=inbox.address,
        limits=inbox.limits,
        which=which,
        at=max(turns.values()),
    )


class _Enrolling:
    """One `enroll` at work."""

    def __init__(
        self, store: Store, user: User, now: datetime, request: Request, sequence: Sequence
    ) -> None:
        self._store = store
        self._user = user
        self._now = now
        self._request = request
        self._sequence = sequence
        self._version = store.sequences.version(sequence.version_id)
        self._inbox = choose_inbox(store, user, request.inbox)
        self._plans: dict[str, Plan] = {}
        self._outcome = nothing()
        self._started_held: dict[str, list[str]] = {}

    def run(self) -> Outcome:
        """Enroll all, in batches."""
        wanted = list(dict.fromkeys(stored_form(a) for a in self._request.addresses))
        selected = dict.fromkeys(stored_form(a) for a in self._request.selected)
        self._enroll_all(wanted, selected=False)
        named = set(wanted)
        self._enroll_all([a for a in selected if a not in named], selected=True)
        self._count_passed_over()
        for pause, addresses in self._started_held.items():
            one = len(addresses) == 1
            who = f"{addresses[0]} starts" if one else f"{len(addresses)} contacts start"
            self._outcome.notes.append(f"{who} paused: {pause}.")
        return self._outcome

    def _enroll_all(self, addresses: list[str], *, selected: bool) -> None:
        leave_out = bool(addresses) and selected and not self._request.again
        ever = self._store.enrollments.ever_in(self._sequence.id) if leave_out else set[int]()
        for first in range(0, len(addresses), _BATCH):
            batch = addresses[first : first + _BATCH]
            contacts = self._store.contacts.find(batch)
            live = self._store.enrollments.live_sequences_of(c.id for c in contacts.values())
            changes: list[Change] = []
            id = self._store.enrollments.next_id()
            for address in batch:
                contact = contacts.get(address)
                if contact is not None and contact.id in ever:
                    self._leave_out(contact)
                    continue
                made = self._one(address, contact, live, id, selected=selected)
                if made is not None:
                    changes.append(made)
                    self._outcome.done.append(id)
                    id += 1
            self._store.enrollments.record(changes)

    def _count_passed_over(self) -> None:
        """One line for all whom a selection named and who may not be enrolled."""
        codes = Counter(r.code for r in self._outcome.refused if r.passed_over)
        counted = [f"{codes[code]} {words}" for code, words in _PASSED_OVER.items() if codes[code]]
        if counted:
            self._outcome.notes.append(f"Left out of those selected: {', '.join(counted)}.")

    def _leave_out(self, contact: Contact) -> None:
        latest = self._store.enrollments.latest(contact.id, self._sequence.id)
        assert latest is not None
        self._outcome.unchanged.append(latest.id)

    def _one(
        self,
        address: str,
        contact: Contact | None,
        live: dict[int, set[int]],
        id: int,
        *,
        selected: bool,
    ) -> Change | None:
        refusal = next(self._refusals(address, contact, live), None)
        if refusal is not None:
            passed_over = selected and refusal[0] in _PASSED_OVER
            self._outcome.refused.append(Refusal(address, *refusal, passed_over))
            return None
        assert contact is not None
        try:
            return self._start(contact, id)
        except SeqctlError as error:
            self._outcome.refused.append(Refusal(address, error.code, error.message))
            return None

    def _refusals(
        self, address: str, contact: Contact | None, live: dict[int, set[int]]
    ) -> Iterator[tuple[str, str]]:
        """All that forbids it, in this order (rules, "Order of refusals")."""
        sequence, request = self._sequence, self._request
        if sequence.deleted:
            yield "SEQUENCE_DELETED", f"{sequence.name} was deleted."
        if contact is None:
            yield unknown_contact(self._store, address, self._user)[1:3]
            return
        yield from said_no(self._store, contact)
        if address in request.no_to:
            code = request.no_to[address]
            yield (
                code,
                f"The file says that {address} {_PASSED_OVER[code]}: import it to keep that.",
            )
        yield from no_access(self._user, contact)
        if not may_use(self._user, sequence):
            yield "NOT_SHARED", f"{sequence.name} is not shared with {self._user.name}."
        in_sequences = live.get(contact.id, set())
        if sequence.id in in_sequences:
            yield "ALREADY_ENROLLED", f"{address} is in {sequence.name} now."
        if in_sequences and not request.also:
            yield "IN_ANOTHER_SEQUENCE", f"{address} is in another sequence (--also allows both)."
        if self._version.sends_from(request.from_step):
            yield from _no_inbox(self._user, self._inbox, request.inbox)
        yield from self._missing_fields(contact)
        steps = len(self._version.steps)
        if not 1 <= request.from_step <= steps:
            yield "NO_SUCH_STEP", f"{sequence.name} has steps 1 to {steps}."

    def _missing_fields(self, contact: Contact) -> Iterator[tuple[str, str]]:
        try:
            check_texts(
                self._version,
                max(1, self._request.from_step),
                contact,
                self._user,
                self._inbox.address if self._inbox else None,
                self._sequence.name,
            )
        except SeqctlError as error:
            yield error.code, error.message

    def _start(self, contact: Contact, id: int) -> Change:
        request, now = self._request, self._now
        zone = pinned_zone(self._version.settings, self._user, contact)
        draft = Enrollment(
            id=id,
            contact_id=contact.id,
            sequence_id=self._sequence.id,
            version_id=self._version.id,
            user_id=self._user.id,
            inbox_id=self._inbox.id if self._inbox else None,
            timezone=zone,
            status=Status.LIVE,
            waiting=Waiting.DELAY,
            step=request.from_step,
            base=None,
            delay_ends_at=None,
            due_at=None,
            held_since=None,
            enrolled_at=now,
        )
        plan = self._plan(zone)
        at = max(now, request.at or now)
        words = f"version {self._version.label}, step {request.from_step}"
        hold = next(iter(self._store.holds.on(draft)), None)
        if hold is None:
            after = lifecycle.start(draft, plan, at, any_time=request.any_time)
            return change(after, now, "enrolled", words, self._user.id)
        pause = self._tell_held(hold, contact)
        after = lifecycle.hold(lifecycle.start(draft, plan, at), now)
        return change(after, now, "enrolled", f"{words}, starts paused: {pause}", self._user.id)

    def _tell_held(self, hold: Hold, contact: Contact) -> str:
        """A standing pause of the sequence or the contact holds it from the start (rules, "Holds")."""
        what = self._sequence.name if hold.contact_id is None else "the contact"
        pause = f"{what} is paused by {hold.by}"
        self._started_held.setdefault(pause, []).append(contact.email)
        return pause

    def _plan(self, zone: str) -> Plan:
        plan = self._plans.get(zone)
        if plan is None:
            plan = self._plans[zone] = Plan(self._version, self._version.settings.calendar(zone))
        return plan


# --- what enrolling and re-enrolling ask alike ----------------------------------------------------


def choose_inbox(store: Store, user: User, address: str | None) -> Inbox | None:
    """The user's inbox of this address, else the first connected one; None where there is none.

    Raises NotFound where the user has no inbox of this address.
    """
    own = [inbox for inbox in store.people.inboxes() if inbox.user_id == user.id]
    if address is None:
        return next((inbox for inbox in own if inbox.connected), None)
    for inbox in own:
        if inbox.address == stored_form(address):
            return inbox
    near = did_you_mean(address, [inbox.address for inbox in own])
    raise NotFound(f"You have no inbox {address}.{near}", "seqctl inbox list", code="NO_SUCH_INBOX")


def check_texts(
    version: Version,
    from_step: int,
    contact: Contact,
    user: User,
    inbox: str | None,
    sequence: str,
) -> None:
    """Render all remaining texts once; raises MissingField or TemplateFault (rules, "Templates")."""
    audience = Audience(
        ContactFields.from_contact(contact),
        sender_fields(user, inbox),
        SequenceFields(sequence, version.settings.title),
    )
    render_all(version, from_step, audience)


def no_access(user: User, contact: Contact) -> Iterator[tuple[str, str]]:
    """NO_CONTACT_ACCESS where the user may not communicate with the contact."""
    if not may_communicate(user, contact):
        yield "NO_CONTACT_ACCESS", f"{contact.email} is {contact.owner}'s contact."


def said_no(store: Store, contact: Contact) -> Iterator[tuple[str, str]]:
    """OPTED_OUT, BOUNCED and BLOCKED where its address may not be written to."""
    if contact.opted_out:
        yield "OPTED_OUT", f"{contact.email} has opted out of e-mail."
    if contact.bounced:
        yield "BOUNCED", f"The address {contact.email} bounced."
    if store.contacts.blocked(contact.email):
        yield "BLOCKED", f"{contact.email} or its domain is on the block list."


def _no_inbox(user: User, inbox: Inbox | None, asked: str | None) -> Iterator[tuple[str, str]]:
    if inbox is None:
        yield "NO_INBOX", f"{user.name} has no connected inbox (seqctl inbox connect ADDRESS)."
    elif asked is not None and not inbox.connected:
        yield "INBOX_DISCONNECTED", f"The inbox {inbox.address} is not connected."
