"""Times as people type and read them (rules, "Times, typed and shown")."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqctl.domain.errors import WrongUsage
from seqctl.domain.timing.moments import (
    from_iso,
    iso,
    moment_after,
    parse_duration,
    parse_moment,
    show_from_now,
    show_moment,
    show_seconds,
)

NOW = datetime(2026, 3, 2, 8, 0, 30, tzinfo=UTC)
STOCKHOLM = "Europe/Stockholm"
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
SECONDS = st.integers(0, 7000 * 365 * 86400).map(lambda seconds: EPOCH + timedelta(seconds=seconds))


@given(SECONDS)
def test_stored_text_is_iso_8601_and_reads_back(moment: datetime) -> None:
    assert iso(moment) == moment.strftime("%Y-%m-%dT%H:%M:%SZ")
    assert from_iso(iso(moment)) == moment


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("2026-03-02T09:00", "2026-03-02T08:00:00Z"),
        ("2026-03-02 09:00:07", "2026-03-02T08:00:07Z"),
        ("2026-03-02T09:00:07.9", "2026-03-02T08:00:07Z"),
        ("2026-03-02T09:00Z", "2026-03-02T09:00:00Z"),
        ("2026-03-02t09:00z", "2026-03-02T09:00:00Z"),
        ("2026-03-02T09:00-05:00", "2026-03-02T14:00:00Z"),
        ("2026-03-02T09:00-0500", "2026-03-02T14:00:00Z"),
        ("2026-03-02", "2026-03-01T23:00:00Z"),
        ("20260302", "2026-03-01T23:00:00Z"),
        ("17:00", "2026-03-02T16:00:00Z"),
        ("9:05", "2026-03-02T08:05:00Z"),
        (" 17:00 ", "2026-03-02T16:00:00Z"),
        ("+90m", "2026-03-02T09:30:30Z"),
        ("+12h", "2026-03-02T20:00:30Z"),
        ("+3d", "2026-03-05T08:00:30Z"),
        ("+2w", "2026-03-16T08:00:30Z"),
    ],
)
def test_what_is_understood(typed: str, meant: str) -> None:
    assert iso(parse_moment(typed, now=NOW, zone=STOCKHOLM)) == meant


@pytest.mark.parametrize(
    ("typed", "zone", "meant"),
    [
        ("2026-03-29T02:30", STOCKHOLM, "2026-03-29T01:30:00Z"),  # 02:30 became 03:30
        ("2026-10-25T02:30", STOCKHOLM, "2026-10-25T00:30:00Z"),  # the first of two
        ("2018-11-04", "America/Sao_Paulo", "2018-11-04T03:00:00Z"),  # the day began at 01:00
        ("2018-02-18", "America/Sao_Paulo", "2018-02-18T03:00:00Z"),  # 23:00 came twice before it
    ],
)
def test_local_times_that_are_missing_or_double(typed: str, zone: str, meant: str) -> None:
    assert iso(parse_moment(typed, now=NOW, zone=zone)) == meant


def test_three_days_from_now_are_72_hours_across_daylight_saving() -> None:
    before = datetime(2026, 3, 28, 12, tzinfo=UTC)
    assert parse_moment("+3d", now=before, zone=STOCKHOLM) - before == timedelta(hours=72)


def test_today_is_the_day_in_the_zone() -> None:
    late = datetime(2026, 3, 2, 23, 30, tzinfo=UTC)
    assert iso(parse_moment("17:00", now=late, zone=STOCKHOLM)) == "2026-03-03T16:00:00Z"


@pytest.mark.parametrize(
    "typed",
    [
        *("", "+", "tomorrow", "now", "monday", "3d", "-3d", "+3", "+1.5d", "+3y", "17", "5pm"),
        *("17:0", "25:00", "24:00", "2026-13-01", "2026-02-30", "02/03/2026", "2026-03-02x09:00"),
        *("2026-03-02T09:00+99:00", "２０２６-03-02", "17:00 tomorrow", "1741000000"),
        *("1969-12-31", "9001-01-02", "0001-01-01T00:00+14:00", "9999-12-31T23:59-14:00"),
        *("+9999999w", "+" + "9" * 400 + "w", "+" + "9" * 5000 + "m"),
    ],
)
def test_nothing_is_guessed(typed: str) -> None:
    with pytest.raises(WrongUsage) as refused:
        parse_moment(typed, now=NOW, zone=STOCKHOLM)
    assert "2026-03-02T09:00" in refused.value.hint


@given(st.text(max_size=30))
def test_any_text_is_a_moment_or_wrong_usage(typed: str) -> None:
    try:
        moment = parse_moment(typed, now=NOW, zone=STOCKHOLM)
    except WrongUsage:
        return
    assert 1970 <= moment.year <= 9000
    assert moment.utcoffset() == timedelta()


@pytest.mark.parametrize(
    ("typed", "seconds"),
    [("90m", 5400), ("12h", 43200), ("3d", 259200), ("2w", 1209600), ("0d", 0)],
)
def test_durations(typed: str, seconds: int) -> None:
    assert parse_duration(typed) == timedelta(seconds=seconds)


@pytest.mark.parametrize("typed", ["", "3", "d", "-3d", "3 d", "3days", "1.5h", "9" * 5000 + "w"])
def test_what_is_no_duration(typed: str) -> None:
    with pytest.raises(WrongUsage, match="duration"):
        parse_duration(typed)


def test_a_moment_is_shown_on_the_local_clock() -> None:
    assert show_moment(NOW.replace(second=0), STOCKHOLM) == "2026-03-02 09:00"
    assert show_moment(NOW, "America/New_York") == "2026-03-02 03:00:30"


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        *((0, "0 s"), (90, "90 s"), (120, "2 min"), (3600, "1 h"), (5000, "1 h 23 min")),
        *((86399, "23 h 59 min"), (86400, "1 day"), (90000, "1 day 1 h"), (259260, "3 days")),
    ],
)
def test_lengths_of_time_in_short_words(seconds: int, words: str) -> None:
    assert show_seconds(seconds) == words


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        *((0, "now"), (1, "in 1 s"), (-59, "59 s ago"), (60, "in 1 min"), (-7200, "2 h ago")),
        *((47 * 3600, "in 47 h"), (48 * 3600, "in 2 days"), (-40 * 86400, "40 days ago")),
    ],
)
def test_distances_from_now_in_one_unit(seconds: int, words: str) -> None:
    assert show_from_now(NOW + timedelta(seconds=seconds), NOW) == words


@pytest.mark.parametrize("duration", [timedelta(days=2_600_000), timedelta(days=99_999_999)])
def test_nothing_goes_beyond_the_last_year(duration: timedelta) -> None:
    with pytest.raises(WrongUsage, match=r"^That would not be between the years 1970 and 9000"):
        moment_after(NOW, duration)
    assert moment_after(NOW, timedelta(days=1)) == NOW + timedelta(days=1)


@pytest.mark.parametrize("zone", [STOCKHOLM, "America/New_York", "Pacific/Kiritimati"])
def test_the_ends_of_the_calendar_are_shown_in_every_zone(zone: str) -> None:
    for moment in (datetime(1, 1, 1, tzinfo=UTC), datetime(9999, 12, 31, 23, 59, tzinfo=UTC)):
        assert show_moment(moment, zone)
