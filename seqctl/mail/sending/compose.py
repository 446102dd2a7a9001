"""A mail as bytes (RFC 5322 and MIME): always the same bytes for the same mail, 7-bit clean.

Lines are joined here rather than by `email.message`, which takes ten times as long; the tests parse
what is written back with it.
"""

from __future__ import annotations

import binascii
import re
from typing import TYPE_CHECKING, NamedTuple

from seqctl.mail.sending.headers import head, well_formed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from seqctl.ports.mail import Attached, Outgoing

_PLAIN = re.compile(r"[\t\n -~]*")
# A relay may fold a line near 998 characters; a mailbox file quotes a line that begins with "From ".
_NEEDS_ENCODING = re.compile(r"[^\n]{900}|^From ", re.MULTILINE)
_MBOX_FROM = re.compile(rb"^From ", re.MULTILINE)
# Quoted-printable that is longer than this multiple is harder to read than base64, and larger.
_MOSTLY_QUOTED = 1.6


class _Part(NamedTuple):
    """A piece of a mail: its own header lines, and its encoded content with CRLF line ends."""

    head: str
    content: bytes


def compose(mail: Outgoing) -> bytes:
    """The mail with CRLF line ends, not dot-stuffed; its body ends with a line end.

    Names and the subject are cleaned. Only an address with a non-ASCII local part leaves a byte
    that isn't ASCII (RFC 6532). Raises Refused (`SEND_FAILED`) for an address, a Message-ID or a URL
    that can't stand in a header.
    """
    lines = head(mail)
    part = _text_part(mail.body)
    if mail.markdown:
        part = _alternative(part, mail)
    if mail.attachments:
        files = [_file_part(each) for each in mail.attachments]
        part = _multipart("mixed", [part, *files], mail.message_id)
    return f"{lines}{part.head}\r\n".encode() + part.content


def _text_part(text: str, subtype: str = "plain") -> _Part:
    text = _one_line_end(text)
    if _PLAIN.fullmatch(text) and not _NEEDS_ENCODING.search(text):
        encoding, content = "7bit", text.replace("\n", "\r\n").encode()
    else:
        encoding, content = _encoded(text)
    return _Part(
        f'Content-Type: text/{subtype}; charset="utf-8"\r\n'
        f"Content-Transfer-Encoding: {encoding}\r\n",
        content,
    )


def _one_line_end(text: str) -> str:
    r"""The text with `\n` as its only line end, and one at its end."""
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    return text if text.endswith("\n") else f"{text}\n"


def _encoded(text: str) -> tuple[str, bytes]:
    """A transfer encoding and the text in it (RFC 2045): the one that takes less room."""
    raw = well_formed(text).encode()
    quoted = _MBOX_FROM.sub(b"=46rom ", binascii.b2a_qp(raw)).replace(b"\n", b"\r\n")
    if len(quoted) > _MOSTLY_QUOTED * len(raw):
        return "base64", _base64(raw.replace(b"\n", b"\r\n"))
    return "quoted-printable", quoted


def _base64(content: bytes) -> bytes:
    whole = binascii.b2a_base64(content, newline=False)
    return b"".join(whole[at : at + 76] + b"\r\n" for at in range(0, len(whole), 76))


# --- several parts -------------------------------------------------------------------------------


def _alternative(text: _Part, mail: Outgoing) -> _Part:
    from seqctl.mail.sending.markdown import html_page

    page = _text_part(html_page(well_formed(mail.body)), "html")
    return _multipart("alternative", [text, page], mail.message_id)


def _file_part(attached: Attached) -> _Part:
    from seqctl.mail.sending.file_names import disposition, media_type

    return _Part(
        f"Content-Type: {media_type(attached.name)}\r\n"
        "Content-Transfer-Encoding: base64\r\n"
        f"{disposition(attached.name)}\r\n",
        _base64(attached.content),
    )


def _multipart(subtype: str, parts: Sequence[_Part], message_id: str) -> _Part:
    pieces = [f"{part.head}\r\n".encode() + part.content for part in parts]
    boundary = _boundary(f"{subtype} {message_id}", pieces)
    opening = f"--{boundary}\r\n".encode()
    content = b"".join(opening + piece + b"\r\n" for piece in pieces)
    return _Part(
        f'Content-Type: multipart/{subtype};\r\n boundary="{boundary}"\r\n',
        content + f"--{boundary}--\r\n".encode(),
    )


def _boundary(seed: str, pieces: Sequence[bytes]) -> str:
    """A delimiter that occurs in none of the pieces, and is the same for the same mail."""
    from hashlib import sha256

    number = 0
    while True:
        boundary = "seqctl-" + sha256(f"{number} {seed}".encode()).hexdigest()[:32]
        if not any(boundary.encode() in piece for piece in pieces):
            return boundary
        number += 1
