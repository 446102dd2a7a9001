"""The workspace itself: its settings and its halt (spec, sections 2 and 12)."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple

from seqctl.domain.errors import BadFile
from seqctl.domain.model import Event, User
from seqctl.service.acting import acting_user, current_time, did_you_mean

if TYPE_CHECKING:
    from seqctl.ports import Clock, Store


class Setting(NamedTuple):
    """A whole number that a workspace keeps: what it is before anyone sets it, and its bounds."""

    default: int
    least: int
    most: int
    meaning: str


SETTINGS = {
    "enroll_confirm": Setting(
        25, 0, 1_000_000, "enroll asks before it starts more than this many at once"
    ),
    "rows": Setting(50, 1, 1_000_000, "how many rows a table shows without --all"),
}


def setting(store: Store, key: str) -> int:
    """The value of a setting, or its default."""
    stored = store.workspace.config().get(key)
    return SETTINGS[key].default if stored is None else int(stored)


def check_setting(key: str) -> Setting:
    """What there is to know of a setting; raises BadFile with the nearest key."""
    if key not in SETTINGS:
        raise BadFile(
            f"There is no setting '{key}'.{did_you_mean(key, SETTINGS)}",
            "seqctl config",
            code="UNKNOWN_SETTING",
        )
    return SETTINGS[key]


def configure(store: Store, key: str, value: str, user: User, now: datetime) -> int:
    """Store a setting and give its value; raises BadFile for what it can't be."""
    wanted = check_setting(key)
    number = int(value) if value.isascii() and value.isdecimal() and len(value) < 10 else -1
    if not wanted.least <= number <= wanted.most:
        raise BadFile(
            f"'{key}' is a whole number from {wanted.least} to {wanted.most}, not '{value}'.",
            f"seqctl config {key} {wanted.default}",
            code="BAD_SETTING",
        )
    with store.writing():
        before = setting(store, key)
        if number != before:
            store.workspace.configure(key, str(number))
            detail = f"{key}: {before} → {number}"
            store.history.add([Event(at=now, actor_id=user.id, kind="configured", detail=detail)])
    return number


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


def mark_restored(store: Store, user_name: str | None, clock: Clock, source: str) -> None:
    """Write into a copy that it was put back from a backup, by whom and when.

    Raises as `acting_user` does: the users are those of the backup.
    """
    user, now = acting_user(store, user_name), current_time(store, clock)
    with store.writing():
        store.workspace.mark_restored(now)
        store.history.add([Event(at=now, actor_id=user.id, kind="restored", detail=source)])
