"""The mail that a report quotes: by it a bounce or a complaint is known to be about one of ours."""

from __future__ import annotations

import re
from typing import NamedTuple

from seqctl.domain.reading.bounce_texts import without_quoted
from seqctl.mail.reading.header_values import addresses, ids
from seqctl.mail.reading.html_text import text_of_html
from seqctl.mail.reading.parts import Headers, Mail, Part, content, split_headers, text_of

REPORT_AT_MOST = 48 * 1024
_QUOTES = {
    "message/rfc822",
    "message/rfc822-headers",
    "text/rfc822-headers",
    "text/rfc822-header",
    "message/global",
    "message/global-headers",
    "message/partial",
}
_ID_LINE = re.compile(
    r"^[ \t>]{0,8}Message-ID\s?:[ \t]*(?:\n[ \t]+)?<?([^<>\s]{1,998}@[^<>\s]{1,998})>?", re.I | re.M
)
_LINE = r"^[ \t>]{{0,8}}{}\s?:[ \t]*([^\n]{{1,1000}}(?:\n[ \t]+[^\n]{{1,1000}}){{0,20}})"
_TO = re.compile(_LINE.format("(?:To|Cc|X-Envelope-To|Envelope-To)"), re.I | re.M)
_FROM = re.compile(_LINE.format("(?:From|Return-Path|Sender)"), re.I | re.M)
_FOR = re.compile(r"\bfor\s+<?([^<>\s;]{1,64}@[^<>\s;]{1,255})>?;", re.I)


class Report(NamedTuple):
    """A mail read as a report: what it says, what stands below the line where its quoted mail begins,
    and that mail's headers, ids and addresses."""

    text: str
    below: str
    quoted: Headers
    ids: tuple[str, ...]
    written_to: tuple[str, ...]
    written_by: tuple[str, ...]


def read_report(mail: Mail) -> Report:
    """What a mail says if it is a report, with the quoted mail apart."""
    said: list[str] = []
    below: list[str] = []
    quoted: Headers = {}
    for leaf in mail.leaves:
        if leaf.kind in _QUOTES:
            quoted = quoted or split_headers(content(leaf).lstrip(b"\n"))[0]
        elif _is_text(leaf, mail):
            text = text_of_html(text_of(leaf)) if leaf.kind == "text/html" else text_of(leaf)
            report, rest = without_quoted(text[:REPORT_AT_MOST])
            said.append(report)
            below.append(rest)
    return _with_quoted("\n".join(said)[:REPORT_AT_MOST], "\n".join(below)[:REPORT_AT_MOST], quoted)


def _with_quoted(said: str, below: str, quoted: Headers) -> Report:
    if quoted:
        written_to = addresses(
            quoted.get("to", []) + quoted.get("cc", []) + quoted.get("x-envelope-to", [])
        )
        written_by = addresses(quoted.get("from", []) + quoted.get("return-path", []))
        found = quoted.get("message-id", [])
        return Report(
            said + below, "", quoted, tuple(ids(map(_angled, found))), written_to, written_by
        )
    written_to = addresses(found[1] for found in _TO.finditer(below)) or addresses(
        _FOR.findall(below)
    )
    written_by = addresses(found[1] for found in _FROM.finditer(below))
    text = f"{said}\n{below}"
    found = tuple(f"<{match[1]}>" for match in _ID_LINE.finditer(text))
    return Report(said, below, {}, tuple(dict.fromkeys(found)), written_to, written_by)


def _is_text(leaf: Part, mail: Mail) -> bool:
    if leaf.kind == "text/html":
        return not any(other.kind == "text/plain" and other.body.strip() for other in mail.leaves)
    return leaf.kind in (
        "text/plain",
        "text",
        "message/delivery-status",
        "message/global-delivery-status",
        "text/delivery-status",
    )


def _angled(value: str) -> str:
    """Some programs write Message-IDs without angle brackets."""
    return value if "<" in value or "@" not in value else f"<{value.strip()}>"


def reported_recipient(report: Report) -> str | None:
    """The one address to which the quoted mail went; None where there are several, or none."""
    named = [address for address in report.written_to if address not in report.written_by]
    everyone = named or list(report.written_to)
    return everyone[0] if len(everyone) == 1 else None
