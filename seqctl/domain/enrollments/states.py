"""Where an enrollment can stand and what can happen to it: one table of state × trigger.

`lifecycle` has one function for each trigger; docs/mail.md draws what a mail goes through meanwhile.
"""

from __future__ import annotations

from enum import StrEnum

from seqctl.domain.model import Enrollment, Status, Waiting


class State(StrEnum):
    """Where an enrollment stands, as the table below knows it."""

    DELAY = "delay"
    TASK = "task"
    INBOX = "inbox"
    MAIL = "mail"
    LIMIT = "limit"
    HELD_DELAY = "held delay"
    HELD_TASK = "held task"
    HELD_INBOX = "held inbox"
    HELD_LIMIT = "held limit"
    HELD_RESUME = "held, delay not begun"
    HELD_MAIL = "held mail"
    FINISHED = "finished"
    UNENROLLED = "unenrolled"


class Trigger(StrEnum):
    """What can happen to it."""

    STEP_DONE = "step done"
    TASK_CREATED = "task created"
    TASK_CLOSED = "task closed"
    INBOX_MISSING = "inbox missing"
    LIMIT_REACHED = "limit reached"
    MAIL_QUEUED = "mail queued"
    MAIL_BACK = "mail back"
    TASK_MAILED = "task mailed"
    POSTPONED = "postponed"
    HOLD = "hold"
    LIFT = "lift"
    END = "end"


class NotAllowed(Exception):
    """A trigger met a state that the table doesn't list: a defect of the caller."""


_LIVE_NEXT = frozenset({State.DELAY, State.FINISHED})
_LIFTED = frozenset({State.DELAY, State.FINISHED})
_ENDED = frozenset({State.UNENROLLED})

TABLE: dict[State, dict[Trigger, frozenset[State]]] = {
    State.DELAY: {
        Trigger.STEP_DONE: _LIVE_NEXT,
        Trigger.TASK_CREATED: frozenset({State.TASK}),
        Trigger.INBOX_MISSING: frozenset({State.INBOX}),
        Trigger.LIMIT_REACHED: frozenset({State.LIMIT}),
        Trigger.MAIL_QUEUED: frozenset({State.MAIL}),
        Trigger.POSTPONED: frozenset({State.DELAY}),
        Trigger.HOLD: frozenset({State.HELD_DELAY}),
        Trigger.END: _ENDED,
    },
    State.LIMIT: {
        Trigger.STEP_DONE: _LIVE_NEXT,
        Trigger.INBOX_MISSING: frozenset({State.INBOX}),
        Trigger.MAIL_QUEUED: frozenset({State.MAIL}),
        Trigger.POSTPONED: frozenset({State.DELAY}),
        Trigger.HOLD: frozenset({State.HELD_LIMIT}),
        Trigger.END: _ENDED,
    },
    State.TASK: {
        Trigger.TASK_CLOSED: _LIVE_NEXT,
        Trigger.TASK_MAILED: frozenset({State.DELAY}),
        Trigger.HOLD: frozenset({State.HELD_TASK}),
        Trigger.END: _ENDED,
    },
    State.INBOX: {
        Trigger.POSTPONED: frozenset({State.DELAY}),
        Trigger.HOLD: frozenset({State.HELD_INBOX}),
        Trigger.END: _ENDED,
    },
    State.MAIL: {
        Trigger.STEP_DONE: _LIVE_NEXT,
        Trigger.MAIL_BACK: frozenset({State.DELAY, State.INBOX}),
        Trigger.HOLD: frozenset({State.HELD_MAIL}),
        Trigger.END: _ENDED,
    },
    State.HELD_DELAY: {
        Trigger.POSTPONED: frozenset({State.HELD_DELAY}),
        Trigger.LIFT: frozenset({State.DELAY}),
        Trigger.END: _ENDED,
    },
    State.HELD_INBOX: {
        Trigger.POSTPONED: frozenset({State.HELD_DELAY}),
        Trigger.LIFT: frozenset({State.INBOX, State.DELAY}),
        Trigger.END: _ENDED,
    },
    State.HELD_LIMIT: {
        Trigger.POSTPONED: frozenset({State.HELD_DELAY}),
        Trigger.LIFT: frozenset({State.LIMIT, State.DELAY}),
        Trigger.END: _ENDED,
    },
    State.HELD_TASK: {
        Trigger.TASK_CLOSED: frozenset({State.HELD_RESUME}),
        Trigger.LIFT: frozenset({State.TASK}),
        Trigger.END: _ENDED,
    },
    State.HELD_RESUME: {Trigger.LIFT: _LIFTED, Trigger.END: _ENDED},
    State.HELD_MAIL: {
        Trigger.STEP_DONE: frozenset({State.HELD_RESUME}),
        Trigger.MAIL_BACK: frozenset({State.HELD_DELAY, State.HELD_INBOX}),
        Trigger.LIFT: frozenset({State.MAIL}),
        Trigger.END: _ENDED,
    },
    State.FINISHED: {},
    State.UNENROLLED: {},
}


_STATES = {
    (Waiting.DELAY, False): State.DELAY,
    (Waiting.TASK, False): State.TASK,
    (Waiting.INBOX, False): State.INBOX,
    (Waiting.MAIL, False): State.MAIL,
    (Waiting.LIMIT, False): State.LIMIT,
    (Waiting.DELAY, True): State.HELD_DELAY,
    (Waiting.TASK, True): State.HELD_TASK,
    (Waiting.INBOX, True): State.HELD_INBOX,
    (Waiting.LIMIT, True): State.HELD_LIMIT,
    (Waiting.RESUME, True): State.HELD_RESUME,
    (Waiting.MAIL, True): State.HELD_MAIL,
}


def state_of(enrollment: Enrollment) -> State:
    """The state in the table above."""
    if enrollment.waiting is None:
        return State.FINISHED if enrollment.status == Status.FINISHED else State.UNENROLLED
    return _STATES[enrollment.waiting, enrollment.held_since is not None]


def allow(enrollment: Enrollment, trigger: Trigger) -> None:
    """Raise NotAllowed where the table does not list the trigger for its state."""
    if trigger not in TABLE[state_of(enrollment)]:
        raise NotAllowed(f"{trigger} while {state_of(enrollment)} (enrollment {enrollment.id})")
