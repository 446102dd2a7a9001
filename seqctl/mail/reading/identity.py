"""By what a mail is known again, whatever its number, file name, folder or way of reading."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from seqctl.mail.reading.header_values import ids, seen
from seqctl.mail.reading.parts import Headers, Mail, split_headers

if TYPE_CHECKING:
    from collections.abc import Iterable

# As much of the text as any way of reading gives, also where it counts two bytes for a line's end.
TEXT_AT_MOST = 64 * 1024
ID_AT_MOST = 998

_ALWAYS_KEPT = ("date", "from", "to", "cc", "subject")
_COMMENT = re.compile(r"\([^()]*\)")
_ESCAPED_FROM = re.compile(rb"^>+From ", re.M)


def identity_of(mail: Mail) -> str:
    """The Message-ID of a mail, `<…>`; where it has none, a digest of what never changes, `sha256:…`.

    A digest covers Date, From, To, Cc, Subject and the beginning of the text, without blanks and line
    ends: these differ between IMAP and a Maildir. What servers add on their way is left out.
    """
    return _named(mail.headers.get("message-id", [])) or _digest_of(mail)


def identity_in(head: bytes) -> str | None:
    """The Message-ID in the bytes of a head; None if a digest has to tell."""
    headers, _ = split_headers(head.replace(b"\r\n", b"\n").replace(b"\r", b"\n"))
    return _named(headers.get("message-id", []))


def _named(values: list[str]) -> str | None:
    """The first of these that is a Message-ID, also one that was folded or has lost its brackets."""
    for found in ids(values):
        return found
    for value in values:
        bare = "".join(_COMMENT.sub("", seen(value)).split()).strip("<>")
        if bare:
            return f"<{bare}>" if len(bare) <= ID_AT_MOST else f"sha256:{_sha256([bare.encode()])}"
    return None


def _digest_of(mail: Mail) -> str:
    _, text = split_headers(mail.raw)
    text = _ESCAPED_FROM.sub(b"From ", text)
    # IMAP can't carry a NUL: Dovecot gives 0x80 for it.
    shown = b"".join(text.replace(b"\0", b"\x80").split())[:TEXT_AT_MOST]
    return f"sha256:{_sha256([*_said(mail.headers), shown])}"


def _said(headers: Headers) -> Iterable[bytes]:
    for name in _ALWAYS_KEPT:
        yield _plain(headers.get(name, []))
    if "date" not in headers:
        # The first server that had it wrote when; later ones only write above that.
        yield _plain(headers.get("received", [])[-1:])


def _plain(values: list[str]) -> bytes:
    return "\n".join("".join(value.split()) for value in values).encode("utf-8", "replace")


def _sha256(parts: Iterable[bytes]) -> str:
    from hashlib import sha256

    return sha256(b"\0".join(parts)).hexdigest()
