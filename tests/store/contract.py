"""What every store must do, whatever it is made of.

A store proves it with a class of its own: it inherits `StoreContract` and says in `make` how a
fresh workspace comes to be. Only the ports are used here.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from seqctl.domain.enrollments import lifecycle
from seqctl.domain.enrollments.deciding import change
from seqctl.domain.errors import Busy
from seqctl.domain.model import (
    Contact,
    Email,
    Enrollment,
    Event,
    Message,
    Settings,
    Status,
    Step,
    Task,
    TaskPlan,
    User,
    Waiting,
)
from seqctl.domain.sending.accounts import Limits
from seqctl.domain.sending.limits import Slot
from seqctl.domain.texts.sentences import in_zone, said
from seqctl.domain.timing.measures import Delay, Unit
from seqctl.ports import RowRefused, Store
from seqctl.ports.contacts import ContactChange
from seqctl.service.inboxes.inboxes import capturing

NOW = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
STEPS = (
    Step(1, None, None, email=Email("Hello", "Hi")),
    Step(2, None, None, task=TaskPlan("call", "Ring")),
)


def write_and_fail(store: Store) -> None:
    with store.writing():
        store.workspace.move_clock(NOW + DAY)
        enroll(store, 1)
        raise ZeroDivisionError


def assert_alike(found: list[Enrollment], expected: list[Enrollment]) -> None:
    """The same enrollments, whichever events told of them."""
    assert [e._replace(last_event_id=None) for e in found] == [
        e._replace(last_event_id=None) for e in expected
    ]


class StoreContract:
    """One class of tests; `make` gives a fresh store whose simulated clock shows NOW."""

    @abstractmethod
    def make(self, folder: Path) -> Store:
        """A fresh, empty workspace."""

    @abstractmethod
    def again(self, store: Store) -> Store:
        """A second connection to the same workspace."""

    @abstractmethod
    def close(self, store: Store) -> None:
        """Let a store go."""

    @pytest.fixture
    def store(self, tmp_path: Path) -> Iterator[Store]:
        made = self.make(tmp_path)
        with made.writing():
            for name in ("ann", "bo"):
                user = made.people.add_user(
                    User(0, name, name.capitalize(), f"{name}@acme.test", "Europe/Stockholm")
                )
                made.people.connect_inbox(capturing(user))
            made.contacts.record(
                ContactChange(
                    Contact(0, f"{name}@x.test", name.capitalize(), company="X"),
                    Event(NOW, 1, "created"),
                )
                for name in ("ada", "ben", "cleo")
            )
            for name in ("intro", "other"):
                id = made.sequences.add(name, 1)
                made.sequences.add_version(id, 1, Settings(name), STEPS, NOW)
        yield made
        self.close(made)

    # --- transactions -----------------------------------------------------------------------------

    def test_a_write_is_whole_or_not_at_all(self, store: Store) -> None:
        with pytest.raises(ZeroDivisionError):
            write_and_fail(store)
        assert store.workspace.state().now == NOW
        assert store.enrollments.get([1]) == []

    def test_a_rehearsal_is_seen_inside_and_undone_after(self, store: Store) -> None:
        with store.rehearsing():
            enroll(store, 1)
            assert len(store.enrollments.get([1])) == 1
        assert store.enrollments.get([1]) == []

    def test_others_see_what_is_committed(self, store: Store) -> None:
        other = self.again(store)
        try:
            with store.writing():
                enroll(store, 1)
                assert other.enrollments.get([1]) == []
            assert len(other.enrollments.get([1])) == 1
        finally:
            self.close(other)

    def test_one_tick_at_a_time(self, store: Store) -> None:
        other = self.again(store)
        try:
            with store.tick_lock(), pytest.raises(Busy), other.tick_lock():
                pytest.fail("two ticks at once")
            with other.tick_lock():
                assert other.workspace.state().now == NOW
        finally:
            self.close(other)

    # --- the workspace ------------------------------------------------------------------------------

    def test_the_workspace_remembers_its_clock_target_and_halt(self, store: Store) -> None:
        store.workspace.move_clock(NOW + DAY)
        store.workspace.aim(NOW + 2 * DAY)
        store.workspace.ticked(NOW + HOUR)
        store.workspace.halt(NOW, "ann", "wrong list")
        state = store.workspace.state()
        assert (state.simulated, state.now, state.tick_target) == (True, NOW + DAY, NOW + 2 * DAY)
        assert (state.last_tick_at, state.halted_at) == (NOW + HOUR, NOW)
        assert (state.halted_by, state.halt_reason) == ("ann", "wrong list")
        store.workspace.aim("idle")
        store.workspace.unhalt()
        state = store.workspace.state()
        assert (state.tick_target, state.halted_at) == ("idle", None)

    # --- enrollments ----------------------------------------------------------------------------------

    def test_an_enrollment_comes_back_as_it_was_recorded(self, store: Store) -> None:
        recorded = enroll(store, 1)
        (found,) = store.enrollments.get([recorded.id])
        assert found._replace(last_event_id=None) == recorded
        assert found.last_event_id is not None
        assert store.enrollments.latest(1, 1) == found
        assert store.enrollments.next_id() == 2

    def test_one_live_enrollment_for_a_contact_and_a_sequence(self, store: Store) -> None:
        enroll(store, 1)
        with pytest.raises(RowRefused), store.writing():
            enroll(store, 1)
        assert store.enrollments.get([1, 2]) == store.enrollments.live(contact_id=1)
        end(store, 1)
        enroll(store, 1)
        assert [e.id for e in store.enrollments.live(sequence_id=1)] == [2]

    def test_what_is_due_comes_by_time_then_by_id(self, store: Store) -> None:
        for contact, due in ((1, NOW + DAY), (2, NOW), (3, NOW + DAY)):
            enroll(store, contact, due=due)
        found = store.enrollments.due(NOW + DAY, 10)
        assert [row.enrollment.id for row in found] == [2, 1, 3]
        assert [row.email for row in found] == ["ben@x.test", "ada@x.test", "cleo@x.test"]
        assert [row.enrollment.id for row in store.enrollments.due(NOW + DAY, 2)] == [2, 1]
        before = store.enrollments.due(NOW + DAY, 10, inclusive=False)
        assert [row.enrollment.id for row in before] == [2]
        assert store.enrollments.next_due() == NOW
        assert store.enrollments.count_due(NOW + DAY) == 3

    def test_a_line_is_read_by_due_time_so_many_of_each_group(self, store: Store) -> None:
        assert store.enrollments.inboxes_in_line() == set()
        for contact, due in ((1, NOW + DAY), (2, NOW), (3, NOW)):
            enroll(store, contact, due=due)
        before = store.enrollments.get([1, 2, 3])
        waiting = [lifecycle.limit_reached(e) for e in before]
        store.enrollments.record([change(e, NOW, "waiting", "") for e in waiting])
        (group,) = store.enrollments.groups_in_line(1)
        first, second = store.enrollments.in_line(1, group, 2)
        assert [first.enrollment.id, second.enrollment.id] == [2, 3]
        (last,) = store.enrollments.in_line(1, group, 2, second.enrollment)
        assert last.enrollment.id == 1
        assert store.enrollments.in_line(1, group, 2, last.enrollment) == []
        assert store.enrollments.inboxes_in_line() == {1}
        assert store.enrollments.groups_in_line(2) == []
        assert store.enrollments.in_line(2, group, 2) == []
        assert store.enrollments.next_due() is None
        assert store.enrollments.waiting_due() == 3

    def test_who_is_held_stands_in_no_line_and_waits_for_its_inbox_still(
        self, store: Store
    ) -> None:
        for contact in (1, 2, 3):
            enroll(store, contact)
        lined, held_in_line, missing = store.enrollments.get([1, 2, 3])
        lined, held_in_line = map(lifecycle.limit_reached, (lined, held_in_line))
        missing = lifecycle.inbox_missing(missing)
        waiting = [lined, held_in_line, missing]
        store.enrollments.record([change(e, NOW, "waiting", "") for e in waiting])
        held = [lifecycle.hold(e, NOW) for e in store.enrollments.get([2, 3])]
        store.enrollments.record([change(e, NOW, "paused", "", 1) for e in held])
        (group,) = store.enrollments.groups_in_line(1)
        assert [row.enrollment.id for row in store.enrollments.in_line(1, group, 9)] == [1]
        assert store.enrollments.waiting_due() == 1
        assert [e.id for e in store.enrollments.blocked_by_inbox(1)] == [3]
        store.enrollments.record([change(lifecycle.hold(lined, NOW), NOW, "paused", "", 1)])
        assert store.enrollments.inboxes_in_line() == set()

    def test_slots_count_from_the_day_before_a_limit_was_set(self, store: Store) -> None:
        for number, at in enumerate((NOW, NOW + HOUR, NOW + 2 * HOUR), 1):
            (sent,) = store.enrollments.get([enroll(store, number).id])
            mail = Message(number, sent.id, 1, 1, "ada@x.test", "Hello", "Hi", None, at)
            store.enrollments.record([change(sent, at, "sent", "Hello", message=mail)])
        store.enrollments.take_earlier_slots(1, NOW)
        assert store.enrollments.latest_slots(1, 9) == []
        (inbox, *_) = store.people.inboxes()
        store.people.connect_inbox(replace(inbox, limits=Limits(per_day=5)))
        for _ in range(2):
            store.enrollments.take_earlier_slots(1, NOW)
            slots = store.enrollments.latest_slots(1, 9)
            assert slots == [Slot(NOW + HOUR, "2.1"), Slot(NOW + 2 * HOUR, "3.1")]
        assert store.enrollments.latest_slots(1, 1) == slots[1:]
        assert store.enrollments.latest_slots(2, 9) == []

    def test_only_what_the_clock_moves_is_due(self, store: Store) -> None:
        for contact in (1, 2, 3):
            enroll(store, contact)
        (held, waits, gone) = store.enrollments.get([1, 2, 3])
        missing = lifecycle.inbox_missing(waits)
        store.enrollments.record(
            [
                change(lifecycle.hold(held, NOW), NOW, "paused", "", 1),
                change(missing, NOW, "waiting", ""),
                change(lifecycle.end(gone, NOW, "manual"), NOW, "unenrolled", "manual", 1),
            ]
        )
        assert store.enrollments.due(NOW + DAY, 10) == []
        assert (store.enrollments.next_due(), store.enrollments.waiting_due()) == (None, 1)
        assert [e.id for e in store.enrollments.blocked_by_inbox(1)] == [2]
        assert store.enrollments.held_ids(sequence_id=1, user_id=1) == [1]

    def test_a_suppressed_address_is_told_with_what_is_due(self, store: Store) -> None:
        for contact in (1, 2):
            enroll(store, contact)
        store.contacts.suppress("ada@x.test", "opted_out", NOW)
        assert [row.suppressed for row in store.enrollments.due(NOW, 9)] == [True, False]
        store.contacts.suppress("@x.test", "blocked", NOW)
        assert [row.suppressed for row in store.enrollments.due(NOW, 9)] == [True, True]

    def test_several_changes_of_one_enrollment_in_one_record(self, store: Store) -> None:
        first = enroll(store, 1)
        (row,) = store.enrollments.get([first.id])
        message = Message(1, row.id, 1, 1, "ada@x.test", "Hello", "Hi", None, NOW)
        sent = row._replace(
            step=2, due_at=NOW + HOUR, last_step_at=NOW, last_message_id=1, had_mail=True
        )
        task = Task(row.id, 2, 1, "call", "Ring", "high", "", None, None, NOW + HOUR)
        waits = sent._replace(waiting=Waiting.TASK, due_at=None)
        store.enrollments.record(
            [
                change(sent, NOW, "sent", "Hello", step=1)._replace(message=message),
                change(waits, NOW + HOUR, "task-created", "Ring")._replace(task=task),
            ]
        )
        (after,) = store.enrollments.get([row.id])
        assert (after.waiting, after.step, after.due_at) == (Waiting.TASK, 2, None)
        assert store.enrollments.due(NOW + DAY, 9) == []
        (open_task,) = store.tasks.open_of(1)
        assert (open_task.title, open_task.priority, open_task.orphaned) == ("Ring", "high", False)
        assert store.enrollments.next_message_id() == 2
        assert store.history.last_at() == NOW + HOUR
        assert list(store.views.findings()) == []

    def test_counts_and_lists_by_user_and_contact(self, store: Store) -> None:
        enroll(store, 1)
        enroll(store, 2, user=2)
        enroll(store, 1, sequence=2)
        e = store.enrollments
        assert e.live_ids(1, 1) == [1]
        assert e.live_sequences(1) == {1, 2}
        assert e.live_sequences_of([1, 2, 3]) == {1: {1, 2}, 2: {1}}
        assert e.live_by_user(1) == {"ann": 1, "bo": 1}
        assert [x.id for x in e.live(company=" x ")] == [1, 2, 3]
        assert [x.id for x in e.live(inbox_id=2)] == [2]
        end(store, 2)
        assert e.ever_in(1) == {1, 2}
        assert [x.id for x in e.ended_by(2, 1, "manual")] == [2]
        enroll(store, 2, user=2)
        assert e.ended_by(2, 1, "manual") == []

    # --- holds --------------------------------------------------------------------------------------

    def test_a_hold_is_placed_once_and_moved(self, store: Store) -> None:
        place = store.holds.place
        assert place("sequence", 1, NOW, None, 1) == ("placed", 1, None)
        assert place("sequence", 1, NOW, None, 1) == ("unchanged", 1, None)
        assert place("sequence", 1, NOW + HOUR, NOW + DAY, 1) == ("moved", 1, None)
        assert place("sequence", 1, NOW + HOUR, NOW + 2 * DAY, 1) == ("moved", 1, NOW + DAY)
        assert place("sequence", 1, NOW + HOUR, NOW + DAY, 1) == ("moved", 1, NOW + 2 * DAY)
        assert place("all", 1, NOW, None, 1) == ("placed", 2, None)
        assert place("sequence", 2, NOW, None, 1) == ("placed", 3, None)
        (first, second) = store.holds.on_sequence(1, 1)
        assert (first.scope, first.by, first.since, first.until) == (
            "sequence",
            "ann",
            NOW,
            NOW + DAY,
        )
        assert second.scope == "all"
        assert store.holds.by_all(1) == [first, second]

    def test_what_holds_an_enrollment(self, store: Store) -> None:
        one = enroll(store, 1)
        place = store.holds.place
        place("sequence", 1, NOW, None, 1)
        place("sequence", 2, NOW, None, 1)  # another user's
        place("contact", 2, NOW, None, None, 1)
        place("contact", 2, NOW, None, 1, 1)
        place("contact", 2, NOW, None, 2, 1)  # in another sequence
        place("contact", 2, NOW, None, None, 2)  # another contact
        assert [hold.id for hold in store.holds.on(one)] == [1, 3, 4]
        assert [hold.id for hold in store.holds.in_sequence(1)] == [1, 2, 4]
        assert [hold.id for hold in store.holds.on_contact(1)] == [3, 4, 5]
        store.holds.lift([1, 3])
        assert [hold.id for hold in store.holds.on(one)] == [4]

    def test_holds_that_end_by_themselves(self, store: Store) -> None:
        assert store.holds.next_until() is None
        store.holds.place("sequence", 1, NOW, NOW + 2 * DAY, 1)
        store.holds.place("sequence", 1, NOW, NOW + DAY, 2)
        store.holds.place("sequence", 2, NOW, None, 2)
        assert store.holds.next_until() == NOW + DAY
        assert [hold.id for hold in store.holds.ending(NOW + DAY)] == [2]
        assert [hold.id for hold in store.holds.ending(NOW + 9 * DAY)] == [2, 1]

    def test_whatever_one_waits_for_it_is_held_alike(self, store: Store) -> None:
        """Its time is kept, the measure of its delay too."""
        for contact in (1, 2, 3):
            enroll(store, contact)
        (delayed, tasked, lined) = store.enrollments.get([1, 2, 3])
        five_days = Delay(5, Unit.DAY)
        store.enrollments.record(
            [
                change(delayed._replace(delay=five_days, left_s=60), NOW, "edited", "", 1),
                change(tasked._replace(waiting=Waiting.TASK), NOW, "task-created", ""),
                change(lifecycle.limit_reached(lined), NOW, "waiting", ""),
            ]
        )
        before = store.enrollments.get([1, 2, 3])
        store.holds.place("sequence", 1, NOW, None, 1)
        store.enrollments.hold_all(1, 1, NOW, 1, "by ann")
        found = store.enrollments.get([1, 2, 3])
        assert_alike(found, [lifecycle.hold(e, NOW) for e in before])
        assert (found[0].delay, found[0].left_s) == (five_days, 60)
        assert [e.kept_due_at for e in found] == [e.due_at for e in before]

    def test_holding_a_whole_sequence_is_the_twin_of_holding_each(self, store: Store) -> None:
        for contact in (1, 2):
            enroll(store, contact)
        enroll(store, 3, user=2)
        expected = [lifecycle.hold(e, NOW) for e in store.enrollments.get([1, 2])]
        store.holds.place("sequence", 1, NOW, None, 1)
        assert store.enrollments.hold_all(1, 1, NOW, 1, "by ann") == 2
        assert store.enrollments.hold_all(1, 1, NOW + HOUR, 1, "by ann") == 0
        found = store.enrollments.get([1, 2])
        assert_alike(found, expected)
        held = Event(NOW + HOUR, 2, "hold", said("until {at}", at=NOW), sequence_id=1)
        assert store.enrollments.tell_held(held, 2) == 0
        assert store.enrollments.tell_held(held, 1) == 2
        told = store.views.events(contact_id=2)[-1]
        assert (told.kind, told.enrollment_id, told.status) == ("hold", 2, "paused")
        assert in_zone(told.detail, "Europe/Stockholm") == "until 2026-03-02 09:00"
        found = store.enrollments.get([1, 2])
        assert [row.enrollment.id for row in store.enrollments.due(NOW + DAY, 9)] == [3]
        assert store.enrollments.released(sequence_id=1, user_id=1) == []
        assert list(store.views.findings()) == []
        store.holds.lift([1])
        assert store.enrollments.tell_held(held) == 0
        assert store.enrollments.released(sequence_id=1, user_id=1) == found
        assert store.enrollments.released(contact_id=2) == found[1:]


def enroll(
    store: Store, contact: int, *, sequence: int = 1, user: int = 1, due: datetime = NOW
) -> Enrollment:
    """Record a fresh enrollment, due at a moment."""
    fresh = Enrollment(
        id=store.enrollments.next_id(),
        contact_id=contact,
        sequence_id=sequence,
        version_id=sequence,
        user_id=user,
        inbox_id=user,
        timezone="Europe/Stockholm",
        status=Status.LIVE,
        waiting=Waiting.DELAY,
        step=1,
        base=None,
        delay_ends_at=due,
        due_at=due,
        held_since=None,
        enrolled_at=NOW,
    )
    store.enrollments.record([change(fresh, NOW, "enrolled", "", user)])
    return fresh


def end(store: Store, id: int) -> None:
    """Unenroll by hand."""
    (enrollment,) = store.enrollments.get([id])
    after = lifecycle.end(enrollment, NOW, "manual")
    store.enrollments.record([change(after, NOW, "unenrolled", "manual", 1)])
