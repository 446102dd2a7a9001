"""A clock that was once ahead, and the day on which somebody says so (rules, "Two clocks")."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from seqctl.domain.errors import Busy, Refused
from seqctl.domain.sending.accounts import Limits
from seqctl.service import clocks, status
from seqctl.service.acting import current_time
from seqctl.service.contacts import contacts
from seqctl.service.enrollments import pausing
from seqctl.service.inboxes import inboxes
from seqctl.store import open_store
from tests.desk import CALL, MONDAY, Desk, RealDesk, at

WRONG = datetime(2031, 6, 1, 12, 0, tzinfo=UTC)
RIGHT = MONDAY + timedelta(hours=1)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.fixture
def real(tmp_path: Path) -> Iterator[RealDesk]:
    made = RealDesk(tmp_path)
    made.apply()
    made.enroll("cleo")
    made.clock.time = WRONG
    yield made
    made.close()


def accept(desk: RealDesk, moment: datetime = RIGHT) -> clocks.Clocks | None:
    desk.clock.time = moment
    return clocks.accept(desk.store, desk.me, desk.clock)


def now(desk: RealDesk) -> datetime:
    return current_time(desk.store, desk.clock)


def ahead(desk: RealDesk) -> list[tuple[str, int]]:
    return [(one.kind, one.id) for one in clocks.look(desk.store, desk.clock).ahead]


def test_a_contact_added_under_a_wrong_clock_stops_nothing_after_it_is_accepted(
    real: RealDesk,
) -> None:
    real.contact("dora")
    for _ in range(2):
        with pytest.raises(Busy, match=r"2026-03-02T09:00:00Z.* 2031-06-01T12:00:00Z") as refused:
            real.tick_at(RIGHT)
        assert (refused.value.code, refused.value.exit_code) == ("CLOCK_WENT_BACK", 7)
    assert now(real) == WRONG
    seen = clocks.look(real.store, real.clock)
    assert (seen.system, seen.workspace, seen.last_event_at) == (RIGHT, WRONG, WRONG)
    assert seen.last_is_ahead

    accepted = accept(real)
    assert accepted is not None
    assert accepted.ahead == []
    assert now(real) == RIGHT
    assert real.tick_at(RIGHT).emails == 1
    assert real.tick_at(RIGHT + HOUR).emails == 0
    assert real.tick_at(RIGHT + 3 * DAY).emails == 1


def test_it_is_accepted_once_and_told_in_the_history(real: RealDesk) -> None:
    real.contact("dora")
    assert accept(real) is not None
    events = real.store.history.last_id()
    assert accept(real) is None
    assert accept(real, RIGHT + HOUR) is None
    assert real.store.history.last_id() == events
    kind, actor, moment = real.store.connection.execute(
        "SELECT kind, actor_id, at FROM event ORDER BY id DESC LIMIT 1"
    ).fetchone()
    assert (kind, actor, moment) == ("clock-accepted", real.me.id, "2026-03-02T09:00:00Z")


def test_where_no_clock_was_wrong_there_is_nothing_to_accept(tmp_path: Path) -> None:
    desk = RealDesk(tmp_path)
    assert accept(desk, MONDAY) is None
    assert accept(desk, MONDAY + DAY) is None
    desk.close()


def test_a_simulated_workspace_has_no_system_clock_to_accept(desk: Desk) -> None:
    from tests.workspaces import CLOCK

    with pytest.raises(Refused) as refused:
        clocks.accept(desk.store, desk.me, CLOCK)
    assert refused.value.code == "SIMULATED"
    seen = clocks.look(desk.store, CLOCK)
    assert (seen.simulated, seen.workspace, seen.ahead) == (True, MONDAY, [])
    assert not seen.last_is_ahead


@pytest.mark.parametrize("by", [timedelta(seconds=1), HOUR, DAY, 2 * DAY])
def test_a_clock_that_was_ahead_by_little_is_accepted_as_well(
    real: RealDesk, by: timedelta
) -> None:
    real.clock.time = RIGHT + by
    real.contact("dora")
    real.clock.time = RIGHT
    assert now(real) == RIGHT + by
    assert accept(real) is not None
    assert now(real) == RIGHT
    assert real.tick_at(RIGHT).ended == RIGHT


def test_a_clock_that_is_wrong_again_is_accepted_again(real: RealDesk) -> None:
    real.contact("dora")
    assert accept(real) is not None
    real.clock.time = WRONG + 3 * DAY
    real.contact("eva")
    with pytest.raises(Busy):
        real.tick_at(RIGHT + HOUR)
    assert accept(real, RIGHT + HOUR) is not None
    assert real.tick_at(RIGHT + HOUR).emails == 1


def test_when_the_year_of_the_wrong_clock_comes_all_is_well(real: RealDesk) -> None:
    real.contact("dora")
    accept(real)
    assert real.tick_at(WRONG + DAY).emails == 1
    assert now(real) == WRONG + DAY
    assert ahead(real) == []


def test_every_verb_writes_at_the_accepted_clock(real: RealDesk) -> None:
    real.enroll("ada")
    real.tick_at(WRONG)
    accept(real)
    real.pause("intro")
    real.resume("intro")
    real.unenroll("ada")
    real.reenroll("ada")
    real.mark("cleo", "replied")
    contacts.opt_out(real.store, real.me, now(real), at("ben"))
    last = real.store.connection.execute(
        "SELECT min(at), max(at) FROM event WHERE id > (SELECT max(event_id) FROM clock_accepted)"
    ).fetchone()
    assert last == ("2026-03-02T09:00:00Z", "2026-03-02T09:00:00Z")


def test_what_was_dated_ahead_is_listed_until_it_is_mended(real: RealDesk) -> None:
    real.enroll("ada", "ben")
    real.tick_at(WRONG)
    real.pause(None, "ben", until=WRONG + 14 * DAY)
    listed = [("due", 1), ("due", 2), ("hold", 1)]
    assert ahead(real) == []  # as long as the clock is ahead itself
    real.clock.time = RIGHT
    assert ahead(real) == listed
    accepted = accept(real)
    assert accepted is not None
    assert [(a.kind, a.id, a.contact, a.sequence) for a in accepted.ahead] == [
        ("due", 1, at("cleo"), "intro"),
        ("due", 2, at("ada"), "intro"),
        ("hold", 1, at("ben"), None),
    ]
    assert ahead(real) == listed

    real.resume(None, "ben", restart=True)
    assert ahead(real) == listed[:2]
    assert real.row(3).due_at == RIGHT + 3 * DAY
    real.pause("intro")
    real.resume("intro", restart=True)
    assert ahead(real) == []
    assert real.tick_at(RIGHT + 3 * DAY).emails == 3


def test_a_pause_made_longer_by_a_wrong_clock_is_listed(real: RealDesk) -> None:
    real.clock.time = MONDAY
    real.pause(None, "cleo", until=MONDAY + DAY)
    real.clock.time = WRONG
    real.pause(None, "cleo", until=WRONG + DAY)
    accept(real)
    assert ahead(real) == [("hold", 1)]


def test_a_start_that_was_dated_ahead_is_taken_out_and_in_again(real: RealDesk) -> None:
    real.enroll("ada")
    accept(real)
    assert ahead(real) == [("due", 2)]
    real.unenroll("ada")
    real.reenroll("ada", at_once=True)
    assert ahead(real) == []
    assert real.tick_at(RIGHT).emails == 2


def test_a_held_start_that_was_dated_ahead_is_listed(real: RealDesk) -> None:
    real.clock.time = MONDAY
    real.pause("intro")
    real.clock.time = WRONG
    real.enroll("ada")
    accept(real)
    assert ahead(real) == [("due", 2)]
    real.resume("intro")
    assert ahead(real) == [("due", 2)]
    real.unenroll("ada")
    assert ahead(real) == []


def test_due_times_of_the_right_clock_are_not_listed(real: RealDesk) -> None:
    real.clock.time = MONDAY
    real.tick_at(MONDAY)
    real.pause(None, "ada", until=MONDAY + 200 * DAY)
    real.clock.time = WRONG
    real.contact("dora")
    accept(real)
    assert ahead(real) == []


def test_mails_that_a_wrong_clock_dated_count_for_the_day_of_the_acceptance(real: RealDesk) -> None:
    wiring = inboxes.Wiring(limits=Limits(per_day=2))
    inboxes.connect_inbox(real.store, real.me, "ann@acme.test", wiring, real.now)
    real.enroll("ada", "ben")
    assert real.tick_at(WRONG).emails == 2
    accept(real)
    inbox = status.overview(real.store, real.me, now(real)).document["inboxes"][0]
    assert inbox["sent_today"] == 2
    real.contact("dora")
    real.enroll("dora")
    assert real.tick_at(RIGHT + HOUR).emails == 0
    assert real.tick_at(RIGHT + DAY).emails == 1


def test_a_tick_of_a_wrong_clock_does_not_hide_that_cron_is_silent(real: RealDesk) -> None:
    real.tick_at(WRONG)
    accept(real)
    assert real.store.workspace.state().last_tick_at == RIGHT


def test_what_began_under_a_wrong_clock_began_before_every_answer(real: RealDesk) -> None:
    (made,) = real.enroll("ada").done
    real.store.connection.execute("UPDATE inbox SET since = '2031-06-01T12:00:00Z' WHERE id = 1")
    accept(real, RIGHT + 2 * DAY)
    assert real.row(made).enrolled_at == MONDAY
    assert real.store.people.inboxes()[0].since == MONDAY


def test_a_workspace_made_under_a_wrong_clock(tmp_path: Path) -> None:
    desk = RealDesk(tmp_path)
    desk.apply()
    (made,) = desk.enroll("ada").done
    right = MONDAY - 400 * DAY
    assert accept(desk, right) is not None
    assert right - 8 * DAY < desk.row(made).enrolled_at < right
    assert desk.tick_at(right).emails == 0  # it is due when the wrong clock said
    assert ahead(desk) == [("due", made)]
    desk.close()


def test_a_delay_paused_under_a_wrong_clock_goes_on_from_the_right_one(real: RealDesk) -> None:
    real.tick_at(WRONG)
    real.pause("intro")
    accept(real)
    real.resume("intro")
    assert real.row(1).due_at == RIGHT + 3 * DAY


def test_a_task_of_a_wrong_clock_is_done_now(real: RealDesk) -> None:
    real.apply(CALL)
    real.enroll("ada", sequence="call")
    real.tick_at(WRONG)
    real.tick_at(WRONG + 3 * DAY)
    accept(real)
    real.done("ada")
    assert real.row(2).due_at == RIGHT + 2 * DAY


def test_whoever_waited_while_the_clock_was_accepted_does_not_write_into_its_time(
    real: RealDesk,
) -> None:
    real.contact("dora")
    real.clock.time = RIGHT
    other = open_store(real.store.path)
    told = current_time(other, real.clock)
    other.tell(told)
    accept(real)
    with pytest.raises(Busy) as refused:
        pausing.pause_contacts(other, [at("ada")], pausing.Pause(real.me, told, None))
    assert refused.value.code == "CLOCK_MOVED"
    other.close()
    assert now(real) == RIGHT
