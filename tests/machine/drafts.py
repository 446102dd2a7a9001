"""Sequences as Hypothesis draws them: every kind of step, delay, day rule and window."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

from hypothesis import strategies as st

from seqctl.domain.model import Email, SequenceDraft, Settings, Sharing, Step, TaskPlan
from seqctl.domain.sending.accounts import NO_LIMITS, Limits
from seqctl.domain.timing.measures import Days, Delay, Unit, Window

STARTS = (
    datetime(2026, 3, 2, 8, 0, tzinfo=UTC),  # a Monday
    datetime(2026, 3, 27, 15, 30, tzinfo=UTC),  # the Friday before Europe's clocks go forward
    datetime(2026, 10, 23, 21, 0, tzinfo=UTC),  # the Friday before they go back
    datetime(2026, 12, 23, 7, 0, tzinfo=UTC),  # the day before Christmas Eve
)
ZONES = ("Europe/Stockholm", "America/New_York", "Asia/Kolkata", "Pacific/Kiritimati", None)
HOLIDAYS = frozenset({date(2026, 3, 4), date(2026, 12, 24), date(2026, 12, 25)})

limits = st.one_of(
    st.just(NO_LIMITS),
    st.builds(Limits, st.integers(1, 3), st.none(), st.none(), st.none()),
    st.builds(
        Limits,
        st.none() | st.integers(2, 4),
        st.none() | st.integers(1, 2),
        st.none() | st.just((timedelta(seconds=30), timedelta(minutes=90))),
        st.none() | st.integers(1, 2),
    ),
)
delays = st.one_of(
    st.just(Delay(0, Unit.DAY)),
    st.builds(Delay, st.sampled_from((0, 1, 45, 600)), st.just(Unit.MINUTE)),
    st.builds(Delay, st.integers(0, 50), st.just(Unit.HOUR)),
    st.builds(Delay, st.integers(0, 4), st.just(Unit.DAY)),
    st.just(Delay(1, Unit.WEEK)),
)
waits = st.one_of(st.booleans(), delays.filter(lambda delay: delay.amount > 0))
set_times = st.none() | st.sampled_from((time(9, 30), time(12, 0)))


@st.composite
def steps(draw: st.DrawFn, number: int) -> Step:
    """One step: a mail, or a task that is waited for, or only for a while, or not at all."""
    after = None if number == 1 else draw(delays)
    at = None if number == 1 else draw(set_times)
    if draw(st.booleans()):
        subject = f"Step {number}" if number == 1 or draw(st.booleans()) else None
        return Step(number, after, at, email=Email(subject, "Hi {{ contact.first_name }}"))
    return Step(number, after, at, task=TaskPlan("call", f"Ring {number}", wait=draw(waits)))


@st.composite
def drafts(draw: st.DrawFn, name: str, sharing: Sharing | None = None) -> SequenceDraft:
    """A sequence of one to four steps."""
    settings = Settings(
        title=name,
        timezone=draw(st.sampled_from(ZONES)),
        days=draw(st.sampled_from(Days)),
        window=draw(st.sampled_from((None, Window(time(8), time(18))))),
        holidays=draw(st.sampled_from((frozenset[date](), HOLIDAYS))),
        company_reply=draw(st.booleans()),
    )
    numbers = range(1, draw(st.sampled_from((1, 2, 3, 3, 4, 4))) + 1)
    made = tuple(draw(steps(number)) for number in numbers)
    return SequenceDraft(name, settings, _first_subject(made), sharing)


def _first_subject(made: tuple[Step, ...]) -> tuple[Step, ...]:
    """The first mail needs a subject."""
    first = next((step for step in made if step.email is not None), None)
    if first is None or first.email is None or first.email.subject is not None:
        return made
    email = first.email._replace(subject="Hello")
    return tuple(step._replace(email=email) if step is first else step for step in made)
