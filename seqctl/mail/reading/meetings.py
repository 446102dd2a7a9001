"""Answers of calendars (RFC 5546): whether somebody accepted a meeting."""

from __future__ import annotations

import re

from seqctl.mail.reading.parts import Mail, Part, first, parameter, text_of

_FOLD = re.compile(r"\n[ \t]")
_REPLY = re.compile(r"^METHOD\s*:\s*REPLY\s*$", re.I | re.M)
_ACCEPTED = re.compile(r'^ATTENDEE[;:][^\n]{0,2000}PARTSTAT="?ACCEPTED\b', re.I | re.M)


def accepts(mail: Mail) -> bool:
    """Whether a mail carries a calendar reply that accepts, inline or as an attached file."""
    return any(_accepts(text_of(leaf)) for leaf in mail.leaves if _is_calendar(leaf))


def _is_calendar(leaf: Part) -> bool:
    if leaf.kind in ("text/calendar", "application/ics", "text/x-vcalendar"):
        return True
    name = parameter(leaf.headers, "content-type", "name")
    file = parameter(leaf.headers, "content-disposition", "filename")
    return (
        f"{name} {file}".lower().rstrip().endswith(".ics")
        or "ics" in first(leaf.headers, "content-type")[:30]
    )


def _accepts(calendar: str) -> bool:
    lines = _FOLD.sub("", calendar.replace("\r\n", "\n").replace("\r", "\n"))
    return bool(_REPLY.search(lines) and _ACCEPTED.search(lines))
