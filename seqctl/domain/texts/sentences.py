"""Sentences for people, which carry their moments as data.

A moment stands in a sentence as `iso` writes it, in UTC, and the sentence knows where. So the tables and
JSON have a text that reads by itself, people see each moment on their own wall clock
(rules, "Times, typed and shown"), and nobody ever looks for moments in a text, which may be anybody's.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from string import Formatter

from seqctl.domain.timing.moments import STORED_LENGTH, from_iso, iso, show_moment

_parts = Formatter().parse


class Sentence(str):
    """A text with moments in it; `places` are where each begins, as numbers of characters."""

    __slots__ = ("places",)
    places: tuple[int, ...]

    def __new__(cls, text: str, places: Iterable[int]) -> Sentence:
        """The text as it stands: `said` and `joined` are what makes sentences."""
        made = super().__new__(cls, text)
        made.places = tuple(places)
        return made


def said(template: str, **parts: object) -> str:
    """The sentence that a template makes: `said("due {at}", at=moment)`.

    A part is a moment in UTC, another sentence, or anything that `str` can tell; its braces mean nothing.
    A text without moments is a plain `str`. Raises KeyError for a part that the template names and is not
    given.
    """
    pieces: list[object] = []
    for literal, name, _, _ in _parts(template):
        pieces.append(literal)
        if name is not None:
            pieces.append(parts[name])
    return _put_together(pieces)


def joined(separator: str, parts: Iterable[str]) -> str:
    """What `separator.join` gives, with the moments of the parts."""
    pieces: list[object] = []
    for part in parts:
        pieces += [separator, part]
    return _put_together(pieces[1:])


def in_zone(text: str, zone: str) -> str:
    """The text as people in a time zone read it: its moments on their wall clock."""
    if not isinstance(text, Sentence):
        return text
    shown, behind = "", 0
    for place in text.places:
        moment = from_iso(text[place : place + STORED_LENGTH])
        shown += text[behind:place] + show_moment(moment, zone)
        behind = place + STORED_LENGTH
    return shown + text[behind:]


def _put_together(pieces: Iterable[object]) -> str:
    text, places = "", list[int]()
    for piece in pieces:
        if isinstance(piece, datetime):
            places.append(len(text))
            text += iso(piece)
            continue
        if isinstance(piece, Sentence):
            places += [len(text) + place for place in piece.places]
        text += str(piece)
    return Sentence(text, places) if places else text
