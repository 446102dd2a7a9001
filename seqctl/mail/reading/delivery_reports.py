"""The fields of delivery reports (RFC 3464), wherever they stand.

Many servers send them without the MIME type that is theirs, inside a text, or with a boundary that is
broken; so they are read by their names, from the report's text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from seqctl.domain.reading.bounce_texts import is_permanent
from seqctl.mail.reading.header_values import address_in, one_line

MOST_REPORTED = 100
_WORDS_AT_MOST = 1000

_FIELD = re.compile(
    r"^[ \t]{0,4}(final-recipient|original-recipient|action|status|diagnostic-code)[ \t]?:[ \t]*"
    r"([^\n]{0,1000}(?:\n[ \t]+[^\n]{0,500}){0,20}|\n\d{3}-[^\n]{0,500})",
    re.I | re.M,
)
_FAILED = {"failed", "failure", "delayed", ""}


class Reported(NamedTuple):
    """What became of one recipient; `recipient` is None where the report names none that is one."""

    recipient: str | None
    action: str
    status: str
    words: str

    @property
    def failed(self) -> bool:
        """Whether the mail was not delivered, at least not yet."""
        return self.action in _FAILED

    @property
    def hard(self) -> bool:
        """Whether the address is dead."""
        return is_permanent(self.action, self.status, self.words)


def reported(text: str) -> list[Reported]:
    """All recipients of which a text reports in the fields of RFC 3464, at most MOST_REPORTED.

    The recipient is the one that the sender named (Original-Recipient), before any forwarding.
    """
    found: list[Reported] = []
    for fields in _groups(text):
        found.append(_read(fields))
        if len(found) == MOST_REPORTED:
            break
    return found


def _groups(text: str) -> Iterator[dict[str, str]]:
    """The fields of one recipient each: of one paragraph, or up to the same field again."""
    group: dict[str, str] = {}
    end = 0
    for field in _FIELD.finditer(text):
        name = field[1].lower()
        apart = "\n\n" in text[max(end - 1, 0) : field.start()]
        if group and (apart or name in group):
            if _names_a_recipient(group) or "action" in group:
                yield group
            group = {}
        group[name] = field[2].strip()
        end = field.end()
    if _names_a_recipient(group) or "action" in group:
        yield group


def _names_a_recipient(group: dict[str, str]) -> bool:
    return "final-recipient" in group or "original-recipient" in group


def _read(fields: dict[str, str]) -> Reported:
    original, final = (
        _recipient(fields.get(f"{which}-recipient", "")) for which in ("original", "final")
    )
    words = one_line(fields.get("diagnostic-code", ""), _WORDS_AT_MOST)
    return Reported(
        original or final,
        re.split(r"[\s;(]", fields.get("action", "").lower(), maxsplit=1)[0],
        one_line(fields.get("status", ""), 200),
        re.sub(r"^(?:smtp|x-[\w-]+|dns)\s*;\s*", "", words, flags=re.I),
    )


def _recipient(value: str) -> str | None:
    """The address of `rfc822; ann@example.com`."""
    kind, semicolon, address = value.partition(";")
    if semicolon and not kind.strip().lower().startswith(("rfc", "utf-8", "smtp", "dns")):
        return None  # an X.400 name and the like
    return address_in(address if semicolon else value)
