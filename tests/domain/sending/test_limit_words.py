"""Limits as people type and read them."""

from __future__ import annotations

from datetime import timedelta

import pytest

from seqctl.domain.errors import WrongUsage
from seqctl.domain.sending.limit_words import gap_text, parse_count, parse_gap


def seconds(least: int, most: int) -> tuple[timedelta, timedelta]:
    return timedelta(seconds=least), timedelta(seconds=most)


@pytest.mark.parametrize(
    ("typed", "meant"), [("50", 50), (" 1 ", 1), ("none", None), ("None", None)]
)
def test_counts(typed: str, meant: int | None) -> None:
    assert parse_count("--per-day", typed) == meant


@pytest.mark.parametrize("typed", ["0", "-1", "1.5", "many", "", "99999999", "²", "1e3"])
def test_what_is_no_count(typed: str) -> None:
    with pytest.raises(WrongUsage, match="--per-day is a whole number of mails"):
        parse_count("--per-day", typed)


@pytest.mark.parametrize(
    ("typed", "meant", "shown"),
    [
        ("30s..90s", seconds(30, 90), "30s..90s"),
        ("60s", seconds(60, 60), "60s"),
        ("1m..2m", seconds(60, 120), "60s..120s"),
        (" 0s .. 90S ", seconds(0, 90), "0s..90s"),
        ("24h", seconds(86400, 86400), "86400s"),
        ("none", None, None),
        ("0s", None, None),
    ],
)
def test_gaps(typed: str, meant: tuple[timedelta, timedelta] | None, shown: str | None) -> None:
    assert parse_gap(typed) == meant
    assert gap_text(meant) == shown


@pytest.mark.parametrize("typed", ["90s..30s", "60", "..", "30s..", "25h", "-1s", "1d", "x", ""])
def test_what_is_no_gap(typed: str) -> None:
    with pytest.raises(WrongUsage, match="is no distance between two mails"):
        parse_gap(typed)
