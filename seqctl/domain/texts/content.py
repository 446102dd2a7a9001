"""A version's settings and steps as one JSON text, and back; equal content gives equal text."""

from __future__ import annotations

import json
from datetime import date, time
from typing import Any

from seqctl.domain.model import Attachment, Email, Settings, Sharing, Step, TaskPlan
from seqctl.domain.timing.measures import Days, Delay, Unit, Window


def to_text(settings: Settings, steps: tuple[Step, ...]) -> str:
    """Settings and steps as canonical JSON."""
    document = {"settings": _settings(settings), "steps": [_step(step) for step in steps]}
    return json.dumps(document, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def from_text(text: str) -> tuple[Settings, tuple[Step, ...]]:
    """What `to_text` wrote."""
    document = json.loads(text)
    steps = [_read_step(number, raw) for number, raw in enumerate(document["steps"], 1)]
    return _read_settings(document["settings"]), tuple(steps)


def sharing_to_text(sharing: Sharing) -> str:
    """A sharing as JSON."""
    return json.dumps(
        {
            "everyone": sharing.everyone,
            "users": sorted(sharing.users),
            "teams": sorted(sharing.teams),
        }
    )


def sharing_from_text(text: str) -> Sharing:
    """What `sharing_to_text` wrote."""
    raw = json.loads(text)
    return Sharing(raw["everyone"], frozenset(raw["users"]), frozenset(raw["teams"]))


def _settings(settings: Settings) -> dict[str, Any]:
    return {
        "title": settings.title,
        "timezone": settings.timezone,
        "days": settings.days.value,
        "window": settings.window
        and [_clock(settings.window.opens), _clock(settings.window.closes)],
        "holidays": [day.isoformat() for day in sorted(settings.holidays)],
        "company_reply": settings.company_reply,
        "company_meeting": settings.company_meeting,
    }


def _read_settings(raw: dict[str, Any]) -> Settings:
    window = raw["window"]
    return Settings(
        title=raw["title"],
        timezone=raw["timezone"],
        days=Days(raw["days"]),
        window=Window(*map(time.fromisoformat, window)) if window else None,
        holidays=frozenset(map(date.fromisoformat, raw["holidays"])),
        company_reply=raw["company_reply"],
        company_meeting=raw["company_meeting"],
    )


def _step(step: Step) -> dict[str, Any]:
    return {
        "after": step.after and _delay(step.after),
        "at": step.at and _clock(step.at),
        "email": step.email and _email(step.email),
        "task": step.task and _task(step.task),
    }


def _read_step(number: int, raw: dict[str, Any]) -> Step:
    return Step(
        number=number,
        after=_read_delay(raw["after"]) if raw["after"] else None,
        at=time.fromisoformat(raw["at"]) if raw["at"] else None,
        email=_read_email(raw["email"]) if raw["email"] else None,
        task=_read_task(raw["task"]) if raw["task"] else None,
    )


def _email(email: Email) -> list[Any]:
    """A mail; without attachments as it was written before there were any: its text stays equal."""
    texts: list[Any] = [email.subject, email.body, email.markdown]
    return [*texts, [list(each) for each in email.attachments]] if email.attachments else texts


def _read_email(raw: list[Any]) -> Email:
    subject, body, markdown, *attached = raw
    attachments = tuple(Attachment(*each) for files in attached for each in files)
    return Email(subject, body, markdown, attachments)


def _task(task: TaskPlan) -> dict[str, Any]:
    return {
        "type": task.type,
        "title": task.title,
        "priority": task.priority,
        "notes": task.notes,
        "wait": task.wait if isinstance(task.wait, bool) else _delay(task.wait),
        "email": task.email and _email(task.email),
    }


def _read_task(raw: dict[str, Any]) -> TaskPlan:
    wait = raw["wait"]
    return TaskPlan(
        type=raw["type"],
        title=raw["title"],
        priority=raw["priority"],
        notes=raw["notes"],
        wait=wait if isinstance(wait, bool) else _read_delay(wait),
        email=_read_email(raw["email"]) if raw["email"] else None,
    )


def _delay(delay: Delay) -> list[Any]:
    return [delay.amount, delay.unit.value]


def _read_delay(raw: list[Any]) -> Delay:
    return Delay(raw[0], Unit(raw[1]))


def _clock(moment: time) -> str:
    return moment.isoformat()
