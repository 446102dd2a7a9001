"""From the bytes of a mail to its headers and its leaves, in linear time and bounded room.

The standard parser recurses once for each nested part and makes an object for each field of a report;
what anybody may send is split here instead, at most so deep and so often. It is as lenient: what
can't be split is text, and what is cut off ends there.
"""

from __future__ import annotations

import binascii
import codecs
import re
from collections.abc import Iterator
from typing import NamedTuple

HEADERS_AT_MOST = 128 * 1024
VALUE_AT_MOST = 16 * 1024
TEXT_AT_MOST = 128 * 1024
DEEPEST = 12
MOST_PARTS = 200

Headers = dict[str, list[str]]

_FIELD = re.compile(rb"([!-9;-~]{1,100})[ \t]*:(.*)")
_BOUNDARY = re.compile(
    r"""boundary\s*=\s*(?:"([^"]{1,200})"|'([^']{1,200})'|([^\s;"]{1,200}))""", re.I
)
_PARAMETER = r"""{}\s*=\s*(?:"([^"]{{1,200}})"|([^\s;"]{{1,200}}))"""
_BASE64 = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
_NOT_BASE64 = bytes(sorted(set(range(256)) - set(_BASE64)))
# No part has these, unless it is a quoted mail that nobody labelled.
_OF_MAILS_ONLY = {"received", "return-path", "message-id"}
# Codecs that are not for texts, or slow on purpose.
_NO_CHARSETS = {"idna", "punycode", "unicode_escape", "raw_unicode_escape", "undefined", "mbcs"}


class Part(NamedTuple):
    """A leaf: its kind (`text/plain`), its headers, and its body as it stands, still encoded."""

    kind: str
    headers: Headers
    body: bytes


class Mail(NamedTuple):
    """The headers of a mail, its kind, its leaves in order (a quoted mail is one), and its bytes."""

    headers: Headers
    kind: str
    leaves: tuple[Part, ...]
    raw: bytes


def split_mail(raw: bytes) -> Mail:
    """Headers and leaves of a mail, whatever its bytes are."""
    raw = raw.replace(b"\r\n", b"\n").replace(b"\r", b"\n").lstrip(b"\n")
    headers, body = split_headers(raw)
    leaves: list[Part] = []
    for leaf in _leaves(Part(_kind(headers), headers, body), 0):
        leaves.append(leaf)
        if len(leaves) == MOST_PARTS:
            break
    return Mail(headers, _kind(headers), tuple(leaves), raw)


def split_headers(raw: bytes) -> tuple[Headers, bytes]:
    """The unfolded fields by lower-case name, and what follows the first line that is none.

    `raw` has plain newlines. Of endless headers only the first HEADERS_AT_MOST bytes are read.
    """
    headers: Headers = {}
    at, last = 0, None
    end = min(len(raw), HEADERS_AT_MOST)
    while at < end:
        newline = raw.find(b"\n", at)
        newline = len(raw) if newline < 0 else newline
        line = raw[at : min(newline, at + VALUE_AT_MOST)]
        if not line.strip():
            return _joined(headers), raw[newline + 1 :]
        if line[:1] in b" \t" and last is not None:
            last.append(_decoded(line))
        elif field := _FIELD.fullmatch(line):
            last = headers.setdefault(field[1].decode("ascii").lower(), [])
            last.append("\n" + _decoded(field[2]))
        elif at or not line.startswith((b"From ", b">From ", b" ", b"\t")):
            return _joined(headers), raw[at:]
        at = newline + 1
    blank = raw.find(b"\n\n", max(at - 1, 0))
    return _joined(headers), b"" if blank < 0 else raw[blank + 2 :]


def parameter(headers: Headers, field: str, name: str) -> str:
    """A parameter of a field, such as `name` of Content-Type; '' if there is none."""
    found = re.search(_PARAMETER.format(name), first(headers, field), re.I)
    return (found[1] or found[2]) if found else ""


def first(headers: Headers, name: str) -> str:
    """The first value of a field, '' if there is none."""
    return headers[name][0] if name in headers else ""


def content(part: Part) -> bytes:
    """The body of a leaf without its transfer encoding; broken encodings give what can be read."""
    encoding = first(part.headers, "content-transfer-encoding").strip().lower()
    if encoding == "base64":
        return unbase64(part.body)
    if encoding == "quoted-printable":
        return binascii.a2b_qp(part.body)
    return part.body


def unbase64(encoded: bytes) -> bytes:
    """What base64 stands for, with all that doesn't belong there left out."""
    letters = encoded.translate(None, _NOT_BASE64)
    letters = letters[: len(letters) - (len(letters) % 4 == 1)]
    return binascii.a2b_base64(letters + b"=" * (-len(letters) % 4))


def text_of(part: Part) -> str:
    """The beginning of a leaf as text, in its own charset where that can be."""
    return decode(content(part)[:TEXT_AT_MOST], parameter(part.headers, "content-type", "charset"))


def decode(raw: bytes, charset: str) -> str:
    """Bytes in a named charset; in UTF-8 or Latin-1 where that is unknown."""
    if charset and charset.lower() not in ("utf-8", "us-ascii", "ascii"):
        try:
            if codecs.lookup(charset[:40]).name.replace("-", "_") not in _NO_CHARSETS:
                return raw.decode(charset[:40], "replace")
        except (LookupError, ValueError, UnicodeError):
            pass  # a charset that nobody knows: the guess below
    return _decoded(raw)


def _decoded(raw: bytes) -> str:
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError as error:
        # A multi-byte character that was cut in two is no reason to give up UTF-8.
        cut = error.start >= len(raw) - 3 and error.start > 0
        return raw.decode("utf-8", "ignore") if cut else raw.decode("latin-1")


def _joined(pieces: Headers) -> Headers:
    """Each field's values, unfolded: a value begins where a piece begins with a newline."""
    return {
        name: [value[:VALUE_AT_MOST].strip() for value in "".join(lines)[1:].split("\n")]
        for name, lines in pieces.items()
    }


def _kind(headers: Headers) -> str:
    """`text/plain` unless another type is named; a part that begins like a mail is one."""
    kind = first(headers, "content-type").partition(";")[0].strip().lower()
    if kind:
        return kind[:100]
    return "text/plain"


def _leaves(part: Part, depth: int) -> Iterator[Part]:
    named = _BOUNDARY.search(first(part.headers, "content-type"))
    if not part.kind.startswith("multipart/"):
        yield part
        return
    if not named or depth == DEEPEST:
        yield part._replace(kind="text/plain")
        return
    sections = list(_sections(part.body, next(name for name in named.groups() if name)))
    if not sections:
        yield part._replace(kind="text/plain")
    for section in sections:
        headers, body = split_headers(section)
        kind = _kind(headers)
        if not _OF_MAILS_ONLY.isdisjoint(headers):
            kind, headers, body = "message/rfc822", {}, section  # a mail without a label
        yield from _leaves(Part(kind, headers, body), depth + 1)


def _sections(body: bytes, boundary: str) -> Iterator[bytes]:
    """What lies between the boundary lines; some servers indent them."""
    line = re.compile(rb"^[ \t]?--" + re.escape(boundary.encode()) + rb"(--)?[ \t]*$", re.M)
    start = None
    for count, found in enumerate(line.finditer(body)):
        if start is not None:
            yield body[start : max(found.start() - 1, start)]
        start = found.end() + 1
        if found[1] or count == MOST_PARTS:
            return
    if start is not None:
        yield body[start:]
