"""From what is asked for to the conditions of a query."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

ONE_OF = "(SELECT value FROM json_each(?))"
"""As many values as there are, in one parameter: see `listed`."""

_NO_LIMIT = 1 << 62

GROUP = """
    e.status || '/' || ifnull(e.waiting, '') || '/' || (e.held_since IS NULL) ||
    (e.last_step_at IS NULL)
"""
"""Enrollments that agree on this have the same label: `lifecycle.label` reads nothing else."""


def listed(values: Iterable[Any]) -> str:
    """The parameter of ONE_OF."""
    return json.dumps(list(values))


def at_most(limit: int | None) -> int:
    """The parameter of LIMIT; None is no limit."""
    return -1 if limit is None else min(limit, _NO_LIMIT)


class Conditions:
    """Conditions that all must hold, and their parameters; those that ask for None fall away."""

    def __init__(self) -> None:
        self.texts: list[str] = []
        self.values: list[Any] = []

    def add(self, text: str, *values: object) -> None:
        """Ask for `text` with these parameters."""
        if None not in values:
            self.texts.append(text)
            self.values += values

    def add_list(self, column: str, values: Iterable[Any] | None) -> None:
        """Ask for a column to be one of these values."""
        self.add(f"{column} IN {ONE_OF}", None if values is None else listed(values))

    @property
    def where(self) -> str:
        """The clause, or nothing."""
        return "WHERE " + " AND ".join(self.texts) if self.texts else ""
