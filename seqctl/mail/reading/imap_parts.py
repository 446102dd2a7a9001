"""The answers to FETCH, as `imaplib` leaves them: heads, literals, and what follows them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import NamedTuple

_BEGIN = re.compile(rb"\d+ \(")
_UID = re.compile(rb"\bUID (\d+)")
_SIZE = re.compile(rb"\bRFC822\.SIZE (\d+)")
_DATE = re.compile(rb'\bINTERNALDATE "([^"]+)"')
_SHORT_BODY = re.compile(rb'\bBODY\[\](?:<0>)? "((?:[^"\\]|\\.)*)"')


class Fetched(NamedTuple):
    """One mail, its beginning, and the size of the whole; sorts by UID."""

    uid: int
    at: datetime
    raw: bytes
    size: int


def fetched(parts: Iterable[object]) -> Iterator[Fetched]:
    """The mails in an answer; changes of flags that others made in between are passed over."""
    for head, raw in _messages(parts):
        uid, date = _UID.search(head), _DATE.search(head)
        if uid is None or date is None:
            continue
        size = _SIZE.search(head)
        if raw is None:
            raw = _short_body(head)
        at = parsedate_to_datetime(date[1].decode("ascii", "replace").strip())
        yield Fetched(int(uid[1]), at, raw, int(size[1]) if size else len(raw))


def _messages(parts: Iterable[object]) -> Iterator[tuple[bytes, bytes | None]]:
    """All that was said about one mail, and its literal: it may stand anywhere among the words."""
    head, raw = b"", None
    for part in parts:
        words, literal = _pieces(part)
        if _BEGIN.match(words) and head:
            yield head, raw
            head, raw = b"", None
        head += b" " + words if head else words
        raw = literal if literal is not None else raw
    if head:
        yield head, raw


def _pieces(part: object) -> tuple[bytes, bytes | None]:
    match part:
        case (bytes() as words, bytes() as literal):
            return words, literal
        case bytes():
            return part, None
        case _:
            return b"", None


def _short_body(head: bytes) -> bytes:
    """A body that came as a quoted string, as empty ones do on some servers; b'' for NIL."""
    found = _SHORT_BODY.search(head)
    return re.sub(rb"\\(.)", rb"\1", found[1]) if found else b""
