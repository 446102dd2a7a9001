"""`sequence preview`: what a sequence would say to one contact."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from seqctl.cli.sequence_pages import files_document
from seqctl.cli.session import Session

if TYPE_CHECKING:
    from seqctl.domain.model import Email
    from seqctl.service.sequences.previewing import Preview, PreviewedStep

Document = dict[str, Any]


def show_preview(
    session: Session, name: str, contact: str, from_step: int, *, send_me: bool
) -> int | None:
    """Show every step, or with `send_me` mail them to the acting user; the exit code."""
    from seqctl.service.sequences.previewing import preview

    found = preview(session.store, session.user, session.now, name, contact, from_step)
    if send_me:
        return _send(session, found)
    session.emit(preview_document(found))
    if not session.json:
        say_preview(session, found)
    errors = [step for step in found.steps if step.error is not None]
    if not errors:
        return None
    return 6 if len(errors) < len(found.steps) else 4


def _send(session: Session, found: Preview) -> int | None:
    from seqctl.service.sequences.sending_previews import previewing_inbox, send_previews

    inbox = previewing_inbox(session.store, session.user)
    results = send_previews(session.store, session.office, inbox, session.user, found, session.now)
    failed = [result for result in results if not result.sent]
    session.emit(
        {**preview_document(found), "sent_to": session.user.email, "sent_from": inbox.address,
         "mails": [result._asdict() for result in results]}
    )  # fmt: skip
    for result in failed:
        session.warn(f"step {result.step}: not sent: {result.words}", "red")
    done = len(results) - len(failed)
    mails = f"{done} mail{'' if done == 1 else 's'}"
    session.say(f"{mails} sent to {session.user.email} from {inbox.address}; none to the contact.")
    return 6 if failed else None


def preview_document(preview: Preview) -> Document:
    """What `sequence preview` gives."""
    return {
        "sequence": preview.sequence.name,
        "version": preview.version.label,
        "contact": preview.contact.email,
        "from": preview.sender,
        "timezone": preview.timezone,
        "steps": [_previewed_document(each) for each in preview.steps],
    }


def _previewed_document(each: PreviewedStep) -> Document:
    plan, texts = each.step.task, each.task
    return {
        "step": each.step.number,
        "due_at": each.at,
        "type": plan.type if plan else "email",
        "task": plan is not None,
        "title": texts and texts.title,
        "priority": plan and plan.priority,
        "notes": texts and texts.notes,
        "subject": texts.subject if texts else each.subject,
        "body": texts.body if texts else each.body,
        "attachments": files_document(each.step.email or (plan and plan.email)),
        "error": each.error and {"code": each.error.code, "message": each.error.message},
    }


def say_preview(session: Session, preview: Preview) -> None:
    """Every mail and task of a preview, with its texts."""
    session.say(
        f"{preview.sequence.name}, version {preview.version.label}, for {preview.contact.email} "
        f"from {preview.sender}",
        "bold",
    )
    session.say(
        f"As if enrolled now and each task were done at once; placed in {preview.timezone}.", "dim"
    )
    for each in preview.steps:
        _say_step(session, each)


def _say_step(session: Session, each: PreviewedStep) -> None:
    plan, texts = each.step.task, each.task
    kind = f"task ({plan.type}, {plan.priority})" if plan else "email"
    session.say(f"\nstep {each.step.number}  {session.moment(each.at)}  {kind}", "bold")
    if each.error is not None:
        session.say(f"  {each.error.code}: {each.error.message}", "red")
    elif texts is not None:
        _say_text(session, f"{texts.title}\n{texts.notes}")
        if texts.body is not None:
            session.say("  with a ready mail:", "dim")
            _say_mail(session, texts.subject, texts.body, plan and plan.email)
    else:
        _say_mail(session, each.subject, each.body or "", each.step.email)


def _say_mail(session: Session, subject: str | None, body: str, mail: Email | None) -> None:
    _say_text(session, f"Subject: {subject}\n\n{body}")
    for file in mail.attachments if mail else ():
        session.say(f"  attached: {file.name}, {file.size:,} bytes", "dim")


def _say_text(session: Session, text: str) -> None:
    for line in text.rstrip().split("\n"):
        session.say(f"  {line}".rstrip())
