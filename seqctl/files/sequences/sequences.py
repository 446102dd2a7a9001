"""Sequences as files: reading one with every mistake told at once (rules, "Sequence files")."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from seqctl.domain.errors import BadFile
from seqctl.domain.model import (
    Attachment,
    Email,
    SequenceDraft,
    Settings,
    Sharing,
    Step,
    TaskPlan,
)
from seqctl.domain.texts.templates import check_template
from seqctl.files.sequences.attached_files import NOTHING_KEPT, AttachedFiles
from seqctl.files.sequences.body_files import (
    MAX_FILE,
    UnreadableFile,
    read_body_file,
    read_text_file,
)
from seqctl.files.sequences.sequence_writer import new_sequence_text, write_sequence

if TYPE_CHECKING:
    from seqctl.files.sequences.sequence_schema import (
        EmailPart,
        SequenceFile,
        SharePart,
        StepPart,
        TaskPart,
    )
    from seqctl.files.sequences.yaml_positions import Document, Place
    from seqctl.files.sequences.yaml_positions import Path as KeyPath

__all__ = [
    "Mistake",
    "SequenceFileErrors",
    "draft_of",
    "new_sequence_text",
    "read_file",
    "read_keys",
    "read_sequence",
    "read_sequence_text",
    "sequence_json_schema",
    "write_sequence",
]

NIGHT_NOTE = "mails may go out at night: set `window: 08:00-18:00`"
FIRST_AT_NOTE = "`at` of the first step has no effect: it is due at once (or `enroll --at TIME`)"


class Mistake(NamedTuple):
    """One mistake of a file; lines and columns count from 1."""

    file: str
    line: int
    column: int
    message: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}: {self.message}"


class SequenceFileErrors(BadFile):
    """Every mistake of one or several sequence files, one a line."""

    code = "BAD_SEQUENCE"

    def __init__(self, mistakes: Iterable[Mistake]) -> None:
        self.mistakes = tuple(mistakes)
        files = list(dict.fromkeys(mistake.file for mistake in self.mistakes))
        hint = f"Correct it, then type: seqctl sequence check {files[0]}" if files else ""
        super().__init__("\n".join(map(str, self.mistakes)), hint)


def read_sequence(path: Path, users: Collection[str] | None = None) -> SequenceDraft:
    """Read a sequence file, and the body files and attachments that it names.

    `users` are the names of those there are, where that is known: `share` may name no others.
    Raises SequenceFileErrors with every mistake, also for a file that can't be read.
    """
    return read_sequence_text(read_file(path), name=str(path), folder=path.parent, users=users)


def read_file(path: Path) -> str:
    """The text of a sequence file; raises SequenceFileErrors for one that can't be read."""
    try:
        return read_text_file(path)
    except UnreadableFile as error:
        raise SequenceFileErrors([Mistake(str(path), 1, 1, f"the file {error}")]) from error


def read_sequence_text(
    text: str, *, name: str, folder: Path | None, users: Collection[str] | None = None
) -> SequenceDraft:
    """Read the text of a sequence file.

    `name` is the file's name in messages; body files and attachments are looked up in `folder`
    (None: there can be none); `users` as in `read_sequence`. Raises SequenceFileErrors with every
    mistake.
    """
    return draft_of(read_keys(text, name), name, folder, users)


def read_keys(text: str, name: str) -> Document:
    """The text of a sequence file as a document, its values not looked at yet.

    Raises SequenceFileErrors for a text over 1 MB; other mistakes stand in the document.
    """
    from seqctl.files.sequences.sequence_schema import known_keys
    from seqctl.files.sequences.yaml_positions import read_document

    if len(text.encode(errors="replace")) > MAX_FILE:
        raise SequenceFileErrors([Mistake(name, 1, 1, "the file is larger than 1 MB; split it")])
    return read_document(text, known_keys)


def draft_of(
    document: Document,
    name: str,
    folder: Path | None,
    users: Collection[str] | None = None,
    kept: Mapping[str, Attachment] = NOTHING_KEPT,
) -> SequenceDraft:
    """The sequence that a document describes; the arguments are those of `read_sequence_text`.

    `kept` are attachments that need no file, by their name. Raises SequenceFileErrors with every mistake.
    """
    from seqctl.files.sequences.sequence_rules import check_users
    from seqctl.files.sequences.sequence_schema import read_shape

    if users is not None:
        document.mistakes += check_users(document, users)
    return _Reading(document, name, folder, kept).draft(*read_shape(document))


def sequence_json_schema() -> dict[str, Any]:
    """The JSON Schema (2020-12) of a sequence file, for editors."""
    from seqctl.files.sequences import sequence_schema

    return sequence_schema.sequence_json_schema()


class _Reading:
    """One file being read: its document, the files it names and the mistakes found so far."""

    def __init__(
        self,
        document: Document,
        name: str,
        folder: Path | None,
        kept: Mapping[str, Attachment],
    ) -> None:
        self.document = document
        self.name = name
        self.folder = folder
        self.files = AttachedFiles(folder, kept)
        self.bodies: dict[KeyPath, str] = {}
        self.in_bodies: list[Mistake] = []

    def draft(
        self, shape: SequenceFile | None, misshapen: list[tuple[Place, str]]
    ) -> SequenceDraft:
        from seqctl.files.sequences.sequence_rules import check_rules, mail_paths

        document = self.document
        found = document.mistakes + check_rules(document) + list(self._body_file_mistakes())
        for path in mail_paths(document):
            found += self.files.mistakes(document, path)
        found += misshapen
        if found or self.in_bodies or shape is None:
            told = sorted({Mistake(self.name, *place, message) for place, message in found})
            raise SequenceFileErrors(_first(told + self.in_bodies))
        return self._built(shape)

    def _body_file_mistakes(self) -> Iterator[tuple[Place, str]]:
        from seqctl.files.sequences.sequence_rules import mail_paths

        for path in mail_paths(self.document):
            wanted = self.document.at((*path, "body_file"))
            if not isinstance(wanted, str) or not wanted.strip():
                continue
            try:
                text = read_body_file(wanted, self.folder)
            except UnreadableFile as error:
                yield self.document.place((*path, "body_file")), f"`body_file` {wanted} {error}"
                continue
            self.bodies[path] = text
            shown = str(Path(self.name).parent / wanted)
            for line, column, message in check_template(text):
                self.in_bodies.append(Mistake(shown, line, column or 1, message))

    # --- from the checked shape to the domain's values -------------------------------------------

    def _built(self, shape: SequenceFile) -> SequenceDraft:
        steps = tuple(self._step(index, step) for index, step in enumerate(shape.steps))
        settings = Settings(
            title=shape.title or shape.name,
            timezone=shape.timezone,
            days=shape.days,
            window=shape.window,
            holidays=frozenset(shape.holidays),
            company_reply=shape.unenroll_on.company_reply,
            company_meeting=shape.unenroll_on.company_meeting,
        )
        return SequenceDraft(
            shape.name,
            settings,
            steps,
            _sharing(shape.share),
            tuple(_notes(settings, steps)),
            self.files.contents,
        )

    def _step(self, index: int, step: StepPart) -> Step:
        path: KeyPath = ("steps", index)
        return Step(
            number=index + 1,
            after=step.after,
            at=step.at,
            email=step.email and self._email((*path, "email"), step.email),
            task=step.task and self._task(path, step.task),
        )

    def _task(self, path: KeyPath, task: TaskPart) -> TaskPlan:
        return TaskPlan(
            type=task.type,
            title=task.title,
            priority=task.priority,
            notes=task.notes or "",
            wait=task.wait,
            email=task.email and self._email((*path, "task", "email"), task.email),
        )

    def _email(self, path: KeyPath, mail: EmailPart) -> Email:
        body = self.bodies[path] if mail.body is None else mail.body
        markdown = mail.markdown
        if markdown is None:
            markdown = (mail.body_file or "").lower().endswith(".md")
        return Email(mail.subject, body, markdown, self.files.of(mail.attachments))


def _first(mistakes: list[Mistake]) -> list[Mistake]:
    """The first MOST_TOLD mistakes, and how many more there are."""
    from seqctl.files.sequences.yaml_positions import MOST_TOLD

    more = len(mistakes) - MOST_TOLD
    if more <= 0:
        return mistakes
    last = mistakes[MOST_TOLD]
    left = f"and {more} more mistakes from here on; correct the first ones, then look again"
    return [*mistakes[:MOST_TOLD], last._replace(message=left)]


def _sharing(share: SharePart | str | None) -> Sharing | None:
    if share is None:
        return None
    if isinstance(share, str):
        return Sharing(everyone=share == "everyone")
    return Sharing(users=frozenset(share.users), teams=frozenset(share.teams))


def _notes(settings: Settings, steps: tuple[Step, ...]) -> Iterator[str]:
    if settings.window is None and any(step.sends for step in steps):
        yield NIGHT_NOTE
    if steps[0].at is not None:
        yield FIRST_AT_NOTE
