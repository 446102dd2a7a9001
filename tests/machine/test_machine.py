"""Random commands of two users; after each of them the promises (rules, "What never happens") are checked.

Nothing is taken from `doctor` here but its own verdict: each promise is looked up by hand as well.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from contextlib import ExitStack
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from seqctl.domain.enrollments import lifecycle
from seqctl.domain.errors import SeqctlError
from seqctl.domain.model import Contact, Enrollment, SequenceDraft, Sharing, Status, User, Waiting
from seqctl.domain.sending.accounts import Limits
from seqctl.domain.timing import schedule
from seqctl.service import tasks
from seqctl.service.contacts import blocks, contacts
from seqctl.service.enrollments import editing, enrolling, marking, pausing, reenrolling
from seqctl.service.inboxes import inboxes
from seqctl.service.outcome import Outcome
from seqctl.service.plans import Plans
from seqctl.service.sequences import sequences
from seqctl.service.tick import ticking
from seqctl.store import SqliteStore
from tests.machine.drafts import STARTS, drafts, limits
from tests.trials import trials
from tests.workspaces import (
    CLOCK,
    add_contacts,
    apply,
    assert_sound,
    found,
    minutes,
    now,
    opened,
    user,
)

SEQUENCES = ("intro", "nurture", "private")
SHARED = {name: Sharing(everyone=name != "private") for name in SEQUENCES}
WHO = ("ada", "ben", "cleo", "dan")
ADDRESSES = tuple(f"{name}@example.com" for name in WHO)
USERS = ("ann", "bo")

users = st.sampled_from(USERS)
names = st.sampled_from(SEQUENCES)
addresses = st.sampled_from(ADDRESSES)
spans = st.one_of(
    st.sampled_from((0, 1, 60, 1440, 3 * 1440, 7 * 1440)), st.integers(0, 10 * 1440)
).map(minutes)
waits = st.sampled_from((0, 0, 1, 300, 1440, 2 * 1440)).map(minutes)
perhaps_spans = st.none() | spans
steps = st.sampled_from((1, 1, 1, 2, 3))


def deed(**drawn: st.SearchStrategy[Any]) -> Callable[[Callable[..., None]], Any]:
    """A rule for what somebody does, some time after what happened before."""

    def decorated(command: Callable[..., None]) -> Any:
        def later(self: Workspace, waited: timedelta, **given: Any) -> None:
            self.tick_by(waited)
            command(self, **given)

        later.__name__ = command.__name__
        return rule(waited=waits, **drawn)(later)

    return decorated


class Workspace(RuleBasedStateMachine):
    """Two users, three sequences and four contacts, two of whom belong to ann."""

    @initialize(start=st.sampled_from(STARTS), data=st.data())
    def begin(self, start: datetime, data: st.DataObject) -> None:
        self.exits = ExitStack()
        folder = Path(self.exits.enter_context(tempfile.TemporaryDirectory()))
        found(folder / "w.db", start, USERS)
        self.store: SqliteStore = self.exits.enter_context(opened(folder / "w.db"))
        made = [data.draw(drafts(name, SHARED[name]), label=name) for name in SEQUENCES]
        apply(self.store, made, start)
        ann = user(self.store, "ann")
        people_known = (
            Contact(0, ADDRESSES[0], "Ada", company="Initech"),
            Contact(0, ADDRESSES[1], "Ben", company="initech "),
            Contact(0, ADDRESSES[2], "Cleo", owner_id=ann.id, owner="ann", access="owner"),
            Contact(0, ADDRESSES[3], "Dan", owner_id=ann.id, owner="ann", access="team"),
        )
        add_contacts(self.store, people_known, start)
        self.left: dict[int, tuple[Any, ...]] = {}
        self.limited: dict[int, tuple[Limits, int]] = {}
        for who, name, to in (("ann", "intro", ADDRESSES), ("bo", "nurture", ADDRESSES[:2])):
            request = enrolling.Request(name, to, also=True)
            enrolling.enroll(self.store, user(self.store, who), start, request)
        self.enrollments = self.read()

    def teardown(self) -> None:
        if hasattr(self, "exits"):
            self.exits.close()

    # --- what people do -------------------------------------------------------------------------

    @deed(who=users, name=names, to=st.sets(addresses, min_size=1), step=steps,
          later=perhaps_spans, any_time=st.booleans(), also=st.booleans())  # fmt: skip
    def enroll(
        self, who: str, name: str, to: set[str], step: int, later: timedelta | None,
        any_time: bool, also: bool,
    ) -> None:  # fmt: skip
        at = None if later is None or any_time else self.now + later
        request = enrolling.Request(
            name, tuple(sorted(to)), from_step=step, at=at, any_time=any_time, also=also
        )
        self.own(who, lambda by: enrolling.enroll(self.store, by, self.now, request))

    @deed(which=st.integers(0, 9), step=st.none() | steps, at_once=st.booleans())
    def reenroll(self, which: int, step: int | None, at_once: bool) -> None:
        ended = [e for e in self.read().values() if e.status == Status.UNENROLLED]
        if ended:
            old = ended[which % len(ended)]
            who, name, to = self.named(old)
            request = reenrolling.Request(name, (to,), from_step=step, at_once=at_once, also=True)
            self.own(who, lambda by: reenrolling.reenroll(self.store, by, self.now, request))

    @deed(who=users, name=names, until=perhaps_spans)
    def pause_sequence(self, who: str, name: str, until: timedelta | None) -> None:
        def pause(by: User) -> Outcome:
            return pausing.pause_sequence(self.store, name, self.pause(by, until))

        self.own(who, pause)

    @deed(who=users, until=perhaps_spans)
    def pause_all(self, who: str, until: timedelta | None) -> None:
        self.own(who, lambda by: pausing.pause_all(self.store, self.pause(by, until)))

    @deed(who=users, to=addresses, name=st.none() | names, until=perhaps_spans)
    def pause_contact(self, who: str, to: str, name: str | None, until: timedelta | None) -> None:
        self.touch(
            who, lambda by: pausing.pause_contacts(self.store, [to], self.pause(by, until), name)
        )

    @deed(who=users, name=names, restart=st.booleans())
    def resume_sequence(self, who: str, name: str, restart: bool) -> None:
        def resume(by: User) -> Outcome:
            return pausing.resume_sequence(self.store, name, pausing.Resume(by, self.now, restart))

        self.own(who, resume)

    @deed(which=st.integers(0, 9))
    def pause_and_resume_at_once(self, which: int) -> None:
        """It never changes anything; but what is left of a delay is noted."""
        running = [e for e in self.read().values() if e.live and e.held_since is None]
        if not running:
            return
        before = running[which % len(running)]
        who, name, to = self.named(before)
        by = user(self.store, who)
        pausing.pause_contacts(self.store, [to], self.pause(by, None), name)
        pausing.resume_contacts(self.store, [to], pausing.Resume(by, self.now), name)
        (after,) = self.store.enrollments.get([before.id])
        noted = {"left_s": after.left_s, "last_event_id": after.last_event_id}
        assert after == before._replace(**noted)

    @deed(who=users, each=st.booleans())
    def resume_all(self, who: str, each: bool) -> None:
        self.own(
            who,
            lambda by: pausing.resume_all(self.store, pausing.Resume(by, self.now), each=each),
        )

    @deed(who=users, to=addresses, name=st.none() | names, restart=st.booleans())
    def resume_contact(self, who: str, to: str, name: str | None, restart: bool) -> None:
        def resume(by: User) -> Outcome:
            resumed = pausing.Resume(by, self.now, restart)
            return pausing.resume_contacts(self.store, [to], resumed, name)

        self.touch(who, resume)

    @deed(who=users, to=addresses, name=st.none() | names)
    def unenroll(self, who: str, to: str, name: str | None) -> None:
        self.touch(who, lambda by: marking.unenroll(self.store, by, self.now, [to], name))

    @deed(who=users, to=addresses, what=st.sampled_from(sorted(marking.REASONS)))
    def mark(self, who: str, to: str, what: str) -> None:
        self.touch(who, lambda by: marking.mark(self.store, by, self.now, [to], what))

    @deed(who=users, to=addresses, name=st.sampled_from(("", "Ada")))
    def rename_contact(self, who: str, to: str, name: str) -> None:
        edit = contacts.Edit({"first_name": name})
        self.touch(who, lambda by: contacts.edit(self.store, by, self.now, to, edit))

    @deed(who=users, to=addresses)
    def add_contact_again(self, who: str, to: str) -> None:
        edit = contacts.Edit({"first_name": "Again", "company": "Initech"})
        self.touch(who, lambda by: contacts.add(self.store, by, self.now, to, edit))

    @deed(who=users, which=st.integers(0, 3), skip=st.booleans())
    def close_task(self, who: str, which: int, skip: bool) -> None:
        mine = tasks.my_tasks(self.store, user(self.store, who))
        if mine:
            words = [str(mine[which % len(mine)].id)]
            status = "skipped" if skip else "done"
            self.own(who, lambda by: tasks.close_task(self.store, by, self.now, words, status))

    @deed(
        who=st.sampled_from(("ann", "ann", "bo")), end=st.sampled_from((False, False, False, True))
    )
    def switch_inbox(self, who: str, end: bool) -> None:
        address = f"{who}@acme.test"
        (inbox,) = (each for each in self.store.people.inboxes() if each.address == address)

        def switch(by: User) -> object:
            if inbox.connected:
                return inboxes.disconnect_inbox(self.store, by, address, end, self.now)
            return inboxes.connect_inbox(self.store, by, address, None, self.now)

        self.own(who, switch)

    @deed(who=st.sampled_from(USERS), chosen=limits)
    def limit_inbox(self, who: str, chosen: Limits) -> None:
        address, wiring = f"{who}@acme.test", inboxes.Wiring(limits=chosen)
        before = {e.id: e for e in self.read().values() if e.waiting == Waiting.LIMIT}
        self.own(who, lambda by: inboxes.connect_inbox(self.store, by, address, wiring, self.now))
        assert before.items() <= self.read().items()  # each keeps its place

    @deed(data=st.data(), name=names)
    def apply_version(self, data: st.DataObject, name: str) -> None:
        draft: SequenceDraft = data.draw(drafts(name, SHARED[name]))
        before = self.read()
        self.own("ann", lambda by: sequences.apply(self.store, by, self.now, [draft]))
        assert self.read() == before

    @deed(who=users, to=addresses, name=names, verb=st.sampled_from(
        ("opt out", "opt in", "opt in", "delete", "block", "block @", "unblock", "sequence")))  # fmt: skip
    def say_no(self, who: str, to: str, name: str, verb: str) -> None:
        domain = "@example.com" if verb == "block @" else to

        def command(by: User) -> object:
            match verb:
                case "opt out":
                    return contacts.opt_out(self.store, by, self.now, to)
                case "opt in":
                    return contacts.opt_in(self.store, by, self.now, to)
                case "delete":
                    return contacts.delete(self.store, by, self.now, to)
                case "sequence":
                    return sequences.delete(self.store, by, self.now, name)
                case "unblock":
                    known = [block.address for block in self.store.contacts.blocks()]
                    return blocks.remove(self.store, by, self.now, known)
                case _:
                    return blocks.add(self.store, by, self.now, [domain])

        self.touch(who, command)

    @deed(which=st.integers(0, 9), data=st.data())
    def edit(self, which: int, data: st.DataObject) -> None:
        live = [e for e in self.read().values() if e.live]
        if not live:
            return
        who, name, to = self.named(live[which % len(live)])
        opening = editing.open_edit(self.store, user(self.store, who), name, to)
        drawn: SequenceDraft = data.draw(drafts(name))
        done = opening.version.steps[: opening.first - 1]
        coming = tuple(
            step._replace(number=number)
            for number, step in enumerate(drawn.steps, 1)
            if number >= opening.first
        )
        if done + coming:
            self.own(
                who,
                lambda by: editing.save_edit(self.store, by, self.now, opening, done + coming),
            )

    # --- the clock ------------------------------------------------------------------------------

    @rule(by=spans)
    def tick(self, by: timedelta) -> None:
        self.tick_by(by)

    def tick_by(self, by: timedelta) -> None:
        before, messages = self.read(), self.messages()
        frozen = {id for id, e in before.items() if e.held_since is not None}
        result = ticking.tick(self.store, CLOCK, by=by)
        assert result.ended == result.began + by
        if not result.resumed:
            self.nothing_held_moved(before, frozen, messages)

    @rule()
    def tick_again(self) -> None:
        ticking.tick(self.store, CLOCK)
        before, events = self.read(), self.store.history.last_id()
        assert not ticking.tick(self.store, CLOCK).happened
        assert self.read() == before
        assert self.store.history.last_id() == events

    def nothing_held_moved(
        self, before: dict[int, Enrollment], frozen: set[int], messages: list[Any]
    ) -> None:
        after = self.read()
        for id in frozen:
            told = before[id]._replace(
                last_event_id=after[id].last_event_id
            )  # one of two holds ended
            assert after[id] == told
        held_or_ended = frozen | {id for id, e in before.items() if not e.live}
        fresh = self.messages()[len(messages) :]
        assert not held_or_ended & {enrollment for enrollment, *_ in fresh}

    # --- the promises ---------------------------------------------------------------------------

    @invariant()
    def doctor_finds_nothing(self) -> None:
        assert_sound(self.store)

    @invariant()
    def something_moves_each_live_one(self) -> None:
        agenda = set(self.rows("SELECT enrollment_id, due_at FROM agenda"))
        connected = {inbox.id: inbox.connected for inbox in self.store.people.inboxes()}
        open_tasks = set(self.rows("SELECT enrollment_id, step FROM task WHERE status = 'open'"))
        for id, e in self.read().items():
            queued = [due for enrollment, due in agenda if enrollment == id]
            runs = e.live and e.held_since is None
            if runs and e.due_at is not None and e.waiting in (Waiting.DELAY, Waiting.TASK):
                assert len(queued) == 1
            else:
                assert queued == []
            if e.live and e.held_since is not None:
                assert self.store.holds.on(e), e
            elif runs and e.waiting == Waiting.TASK:
                assert (id, e.step) in open_tasks or queued, e
            elif runs and e.waiting == Waiting.INBOX:
                assert not connected[e.inbox_id or 0], e
            elif runs and e.waiting == Waiting.LIMIT:
                assert e.due_at is not None
                assert e.due_at <= self.now
            elif runs:
                assert e.waiting == Waiting.DELAY, e
                assert queued, e

    @invariant()
    def an_inbox_sends_no_more_than_it_may(self) -> None:
        """Up to now, by the limits of now: a limit that has just come counts what went before."""
        for inbox in self.store.people.inboxes():
            query = f"SELECT at FROM message WHERE inbox_id = {inbox.id} ORDER BY at"
            sent = [datetime.fromisoformat(at) for (at,) in self.rows(query)]
            since = self.limited.get(inbox.id)
            if since is None or since[0] != inbox.limits:
                self.limited[inbox.id] = since = (inbox.limits, len(sent))
            for count, span in ((inbox.limits.per_day, 24 * 60), (inbox.limits.per_minute, 1)):
                for place in range(max(since[1], count or 0), len(sent)):
                    assert count is None or sent[place] - sent[place - count] >= minutes(span)
            if inbox.limits.gap is not None:
                for place in range(max(since[1], 1), len(sent)):
                    assert sent[place] - sent[place - 1] >= inbox.limits.gap[0]

    @invariant()
    def at_most_one_lives_per_contact_and_sequence(self) -> None:
        live = [(e.contact_id, e.sequence_id) for e in self.read().values() if e.live]
        assert len(live) == len(set(live))

    @invariant()
    def each_enrollment_is_as_its_last_event_tells(self) -> None:
        told = self.rows(
            "SELECT e.id, v.enrollment_id, v.status, v.due_at FROM enrollment AS e "
            "JOIN event AS v ON v.id = e.last_event_id"
        )
        current = self.read()
        assert len(told) == len(current)
        for id, about, status, due in told:
            assert about == id
            assert status == lifecycle.label(current[id])
            assert due == (current[id].due_at and f"{current[id].due_at:%Y-%m-%dT%H:%M:%SZ}")

    @invariant()
    def time_spent_paused_does_not_count(self) -> None:
        """What is left of a delay stays the same for as long as it is held, also over an edit."""
        plans, left = Plans(self.store), dict[int, tuple[Any, ...]]()
        for id, e in self.read().items():
            if not e.live or e.held_since is None:
                continue
            begun = e.version_id if e.waiting == Waiting.RESUME else None
            delay = lifecycle.running_delay(e, plans.of(e))
            seconds = lifecycle.remaining_seconds(e, plans.of(e))
            assert seconds is None or 0 <= seconds <= schedule.length(delay)
            left[id] = (e.held_since, e.step, e.delay_ends_at, begun), seconds
            known = self.left.get(id)
            if known is not None and known[0] == left[id][0]:
                assert known[1] == seconds
        self.left = left

    @invariant()
    def no_mail_to_who_said_no(self) -> None:
        said_no: dict[str, str] = dict(
            self.rows("SELECT address, min(since) FROM suppression GROUP BY 1")
        )
        for _, _, recipient, at in self.messages():
            since = said_no.get(recipient) or said_no.get("@example.com")
            assert since is None or at <= since

    @invariant()
    def moments_never_go_back(self) -> None:
        times = [at for (at,) in self.rows("SELECT at FROM event ORDER BY id")]
        assert times == sorted(times)

    # --- helpers --------------------------------------------------------------------------------

    @property
    def now(self) -> datetime:
        return now(self.store)

    def rows(self, query: str) -> list[Any]:
        return self.store.connection.execute(query).fetchall()

    def messages(self) -> list[Any]:
        return self.rows("SELECT enrollment_id, step, recipient, at FROM message ORDER BY id")

    def read(self) -> dict[int, Enrollment]:
        ids = [id for (id,) in self.rows("SELECT id FROM enrollment")]
        return {e.id: e for e in self.store.enrollments.get(ids)}

    def named(self, enrollment: Enrollment) -> tuple[str, str, str]:
        """Who enrolled, in what, and whom."""
        return self.rows(
            "SELECT u.name, s.name, c.email FROM enrollment AS e JOIN user AS u ON u.id = user_id "
            "JOIN sequence AS s ON s.id = sequence_id JOIN contact AS c ON c.id = contact_id "
            f"WHERE e.id = {enrollment.id}"
        )[0]

    def pause(self, by: User, until: timedelta | None) -> pausing.Pause:
        return pausing.Pause(by, self.now, self.now + until if until else None)

    def touch(self, who: str, command: Callable[[User], object]) -> None:
        """A command that may reach other users' enrollments; only a tick sends and creates."""
        self.enrollments = self.read()
        made = self.messages(), self.rows("SELECT id FROM task")
        try:
            command(user(self.store, who))
        except SeqctlError:
            assert self.read() == self.enrollments
        assert (self.messages(), self.rows("SELECT id FROM task")) == made
        for id, after in self.read().items():
            before = self.enrollments.get(id)
            if after.held_since is not None and (before is None or before.held_since is None):
                assert after.held_since == self.now
            changed = after != before and after.waiting not in (Waiting.INBOX, Waiting.LIMIT)
            if after.due_at is not None and changed:
                assert after.due_at >= self.now
        self.enrollments = self.read()

    def own(self, who: str, command: Callable[[User], object]) -> None:
        """A command that never changes another user's enrollments (rules, "What never happens", 7)."""
        before, id = self.read(), user(self.store, who).id
        self.touch(who, command)
        after = self.read()
        assert {k: e for k, e in after.items() if e.user_id != id} == {
            k: e for k, e in before.items() if e.user_id != id
        }
        ended = {k: e for k, e in before.items() if e.status != Status.LIVE}
        assert all(after[k]._replace(last_event_id=0) == e._replace(last_event_id=0)
                   for k, e in ended.items())  # fmt: skip


TestCommands = Workspace.TestCase
TestCommands.settings = settings(
    max_examples=15,
    stateful_step_count=25,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)


@pytest.mark.slow
@pytest.mark.timeout(1800)
class TestManyMoreCommands(Workspace.TestCase):
    settings = settings(
        max_examples=trials(12),
        stateful_step_count=50,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
