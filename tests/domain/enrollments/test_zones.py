"""The time zone that an enrollment pins."""

import pytest

from seqctl.domain.enrollments.zones import pinned_zone, zone_named
from seqctl.domain.model import Contact, Settings, User

BO = User(1, "bo", "Bo Ek", "bo@nordic.test", "Europe/Oslo")


def contact(**properties: str) -> Contact:
    return Contact(1, "ann@acme.test", properties=properties)


def test_the_sequence_s_zone_comes_first() -> None:
    settings = Settings("T", timezone="America/New_York")
    assert pinned_zone(settings, BO, contact(timezone="Asia/Tokyo")) == "America/New_York"


def test_without_one_it_is_the_user_s() -> None:
    assert pinned_zone(Settings("T"), BO, contact(timezone="Asia/Tokyo")) == "Europe/Oslo"


@pytest.mark.parametrize(
    ("properties", "zone"),
    [
        ({"timezone": "Asia/Tokyo"}, "Asia/Tokyo"),
        ({"Time zone": "asia/tokyo"}, "Asia/Tokyo"),
        ({"timezone": "europe_slash_stockholm"}, "Europe/Stockholm"),
        ({"timezone": "Middle Earth"}, "Europe/Oslo"),
        ({"timezone": " "}, "Europe/Oslo"),
        ({}, "Europe/Oslo"),
    ],
)
def test_the_contact_s_zone_else_the_user_s(properties: dict[str, str], zone: str) -> None:
    assert pinned_zone(Settings("T", timezone="contact"), BO, contact(**properties)) == zone


@pytest.mark.parametrize(
    ("text", "zone"),
    [
        (" Europe/Stockholm ", "Europe/Stockholm"),
        ("america_slash_new_york", "America/New_York"),
        ("america_slash_port_minus_au_minus_prince", "America/Port-au-Prince"),
        ("America/New York", "America/New_York"),
        ("utc", "UTC"),
        ("../etc/passwd", None),
        ("localtime", None),
        ("", None),
        ("x" * 500, None),
    ],
)
def test_spellings_of_zones(text: str, zone: str | None) -> None:
    assert zone_named(text) == zone
