"""What waited for an inbox goes on when that can send again."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from seqctl.domain.enrollments import lifecycle
from seqctl.domain.model import Change, Event, Inbox
from seqctl.service.plans import Plans

if TYPE_CHECKING:
    from seqctl.ports import Store


def place_anew(
    store: Store, inbox: Inbox, actor_id: int | None, now: datetime, why: str
) -> list[Change]:
    """Let go on, from now, what waited for an inbox that can send again; inside a transaction."""
    plans = Plans(store)
    changes = [
        Change(
            lifecycle.place_anew(enrollment, plans.of(enrollment), now),
            Event(
                at=now,
                actor_id=actor_id,
                kind="rescheduled",
                detail=f"{inbox.address} {why}",
                contact_id=enrollment.contact_id,
                sequence_id=enrollment.sequence_id,
                enrollment_id=enrollment.id,
                step=enrollment.step,
            ),
        )
        for enrollment in store.enrollments.blocked_by_inbox(inbox.id)
    ]
    store.enrollments.record(changes)
    return changes
