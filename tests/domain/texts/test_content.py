"""A version's content as text: it reads back equal, and equal content gives equal text."""

from datetime import date, time

import pytest

from seqctl.domain.model import Attachment, Email, Settings, Sharing, Step, TaskPlan
from seqctl.domain.texts import content
from seqctl.domain.timing.measures import Days, Delay, Unit, Window

SETTINGS = Settings(
    "Ünïcode",
    timezone="contact",
    days=Days.BUSINESS,
    window=Window(time(8), time(18, 30)),
    holidays=frozenset({date(2026, 12, 24), date(2026, 12, 25)}),
    company_reply=True,
)
STEPS = (
    Step(1, None, None, Email("Hello", "Hi,\n", markdown=True)),
    Step(2, Delay(0, Unit.HOUR), time(9, 30), Email(None, "again")),
    Step(
        3,
        Delay(2, Unit.WEEK),
        None,
        task=TaskPlan(
            *("call", "Ring", "high", "notes", Delay(5, Unit.DAY)), email=Email("x", "y")
        ),
    ),
    Step(4, Delay(1, Unit.MINUTE), None, task=TaskPlan("todo", "Look", wait=False)),
)


@pytest.mark.parametrize("settings", [SETTINGS, Settings("plain")])
def test_content_reads_back_equal(settings: Settings) -> None:
    assert content.from_text(content.to_text(settings, STEPS)) == (settings, STEPS)


def test_equal_content_gives_equal_text() -> None:
    holidays = [date(2026, 12, day) for day in range(1, 29)]
    texts = {
        content.to_text(SETTINGS._replace(holidays=frozenset(listed)), STEPS)
        for listed in (holidays, holidays[::-1])
    }
    assert len(texts) == 1
    assert content.to_text(SETTINGS, STEPS) != content.to_text(SETTINGS, STEPS[:3])


@pytest.mark.parametrize(
    "sharing",
    [
        Sharing(),
        Sharing(everyone=True),
        Sharing(users=frozenset({"bo", "eva"}), teams=frozenset({"nordics"})),
    ],
)
def test_sharing_reads_back_equal(sharing: Sharing) -> None:
    assert content.sharing_from_text(content.sharing_to_text(sharing)) == sharing


def test_attachments_read_back_equal() -> None:
    files = (Attachment("brochure.pdf", "ab" * 32, 12), Attachment("a/pris å.pdf", "cd" * 32, 0))
    steps = (
        Step(1, None, None, Email("x", "y", attachments=files)),
        Step(2, Delay(1, Unit.DAY), None, task=TaskPlan("todo", "z", email=Email("x", "y", True))),
        Step(
            *(3, Delay(1, Unit.DAY), None),
            task=TaskPlan("todo", "z", email=Email("x", "y", True, files[1:])),
        ),
    )
    assert content.from_text(content.to_text(SETTINGS, steps)) == (SETTINGS, steps)


def test_a_version_without_attachments_is_the_text_it_always_was() -> None:
    """Else each sequence would get a version when it is applied again after the upgrade."""
    text = content.to_text(Settings("A"), STEPS[:1])
    assert text == (
        '{"settings":{"company_meeting":false,"company_reply":false,"days":"every","holidays":[],'
        '"timezone":null,"title":"A","window":null},'
        '"steps":[{"after":null,"at":null,"email":["Hello","Hi,\\n",true],"task":null}]}'
    )
