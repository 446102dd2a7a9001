"""The pinned plans of enrollments, and what a decision needs to know of the workspace."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from seqctl.domain.deciding import Sender, World
from seqctl.domain.lifecycle import Plan
from seqctl.domain.model import Enrollment, Version
from seqctl.domain.rendering import sender_fields

if TYPE_CHECKING:
    from seqctl.ports import Store


class Plans:
    """Versions and calendars, each read once."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._plans: dict[tuple[int, str], Plan] = {}
        self._versions: dict[int, Version] = {}

    def of(self, enrollment: Enrollment) -> Plan:
        """The pinned version of an enrollment in its pinned time zone."""
        key = (enrollment.version_id, enrollment.timezone)
        plan = self._plans.get(key)
        if plan is None:
            version = self.version(enrollment.version_id)
            plan = self._plans[key] = Plan(version, version.settings.calendar(enrollment.timezone))
        return plan

    def version(self, version_id: int) -> Version:
        """A version by its id."""
        if version_id not in self._versions:
            self._versions[version_id] = self._store.sequences.version(version_id)
        return self._versions[version_id]


def world(store: Store, plans: Plans, now: datetime | None) -> World:
    """The senders and sequences as they are now; `now` is None in a simulated workspace."""
    inboxes = store.people.inboxes()
    senders: dict[tuple[int, int | None], Sender] = {}
    for user in store.people.users(removed=True):
        senders[user.id, None] = Sender(sender_fields(user, None), connected=False)
        for inbox in inboxes:
            fields = sender_fields(user, inbox.address)
            senders[user.id, inbox.id] = Sender(fields, inbox.connected)
    sequences = {sequence.id: sequence.name for sequence in store.sequences.all(deleted=True)}
    return World(plans.of, senders, sequences, now)
