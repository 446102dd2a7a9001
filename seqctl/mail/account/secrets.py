"""Where a password or a token is fetched, and how it stays out of sight.

No exception from here is raised in a frame that holds a secret, and none has a context that does.
"""

from __future__ import annotations

import os
import shlex
import stat
from pathlib import Path

from seqctl.domain.sending.accounts import Secret, SecretKind
from seqctl.places import look_at
from seqctl.ports.mail import AccountRefused

COMMAND_SECONDS = 30
_LONGEST = 64 * 1024


class Hidden:
    """A secret that no `repr`, log or traceback shows."""

    __slots__ = ("_reveal",)

    def __init__(self, secret: str) -> None:
        self._reveal = lambda: secret

    def reveal(self) -> str:
        """The secret itself, for the one who sends it."""
        return self._reveal()


def secret_of(secret: Secret) -> str:
    """The secret itself: the first line of what the command prints, the variable, or the file.

    Raises AccountRefused, in words that hold neither the secret nor the words of the command.
    """
    if secret.kind is SecretKind.VARIABLE:
        return _usable(os.environ.get(secret.place, ""), f"The variable {secret.place}")
    if secret.kind is SecretKind.FILE:
        path = Path(secret.place).expanduser()
        return _usable(_first_line(_content(path)), f"The file {path}")
    words = _words(secret)
    name = f"The {_noun(secret)} command `{words[0]}`"
    return _usable(_first_line(_output(words, name)), name)


def _usable(found: str | None, source: str) -> str:
    """What was found, unless it is nothing, or no line of text."""
    if found and found.isprintable():
        return found
    trouble = "gives nothing" if not found else "gives control characters, not a password"
    if found is None:
        trouble = "gives bytes that are no UTF-8 text"
    found = None
    raise AccountRefused(f"{source} {trouble}.", "Look at it by hand; its first line is taken.")


def _first_line(raw: bytes) -> str | None:
    line = raw.partition(b"\n")[0].rstrip(b"\r")
    try:
        return line.decode()
    except UnicodeDecodeError:
        return None


def _noun(secret: Secret) -> str:
    return "token" if secret.kind is SecretKind.TOKEN_COMMAND else "password"


# --- commands -----------------------------------------------------------------------------------


def _words(secret: Secret) -> list[str]:
    try:
        words = shlex.split(secret.place)
    except ValueError:
        words = []
    if words:
        return words
    raise AccountRefused(
        f"The {_noun(secret)} command can't be split into words: a quote is open, or it is empty.",
        "It is no shell: for pipes and the like give `sh -c '…'`.",
    )


def _output(words: list[str], name: str) -> bytes:
    """What the command prints; raised is only after what it printed is gone."""
    printed, trouble = _run(words)
    if not trouble:
        return printed
    printed = b""
    raise AccountRefused(f"{name} {trouble}.", f"Try it by hand: {words[0]} …")


def _run(words: list[str]) -> tuple[bytes, str]:
    """What the command prints, and why that is not to be used ('' if it is)."""
    import subprocess

    try:
        done = subprocess.run(
            words,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=COMMAND_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return b"", f"took longer than {COMMAND_SECONDS} seconds"
    except FileNotFoundError:
        return b"", "is not there"
    except (OSError, ValueError) as error:
        return b"", f"can't be run ({error.strerror if isinstance(error, OSError) else 'NUL'})"
    if done.returncode != 0:
        return b"", f"failed (exit status {done.returncode})"
    return done.stdout, ""


# --- files --------------------------------------------------------------------------------------


def _content(path: Path) -> bytes:
    """The file's beginning; refused if anybody but its owner may read it."""
    try:
        # A named pipe must not block here: it is refused below, like everything but a file.
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else "no such name"
        raise AccountRefused(
            f"The password file {path} can't be read: {why}.", look_at(path)
        ) from None
    try:
        _refuse_unsafe(path, os.fstat(descriptor).st_mode)
        return os.read(descriptor, _LONGEST)
    finally:
        os.close(descriptor)


def _refuse_unsafe(path: Path, mode: int) -> None:
    if not stat.S_ISREG(mode):
        raise AccountRefused(f"{path} is no file that could hold a password.", look_at(path))
    if mode & 0o077:
        raise AccountRefused(
            f"Others than its owner may read the password file {path}.",
            f"chmod 600 {shlex.quote(str(path))}",
        )
