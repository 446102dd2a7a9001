"""The state machine of an enrollment: one function a trigger (`states` has the table).

    start ──► DELAY ──due: e-mail──► DELAY … ──last step──► FINISHED
                │  ▲          real mail goes by MAIL; LIMIT and INBOX wait for their inbox
      due: task │  │ task done, or its wait is over
                ▼  │
               TASK        hold ⇄ lift turns each of these into its HELD_… twin and back
                           end turns each live state into UNENROLLED

Every function takes an enrollment and gives the one after; none of them knows a clock or a table.
Rules, "When a step is due", "What a pause leaves", "While held", "Ending" and "Re-enrolling".
"""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from seqctl.domain.enrollments.states import Trigger, allow
from seqctl.domain.model import Enrollment, Status, Step, Version, Waiting
from seqctl.domain.timing.measures import Calendar, Delay
from seqctl.domain.timing.moments import show_seconds
from seqctl.domain.timing.schedule import (
    add_remainder,
    delay_end,
    length,
    next_opening,
    place,
    remainder,
)

_WHOLE: dict[str, None] = {"delay": None, "left_s": None, "kept_due_at": None}
"""Of a delay that begins: it is its step's own, and the whole of it is left."""


class Plan(NamedTuple):
    """The pinned version of an enrollment, seen from its pinned time zone."""

    version: Version
    calendar: Calendar

    def step(self, number: int) -> Step:
        """The step with this 1-based number."""
        return self.version.steps[number - 1]

    def has(self, number: int) -> bool:
        """Whether there is such a step."""
        return number <= len(self.version.steps)


def label(enrollment: Enrollment) -> str:
    """The word that people and JSON see (rules, "Statuses"): the first that applies."""
    if enrollment.status != Status.LIVE:
        return enrollment.status.value
    if enrollment.held_since is not None:
        return "paused"
    if enrollment.waiting == Waiting.TASK:
        return "waiting_task"
    return "scheduled" if enrollment.last_step_at is None else "active"


def waiting_on(enrollment: Enrollment, now: datetime) -> str | None:
    """What it waits for at `now`, or None while held or ended (rules, "What it waits for")."""
    if enrollment.waiting is None or enrollment.held_since is not None:
        return None
    if enrollment.waiting != Waiting.DELAY:
        return enrollment.waiting.value
    end = enrollment.delay_ends_at
    in_delay = end is None or now < end or enrollment.due_at == end
    return "delay" if in_delay else "window"


def running_delay(enrollment: Enrollment, plan: Plan) -> Delay | None:
    """The delay that runs or will run next: of its step, or the longest wait for its open task.

    A starting step (no `base`) has none, and neither has a task that is waited for without limit.
    """
    return enrollment.delay or whole_delay(enrollment, plan)


def whole_delay(enrollment: Enrollment, plan: Plan) -> Delay | None:
    """The delay that would run if it were started over: after an edit the new one
    (rules, "Starting a delay over")."""
    if enrollment.waiting == Waiting.TASK or not plan.has(enrollment.step):
        return _longest_wait(plan.step(min(enrollment.step, len(plan.version.steps))))
    if enrollment.base is None and enrollment.waiting != Waiting.RESUME:
        return None
    return plan.step(enrollment.step).after


def remaining_seconds(enrollment: Enrollment, plan: Plan) -> int | None:
    """What is left of the delay of a held or ended enrollment, in the delay's own measure.

    Never more than was left when it began or last ran on (rules, "What a pause leaves").
    """
    stopped = enrollment.held_since or enrollment.ended_at
    if stopped is None or not plan.has(enrollment.step):
        return None
    after = running_delay(enrollment, plan)
    if enrollment.waiting == Waiting.RESUME:
        return length(after)
    if enrollment.delay_ends_at is None:
        return None
    whole = length(after) if enrollment.left_s is None else enrollment.left_s
    return min(whole, remainder(after, stopped, enrollment.delay_ends_at, plan.calendar))


def left_in_words(enrollment: Enrollment, plan: Plan) -> str:
    """What is left of the delay of a held enrollment: `1 of 3 days left` (rules, "What a pause leaves")."""
    seconds = remaining_seconds(enrollment, plan)
    if seconds is None:
        return ""
    kept, since = enrollment.kept_due_at, enrollment.held_since
    if not seconds and kept is not None and since is not None and since < kept:
        return "keeps its time"
    after = running_delay(enrollment, plan)
    if after is None or after.amount == 0:
        return f"{show_seconds(seconds)} left" if seconds else "nothing left to wait"
    units = seconds * after.amount / length(after)
    return f"{round(units, 1):g} of {after} left"


def start(
    enrollment: Enrollment, plan: Plan, at: datetime, *, any_time: bool = False
) -> Enrollment:
    """Make the starting step due at `at`: a mail is placed by day and window unless `any_time`."""
    started = enrollment._replace(
        waiting=Waiting.DELAY, base=None, delay_ends_at=at, any_time=any_time, **_WHOLE
    )
    return started._replace(due_at=_due(started, plan, at, at))


def step_done(
    enrollment: Enrollment, plan: Plan, at: datetime, message_id: int | None = None
) -> Enrollment:
    """The mail of its step was handed over, or its task needs no waiting: on to the next step.

    `message_id` is that mail, unless it is noted already.
    """
    allow(enrollment, Trigger.STEP_DONE)
    mailed = message_id is not None or enrollment.waiting == Waiting.MAIL
    done = enrollment._replace(
        last_step_at=at,
        last_message_id=enrollment.last_message_id if message_id is None else message_id,
        had_mail=mailed or enrollment.had_mail,
    )
    return _next_step(done, plan, at)


def task_created(enrollment: Enrollment, plan: Plan, at: datetime) -> Enrollment:
    """The task of its step was created and is waited for, perhaps only for so long."""
    allow(enrollment, Trigger.TASK_CREATED)
    limit = _longest_wait(plan.step(enrollment.step))
    end = None if limit is None else delay_end(at, limit, plan.calendar)
    return enrollment._replace(
        waiting=Waiting.TASK,
        last_step_at=at,
        base=at,
        delay_ends_at=end,
        due_at=end,
        any_time=False,
        **_WHOLE,
    )


def task_closed(enrollment: Enrollment, plan: Plan, at: datetime) -> Enrollment:
    """The task waited for was done or skipped, or its longest wait is over."""
    allow(enrollment, Trigger.TASK_CLOSED)
    return _next_step(enrollment, plan, at)


def inbox_missing(enrollment: Enrollment) -> Enrollment:
    """Its mail is due and its inbox is not connected, or in trouble: no clock moves it now."""
    allow(enrollment, Trigger.INBOX_MISSING)
    return enrollment._replace(waiting=Waiting.INBOX)


def limit_reached(enrollment: Enrollment) -> Enrollment:
    """Its mail is due and its inbox has sent as much as it may: it keeps its place in the line."""
    allow(enrollment, Trigger.LIMIT_REACHED)
    return enrollment._replace(waiting=Waiting.LIMIT)


def mail_queued(enrollment: Enrollment, message_id: int) -> Enrollment:
    """Its mail is on its way to the server: what becomes of it moves the enrollment on."""
    allow(enrollment, Trigger.MAIL_QUEUED)
    return enrollment._replace(waiting=Waiting.MAIL, due_at=None, last_message_id=message_id)


def mail_back(enrollment: Enrollment, due: datetime, *, blocked: bool = False) -> Enrollment:
    """Its mail was not handed over: it is due again, or waits with its inbox where that is blocked."""
    allow(enrollment, Trigger.MAIL_BACK)
    return _waits(enrollment, Waiting.INBOX if blocked else Waiting.DELAY, due)


def task_mailed(enrollment: Enrollment, message_id: int, at: datetime) -> Enrollment:
    """The mail of its open task is to be sent: the task is done, the mail is due at once."""
    allow(enrollment, Trigger.TASK_MAILED)
    return enrollment._replace(
        waiting=Waiting.DELAY,
        base=None,
        delay_ends_at=at,
        due_at=at,
        any_time=True,
        last_message_id=message_id,
        **_WHOLE,
    )


def place_anew(enrollment: Enrollment, plan: Plan, at: datetime) -> Enrollment:
    """Its inbox can send again: due at the next legal moment from `at`, which a held one keeps."""
    allow(enrollment, Trigger.POSTPONED)
    end = max(at, enrollment.delay_ends_at or at)
    return _waits(enrollment, Waiting.DELAY, _due(enrollment, plan, end, at))


def wait_for_opening(enrollment: Enrollment, plan: Plan, at: datetime) -> Enrollment:
    """Its mail is overdue and the window is closed at `at`: due at the next opening."""
    allow(enrollment, Trigger.POSTPONED)
    return enrollment._replace(waiting=Waiting.DELAY, due_at=next_opening(at, plan.calendar))


def keep_delay(enrollment: Enrollment, plan: Plan, running: Delay | None) -> Enrollment:
    """On a new version, `plan`, the delay that runs stays `running`, whatever its step says now."""
    same = running == whole_delay(enrollment, plan)
    return enrollment._replace(delay=None if same else running)


def hold(enrollment: Enrollment, at: datetime) -> Enrollment:
    """The first hold freezes what is left of the delay (rules, "Holds")."""
    allow(enrollment, Trigger.HOLD)
    return enrollment._replace(held_since=at, due_at=None, kept_due_at=enrollment.due_at)


def lift(enrollment: Enrollment, plan: Plan, at: datetime, *, restart: bool = False) -> Enrollment:
    """The last hold is gone: wait out the remainder, or with `restart` the whole delay."""
    allow(enrollment, Trigger.LIFT)
    thawed = enrollment._replace(held_since=None, kept_due_at=None)
    if enrollment.waiting == Waiting.RESUME:
        return begin_delay(thawed, plan, at) if plan.has(thawed.step) else finish(thawed, at)
    if enrollment.waiting == Waiting.MAIL or enrollment.delay_ends_at is None:
        return thawed
    whole = whole_delay(enrollment, plan) if restart else None
    if whole is not None:
        end = delay_end(at, whole, plan.calendar)
        return _go_on(thawed._replace(**_WHOLE), plan, end, at)
    over, at_once = was_over(enrollment, plan), enrollment.held_since == at
    if not over:
        thawed = thawed._replace(left_s=remaining_seconds(enrollment, plan))
    if over or at_once:
        return _go_on_at_its_time(thawed, plan, at, kept_due(enrollment, plan), at_once)
    after, left = running_delay(enrollment, plan), thawed.left_s or 0
    end = add_remainder(after, at, left, plan.calendar)
    if enrollment.held_since is not None and enrollment.held_since <= at:
        end = max(end, enrollment.delay_ends_at)  # else both are dated by a clock that was ahead
    return _go_on(thawed, plan, end, at)


def start_delay_over(enrollment: Enrollment, plan: Plan, at: datetime) -> Enrollment:
    """The whole delay is what is left of a held one, which another hold still holds
    (rules, "Starting a delay over").

    A start, a delay that has not begun, and a mail on its way stay as they are.
    """
    if enrollment.waiting in (Waiting.RESUME, Waiting.MAIL):
        return enrollment
    if whole_delay(enrollment, plan) is None:
        return enrollment
    return hold(lift(enrollment, plan, at, restart=True), at)


def kept_due(enrollment: Enrollment, plan: Plan) -> datetime:
    """When the step of a held or ended enrollment would have been due.

    Earlier versions kept no time: there it is placed at the delay's end.
    """
    end = enrollment.delay_ends_at
    assert end is not None
    if enrollment.kept_due_at is not None or enrollment.waiting == Waiting.TASK:
        return enrollment.kept_due_at or end
    return _due(enrollment, plan, end, enrollment.base or end)


def was_over(enrollment: Enrollment, plan: Plan) -> bool:
    """Whether the delay of a held one was over when the pause began; a start has none that runs."""
    assert enrollment.held_since is not None
    assert enrollment.delay_ends_at is not None
    none = running_delay(enrollment, plan) is None
    return none or enrollment.delay_ends_at <= enrollment.held_since


def _go_on(thawed: Enrollment, plan: Plan, end: datetime, at: datetime) -> Enrollment:
    """Go on at `at` with a delay that is over at `end`."""
    base = None if thawed.base is None else at
    going = thawed._replace(base=base, delay_ends_at=end)
    if thawed.waiting == Waiting.TASK:
        return going._replace(due_at=end)
    return going._replace(waiting=Waiting.DELAY, due_at=_due(going, plan, end, at))


def _go_on_at_its_time(
    thawed: Enrollment, plan: Plan, at: datetime, kept: datetime, at_once: bool
) -> Enrollment:
    """The step keeps its time unless the resume is later: then it is placed from there.

    Resumed `at_once`, in the second of the pause, what was overdue is overdue still, whatever its
    `at`, and who stood in the line of an inbox, or waited for the inbox itself, does so still.
    """
    if at <= kept or at_once:
        return thawed._replace(due_at=kept)
    return _go_on(thawed, plan, max(at, thawed.delay_ends_at or at), at)


def end(enrollment: Enrollment, at: datetime, reason: str, error: str | None = None) -> Enrollment:
    """Unenroll: nothing more runs; the remainder of the running delay is kept."""
    allow(enrollment, Trigger.END)
    return enrollment._replace(
        status=Status.UNENROLLED,
        waiting=None,
        due_at=None,
        kept_due_at=enrollment.due_at or enrollment.kept_due_at,
        ended_at=at,
        reason=reason,
        error=error,
    )


def finish(enrollment: Enrollment, at: datetime) -> Enrollment:
    """The last step is done."""
    return enrollment._replace(
        status=Status.FINISHED,
        waiting=None,
        due_at=None,
        delay_ends_at=None,
        ended_at=at,
        **_WHOLE,
    )


def begin_delay(enrollment: Enrollment, plan: Plan, at: datetime) -> Enrollment:
    """The delay of its step begins at `at`."""
    step = plan.step(enrollment.step)
    calendar = plan.calendar
    end = delay_end(at, step.after, calendar)
    due = place(
        end, base=at, after=step.after, at=step.at, email=step.email is not None, calendar=calendar
    )
    return enrollment._replace(
        waiting=Waiting.DELAY, base=at, delay_ends_at=end, due_at=due, any_time=False, **_WHOLE
    )


def placed_now(enrollment: Enrollment, plan: Plan, now: datetime) -> Enrollment:
    """An overdue step is due now, whatever its `at`; day and window are minded as ever."""
    step = plan.step(enrollment.step)
    if enrollment.waiting == Waiting.TASK or enrollment.any_time:
        return enrollment
    if enrollment.base is None and not step.sends:
        return enrollment
    due = place(now, base=now, after=None, at=None, email=step.sends, calendar=plan.calendar)
    return enrollment._replace(due_at=due)


def _waits(enrollment: Enrollment, waiting: Waiting, due: datetime) -> Enrollment:
    """It waits so, and is due then; a held one keeps that time."""
    if enrollment.held_since is not None:
        return enrollment._replace(waiting=waiting, kept_due_at=due)
    return enrollment._replace(waiting=waiting, due_at=due)


def _next_step(enrollment: Enrollment, plan: Plan, at: datetime) -> Enrollment:
    moved = enrollment._replace(step=enrollment.step + 1)
    if moved.held_since is not None:
        return moved._replace(
            waiting=Waiting.RESUME,
            base=None,
            delay_ends_at=None,
            due_at=None,
            any_time=False,
            **_WHOLE,
        )
    if not plan.has(moved.step):
        return finish(moved, at)
    return begin_delay(moved, plan, at)


def _due(enrollment: Enrollment, plan: Plan, end: datetime, base: datetime) -> datetime:
    """Place the end of a delay that may be a starting step's, which has no delay and no `at`.

    A starting task is never placed.
    """
    step = plan.step(enrollment.step)
    starting = enrollment.base is None
    if enrollment.any_time or (starting and not step.sends):
        return end
    return place(
        end,
        base=base,
        after=running_delay(enrollment, plan),
        at=None if starting else step.at,
        email=step.sends,
        calendar=plan.calendar,
    )


def _longest_wait(step: Step) -> Delay | None:
    wait = step.task.wait if step.task is not None else None
    return wait if isinstance(wait, Delay) else None
