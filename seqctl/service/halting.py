"""Where nothing is sent or created: in a halted workspace (rules, "Halt") and in a backup."""

from __future__ import annotations

from datetime import datetime
from shlex import quote
from typing import TYPE_CHECKING

from seqctl.domain.errors import Busy, Refused
from seqctl.domain.model import Event, User
from seqctl.domain.texts.sentences import said

if TYPE_CHECKING:
    from seqctl.ports import Store


def refuse_stopped(store: Store) -> None:
    """Raise where nothing may be sent or created: Refused in a backup, Busy in a halted workspace."""
    refuse_backup(store)
    state = store.workspace.state()
    if state.halted_at is not None:
        why = f": {state.halt_reason}" if state.halt_reason else ""
        raise Busy(f"The workspace is halted{why}.", "seqctl unhalt", code="HALTED")


def refuse_backup(store: Store) -> None:
    """Raise Refused for a backup with a real clock: a mail of it would perhaps be sent twice
    (rules, "Backups")."""
    state = store.workspace.state()
    if not state.lies_still:
        return
    raise Refused(
        said(
            "{file} is a backup, made {at}: what is due in it may have gone out since, "
            "so it sends and creates nothing.",
            file=store.path,
            at=state.backup_at,
        ),
        f"seqctl restore {quote(str(store.path))} --db ANOTHER-FILE",
        code="BACKUP",
    )


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
