"""What a re-enrollment takes over from the enrollment that it continues (rules, "Re-enrolling")."""

from __future__ import annotations

from datetime import datetime

from seqctl.domain.enrollments.lifecycle import (
    Plan,
    begin_delay,
    kept_due,
    lift,
    placed_now,
    start,
    was_over,
)
from seqctl.domain.model import Enrollment, Waiting


def continue_from(
    old: Enrollment, fresh: Enrollment, plan: Plan, now: datetime, *, task_created: bool
) -> Enrollment:
    """Give `fresh` the schedule of the ended `old`: due when that would have been, not before now.

    One that was held when it ended waits out its remainder from now (rules, "Re-enrolling" and
    "What a pause leaves"). `task_created` says that the old one had already reached the task of its
    step.
    """
    if old.step != fresh.step:
        return start(fresh, plan, now)
    if task_created:
        return due_now(old, fresh, plan, now)
    if old.delay_ends_at is None:
        return begin_delay(fresh, plan, now)
    stopped = fresh._replace(
        waiting=Waiting.DELAY,
        base=old.base,
        delay_ends_at=old.delay_ends_at,
        held_since=old.held_since,
        any_time=False,
        delay=old.delay,
        left_s=old.left_s,
        kept_due_at=old.kept_due_at,
    )
    due = kept_due(stopped, plan)
    going = stopped._replace(held_since=None, due_at=due, kept_due_at=None)
    if old.held_since is not None and not was_over(stopped, plan):
        going = lift(stopped, plan, now)
    overdue = going.due_at is None or going.due_at < now
    return due_now(old, fresh, plan, now) if overdue else going


def due_now(
    old: Enrollment, fresh: Enrollment, plan: Plan, now: datetime, *, any_time: bool = False
) -> Enrollment:
    """Make the step at which `old` stood due now, placed by day and window unless `any_time`.

    Unlike a start, it keeps a delay that can be started over (rules, "Starting a delay over").
    """
    started = start(fresh, plan, now, any_time=any_time)
    step = plan.step(fresh.step)
    never_began = old.base is None and old.delay_ends_at is not None
    if step.after is None or never_began:
        return started
    delayed = started._replace(base=now)
    return delayed if any_time else placed_now(delayed, plan, now)
