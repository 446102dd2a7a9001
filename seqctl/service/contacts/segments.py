"""Filters that people type, and those that they keep under a name (rules, "Filters and segments")."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from seqctl.domain.contacts.filters import KINDS, Filter, Kind, Operator, parse_filter
from seqctl.domain.errors import NotFound, WrongUsage
from seqctl.domain.model import Event, User
from seqctl.service.acting import did_you_mean
from seqctl.service.contacts.contacts import ACCESS

if TYPE_CHECKING:
    from seqctl.ports import Store

_NAME = re.compile(r"[\w][\w.-]{0,79}")


def filters_of(
    store: Store, user: User, now: datetime, where: Iterable[str], segment: str | None = None
) -> list[Filter]:
    """The filters of typed expressions and of a segment, all of which a contact has to pass.

    Raises WrongUsage for a bad expression and for a property that no contact has, NotFound for an
    unknown segment or sequence.
    """
    expressions = [*(expressions_of(store, segment) if segment is not None else ()), *where]
    filters = [parse_filter(text, now=now, zone=user.timezone) for text in expressions]
    for asked in filters:
        _check_property(store, asked)
        if asked.operator in (Operator.EQUAL, Operator.UNEQUAL):
            _check_value(store, asked)
    return filters


def expressions_of(store: Store, name: str) -> list[str]:
    """The expressions of a segment; raises NotFound with the nearest name."""
    segments = store.contacts.segments()
    if name not in segments:
        raise NotFound(
            f"There is no segment '{name}'.{did_you_mean(name, segments)}",
            "seqctl segment list",
            code="NO_SEGMENT",
        )
    return segments[name]


def save(store: Store, user: User, now: datetime, name: str, where: Sequence[str]) -> str:
    """Keep expressions under a name: `saved`, `replaced`, or `unchanged`.

    Raises WrongUsage for a bad name or expression, and where there is no expression.
    """
    if not _NAME.fullmatch(name):
        raise WrongUsage(
            f"'{name}' can't be a segment's name.", "use letters, digits, '-', '_' and '.'"
        )
    if not where:
        raise WrongUsage(
            "A segment needs a filter.", f"seqctl segment save {name} --where country=SE"
        )
    filters_of(store, user, now, where)
    with store.writing():
        before = store.contacts.segments().get(name)
        if before == list(where):
            return "unchanged"
        store.contacts.save_segment(name, where)
        store.history.add([Event(now, user.id, "segment-saved", f"{name}: {' and '.join(where)}")])
        return "saved" if before is None else "replaced"


def delete(store: Store, user: User, now: datetime, name: str) -> list[str]:
    """Forget a segment, and give its expressions; raises NotFound."""
    with store.writing():
        expressions = expressions_of(store, name)
        store.contacts.delete_segment(name)
        store.history.add([Event(now, user.id, "segment-deleted", name)])
        return expressions


def _check_property(store: Store, asked: Filter) -> None:
    """Refuse a name that means nothing here: misspelt behind `!=` or `!`, it would let all pass."""
    if asked.name in KINDS or store.contacts.has_property(asked.name):
        return
    near = did_you_mean(asked.name, [*KINDS, *store.contacts.property_names()])
    raise WrongUsage(
        f"No contact has a property '{asked.name}'.{near}",
        "seqctl contact show EMAIL",
        code="UNKNOWN_PROPERTY",
    )


def _check_value(store: Store, asked: Filter) -> None:
    """Refuse a value of which there is a list and that is not on it, for the same reason."""
    if asked.kind == Kind.SEQUENCE or asked.name == "last_sequence_enrolled":
        _check_sequence(store, asked)
    elif asked.name == "owner":
        _check_owner(store, asked)
    elif asked.name == "access" and asked.value not in ACCESS:
        raise WrongUsage(
            f"access is {', '.join(ACCESS)}, not '{asked.value}'.", "--where access=team"
        )


def _check_owner(store: Store, asked: Filter) -> None:
    known = [user.name for user in store.people.users(removed=True)]
    if asked.value not in known:
        raise NotFound(
            f"There is no user '{asked.value}'.{did_you_mean(str(asked.value), known)}",
            "seqctl user list",
            code="NO_USER",
        )


def _check_sequence(store: Store, asked: Filter) -> None:
    if store.sequences.named(str(asked.value)) is None:
        known = [sequence.name for sequence in store.sequences.all()]
        raise NotFound(
            f"There is no sequence '{asked.value}'.{did_you_mean(str(asked.value), known)}",
            "seqctl sequence list",
            code="NO_SEQUENCE",
        )
