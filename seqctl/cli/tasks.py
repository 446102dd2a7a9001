"""Calls and other work that sequences ask of people (rules, "Tasks")."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from seqctl.cli.frame import Noun
from seqctl.cli.session import Session
from seqctl.domain.model import Waiting
from seqctl.domain.timing.moments import show_from_now

if TYPE_CHECKING:
    from seqctl.ports.views import TaskView
    from seqctl.service.tasks import Closed

app = Noun("""Calls and other work that sequences ask of you, one contact at a time.

Example:
    seqctl task list
    seqctl task done ada@example.com --note "wants a quote"
""")

TaskWords = Annotated[
    list[str], typer.Argument(metavar="ID|EMAIL", help="The task, or the contact it is about.")
]
Note = Annotated[
    str, typer.Option("--note", metavar="TEXT", help="What came of it, for the history.")
]


@app.command("list")
def list_tasks(
    session: Session,
    done: Annotated[bool, typer.Option("--done", help="What is done or skipped.")] = False,
    orphaned: Annotated[
        bool, typer.Option("--orphaned", help="Open ones whose enrollment was ended.")
    ] = False,
    every: Annotated[bool, typer.Option("--all", help="All rows, not only 50.")] = False,
) -> None:
    """Your open tasks, oldest first.

    Example:
        seqctl task list
        seqctl task list --orphaned
    """
    from seqctl.service.tasks import my_tasks
    from seqctl.service.views import task_documents

    user, now = session.user, session.now
    tasks = my_tasks(session.store, user, closed=done, orphaned=orphaned)
    session.emit({"tasks": task_documents(tasks)})
    if not tasks:
        session.say("No tasks." if done or orphaned else "No open tasks.")
        return
    session.table(
        ["id", "contact", "task", "type", "priority", "sequence", "step", "done" if done else "since"],
        [
            [
                task.id,
                task.contact,
                task.title,
                task.type,
                task.priority,
                task.sequence,
                task.step,
                show_from_now(task.done_at or task.created_at, now),
            ]
            for task in tasks
        ],
        every=every,
    )  # fmt: skip


@app.command("show")
def show_task(
    session: Session,
    word: Annotated[str, typer.Argument(metavar="ID|EMAIL", help="The task, or its contact.")],
) -> None:
    """One task, with its notes and the mail that it offers.

    Example:
        seqctl task show 17
    """
    from seqctl.service.tasks import visible_task
    from seqctl.service.views import full_task_document

    task = visible_task(session.store, session.user, word)
    session.emit(full_task_document(task))
    session.say(f"{task.title} ({task.type}, {task.priority})", "bold")
    session.say(f"{task.contact}, step {task.step} of {task.sequence}, for {task.assignee}")
    session.say(f"created {session.moment(task.created_at)}, {_state(session, task)}")
    for text in (task.notes, task.note and f"note: {task.note}"):
        if text:
            session.say(f"\n{text.rstrip()}")
    if task.body is not None:
        session.say(f"\nsubject: {task.subject or ''}\n\n{task.body.rstrip()}")


@app.command("done")
def finish_task(session: Session, words: TaskWords, note: Note = "") -> None:
    """A task is done: the enrollment that waits for it goes on.

    One at a time: a sequence's tasks can't be completed in bulk.

    Example:
        seqctl task done 17
        seqctl task done ada@example.com --note "wants a quote"
    """
    _close(session, words, "done", note)


@app.command("skip")
def skip_task(session: Session, words: TaskWords, note: Note = "") -> None:
    """A task will not be done: the enrollment that waits for it goes on.

    Example:
        seqctl task skip ada@example.com
    """
    _close(session, words, "skipped", note)


@app.command("send")
def send_task(
    session: Session,
    word: Annotated[str, typer.Argument(metavar="ID|EMAIL", help="The task, or its contact.")],
    edit: Annotated[
        bool, typer.Option("--edit", help="Change subject and body in $EDITOR first.")
    ] = False,
) -> None:
    """Send the mail that a task offers; the task is done.

    It goes out with the next tick, in the thread of the mails before it. With --edit, a text that you
    leave as it was, or empty, sends nothing.

    Example:
        seqctl task send ada@example.com --edit
        seqctl task send 17
    """
    from seqctl.cli.task_mail import edited_mail
    from seqctl.service import tasks
    from seqctl.service.views import full_task_document

    store, user = session.store, session.user
    edited = edited_mail(tasks.visible_task(store, user, word), word) if edit else None
    closed = tasks.send_task(store, user, session.now, word, edited)
    session.emit(full_task_document(closed.task))
    task = closed.task
    if not closed.changed:
        session.say(f"Task {task.id} is {task.status} already.")
        return
    session.say(f"Done: {task.title} ({task.contact}). Its mail goes out with the next tick.")
    session.say(f"  {_what_next(session, closed)}")


def _close(session: Session, words: list[str], status: str, note: str) -> None:
    from seqctl.service.tasks import close_task
    from seqctl.service.views import full_task_document

    user, now = session.user, session.now
    closed = close_task(session.store, user, now, words, status, note)
    session.emit(full_task_document(closed.task))
    task = closed.task
    if not closed.changed:
        session.say(f"Task {task.id} is {task.status} already.")
        return
    session.say(f"{task.status.capitalize()}: {task.title} ({task.contact}).")
    session.say(f"  {_what_next(session, closed)}")


def _what_next(session: Session, closed: Closed) -> str:
    from seqctl.service.sending.foretelling import due_at

    enrollment, sequence = closed.enrollment, closed.task.sequence
    if enrollment.ended_at is not None:
        return f"{sequence} is {enrollment.status.value} for this contact."
    if enrollment.held_since is not None:
        return f"{sequence} is paused for this contact; it goes on after resume."
    due = due_at(session.store, session.now, enrollment)
    if due is None or enrollment.waiting == Waiting.TASK:
        return f"{sequence} stands at step {enrollment.step}."
    when = f"{session.moment(due)} ({show_from_now(due, session.now)})"
    return f"Step {enrollment.step} of {sequence} is due {when}."


def _state(session: Session, task: TaskView) -> str:
    if task.orphaned:
        return "open, but its enrollment was ended"
    return task.status if task.done_at is None else f"{task.status} {session.moment(task.done_at)}"
