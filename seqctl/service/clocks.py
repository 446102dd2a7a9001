"""Two clocks that disagree: the system's, and what the workspace has seen (rules, "Two clocks")."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple

from seqctl.domain.errors import Busy, Refused
from seqctl.domain.model import Event, User
from seqctl.domain.texts.sentences import said
from seqctl.service.acting import current_time, far_ahead

if TYPE_CHECKING:
    from seqctl.ports import Ahead, Clock, Store


class Clocks(NamedTuple):
    """What each clock says. `workspace` is the workspace's now, `ahead` what lies beyond it because
    a clock was wrong."""

    simulated: bool
    system: datetime
    workspace: datetime
    last_event_at: datetime | None
    ahead: list[Ahead]

    @property
    def last_is_ahead(self) -> bool:
        """Whether the last event lies ahead of the system's clock, so that time stands still."""
        last = self.last_event_at
        return not self.simulated and last is not None and last > self.system


def look(store: Store, clock: Clock) -> Clocks:
    """What the clocks say, in one view of the workspace."""
    system = clock.now()
    with store.reading():
        stored = store.workspace.state().now
        last = store.history.last_at()
        if stored is not None:
            return Clocks(True, system, stored, last, [])
        ahead = store.workspace.dated_ahead(system)
    return Clocks(False, system, max(system, last or system), last, ahead)


def accept(store: Store, user: User, clock: Clock) -> Clocks | None:
    """Record that the system's clock is right; None where the workspace has seen nothing later.

    Raises Refused in a simulated workspace, Busy where a tick is at work.
    """
    if store.workspace.state().simulated:
        raise Refused(
            "The clock of this workspace is simulated: only you move it.",
            "seqctl tick --by 1d",
            code="SIMULATED",
        )
    with store.tick_lock(), store.writing():
        now, last = clock.now(), store.history.last_at()
        if last is None or last <= now:
            return None
        words = said("the system's clock is right; the workspace had seen {last}", last=last)
        store.history.add([Event(now, user.id, "clock-accepted", words)])
        store.workspace.accept_clock(now)
        return Clocks(False, now, now, now, store.workspace.dated_ahead(now))


def real_now(store: Store, clock: Clock) -> datetime:
    """Now for a tick of a real workspace.

    Raises Busy where the last event lies more than a day ahead.
    """
    seen = far_ahead(store, clock)
    if seen is None:
        return current_time(store, clock)
    raise Busy(
        said(
            "The system's clock says {now}, but the workspace has seen {seen}: "
            "one clock or the other was wrong.",
            now=clock.now(),
            seen=seen,
        ),
        "seqctl clock",
        code="CLOCK_WENT_BACK",
    )
