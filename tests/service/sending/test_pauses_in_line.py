"""Paused and resumed at once, nobody loses a place in a line, and nothing else changes
(rules, "What a pause leaves").

Each workspace has a twin in which nothing was paused: both show the same, and both do the same.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from seqctl.domain.model import Contact, Enrollment, SequenceDraft, TaskPlan
from seqctl.domain.sending.accounts import NO_LIMITS, Limits
from seqctl.service import status
from seqctl.service.enrollments import editing, enrolling, pausing
from seqctl.service.inboxes.inboxes import Wiring, connect_inbox, disconnect_inbox
from seqctl.service.sending.foretelling import Foretelling, rehearsed
from seqctl.service.tick import ticking
from seqctl.service.views import enrollment_documents
from seqctl.store import SqliteStore
from tests.desk import MONDAY, Desk, RealDesk
from tests.machine.drafts import STARTS, drafts, limits
from tests.trials import trials
from tests.workspaces import (
    CLOCK,
    add_contacts,
    apply,
    assert_sound,
    copied,
    found,
    now,
    opened,
    tick_to,
    user,
)

DAY, HOUR = timedelta(days=1), timedelta(hours=1)
INBOX = "ann@acme.test"
WHO = tuple(f"{name}@example.com" for name in ("ada", "ben", "cleo", "dan", "eva", "finn", "gus"))
NAMES = ("intro", "nurture")
LEVELS = ("all", "sequence", "contact", "contact in sequence")
Level = tuple[str, int, str]
levels = st.tuples(st.sampled_from(LEVELS), st.integers(0, len(WHO) - 1), st.sampled_from(NAMES))


class Story(NamedTuple):
    """Who stands in line at the hour at which one pauses and resumes, and who is paused then.

    Each of the `enrolled` is a sequence, a contact, in how many hours, and whether at any time. Where
    the inbox is `away`, it is connected again so many hours after it.
    """

    start: datetime
    drafts: list[SequenceDraft]
    limits: Limits
    enrolled: list[tuple[int, int, int, bool]]
    hour: int
    paused: list[Level]
    away: int | None


@st.composite
def stories(draw: st.DrawFn) -> Story:
    """Two sequences, most of whose first steps are mails, and one inbox with a limit."""
    enrolled = st.tuples(
        st.integers(0, 1),
        st.integers(0, len(WHO) - 1),
        st.sampled_from((0, 0, 0, 5, 24)),
        st.sampled_from((False, False, True)),
    )
    return Story(
        draw(st.sampled_from(STARTS)),
        [draw(drafts(name)) for name in NAMES],
        draw(limits.filter(bool)),
        draw(st.lists(enrolled, min_size=4, max_size=14)),
        draw(st.integers(0, 120)),
        draw(st.lists(levels, min_size=1, max_size=3)),
        draw(st.none() | st.sampled_from((0, 5, 30))),
    )


def prepare(path: Path, story: Story) -> None:
    """The workspace at the hour at which one pauses and resumes."""
    found(path, story.start)
    with opened(path) as store:
        ann = user(store, "ann")
        people = [Contact(0, who, who.partition("@")[0].capitalize()) for who in WHO]
        add_contacts(store, people, story.start)
        apply(store, story.drafts, story.start)
        connect_inbox(store, ann, INBOX, Wiring(limits=story.limits), story.start)
        for sequence, who, later, any_time in story.enrolled:
            at = None if any_time else story.start + later * HOUR
            asked = enrolling.Request(
                NAMES[sequence], (WHO[who],), at=at, any_time=any_time, also=True
            )
            enrolling.enroll(store, ann, story.start, asked)
        tick_to(store, story.start + story.hour * HOUR)
        if story.away is not None:
            disconnect_inbox(store, ann, INBOX, False, now(store))
            ticking.tick(store, CLOCK)


def pause_and_resume(store: SqliteStore, level: Level, at: datetime) -> None:
    """At once, at one of the levels."""
    kind, who, name = level
    ann = user(store, "ann")
    pause, resume = pausing.Pause(ann, at), pausing.Resume(ann, at)
    if kind == "all":
        pausing.pause_all(store, pause)
        pausing.resume_all(store, resume)
    elif kind == "sequence":
        pausing.pause_sequence(store, name, pause)
        pausing.resume_sequence(store, name, resume)
    else:
        within = name if kind == "contact in sequence" else None
        pausing.pause_contacts(store, [WHO[who]], pause, within)
        pausing.resume_contacts(store, [WHO[who]], resume, within)


def shown(store: SqliteStore, at: datetime) -> tuple[Any, ...]:
    """All that people and programs see of the enrollments, and how many wait."""
    ann = user(store, "ann")
    overview = status.overview(store, ann, at)
    waits = store.enrollments.waiting_due() + store.enrollments.count_due(at)
    return enrollment_documents(store, ann, at), overview.document["sequences"], waits


def stored(store: SqliteStore) -> list[Enrollment]:
    """The enrollments but for their history; what was left of a delay is noted at each resume."""
    ids = [id for (id,) in store.connection.execute("SELECT id FROM enrollment")]
    found = store.enrollments.get(ids)
    return [each._replace(last_event_id=None, left_s=None) for each in found]


def done(store: SqliteStore) -> list[Any]:
    """All mails and tasks, in their order."""
    mails = "SELECT enrollment_id, step, at, subject FROM message ORDER BY id"
    tasks = "SELECT enrollment_id, step, created_at FROM task ORDER BY id"
    return [store.connection.execute(query).fetchall() for query in (mails, tasks)]


def lived(path: Path, story: Story, paused: list[Level]) -> list[Any]:
    """What is shown and stored after these were paused and resumed, and all that happens then."""
    with opened(path) as store:
        for level in paused:
            pause_and_resume(store, level, now(store))
        told = [shown(store, now(store)), stored(store)]
        ticking.tick(store, CLOCK)
        told += [shown(store, now(store)), stored(store)]
        if story.away is not None:
            ticking.tick(store, CLOCK, by=story.away * HOUR)
            connect_inbox(store, user(store, "ann"), INBOX, None, now(store))
        ticking.tick(store, CLOCK, until_idle=True)
        assert_sound(store)
        return [*told, done(store)]


def check(story: Story) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "w.db"
        prepare(path, story)
        twin = copied(path, "twin")
        assert lived(path, story, story.paused) == lived(twin, story, [])


@settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck))
@given(stories())
def test_paused_and_resumed_at_once_nothing_changes(story: Story) -> None:
    check(story)


@pytest.mark.slow
@pytest.mark.timeout(900)
@settings(max_examples=trials(50), deadline=None, suppress_health_check=list(HealthCheck))
@given(stories())
def test_paused_and_resumed_at_once_nothing_changes_in_many_more_stories(story: Story) -> None:
    check(story)


# --- by example -----------------------------------------------------------------------------------

TEXT = "name: {}\nshare: everyone\ndays: weekdays\nwindow: 08:00-18:00\nsteps:\n"
TEXT += "  - email: {{subject: Hello, body: one}}\n"
FRIDAY = MONDAY + 4 * DAY
OPEN, EVENING, CLOSED = FRIDAY + HOUR, FRIDAY + 12 * HOUR, FRIDAY + DAY
hours = pytest.mark.parametrize("when", [OPEN, EVENING, CLOSED], ids=["open", "evening", "closed"])


def in_line(desk: Desk, when: datetime) -> Desk:
    """Of seven in two sequences one has gone on Friday; the others stand in line, one a day."""
    for name in NAMES:
        desk.apply(TEXT.format(name))
    for who in WHO:
        desk.contact(who)
    to(desk, FRIDAY)
    connect_inbox(desk.store, desk.me, INBOX, Wiring(limits=Limits(per_day=1)), desk.now)
    for place, who in enumerate(WHO):
        desk.enroll(who, sequence=NAMES[place % 2])
    ticked(desk)
    to(desk, when)
    return desk


def to(desk: Desk, when: datetime) -> None:
    if isinstance(desk, RealDesk):
        desk.tick_at(when)
    else:
        desk.tick_to(when)


def ticked(desk: Desk) -> None:
    to(desk, desk.now)


@pytest.fixture(params=[Desk, RealDesk], ids=["simulated", "real"])
def line(request: pytest.FixtureRequest, tmp_path: Path) -> Any:
    def made(when: datetime) -> Desk:
        desks.append(in_line(request.param(tmp_path), when))
        return desks[-1]

    desks: list[Desk] = []
    yield made
    for desk in desks:
        desk.close()


Line = Callable[[datetime], Desk]


@hours
@pytest.mark.parametrize("kind", LEVELS)
def test_who_stands_in_line_keeps_the_place(line: Line, when: datetime, kind: str) -> None:
    desk = line(when)
    before = shown(desk.store, desk.now), stored(desk.store)
    assert {each.waiting for each in before[1]} == {None, "limit"}
    pause_and_resume(desk.store, (kind, 2, "intro"), desk.now)
    assert (shown(desk.store, desk.now), stored(desk.store)) == before
    ticked(desk)
    assert (shown(desk.store, desk.now), stored(desk.store)) == before


@hours
def test_who_waits_for_the_inbox_waits_for_it_still(line: Line, when: datetime) -> None:
    desk = line(when)
    disconnect_inbox(desk.store, desk.me, INBOX, False, desk.now)
    ticked(desk)
    before = shown(desk.store, desk.now), stored(desk.store)
    assert {each.waiting for each in before[1]} == {None, "inbox"}
    pause_and_resume(desk.store, ("all", 0, ""), desk.now)
    assert (shown(desk.store, desk.now), stored(desk.store)) == before


@hours
def test_who_is_held_stands_in_no_line(line: Line, when: datetime) -> None:
    """Nobody waits behind a held one, and no line is seen where all that stood in it are held."""
    desk = line(when)
    desk.pause("intro")
    assert desk.store.enrollments.waiting_due() == 3
    assert desk.store.enrollments.inboxes_in_line() == {1}
    desk.pause("nurture")
    assert desk.store.enrollments.waiting_due() == 0
    assert desk.store.enrollments.inboxes_in_line() == set()
    to(desk, MONDAY + 9 * DAY)
    assert len(desk.mails()) == 1
    desk.resume("nurture")
    ticked(desk)
    assert [who for who, *_ in desk.mails()] == [WHO[0].partition("@")[0], "ben"]


@hours
def test_resumed_later_it_is_placed_from_the_resume(line: Line, when: datetime) -> None:
    """It waits no longer than others, and stands where its new due time puts it."""
    desk = line(when)
    desk.pause(None, WHO[1])
    to(desk, when + HOUR)
    desk.resume(None, WHO[1])
    placed = {OPEN: OPEN + HOUR, EVENING: MONDAY + 7 * DAY - HOUR, CLOSED: CLOSED + HOUR + 2 * DAY}
    assert (desk.row(2).waiting, desk.row(2).due_at) == ("delay", placed[when])


def test_a_rehearsed_pause_lets_those_behind_move_up(line: Line) -> None:
    desk = line(CLOSED)
    with desk.store.rehearsing():
        paused = desk.pause(None, WHO[1])
        instead = rehearsed(desk.store, paused.done)
    turns = Foretelling(desk.store, desk.now, instead).moments(stored(desk.store))
    before = Foretelling(desk.store, desk.now).moments(stored(desk.store))
    assert turns[3] == before[2]
    assert before.keys() - turns.keys() == {2}


@hours
def test_a_pause_in_between_keeps_what_the_inbox_has_become(line: Line, when: datetime) -> None:
    """Disconnected, without its limit, or connected again between a pause and a resume."""
    desk = line(when)
    desk.pause("intro")
    disconnect_inbox(desk.store, desk.me, INBOX, False, desk.now)
    desk.resume("intro")
    ticked(desk)
    assert {each.waiting for each in stored(desk.store)} == {None, "inbox"}
    desk.pause("intro")
    connect_inbox(desk.store, desk.me, INBOX, Wiring(limits=NO_LIMITS), desk.now)
    desk.resume("intro")
    assert {each.waiting for each in stored(desk.store)} == {None, "delay"}
    assert len({each.due_at for each in stored(desk.store) if each.live}) == 1
    to(desk, MONDAY + 8 * DAY)
    assert len(desk.mails()) == 7


@hours
def test_edited_while_it_is_held_it_is_what_it_was_edited_to(line: Line, when: datetime) -> None:
    desk = line(when)
    desk.pause("nurture")
    opened_edit = editing.open_edit(desk.store, desk.me, "nurture", WHO[1])
    (step,) = opened_edit.version.steps
    ring = step._replace(email=None, task=TaskPlan("call", "Ring"))
    editing.save_edit(desk.store, desk.me, desk.now, opened_edit, (ring,))
    desk.resume("nurture")
    assert desk.row(2).waiting == "delay"
    assert desk.row(4).waiting == "limit"
    ticked(desk)
    assert [title for title, *_ in desk.tasks()] == ["Ring"]
