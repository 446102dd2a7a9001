"""What forbids continuing an enrollment, whoever asks (rules, "Re-enrolling")."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from seqctl.domain.model import Status

REENROLLABLE_REASONS = frozenset({"manual", "error", "contact-deleted", "opt-out"})

ORDER = (
    "SEQUENCE_DELETED",
    "INVALID_ADDRESS",
    "UNKNOWN_CONTACT",
    "OPTED_OUT",
    "BOUNCED",
    "BLOCKED",
    "NO_CONTACT_ACCESS",
    "NOT_SHARED",
    "ALREADY_ENROLLED",
    "IN_ANOTHER_SEQUENCE",
    "INBOX_DISCONNECTED",
    "MISSING_FIELD",
    "TEMPLATE_ERROR",
    "NO_SUCH_STEP",
    "NOT_REENROLLABLE",
    "NOT_YOURS",
    "MAIL_UNSETTLED",
)
"""Which refusal is given where several apply: the first of these.

Those of enrolling, then those that only re-enrolling has (rules, "Order of refusals").
"""

Refusal = tuple[str, str]
"""A code and a sentence."""


class Facts(NamedTuple):
    """What is known of the latest enrollment of a contact in a sequence.

    `status` and `reason` are the enrollment's, None where there never was one. `sends` is whether a
    remaining step sends a mail, `nothing_left` whether no step remains. `unsettled` is whether a mail of the step may or may not have gone out.
    """

    contact: str
    sequence: str
    status: Status | None
    reason: str | None = None
    contact_deleted: bool = False
    sequence_deleted: bool = False
    blocked: bool = False
    opted_out: bool = False
    bounced: bool = False
    sends: bool = False
    nothing_left: bool = False
    inbox: str | None = None
    inbox_connected: bool = False
    unsettled: bool = False


def refusals(facts: Facts) -> Iterator[Refusal]:
    """All that forbids it whoever asks; what depends on the acting user is for the verb to add."""
    contact, sequence = facts.contact, facts.sequence
    if facts.contact_deleted:
        yield "UNKNOWN_CONTACT", f"There is no contact {contact}."
    if facts.sequence_deleted:
        yield "SEQUENCE_DELETED", f"The sequence {sequence} was deleted."
    if facts.blocked:
        yield "BLOCKED", f"{contact} is on the block list."
    if facts.status is None:
        yield "NOT_REENROLLABLE", f"{contact} was never in {sequence}: enroll it."
    elif facts.status != Status.LIVE and facts.reason not in REENROLLABLE_REASONS:
        how = "finished" if facts.reason is None else f"was ended by {facts.reason}"
        yield "NOT_REENROLLABLE", f"{contact} {how} in {sequence}: enroll it afresh."
    elif facts.status != Status.LIVE and facts.nothing_left:
        yield "NOT_REENROLLABLE", f"{contact} has no step left in {sequence}: enroll it afresh."
    if facts.opted_out:
        yield "OPTED_OUT", f"{contact} has opted out."
    if facts.bounced:
        yield "BOUNCED", f"The address {contact} bounced."
    if facts.status != Status.LIVE and facts.sends and not facts.inbox_connected:
        inbox = f"its inbox {facts.inbox}" if facts.inbox else "an inbox"
        yield "INBOX_DISCONNECTED", f"{contact} needs {inbox}, which is not connected."
    if facts.status == Status.LIVE:
        yield "ALREADY_ENROLLED", f"{contact} is in {sequence} now."
    if facts.unsettled:
        yield "MAIL_UNSETTLED", f"The last mail to {contact} may or may not have gone out."


def first(found: Iterable[Refusal]) -> Refusal | None:
    """The refusal to give: the first in ORDER, or None where nothing forbids it."""
    return min(found, key=lambda refusal: ORDER.index(refusal[0]), default=None)


def refusal(facts: Facts) -> Refusal | None:
    """What forbids re-enrolling whoever asks, or None."""
    return first(refusals(facts))
