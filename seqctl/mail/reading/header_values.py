"""The values of header fields for people and for comparing: decoded, one line, of bounded length."""

from __future__ import annotations

import binascii
import re
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime

from seqctl.domain.contacts.addresses import stored_form
from seqctl.mail.reading.parts import Headers, decode, first, unbase64

SUBJECT_AT_MOST = 500
ADDRESS_AT_MOST = 320
ID_AT_MOST = 1000
MAILBOX_AT_MOST = 2000
MOST_REFERENCES = 50
MOST_RECIPIENTS = 100

_ENCODED = re.compile(r"=\?([^?\s]{1,60})\?([bBqQ])\?([^?]{0,2000})\?=(?:\s+(?==\?))?")
# Control characters, what changes the direction of reading, what can't be seen, halves of characters.
_UNSEEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f"
    "\ufeff\ufff9-\ufffb\ud800-\udfff]"
)
_QUOTED = re.compile(r'"(?:[^"\\]|\\.){0,200}"')
_ANGLED = re.compile(r"<([^<>]*)>")
_COMMENT = re.compile(r"\([^()]*\)")
_BARE = re.compile(r"[^\s<>()\[\]:;,\"'@]{1,64}@[^\s<>()\[\]:;,\"'@]{1,255}")
_LOCAL_QUOTED = re.compile(r'"[^"<>]{1,64}"@[^\s<>()\[\]:;,"\'@]{1,255}')
_ID = re.compile(r"<([^<>\s]{1,998})>")


def seen(text: str) -> str:
    """A text without control and direction characters; newlines and tabs stay."""
    return _UNSEEN.sub("", text)


def one_line(text: str, longest: int) -> str:
    """A value on one line, without what can't be seen, cut to `longest` characters."""
    return " ".join(seen(text[: 8 * longest].replace("\u2028", " ")).split())[:longest].rstrip()


def decoded(value: str) -> str:
    """A value with its encoded words read (RFC 2047); what is broken stays as it stands."""
    return _ENCODED.sub(_word, value)


def header_text(headers: Headers, name: str, longest: int = SUBJECT_AT_MOST) -> str:
    """The first value of a field, for people."""
    return one_line(decoded(first(headers, name)[: 16 * longest]), longest)


def address_in(text: str) -> str | None:
    """The one address of a value: in angle brackets, else bare; in its stored form."""
    text = text[:MAILBOX_AT_MOST]
    unquoted = _QUOTED.sub(_quoted_local, text)
    for candidate in (*reversed(_ANGLED.findall(unquoted)), unquoted, text):
        if match := _LOCAL_QUOTED.search(candidate) or _BARE.search(candidate):
            return stored_form(one_line(match[0], ADDRESS_AT_MOST).strip("."))
    return None


def addresses(values: Iterable[str]) -> tuple[str, ...]:
    """The addresses of To or Cc, each once, in order, at most MOST_RECIPIENTS."""
    found: dict[str, None] = {}
    for value in values:
        for mailbox in _mailboxes(value):
            if (address := address_in(mailbox)) is not None:
                found[address] = None
                if len(found) == MOST_RECIPIENTS:
                    return tuple(found)
    return tuple(found)


def display_name(value: str) -> str:
    """The name before the address of a From field, '' if there is none."""
    value = value[:MAILBOX_AT_MOST]
    name = decoded(value.partition("<")[0]) if "<" in value else ""
    if not name:
        comment = _COMMENT.search(value)
        name = decoded(comment[0][1:-1]) if comment else ""
    return one_line(name.strip().strip('"').replace("\\", ""), ADDRESS_AT_MOST)


def ids(values: Iterable[str]) -> list[str]:
    """The Message-IDs in some values, in order."""
    return [f"<{one_line(found, ID_AT_MOST)}>" for value in values for found in _ID.findall(value)]


def moment(value: str) -> datetime | None:
    """The instant of a Date field in UTC, None if it can't be read."""
    from email.utils import parsedate_to_datetime

    try:
        read = parsedate_to_datetime(value[:200])
        return (read if read.tzinfo else read.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, TypeError, OverflowError, IndexError):
        return None  # no date is a fact, too


def _word(found: re.Match[str]) -> str:
    charset, encoding, letters = found[1].partition("*")[0], found[2].lower(), found[3]
    raw = letters.encode("ascii", "ignore")
    if encoding == "b":
        return decode(unbase64(raw), charset)
    return decode(binascii.a2b_qp(raw, header=True), charset)


def _mailboxes(value: str) -> Iterator[str]:
    plain = _QUOTED.sub(_quoted_local, value)
    for mailbox in re.split("[,;]", plain):
        if "@" in mailbox:
            yield mailbox


def _quoted_local(found: re.Match[str]) -> str:
    """A quoted name goes; the quoted local part of an address stays."""
    at_sign = found.string[found.end() : found.end() + 1] == "@"
    return found[0] if at_sign and "," not in found[0] else ""
