"""Drafts as text: what is written reads back to an equal draft."""

from datetime import date, time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqctl.domain.model import Email, SequenceDraft, Settings, Sharing, Step, TaskPlan
from seqctl.domain.timing.measures import Days, Delay, Unit, Window
from seqctl.files.sequences.sequences import read_sequence, read_sequence_text, write_sequence

DATA = Path(__file__).parents[1] / "data"
EXAMPLES = Path(__file__).parents[3] / "examples"


def read_back(draft: SequenceDraft) -> SequenceDraft:
    return read_sequence_text(write_sequence(draft), name="written.yaml", folder=None)


@pytest.mark.parametrize(
    "path", [DATA / "full.yaml", *sorted(EXAMPLES.glob("*.yaml"))], ids=lambda path: path.stem
)
def test_files_survive_writing(path: Path) -> None:
    draft = read_sequence(path)
    assert read_back(draft) == draft
    assert write_sequence(read_back(draft)) == write_sequence(draft)


def test_bodies_are_written_as_blocks() -> None:
    written = write_sequence(read_sequence(EXAMPLES / "founders-intro.yaml"))
    assert "      body: |\n        Hi {{ contact.first_name }},\n\n        one thing" in written
    assert "      markdown: true\n" in written


@pytest.mark.parametrize(
    "body",
    [
        "one line",
        "one line\n",
        "\n\nblank lines first\n",
        "blank lines last\n\n\n",
        "  indented first\nthen not\n",
        "\n  indented after a blank line\n",
        "trailing spaces  \nhere\n",
        "only spaces\n   \nbetween\n",
        "a\ttab\n\tand one first\n",
        "# not a comment\n--- not a document\n",
        "key: value\n- item\n",
        "{{ contact.first_name }}",
        "{% if contact.city %}x{% endif %}",
        "'single' \"double\" \\backslash",
        "true",
        "12",
        "1.5",
        "~",
        "a #b",
        "a: b",
        "line\u2028separator\nand nbsp\xa0\n",
        "emoji \U0001f469\u200d\U0001f4bb\nåäö\n",
        "\ufeffmark\nb\n",
    ],
)
def test_texts_survive_writing(body: str) -> None:
    draft = SequenceDraft(
        "a",
        Settings(body, window=Window(time(8), time(18))),
        (
            Step(1, None, None, Email(body, body)),
            Step(2, Delay(1, Unit.DAY), None, task=TaskPlan("todo", body, notes=body)),
        ),
    )
    assert read_back(draft) == draft


TEXT = st.text(
    st.one_of(
        st.sampled_from("ab \n\t:#-|>'\"\\,[]&*!%@`?~=0"),
        st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="{"),
    ),
    min_size=1,
).filter(lambda text: text.strip() != "")
NAMES = st.frozensets(TEXT, max_size=2)
SHARING = st.one_of(
    st.none(), st.just(Sharing(everyone=True)), st.builds(Sharing, st.just(False), NAMES, NAMES)
)
DELAYS = st.builds(Delay, st.integers(0, 500), st.sampled_from(Unit))
WAITS = st.one_of(st.booleans(), DELAYS.filter(lambda delay: delay.amount > 0))
TIMES = st.times().map(lambda moment: moment.replace(second=0, microsecond=0))
MAILS = st.builds(Email, TEXT, TEXT, st.booleans(), st.just(()))
TASKS = st.builds(
    TaskPlan,
    st.sampled_from(["todo", "call", "email", "linkedin"]),
    TEXT,
    st.sampled_from(["low", "normal", "high"]),
    st.one_of(st.just(""), TEXT),
    WAITS,
    st.one_of(st.none(), MAILS),
)
SETTINGS = st.builds(
    Settings,
    TEXT,
    st.sampled_from([None, "contact", "Europe/Stockholm"]),
    st.sampled_from(Days),
    st.sampled_from([None, Window(time(0), time(23, 59))]),
    st.frozensets(st.dates(), max_size=3),
    st.booleans(),
    st.booleans(),
)
ACTIONS = st.lists(
    st.one_of(st.tuples(MAILS, st.none()), st.tuples(st.none(), TASKS)), min_size=1, max_size=3
)


@given(SETTINGS, ACTIONS, DELAYS, st.one_of(st.none(), TIMES), SHARING)
def test_any_draft_survives_writing(
    settings: Settings,
    actions: list[tuple[Email | None, TaskPlan | None]],
    after: Delay,
    at: time | None,
    sharing: Sharing | None,
) -> None:
    steps = tuple(
        Step(number, after if number > 1 else None, at if number > 1 else None, email, task)
        for number, (email, task) in enumerate(actions, 1)
    )
    draft = SequenceDraft("a-1", settings, steps, sharing)
    assert read_back(draft)._replace(notes=()) == draft


def test_holidays_are_written_in_order() -> None:
    draft = SequenceDraft(
        "a",
        Settings("A", holidays=frozenset({date(2026, 12, 25), date(2026, 12, 24)})),
        (Step(1, None, None, task=TaskPlan("todo", "x")),),
    )
    assert "holidays: [2026-12-24, 2026-12-25]\n" in write_sequence(draft)
