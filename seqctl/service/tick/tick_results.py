"""What one tick did, counted as it goes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple

from seqctl.domain.model import Change

if TYPE_CHECKING:
    from seqctl.service.tick.mailroom import Trouble


class Failure(NamedTuple):
    """An enrollment that ended by an error."""

    enrollment: int
    contact_id: int
    code: str
    message: str


@dataclass(slots=True)
class TickResult:
    """What one tick did. `began` and `ended` are the clock before and after it.

    `unsettled` mails may or may not have gone out; of `lost_track` of them this tick found that out.
    """

    began: datetime
    ended: datetime
    emails: int = 0
    tasks: int = 0
    finished: int = 0
    unenrolled: int = 0
    resumed: int = 0
    errors: list[Failure] = field(default_factory=list[Failure])
    troubles: list[Trouble] = field(default_factory=list["Trouble"])
    unsettled: int = 0
    lost_track: int = 0
    left_due: int = 0
    next_due: datetime | None = None
    finished_earlier_target: bool = False
    changes: list[Change] | None = None

    @property
    def happened(self) -> bool:
        """Whether anything was done but moving the clock."""
        return bool(self.emails or self.tasks or self.finished or self.unenrolled or self.resumed)

    def count(self, changes: Iterable[Change]) -> None:
        """Add decided changes to the sums."""
        kinds = Counter[str]()
        for change in changes:
            kinds[change.event.kind] += 1
            if change.after.error is not None:
                after, error = change.after, change.after.error
                self.errors.append(Failure(after.id, after.contact_id, error, change.failure))
            if self.changes is not None:
                self.changes.append(change)
        self.emails += kinds["sent"] + (kinds["queued"] if self.changes is not None else 0)
        self.tasks += kinds["task-created"]
        self.finished += kinds["finished"]
        self.unenrolled += kinds["unenrolled"]
        self.lost_track += kinds["unknown"]
        self.resumed += kinds["resumed"]
