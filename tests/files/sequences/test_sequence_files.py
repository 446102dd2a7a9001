"""Sequence files that are right: what they say, and what else a reader may ask of them."""

import json
from datetime import date, time
from pathlib import Path

import jsonschema
import pytest
from ruamel.yaml import YAML

import seqctl.files
from seqctl.domain.model import Email, SequenceDraft, Settings, Sharing, Step, TaskPlan
from seqctl.domain.texts import content
from seqctl.domain.timing.measures import Days, Delay, Unit, Window
from seqctl.files.sequences.sequences import (
    NIGHT_NOTE,
    SequenceFileErrors,
    new_sequence_text,
    read_sequence,
    read_sequence_text,
    sequence_json_schema,
)

DATA = Path(__file__).parents[1] / "data"
EXAMPLES = Path(__file__).parents[3] / "examples"
SCHEMA_FILE = Path(seqctl.files.__file__).parent / "sequence.schema.json"
MINIMAL = "name: short\nsteps:\n  - task: {title: Ring}\n"


def read(text: str):
    return read_sequence_text(text, name="a.yaml", folder=None)


def test_every_key() -> None:
    draft = read_sequence(DATA / "full.yaml")
    assert draft.name == "full"
    assert draft.sharing == Sharing(users=frozenset({"bo", "eva"}), teams=frozenset({"nordics"}))
    assert draft.settings == Settings(
        title="Every key",
        timezone="contact",
        days=Days.WEEKDAYS,
        window=Window(time(8), time(18)),
        holidays=frozenset({date(2026, 12, 24), date(2026, 12, 25)}),
        company_reply=True,
        company_meeting=True,
    )
    assert draft.steps == (
        Step(1, None, None, Email("Hello", "Hi,\n\na text.\n", markdown=True)),
        Step(2, Delay(90, Unit.MINUTE), None, Email(None, "again")),
        Step(
            3,
            Delay(0, Unit.HOUR),
            time(20),
            task=TaskPlan(
                *("linkedin", "Look", "low", "At once.", Delay(1, Unit.WEEK)),
                email=Email(None, "A ready answer."),
            ),
        ),
        Step(4, Delay(1, Unit.DAY), time(9, 30), task=TaskPlan("todo", "Look again", wait=False)),
    )
    assert draft.notes == ()


def test_defaults() -> None:
    draft = read(MINIMAL)
    assert draft.settings == Settings(title="short")
    assert draft.steps == (Step(1, None, None, task=TaskPlan("todo", "Ring")),)
    assert draft.sharing is None


@pytest.mark.parametrize(
    ("said", "sharing"),
    [
        ("private", Sharing()),
        ("everyone", Sharing(everyone=True)),
        ("{}", Sharing()),
        ("{users: [bo]}", Sharing(users=frozenset({"bo"}))),
        ("{teams: [a, b]}", Sharing(teams=frozenset({"a", "b"}))),
    ],
)
def test_forms_of_share(said: str, sharing: Sharing) -> None:
    assert read(f"share: {said}\n{MINIMAL}").sharing == sharing


def test_share_names_users_that_there_are() -> None:
    text = f"share: {{users: [bo, evva, x]}}\n{MINIMAL}"
    with pytest.raises(SequenceFileErrors) as caught:
        read_sequence_text(text, name="a.yaml", folder=None, users=["bo", "eva"])
    assert caught.value.message.splitlines() == [
        "a.yaml:1:21: there is no user `evva`; did you mean eva?",
        "a.yaml:1:27: there is no user `x`; there are bo, eva",
    ]
    shared = read_sequence_text(text, name="a.yaml", folder=None, users=["bo", "evva", "x"])
    assert shared.sharing == Sharing(users=frozenset({"bo", "evva", "x"}))


@pytest.mark.parametrize(
    ("said", "delay"),
    [
        ("3 days", Delay(3, Unit.DAY)),
        ("1 day", Delay(1, Unit.DAY)),
        ("0 hours", Delay(0, Unit.HOUR)),
        ("90 minutes", Delay(90, Unit.MINUTE)),
        ("2 weeks", Delay(2, Unit.WEEK)),
        ('"2  weeks"', Delay(2, Unit.WEEK)),
    ],
)
def test_durations(said: str, delay: Delay) -> None:
    assert read(f"{MINIMAL}  - after: {said}\n    task: {{title: x}}\n").steps[1].after == delay


def test_a_body_file_is_read_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "texts").mkdir()
    (tmp_path / "texts" / "second.MD").write_bytes("\ufeff Hé\r\n\r\nyou \n".encode())
    (tmp_path / "a.yaml").write_text(
        "name: a\nsteps: [email: {subject: x, body_file: texts/second.MD}]\n"
    )
    assert read_sequence(tmp_path / "a.yaml").steps[0].email == Email("x", " Hé\n\nyou \n", True)


def test_markdown_can_be_said_otherwise(tmp_path: Path) -> None:
    (tmp_path / "b.md").write_text("x")
    (tmp_path / "b.txt").write_text("x")
    for said, markdown in (
        ("body_file: b.md", True),
        ("body_file: b.md, markdown: false", False),
        ("body_file: b.txt", False),
        ("body_file: b.txt, markdown: true", True),
        ("body: x", False),
        ("body: x, markdown: true", True),
    ):
        text = f"name: a\nsteps: [email: {{subject: x, {said}}}]"
        email = read_sequence_text(text, name="a.yaml", folder=tmp_path).steps[0].email
        assert email == Email("x", "x", markdown), said


def test_words_of_yaml_1_1_stay_text() -> None:
    draft = read('name: no\ntitle: on\nsteps: [{task: {title: "yes"}}]')
    assert (draft.name, draft.settings.title) == ("no", "on")


def test_folded_text() -> None:
    draft = read(
        "name: a\nsteps:\n  - task:\n      title: x\n      notes: >\n        a\n        b\n\n        c\n"
    )
    assert draft.steps[0].task == TaskPlan("todo", "x", notes="a b\nc\n")


def test_windows_line_ends_and_a_byte_order_mark() -> None:
    text = "\ufeffname: a\r\nsteps:\r\n  - email:\r\n      subject: x\r\n      body: |\r\n        a\r\n        b\r\n"
    assert read(text).steps[0].email == Email("x", "a\nb\n")


def test_notes() -> None:
    mail = "name: a\nsteps: [email: {subject: x, body: y}]\n"
    assert read(mail).notes == (NIGHT_NOTE,)
    assert read(f"window: 08:00-18:00\n{mail}").notes == ()
    assert read(MINIMAL).notes == ()
    (note,) = read("name: a\nsteps: [{at: 09:30, task: {title: x}}]").notes
    assert "`at` of the first step has no effect" in note


def content_key(draft: SequenceDraft) -> str:
    return content.to_text(draft.settings, draft.steps)


def test_only_settings_and_steps_are_content() -> None:
    first = read(f"title: A\nshare: everyone\n{MINIMAL}")
    again = read("# a comment\nname: other\ntitle: A\ndays: every\nsteps: [task: {title: Ring}]")
    assert content_key(first) == content_key(again)
    assert content_key(first) != content_key(read(f"title: B\n{MINIMAL}"))
    holidays = [
        f"holidays: [{listed}]\n{MINIMAL}"
        for listed in ("2026-12-24, 2026-12-25", "2026-12-25, 2026-12-24")
    ]
    assert content_key(read(holidays[0])) == content_key(read(holidays[1]))


@pytest.mark.parametrize("name", ["founders-intro", "a", "2026", "null", "yes"])
def test_the_starter_file_is_right_as_it_is(name: str) -> None:
    draft = read(new_sequence_text(name))
    assert draft.name == name
    assert draft.settings.days == Days.BUSINESS
    assert draft.settings.window == Window(time(8), time(18))
    assert draft.notes == ()
    assert len(draft.steps) == 3


@pytest.mark.parametrize("path", sorted(EXAMPLES.glob("*.yaml")), ids=lambda path: path.stem)
def test_the_examples_are_right(path: Path) -> None:
    draft = read_sequence(path)
    assert draft.name == path.stem
    assert draft.notes == ()


def test_the_founders_example_shows_what_the_docs_promise() -> None:
    first, second, third, last = read_sequence(EXAMPLES / "founders-intro.yaml").steps
    assert first.sends
    assert second.email is not None
    assert second.email.subject is None
    assert second.email.markdown
    assert (second.after, second.at) == (Delay(3, Unit.DAY), time(9, 30))
    assert third.task is not None
    assert (third.task.type, third.task.priority, third.task.wait) == ("call", "high", True)
    assert third.task.email is not None
    assert last.after == Delay(1, Unit.WEEK)


# --- the JSON Schema -----------------------------------------------------------------------------


def test_the_shipped_schema_is_up_to_date() -> None:
    assert json.loads(SCHEMA_FILE.read_text()) == sequence_json_schema()


@pytest.mark.parametrize(
    "path", [DATA / "full.yaml", *sorted(EXAMPLES.glob("*.yaml"))], ids=lambda path: path.stem
)
def test_the_schema_takes_right_files(path: Path) -> None:
    jsonschema.validate(plain_yaml(path.read_text()), sequence_json_schema())


@pytest.mark.parametrize(
    "wrong",
    [
        "name: A\nsteps: [task: {title: x}]",
        "name: a\nsteps: []",
        "name: a\nstep: [task: {title: x}]",
        "name: a\nsteps: [task: {title: x, wait: 5d}]",
        "name: a\nsteps: [{task: {title: x}, email: {body: x}}]",
        "name: a\nsteps: [email: {subject: x}]",
        "name: a\nwindow: 8-18\nsteps: [task: {title: x}]",
    ],
)
def test_the_schema_refuses_what_the_reader_refuses(wrong: str) -> None:
    with pytest.raises(SequenceFileErrors):
        read(wrong)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(plain_yaml(wrong), sequence_json_schema())


def plain_yaml(text: str) -> object:
    """What a YAML 1.2 editor makes of the text, as JSON values: dates are text there."""
    return json.loads(json.dumps(YAML(typ="safe", pure=True).load(text), default=str))
