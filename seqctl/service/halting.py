"""The halt of a whole workspace (spec, section 2)."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from seqctl.domain.errors import Busy
from seqctl.domain.model import Event, User

if TYPE_CHECKING:
    from seqctl.ports import Store, WorkspaceState


def refuse_halted(state: WorkspaceState) -> None:
    """Raise Busy where the workspace is halted."""
    if state.halted_at is not None:
        why = f": {state.halt_reason}" if state.halt_reason else ""
        raise Busy(f"The workspace is halted{why}.", "seqctl unhalt", code="HALTED")


def halt(store: Store, reason: str, user: User, now: datetime) -> bool:
    """Stop the whole workspace; False where it is halted already, which leaves it as it is."""
    with store.writing():
        if store.workspace.state().halted_at is not None:
            return False
        store.workspace.halt(now, user.name, reason)
        store.history.add([Event(at=now, actor_id=user.id, kind="halted", detail=reason)])
    return True


def unhalt(store: Store, user: User, now: datetime) -> bool:
    """Let a halted workspace go on; False where it isn't halted."""
    with store.writing():
        if store.workspace.state().halted_at is None:
            return False
        store.workspace.unhalt()
        store.history.add([Event(at=now, actor_id=user.id, kind="unhalted")])
    return True
