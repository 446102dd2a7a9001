"""What stands at a path, as commands that show it: each of them works as it is typed."""

from __future__ import annotations

import errno
import os
import shlex
from pathlib import Path

_FULL = (errno.ENOSPC, errno.EDQUOT)


def look_at(path: Path | str, error: OSError | None = None) -> str:
    """The command that shows whose `path` is, or the folder above it that is there; how much room
    is left on its disk, where the `error` says that it is full."""
    command = "df -h" if error is not None and error.errno in _FULL else "ls -ld"
    return f"{command} {shlex.quote(str(_nearest(Path(path))))}"


def look_into(folder: Path | str) -> str:
    """The command that shows what lies in `folder`, or in the one above it that is there."""
    return f"ls -la {shlex.quote(str(_nearest(Path(folder))))}"


def look_beside(path: Path | str) -> str:
    """The command that shows what there is where `path` was looked for."""
    return look_into(Path(path).parent)


def _nearest(path: Path) -> Path:
    """The path itself, or what of it is there; one that may not be seen counts as not there."""
    return next((one for one in (path, *path.parents) if os.path.lexists(one)), path)
