"""Files and names that survive a power cut (docs/design.md, "Power")."""

from __future__ import annotations

import os
import sys
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path


def write(path: Path, content: bytes) -> None:
    """Write a file; what it holds survives a power cut, its name only once its folder is synced.

    Raises OSError.
    """
    with _naming(path), path.open("wb") as file:
        file.write(content)
        file.flush()
        _sync(file.fileno())


def sync(path: Path) -> None:
    """From here on what `path` holds survives a power cut: a file's content, a folder's names.

    Raises OSError.
    """
    descriptor = os.open(path, os.O_RDONLY)
    try:
        with _naming(path):
            _sync(descriptor)
    finally:
        os.close(descriptor)


def make_folder(folder: Path) -> None:
    """Make a folder, and those above it where they are missing, for good. Raises OSError."""
    missing = [one for one in (folder, *folder.parents) if not one.exists()]
    folder.mkdir(parents=True, exist_ok=True)
    for made in missing:
        sync(made.parent)


@contextmanager
def _naming(path: Path) -> Generator[None]:
    """Let an error say of which file it speaks: one of a descriptor does not."""
    try:
        yield
    except OSError as error:
        error.filename = error.filename or str(path)
        raise


def _sync(descriptor: int) -> None:
    if sys.platform == "darwin":
        import fcntl

        with suppress(OSError):  # a file system that knows only the other way
            fcntl.fcntl(descriptor, fcntl.F_FULLFSYNC)  # fsync leaves it in the disk's own cache
            return
    os.fsync(descriptor)
