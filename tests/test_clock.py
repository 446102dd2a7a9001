"""The machine's own time and time zone."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from freezegun import freeze_time

from seqctl.clock import SystemClock, system_zone


@freeze_time("2026-03-02T08:00:00.999")
def test_now_is_utc_in_whole_seconds() -> None:
    assert SystemClock().now() == datetime(2026, 3, 2, 8, tzinfo=UTC)


@pytest.mark.parametrize("named", ["Europe/Stockholm", ":Europe/Stockholm"])
def test_the_environment_names_the_zone(monkeypatch: pytest.MonkeyPatch, named: str) -> None:
    monkeypatch.setenv("TZ", named)
    assert system_zone() == "Europe/Stockholm"


@pytest.mark.parametrize("named", ["", "CET-1CEST", "../../etc/passwd", "Nowhere/Land", "Europe"])
def test_there_is_always_a_zone(monkeypatch: pytest.MonkeyPatch, named: str) -> None:
    monkeypatch.setenv("TZ", named)
    assert ZoneInfo(system_zone()).key != named
