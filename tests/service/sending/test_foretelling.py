"""The times shown are the times at which it happens, whatever stands in the line
(rules, "Foretold turns")."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from seqctl.domain.model import Contact, SequenceDraft
from seqctl.domain.sending.accounts import NO_LIMITS, Limits
from seqctl.service import status
from seqctl.service.enrollments import enrolling, pausing
from seqctl.service.inboxes.inboxes import Wiring, capturing, connect_inbox
from seqctl.service.tick import ticking
from seqctl.service.views import enrollment_documents
from seqctl.store import SqliteStore
from tests.machine.drafts import STARTS, drafts, limits
from tests.trials import trials
from tests.workspaces import CLOCK, add_contacts, apply, found, now, opened, tick_to, user

WHO = tuple(f"{name}@example.com" for name in ("ada", "ben", "cleo", "dan", "eva", "finn", "gus"))
INBOXES = ("ann@acme.test", "ann@other.test")
HOURS = 14 * 24
STILL = ("waiting", "rescheduled")
hours = st.integers(0, HOURS) | st.sampled_from(range(0, HOURS + 1, 24))
tight = limits.filter(bool)


class Enrolled(NamedTuple):
    """Who is enrolled so many hours after the start, for when, and from which inbox."""

    hour: int
    sequence: int
    who: int
    later: int
    any_time: bool
    inbox: int


class Story(NamedTuple):
    """What happens before one looks; `paused` are contacts that are paused for so many hours."""

    start: datetime
    drafts: list[SequenceDraft]
    limits: tuple[Limits, Limits]
    enrolled: list[Enrolled]
    paused: list[tuple[int, int, int]]
    look: list[int]


@st.composite
def stories(draw: st.DrawFn) -> Story:
    """Two or three sequences, two inboxes, at least one of them limited, and up to twenty starts."""
    names = ["intro", "nurture", "revive"][: draw(st.integers(2, 3))]
    early = st.integers(0, HOURS // 3)
    enrolled = st.builds(
        Enrolled,
        st.just(0) | early,
        st.integers(0, len(names) - 1),
        st.integers(0, len(WHO) - 1),
        st.sampled_from((0, 0, 0, 5, 24, 72)),
        st.booleans(),
        st.integers(0, 1),
    )
    paused = st.tuples(early, st.integers(0, len(WHO) - 1), st.sampled_from((1, 24, 50)))
    return Story(
        draw(st.sampled_from(STARTS)),
        [draw(drafts(name)) for name in names],
        (draw(tight), draw(st.just(NO_LIMITS) | tight)),
        sorted(draw(st.lists(enrolled, min_size=4, max_size=20))),
        sorted(draw(st.lists(paused, max_size=3))),
        sorted(draw(st.lists(hours, min_size=1, max_size=4))),
    )


def prepare(path: Path, story: Story) -> None:
    """The workspace at the start of a story."""
    found(path, story.start)
    with opened(path) as store:
        ann = user(store, "ann")
        store.people.connect_inbox(replace(capturing(ann), address=INBOXES[1]))
        people = [Contact(0, who, who.partition("@")[0].capitalize()) for who in WHO]
        add_contacts(store, people, story.start)
        apply(store, story.drafts, story.start)
        for address, chosen in zip(INBOXES, story.limits, strict=True):
            connect_inbox(store, ann, address, Wiring(limits=chosen), story.start)


def do(store: SqliteStore, story: Story, hour: int) -> None:
    """All that somebody does at this hour."""
    at, ann = now(store), user(store, "ann")
    for each in story.enrolled:
        if each.hour == hour:
            request = enrolling.Request(
                story.drafts[each.sequence].name,
                (WHO[each.who],),
                at=None if each.any_time else at + timedelta(hours=each.later),
                any_time=each.any_time,
                inbox=INBOXES[each.inbox],
                also=True,
            )
            enrolling.enroll(store, ann, at, request)
    for began, who, span in story.paused:
        if began == hour:
            pause = pausing.Pause(ann, at, at + timedelta(hours=span))
            pausing.pause_contacts(store, [WHO[who]], pause)


def shown(store: SqliteStore) -> tuple[int, dict[int, datetime], dict[str, datetime]]:
    """The latest event, and when the next step of each enrollment and sequence is said to be due."""
    ann = user(store, "ann")
    documents = enrollment_documents(store, ann, now(store))
    times = {each["id"]: each["due_at"] for each in documents if each["due_at"] is not None}
    rows = status.overview(store, ann, now(store)).document["sequences"]
    # A sequence's next step is one of those that nobody holds.
    held = {each["sequence"] for each in documents if each["holds"]}
    nexts = {
        row["sequence"]: row["next_due"]
        for row in rows
        if row["next_due"] is not None and row["sequence"] not in held
    }
    return store.history.last_id(), times, nexts


def happened(store: SqliteStore, after: int) -> dict[int, datetime]:
    """When something happened to each enrollment next, by id."""
    return {int(id): at for id, at in _first(store, after, "enrollment_id").items()}


def happened_in(store: SqliteStore, after: int) -> dict[str, datetime]:
    """When something happened in each sequence next, by name."""
    return _first(store, after, "(SELECT name FROM sequence WHERE id = event.sequence_id)")


def _first(store: SqliteStore, after: int, by: str) -> dict[Any, datetime]:
    rows = store.connection.execute(
        f"SELECT {by}, min(id), at FROM event WHERE id > ? AND enrollment_id IS NOT NULL "
        "AND kind NOT IN ('waiting', 'rescheduled', 'resumed') GROUP BY 1",
        (after,),
    )
    return {key: datetime.fromisoformat(at) for key, _, at in rows}


def check(story: Story) -> None:
    """After what was done last, each time that is ever shown is kept."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "w.db"
        prepare(path, story)
        with opened(path) as store:
            deeds = sorted({each.hour for each in story.enrolled} | {p[0] for p in story.paused})
            for hour in deeds:
                tick_to(store, story.start + timedelta(hours=hour))
                do(store, story, hour)
            looked = [shown(store)]
            for hour in (hour for hour in story.look if hour >= deeds[-1]):
                tick_to(store, story.start + timedelta(hours=hour))
                looked.append(shown(store))
            ticking.tick(store, CLOCK, until_idle=True)
            for last_event, times, nexts in looked:
                came, began = happened(store, last_event), happened_in(store, last_event)
                assert times == {id: came.get(id) for id in times}
                assert nexts == {name: began.get(name) for name in nexts}


@settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))
@given(stories())
def test_each_time_shown_is_the_time_at_which_it_happens(story: Story) -> None:
    check(story)


@pytest.mark.slow
@pytest.mark.timeout(900)
@settings(max_examples=trials(60), deadline=None, suppress_health_check=list(HealthCheck))
@given(stories())
def test_each_time_shown_is_kept_in_many_more_stories(story: Story) -> None:
    check(story)
