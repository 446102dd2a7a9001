"""What every test stands on: an environment that says nothing about the machine it runs on."""

from __future__ import annotations

import os
import sqlite3
import sys
import warnings
from collections.abc import Iterator
from functools import wraps
from pathlib import Path
from typing import Any

import pytest

from seqctl.store import connection
from tests.mail.servers import mail_world

__all__ = ["mail_world"]  # one pair of servers for the whole session, whoever asks for it


@pytest.fixture(scope="session", autouse=True)
def clean_environment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """No seqctl settings, no colour, an empty home, UTC, lines of 100 columns."""
    home = tmp_path_factory.mktemp("home")
    with pytest.MonkeyPatch.context() as patch:
        for name in list(os.environ):
            if name.startswith(("SEQCTL_", "XDG_", "GIT_")) or name in {"NO_COLOR", "FORCE_COLOR"}:
                patch.delenv(name)
        for name in ("LANG", "LC_ALL", "EDITOR", "VISUAL", "EMAIL"):
            patch.delenv(name, raising=False)
        patch.setenv("HOME", str(home))
        patch.setenv("GIT_CONFIG_NOSYSTEM", "1")
        patch.setenv("TZ", "UTC")
        patch.setenv("COLUMNS", "100")
        patch.setenv("TERM", "xterm-256color")
        yield


class _Watched(sqlite3.Connection):
    """A connection that tells when nobody closed it."""

    _open = False

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        self._open = True

    def close(self) -> None:
        super().close()
        self._open = False

    def __del__(self) -> None:
        if self._open:
            warnings.warn(f"unclosed database in {self!r}", ResourceWarning, stacklevel=2)


@pytest.fixture(scope="session", autouse=True)
def closed_files(request: pytest.FixtureRequest) -> Iterator[None]:
    """Every workspace that a test opens is closed: Python tells so itself from 3.13 on.

    The slow tests are left out: where a disk fails at each operation, closing may fail as well.
    """
    quick = request.config.getoption("markexpr") == "not slow"
    with pytest.MonkeyPatch.context() as patch:
        if quick and sys.version_info < (3, 13):
            patch.setattr(sqlite3, "connect", _watched_connect)
        yield


_connect = sqlite3.connect


def _watched_connect(
    *args: Any, factory: type[sqlite3.Connection] = sqlite3.Connection, **more: Any
) -> sqlite3.Connection:
    watched = type("_Watched", (_Watched, factory), {})
    return _connect(*args, factory=watched, **more)


@pytest.fixture(scope="session", autouse=True)
def quick_disk() -> Iterator[None]:
    """Commits don't wait for the disk within the tests' own process.

    No test here takes the power away; those that kill run the program in processes of its own.
    """
    synced = connection.connect

    @wraps(synced)
    def quick(path: Path) -> sqlite3.Connection:
        opened = synced(path)
        opened.execute("PRAGMA synchronous = OFF")
        return opened

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(connection, "connect", quick)
        yield
