"""The one grammar of the daily verbs: what holds an `@` is a contact, anything else a sequence."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from seqctl.domain.errors import WrongUsage

STDIN = "-"
"""The word that stands for the contacts on standard input."""


NOBODY = "Standard input names nobody; nothing was done."


class Named(NamedTuple):
    """What the words after a verb name.

    `nobody` is True where contacts were to be read from standard input, and none stood there: that
    is not the same as naming none, which may mean a whole sequence.
    """

    sequence: str | None
    contacts: list[str]
    nobody: bool = False


class MayBeEmpty:
    """Marks an option, in its annotation, of which an empty value means something: it clears."""


def sequence_and_contacts(words: list[str] | None) -> Named:
    """Tell the sequence from the contacts; `-` stands for contacts read from standard input.

    Raises `WrongUsage` where two sequences are named.
    """
    sequences = [word for word in words or [] if "@" not in word and word != STDIN]
    if len(sequences) > 1:
        raise WrongUsage(
            f"Two sequences are named: {sequences[0]} and {sequences[1]}.",
            "write contacts as e-mail addresses",
        )
    named = contacts(words)
    nobody = STDIN in (words or []) and not named
    return Named(sequences[0] if sequences else None, named, nobody)


def contacts(words: list[str] | None) -> list[str]:
    """The contacts among `words`, each once, in their order; `-` reads standard input."""
    named: dict[str, None] = {}
    for word in words or []:
        if word == STDIN:
            named.update(dict.fromkeys(_lines_of_stdin()))
        elif "@" in word:
            named[word] = None
    return list(named)


def refuse_empty(given: Iterable[tuple[str, object]], names: Mapping[str, str]) -> None:
    """Raise WrongUsage where a word or the value of an option is empty, or nothing but spaces.

    `given` are parameters with their values, `names` what those that have to say something are called.
    """
    for parameter, value in given:
        words: list[object] = [*value] if isinstance(value, list) else [value]  # pyright: ignore[reportUnknownVariableType]
        if parameter in names and any(isinstance(w, str) and not w.strip() for w in words):
            raise WrongUsage(
                f"An empty word says nothing: {names[parameter]} needs a value.",
                "is a variable empty that should hold it?",
                code="EMPTY_WORD",
            )


def _lines_of_stdin() -> list[str]:
    from seqctl.files.contacts.decoding import read_lines

    lines = (line.strip() for line in read_lines(STDIN))
    return [line for line in lines if line and not line.startswith("#")]
