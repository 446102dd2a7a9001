"""Filter expressions over contacts: `company~acme`, `last_enrolled_at<2026-03-01`, `!phone?`
(rules, "Filters and segments")."""

from __future__ import annotations

import re
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from typing import NamedTuple
from unicodedata import normalize

from seqctl.domain.contacts.addresses import stored_form
from seqctl.domain.contacts.folding import folded
from seqctl.domain.errors import WrongUsage
from seqctl.domain.timing.moments import in_utc, parse_moment, refuse_beyond


class Kind(StrEnum):
    """What the values of a property are, which decides how they compare."""

    TEXT = "text"
    FLAG = "flag"
    NUMBER = "number"
    TIME = "time"
    SEQUENCE = "sequence"


class Operator(StrEnum):
    """What a filter asks of a property."""

    EQUAL = "="
    UNEQUAL = "!="
    CONTAINS = "~"
    BELOW = "<"
    ABOVE = ">"
    SET = "?"
    UNSET = "!?"


FIELDS = ("email", "first_name", "last_name", "company", "phone", "owner", "access")
"""The contact's own fields that hold text."""

ENGINE_PROPERTIES: dict[str, Kind] = {
    "now_in_sequence": Kind.FLAG,
    "sequences_active_count": Kind.NUMBER,
    "sequences_enrolled_count": Kind.NUMBER,
    "last_sequence_enrolled": Kind.TEXT,
    "last_enrolled_at": Kind.TIME,
    "last_sequence_ended_at": Kind.TIME,
    "last_sequence_finished_at": Kind.TIME,
    "last_sequence_unenrolled_at": Kind.TIME,
}
"""The properties that the engine keeps, in the order in which they are shown
(rules, "Properties that the engine keeps")."""

KINDS: dict[str, Kind] = {
    **dict.fromkeys(FIELDS, Kind.TEXT),
    "opted_out": Kind.FLAG,
    "bounced": Kind.FLAG,
    **ENGINE_PROPERTIES,
    "in": Kind.SEQUENCE,
    "ever_in": Kind.SEQUENCE,
}
"""The names that mean something by themselves; any other is a property of the contact's own."""

Value = str | bool | float | datetime | None


class Filter(NamedTuple):
    """One condition on a contact.

    `value` is text in folded case, a flag, a number or a moment, and None for `?` and `!?`.
    `until` is set where a bare date is asked for with `=` or `!=`: the first moment after that day.
    `zone` is where the dates among the contact's own properties are read.
    """

    name: str
    operator: Operator
    value: Value = None
    until: datetime | None = None
    zone: str = "UTC"

    @property
    def kind(self) -> Kind:
        """The kind of the property that it looks at."""
        return KINDS.get(self.name, Kind.TEXT)


_NAME = r"[^\s=!~<>?](?:[^=!~<>?]*[^\s=!~<>?])?"
_COMPARISON = re.compile(rf"\s*({_NAME})\s*(!=|=|~|<|>)\s*(.*?)\s*", re.DOTALL)
_PRESENCE = re.compile(rf"\s*(!?)\s*({_NAME})\s*\?\s*")
_NUMBER = re.compile(r"[+-]?[0-9]{1,300}(?:\.[0-9]{1,300})?")
_SECOND = re.compile(
    rf"\s(?:and|or|&&?|\|\|?)\s+(!?{_NAME}\s*(?:\?\s*$|!=|[=~<>]).*)", re.I | re.DOTALL
)
_FLAGS = {"true": True, "yes": True, "false": False, "no": False}
_EXAMPLES = (
    "for example --where company=Acme, --where 'city~holm', --where 'phone?' or --where '!phone?'"
)
_ALLOWED: dict[Kind, tuple[Operator, ...]] = {
    Kind.TEXT: tuple(Operator),
    Kind.FLAG: (Operator.EQUAL, Operator.UNEQUAL, Operator.SET, Operator.UNSET),
    Kind.NUMBER: tuple(operator for operator in Operator if operator != Operator.CONTAINS),
    Kind.TIME: tuple(operator for operator in Operator if operator != Operator.CONTAINS),
    Kind.SEQUENCE: tuple(op for op in Operator if op not in (Operator.BELOW, Operator.ABOVE)),
}

_EXAMPLE_OF = {
    Kind.TEXT: "for example --where '{}~acme'",
    Kind.FLAG: "for example --where '{0}?' or --where {0}=false",
    Kind.NUMBER: "for example --where '{}>2'",
    Kind.TIME: "for example --where '{}<2026-03-02'",
    Kind.SEQUENCE: "for example --where {}=founders-intro",
}


def parse_filter(text: str, *, now: datetime, zone: str) -> Filter:
    """The filter that a person means by `text`, typed at `now` in the time zone `zone`.

    Raises WrongUsage, with an example, for anything else.
    """
    if found := _PRESENCE.fullmatch(text):
        operator = Operator.UNSET if found[1] else Operator.SET
        return Filter(_name(found[2]), operator, zone=zone)
    found = _COMPARISON.fullmatch(text)
    if found is None or found[3].startswith("="):
        raise WrongUsage(f"'{text}' is not a filter.", _EXAMPLES)
    if second := _SECOND.search(found[3]):
        raise WrongUsage(
            f"'{text}' holds two filters.", f"write the second as --where '{second[1]}'"
        )
    name, operator, value = _name(found[1]), Operator(found[2]), found[3]
    kind = KINDS.get(name, Kind.TEXT)
    if operator not in _ALLOWED[kind]:
        raise WrongUsage(f"'{operator}' makes no sense for {name}.", _EXAMPLE_OF[kind].format(name))
    if not value:
        example = f"--where '!{name}?' finds those without a value"
        raise WrongUsage(f"'{text}' names no value.", example)
    if kind == Kind.TIME or (kind == Kind.TEXT and operator in (Operator.BELOW, Operator.ABOVE)):
        return _ordered(Filter(name, operator, zone=zone), kind, value, now)
    return Filter(name, operator, _plain_value(name, kind, value), zone=zone)


def property_name(text: str) -> str:
    """The name of a property as it is stored: `Job Title` is `job_title`, nothing is empty."""
    return re.sub(r"[\W_]+", "_", normalize("NFC", text).lower()).strip("_")


def number_in(text: str) -> float | None:
    """The number that a text is, or None."""
    return float(text) if _NUMBER.fullmatch(text) else None


def moment_in(text: str, zone: str) -> datetime | None:
    """The moment that a stored text is (ISO 8601, or a bare date in `zone`), or None."""
    if "-" not in text:
        return None
    try:
        return in_utc(datetime.fromisoformat(text), zone).replace(microsecond=0)
    except (ValueError, OverflowError):
        return None


def _name(text: str) -> str:
    name = property_name(text)
    if not name:
        raise WrongUsage(f"'{text}' is not the name of a property.", _EXAMPLES)
    return name


def _plain_value(name: str, kind: Kind, text: str) -> Value:
    if kind == Kind.FLAG:
        if text.lower() not in _FLAGS:
            raise WrongUsage(
                f"{name} is true or false, not '{text}'.", _EXAMPLE_OF[kind].format(name)
            )
        return _FLAGS[text.lower()]
    if kind == Kind.NUMBER:
        number = number_in(text)
        if number is None:
            raise WrongUsage(f"{name} is a number, not '{text}'.", _EXAMPLE_OF[kind].format(name))
        return number
    return stored_form(text) if name == "email" else folded(text)


def _ordered(asked: Filter, kind: Kind, text: str, now: datetime) -> Filter:
    """A comparison with a moment, or of text that is a number or a moment."""
    number = number_in(text) if kind == Kind.TEXT else None
    if number is not None:
        return asked._replace(value=number)
    try:
        moment = moment_in(text, asked.zone) or parse_moment(text, now=now, zone=asked.zone)
    except WrongUsage as error:
        what = "a time" if kind == Kind.TIME else "a number or a time"
        raise WrongUsage(
            f"{asked.name} is compared with {what}, not '{text}'.", error.hint
        ) from None
    refuse_beyond(moment, f"'{text}' is not", first=1)
    bare = asked.operator in (Operator.EQUAL, Operator.UNEQUAL)
    return asked._replace(value=moment, until=_day_after(text, asked.zone) if bare else None)


def _day_after(text: str, zone: str) -> datetime | None:
    """The end of the day that a bare date names; None for a time of day."""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    return in_utc(datetime.combine(day + timedelta(days=1), time.min), zone)
