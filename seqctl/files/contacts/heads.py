"""What the columns of a contact file mean, in the words of the common exports."""

from __future__ import annotations

import difflib
import re
import shlex
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from seqctl.domain.contacts.filters import property_name
from seqctl.domain.errors import BadFile
from seqctl.files.contacts.decoding import STANDARD_INPUT
from seqctl.files.contacts.refusals import flag_of, is_status, key

# Each field's heads (see `_key`), the preferred ones first. Where several have a value, the most
# preferred wins; the others are kept as properties, or as further addresses.
FIELDS: dict[str, tuple[str, ...]] = {
    "email": (
        *("email", "emailaddress", "primaryemail", "email1", "email1value", "email1address"),
        *("emailaddress1", "workemail", "businessemail", "contactemail", "mail", "emailid"),
        *("emailadresse", "epost", "epostadress", "courriel", "personalemail"),
    ),
    "first_name": ("firstname", "givenname", "first", "forename", "fname", "vorname", "prenom"),
    "last_name": ("lastname", "familyname", "surname", "last", "lname", "nachname"),
    "company": (
        *("company", "companyname", "organization", "organizationname", "organization1name"),
        *("organisation", "organisationname", "associatedcompany", "primaryassociatedcompany"),
        *("accountname", "employer", "firma"),
    ),
    "phone": (
        *("phone", "phonenumber", "phone1", "phone1value", "primaryphone", "businessphone"),
        *("workphone", "telephone", "telephonenumber", "mobilephonenumber", "mobilephone"),
        *("mobile", "cellphone", "homephone", "telefon"),
    ),
    "name": ("name", "fullname", "displayname", "contactname"),
}
_FURTHER_EMAIL = re.compile(
    r"email(?:address)?(?:[2-9]|\d\d)(?:value|address)?|epost2"
    r"|(?:additional|other|secondary|alternate|alternative)emails?(?:address(?:es)?)?"
    r"|(?:work|personal|primary|business|contact)email(?:[2-9]|\d\d)"
)
# Names that mean something else in a workspace: a column named so is kept as `imported_…`.
RESERVED = frozenset(
    [
        *("email", "first_name", "last_name", "company", "phone", "owner", "access"),
        *("opted_out", "bounced", "in", "ever_in", "now_in_sequence", "sequences_active_count"),
        *("sequences_enrolled_count", "last_sequence_enrolled", "last_enrolled_at"),
        *("last_sequence_ended_at", "last_sequence_finished_at", "last_sequence_unenrolled_at"),
    ]
)
_FLAGS = ("opted_out", "bounced")
_RECORD_FIELDS = ("first_name", "last_name", "company", "phone")
_SHOWN_COLUMNS = 12


class Plan(NamedTuple):
    """Where a row's values stand, worked out once for a file: positions of cells.

    `fields` goes from the least preferred column to the most preferred, so that a later one wins.
    """

    emails: tuple[int, ...]
    fields: tuple[tuple[str, int], ...]
    name: int | None
    properties: tuple[tuple[str, int], ...]
    opted_out: tuple[int, ...]
    bounced: tuple[int, ...]
    statuses: tuple[Status, ...]


class Status(NamedTuple):
    """A column that tells by its values who may be written to, and the flag that a person has
    mapped it to, if so."""

    at: int
    head: str
    mapped: str | None


class _Column(NamedTuple):
    at: int
    head: str
    means: str  # a field, "other_emails", "opted_out", "bounced", or a property's name
    rank: int  # how much it is preferred for its field: lower is better


def plan_columns(heads: Sequence[str], mapping: Mapping[str, str], name: str) -> Plan:
    """Find out what each column of a file means.

    `mapping` says it for columns by name ("Work mail" -> "email"), before what is recognised.
    `name` is the file's name in messages.

    Raises BadFile: no e-mail column, a mapped column that isn't there, a target that can't be set.
    """
    heads = _distinct(heads)
    mapped = _mapped(heads, mapping, name)
    columns = [_column(at, head, mapped.get(at)) for at, head in enumerate(heads)]
    emails = _positions(columns, "email") + _positions(columns, "other_emails")
    if not emails:
        raise _no_email_column(heads, name)
    named = {field: _preferred_first(columns, field) for field in _RECORD_FIELDS}
    names = () if named["first_name"] or named["last_name"] else _positions(columns, "name")[:1]
    statuses = tuple(_statuses(columns))
    read = {status.at for status in statuses}
    flags = {
        flag: tuple(at for at in _positions(columns, flag) if at not in read) for flag in _FLAGS
    }
    firsts = [ranked[0].at for ranked in named.values() if ranked]
    return Plan(
        emails=emails,
        fields=tuple((field, c.at) for field, ranked in named.items() for c in reversed(ranked)),
        name=names[0] if names else None,
        properties=_properties(columns, {*emails, *firsts, *names, *sum(flags.values(), ())}),
        **flags,
        statuses=statuses,
    )


def split_name(name: str) -> tuple[str, str]:
    """First and last name of a full name: "Anna Maria Berg" at its last space, "Berg, Anna"."""
    last_name, comma, first_name = name.partition(",")
    if comma:
        return first_name.strip(), last_name.strip()
    first_name, _, last_name = name.strip().rpartition(" ")
    return (first_name.strip(), last_name) if first_name else (last_name, "")


def _statuses(columns: list[_Column]) -> Iterator[Status]:
    for column in columns:
        asked_to_be = column.rank < 0 and is_status(column.means)
        if column.means in FIELDS or not (asked_to_be or is_status(column.head)):
            continue
        if column.means not in _FLAGS:
            yield Status(column.at, column.head, None)
        elif column.rank < 0:
            yield Status(column.at, column.head, column.means)


def _distinct(heads: Sequence[str]) -> list[str]:
    """The heads, trimmed; one that repeats another gets a number, an empty one its position."""
    named = [head.strip() or f"column {at}" for at, head in enumerate(heads, start=1)]
    seen: dict[str, int] = {}
    distinct: list[str] = []
    for head in named:
        same = key(head) or head
        seen[same] = seen.get(same, 0) + 1
        distinct.append(head if seen[same] == 1 else f"{head} {seen[same]}")
    return distinct


def _mapped(heads: list[str], mapping: Mapping[str, str], name: str) -> dict[int, str]:
    keys = [key(head) for head in heads]
    mapped: dict[int, str] = {}
    for column, target in mapping.items():
        _check_target(column, target)
        if column.strip() in heads:
            mapped[heads.index(column.strip())] = target
        elif key(column) in keys:
            mapped[keys.index(key(column))] = target
        else:
            raise _no_such_column(column, heads, name)
    return mapped


def _check_target(column: str, target: str) -> None:
    own = property_name(target)
    if key(target) not in _TARGETS and (not own or own in RESERVED):
        raise BadFile(
            f"The column “{column}” can't become “{target}”: no import sets that.",
            f"Choose another name, such as: --map {shlex.quote(f'{column}=my_{own}')}",
        )


def _column(at: int, head: str, target: str | None) -> _Column:
    if target is None:
        return _Column(at, head, *_recognised(head))
    return _Column(at, head, _TARGETS.get(key(target)) or property_name(target), -1)


def _recognised(head: str) -> tuple[str, int]:
    """What a head means, and its rank."""
    name = key(head)
    if name in _RANKED:
        return _RANKED[name]
    if _FURTHER_EMAIL.fullmatch(name):
        return "other_emails", 0
    flag = flag_of(head)
    if flag is not None:
        return flag, 0
    return "timezone" if name == "timezone" else property_name(head), 0


def _positions(columns: list[_Column], means: str) -> tuple[int, ...]:
    """Where the columns of one meaning stand, the preferred ones first."""
    return tuple(column.at for column in _preferred_first(columns, means))


def _preferred_first(columns: list[_Column], means: str) -> list[_Column]:
    chosen = [column for column in columns if column.means == means]
    return sorted(chosen, key=lambda column: (column.rank, column.at))


def _properties(columns: list[_Column], used: Container[int]) -> tuple[tuple[str, int], ...]:
    """The names of the columns that are kept as properties, no two of them the same."""
    taken: set[str] = set()
    properties: list[tuple[str, int]] = []
    for column in columns:
        if column.at in used:
            continue
        own = property_name(column.head) if column.means in FIELDS else column.means
        own = own or f"column_{column.at + 1}"
        base = f"imported_{own}" if own in RESERVED else own
        name, count = base, 1
        while name in taken:
            count += 1
            name = f"{base}_{count}"
        taken.add(name)
        properties.append((name, column.at))
    return tuple(properties)


def _listed(names: Iterable[str]) -> str:
    shown = list(names)
    more = len(shown) - _SHOWN_COLUMNS
    listed = ", ".join(f"“{name[:60]}”" for name in shown[:_SHOWN_COLUMNS])
    return f"{listed} and {more} more" if more > 0 else listed


def _no_email_column(heads: list[str], name: str) -> BadFile:
    likely = next((head for head in heads if "mail" in head.lower()), heads[0])
    return BadFile(
        f"{name} has no e-mail column; its columns are {_listed(heads)}.",
        _import_command(name, f"--map {shlex.quote(f'{likely[:60]}=email')}"),
    )


def _no_such_column(column: str, heads: list[str], name: str) -> BadFile:
    by_case = {head.lower(): head for head in heads}
    near = [by_case[found] for found in difflib.get_close_matches(column.lower(), by_case)]
    if near:
        return BadFile(
            f"{name} has no column “{column}”; did you mean {_listed(near)}?",
            _import_command(name, f"--map {shlex.quote(f'{near[0][:60]}=…')}"),
        )
    return BadFile(
        f"{name} has no column “{column}”; its columns are {_listed(heads)}.",
        _import_command(name, "--dry-run"),
    )


def _import_command(name: str, options: str) -> str:
    """What to type next; heads come from strangers, so they are quoted for the shell."""
    return f"seqctl contact import {'-' if name == STANDARD_INPUT else shlex.quote(name)} {options}"


_RANKED = {key: (field, rank) for field, keys in FIELDS.items() for rank, key in enumerate(keys)}
_TARGETS = {key(field): field for field in (*FIELDS, "other_emails", *_FLAGS)}
