"""Ending enrollments: by hand, by what happened outside, by what was deleted (rules, "Ending")."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING

from seqctl.domain.enrollments.deciding import ended

if TYPE_CHECKING:
    from seqctl.domain.model import Enrollment
    from seqctl.ports import Store


def end_all(
    store: Store,
    enrollments: Iterable[Enrollment],
    at: datetime,
    actor_id: int | None,
    reason: str,
    error: str | None = None,
    detail: str = "",
) -> int:
    """Unenroll these live enrollments, each with an event that says why; give their number."""
    changes = [ended(e, at, reason, error, detail, actor_id) for e in enrollments]
    with store.writing():
        store.enrollments.record(changes)
    return len(changes)
