"""Which holds hold an enrollment, as documents."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from seqctl.domain.model import Enrollment, Hold

Document = dict[str, Any]


class HoldBook:
    """Holds, to be found by what they hold."""

    def __init__(self, holds: Iterable[Hold]) -> None:
        self._of_sequence: dict[tuple[int | None, int], list[Hold]] = {}
        self._of_contact: dict[int, list[Hold]] = {}
        for hold in holds:
            if hold.contact_id is None:
                self._of_sequence.setdefault((hold.sequence_id, hold.user_id), []).append(hold)
            else:
                self._of_contact.setdefault(hold.contact_id, []).append(hold)

    def documents(self, enrollment: Enrollment, sequence: str) -> list[Document]:
        """The holds that hold an enrollment in the sequence of this name, by age."""
        found = self._of_sequence.get((enrollment.sequence_id, enrollment.user_id), [])
        for hold in self._of_contact.get(enrollment.contact_id, []):
            if hold.sequence_id in (None, enrollment.sequence_id):
                found = [*found, hold]
        return [
            {
                "scope": hold.scope,
                "sequence": sequence if hold.sequence_id is not None else None,
                "by": hold.by,
                "since": hold.since,
                "until": hold.until,
            }
            for hold in sorted(found, key=lambda hold: hold.id)
        ]
