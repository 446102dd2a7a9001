"""The failed recipients of bounces whose format only flufl.bounce knows: the last resort."""

from __future__ import annotations

from typing import TYPE_CHECKING

from seqctl.mail.header_values import address_in

if TYPE_CHECKING:
    from collections.abc import Callable
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

    for_now, for_good = _detect(message_from_bytes(beginning))
    found = [
        one.decode("utf-8", "replace") for group in (for_good, for_now) for one in sorted(group)
    ]
    return [address for text in found if (address := address_in(text)) is not None]


def _detect(message: Message) -> tuple[set[bytes], set[bytes]]:
    """Two sets of addresses: those that failed for now, and for good."""
    import flufl.bounce

    detect: Callable[[Message], tuple[set[bytes], set[bytes]]] = flufl.bounce.all_failures
    try:
        return detect(message)
    except Exception:  # noqa: BLE001
        # Its detectors trip over all kinds of broken mail, each in its own way; they are asked when
        # nothing else is known, so that "unknown" stays the answer.
        return set(), set()
