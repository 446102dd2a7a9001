"""The shape of a sequence file as pydantic models, and what follows from it: keys, JSON Schema.

The models say which keys there are and what each holds; rules between keys are in `sequence_rules`.
"""

from __future__ import annotations

from datetime import date, time
from functools import partial
from typing import Annotated, Any, cast

from pydantic import (
    BaseModel,
    ConfigDict,
    Discriminator,
    Field,
    PlainValidator,
    Tag,
    ValidationError,
    WithJsonSchema,
)

from seqctl.domain.timing.measures import Days, Delay, Window
from seqctl.files.sequences import sequence_values as values
from seqctl.files.sequences.yaml_positions import BROKEN, Document, Path, Place

DURATION_SCHEMA = {"type": "string", "pattern": "^ *[0-9]+ +(minute|hour|day|week)s? *$"}
TIME_PATTERN = "([01]?[0-9]|2[0-3]):[0-5][0-9]"
WAIT_SCHEMA = {"anyOf": [{"type": "boolean"}, DURATION_SCHEMA]}


def _words(choices: tuple[str, ...]) -> tuple[PlainValidator, WithJsonSchema]:
    validator = PlainValidator(partial(values.read_choice, choices=choices))
    return validator, WithJsonSchema({"type": "string", "enum": list(choices)})


Text = Annotated[
    str, PlainValidator(values.read_text), WithJsonSchema({"type": "string", "minLength": 1})
]
Name = Annotated[
    str,
    PlainValidator(values.read_name),
    WithJsonSchema({"type": "string", "pattern": "^[a-z0-9][a-z0-9-]*$"}),
]
FileName = Annotated[
    str, PlainValidator(values.read_file_name), WithJsonSchema({"type": "string", "minLength": 1})
]
Flag = Annotated[bool, PlainValidator(values.read_flag), WithJsonSchema({"type": "boolean"})]
ZoneName = Annotated[
    str, PlainValidator(values.read_zone), WithJsonSchema({"type": "string", "minLength": 1})
]
DayRule = Annotated[
    Days,
    PlainValidator(values.read_days),
    WithJsonSchema({"type": "string", "enum": [day.value for day in Days]}),
]
Hours = Annotated[
    Window,
    PlainValidator(values.read_window),
    WithJsonSchema({"type": "string", "pattern": f"^ *{TIME_PATTERN} *- *{TIME_PATTERN} *$"}),
]
Holiday = Annotated[
    date, PlainValidator(values.read_date), WithJsonSchema({"type": "string", "format": "date"})
]
Duration = Annotated[Delay, PlainValidator(values.read_delay), WithJsonSchema(DURATION_SCHEMA)]
TimeOfDay = Annotated[
    time,
    PlainValidator(values.read_time),
    WithJsonSchema({"type": "string", "pattern": f"^ *{TIME_PATTERN} *$"}),
]
Wait = Annotated[bool | Delay, PlainValidator(values.read_wait), WithJsonSchema(WAIT_SCHEMA)]
ShareWord = Annotated[
    str,
    PlainValidator(values.read_share_word),
    WithJsonSchema({"type": "string", "enum": list(values.SHARE_WORDS)}),
]
TaskType = Annotated[str, *_words(values.TASK_TYPES)]
Priority = Annotated[str, *_words(values.PRIORITIES)]


class _Part(BaseModel):
    """A block of keys; every key is described for editors."""

    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)


ONE_BODY: dict[str, Any] = {"oneOf": [{"required": ["body"]}, {"required": ["body_file"]}]}
ONE_ACTION: dict[str, Any] = {"oneOf": [{"required": ["email"]}, {"required": ["task"]}]}


class EmailPart(_Part):
    """A mail."""

    model_config = ConfigDict(json_schema_extra=ONE_BODY)

    subject: Text | None = None
    """A template. Without it the mail answers in the thread of the mail before it."""
    body: Text | None = None
    """A template: the text of the mail."""
    body_file: Text | None = None
    """A file beside this one that holds the text; one that ends in .md is Markdown."""
    markdown: Flag | None = None
    """Whether the text is Markdown. Default: whether `body_file` ends in .md."""
    attachments: list[FileName] = Field(
        default_factory=list[str], max_length=10, json_schema_extra={"uniqueItems": True}
    )
    """Files beside this one, or below its folder, that go with the mail: at most 10, and 10 MB."""


class TaskPart(_Part):
    """Work for a person."""

    type: TaskType = "todo"
    """What kind of work it is."""
    title: Text
    """A template: what is to be done, in one line."""
    priority: Priority = "normal"
    """How urgent it is."""
    notes: Text | None = None
    """A template: what helps with it."""
    wait: Wait = True
    """Whether the next step waits until the task is done; `5 days`: at most so long."""
    email: EmailPart | None = None
    """A ready mail that is offered with the task; it is never sent by itself."""


class StepPart(_Part):
    """One step: an `email` or a `task`, some time after the previous one."""

    model_config = ConfigDict(json_schema_extra=ONE_ACTION)

    after: Duration | None = None
    """How long after the previous step, such as `3 days`. Every step but the first has it."""
    at: TimeOfDay | None = None
    """The local time of day, such as "09:30"."""
    email: EmailPart | None = None
    task: TaskPart | None = None


class SharePart(_Part):
    """The users and teams who may use the sequence."""

    users: list[Text] = Field(default_factory=list[str])
    """Short names of users."""
    teams: list[Text] = Field(default_factory=list[str])
    """Names of teams."""


class UnenrollPart(_Part):
    """What of the contact's company ends an enrollment."""

    company_reply: Flag = False
    """Whether an answer by anyone of the same company does."""
    company_meeting: Flag = False
    """Whether a meeting with anyone of the same company does."""


def _share_form(value: object) -> str:
    return "people" if isinstance(value, dict) else "word"


Share = Annotated[
    Annotated[ShareWord, Tag("word")] | Annotated[SharePart, Tag("people")],
    Discriminator(_share_form),
]


class SequenceFile(_Part):
    """A sales sequence for seqctl."""

    name: Name
    """The name by which commands know the sequence: a-z, 0-9 and -."""
    title: Text | None = None
    """The name for people. Default: the name."""
    share: Share | None = None
    """Who but the owner may see and use it. Without this key sharing stays as it is."""
    timezone: ZoneName | None = None
    """A zone such as Europe/Stockholm, or `contact`. Default: the enrolling user's."""
    days: DayRule = Days.EVERY
    """The days that count and on which steps happen."""
    window: Hours | None = None
    """The local hours in which e-mails may go out, such as 08:00-18:00. Default: any."""
    holidays: list[Holiday] = Field(default_factory=list[date])
    """Days on which nothing happens."""
    unenroll_on: UnenrollPart = Field(default_factory=UnenrollPart)
    """What else ends an enrollment."""
    steps: list[StepPart] = Field(min_length=1)
    """The steps, in order."""


# --- keys ----------------------------------------------------------------------------------------

PARTS: dict[tuple[str, ...], type[BaseModel]] = {
    (): SequenceFile,
    ("share",): SharePart,
    ("unenroll_on",): UnenrollPart,
    ("steps",): StepPart,
    ("steps", "email"): EmailPart,
    ("steps", "task"): TaskPart,
    ("steps", "task", "email"): EmailPart,
}


def known_keys(path: Path) -> tuple[str, ...] | None:
    """The keys that the block at this path may have, or None if there is no block there."""
    part = PARTS.get(tuple(key for key in path if isinstance(key, str)))
    return part and tuple(part.model_fields)


# --- mistakes ------------------------------------------------------------------------------------

EXAMPLES = {
    "name": "`name: founders-intro`",
    "steps": "`steps:` and below it `- email: {subject: …, body: …}`",
    "title": "`title: Ring {{ contact.first_name }}`",
}


def read_shape(document: Document) -> tuple[SequenceFile | None, list[tuple[Place, str]]]:
    """The file as a model, or None and its mistakes, each with its place."""
    try:
        return SequenceFile.model_validate(document.value), []
    except ValidationError as error:
        told = [_mistake(document, cast("dict[str, Any]", each)) for each in error.errors()]
        return None, [mistake for mistake in told if mistake]


def _mistake(document: Document, error: dict[str, Any]) -> tuple[Place, str] | None:
    """The mistake in our words; None if it is about a value that has been reported already."""
    if error["input"] is BROKEN:
        return None
    path = tuple(key for key in cast("Path", error["loc"]) if key not in ("word", "people"))
    kind = cast("str", error["type"])
    if kind == "missing":
        key = str(path[-1])
        example = EXAMPLES.get(key)
        said = f"`{key}` is missing; write {example}" if example else f"`{key}` is missing"
        return document.key_place(path[:-1]), said
    return document.place(path), f"{_label(path)} {_said(kind, error)}"


def _label(path: Path) -> str:
    if not path:
        return "the file"
    if isinstance(path[-1], int):
        return f"an item of `{path[-2]}`"
    return f"`{path[-1]}`"


def _said(kind: str, error: dict[str, Any]) -> str:
    if kind == "value_error":
        return str(error["ctx"]["error"])
    if kind == "list_type":
        return "must be a list, each item after a `-`"
    if kind == "too_short":
        return "is empty; a sequence needs at least one step"
    if kind == "too_long":
        return (
            f"has {error['ctx']['actual_length']} items; {error['ctx']['max_length']} are the most"
        )
    return "must be a block of keys, such as `key: value`"


# --- JSON Schema ---------------------------------------------------------------------------------


def sequence_json_schema() -> dict[str, Any]:
    """The JSON Schema (2020-12) of a sequence file, for editors."""
    schema = cast("dict[str, Any]", _plain(SequenceFile.model_json_schema()))
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}


def _plain(schema: Any) -> Any:
    """The schema without pydantic's generated titles, and without null as an alternative."""
    if isinstance(schema, list):
        return [_plain(item) for item in cast("list[Any]", schema)]
    if not isinstance(schema, dict):
        return schema
    kept = {
        key: value if key == "properties" else _plain(value)
        for key, value in cast("dict[str, Any]", schema).items()
        if not (key == "title" and isinstance(value, str))
        and not (key == "default" and value is None)
    }
    if "properties" in kept:
        kept["properties"] = {name: _plain(part) for name, part in kept["properties"].items()}
    alternatives = [each for each in kept.get("anyOf", []) if each != {"type": "null"}]
    if len(alternatives) == 1:
        del kept["anyOf"]
        return {**alternatives[0], **kept}
    return kept
