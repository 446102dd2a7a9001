"""The rules between the keys of a sequence file (rules, "Sequence files" and "Placing").

They look at the document itself and not at the checked model, so that they find their mistakes in a
file that has others too. Each finding is a mistake with its place.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from datetime import UTC, date, datetime, time, timedelta
from difflib import get_close_matches
from typing import Any, TypeVar, cast

from seqctl.domain.errors import Refused
from seqctl.domain.texts.templates import check_template
from seqctl.domain.timing.measures import Calendar, Days
from seqctl.files.sequences import sequence_values as values
from seqctl.files.sequences.yaml_positions import MOST_TOLD, Document, Path, Place, shown

MOST_STEPS = 1_000
Finding = tuple[Place, str]
Value = TypeVar("Value")


def check_rules(document: Document) -> list[Finding]:
    """Every mistake that lies between keys or inside templates."""
    if not isinstance(document.value, dict):
        return []
    found: list[Finding] = []
    if _count(document) > MOST_STEPS:
        said = f"`steps` has {_count(document)} items; {MOST_STEPS} are the most"
        found.append((document.key_place(("steps",)), said))
    for path in step_paths(document):
        found += _step_mistakes(document, path)
    for path in mail_paths(document):
        found += _mail_mistakes(document, path)
    for path in template_paths(document):
        found += _template_mistakes(document, path)
    found += _calendar_mistakes(document)
    return found


def check_users(document: Document, users: Collection[str]) -> list[Finding]:
    """The names under `share: {users: …}` that no user of the workspace has."""
    named = document.at(("share", "users"))
    found: list[Finding] = []
    for index, name in enumerate(cast("list[Any]", named) if isinstance(named, list) else []):
        if isinstance(name, str) and name not in users:
            near = get_close_matches(name, users, 1)
            wanted = f"did you mean {near[0]}?" if near else f"there are {', '.join(sorted(users))}"
            place = document.place(("share", "users", index))
            found.append((place, f"there is no user `{shown(name)}`; {wanted}"))
    return found


# --- paths ---------------------------------------------------------------------------------------


def step_paths(document: Document) -> list[Path]:
    """The paths of the steps that are blocks, of the first MOST_STEPS."""
    count = min(_count(document), MOST_STEPS)
    paths: list[Path] = [("steps", index) for index in range(count)]
    return [path for path in paths if isinstance(document.at(path), dict)]


def _count(document: Document) -> int:
    steps = document.at(("steps",))
    return len(cast("list[Any]", steps)) if isinstance(steps, list) else 0


def mail_paths(document: Document) -> list[Path]:
    """The paths of the mails that are blocks: of e-mail steps, and ready ones of tasks."""
    inside: tuple[Path, ...] = (("email",), ("task", "email"))
    paths = [(*step, *inner) for step in step_paths(document) for inner in inside]
    return [path for path in paths if isinstance(document.at(path), dict)]


def template_paths(document: Document) -> list[Path]:
    """The paths of the templates that stand in the file itself."""
    paths: list[Path] = [
        (*mail, key) for mail in mail_paths(document) for key in ("subject", "body")
    ]
    paths += [(*step, "task", key) for step in step_paths(document) for key in ("title", "notes")]
    return [path for path in paths if isinstance(document.at(path), str)]


def _read(reader: Callable[[Any], Value], value: Any) -> Value | None:
    """A value if it is there and right; what is wrong with it is told elsewhere."""
    try:
        return None if value is None else reader(value)
    except ValueError:
        return None


# --- steps and mails -----------------------------------------------------------------------------


def _step_mistakes(document: Document, path: Path) -> Iterator[Finding]:
    step = cast("dict[str, Any]", document.at(path))
    if path == ("steps", 0):
        if "after" in step:
            place = document.key_place((*path, "after"))
            yield place, "the first step can't have `after`; it is due at once, so delete the key"
    elif "after" not in step:
        message = "`after` is missing; write how long after the previous step, such as `3 days`"
        yield document.place(path), message
    if "email" in step and "task" in step:
        place = document.key_place((*path, "task"))
        yield place, "a step is an `email` or a `task`, not both; make two steps of it"
    elif "email" not in step and "task" not in step:
        yield document.place(path), "the step does nothing; give it an `email` or a `task`"
    yield from _time_mistakes(document, path, step)


def _time_mistakes(document: Document, path: Path, step: dict[str, Any]) -> Iterator[Finding]:
    at = _read(values.read_time, step.get("at"))
    window = _read(values.read_window, document.at(("window",)))
    if "email" in step and at and window and not window.opens <= at <= window.closes:
        message = f"`at` {at:%H:%M} is outside the window {window}; choose a time inside it"
        yield document.place((*path, "at")), message


def _mail_mistakes(document: Document, path: Path) -> Iterator[Finding]:
    mail = cast("dict[str, Any]", document.at(path))
    here = document.key_place(path)
    if "body" in mail and "body_file" in mail:
        place = document.key_place((*path, "body_file"))
        yield place, "a mail has `body` or `body_file`, not both; delete one"
    elif "body" not in mail and "body_file" not in mail:
        yield here, "the mail has no text; give it a `body` or a `body_file`"
    if "subject" not in mail and not _follows_a_mail(document, path):
        message = "`subject` is missing; there is no mail before this one that it could answer"
        yield here, message


def _follows_a_mail(document: Document, path: Path) -> bool:
    steps = (document.at(("steps", index)) for index in range(cast("int", path[1])))
    return any(isinstance(step, dict) and "email" in step for step in steps)


def _template_mistakes(document: Document, path: Path) -> Iterator[Finding]:
    for line, column, message in check_template(cast("str", document.at(path)))[:MOST_TOLD]:
        yield document.place_in_text(path, line, column), message


# --- the calendar --------------------------------------------------------------------------------


def _calendar_mistakes(document: Document) -> Iterator[Finding]:
    """Holidays that leave no day within a year; a window or a time of day alone never can."""
    listed = document.at(("holidays",))
    items = cast("list[Any]", listed) if isinstance(listed, list) else []
    holidays = frozenset(day for item in items if (day := _read(values.read_date, item)))
    if len(holidays) < 260:
        return
    days = _read(values.read_days, document.at(("days",))) or Days.EVERY
    calendar = Calendar(_zone(document), days, None, holidays)
    for first in sorted(day for day in holidays if day - timedelta(days=1) not in holidays):
        if not _can_be_placed(first, calendar):
            message = f"from {first} on, `days` and `holidays` leave no day within a year; "
            yield document.key_place(("holidays",)), message + "delete some holidays"
            return


def _zone(document: Document) -> str:
    zone = _read(values.read_zone, document.at(("timezone",)))
    return "UTC" if zone is None or zone == "contact" else zone


def _can_be_placed(day: date, calendar: Calendar) -> bool:
    from seqctl.domain.timing.schedule import place

    noon = datetime.combine(day, time(12), UTC)
    try:
        place(noon, base=noon, after=None, at=None, email=True, calendar=calendar)
    except Refused:
        return False
    return True
