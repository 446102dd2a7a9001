"""How sequences look: the documents of `--json`, and the lines for people."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from seqctl.cli.session import Session
from seqctl.domain.model import Delay, Email, Sequence, Settings, Sharing, Step

if TYPE_CHECKING:
    from seqctl.service.previewing import Preview, PreviewedStep
    from seqctl.service.sequences import Listed

Document = dict[str, Any]


# --- documents -----------------------------------------------------------------------------------


def listed_document(listed: Listed) -> Document:
    """One row of `sequence list`."""
    sequence, version = listed.sequence, listed.version
    return {
        "sequence": sequence.name,
        "title": version.settings.title,
        "owner": sequence.owner,
        "shared": _sharing_document(sequence.sharing),
        "version": version.label,
        "steps": len(version.steps),
        "live": listed.live,
    }


def full_document(listed: Listed) -> Document:
    """One sequence with the settings and the steps of the version that is looked at."""
    settings, steps = listed.version.settings, listed.version.steps
    return {
        **listed_document(listed),
        "timezone": settings.timezone,
        "days": settings.days.value,
        "window": settings.window and str(settings.window),
        "holidays": [day.isoformat() for day in sorted(settings.holidays)],
        "unenroll_on": {
            "company_reply": settings.company_reply,
            "company_meeting": settings.company_meeting,
        },
        "steps": [_step_document(step) for step in steps],
    }


def _sharing_document(sharing: Sharing) -> str | dict[str, list[str]]:
    if sharing.everyone:
        return "everyone"
    named = {"users": sorted(sharing.users), "teams": sorted(sharing.teams)}
    return {kind: names for kind, names in named.items() if names} or "private"


def _step_document(step: Step) -> Document:
    task = step.task
    return {
        "step": step.number,
        "after": step.after and str(step.after),
        "at": step.at and f"{step.at:%H:%M}",
        "email": step.email and _mail_document(step.email),
        "task": task
        and {
            "type": task.type,
            "title": task.title,
            "priority": task.priority,
            "notes": task.notes,
            "wait": str(task.wait) if isinstance(task.wait, Delay) else task.wait,
            "email": task.email and _mail_document(task.email),
        },
    }


def _mail_document(mail: Email) -> Document:
    return {
        "subject": mail.subject,
        "body": mail.body,
        "markdown": mail.markdown,
        "attachments": _files_document(mail),
    }


def _files_document(mail: Email | None) -> list[Document]:
    return [{"name": file.name, "size": file.size} for file in mail.attachments] if mail else []


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
        "attachments": _files_document(each.step.email or (plan and plan.email)),
        "error": each.error and {"code": each.error.code, "message": each.error.message},
    }


# --- lines for people ----------------------------------------------------------------------------


def say_sequence(session: Session, listed: Listed) -> None:
    """The page of one sequence."""
    sequence, version = listed.sequence, listed.version
    session.say(f"{sequence.name}, version {version.label}: {version.settings.title}", "bold")
    session.say(f"{_owner(sequence)}, {listed.live} live")
    session.say(settings_line(version.settings))
    session.table(
        ["step", "after", "what", ""],
        [[step.number, _after(step), *_what(step)] for step in version.steps],
        every=True,
    )


def _owner(sequence: Sequence) -> str:
    sharing = sequence.sharing
    shared = "private" if sharing == Sharing() else f"shared with {sharing}"
    return f"of {sequence.owner}, {shared}"


def settings_line(settings: Settings) -> str:
    """The settings of a sequence in one line: days, window, holidays, zone and what else ends it."""
    holidays = len(settings.holidays)
    zone = {None: "the enrolling user's time zone", "contact": "the contact's time zone"}
    parts = [
        {"every": "every day", "weekdays": "weekdays", "business": "business days"}[settings.days],
        f"mails {settings.window}" if settings.window else "mails at any hour",
        f"{holidays} holiday{'' if holidays == 1 else 's'}" if holidays else "",
        zone.get(settings.timezone, settings.timezone or ""),
        "ends when the company replies" if settings.company_reply else "",
        "ends when the company meets" if settings.company_meeting else "",
    ]
    return ", ".join(part for part in parts if part)


def _after(step: Step) -> str:
    if step.after is None:
        return "at once"
    return f"{step.after} at {step.at:%H:%M}" if step.at else str(step.after)


def _what(step: Step) -> tuple[str, str]:
    if step.task is not None:
        kind = step.task.type if step.task.type != "email" else "email task"
        return kind, step.task.title + _with_files(step.task.email)
    subject = step.email.subject if step.email else None
    return "email", (subject or "(answers in the same thread)") + _with_files(step.email)


def _with_files(mail: Email | None) -> str:
    names = ", ".join(file.name for file in mail.attachments) if mail else ""
    return f" (with {names})" if names else ""


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
