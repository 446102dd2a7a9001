"""The names of time zones: which are known, and which was meant."""

from __future__ import annotations

import pytest

from seqctl.domain.timing import schedule


@pytest.mark.parametrize(
    "name", ["Europe/Stockholm", "America/Argentina/Buenos_Aires", "UTC", "Etc/GMT+5", "EST"]
)
def test_known_zones(name: str) -> None:
    assert schedule.known_zone(name)


@pytest.mark.parametrize(
    "name",
    [
        "",
        " ",
        "Europe",
        "Europe/",
        "Europe/Stokholm",
        "europe/stockholm",
        "Europe/Stockholm ",
        "localtime",
        "posixrules",
        "Factory",
        "right/Europe/Stockholm",
        "posix/Europe/Stockholm",
        "/usr/share/zoneinfo/Europe/Stockholm",
        "../zoneinfo/UTC",
        "Europe/../Europe/Stockholm",
        "zone.tab",
        "tzdata.zi",
        "__init__.py",
        "+02:00",
        "UTC\x00",
        "Zürich",
        "\ud800",
        "x" * 5000,
    ],
)
def test_names_that_are_no_zone(name: str) -> None:
    assert not schedule.known_zone(name)


def test_every_zone_of_the_database_is_known() -> None:
    from zoneinfo import available_timezones

    unknown = {name for name in available_timezones() if not schedule.known_zone(name)}
    assert unknown <= {"localtime", "Factory"}


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("europe/stockholm", "Europe/Stockholm"),
        ("Europe/Stokholm", "Europe/Stockholm"),
        ("Stockholm", "Europe/Stockholm"),
        ("new york", "America/New_York"),
        ("NewYork", "America/New_York"),
        ("utc", "UTC"),
        ("America/Buenos Aires", "America/Buenos_Aires"),
    ],
)
def test_the_zone_that_was_meant_comes_first(name: str, meant: str) -> None:
    assert schedule.nearest_zones(name)[0] == meant


@pytest.mark.parametrize("name", ["", "qqqqqqqq", "\ud800"])
def test_nothing_is_near_to_nonsense(name: str) -> None:
    assert schedule.nearest_zones(name) == []


def test_at_most_three_are_named_and_all_are_known() -> None:
    near = schedule.nearest_zones("America/Indian")
    assert 0 < len(near) <= 3
    assert all(map(schedule.known_zone, near))
