"""The head of a mail, line by line (RFC 5322): no field of it can begin a line of its own.

Texts for people (names, subjects) are cleaned: whatever could end a line becomes one space. Addresses,
Message-IDs and URLs are refused where they hold anything that has no place in them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, datetime
from functools import lru_cache
from typing import TYPE_CHECKING

from seqctl.domain.contacts.addresses import InvalidAddress, ascii_domain
from seqctl.domain.errors import Refused

if TYPE_CHECKING:
    from seqctl.ports.mail import Outgoing

LINE = 78
LONGEST_LINE = 998
# The longest thread that References tells: its first mail, and the latest.
LONGEST_THREAD = 20

_BLANK = re.compile("[\x00-\x20\x7f-\x9f\u2028\u2029]+")
_SURROGATE = re.compile("[\ud800-\udfff]")
_ADDRESS = re.compile(r'[^\s\x00-\x20\x7f-\x9f\ud800-\udfff<>()\[\],;:\\"@]+@[a-z0-9.-]+', re.I)
_MESSAGE_ID = re.compile(r"<[!-;=?-~]+>")
_URL = re.compile(r"[a-z][a-z0-9+.-]*:[!-;=?-~]+", re.IGNORECASE)
_WORD = re.compile(r"[!-~]+")
# A word longer than this can't be folded, and a text that looks encoded would be decoded.
_NEEDS_ENCODING = re.compile(r"[^ -~]|=\?|[^ ]{70}")
_NEEDS_QUOTES = re.compile(r"[^A-Za-z0-9 !#$%&'*+/=?^_`{|}~-]")


def head(mail: Outgoing) -> str:
    """All header lines but those of the content, each ended by CRLF.

    Plain ASCII, but for an address whose local part is not: that stays as it is (RFC 6532), and a
    server must know SMTPUTF8 to take it. Raises Refused (`SEND_FAILED`).
    """
    message_id = _checked("Message-ID", mail.message_id, _MESSAGE_ID)
    lines = [
        _from_line(mail.sender_name, mail.sender),
        f"To: {wire_address(mail.recipient)}",
        _text_line("Subject", mail.subject),
        f"Date: {_date(mail.at)}",
        f"Message-ID: {message_id}",
    ]
    if mail.thread:
        lines += _thread_lines(mail.thread)
    lines.append(f"X-Seqctl-Id: {_checked('X-Seqctl-Id', mail.seqctl_id, _WORD)}")
    if mail.unsubscribe:
        lines += _unsubscribe_lines(mail.unsubscribe)
    lines.append("MIME-Version: 1.0\r\n")
    return "\r\n".join(lines)


def wire_address(address: str) -> str:
    """An address as servers are told it: its domain in ASCII (`xn--…`), its local part untouched.

    Raises Refused (`SEND_FAILED`) for what is no address.
    """
    if not address.isascii():
        address = _with_ascii_domain(address)
    return _checked("address", address, _ADDRESS)


def _with_ascii_domain(address: str) -> str:
    local, _, domain = address.rpartition("@")
    try:
        return f"{local}@{ascii_domain(domain.lower())}"
    except InvalidAddress as error:
        raise Refused(error.message, "seqctl doctor", code="SEND_FAILED") from error


def cleaned(text: str) -> str:
    """A text on one line: each run of blanks and control characters is one space, or none at its ends."""
    if text.isascii() and text.isprintable() and "  " not in text:
        return text.strip(" ")
    return well_formed(_BLANK.sub(" ", text).strip(" "))


def well_formed(text: str) -> str:
    """The text without halves of characters (lone surrogates), which no encoding can write."""
    return text if text.isascii() else _SURROGATE.sub("\ufffd", text)


# --- names and subjects --------------------------------------------------------------------------


@lru_cache(maxsize=1024)
def _from_line(name: str, address: str) -> str:
    address, name = f"<{wire_address(address)}>", cleaned(name)
    if not name:
        return f"From: {address}"
    if _NEEDS_ENCODING.search(name) or len(name) > 60:
        name = _encoded("From", name)
    elif _NEEDS_QUOTES.search(name):
        name = '"' + name.replace("\\", "\\\\").replace('"', '\\"') + '"'
    line = f"From: {name}"
    room = LINE - len(line.rpartition("\r\n")[2])
    return f"{line}{' ' if len(address) < room else _FOLD}{address}"


def _text_line(name: str, text: str) -> str:
    text = cleaned(text)
    if _NEEDS_ENCODING.search(text):
        return f"{name}: {_encoded(name, text)}"
    if len(name) + 2 + len(text) <= LINE:
        return f"{name}: {text}"
    return _folded(name, text.split(" "))


def _encoded(name: str, text: str) -> str:
    """A text as encoded words (RFC 2047), on as many lines as it needs."""
    from email.header import Header

    return Header(text, "utf-8", header_name=name, maxlinelen=76).encode(linesep="\r\n")


# --- what is never encoded -----------------------------------------------------------------------

_FOLD = "\r\n "


def _folded(name: str, words: Iterable[str]) -> str:
    """A header line of these words, folded between them where it would be too long."""
    lines = [f"{name}:"]
    for word in words:
        if len(lines[-1]) + 1 + len(word) > LINE and lines[-1] != f"{name}:":
            lines.append("")
        lines[-1] += f" {word}"
    return "\r\n".join(lines)


def _thread_lines(thread: tuple[str, ...]) -> Iterable[str]:
    """In-Reply-To and References (RFC 5322, section 3.6.4)."""
    if len(thread) > LONGEST_THREAD:
        thread = thread[:1] + thread[1 - LONGEST_THREAD :]
    ids = [_checked("References", each, _MESSAGE_ID) for each in thread]
    return f"In-Reply-To: {ids[-1]}", _folded("References", ids)


def _unsubscribe_lines(urls: tuple[str, ...]) -> Iterable[str]:
    """How to be left alone (RFC 2369); with one click where that can be (RFC 8058)."""
    listed = [f"<{_checked('List-Unsubscribe', url, _URL)}>" for url in urls]
    yield _folded("List-Unsubscribe", [f"{each}," for each in listed[:-1]] + listed[-1:])
    if any(url[:6].lower() == "https:" for url in urls):
        yield "List-Unsubscribe-Post: List-Unsubscribe=One-Click"


def _checked(name: str, text: str, pattern: re.Pattern[str]) -> str:
    if pattern.fullmatch(text) and len(text) < LONGEST_LINE - 100:
        return text
    shown = ascii(text if len(text) <= 60 else f"{text[:60]}…")
    raise Refused(
        f"A mail can't be written with {shown} as its {name}.",
        "seqctl doctor",
        code="SEND_FAILED",
    )


@lru_cache(maxsize=64)
def _date(at: datetime) -> str:
    from email.utils import format_datetime

    return format_datetime(at.astimezone(UTC))
