"""The line in front of an inbox: tables of cases, and what holds whatever the limits are."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, time, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqctl.domain.sending.accounts import NO_LIMITS, Limits
from seqctl.domain.sending.limits import DAY, MINUTE, PATIENCE, Line, Slot, Waiting, gap_of
from seqctl.domain.timing.measures import Calendar, Days, Window
from seqctl.domain.timing.schedule import first_open, is_open

MONDAY = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)  # 09:00 in Stockholm, 03:00 in New York
SECOND = timedelta(seconds=1)
HOUR = timedelta(hours=1)
GAP = Limits(gap=(30 * SECOND, 90 * SECOND))
OFFICE = Window(time(8), time(18))
CALENDARS = (
    Calendar("Europe/Stockholm"),
    Calendar("Europe/Stockholm", Days.WEEKDAYS, OFFICE),
    Calendar("America/New_York", Days.BUSINESS, OFFICE),
    Calendar("Asia/Kolkata", Days.WEEKDAYS),
    Calendar("Europe/Stockholm", Days.EVERY, Window(time(8), time(8, 0))),
)


def mail(
    id: int, due: datetime = MONDAY, calendar: Calendar = CALENDARS[0], *, start: bool = False
) -> Waiting[Calendar]:
    """A mail of a calendar, which is its group as well; a first one where it is a `start`."""
    return Waiting(
        due, id, calendar, f"{id}.1", lambda moment: first_open(moment, calendar), calendar, start
    )


def line(
    limits: Limits, *mails: Waiting[Calendar], gone: Sequence[datetime] = ()
) -> Line[Calendar]:
    made = Line[Calendar](limits, [Slot(at, "0.1") for at in gone])
    for each in mails:
        made.join(each)
    return made


def emptied(made: Line[Calendar], now: datetime = MONDAY) -> list[tuple[int, datetime]]:
    """Everybody's turn, one after the other: id and moment."""
    turns: list[tuple[int, datetime]] = []
    while (turn := made.next(now)) is not None:
        made.leave(turn.waiting)
        made.went(turn.at, turn.waiting.seed, start=turn.waiting.start)
        turns.append((turn.waiting.id, turn.at))
        now = turn.at
    return turns


def told(turns: list[tuple[int, datetime]]) -> list[str]:
    """`1 Mon 08:00:00`"""
    return [f"{id} {at:%a %H:%M:%S}" for id, at in turns]


# --- tables ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("limits", "gone", "free"),
    [
        (NO_LIMITS, [0], None),
        (Limits(per_day=2), [], None),
        (Limits(per_day=2), [0], None),
        (Limits(per_day=2), [0, 60], 86400),
        (Limits(per_day=2), [0, 60, 70], 86400 + 60),
        (Limits(per_minute=2), [0, 10], 60),
        (Limits(per_minute=1), [0, 10], 70),
        (Limits(per_day=3, per_minute=2), [0, 10], 60),
        (Limits(per_day=2, per_minute=2), [0, 10], 86400),
        (Limits(per_minute=1, gap=(90 * SECOND, 90 * SECOND)), [0], 90),
        (Limits(per_minute=1, gap=(30 * SECOND, 30 * SECOND)), [0], 60),
        (Limits(gap=(30 * SECOND, 30 * SECOND)), [], None),
    ],
)
def test_when_the_limits_let_the_next_mail_go(
    limits: Limits, gone: list[int], free: int | None
) -> None:
    made = line(limits, gone=[MONDAY + second * SECOND for second in gone])
    assert made.free_at() == (None if free is None else MONDAY + free * SECOND)


def test_a_burst_goes_as_the_day_lets_it() -> None:
    assert told(emptied(line(Limits(per_day=2), *map(mail, range(1, 6))))) == [
        "1 Mon 08:00:00", "2 Mon 08:00:00", "3 Tue 08:00:00", "4 Tue 08:00:00", "5 Wed 08:00:00",
    ]  # fmt: skip


def test_day_and_minute_hold_together() -> None:
    assert told(emptied(line(Limits(per_day=3, per_minute=2), *map(mail, range(1, 6))))) == [
        "1 Mon 08:00:00", "2 Mon 08:00:00", "3 Mon 08:01:00", "4 Tue 08:00:00", "5 Tue 08:00:00",
    ]  # fmt: skip


def test_a_turn_never_comes_after_closing_time() -> None:
    friday = MONDAY + 4 * DAY
    mails = [mail(id, friday, CALENDARS[1]) for id in (1, 2, 3)]
    spaced = Limits(gap=(8 * HOUR, 8 * HOUR))
    assert told(emptied(line(spaced, *mails), friday)) == [
        "1 Fri 08:00:00", "2 Fri 16:00:00", "3 Mon 07:00:00",
    ]  # fmt: skip


def test_the_first_in_line_is_the_first_by_due_time_then_by_id() -> None:
    mails = [mail(3), mail(9, MONDAY - HOUR), mail(1)]
    assert [id for id, _ in emptied(line(Limits(per_day=1), *mails))] == [9, 1, 3]


def test_a_mail_of_an_open_window_does_not_wait_behind_closed_ones() -> None:
    overseas = [mail(id, MONDAY - HOUR, CALENDARS[2]) for id in (1, 2)]
    made = line(Limits(per_day=3), *overseas, mail(3), mail(4))
    assert told(emptied(made)) == [
        "3 Mon 08:00:00", "4 Mon 08:00:00", "1 Mon 13:00:00", "2 Tue 13:00:00",
    ]  # fmt: skip


def test_nobody_starves_behind_windows_that_always_open_first() -> None:
    """Five a day come in at 08:00, two may go: the one overseas lets others pass for a day only."""
    made = line(Limits(per_day=2), mail(1, MONDAY - HOUR, CALENDARS[2]))
    turns: list[tuple[int, datetime]] = []
    now = MONDAY
    for day in range(3):
        for id in range(10 * (day + 1), 10 * (day + 1) + 5):
            made.join(mail(id, MONDAY + day * DAY))
        end = MONDAY + (day + 1) * DAY
        while (turn := made.next(now)) is not None and turn.at < end:
            made.leave(turn.waiting)
            made.went(turn.at, turn.waiting.seed)
            turns.append((turn.waiting.id, turn.at))
            now = turn.at
        now = end
    assert told(turns) == [
        "10 Mon 08:00:00", "11 Mon 08:00:00",
        "12 Tue 08:00:00", "1 Tue 13:00:00",
        "13 Wed 08:00:00", "14 Wed 13:00:00",
    ]  # fmt: skip


def test_whoever_waits_for_a_weekend_to_end_lets_the_others_have_it() -> None:
    saturday = MONDAY + 5 * DAY
    held_up = mail(1, saturday - 20 * HOUR, CALENDARS[1])
    made = line(Limits(per_day=1), held_up, *(mail(id, saturday) for id in (2, 3, 4)))
    assert told(emptied(made, saturday)) == [
        "2 Sat 08:00:00", "1 Mon 07:00:00", "3 Tue 07:00:00", "4 Wed 07:00:00",
    ]  # fmt: skip


def test_who_comes_late_to_a_line_does_not_pass_it() -> None:
    made = line(Limits(per_day=1), mail(5), gone=[MONDAY - DAY])
    assert not made.admits(mail(1, MONDAY + SECOND), MONDAY + SECOND)
    assert told(emptied(made, MONDAY + SECOND)) == ["5 Mon 08:00:01", "1 Tue 08:00:01"]


def test_a_mail_that_may_go_at_once_never_stands_in_the_line() -> None:
    made = line(Limits(per_day=1))
    assert made.admits(mail(1), MONDAY)
    assert not made
    made.went(MONDAY, "1.1")
    assert not made.admits(mail(2), MONDAY)
    assert made


def test_a_mail_goes_at_once_past_those_whose_windows_are_closed() -> None:
    made = line(Limits(per_day=2), mail(1, MONDAY - HOUR, CALENDARS[2]))
    assert made.admits(mail(2), MONDAY)
    assert [id for id, _ in emptied(made)] == [1]


def test_without_limits_everybody_goes_now() -> None:
    mails = [mail(2, MONDAY - DAY), mail(1)]
    assert emptied(line(NO_LIMITS, *mails, gone=[MONDAY])) == [(2, MONDAY), (1, MONDAY)]


def test_an_empty_line_has_no_turn() -> None:
    assert line(Limits(per_day=1)).next(MONDAY) is None


# --- who had a mail, and who had none ---


def test_who_had_a_mail_goes_before_who_had_none() -> None:
    mails = [mail(1, start=True), mail(2, MONDAY + HOUR), mail(3, start=True), mail(4)]
    made = line(Limits(per_day=1), *mails, gone=[MONDAY])
    assert [id for id, _ in emptied(made, MONDAY + HOUR)] == [4, 2, 1, 3]


def test_a_first_mail_goes_while_the_window_of_a_follow_up_is_closed() -> None:
    made = line(Limits(per_day=2), mail(1, MONDAY - HOUR, CALENDARS[2]), mail(2, start=True))
    assert told(emptied(made)) == ["2 Mon 08:00:00", "1 Mon 13:00:00"]


@pytest.mark.parametrize(
    ("limits", "told_turns"),
    [
        (
            Limits(new_per_day=1),
            ["3 Mon 08:00:00", "4 Mon 08:00:00", "1 Mon 08:00:00", "2 Tue 08:00:00"],
        ),
        (
            Limits(per_day=3, new_per_day=1),
            ["3 Mon 08:00:00", "4 Mon 08:00:00", "1 Mon 08:00:00", "2 Tue 08:00:00"],
        ),
        (
            Limits(per_day=1, new_per_day=1),
            ["3 Mon 08:00:00", "4 Tue 08:00:00", "1 Wed 08:00:00", "2 Thu 08:00:00"],
        ),
        (
            Limits(per_day=3, new_per_day=2),
            ["3 Mon 08:00:00", "4 Mon 08:00:00", "1 Mon 08:00:00", "2 Tue 08:00:00"],
        ),
    ],
)
def test_first_mails_have_a_limit_of_their_own(limits: Limits, told_turns: list[str]) -> None:
    mails = [mail(1, start=True), mail(2, start=True), mail(3), mail(4)]
    assert told(emptied(line(limits, *mails))) == told_turns


def test_no_first_mail_starves_behind_windows_that_always_open_first() -> None:
    """Five starts a day come in at 08:00, two may go: by the cap of starts, as by that of all mails."""
    for limits in (Limits(per_day=2), Limits(new_per_day=2), Limits(per_day=9, new_per_day=2)):
        made = line(limits, mail(1, MONDAY - HOUR, CALENDARS[2], start=True))
        gone: dict[int, datetime] = {}
        now = MONDAY
        for day in range(3):
            for id in range(10 * (day + 1), 10 * (day + 1) + 5):
                made.join(mail(id, MONDAY + day * DAY, start=True))
            end = MONDAY + (day + 1) * DAY
            while (turn := made.next(now)) is not None and turn.at < end:
                made.leave(turn.waiting)
                made.went(turn.at, turn.waiting.seed, start=True)
                gone[turn.waiting.id] = now = turn.at
            now = end
        assert f"{gone[1]:%a %H:%M}" == "Tue 13:00"


def test_first_mails_let_follow_ups_pass_for_as_long_as_there_are_any() -> None:
    made = line(Limits(per_day=1), mail(1, MONDAY - 9 * DAY, start=True))
    for day in range(4):
        made.join(mail(10 + day, MONDAY + day * DAY))
        turn = made.next(MONDAY + day * DAY)
        assert turn is not None
        assert turn.waiting.id == 10 + day
        made.leave(turn.waiting)
        made.went(turn.at, turn.waiting.seed)
    assert told(emptied(made)) == ["1 Fri 08:00:00"]


# --- what always holds ----------------------------------------------------------------------------

gaps = st.tuples(st.integers(0, 120), st.integers(0, 600)).map(
    lambda pair: (pair[0] * SECOND, (pair[0] + pair[1]) * SECOND)
)
some_limits = st.builds(
    Limits,
    st.none() | st.integers(1, 6),
    st.none() | st.integers(1, 4),
    st.none() | gaps,
    st.none() | st.integers(1, 3),
)
minutes = st.integers(0, 14 * 24 * 60) | st.integers(4 * 24 * 60, 5 * 24 * 60)
starts = minutes.map(lambda minute: MONDAY + minute * MINUTE)


@st.composite
def queues(draw: st.DrawFn) -> list[Waiting[Calendar]]:
    """Up to a dozen mails of several calendars, each due at an open hour of its own, by due time."""
    some = st.tuples(starts, st.sampled_from(CALENDARS), st.booleans())
    drawn = draw(st.lists(some, min_size=1, max_size=12))
    mails = [
        mail(id, first_open(due, calendar), calendar, start=start)
        for id, (due, calendar, start) in enumerate(drawn)
    ]
    return sorted(mails, key=lambda each: (each.due_at, each.place))


def stood(
    limits: Limits,
    waiting: Iterable[Waiting[Calendar]],
    gone: Sequence[Slot],
    started: Sequence[datetime],
) -> Line[Calendar]:
    """The line as it is read again: group by group, each in its order."""
    made = Line[Calendar](limits, gone, started)
    groups: dict[tuple[Calendar, bool], list[Waiting[Calendar]]] = {}
    for each in sorted(waiting, key=lambda each: each.place):
        groups.setdefault((each.row, each.start), []).append(each)
    for (calendar, start), group in groups.items():
        made.stand(calendar, start, iter(group))
    return made


def simulated(
    limits: Limits, mails: list[Waiting[Calendar]], cuts: Sequence[datetime] = ()
) -> list[tuple[int, datetime]]:
    """What a tick does with mails that fall due one by one; the line is made anew at each cut."""
    made, waiting, coming = line(limits), list[Waiting[Calendar]](), list(mails)
    gone: list[Slot] = []
    started: list[datetime] = []
    turns: list[tuple[int, datetime]] = []
    cuts, clock = sorted(cuts), MONDAY

    def went(each: Waiting[Calendar], at: datetime) -> None:
        made.went(at, each.seed, start=each.start)
        gone.append(Slot(at, each.seed))
        if each.start:
            started.append(at)
        turns.append((each.id, at))

    while coming or waiting or cuts:
        turn = made.next(clock)
        moments = [turn.at] if turn else []
        if cuts and cuts[0] <= min(
            [*moments, *(each.due_at for each in coming[:1])], default=cuts[0]
        ):
            clock = max(clock, cuts.pop(0))
            made = stood(limits, waiting, gone, started)
        elif turn and (
            not coming or (turn.at, turn.waiting.place) < (coming[0].due_at, coming[0].place)
        ):
            clock = turn.at
            made.leave(turn.waiting)
            waiting.remove(turn.waiting)
            went(turn.waiting, turn.at)
        else:
            each = coming.pop(0)
            clock = max(clock, each.due_at)
            if made.admits(each, clock):
                went(each, clock)
            else:
                waiting.append(each)
    return turns


@given(some_limits, queues())
def test_never_more_than_the_limits_allow(limits: Limits, mails: list[Waiting[Calendar]]) -> None:
    moments = [at for _, at in simulated(limits, mails)]
    assert moments == sorted(moments)
    for count, span in ((limits.per_day, DAY), (limits.per_minute, MINUTE)):
        if count is not None:
            for first, next_ in zip(moments, moments[count:], strict=False):
                assert next_ - first >= span
    if limits.new_per_day is not None:
        new = {each.id for each in mails if each.start}
        first_mails = [at for id, at in simulated(limits, mails) if id in new]
        for first, next_ in zip(first_mails, first_mails[limits.new_per_day :], strict=False):
            assert next_ - first >= DAY
    if limits.gap is not None:
        for first, next_ in pairwise(moments):
            assert next_ - first >= limits.gap[0]


@given(some_limits, queues())
def test_everybody_goes_once_at_an_open_hour_not_before_the_due_time(
    limits: Limits, mails: list[Waiting[Calendar]]
) -> None:
    turns = dict(simulated(limits, mails))
    assert len(turns) == len(mails)
    for each in mails:
        assert turns[each.id] >= each.due_at
        assert is_open(turns[each.id], each.row)


@given(some_limits, queues())
def test_nobody_passes_who_could_have_gone_instead(
    limits: Limits, mails: list[Waiting[Calendar]]
) -> None:
    turns = dict(simulated(limits, mails))
    for ahead in mails:
        for behind in mails:
            passed = ahead.place < behind.place and ahead.due_at <= turns[behind.id]
            if passed and turns[behind.id] < turns[ahead.id]:
                closed = not is_open(turns[behind.id], ahead.row)
                assert closed, "an open one was passed"


@given(some_limits, queues())
def test_a_mail_goes_as_soon_as_it_may_unless_a_patient_one_would_lose_its_turn(
    limits: Limits, mails: list[Waiting[Calendar]]
) -> None:
    turns = simulated(limits, mails)
    by_id = {each.id: each for each in mails}
    made = line(limits)
    for place, (id, at) in enumerate(turns):
        soonest: dict[int, datetime] = {}
        for other, _ in turns[place:]:
            each = by_id[other]
            free = made.free_at(start=each.start) or MONDAY
            soonest[other] = each.opening(max(free, each.due_at))
        patient = [other for other, _ in turns[place:] if at - by_id[other].due_at >= PATIENCE]
        # A patient first mail keeps its turn from other first mails; a follow-up may still take it.
        kept = [soonest[other] for other in patient if by_id[other].start]
        follow_ups = [moment for other, moment in soonest.items() if not by_id[other].start]
        passes = at == min(follow_ups, default=None) and any(at <= moment for moment in kept)
        first = at == min(soonest.values())
        assert first or passes or at in {soonest[other] for other in patient}
        made.went(at, by_id[id].seed, start=by_id[id].start)


@given(some_limits, queues(), st.lists(starts, max_size=8))
def test_cuts_change_no_turn(
    limits: Limits, mails: list[Waiting[Calendar]], cuts: list[datetime]
) -> None:
    assert simulated(limits, mails, cuts) == simulated(limits, mails)


@given(some_limits, queues(), st.integers(1, 10))
def test_whoever_asks_early_hears_the_same(
    limits: Limits, mails: list[Waiting[Calendar]], parts: int
) -> None:
    now = mails[-1].due_at
    made = line(limits, *mails, gone=[now - HOUR])
    turn = line(limits, *mails, gone=[now - HOUR]).next(now)
    assert turn is not None
    for part in range(parts + 1):
        assert made.next(now + (turn.at - now) * part // parts) == turn


@given(gaps, st.text())
def test_gaps_lie_in_their_range_and_stay_the_same(
    gap: tuple[timedelta, timedelta], seed: str
) -> None:
    drawn = gap_of(Limits(gap=gap), seed)
    assert gap[0] <= drawn <= gap[1]
    assert drawn == gap_of(Limits(gap=gap), seed)
    assert drawn.microseconds == 0


def test_gaps_are_spread() -> None:
    drawn = {gap_of(GAP, f"{id}.1") for id in range(2000)}
    assert drawn == {second * SECOND for second in range(30, 91)}


@given(starts, st.sampled_from(CALENDARS), st.integers(0, 100))
def test_the_first_open_moment_is_the_same_for_all_that_ask_before(
    moment: datetime, calendar: Calendar, part: int
) -> None:
    opens = first_open(moment, calendar)
    assert is_open(opens, calendar)
    between = moment + (opens - moment) * part // 100
    assert first_open(between.replace(microsecond=0), calendar) == opens
