"""How long a mail is tried again that a server refuses for now."""

from __future__ import annotations

from datetime import datetime, timedelta

SHORTEST = timedelta(minutes=5)
LONGEST = timedelta(hours=4)
TRIED_FOR = timedelta(days=2)
TRIES = 10
"""A mail is given up after two days, and never before ten tries."""


def next_try(now: datetime, tries: int, first_try_at: datetime) -> datetime | None:
    """When to try again after the `tries`-th refusal at `now`: in 5 minutes, then 10, 20, … up to 4
    hours; None: it is given up."""
    if tries >= TRIES and now - first_try_at >= TRIED_FOR:
        return None
    return now + min(SHORTEST * 2 ** min(tries - 1, 10), LONGEST)
