"""What a verb over several contacts did, for people and JSON alike (rules, "Tables and documents")."""

from __future__ import annotations

from typing import NamedTuple


class Refusal(NamedTuple):
    """One contact that a verb refused, and why.

    `passed_over` is True of one that a selection named, and that may not be written to: that is what
    a selection that is made every day comes to, and no failure (rules, "Whom a selection leaves out").
    """

    contact: str
    code: str
    message: str
    passed_over: bool = False


class Outcome(NamedTuple):
    """Ids of enrollments that were changed or left as they were, refusals, and notes."""

    done: list[int]
    unchanged: list[int]
    refused: list[Refusal]
    notes: list[str]

    @property
    def failures(self) -> list[Refusal]:
        """The refusals of what was asked for, without those that a selection passes over."""
        return [refusal for refusal in self.refused if not refusal.passed_over]

    @property
    def exit_code(self) -> int:
        """0 done or nothing to do, 4 everything refused, 6 partly done."""
        if not self.failures:
            return 0
        return 6 if self.done or self.unchanged else 4


def nothing() -> Outcome:
    """An outcome to be filled."""
    return Outcome([], [], [], [])
