"""What docs/sequences.md shows is true of the reader."""

import re
from datetime import UTC, datetime, time
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from seqctl.domain.enrollments import lifecycle
from seqctl.domain.enrollments.lifecycle import Plan
from seqctl.domain.model import Email, Enrollment, Settings, Status, Step, TaskPlan, Version
from seqctl.domain.texts.template_sandbox import FILTERS
from seqctl.domain.timing.measures import Calendar, Days, Delay, Unit, Window
from seqctl.files.sequences.sequence_schema import PARTS
from seqctl.files.sequences.sequences import read_sequence_text

ROOT = Path(__file__).parents[3]
DOCS = (ROOT / "docs" / "sequences.md").read_text()


def test_the_example_is_right() -> None:
    example = re.findall(r"```yaml\n(name: .*?)```", DOCS, re.DOTALL)[0]
    draft = read_sequence_text(example, name="docs", folder=ROOT / "examples")
    assert len(draft.steps) == 3
    assert draft.notes == ()


def test_the_example_of_attachments_is_right(tmp_path: Path) -> None:
    (tmp_path / "files").mkdir()
    for name in ("brochure.pdf", "files/price list.pdf"):
        (tmp_path / name).write_bytes(b"%PDF")
    (example,) = re.findall(r"```yaml\n(name: price-list.*?)```", DOCS, re.DOTALL)
    draft = read_sequence_text(example, name="docs", folder=tmp_path)
    assert draft.steps[0].email is not None
    assert len(draft.steps[0].email.attachments) == 2
    assert draft.notes == ()


def test_every_key_and_filter_is_described() -> None:
    keys = {key for part in PARTS.values() for key in part.model_fields}
    undescribed = {key for key in keys if not re.search(rf"`{key}`|[{{ ,]{key}:", DOCS)}
    assert undescribed == set()
    assert {name for name in FILTERS if f"`{name}`" not in DOCS} == {"d", "count"}


# --- the examples of delays and pauses --------------------------------------------------------------

STOCKHOLM = ZoneInfo("Europe/Stockholm")


def rows(heads: str) -> list[tuple[str, ...]]:
    """The rows of the table with these heads."""
    table = DOCS.split(heads, 1)[1].split("\n\n", 1)[0]
    found = [line.strip("| ").split(" | ") for line in table.splitlines() if "---" not in line]
    return [tuple(cells) for cells in found if len(cells) > 1]


def march(words: str) -> datetime:
    """`Thu 5 09:00` in Stockholm, in March 2026."""
    weekday, day, clock = words.split()
    local = datetime.fromisoformat(f"2026-03-{int(day):02}T{clock}").replace(tzinfo=STOCKHOLM)
    assert f"{local:%a}" == weekday
    return local.astimezone(UTC)


def delay(words: str) -> Delay:
    amount, unit = words.split()
    return Delay(int(amount), Unit(unit.removesuffix("s")))


def waiting(rule: str, base: str, step: Step) -> tuple[Enrollment, Plan]:
    """An enrollment that waits for its second step since `base`."""
    calendar = Calendar(STOCKHOLM.key, Days(rule), Window(time(8), time(18)))
    first = Step(1, None, None, email=Email("Hello", "Hi"))
    plan = Plan(Version(1, 1, 1, Settings("s"), (first, step)), calendar)
    began = march(base)
    nothing = (None, None, None, None)
    made = Enrollment(*(1,) * 6, STOCKHOLM.key, Status.LIVE, None, 2, *nothing, began)
    return lifecycle.begin_delay(made, plan, began), plan


DUE = rows("| `days` | the previous step | the step | due |")
PAUSES = rows("| `days` | begun | delay | paused | resumed | left | the delay ends |")


@pytest.mark.parametrize(("rule", "base", "words", "due"), DUE)
def test_the_examples_of_due_times_are_right(rule: str, base: str, words: str, due: str) -> None:
    found = re.fullmatch(r"(email|task) after (\d+ \w+)(?: at (\S+))?", words)
    assert found is not None
    kind, after, at = found.groups()
    email, task = (Email(None, "x"), None) if kind == "email" else (None, TaskPlan("call", "x"))
    set_time = None if at is None else time.fromisoformat(at)
    step = Step(2, delay(after), set_time, email=email, task=task)
    assert waiting(rule, base, step)[0].due_at == march(due)


@pytest.mark.parametrize(("rule", "begun", "after", "paused", "resumed", "left", "end"), PAUSES)
def test_the_examples_of_pauses_are_right(
    rule: str, begun: str, after: str, paused: str, resumed: str, left: str, end: str
) -> None:
    step = Step(2, delay(after), None, email=Email(None, "x"))
    enrollment, plan = waiting(rule, begun, step)
    held = lifecycle.hold(enrollment, march(paused))
    assert lifecycle.left_in_words(held, plan) == left
    assert lifecycle.lift(held, plan, march(resumed)).delay_ends_at == march(end)


def test_there_are_examples_of_each() -> None:
    assert len(DUE) >= 14
    assert len(PAUSES) >= 7
