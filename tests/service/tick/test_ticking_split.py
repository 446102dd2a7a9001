"""Splitting never matters (rules, "Splitting a tick"): one long tick, many short ones, batches of any
size."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, time
from pathlib import Path
from typing import NamedTuple

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from seqctl.domain.model import Contact, Email, SequenceDraft, Settings, Step, TaskPlan
from seqctl.domain.sending.accounts import NO_LIMITS, Limits
from seqctl.domain.timing.measures import Days, Delay, Unit, Window
from seqctl.service import tasks
from seqctl.service.contacts import contacts
from seqctl.service.enrollments import enrolling, marking, pausing
from seqctl.service.inboxes import inboxes
from seqctl.service.tick import ticking
from seqctl.store import SqliteStore
from tests.machine.drafts import STARTS, drafts, limits
from tests.trials import trials
from tests.workspaces import (
    CLOCK,
    Ledger,
    add_contacts,
    apply,
    assert_same,
    assert_sound,
    clock_of,
    copied,
    found,
    ledger,
    minutes,
    now,
    opened,
    tick_to,
    user,
)

DAYS = 14
MINUTES = DAYS * 24 * 60
PEOPLE = tuple(
    Contact(0, f"{name}@example.com", name.capitalize(), company="Initech")
    for name in ("ada", "ben", "cleo", "dan", "eva", "finn")
)
ADDRESSES = tuple(contact.email for contact in PEOPLE)
LONG = SequenceDraft(
    "long",
    Settings("Long", days=Days.BUSINESS, window=Window(time(8), time(18))),
    (
        Step(1, None, None, email=Email("Hello", "Hi")),
        Step(2, Delay(2, Unit.DAY), time(9, 30), email=Email(None, "Still there?")),
        Step(3, Delay(0, Unit.DAY), None, task=TaskPlan("call", "Ring", wait=Delay(1, Unit.WEEK))),
        Step(4, Delay(1, Unit.DAY), None, email=Email(None, "A last time")),
    ),
)
offsets = st.integers(0, MINUTES) | st.sampled_from(range(0, MINUTES + 1, 720))


class Deed(NamedTuple):
    """What somebody does so many minutes after the start; `until` is when a pause ends, `limits`
    are what the inbox gets."""

    minute: int
    verb: str
    who: int
    until: int
    limits: Limits = NO_LIMITS


class Story(NamedTuple):
    """What happens in a workspace, but for when the ticks run."""

    start: datetime
    drafts: list[SequenceDraft]
    enrolled: list[tuple[int, int, int, bool]]
    deeds: list[Deed]
    limits: Limits = NO_LIMITS


VERBS = ("pause", "pause sequence", "resume", "resume sequence", "inbox", "done", "replied",
         "unenroll", "nameless", "block", "limits", "limits")  # fmt: skip
soon = st.integers(0, MINUTES // 4) | st.sampled_from(range(0, MINUTES // 4, 720))
deeds = st.builds(Deed, soon, st.sampled_from(VERBS), st.integers(0, 5), offsets, limits)


@st.composite
def stories(draw: st.DrawFn) -> Story:
    """Two or three sequences, up to six contacts in them, and what people do meanwhile."""
    names = ["intro", "nurture", "revive"][: draw(st.integers(2, 3))]
    enrollments = st.tuples(
        st.integers(0, len(names) - 1), st.integers(0, 5), offsets, st.booleans()
    )
    return Story(
        draw(st.sampled_from(STARTS)),
        [draw(drafts(name)) for name in names],
        draw(st.lists(enrollments, min_size=3, max_size=9)),
        sorted(draw(st.lists(deeds, max_size=8)), key=lambda deed: deed.minute),
        draw(limits),
    )


def prepare(path: Path, story: Story) -> None:
    """The workspace at the start of a story."""
    found(path, story.start)
    with opened(path) as store:
        add_contacts(store, PEOPLE, story.start)
        apply(store, story.drafts, story.start)
        limit(store, story.limits, story.start)
        for sequence, who, minute, any_time in story.enrolled:
            request = enrolling.Request(
                story.drafts[sequence].name,
                (ADDRESSES[who],),
                at=None if any_time else story.start + minutes(minute // 4),
                any_time=any_time,
                also=True,
            )
            enrolling.enroll(store, user(store, "ann"), story.start, request)


def limit(store: SqliteStore, limits: Limits, at: datetime) -> None:
    """The inbox gets these limits."""
    (inbox,) = store.people.inboxes()
    wiring = inboxes.Wiring(limits=limits)
    inboxes.connect_inbox(store, user(store, "ann"), inbox.address, wiring, at)


def do(store: SqliteStore, story: Story, deed: Deed) -> None:
    """Somebody does something at the workspace's time."""
    ann, at, who = user(store, "ann"), now(store), [ADDRESSES[deed.who]]
    until = story.start + minutes(deed.until)
    pause = pausing.Pause(ann, at, until if until > at else None)
    sequence = story.drafts[deed.who % len(story.drafts)].name
    match deed.verb:
        case "pause":
            pausing.pause_contacts(store, who, pause)
        case "pause sequence":
            pausing.pause_sequence(store, sequence, pause)
        case "resume":
            pausing.resume_contacts(store, who, pausing.Resume(ann, at))
        case "resume sequence":
            pausing.resume_sequence(store, sequence, pausing.Resume(ann, at))
        case "inbox":
            (inbox,) = store.people.inboxes()
            if inbox.connected:
                inboxes.disconnect_inbox(store, ann, inbox.address, False, at)
            else:
                inboxes.connect_inbox(store, ann, inbox.address, None, at)
        case "limits":
            limit(store, deed.limits, at)
        case "done":
            for task in tasks.my_tasks(store, ann)[:1]:
                tasks.close_task(store, ann, at, [str(task.id)], "done")
        case "replied":
            marking.mark(store, ann, at, who, "replied")
        case "unenroll":
            marking.unenroll(store, ann, at, who)
        case "nameless":
            contacts.edit(store, ann, at, who[0], contacts.Edit({"first_name": ""}))
        case _:
            contacts.opt_out(store, ann, at, who[0])


def play(store: SqliteStore, story: Story, cuts: list[int]) -> None:
    """The whole story, with a tick to each of its deeds, to each cut, and to its end."""
    moments = sorted({*cuts, MINUTES, *(deed.minute for deed in story.deeds)})
    waiting = list(story.deeds)
    for minute in moments:
        tick_to(store, story.start + minutes(minute))
        while waiting and waiting[0].minute == minute:
            do(store, story, waiting.pop(0))


@contextmanager
def batches_of(size: int) -> Iterator[None]:
    """Ticks that take so many due enrollments at once."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ticking, "BATCH", size)
        yield


def outcome(path: Path, name: str, story: Story, cuts: list[int], batch: int) -> Ledger:
    """What a copy of the workspace holds after the story."""
    with opened(copied(path, name)) as store, batches_of(batch):
        play(store, story, cuts)
        assert_sound(store)
        before = ledger(store)
        again = ticking.tick(store, CLOCK)
        assert not again.happened
        assert_same(before, ledger(store))
        return before


def check(story: Story, cuts: list[int], batch: int) -> None:
    """Once in one go, once in pieces."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "start.db"
        prepare(path, story)
        whole = outcome(path, "whole", story, [], 1000)
        assert_same(whole, outcome(path, "pieces", story, cuts, batch))


@settings(max_examples=35, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(stories(), st.lists(offsets, min_size=1, max_size=12), st.sampled_from((1, 2, 3, 1000)))
def test_splitting_never_matters(story: Story, cuts: list[int], batch: int) -> None:
    check(story, cuts, batch)


@pytest.mark.slow
@pytest.mark.timeout(900)
@settings(max_examples=trials(100), deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(stories(), st.lists(offsets, min_size=1, max_size=12), st.sampled_from((1, 2, 3, 1000)))
def test_splitting_never_matters_in_many_more_stories(
    story: Story, cuts: list[int], batch: int
) -> None:
    check(story, cuts, batch)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(stories(), st.lists(offsets, min_size=1, max_size=6))
def test_until_idle_ends_where_short_ticks_end(story: Story, cuts: list[int]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "start.db"
        prepare(path, story)
        with opened(copied(path, "idle")) as store:
            idle = ticking.tick(store, CLOCK, until_idle=True)
            assert idle.next_due is None
            whole = ledger(store)
        with opened(copied(path, "cuts")) as store:
            for minute in sorted(cuts):
                tick_to(store, story.start + minutes(minute))
            ticking.tick(store, CLOCK, until_idle=True)
            assert_sound(store)
            assert_same(whole, ledger(store))


@pytest.mark.parametrize("batch", [1, 2, 1000])
def test_days_one_by_one_are_like_all_at_once(tmp_path: Path, batch: int) -> None:
    story = Story(STARTS[1], [LONG], [(0, who, 0, False) for who in range(6)], [])
    path = tmp_path / "start.db"
    prepare(path, story)
    with opened(copied(path, "days")) as store, batches_of(batch):
        for _ in range(10):
            ticking.tick(store, CLOCK, by=minutes(24 * 60))
        days, clock = ledger(store), clock_of(store)
        assert len(days["message"]) == 12
        assert len(days["task"]) == 6
    with opened(path) as store:
        ticking.tick(store, CLOCK, by=minutes(10 * 24 * 60))
        assert_same(ledger(store), days)
        assert clock_of(store) == clock


@pytest.mark.parametrize("cuts", [[], [24 * 60 - 1], [24 * 60]])
def test_a_scheduled_resume_comes_first_at_its_instant(tmp_path: Path, cuts: list[int]) -> None:
    daily = LONG._replace(
        settings=Settings("Long"),
        steps=(
            Step(1, None, None, email=Email("Hello", "Hi")),
            Step(2, Delay(1, Unit.DAY), None, email=Email(None, "Still there?")),
        ),
    )
    day = 24 * 60
    held = Deed(0, "pause", 5, day)
    story = Story(STARTS[0], [daily], [(0, 0, 0, True), (0, 5, 0, True)], [held])
    prepare(tmp_path / "start.db", story)
    with opened(tmp_path / "start.db") as store:
        play(store, story, cuts)
        assert_sound(store)
        kinds = store.connection.execute(
            "SELECT kind, enrollment_id FROM event WHERE at LIKE '2026-03-03%' "
            "AND kind <> 'clock' ORDER BY id"
        ).fetchall()
    assert kinds == [("hold-lifted", None), ("resumed", 2), ("sent", 1), ("finished", 1)]
