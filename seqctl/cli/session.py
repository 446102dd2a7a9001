"""The composition root: what one run of the program works with, and the only place that names
the concrete adapters."""

from __future__ import annotations

import os
from contextlib import suppress
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING

from seqctl.cli.output import Output, clean
from seqctl.cli.paths import typed_path, usual_workspace
from seqctl.cli.words import refuse_empty
from seqctl.clock import SystemClock
from seqctl.domain.errors import SeqctlError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from seqctl.domain.model import User
    from seqctl.ports import Clock, Store, WorkspaceState
    from seqctl.ports.mail import PostOffice
    from seqctl.store import SqliteStore
    from seqctl.store.standing import Standing


class Session(Output):
    """One command at work: its workspace, its acting user, its clock, and how it talks.

    `user_name` is who acts by `--as` or `SEQCTL_USER`, or None where neither names one. Once the
    workspace has been read, `zone` is the acting user's time zone, and `simulated_now` the stored
    clock of a simulated workspace.
    """

    def __init__(self, clock: Clock | None = None) -> None:
        super().__init__()
        self.clock: Clock = clock or SystemClock()
        self.user_name = os.environ.get("SEQCTL_USER") or None
        self.zone = "UTC"
        self.simulated_now: datetime | None = None
        self._state: WorkspaceState | None = None
        self._ahead_at: datetime | None = None
        self._file = os.environ.get("SEQCTL_DB") or None

    def choose(self, db: str | None, as_user: str | None) -> None:
        """Let `--db` and `--as` overrule the environment; None leaves what was chosen before.

        Raises WrongUsage where one of them is empty: a script's variable was, and the workspace or
        the user that is meant is not the usual one. An empty variable of the environment is as good
        as none, as everywhere.
        """
        refuse_empty([("db", db), ("as", as_user)], {"db": "--db", "as": "--as"})
        self._file = db or self._file
        self.user_name = as_user or self.user_name

    def heading(self) -> str:
        """`[simulated 2026-03-02 09:00]` in a simulated workspace, and whether the file is a backup,
        the workspace halted, or its clock wrong (rules, "Tables and documents"); else nothing."""
        lines = [f"[simulated {self.moment(self.simulated_now)}]"] if self.simulated_now else []
        if self._state is not None and self._state.backup_at is not None:
            made = self.moment(self._state.backup_at)
            lines.append(f"[a backup of {made}; seqctl restore puts it back]")
        if self._ahead_at is not None:
            seen = self.moment(self._ahead_at)
            lines.append(f"[the clock is wrong, or was when it said {seen}; seqctl clock]")
        if self._state is not None and self._state.halted_at is not None:
            reason = f": {clean(self._state.halt_reason)}" if self._state.halt_reason else ""
            since = self.moment(self._state.halted_at)
            lines.append(
                f"[halted since {since} by {self._state.halted_by}{reason}; seqctl unhalt]"
            )
        return "\n".join(lines)

    @property
    def rows_shown(self) -> int:
        """How many rows a table shows without `--all`: the setting `rows`."""
        from seqctl.service.workspace import number_setting

        if "store" not in self.__dict__:
            return super().rows_shown
        return number_setting(self.store, "rows")

    def moment(self, moment: datetime | None) -> str:
        """A moment as the acting user's wall clock shows it; nothing for None."""
        from seqctl.domain.timing.moments import show_moment

        return show_moment(moment, self.zone) if moment else ""

    def local_times(self, text: str) -> str:
        """A sentence with its moments as the acting user's wall clock shows them."""
        from seqctl.domain.texts.sentences import in_zone

        return in_zone(text, self.zone)

    @property
    def path(self) -> Path:
        """The workspace's file: `--db`, else `SEQCTL_DB`, else one in the data folder."""
        if self._file is not None:
            return typed_path(self._file)
        return usual_workspace()

    @cached_property
    def store(self) -> SqliteStore:
        """The workspace, opened when first asked for.

        Raises `NoWorkspace`, `BadFile` or `Busy`.
        """
        from seqctl.store import open_store

        store = open_store(self.path)
        try:
            self._see(store)
        except BaseException:
            store.close()
            raise
        return store

    @cached_property
    def office(self) -> PostOffice:
        """Couriers and mailboxes; nothing is connected before one of them is asked for."""
        from seqctl.mail.office import Office

        return Office()

    def create(
        self, simulated_now: datetime | None, prepare: Callable[[Store], object], user_name: str
    ) -> None:
        """Make the workspace, as `create_store` does, and work with it as one of its users."""
        from seqctl.store import create_store

        store = create_store(self.path, simulated_now=simulated_now, prepare=prepare)
        self.user_name = user_name
        self.__dict__["store"] = store
        self.look_again()

    def was_interrupted(self) -> bool:
        """Whether an `init` was killed after it had made the workspace."""
        from seqctl.store import was_interrupted

        return was_interrupted(self.path)

    def back_up(self, path: Path) -> int:
        """Copy the workspace to a new file; see `store.backup.back_up`."""
        from seqctl.store.backup import back_up

        store = self.store
        return back_up(store, path, self.simulated_now or self.clock.now())

    def restore(self, backup: Path, prepare: Callable[[Store], object]) -> Path | None:
        """Put a backup in the workspace's place; see `store.backup.restore`."""
        from seqctl.store.backup import restore

        return restore(backup, self.path, prepare)

    def standing(self) -> Standing | None:
        """What stands in the workspace's place, where that can be read; see `store.standing`."""
        from seqctl.store.standing import standing_at

        return standing_at(self.path)

    def trouble_of(self, error: BaseException) -> SeqctlError | None:
        """The user's trouble behind an error of the store, or None where there is none."""
        from seqctl.store import translate

        return translate(error, self.path)

    def look_again(self) -> None:
        """Let the heading show the clock and the halt as they are now."""
        self._see(self.store)

    def _see(self, store: SqliteStore) -> None:
        from seqctl.service.acting import acting_user, far_ahead

        self._state = store.workspace.state()
        self.simulated_now = self._state.now
        with suppress(SeqctlError):  # commands that only look need nobody; `user` tells the others
            self._ahead_at = far_ahead(store, self.clock)
            self.zone = _known(acting_user(store, self.user_name).timezone)

    @cached_property
    def user(self) -> User:
        """Who acts; raises WrongUsage or NotFound where that is not clear (rules, "Who acts")."""
        from seqctl.service.acting import acting_user

        user = acting_user(self.store, self.user_name)
        self.zone = _known(user.timezone)
        return user

    @property
    def now(self) -> datetime:
        """The workspace's present moment."""
        from seqctl.service.acting import current_time

        now = current_time(self.store, self.clock)
        self.store.tell(now)
        return now

    def close(self) -> None:
        """Close the workspace, if it was opened."""
        if "store" in self.__dict__:
            self.store.close()
            del self.store


def _known(zone: str) -> str:
    """The zone in which moments are shown; UTC where the stored one is damaged, as `doctor` tells."""
    from seqctl.domain.timing.schedule import known_zone

    return zone if known_zone(zone) else "UTC"
