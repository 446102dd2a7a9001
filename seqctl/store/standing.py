"""What stands where a backup is to be put: looked at without opening it, which might migrate it."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

_MOST = 1 << 53
"""No seqctl gives a higher number: one that is higher is damage."""
HIGHEST_NUMBER = f"""
    max((SELECT ifnull(max(id), 0) FROM message), (SELECT ifnull(max(id), 0) FROM enrollment),
        iif(id_floor BETWEEN 0 AND {_MOST}, id_floor, 0))
"""
"""The highest number that a workspace has given, or has left out."""


class Standing(NamedTuple):
    """A workspace as it stands: whether its clock is simulated, how many people are in sequences."""

    simulated: bool
    people: int


def standing_at(path: Path) -> Standing | None:
    """What stands at `path`, or None where no workspace can be read there."""
    try:
        with closing(_look_into(path)) as there:
            (clock,) = there.execute("SELECT clock FROM workspace").fetchone()
            (people,) = there.execute(
                "SELECT count(DISTINCT contact_id) FROM enrollment WHERE status = 'live'"
            ).fetchone()
    except (sqlite3.Error, UnicodeDecodeError, TypeError):  # none, damaged, or without its row
        return None
    return Standing(clock == "simulated", people)


def last_number(path: Path, secret: str) -> int:
    """The highest number that a mail or an enrollment may have at `path`, if the workspace of this
    secret can be read there; else 0."""
    try:
        with closing(_look_into(path)) as there:
            (number,) = there.execute(
                f"SELECT {HIGHEST_NUMBER} FROM workspace WHERE secret = ?", (secret,)
            ).fetchone()
    except (sqlite3.Error, UnicodeDecodeError, TypeError):
        return 0
    return number if number <= _MOST else 0


def _look_into(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)
