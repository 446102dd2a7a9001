"""The coming steps of one enrollment as text, and back (rules, "Editing one enrollment").

The text holds the coming steps only; what is done stands there as a comment. While it is read, the
settings and the done steps are put in front of it, so that every rule of a sequence file holds.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar, cast

from seqctl.domain.model import Attachment, SequenceDraft, Settings, Step, Version
from seqctl.files.sequences.sequence_writer import settings_lines, steps_lines, write_sequence
from seqctl.files.sequences.sequences import Mistake, SequenceFileErrors, draft_of, read_keys

if TYPE_CHECKING:
    from seqctl.files.sequences.yaml_positions import Document, Place
    from seqctl.files.sequences.yaml_positions import Path as KeyPath

SETTINGS = {
    "title": ("title",),
    "timezone": ("timezone",),
    "days": ("days",),
    "window": ("window",),
    "holidays": ("holidays",),
    "unenroll_on": ("company_reply", "company_meeting"),
}
Placed = TypeVar("Placed")


class Edited(NamedTuple):
    """All steps of an edited version, and its newly attached files by digest."""

    steps: tuple[Step, ...]
    contents: Mapping[str, bytes]


def edit_text(version: Version, first: int, *, sequence: str, contact: str) -> str:
    """The coming steps of a contact's enrollment, from number `first` on, as text to edit."""
    coming = list(steps_lines(version.steps[first - 1 :]))
    lines = [
        f"# The coming steps of {contact} in {sequence}, version {version.label}.",
        "# What you save here goes for this enrollment alone. Save it unchanged to leave it as it is.",
        *_as_comment(_what_stays(version, first)),
        "",
        "steps:" if coming else "steps: []",
        *coming,
    ]
    return "".join(f"{line.rstrip()}\n" if line.strip() else "\n" for line in lines)


def read_edit(
    text: str, *, name: str, folder: Path | None, sequence: str, version: Version, first: int
) -> Edited:
    """All steps of the edited version: the done ones as they were, then those of the text.

    The text is what `edit_text` wrote and someone changed, or a whole sequence file whose done
    steps (those before number `first`) are unchanged. `name` and `folder` as in
    `read_sequence_text`; an attachment that the version has already stays the file it was. Raises
    SequenceFileErrors with every mistake.
    """
    document = read_keys(text, name)
    if not _holds_anything(text):
        raise SequenceFileErrors(
            [Mistake(name, 1, 1, "no step is left; write them under `steps:`")]
        )
    written = _keys(document)
    base = SequenceDraft(sequence, version.settings, version.steps)
    kept = _attached(version.steps)
    draft = draft_of(_completed(document, base, first - 1), name, folder, kept=kept)
    mistakes = [
        *_changed_settings(document, written, draft, base),
        *_changed_steps(document, draft.steps, version.steps[: first - 1]),
    ]
    if mistakes:
        raise SequenceFileErrors(Mistake(name, *place, said) for place, said in mistakes)
    return Edited(draft.steps, draft.contents)


def _attached(steps: Iterable[Step]) -> dict[str, Attachment]:
    mails = (step.email or (step.task and step.task.email) for step in steps)
    return {file.name: file for mail in mails if mail for file in mail.attachments}


def _holds_anything(text: str) -> bool:
    return any(line.strip() and not line.lstrip().startswith("#") for line in text.splitlines())


def _what_stays(version: Version, first: int) -> Iterator[str]:
    yield ""
    yield "The settings stay as they are:"
    yield from (f"  {line}" for line in settings_lines(version.settings))
    if first > 1:
        yield ""
        yield f"{'Step 1 is' if first == 2 else f'Steps 1 to {first - 1} are'} done, and read-only:"
        yield from steps_lines(version.steps[: first - 1])


def _as_comment(lines: Iterable[str]) -> Iterator[str]:
    return (f"# {line}" for line in lines)


# --- the rest of the sequence, put in front ------------------------------------------------------


def _completed(document: Document, base: SequenceDraft, done: int) -> Document:
    """The document with the settings and the done steps of `base` where it doesn't hold them."""
    written = _keys(document)
    if not written:
        return document
    original = _keys(read_keys(write_sequence(base), ""))
    steps = written.get("steps")
    if isinstance(steps, list) and not _is_whole(written, done):
        document = _moved(document, done)
        written = {**written, "steps": original["steps"][:done] + steps}
    del original["steps"]
    document.value = {**original, **written}
    return document


def _keys(document: Document) -> dict[str, Any]:
    """The document's keys and their values, or nothing if it is no block of keys."""
    value: Any = document.value
    return cast("dict[str, Any]", value) if isinstance(value, dict) else {}


def _is_whole(written: dict[str, Any], done: int) -> bool:
    """Whether the text is a whole sequence file: only its first step has no `after`."""
    steps = cast("list[Any]", written["steps"])
    first = cast("dict[str, Any]", steps[0]) if steps and isinstance(steps[0], dict) else None
    return done > 0 and "name" in written and first is not None and "after" not in first


def _moved(document: Document, by: int) -> Document:
    """The document with the places of all steps moved on, to make room for `by` steps."""
    from dataclasses import replace

    return replace(
        document,
        keys=_moved_keys(document.keys, by),
        values=_moved_keys(document.values, by),
        blocks={_moved_path(path, by) for path in document.blocks},
    )


def _moved_keys(places: dict[KeyPath, Placed], by: int) -> dict[KeyPath, Placed]:
    return {_moved_path(path, by): place for path, place in places.items()}


def _moved_path(path: KeyPath, by: int) -> KeyPath:
    if len(path) > 1 and path[0] == "steps" and isinstance(path[1], int):
        return ("steps", path[1] + by, *path[2:])
    return path


# --- what may not be edited ----------------------------------------------------------------------


def _changed_settings(
    document: Document, written: dict[str, Any], draft: SequenceDraft, base: SequenceDraft
) -> Iterator[tuple[Place, str]]:
    if draft.name != base.name:
        place = document.place(("name",))
        yield place, f"the enrollment is in {base.name}; `name` can't be changed"
    for key, fields in SETTINGS.items():
        if key in written and _values(draft.settings, fields) != _values(base.settings, fields):
            place = document.key_place((key,))
            yield place, f"`{key}` can't be changed for one enrollment; delete the key"


def _values(settings: Settings, fields: Iterable[str]) -> list[object]:
    return [getattr(settings, field) for field in fields]


def _changed_steps(
    document: Document, steps: tuple[Step, ...], done: tuple[Step, ...]
) -> Iterator[tuple[Place, str]]:
    for step in done:
        if steps[step.number - 1 : step.number] != (step,):
            place = document.key_place(("steps", step.number - 1))
            yield place, f"step {step.number} is done and can't be changed"
