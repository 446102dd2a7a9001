"""Filters as SQL conditions on `contact AS c`."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from datetime import datetime

from seqctl.domain.contacts.filters import FIELDS, Filter, Kind, Operator, moment_in, number_in
from seqctl.domain.contacts.folding import folded
from seqctl.domain.model import User
from seqctl.domain.timing.moments import iso

Condition = tuple[str, Sequence[object]]

_LATEST = "FROM enrollment AS e {} WHERE e.contact_id = c.id ORDER BY e.id DESC LIMIT 1"
_ENDED = "(SELECT max(e.ended_at) FROM enrollment AS e WHERE e.contact_id = c.id{})"
_SUPPRESSED = "EXISTS (SELECT 1 FROM suppression WHERE address = c.email AND kind = '{}')"
_OF_CONTACT = "SELECT {} FROM enrollment AS e WHERE e.contact_id = c.id{}"
_LIVE = " AND e.status = 'live'"

_EXPRESSIONS = {
    **{name: f"c.{name}" for name in FIELDS if name != "owner"},
    "owner": "(SELECT name FROM user WHERE user.id = c.owner_id)",
    "opted_out": _SUPPRESSED.format("opted_out"),
    "bounced": _SUPPRESSED.format("bounced"),
    "now_in_sequence": f"EXISTS ({_OF_CONTACT.format(1, _LIVE)})",
    "sequences_active_count": f"({_OF_CONTACT.format('count(*)', _LIVE)})",
    "sequences_enrolled_count": f"({_OF_CONTACT.format('count(*)', '')})",
    "last_sequence_enrolled": "(SELECT s.name "
    + _LATEST.format("JOIN sequence AS s ON s.id = e.sequence_id")
    + ")",
    "last_enrolled_at": f"(SELECT e.enrolled_at {_LATEST.format('')})",
    "last_sequence_ended_at": _ENDED.format(""),
    "last_sequence_finished_at": _ENDED.format(" AND e.status = 'finished'"),
    "last_sequence_unenrolled_at": _ENDED.format(" AND e.status = 'unenrolled'"),
}
# The index knows the companies that have a name.
_SAME_COMPANY = "(c.company_folded = ? AND c.company_folded <> '')"
_OWN = "(SELECT value FROM json_each(c.properties) WHERE key = ?)"


def prepare(connection: sqlite3.Connection) -> None:
    """Teach a connection what filters need and SQLite lacks: case beyond ASCII, numbers, dates."""
    connection.create_function("fold", 1, _fold, deterministic=True)
    connection.create_function("number_in", 1, _number, deterministic=True)
    connection.create_function("moment_in", 2, _moment, deterministic=True)


def conditions(filters: Iterable[Filter]) -> list[Condition]:
    """One condition with its parameters for each filter."""
    return [_condition(filter) for filter in filters]


def accessible(user: User) -> Condition:
    """The twin of `access.may_communicate` in SQL."""
    return (
        "(c.access = 'everyone' OR c.owner_id IS NULL OR c.owner_id = ? OR (c.access = 'team' AND "
        "EXISTS (SELECT 1 FROM team_member AS o JOIN team_member AS m ON m.team = o.team "
        "WHERE o.user_id = c.owner_id AND m.user_id = ?)))",
        [user.id, user.id],
    )


def _condition(asked: Filter) -> Condition:
    if asked.kind == Kind.SEQUENCE:
        return _in_sequence(asked)
    expression = _EXPRESSIONS.get(asked.name, _OWN)
    named: list[object] = [] if asked.name in _EXPRESSIONS else [asked.name]
    if asked.operator in (Operator.SET, Operator.UNSET):
        return _presence(asked, expression), named
    test, values = _comparison(asked, expression)
    if asked.operator == Operator.UNEQUAL:
        test = f"NOT ifnull({test}, 0)"
    return test, [*named, *values]


def _presence(asked: Filter, expression: str) -> str:
    wanted = asked.operator == Operator.SET
    if asked.kind == Kind.FLAG:
        return expression if wanted else f"NOT {expression}"
    return f"ifnull({expression}, '') {'<>' if wanted else '='} ''"


def _comparison(asked: Filter, expression: str) -> Condition:
    """The test for =, ~, < and >; != is the contrary of =."""
    value = asked.value
    if isinstance(value, datetime):
        return _moment_comparison(asked, expression, value)
    if asked.operator in (Operator.BELOW, Operator.ABOVE):
        shown = expression if asked.kind == Kind.NUMBER else f"number_in({expression})"
        return f"{shown} {asked.operator} ?", [value]
    if asked.operator == Operator.CONTAINS:
        return f"instr({_folded(asked, expression)}, ?) > 0", [value]
    if asked.name == "company":
        return _SAME_COMPANY, [value]
    return f"{_folded(asked, expression)} = ?", [value]


def _folded(asked: Filter, expression: str) -> str:
    """An expression as its values are compared: an address and an access are stored that way."""
    if asked.kind != Kind.TEXT or asked.name in ("email", "access"):
        return expression
    return "c.company_folded" if asked.name == "company" else f"fold({expression})"


def _moment_comparison(asked: Filter, expression: str, value: datetime) -> Condition:
    values: list[object] = []
    if asked.kind != Kind.TIME:
        expression = f"moment_in({expression}, ?)"
        values.append(asked.zone)
    if asked.operator in (Operator.BELOW, Operator.ABOVE):
        return f"{expression} {asked.operator} ?", [*values, iso(value)]
    if asked.until is None:
        return f"{expression} = ?", [*values, iso(value)]
    return f"({expression} >= ? AND {expression} < ?)", [iso(value), iso(asked.until)]


def _in_sequence(asked: Filter) -> Condition:
    live = _LIVE if asked.name == "in" else ""
    named = ""
    values: Sequence[object] = []
    if asked.operator in (Operator.EQUAL, Operator.UNEQUAL):
        named, values = " AND s.name = ?", [asked.value]
    elif asked.operator == Operator.CONTAINS:
        named, values = " AND instr(s.name, ?) > 0", [asked.value]
    absent = "NOT " if asked.operator in (Operator.UNEQUAL, Operator.UNSET) else ""
    return (
        f"{absent}EXISTS (SELECT 1 FROM enrollment AS e JOIN sequence AS s ON s.id = e.sequence_id "
        f"WHERE e.contact_id = c.id{live}{named})",
        values,
    )


def _fold(text: str | None) -> str | None:
    return None if text is None else folded(text)


def _number(text: str | None) -> float | None:
    return None if text is None else number_in(text)


def _moment(text: str | None, zone: str) -> str | None:
    moment = None if text is None else moment_in(text, zone)
    return None if moment is None else iso(moment)
