"""The workspace's own row: its clock, its halt, its last tick, and its settings."""

from __future__ import annotations

import secrets
import sqlite3
from datetime import datetime
from typing import NamedTuple

from seqctl.domain.timing.moments import iso
from seqctl.ports import Ahead, WorkspaceState
from seqctl.store.rows import Row, moment, of_table, text
from seqctl.store.standing import HIGHEST_NUMBER
from seqctl.store.trouble import primary_code

_GIVEN_SINCE_AT_MOST = 100_000
"""So many mails or enrollments were made at most between a backup and its restore."""


class Marks(NamedTuple):
    """The secret of a workspace, which never changes, and the token of the tick that took it last."""

    secret: str
    token: str | None


class SqliteWorkspace:
    """Implements `ports.Workspace`."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def found(self, *, simulated_now: datetime | None) -> None:
        """Write the one row of a new workspace; `simulated_now` None makes its clock real."""
        clock = "real" if simulated_now is None else "simulated"
        self._connection.execute(
            "INSERT INTO workspace (id, clock, now, secret) VALUES (1, ?, ?, ?)",
            (clock, text(simulated_now), secrets.token_hex(32)),
        )

    def state(self) -> WorkspaceState:
        """The workspace's clock, halt and ticks."""
        row = self._connection.execute(
            "SELECT clock, now, tick_target, last_tick_at, halted_at, halted_by, halt_reason, "
            "restored_at, backup_at, secret FROM workspace"
        ).fetchone()
        return _to_state((1, *(row or ())))

    def move_clock(self, now: datetime) -> None:
        """Set the stored clock of a simulated workspace."""
        self._connection.execute("UPDATE workspace SET now = ?", (iso(now),))

    def aim(self, target: datetime | str | None) -> None:
        """Remember where a simulated tick is going: a moment, `idle`, or None when it got there."""
        stored = target if target is None or isinstance(target, str) else iso(target)
        self._connection.execute("UPDATE workspace SET tick_target = ?", (stored,))

    def ticked(self, at: datetime) -> None:
        """Remember the time of the last tick."""
        self._connection.execute("UPDATE workspace SET last_tick_at = ?", (iso(at),))

    def own(self, token: str) -> Marks:
        """The workspace belongs to the tick of this token from here on; what it is known by."""
        (secret,) = self._connection.execute(
            "UPDATE workspace SET tick_token = ? RETURNING secret", (token,)
        ).fetchone()
        return Marks(secret, token)

    def mark_backup(self, at: datetime) -> None:
        """Remember that this file is a copy made at `at`, of which a copy is no younger. It belongs to
        no tick: put over a workspace by hand, it stops the one at work there."""
        self._connection.execute(
            "UPDATE workspace SET tick_token = NULL, backup_at = ifnull(backup_at, ?)", (iso(at),)
        )

    def marks(self) -> Marks | None:
        """What the workspace and its latest tick are known by; None where another file, or an older
        format, has taken its place under the connection."""
        try:
            row = self._connection.execute("SELECT secret, tick_token FROM workspace").fetchone()
        except sqlite3.OperationalError as error:
            if primary_code(error) != sqlite3.SQLITE_ERROR:
                raise
            return None
        return None if row is None else Marks(*row)

    def halt(self, at: datetime, by: str, reason: str) -> None:
        """Stop everything until `unhalt`."""
        self._connection.execute(
            "UPDATE workspace SET halted_at = ?, halted_by = ?, halt_reason = ?",
            (iso(at), by, reason),
        )

    def unhalt(self) -> None:
        """Let ticks run again."""
        self._connection.execute(
            "UPDATE workspace SET halted_at = NULL, halted_by = NULL, halt_reason = NULL"
        )

    def mark_restored(self, at: datetime) -> None:
        """Remember that this file came from a backup and is none any more: what was on its way may
        have gone out since, and numbers that were given since are not given again."""
        self._connection.execute(
            "UPDATE workspace SET restored_at = ?, backup_at = NULL, tick_token = NULL, "
            f"id_floor = ? + {HIGHEST_NUMBER}",
            (iso(at), _GIVEN_SINCE_AT_MOST),
        )
        self._connection.execute(
            "UPDATE message SET status = 'sending' WHERE status IN ('queued', 'claimed') "
            "AND id IN (SELECT last_message_id FROM enrollment WHERE waiting = 'mail')"
        )

    def number_behind(self, last: int) -> None:
        """Give no mail and no enrollment a number up to `last`: what this file takes the place of has."""
        self._connection.execute("UPDATE workspace SET id_floor = max(id_floor, ?)", (last,))

    def dated_ahead(self, now: datetime) -> list[Ahead]:
        """The due times and holds that a clock ahead of `now` has dated, by kind and id."""
        from seqctl.store.dated_ahead import dated_ahead

        return dated_ahead(self._connection, now)

    def accept_clock(self, now: datetime) -> None:
        """Remember that the clock was right at `now`, as the last event tells; see `dated_ahead`."""
        from seqctl.store.dated_ahead import accept_clock

        accept_clock(self._connection, now)

    def config(self) -> dict[str, str]:
        """All settings."""
        return dict(self._connection.execute("SELECT key, value FROM config ORDER BY key"))

    def configure(self, key: str, value: str) -> None:
        """Set one setting."""
        self._connection.execute(
            "INSERT INTO config VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value",
            (key, value),
        )


@of_table("workspace")
def _to_state(row: Row) -> WorkspaceState:
    _, clock, now, target, ticked, halted, by, reason, restored, backup, secret = row
    return WorkspaceState(
        clock == "simulated",
        moment(now),
        target if target in (None, "idle") else moment(target),
        moment(ticked),
        moment(halted),
        by,
        reason,
        moment(restored),
        moment(backup),
        secret,
    )
