"""The limits of an inbox as people type and read them: `50`, `none`, `30s..90s`."""

from __future__ import annotations

import re
from datetime import timedelta

from seqctl.domain.errors import WrongUsage
from seqctl.domain.sending.limits import DAY

NO_LIMIT = "none"
MOST = 1_000_000

Gap = tuple[timedelta, timedelta]
_UNITS = {"s": timedelta(seconds=1), "m": timedelta(minutes=1), "h": timedelta(hours=1)}
_SPAN = re.compile(r"(\d{1,6})\s*([smh])", re.ASCII)


def parse_count(option: str, text: str) -> int | None:
    """How many mails the option (`--per-day`) allows; None for `none`, which is no limit.

    Zero is refused: whoever types it rather means that nothing should go out.

    Raises WrongUsage for anything but a whole number up to a million.
    """
    words = text.strip().lower()
    if words == NO_LIMIT:
        return None
    if not (words.isascii() and words.isdecimal() and len(words) <= 7 and 0 < int(words) <= MOST):
        raise WrongUsage(
            f"{option} is a whole number of mails, not '{text}'.", f"{option} 50, or {option} none"
        )
    return int(words)


def parse_gap(text: str) -> Gap | None:
    """The shortest and the longest distance between two mails: `30s..90s`, `60s`, or None for `none`.

    Raises WrongUsage for anything else, and for more than a day.
    """
    words = text.strip().lower()
    if words == NO_LIMIT:
        return None
    first, dots, last = words.partition("..")
    least = _span(first)
    most = _span(last) if dots else least
    if least is None or most is None or not least <= most <= DAY:
        raise WrongUsage(
            f"'{text}' is no distance between two mails.",
            "--gap 60s, --gap 30s..90s (each mail has one of its own in between), or --gap none",
        )
    return (least, most) if most else None


def gap_text(gap: Gap | None) -> str | None:
    """A gap as `parse_gap` reads it: `30s..90s`, `60s`; None for none."""
    if gap is None:
        return None
    least, most = (f"{int(span.total_seconds())}s" for span in gap)
    return least if least == most else f"{least}..{most}"


def _span(text: str) -> timedelta | None:
    """Whole seconds, minutes or hours; None for anything else."""
    found = _SPAN.fullmatch(text.strip())
    return int(found[1]) * _UNITS[found[2]] if found else None
