"""Files that appear whole or not at all."""

from __future__ import annotations

import os
from collections.abc import Generator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from seqctl import durable
from seqctl.domain.errors import BadFile
from seqctl.store.temporaries import COMPANIONS, blank_beside, clear_left_behind


@contextmanager
def appearing(path: Path, *, replace: bool = False) -> Generator[Path]:
    """A blank file beside `path`, readable by its owner only, to be filled in the block.

    After the block it stands at `path`, durably; if the block fails, it is gone. With `replace` it
    takes the place of what stands there, and so it does of what an interrupted command put there.

    Raises BadFile where `path` exists already (without `replace`) or can't be made.
    """
    replace |= clear_left_behind(path)
    if not replace:
        refuse_existing(path)
    with _blank_beside(path) as temporary:
        yield temporary
        durable.sync(temporary)
        if not os.path.lexists(path):
            move_companions(path, free_name(path, "left-behind"))
        if replace:
            temporary.replace(path)
            durable.sync(path.parent)
        else:
            _put(temporary, path)
            _keep_for_good(path)


def move_companions(path: Path, to: Path) -> None:
    """Let the files that SQLite left beside `path` stand beside `to`, for good.

    SQLite would play a journal that stays back into whatever comes to stand at `path`.
    """
    moved = False
    for companion in COMPANIONS:
        beside = Path(f"{path}{companion}")
        if os.path.lexists(beside):
            beside.rename(f"{to}{companion}")
            moved = True
    if moved:
        durable.sync(path.parent)


def free_name(path: Path, why: str) -> Path:
    """A name beside `path` that nothing has, nor anything that SQLite left: `w.db.left-behind-1`."""
    number = 1
    while any(
        os.path.lexists(f"{path}.{why}-{number}{companion}") for companion in ("", *COMPANIONS)
    ):
        number += 1
    return Path(f"{path}.{why}-{number}")


def refuse_existing(path: Path) -> None:
    """Raise BadFile where something stands at `path`, were it a link that leads nowhere."""
    if os.path.lexists(path):
        raise exists(path)


def make_folder(folder: Path) -> None:
    """Make a folder and those above it where they are missing; raises BadFile."""
    try:
        durable.make_folder(folder)
    except FileExistsError:
        raise _cannot_be_made(folder, "Not a directory") from None
    except OSError as error:
        raise _cannot_be_made(folder, error.strerror) from None


def _cannot_be_made(path: Path, why: str | None) -> BadFile:
    return BadFile(f"{path} can't be made: {why}.", "choose another place", code="CANNOT_OPEN")


def exists(path: Path) -> BadFile:
    """The refusal to write where something stands already."""
    return BadFile(
        f"{path} exists already; nothing was written.", "choose another name", code="EXISTS"
    )


@contextmanager
def _blank_beside(path: Path) -> Generator[Path]:
    with ExitStack() as stack:
        try:
            make_folder(path.parent)
            temporary = stack.enter_context(blank_beside(path))
        except OSError as error:
            raise _cannot_be_made(path, error.strerror) from None
        yield temporary


def _put(temporary: Path, path: Path) -> None:
    """Name a file that must not exist yet; unlike a check and a rename, a link can't overwrite."""
    try:
        os.link(temporary, path)
    except FileExistsError:
        raise exists(path) from None
    except OSError:  # a file system without links
        refuse_existing(path)
        temporary.replace(path)


def _keep_for_good(path: Path) -> None:
    """Sync the name of a new file; one that can't be kept is taken away again."""
    try:
        durable.sync(path.parent)
    except OSError:
        path.unlink()
        raise
