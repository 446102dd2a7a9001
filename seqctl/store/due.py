"""A row of what is due, with all that its step may need, made into a value; a damaged one is told."""

from __future__ import annotations

from datetime import datetime

from seqctl.domain.enrollments.deciding import Due
from seqctl.domain.errors import Damaged
from seqctl.domain.model import Enrollment, Status
from seqctl.domain.timing.moments import from_iso
from seqctl.store.rows import Row, of_table, to_enrollment

_WIDTH = len(Enrollment._fields)
_DUE_AT = Enrollment._fields.index("due_at")


@of_table("agenda")
def agenda_moment(row: Row) -> datetime:
    """The time of a row (enrollment, time) of the agenda; raises Damaged."""
    return from_iso(row[1])


def from_agenda(row: Row) -> Due:
    """A row with its place in the agenda; raises Damaged for one that can't be read, or stands there wrongly."""
    due_at, id = row[-2:]
    if row[0] is None:
        raise Damaged("agenda", id, "there is no such enrollment")
    if row[_DUE_AT] is not None and row[_DUE_AT] != due_at:
        raise Damaged("agenda", id, f"it says {due_at}, but the enrollment is due {row[_DUE_AT]}")
    due = to_due(row[:-2])
    enrollment = due.enrollment
    if enrollment.status != Status.LIVE or enrollment.due_at is None or enrollment.held_since:
        raise Damaged("agenda", id, "the clock does not move this enrollment")
    return due


def with_history(enrollment: Enrollment) -> Enrollment:
    """The enrollment; raises Damaged for one that no event tells of: it would be taken for a new one."""
    if enrollment.last_event_id is None:
        raise Damaged("enrollment", enrollment.id, "its history is missing")
    return enrollment


def to_due(row: Row) -> Due:
    """A row of what is due or stands in line; raises Damaged."""
    enrollment = with_history(to_enrollment(row))
    if row[_WIDTH] is None:
        raise Damaged("enrollment", row[0], f"there is no contact {enrollment.contact_id}")
    return Due(enrollment, *row[_WIDTH:])
