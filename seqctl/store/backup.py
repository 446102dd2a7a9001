"""Copies of a workspace: made while others work, put back without losing what stood there."""

from __future__ import annotations

import os
import sqlite3
import stat
from collections.abc import Callable, Generator
from contextlib import ExitStack, closing, contextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from seqctl import durable
from seqctl.domain.errors import BadFile, Busy
from seqctl.places import look_at, look_beside
from seqctl.store.connection import connect, copy_into, open_file, refuse_foreign
from seqctl.store.placing import appearing, free_name, make_folder, move_companions
from seqctl.store.standing import last_number
from seqctl.store.tick_lock import no_older_tick, tick_lock
from seqctl.store.trouble import DAMAGED, damaged, primary_code, sentence
from seqctl.store.workspace import SqliteWorkspace

if TYPE_CHECKING:
    from seqctl.store import SqliteStore


def back_up(store: SqliteStore, path: Path, at: datetime) -> int:
    """Copy one state of the workspace, as it is at `at`, into the new file `path`; its size in bytes.

    The copy is marked as one (see `WorkspaceState.lies_still`), the workspace is not.

    Raises BadFile where `path` exists or can't be made, and where the workspace is damaged.
    """
    with appearing(path) as temporary, _telling(store.path, path):
        copy_into(store.connection, temporary)
        _refuse_damaged(temporary, store.path)
        with closing(connect(temporary)) as copy:
            SqliteWorkspace(copy).mark_backup(at)
        return temporary.stat().st_size


def restore(backup: Path, target: Path, prepare: Callable[[SqliteStore], object]) -> Path | None:
    """Put a copy of `backup` at `target`; what stood there is kept, and its new path is given.

    What `prepare` writes to the copy is part of it: it appears whole, or nothing has changed.

    Raises:
        BadFile: the backup is missing, damaged or no workspace, or `target` is no workspace.
        Busy: a tick or another command is at work on `target`, or the backup is from a newer seqctl.
    """
    if not backup.exists():
        raise BadFile(f"There is no file {backup}.", look_beside(backup))
    refuse_foreign(backup)
    target = _led_to(target)
    replaces = os.path.lexists(target)
    if replaces and os.path.samefile(backup, target):
        raise BadFile(f"{backup} is the workspace itself.", "name a file made by seqctl backup")
    make_folder(target.parent)
    with _alone(target), appearing(target, replace=replaces) as temporary:
        _fill(temporary, backup, target, prepare)
        if replaces:
            _take_access(temporary, target)
        return _keep(target)


def _led_to(path: Path) -> Path:
    """The file that a link leads to, which need not be there yet; raises BadFile for none at all."""
    try:
        path.stat()
    except FileNotFoundError:
        pass
    except OSError as error:
        raise BadFile(
            f"{path} can't be written to: {error.strerror}.", look_at(path), code="CANNOT_OPEN"
        ) from None
    return path.resolve()


def _fill(
    temporary: Path, backup: Path, target: Path, prepare: Callable[[SqliteStore], object]
) -> None:
    from seqctl.store import SqliteStore

    with _telling(backup, temporary.parent), closing(connect(backup)) as source:
        copy_into(source, temporary)
    _refuse_damaged(temporary, backup)
    with closing(open_file(temporary)) as connection:
        store = SqliteStore(connection, temporary)
        with store.writing():
            prepare(store)
            _number_behind(store, target)


def _number_behind(store: SqliteStore, target: Path) -> None:
    """A number that was given at `target` is not given again, whatever was put there before: a new
    mail would have the Message-ID of an old one, and be taken for it in Sent."""
    marks = store.workspace.marks()
    if marks is not None:
        store.workspace.number_behind(last_number(target, marks.secret))


@contextmanager
def _telling(source: Path, copy: Path) -> Generator[None]:
    """Name the file that is in trouble: a full disk is the copy's, anything else the source's."""
    try:
        yield
    except UnicodeDecodeError as error:  # the schema is no text any more
        raise damaged(source, str(error)) from None
    except sqlite3.Error as error:
        writing = primary_code(error) in (sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR)
        told = sentence(error, copy if writing else source)
        if told is None:
            raise
        raise told from None


def _refuse_damaged(copy: Path, original: Path) -> None:
    with closing(connect(copy)) as connection:
        found: str = connection.execute("PRAGMA integrity_check(1)").fetchone()[0]
    if found != "ok":
        raise BadFile(f"{original} is damaged: {found}.", "seqctl doctor", code="DAMAGED")


@contextmanager
def _alone(target: Path) -> Generator[None]:
    """Let no tick and no command work on what stands at `target`, whatever name they have for it."""
    if not os.path.lexists(target) or _is_emptied(target):
        yield
        return
    with suppress(Busy):  # made by a newer seqctl: its locks are the same
        refuse_foreign(target)
    with no_older_tick(target), tick_lock(target), _nobody_writing(target):
        yield


@contextmanager
def _nobody_writing(target: Path) -> Generator[None]:
    """Hold the write lock of what stands at `target`, if it can still be opened as a workspace."""
    with ExitStack() as stack:
        try:
            connection = stack.enter_context(closing(connect(target)))
            connection.execute("BEGIN IMMEDIATE")
        except (sqlite3.DatabaseError, UnicodeDecodeError) as error:
            # A damaged workspace is what a backup is for.
            if isinstance(error, sqlite3.Error) and primary_code(error) not in DAMAGED:
                raise
        yield


def _is_emptied(target: Path) -> bool:
    """Whether a file holds nothing at all, as a full disk or a slip of `>` leaves it."""
    state = target.stat()
    return stat.S_ISREG(state.st_mode) and state.st_size == 0


def _take_access(copy: Path, target: Path) -> None:
    """Let whoever may use what stands at `target` use the copy that takes its place."""
    wanted, mode = target.stat(), stat.S_IMODE(target.stat().st_mode)
    try:
        os.chown(copy, wanted.st_uid, wanted.st_gid)
    except PermissionError:  # another account's: only its group, where that is one of ours
        with suppress(PermissionError):
            os.chown(copy, -1, wanted.st_gid)
    if copy.stat().st_gid != wanted.st_gid:
        mode &= ~stat.S_IRWXG  # to no other group than before
    copy.chmod(mode)


def _keep(target: Path) -> Path | None:
    """Give what stands at `target` a second name, with the files that SQLite left beside it.

    The second name is there for good before the first one leads elsewhere.
    """
    if not target.exists():
        return None
    kept = _second_name(target)
    if not kept.exists():
        os.link(target, kept)
    move_companions(target, kept)
    durable.sync(target.parent)
    return kept


def _second_name(target: Path) -> Path:
    """The name by which it is kept: a free one, or that which an interrupted restore has given it."""
    number = 1
    while os.path.lexists(kept := Path(f"{target}.before-restore-{number}")):
        if os.path.samefile(kept, target):
            return kept
        number += 1
    return free_name(target, "before-restore")
