"""The coming steps of one enrollment as text, and back."""

from pathlib import Path

import pytest

from seqctl.domain.model import Sharing, Step, Version
from seqctl.files.sequences.sequence_edits import edit_text, read_edit
from seqctl.files.sequences.sequences import SequenceFileErrors, read_sequence_text, write_sequence

SOURCE = """\
name: intro
title: Intro
days: business
window: 08:00-18:00
steps:
  - email:
      subject: Hello
      body: |
        Hi {{ contact.first_name }},

        one.
  - after: 3 days
    email: {body: two}
  - after: 2 days
    task: {title: Ring}
"""
DRAFT = read_sequence_text(SOURCE, name="intro.yaml", folder=None)
VERSION = Version(7, 1, 3, DRAFT.settings, DRAFT.steps)


def shown(first: int) -> str:
    return edit_text(VERSION, first, sequence="intro", contact="ada@acme.test")


def read(text: str, first: int) -> tuple[Step, ...]:
    return read_edit(
        text, name="edit.yaml", folder=None, sequence="intro", version=VERSION, first=first
    ).steps


def mistakes_of(text: str, first: int) -> list[str]:
    with pytest.raises(SequenceFileErrors) as caught:
        read(text, first)
    return caught.value.message.splitlines()


def test_the_text_to_edit() -> None:
    assert (
        shown(2)
        == """\
# The coming steps of ada@acme.test in intro, version 3.
# What you save here goes for this enrollment alone. Save it unchanged to leave it as it is.
#
# The settings stay as they are:
#   title: Intro
#   days: business
#   window: 08:00-18:00
#
# Step 1 is done, and read-only:
#   - email:
#       subject: Hello
#       body: |
#         Hi {{ contact.first_name }},
#
#         one.

steps:
  - after: 3 days
    email:
      body: two
  - after: 2 days
    task:
      type: todo
      title: Ring
      priority: normal
      wait: true
"""
    )


@pytest.mark.parametrize("first", [1, 2, 3, 4])
def test_unchanged_text_is_the_same_steps(first: int) -> None:
    assert read(shown(first), first) == VERSION.steps


def test_numbering_goes_on_after_what_is_done() -> None:
    steps = read("steps:\n  - after: 1 week\n    email: {body: new}\n", 3)
    assert steps[:2] == VERSION.steps[:2]
    assert [step.number for step in steps] == [1, 2, 3]
    assert steps[2].email is not None
    assert steps[2].email.body == "new"


def test_steps_may_be_added_after_the_last() -> None:
    assert "steps: []" in shown(4)
    assert len(read("steps:\n  - after: 1 day\n    task: {title: x}\n", 4)) == 4


def test_a_whole_file_may_be_given_if_what_is_done_is_unchanged() -> None:
    whole = write_sequence(DRAFT._replace(sharing=Sharing(everyone=True)))
    assert read(whole, 3) == VERSION.steps
    assert read(whole.replace("Ring", "Write"), 3)[2].task != VERSION.steps[2].task
    assert mistakes_of(whole.replace("two", "too"), 3) == [
        "edit.yaml:13:5: step 2 is done and can't be changed"
    ]


def test_every_mistake_is_told_where_it_stands() -> None:
    text = (
        "days: every\nsteps:\n  - email: {body: x}\n"
        "  - after: 2 dais\n    task: {title: '{{ contct.a }}'}\n"
    )
    assert mistakes_of(text, 2) == [
        "edit.yaml:3:5: `after` is missing; write how long after the previous step, such as `3 days`",
        'edit.yaml:4:12: `after` can\'t be "2 dais"; write `2 days`',
        "edit.yaml:5:23: unknown name `contct`; did you mean `contact.a`?",
    ]
    assert mistakes_of("days: every\nname: other\nsteps: []\n", 3) == [
        "edit.yaml:2:7: the enrollment is in intro; `name` can't be changed",
        "edit.yaml:1:1: `days` can't be changed for one enrollment; delete the key",
    ]
    assert mistakes_of("steps:\n  - after: 1 day\n    at: 20:00\n    email: {body: x}\n", 3) == [
        "edit.yaml:3:9: `at` 20:00 is outside the window 08:00-18:00; choose a time inside it"
    ]


@pytest.mark.parametrize("text", ["", "# steps:\n", " \n"])
def test_an_empty_text_is_a_mistake(text: str) -> None:
    assert mistakes_of(text, 2) == ["edit.yaml:1:1: no step is left; write them under `steps:`"]


@pytest.mark.parametrize("text", ["hello", "- a", "steps: x", "name: intro", "{"])
def test_any_text_is_answered(text: str) -> None:
    assert mistakes_of(text, 2)


def test_all_steps_can_be_edited_before_the_first_is_done() -> None:
    assert read("steps:\n  - task: {title: x}\n", 1)[0].task is not None
    assert "`after`" in mistakes_of("steps:\n  - after: 1 day\n    task: {title: x}\n", 1)[0]


def test_body_files_lie_beside_the_file(tmp_path: Path) -> None:
    (tmp_path / "two.md").write_text("*two*")
    steps = read_edit(
        "steps:\n  - after: 3 days\n    email: {body_file: two.md}\n",
        name="edit.yaml",
        folder=tmp_path,
        sequence="intro",
        version=VERSION,
        first=2,
    ).steps
    assert steps[1].email is not None
    assert steps[1].email.markdown
