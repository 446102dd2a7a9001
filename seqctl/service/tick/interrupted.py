"""An interrupted tick: how far it has come, and how its target is forgotten
(rules, "An interrupted tick")."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple

from seqctl.domain.errors import Refused
from seqctl.domain.model import Event
from seqctl.domain.texts.sentences import said

if TYPE_CHECKING:
    from seqctl.ports import Store


class Stopped(NamedTuple):
    """Where the stored clock stands, and where an interrupted tick was going: a moment, `idle`, or
    None where there was none. `left_due` steps are due on that way."""

    now: datetime
    target: datetime | str | None
    left_due: int


def stopped_at(store: Store) -> Stopped | None:
    """How far an interrupted tick has come; None in a real workspace, which has no target."""
    state = store.workspace.state()
    if state.now is None:
        return None
    target = state.tick_target
    until = target if isinstance(target, datetime) else state.now
    return Stopped(state.now, target, store.enrollments.count_due(until))


def stop_here(store: Store) -> Stopped:
    """Forget the target of an interrupted tick: the clock stays where it stands.

    Raises Refused in a real workspace, Busy where a tick is at work.
    """
    with store.tick_lock(), store.writing():
        stopped = stopped_at(store)
        if stopped is None:
            raise Refused(
                "A tick of a real workspace goes nowhere: it does what is due now.",
                "seqctl tick",
                code="REAL_CLOCK",
            )
        if stopped.target is not None:
            words = said("stopped, on the way to {target}", target=stopped.target)
            store.workspace.aim(None)
            store.history.add([Event(stopped.now, None, "clock", words)])
    return stopped
