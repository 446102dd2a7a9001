"""The failed recipients of bounces whose format only flufl.bounce knows: the last resort."""

from __future__ import annotations

from typing import TYPE_CHECKING

from seqctl.mail.reading.header_values import address_in

if TYPE_CHECKING:
    from email.message import Message

READ_AT_MOST = 64 * 1024
# Each line is tried against some hundred patterns.
_MOST_LINES = 2000
# The standard parser, which flufl.bounce needs, recurses once for each of them.
_MOST_PARTS = 40


def known_recipients(raw: bytes) -> list[str]:
    """The addresses that failed for good, then those that failed for now; [] for what is unknown."""
    beginning = b"\n".join(raw[:READ_AT_MOST].split(b"\n", _MOST_LINES)[:_MOST_LINES])
    if beginning.lower().count(b"content-type:") > _MOST_PARTS:
        return []
    from email import message_from_bytes

    found = _detect(message_from_bytes(beginning))
    texts = (address.decode("utf-8", "replace") for address in found)
    return [address for text in texts if (address := address_in(text)) is not None]


def _detect(message: Message) -> list[bytes]:
    from flufl.bounce import all_failures  # pyright: ignore[reportUnknownVariableType]

    try:
        for_now, for_good = all_failures(message)
    except Exception:  # noqa: BLE001
        # Its detectors trip over broken mail, each in its own way; they are asked when nothing else
        # is known, so that "unknown" stays the answer.
        return []
    return [*sorted(for_good), *sorted(for_now)]
