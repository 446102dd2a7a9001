"""Users, their teams and their inboxes."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from datetime import datetime, timedelta

from seqctl.domain.errors import Damaged
from seqctl.domain.model import Inbox, User
from seqctl.domain.sending.accounts import Limits
from seqctl.domain.timing.moments import iso
from seqctl.store.accounts import from_text, to_text
from seqctl.store.rows import Row, moment, of_table, rows_of, text

_USER = """
    SELECT id, name, full_name, email, timezone, signature,
        (SELECT group_concat(team, char(31)) FROM team_member WHERE user_id = user.id)
    FROM user
"""
_INBOX = """
    SELECT inbox.id, address, user_id, user.name, connected, capture_to, account, since, trouble,
        per_day, per_minute, gap_least, gap_most, new_per_day
    FROM inbox JOIN user ON user.id = user_id
"""


class SqlitePeople:
    """Implements `ports.People`."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def users(self, *, removed: bool = False) -> list[User]:
        """The users, in the order in which they came; with `removed` also those who left."""
        where = "" if removed else " WHERE removed_at IS NULL"
        return [_to_user(row) for row in self._connection.execute(f"{_USER}{where} ORDER BY id")]

    def add_user(self, user: User) -> User:
        """Store a new user (its id is ignored) and give it back with its id."""
        cursor = self._connection.execute(
            "INSERT INTO user (name, full_name, email, timezone, signature) VALUES (?, ?, ?, ?, ?)",
            (user.name, user.full_name, user.email, user.timezone, user.signature),
        )
        assert cursor.lastrowid is not None
        self._set_teams(cursor.lastrowid, user.teams)
        return self._user(cursor.lastrowid)

    def change_user(self, user: User) -> None:
        """Store all of a user's fields but the name; one who was removed is there again."""
        self._connection.execute(
            "UPDATE user SET full_name = ?, email = ?, timezone = ?, signature = ?, "
            "removed_at = NULL WHERE id = ?",
            (user.full_name, user.email, user.timezone, user.signature, user.id),
        )
        self._set_teams(user.id, user.teams)

    def remove_user(self, user_id: int, at: datetime) -> None:
        """A removed user stays in the history, without teams and connected inboxes."""
        self._connection.execute("UPDATE user SET removed_at = ? WHERE id = ?", (iso(at), user_id))
        self._connection.execute("UPDATE inbox SET connected = 0 WHERE user_id = ?", (user_id,))
        self._set_teams(user_id, ())

    def inboxes(self) -> list[Inbox]:
        """All inboxes, connected or not, in the order in which they came."""
        rows = rows_of(self._connection, "inbox", f"{_INBOX} ORDER BY inbox.id")
        return [_readable_inbox(row) for row in rows]

    def inbox(self, inbox_id: int) -> Inbox:
        """This inbox as it is now."""
        row = self._connection.execute(f"{_INBOX} WHERE inbox.id = ?", (inbox_id,)).fetchone()
        return _to_inbox(row)

    def connect_inbox(self, inbox: Inbox) -> Inbox:
        """Add a connected inbox (its id is ignored), or connect the one of its address anew."""
        gap = inbox.limits.gap
        least, most = (None, None) if gap is None else (int(g.total_seconds()) for g in gap)
        self._connection.execute(
            "INSERT INTO inbox (address, user_id, capture_to, account, since, per_day, per_minute, "
            "gap_least, gap_most, new_per_day, connected) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 1) "
            "ON CONFLICT (address) DO UPDATE SET user_id = excluded.user_id, "
            "capture_to = excluded.capture_to, account = excluded.account, since = excluded.since, "
            "per_day = excluded.per_day, per_minute = excluded.per_minute, "
            "gap_least = excluded.gap_least, gap_most = excluded.gap_most, "
            "new_per_day = excluded.new_per_day, trouble = NULL, connected = 1",
            (
                inbox.address, inbox.user_id, inbox.capture_to, to_text(inbox.account),
                text(inbox.since), inbox.limits.per_day, inbox.limits.per_minute, least, most,
                inbox.limits.new_per_day,
            ),
        )  # fmt: skip
        row = self._connection.execute(f"{_INBOX} WHERE address = ?", (inbox.address,)).fetchone()
        return _to_inbox(row)

    def trouble_inbox(self, inbox_id: int, trouble: str | None) -> None:
        """Note why nothing can be sent from an inbox now; None: it can again."""
        self._connection.execute("UPDATE inbox SET trouble = ? WHERE id = ?", (trouble, inbox_id))

    def disconnect_inbox(self, inbox_id: int) -> None:
        """Nothing is sent from it until it is connected again."""
        self._connection.execute("UPDATE inbox SET connected = 0 WHERE id = ?", (inbox_id,))

    def contacts_owned_by(self, user_id: int) -> list[int]:
        """The ids of the contacts that a user owns, deleted ones too."""
        rows = self._connection.execute(
            "SELECT id FROM contact WHERE owner_id = ? ORDER BY id", (user_id,)
        )
        return [row[0] for row in rows]

    def give_contacts(self, from_id: int, to_id: int) -> None:
        """Make one user the owner of all that another one owns."""
        self._connection.execute(
            "UPDATE contact SET owner_id = ? WHERE owner_id = ?", (to_id, from_id)
        )

    def _user(self, user_id: int) -> User:
        row = self._connection.execute(f"{_USER} WHERE id = ?", (user_id,)).fetchone()
        return _to_user(row)

    def _set_teams(self, user_id: int, teams: Iterable[str]) -> None:
        self._connection.execute("DELETE FROM team_member WHERE user_id = ?", (user_id,))
        self._connection.executemany(
            "INSERT INTO team_member (user_id, team) VALUES (?, ?)",
            [(user_id, team) for team in sorted(teams)],
        )


def _to_user(row: tuple[int, str, str, str, str, str, str | None]) -> User:
    return User(*row[:6], teams=frozenset(row[6].split("\x1f")) if row[6] else frozenset())


def _readable_inbox(row: Row) -> Inbox:
    """An inbox; one whose account can't be read harms no other one: it is not connected."""
    try:
        return _to_inbox(row)
    except Damaged as error:
        return Inbox(*row[:4], connected=False, trouble=error.message, damaged=True)


@of_table("inbox")
def _to_inbox(row: Row) -> Inbox:
    least, most, new_per_day = row[11:]
    gap = None if least is None else (timedelta(seconds=least), timedelta(seconds=most))
    return Inbox(
        *row[:4],
        connected=bool(row[4]),
        capture_to=row[5],
        account=from_text(row[6]),
        limits=Limits(row[9], row[10], gap, new_per_day),
        since=moment(row[7]),
        trouble=row[8],
    )
