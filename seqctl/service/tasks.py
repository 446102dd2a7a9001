"""Work that sequences ask of people (rules, "Tasks")."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple

from seqctl.domain.enrollments import lifecycle
from seqctl.domain.enrollments.deciding import change, with_finish
from seqctl.domain.errors import NotFound, Refused, WrongUsage
from seqctl.domain.model import Enrollment, MailStatus, Message, User, Waiting
from seqctl.domain.texts.rendering import reply_to
from seqctl.service.plans import Plans
from seqctl.service.views import known_contact, row_number, visible_ids

if TYPE_CHECKING:
    from seqctl.ports import Store
    from seqctl.ports.views import TaskView


class Closed(NamedTuple):
    """A task after `done` or `skip`, its enrollment then, and whether anything was changed."""

    task: TaskView
    enrollment: Enrollment
    changed: bool


def my_tasks(
    store: Store, user: User, *, closed: bool = False, orphaned: bool = False
) -> list[TaskView]:
    """The user's open tasks, oldest first; or those that are `closed`, or the `orphaned` ones."""
    if closed:
        return [task for task in store.tasks.assigned(user.id) if task.status != "open"]
    return [task for task in store.tasks.open_of(user.id) if task.orphaned == orphaned]


def visible_task(store: Store, user: User, word: str) -> TaskView:
    """The task that an id names, or a contact's address: its only open task.

    Raises:
        NotFound: there is no such task that the user may see.
        WrongUsage: the contact has several open tasks.
    """
    if "@" in word:
        return _open_task_of(store, user, word)
    row = row_number(word)
    task = None if row is None else store.tasks.get(row)
    if task is None or not (
        task.assignee_id == user.id or task.sequence_id in visible_ids(store, user)
    ):
        raise NotFound(f"There is no task {word}.", "seqctl task list", code="NO_TASK")
    return task


def close_task(
    store: Store, user: User, now: datetime, words: list[str], status: str, note: str = ""
) -> Closed:
    """Make a task `done` or `skipped`; an enrollment that waited for it goes on.

    Raises:
        NotFound, WrongUsage: see `visible_task`.
        Refused: more than one task (`BULK_TASKS`), or one of another user (`NOT_YOURS`).
    """
    if len(words) > 1:
        raise Refused(
            "A sequence's tasks can't be completed in bulk: each is done on its own contact.",
            f"seqctl task {'done' if status == 'done' else 'skip'} {words[0]}",
            code="BULK_TASKS",
        )
    with store.writing():
        task = visible_task(store, user, words[0])
        if task.assignee_id != user.id:
            raise Refused(
                f"Task {task.id} is {task.assignee}'s.",
                f"seqctl task show {task.id}",
                code="NOT_YOURS",
            )
        (enrollment,) = store.enrollments.get([task.enrollment_id])
        if task.status != "open":
            return Closed(task, enrollment, changed=False)
        store.tasks.close(task.id, status, now, note)
        closed = store.tasks.get(task.id)
        assert closed is not None
        return Closed(closed, _move_on(store, closed, enrollment, now, user), changed=True)


def send_task(
    store: Store, user: User, now: datetime, word: str, edited: tuple[str, str] | None = None
) -> Closed:
    """Queue the ready mail of a task for the next tick, and complete the task.

    `edited` is its subject and body where they were changed. The enrollment moves on when the mail is
    handed over. Raises as `close_task` does, and Refused where there is no mail to send, or nothing
    waits for the task.
    """
    with store.writing():
        task = visible_task(store, user, word)
        (enrollment,) = store.enrollments.get([task.enrollment_id])
        _refuse_sending(task, enrollment, user)
        contact = store.contacts.by_ids([task.contact_id])[task.contact_id]
        if store.contacts.suppressed(contact.email):
            raise Refused(
                f"{contact.email} may not be written to any more.",
                f"seqctl contact show {contact.email}",
                code="BLOCKED",
            )
        store.tasks.close(task.id, "done", now, "sent by mail")
        message = _ready_mail(store, task, enrollment, contact.email, edited, now)
        after = lifecycle.task_mailed(enrollment, message.id, now)
        words = f"{task.title}: {message.subject}"
        done = change(after, now, "task-done", words, user.id, task.step, message=message)
        store.enrollments.record([done])
        closed = store.tasks.get(task.id)
        assert closed is not None
        return Closed(closed, after, changed=True)


def _refuse_sending(task: TaskView, enrollment: Enrollment, user: User) -> None:
    if task.assignee_id != user.id:
        code, why, hint = "NOT_YOURS", f"Task {task.id} is {task.assignee}'s.", "task show {}"
    elif task.status != "open":
        code, why, hint = "CLOSED", f"Task {task.id} is {task.status} already.", "task show {}"
    elif not task.body:
        code, why = "NO_MAIL", f"Task {task.id} has no ready mail."
        hint = "task done {}"
    elif enrollment.held_since is not None:
        code, why = "PAUSED", f"{task.contact} is paused: no mail goes out."
        hint = f"resume {task.sequence} {task.contact}"
    elif enrollment.waiting != Waiting.TASK or enrollment.step != task.step:
        code, why = "NOT_AWAITED", f"Nothing waits for task {task.id} any more: write it yourself."
        hint = "task show {}"
    elif enrollment.inbox_id is None:
        code, why = "NO_INBOX", f"{task.contact} was enrolled without an inbox to send from."
        hint = "inbox list"
    else:
        return
    raise Refused(why, f"seqctl {hint.format(task.id)}", code=code)


def _ready_mail(
    store: Store,
    task: TaskView,
    enrollment: Enrollment,
    recipient: str,
    edited: tuple[str, str] | None,
    now: datetime,
) -> Message:
    subject, body = edited or (task.subject or "", task.body or "")
    plan = Plans(store).of(enrollment).step(task.step).task
    email = plan.email if plan else None
    answers = email is not None and email.subject is None and enrollment.last_message_id is not None
    if answers and subject == task.subject:
        subject = reply_to(subject)
    assert enrollment.inbox_id is not None
    return Message(
        store.enrollments.next_message_id(),
        enrollment.id,
        task.step,
        enrollment.inbox_id,
        recipient,
        subject,
        body,
        enrollment.last_message_id if answers else None,
        now,
        status=MailStatus.QUEUED,
        markdown=email is not None and email.markdown,
        attachments=email.attachments if email else (),
        previous=enrollment.last_message_id,
    )


def _move_on(
    store: Store, task: TaskView, enrollment: Enrollment, now: datetime, user: User
) -> Enrollment:
    waited_for = enrollment.waiting == Waiting.TASK and enrollment.step == task.step
    after = enrollment
    if waited_for:
        after = lifecycle.task_closed(enrollment, Plans(store).of(enrollment), now)
    words = f"{task.title} ({task.note})" if task.note else task.title
    closing = change(after, now, f"task-{task.status}", words, user.id, task.step)
    store.enrollments.record(list(with_finish(closing)) if waited_for else [closing])
    return after


def _open_task_of(store: Store, user: User, address: str) -> TaskView:
    contact = known_contact(store, address)
    tasks = [
        task
        for task in store.tasks.of_contact(contact.id)
        if task.status == "open" and not task.orphaned
    ]
    found = [task for task in tasks if task.assignee_id == user.id] or tasks
    if not found:
        raise NotFound(f"{contact.email} has no open task.", "seqctl task list", code="NO_TASK")
    if len(found) > 1:
        named = ", ".join(f"{task.id} ({task.title})" for task in found)
        raise WrongUsage(
            f"{contact.email} has several open tasks: {named}.",
            f"name one by its number: seqctl task show {found[0].id}",
            code="SEVERAL_TASKS",
        )
    return found[0]
