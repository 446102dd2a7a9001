"""How sequences look: the documents of `--json`, and the lines for people."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from seqctl.cli.session import Session
from seqctl.domain.model import Email, Sequence, Settings, Sharing, Step
from seqctl.domain.timing.measures import Delay

if TYPE_CHECKING:
    from seqctl.service.sequences.sequences import Listed

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
        "attachments": files_document(mail),
    }


def files_document(mail: Email | None) -> list[Document]:
    """The files that go with a mail."""
    return [{"name": file.name, "size": file.size} for file in mail.attachments] if mail else []


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
