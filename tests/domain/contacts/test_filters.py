"""What filter expressions mean, and how wrong ones are refused (rules, "Filters and segments")."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqctl.domain.contacts.filters import (
    ENGINE_PROPERTIES,
    Filter,
    Operator,
    moment_in,
    parse_filter,
    property_name,
)
from seqctl.domain.errors import WrongUsage

NOW = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
ZONE = "Europe/Stockholm"


def parsed(text: str) -> Filter:
    return parse_filter(text, now=NOW, zone=ZONE)


@pytest.mark.parametrize(
    ("text", "name", "operator", "value"),
    [
        ("company=Acme", "company", Operator.EQUAL, "acme"),
        (" Company = Acme Ltd ", "company", Operator.EQUAL, "acme ltd"),
        ("Job Title!=CEO", "job_title", Operator.UNEQUAL, "ceo"),
        ("city~Öre", "city", Operator.CONTAINS, "öre"),
        ("note=a=b?", "note", Operator.EQUAL, "a=b?"),
        ("company=Marks and Spencer", "company", Operator.EQUAL, "marks and spencer"),
        ("size<12", "size", Operator.BELOW, 12.0),
        ("size>-1.5", "size", Operator.ABOVE, -1.5),
        ("sequences_active_count=2", "sequences_active_count", Operator.EQUAL, 2.0),
        ("opted_out=yes", "opted_out", Operator.EQUAL, True),
        ("BOUNCED != TRUE", "bounced", Operator.UNEQUAL, True),
        ("in=founders-intro", "in", Operator.EQUAL, "founders-intro"),
        ("phone?", "phone", Operator.SET, None),
        ("!phone?", "phone", Operator.UNSET, None),
        ("! Job Title ?", "job_title", Operator.UNSET, None),
        ("email=ADA@X.TEST", "email", Operator.EQUAL, "ada@x.test"),
    ],
)
def test_an_expression_is_understood(
    text: str, name: str, operator: Operator, value: object
) -> None:
    found = parsed(text)
    assert (found.name, found.operator, found.value) == (name, operator, value)


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("last_enrolled_at<2026-03-01", datetime(2026, 2, 28, 23, 0, tzinfo=UTC)),
        ("last_enrolled_at>2026-03-01T09:00Z", datetime(2026, 3, 1, 9, 0, tzinfo=UTC)),
        ("born<1960-01-01", datetime(1959, 12, 31, 23, 0, tzinfo=UTC)),
        ("renewal<+3d", datetime(2026, 3, 5, 8, 0, tzinfo=UTC)),
        ("renewal>17:00", datetime(2026, 3, 2, 16, 0, tzinfo=UTC)),
    ],
)
def test_times_are_read_in_the_users_zone(text: str, moment: datetime) -> None:
    found = parsed(text)
    assert (found.value, found.until, found.zone) == (moment, None, ZONE)


def test_a_bare_date_with_an_equals_sign_is_the_whole_day() -> None:
    found = parsed("last_enrolled_at=2026-03-29")  # daylight saving begins: 23 hours
    assert found.value == datetime(2026, 3, 28, 23, 0, tzinfo=UTC)
    assert found.until == datetime(2026, 3, 29, 22, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "'' is not a filter."),
        ("company", "'company' is not a filter."),
        ("=Acme", "'=Acme' is not a filter."),
        ("company==Acme", "'company==Acme' is not a filter."),
        ("---=x", "'---' is not the name of a property."),
        ("company=", "'company=' names no value."),
        ("size>=3", "'size>=3' is not a filter."),
        ("company<Acme", "company is compared with a number or a time, not 'Acme'."),
        ("last_enrolled_at=soon", "last_enrolled_at is compared with a time, not 'soon'."),
        ("last_enrolled_at<3", "last_enrolled_at is compared with a time, not '3'."),
        ("last_enrolled_at~2026", "'~' makes no sense for last_enrolled_at."),
        ("opted_out=perhaps", "opted_out is true or false, not 'perhaps'."),
        ("opted_out>1", "'>' makes no sense for opted_out."),
        ("sequences_active_count=two", "sequences_active_count is a number, not 'two'."),
        ("in<founders-intro", "'<' makes no sense for in."),
        ("city=Oslo and phone?", "'city=Oslo and phone?' holds two filters."),
        ("city=Oslo OR size>3", "'city=Oslo OR size>3' holds two filters."),
    ],
)
def test_a_wrong_expression_is_refused_with_an_example(text: str, sentence: str) -> None:
    with pytest.raises(WrongUsage) as refused:
        parsed(text)
    assert refused.value.message == sentence
    assert refused.value.hint


@given(st.text(max_size=40))
def test_any_text_is_understood_or_refused(text: str) -> None:
    try:
        found = parsed(text)
    except WrongUsage:
        return
    assert property_name(found.name) == found.name


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("1950-06-01", datetime(1950, 5, 31, 23, 0, tzinfo=UTC)),
        ("2026-03-02 10:00", datetime(2026, 3, 2, 9, 0, tzinfo=UTC)),
        ("2026-03-02T10:00:00Z", datetime(2026, 3, 2, 10, 0, tzinfo=UTC)),
        ("0001-01-01", None),
        ("20260302", None),
        ("12", None),
        ("yesterday", None),
        ("well-known", None),
    ],
)
def test_a_stored_text_is_a_moment_or_not(text: str, moment: datetime | None) -> None:
    assert moment_in(text, ZONE) == moment


def test_the_engines_properties_are_those_of_the_contract() -> None:
    assert list(ENGINE_PROPERTIES) == [
        "now_in_sequence",
        "sequences_active_count",
        "sequences_enrolled_count",
        "last_sequence_enrolled",
        "last_enrolled_at",
        "last_sequence_ended_at",
        "last_sequence_finished_at",
        "last_sequence_unenrolled_at",
    ]
