"""The tick's decisions: from due enrollments to changes, in the order of time (rules, "The tick").

Pure: nothing is read or written here. A next step that falls into the span being decided is done
within it, so that splitting a tick never changes the order of events.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from heapq import heapify, heappop, heappush
from typing import NamedTuple

from seqctl.domain.enrollments import lifecycle
from seqctl.domain.enrollments.lifecycle import Plan
from seqctl.domain.errors import Damaged, SeqctlError
from seqctl.domain.model import (
    Change,
    Enrollment,
    Event,
    MailStatus,
    Message,
    Status,
    Step,
    Task,
    Waiting,
)
from seqctl.domain.sending import limits
from seqctl.domain.sending.accounts import NO_LIMITS, Limits
from seqctl.domain.sending.limits import Line, Turn
from seqctl.domain.texts.rendering import Audience, email_texts, task_texts
from seqctl.domain.texts.sentences import joined
from seqctl.domain.texts.template_fields import ContactFields, SenderFields, SequenceFields
from seqctl.domain.timing.schedule import first_open, is_open

Place = tuple[datetime, int, datetime, int]
"""A place in the order of time: the moment, whether it yields at that moment, due time, enrollment id.

A first mail at an inbox with a limit yields to all others, so that whoever has had a mail goes first."""
BEFORE_ALL, BEHIND_ALL = -1, 2
"""Before and behind all that happens at one moment, whether it yields or not."""


class Due(NamedTuple):
    """An enrollment that the clock moves now, with all that its step may need.

    `properties` is JSON text; `suppressed` is true when its address has opted out, bounced or is
    blocked; `thread_subject` is the subject of its latest mail. `pending` is true when that mail is
    the one of its step, not handed over yet.
    """

    enrollment: Enrollment
    email: str
    first_name: str
    last_name: str
    company: str
    phone: str
    properties: str
    suppressed: bool
    thread_subject: str | None
    pending: bool


class Sender(NamedTuple):
    """From where an enrollment's mails go out.

    `real` says that they leave this machine; `trouble` is why none can at the moment.
    """

    fields: SenderFields
    connected: bool
    real: bool = False
    trouble: str | None = None
    limits: Limits = NO_LIMITS
    address: str = ""


class World(NamedTuple):
    """What a decision may ask for, besides the due enrollment itself.

    `now` is the actual time of a real workspace; None in a simulated one, where every step runs at
    its own due time. `lines` are those in front of inboxes that have a limit or are waited for; `limited`
    names those that have one. `sender_of` takes a user's and an inbox's id. After a restore, what was due
    up to `restored_at` may have been done already.
    """

    plan_of: Callable[[Enrollment], Plan]
    sender_of: Callable[[int, int | None], Sender | None]
    sequences: Mapping[int, str]
    now: datetime | None
    lines: Mapping[int, Line[Due]]
    limited: frozenset[int] = frozenset()
    restored_at: datetime | None = None


def change(
    after: Enrollment,
    at: datetime,
    kind: str,
    detail: str,
    actor_id: int | None = None,
    step: int | None = None,
    message: Message | None = None,
    task: Task | None = None,
) -> Change:
    """A change of one enrollment with the event that tells of it, and what it made."""
    return Change(
        after,
        Event(
            at,
            actor_id,
            kind,
            detail,
            after.contact_id,
            after.sequence_id,
            after.id,
            after.step if step is None else step,
        ),
        message,
        task,
    )


def with_finish(decided: Change) -> Iterator[Change]:
    """The change, and where it was the last step the event that the enrollment finished."""
    yield decided
    after = decided.after
    if after.status == Status.FINISHED:
        yield change(after, decided.event.at, "finished", "all steps are done", step=after.step - 1)


def ended(
    enrollment: Enrollment,
    at: datetime,
    reason: str,
    error: str | None = None,
    detail: str = "",
    actor_id: int | None = None,
) -> Change:
    """The enrollment unenrolled for `reason` (rules, "Ending")."""
    after = lifecycle.end(enrollment, at, reason, error)
    words = joined(": ", (word for word in (reason, error, detail) if word))
    told = change(after, at, "unenrolled", words, actor_id)
    return told if error is None else told._replace(failure=detail or error)


class Decider:
    """Decides one batch of due enrollments after the other.

    `later` are those of the latest one that the clock moves on beyond it.
    """

    def __init__(self, world: World) -> None:
        self._world = world
        self._sequence_fields: dict[int, SequenceFields] = {}
        self.later: list[Due] = []

    def decide(
        self, due: list[Due], last: Place, not_before: datetime, message_id: int, limit: int = 1000
    ) -> Iterator[Change]:
        """The changes of a batch, in the order of time.

        Steps that become due up to the place `last` belong to the batch, and so do the turns of mails
        in a line, `limit` of them at most. In a simulated workspace nothing happens before `not_before`,
        its clock. Messages are numbered from `message_id` on.
        """
        start = clock = self._world.now or not_before
        queue = [(self.place(row.enrollment, start), row) for row in due]
        heapify(queue)
        self.later, turns = [], 0
        while turns < limit:
            turn = self._next_turn(clock, last) if self._world.lines else None
            if turn is not None and (not queue or turn_place(turn) < queue[0][0]):
                row, at, turns = turn.waiting.row, turn.at, turns + 1
                self._world.lines[row.enrollment.inbox_id or 0].leave(turn.waiting)
            elif queue:
                (moment, *_), row = heappop(queue)
                at = self._world.now or moment
            else:
                return
            clock = max(clock, at)
            after, subject = row.enrollment, row.thread_subject
            for decided in self._decide_one(row, at, message_id):
                yield decided
                after = decided.after
                if decided.message is not None:
                    message_id += not decided.message.again
                    subject = decided.message.subject
            row = row._replace(enrollment=after, thread_subject=subject, pending=False)
            if is_by_clock(after):
                place = self.place(after, start)
                if place <= last:
                    heappush(queue, (place, row))
                else:
                    self.later.append(row)

    def place(self, enrollment: Enrollment, now: datetime) -> Place:
        """The place in the order of time of an enrollment that the clock moves, at `now` or later."""
        due_at = enrollment.due_at
        assert due_at is not None
        yields = not enrollment.had_mail and enrollment.inbox_id in self._world.limited
        return max(due_at, now), int(yields), due_at, enrollment.id

    def _next_turn(self, clock: datetime, last: Place) -> Turn[Due] | None:
        turns = (line.next(clock) for line in self._world.lines.values())
        turn = min((turn for turn in turns if turn is not None), key=turn_place, default=None)
        return turn if turn is not None and turn_place(turn) <= last else None

    def _decide_one(self, row: Due, at: datetime, message_id: int) -> Iterator[Change]:
        try:
            yield from with_finish(self._decided(row, at, message_id))
        except SeqctlError as error:
            yield ended(row.enrollment, at, "error", error.code, error.message)
        except Exception as error:  # noqa: BLE001  # one bad enrollment never stops the others (rules, "One bad row")
            yield ended(row.enrollment, at, "error", "DEFECT", f"{type(error).__name__}: {error}")

    def _decided(self, row: Due, at: datetime, message_id: int) -> Change:
        enrollment = row.enrollment
        plan = self._world.plan_of(enrollment)
        if not 1 <= enrollment.step <= len(plan.version.steps):
            raise Damaged("enrollment", enrollment.id, f"there is no step {enrollment.step}")
        if enrollment.waiting == Waiting.TASK:
            after = lifecycle.task_closed(enrollment, plan, at)
            detail = "the longest wait for the task is over"
            return change(after, at, "wait-over", detail, step=enrollment.step)
        step = plan.version.steps[enrollment.step - 1]
        if step.email is None and not row.pending:
            return self._task(row, plan, step, at)
        return self._mail(row, plan, at, message_id)

    def _mail(self, row: Due, plan: Plan, at: datetime, message_id: int) -> Change:
        enrollment = row.enrollment
        if row.suppressed:
            detail = f"{row.email} may not be written to any more"
            return ended(enrollment, at, "error", "BLOCKED", detail)
        sender = self._world.sender_of(enrollment.user_id, enrollment.inbox_id)
        if sender is None or enrollment.inbox_id is None or not sender.connected:
            after = lifecycle.inbox_missing(enrollment)
            return change(after, at, "waiting", "the inbox is not connected")
        if sender.trouble is not None:
            return change(lifecycle.inbox_missing(enrollment), at, "waiting", sender.trouble)
        if self._must_wait(enrollment, plan, at):
            after = lifecycle.wait_for_opening(enrollment, plan, at)
            return change(after, at, "rescheduled", "overdue, and the day or window is closed now")
        line = self._world.lines.get(enrollment.inbox_id)
        if line is not None and enrollment.waiting != Waiting.LIMIT:
            after = lifecycle.limit_reached(enrollment)
            waiting = in_line(row._replace(enrollment=after), self._world.plan_of)
            if not line.admits(waiting, at):
                return change(after, at, "waiting", f"{sender.address} sends {sender.limits}")
        sent = self._sent(row, plan, sender, at, message_id)
        if line is not None:
            line.went(at, seed_of(enrollment), start=not enrollment.had_mail)
        return sent

    def _sent(self, row: Due, plan: Plan, sender: Sender, at: datetime, message_id: int) -> Change:
        """The mail of a step: sent where it is captured, on its way where it is real."""
        message = self._message(row, plan, sender, at, message_id)
        enrollment, number = row.enrollment, row.enrollment.step
        if not sender.real:
            after = lifecycle.step_done(enrollment, plan, at, message.id)
            return change(after, at, "sent", message.subject, step=number, message=message)
        after = lifecycle.mail_queued(enrollment, message.id)
        restored = self._world.restored_at
        if restored is not None and enrollment.due_at is not None and enrollment.due_at <= restored:
            message = message._replace(status=MailStatus.SENDING)
            words = "it was due before the workspace was restored: perhaps it went out already"
            return change(after, at, "unsure", words, message=message)
        message = message._replace(status=MailStatus.QUEUED)
        return change(after, at, "queued", message.subject, message=message)

    def _message(
        self, row: Due, plan: Plan, sender: Sender, at: datetime, message_id: int
    ) -> Message:
        enrollment, number = row.enrollment, row.enrollment.step
        assert enrollment.inbox_id is not None
        if row.pending:
            assert enrollment.last_message_id is not None
            known = (enrollment.last_message_id, enrollment.id, number, enrollment.inbox_id)
            subject = row.thread_subject or ""
            return Message(*known, row.email, subject, "", None, at, again=True)
        subject, body = email_texts(
            plan.version, number, self._audience(row, plan, sender), row.thread_subject
        )
        email = plan.version.steps[number - 1].email
        assert email is not None
        last = enrollment.last_message_id
        return Message(
            message_id,
            enrollment.id,
            number,
            enrollment.inbox_id,
            row.email,
            subject,
            body,
            last if email.subject is None else None,
            at,
            markdown=email.markdown,
            attachments=email.attachments,
            previous=last,
        )

    def _must_wait(self, enrollment: Enrollment, plan: Plan, at: datetime) -> bool:
        """Whether a mail is overdue at a closed hour (rules, "Overdue mails").

        A mail in a line has its turn at an open hour, where there is one at all.
        """
        if enrollment.any_time:
            return False
        if enrollment.due_at == at and enrollment.waiting != Waiting.LIMIT:
            return False
        return not is_open(at, plan.calendar)

    def _task(self, row: Due, plan: Plan, step: Step, at: datetime) -> Change:
        enrollment = row.enrollment
        sender = self._world.sender_of(enrollment.user_id, enrollment.inbox_id)
        assert sender is not None
        texts = task_texts(plan.version, step.number, self._audience(row, plan, sender))
        assert step.task is not None
        task = Task(
            enrollment.id,
            step.number,
            enrollment.user_id,
            step.task.type,
            texts.title,
            step.task.priority,
            texts.notes,
            texts.subject,
            texts.body,
            at,
        )
        move = lifecycle.step_done if step.task.wait is False else lifecycle.task_created
        after = move(enrollment, plan, at)
        return change(after, at, "task-created", texts.title, step=step.number, task=task)

    def _audience(self, row: Due, plan: Plan, sender: Sender) -> Audience:
        contact = ContactFields(
            row.email, row.first_name, row.last_name, row.company, row.phone, row.properties
        )
        return Audience(contact, sender.fields, self._sequence(plan))

    def _sequence(self, plan: Plan) -> SequenceFields:
        version = plan.version
        fields = self._sequence_fields.get(version.id)
        if fields is None:
            name = self._world.sequences[version.sequence_id]
            fields = SequenceFields(name, version.settings.title)
            self._sequence_fields[version.id] = fields
        return fields


def in_line(
    row: Due, plan_of: Callable[[Enrollment], Plan], *, ready: bool = True
) -> limits.Waiting[Due]:
    """A due mail as it stands in the line of its inbox.

    Where that is not `ready` to send, its turn comes at any hour, so that it waits for the inbox.
    """
    enrollment = row.enrollment
    assert enrollment.due_at is not None
    key = (enrollment.version_id, enrollment.timezone, enrollment.any_time)

    def opening(moment: datetime) -> datetime:
        if enrollment.any_time or not ready:
            return moment
        try:
            return first_open(moment, plan_of(enrollment).calendar)
        except Exception:  # noqa: BLE001  # its turn meets the same, and tells
            return moment

    place = enrollment.due_at, enrollment.id
    start = not enrollment.had_mail
    return limits.Waiting(*place, key, seed_of(enrollment), opening, row, start)


def seed_of(enrollment: Enrollment) -> str:
    """What the distance of the next mail from the one of this step is drawn from."""
    return mail_seed(enrollment.id, enrollment.step)


def mail_seed(enrollment_id: int, step: int) -> str:
    """The seed of a mail that went out: see `seed_of`."""
    return f"{enrollment_id}.{step}"


def turn_place(turn: Turn[Due]) -> Place:
    """The place of a turn in the order of time: among those of one moment it stands as in the line."""
    start, due_at, id = turn.waiting.place
    return turn.at, int(start), due_at, id


def is_by_clock(enrollment: Enrollment) -> bool:
    """Whether the clock moves it by itself: its delay, or the longest wait for its task, ends."""
    waits = enrollment.waiting in (Waiting.DELAY, Waiting.TASK)
    return waits and enrollment.due_at is not None
