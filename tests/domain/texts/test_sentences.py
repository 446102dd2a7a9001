"""Sentences carry their moments as data: foreign text is never taken for one."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from seqctl.domain.texts.sentences import Sentence, in_zone, joined, said

NINE = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
NOON = datetime(2026, 3, 2, 11, 0, 30, tzinfo=UTC)
STOCKHOLM = "Europe/Stockholm"
FOREIGN = ["2026-03-02T08:00:00Z", "0000-00-00T00:00:00Z", "9999-12-31T23:59:59Z", "{since} {", "}"]


def test_a_moment_is_utc_in_the_text_and_local_for_people() -> None:
    sentence = said("the pause of {by} since {since} is over", by="bo", since=NINE)
    assert sentence == "the pause of bo since 2026-03-02T08:00:00Z is over"
    assert in_zone(sentence, STOCKHOLM) == "the pause of bo since 2026-03-02 09:00 is over"


@pytest.mark.parametrize("foreign", FOREIGN)
def test_foreign_text_stays_as_it_stands(foreign: str) -> None:
    sentence = said("{who} since {since}: {who}", who=foreign, since=NINE)
    assert in_zone(sentence, STOCKHOLM) == f"{foreign} since 2026-03-02 09:00: {foreign}"
    assert type(said("{who} is paused", who=foreign)) is str


def test_sentences_in_sentences() -> None:
    inner = said("from {began} to {ended}", began=NINE, ended=NOON)
    outer = joined(": ", ["error", "LATE", said("{at}, {why}", at=NOON, why=inner)])
    assert isinstance(outer, Sentence)
    assert in_zone(outer, STOCKHOLM) == (
        "error: LATE: 2026-03-02 12:00:30, from 2026-03-02 09:00 to 2026-03-02 12:00:30"
    )


def test_without_moments_it_is_plain_text() -> None:
    assert type(joined(": ", ["a", "b"])) is str
    assert joined(": ", []) == ""
    assert said("{{literal}}") == "{literal}"


def test_a_moment_beyond_the_calendar_of_the_zone_is_shown_in_utc() -> None:
    last = datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)
    assert in_zone(said("until {end}", end=last), STOCKHOLM) == "until 9999-12-31T23:59:59Z"


def test_a_part_that_is_missing_is_a_defect() -> None:
    with pytest.raises(KeyError):
        said("{who}")
