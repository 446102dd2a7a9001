"""A text in the editor of a person."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from seqctl.domain.errors import BadFile, Refused, WrongUsage


def in_editor(text: str, *, suffix: str = ".yaml", instead: str) -> Path:
    """Let a person edit `text`; the file that holds what was saved, to be removed by the caller.

    `instead` is what to do where there is no editor. Raises WrongUsage where there is none, Refused
    where it failed, BadFile where there is no room for a temporary file.
    """
    import subprocess

    command = _editor(instead)
    path = _written(text, suffix, instead)
    try:
        # An editor that writes to stdout must not spoil the one document there.
        code = subprocess.run([*command, str(path)], stdout=_screen(), check=False).returncode
    except OSError as error:
        path.unlink()
        raise WrongUsage(
            f"The editor '{command[0]}' can't be started: {error.strerror}.",
            f"set EDITOR to an editor, or {instead}",
            code="NO_EDITOR",
        ) from error
    if code != 0:
        raise Refused(
            f"The editor ended with exit code {code}; nothing was changed.",
            f"{path} holds your text",
            code="EDITOR_FAILED",
        )
    return path


def _written(text: str, suffix: str, instead: str) -> Path:
    from tempfile import NamedTemporaryFile

    try:
        with NamedTemporaryFile(
            "w", encoding="utf-8", prefix="seqctl-edit-", suffix=suffix, delete=False
        ) as file:
            file.write(text)
    except OSError as error:
        raise BadFile(
            f"No file can be made for the editor: {error.strerror}.",
            f"set TMPDIR to a folder with room, or {instead}",
        ) from error
    return Path(file.name)


def _editor(instead: str) -> list[str]:
    import shlex

    wanted = os.environ.get("VISUAL") or os.environ.get("EDITOR") or ""
    try:
        command = shlex.split(wanted)
    except ValueError as error:
        raise WrongUsage(f"EDITOR can't be read: {error}.", code="NO_EDITOR") from error
    if not command:
        raise WrongUsage(
            "No editor is set.",
            f"set EDITOR, or {instead}",
            code="NO_EDITOR",
        )
    return command


def _screen() -> int | None:
    """Where the editor draws: the terminal on stdout, else on stderr."""
    if sys.stdout.isatty():
        return None
    return sys.__stderr__.fileno() if sys.__stderr__ else None
