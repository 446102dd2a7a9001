"""The one grammar of the daily verbs: what holds an `@` is a contact, anything else a sequence."""

from __future__ import annotations

import sys
from typing import NamedTuple

from seqctl.domain.errors import WrongUsage


class Named(NamedTuple):
    """What the words after a verb name."""

    sequence: str | None
    contacts: list[str]


def sequence_and_contacts(words: list[str] | None) -> Named:
    """Tell the sequence from the contacts; `-` stands for contacts read from standard input.

    Raises `WrongUsage` where two sequences are named.
    """
    sequences = [word for word in words or [] if "@" not in word and word != "-"]
    if len(sequences) > 1:
        raise WrongUsage(
            f"Two sequences are named: {sequences[0]} and {sequences[1]}.",
            "write contacts as e-mail addresses",
        )
    return Named(sequences[0] if sequences else None, contacts(words))


def contacts(words: list[str] | None) -> list[str]:
    """The contacts among `words`, each once, in their order; `-` reads standard input."""
    named: dict[str, None] = {}
    for word in words or []:
        if word == "-":
            named.update(dict.fromkeys(_lines_of_stdin()))
        elif "@" in word:
            named[word] = None
    return list(named)


def _lines_of_stdin() -> list[str]:
    lines = (line.strip() for line in sys.stdin)
    return [line for line in lines if line and not line.startswith("#")]
