"""What stands where a backup is to be put: looked at without opening it, which might migrate it."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import NamedTuple


class Standing(NamedTuple):
    """A workspace as it stands: whether its clock is simulated, how many people are in sequences."""

    simulated: bool
    people: int


def standing_at(path: Path) -> Standing | None:
    """What stands at `path`, or None where no workspace can be read there."""
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as there:
            (clock,) = there.execute("SELECT clock FROM workspace").fetchone()
            (people,) = there.execute(
                "SELECT count(DISTINCT contact_id) FROM enrollment WHERE status = 'live'"
            ).fetchone()
    except (sqlite3.Error, UnicodeDecodeError, TypeError):  # none, damaged, or without its row
        return None
    return Standing(clock == "simulated", people)
