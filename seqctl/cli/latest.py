"""Lists of which the latest rows are wanted: mails and events."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from seqctl.cli.output import ROWS_SHOWN
from seqctl.cli.session import Session
from seqctl.cli.words import sequence_and_contacts
from seqctl.domain.errors import WrongUsage

Document = dict[str, Any]


class Subject(NamedTuple):
    """What a list is about, by name; None for everything, `nobody` for an empty standard input."""

    sequence: str | None
    contact: str | None
    nobody: bool = False


def subject_of(words: list[str] | None) -> Subject:
    """At most one sequence and one contact; raises WrongUsage for more."""
    named = sequence_and_contacts(words)
    if len(named.contacts) > 1:
        raise WrongUsage("Only one contact can be looked at at a time.", "name one contact")
    return Subject(named.sequence, named.contacts[0] if named.contacts else None, named.nobody)


def latest(
    session: Session,
    number: int | None,
    every: bool,
    fetch: Callable[[int | None], list[Document]],
) -> list[Document]:
    """The latest rows of `fetch(limit)`, newest last: `number`, else all in JSON and with `every`,
    else 50, with a line for people where there are more.
    """
    if number is not None or every or session.json:
        return fetch(number)
    rows = fetch(ROWS_SHOWN + 1)
    if len(rows) > ROWS_SHOWN:
        session.say("… and earlier ones (--all)", "dim")
    return rows[-ROWS_SHOWN:]
