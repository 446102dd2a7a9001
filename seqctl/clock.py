"""The only place that asks what time it is, and in which time zone this machine stands."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path


class SystemClock:
    """The clock of a real workspace."""

    def now(self) -> datetime:
        """The present moment in UTC, cut to whole seconds."""
        return datetime.now(UTC).replace(microsecond=0)


def system_zone() -> str:
    """The IANA name of this machine's time zone: `TZ`, else its settings, else `UTC`."""
    for name in _named_zones():
        if _is_zone(name):
            return name
    return "UTC"


def _named_zones() -> list[str]:
    link = os.path.realpath("/etc/localtime")
    named = [os.environ.get("TZ", "").removeprefix(":"), link.partition("/zoneinfo/")[2]]
    try:
        named.append(Path("/etc/timezone").read_text(encoding="utf-8").strip())
    except (OSError, UnicodeDecodeError):
        # Few systems keep this file; the ones before it are enough.
        named.append("")
    return [name.removeprefix("posix/").removeprefix("right/") for name in named]


def _is_zone(name: str) -> bool:
    from zoneinfo import ZoneInfo

    try:
        return bool(name) and ZoneInfo(name).key == name
    except (ValueError, OSError, KeyError):
        return False
