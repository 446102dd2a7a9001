"""Files that appear whole or not at all."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from seqctl.domain.errors import BadFile


@contextmanager
def appearing(path: Path, *, replace: bool = False) -> Generator[Path]:
    """A blank file beside `path`, readable by its owner only, to be filled in the block.

    After the block it stands at `path`, durably; if the block fails, it is gone. With `replace` it
    takes the place of what stands there.

    Raises BadFile where `path` exists already (without `replace`) or can't be made.
    """
    if not replace:
        refuse_existing(path)
    temporary = _blank_beside(path)
    try:
        yield temporary
        _sync(temporary)
        if replace:
            temporary.replace(path)
        else:
            _put(temporary, path)
        _sync(path.parent)
    finally:
        temporary.unlink(missing_ok=True)


def refuse_existing(path: Path) -> None:
    """Raise BadFile where something stands at `path`, were it a link that leads nowhere."""
    if os.path.lexists(path):
        raise _exists(path)


def make_folder(folder: Path) -> None:
    """Make a folder and those above it where they are missing; raises BadFile."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except FileExistsError:
        raise _cannot_be_made(folder, "Not a directory") from None
    except OSError as error:
        raise _cannot_be_made(folder, error.strerror) from None


def _cannot_be_made(path: Path, why: str | None) -> BadFile:
    return BadFile(f"{path} can't be made: {why}.", "choose another place", code="CANNOT_OPEN")


def _exists(path: Path) -> BadFile:
    return BadFile(
        f"{path} exists already; nothing was written.", "choose another name", code="EXISTS"
    )


def _blank_beside(path: Path) -> Path:
    try:
        make_folder(path.parent)
        number, name = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".new", dir=path.parent)
    except OSError as error:
        raise _cannot_be_made(path, error.strerror) from None
    os.close(number)
    return Path(name)


def _put(temporary: Path, path: Path) -> None:
    """Name a file that must not exist yet; unlike a check and a rename, a link can't overwrite."""
    try:
        os.link(temporary, path)
    except FileExistsError:
        raise _exists(path) from None
    except OSError:  # a file system without links
        refuse_existing(path)
        temporary.replace(path)


def _sync(path: Path) -> None:
    number = os.open(path, os.O_RDONLY)
    try:
        os.fsync(number)
    finally:
        os.close(number)
