"""The pinned plans of enrollments."""

from __future__ import annotations

from typing import TYPE_CHECKING

from seqctl.domain.enrollments.lifecycle import Plan
from seqctl.domain.errors import Damaged
from seqctl.domain.model import Enrollment, Version
from seqctl.domain.timing.schedule import known_zone

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
            if not known_zone(enrollment.timezone):
                why = f"{enrollment.timezone} is no time zone"
                raise Damaged("enrollment", enrollment.id, why)
            plan = self._plans[key] = Plan(version, version.settings.calendar(enrollment.timezone))
        return plan

    def version(self, version_id: int) -> Version:
        """A version by its id."""
        if version_id not in self._versions:
            self._versions[version_id] = self._store.sequences.version(version_id)
        return self._versions[version_id]
