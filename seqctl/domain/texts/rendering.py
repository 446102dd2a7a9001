"""What a step says to one contact: the texts of its mail or its task (rules, "Templates")."""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

from seqctl.domain.model import Email, User, Version
from seqctl.domain.texts.template_fields import ContactFields, SenderFields, SequenceFields
from seqctl.domain.texts.templates import CompiledTexts, compile_texts

_REPLY = "Re: "


class Audience(NamedTuple):
    """For whom a step is rendered: the fields that its templates may use."""

    contact: ContactFields
    sender: SenderFields
    sequence: SequenceFields


class TaskTexts(NamedTuple):
    """The rendered texts of a task; `subject` and `body` are its ready mail, if it has one."""

    title: str
    notes: str
    subject: str | None
    body: str | None


def sender_fields(user: User, address: str | None) -> SenderFields:
    """The fields of a sender who writes from `address`, or from the user's own."""
    return SenderFields(user.full_name, address or user.email, user.signature)


def email_texts(
    version: Version, number: int, audience: Audience, thread_subject: str | None
) -> tuple[str, str]:
    """Subject and body of a step's mail.

    A step without a subject answers in the thread whose latest subject is `thread_subject`; where
    no mail went out yet (an enrollment that starts later), it opens the thread it would have
    answered. Raises MissingField or TemplateFault.
    """
    step = version.steps[number - 1]
    assert step.email is not None
    if step.email.subject is None and thread_subject is not None:
        (body,) = compile_texts((step.email.body,), 0).render(*audience)
        return reply_to(thread_subject), body
    subject, body = compile_texts((opening_subject(version, number), step.email.body), 1).render(
        *audience
    )
    return subject, body


def task_texts(version: Version, number: int, audience: Audience) -> TaskTexts:
    """Title, notes and ready mail of a step's task. Raises MissingField or TemplateFault."""
    task = version.steps[number - 1].task
    assert task is not None
    title, notes = compile_texts((task.title, task.notes), 1).render(*audience)
    if task.email is None:
        return TaskTexts(title, notes, None, None)
    subject, body = _ready_mail(version, number, task.email).render(*audience)
    return TaskTexts(title, notes, subject, body)


def render_all(version: Version, number: int, audience: Audience) -> None:
    """Render every step from `number` on, to find what is missing before anything is sent.

    Raises MissingField or TemplateFault.
    """
    for step in version.steps[number - 1 :]:
        if step.sends:
            email_texts(version, step.number, audience, None)
        else:
            task_texts(version, step.number, audience)


@lru_cache(maxsize=1024)
def opening_subject(version: Version, number: int) -> str:
    """The subject template of the thread that step `number` opens or goes on with."""
    for step in reversed(version.steps[:number]):
        email = step.email or (step.task.email if step.task else None)
        if email is not None and email.subject is not None:
            return email.subject
    return ""


def _ready_mail(version: Version, number: int, email: Email) -> CompiledTexts:
    return compile_texts((email.subject or opening_subject(version, number), email.body), 1)


def reply_to(subject: str) -> str:
    """The subject of an answer in a thread."""
    return subject if subject[:4].lower() == _REPLY.lower() else f"{_REPLY}{subject}"
