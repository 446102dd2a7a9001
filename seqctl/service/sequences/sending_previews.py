"""`sequence preview --send-me`: the rendered steps, mailed to the user who asks, never to the contact."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple

from seqctl.domain.errors import Refused
from seqctl.ports.mail import Attached, Courier, Envelope, Handover, Outgoing, Verdict
from seqctl.service.halting import refuse_stopped

if TYPE_CHECKING:
    from seqctl.domain.model import Email, Inbox, User
    from seqctl.ports import Store
    from seqctl.ports.mail import PostOffice
    from seqctl.service.sequences.previewing import Preview, PreviewedStep


class SentPreview(NamedTuple):
    """What became of the mail of one step, and what the server said."""

    step: int
    sent: bool
    words: str


def previewing_inbox(store: Store, user: User) -> Inbox:
    """The user's first connected inbox that really sends.

    Raises Busy in a halted workspace, Refused in a backup and where there is no such inbox.
    """
    state = store.workspace.state()
    refuse_stopped(store)
    inboxes = [i for i in store.people.inboxes() if i.user_id == user.id and i.connected]
    sending = next((inbox for inbox in inboxes if inbox.account.sends), None)
    if sending is not None:
        return sending
    if state.simulated:
        raise Refused(
            "A simulated workspace sends no real mail, not even to you.",
            "the same without --send-me",
            code="SIMULATED",
        )
    connect = f"seqctl inbox connect {user.email} --provider gmail, or --smtp URL --imap URL"
    if inboxes:
        raise Refused(
            f"{inboxes[0].address} keeps its mail in the workspace: nothing can be sent from it.",
            connect,
            code="NOTHING_SENDS",
        )
    raise Refused("You have no connected inbox that sends.", connect, code="NO_INBOX")


def send_previews(
    store: Store,
    office: PostOffice,
    inbox: Inbox,
    user: User,
    preview: Preview,
    now: datetime,
) -> list[SentPreview]:
    """Mail each step of a preview to the user's own address, in order.

    Raises Unreachable or AccountRefused where the inbox can't be used.
    """
    mails = [_mail(store, inbox, user, preview, each, now) for each in preview.steps]
    envelopes = [Envelope(m.id, m.sender, m.recipient, office.compose(m)) for m in mails]
    courier = office.courier(inbox.account)
    try:
        answers = {answer.id: answer for answer in _hand_over(courier, envelopes)}
    finally:
        courier.close()
    return [_result(answers[mail.id]) for mail in mails]


def _hand_over(courier: Courier, envelopes: Sequence[Envelope]) -> list[Handover]:
    answers: list[Handover] = []
    for first in range(0, len(envelopes), courier.sessions):
        answers += courier.begin(envelopes[first : first + courier.sessions])
        answers += courier.finish()
    return answers


def _result(answer: Handover) -> SentPreview:
    words = answer.words or answer.verdict.value
    return SentPreview(answer.id, answer.verdict is Verdict.ACCEPTED, words)


def _mail(
    store: Store,
    inbox: Inbox,
    user: User,
    preview: Preview,
    each: PreviewedStep,
    now: datetime,
) -> Outgoing:
    """The mail about one step; its id is the step's number."""
    from secrets import token_hex

    number, token, email = each.step.number, token_hex(16), _email(each)
    files = email.attachments if email and each.error is None else ()
    contents = store.sequences.contents([file.digest for file in files])
    subject, body = _texts(each)
    where = f"preview {number}/{len(preview.version.steps)} to {preview.contact.email}"
    return Outgoing(
        id=number,
        message_id=f"<preview.{token}@{inbox.address.rpartition('@')[2]}>",
        seqctl_id=f"preview-{token}",
        sender_name=user.full_name,
        sender=inbox.address,
        recipient=user.email,
        subject=f"[{where}] {subject}",
        body=body,
        markdown=each.step.email is not None and each.step.email.markdown,
        thread=(),
        unsubscribe=(),
        attachments=tuple(Attached(file.name, contents[file.digest]) for file in files),
        at=now,
    )


def _email(each: PreviewedStep) -> Email | None:
    return each.step.email or (each.step.task and each.step.task.email)


def _texts(each: PreviewedStep) -> tuple[str, str]:
    """Subject and body of the mail about a step: its own, or what there is to do or to mend."""
    if each.error is not None:
        return each.error.code, f"This step can't be rendered: {each.error.message}\n"
    if each.task is None:
        return each.subject or "", each.body or ""
    task = each.task
    parts = [task.title, task.notes]
    if task.body is not None:
        parts.append(f"Its ready mail:\n\nSubject: {task.subject or ''}\n\n{task.body}")
    return f"Task: {task.title}", "\n\n".join(part.strip() for part in parts if part.strip()) + "\n"
