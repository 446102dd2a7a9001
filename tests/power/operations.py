"""What a disk is asked to do, in one order: by SQLite, and by Python itself.

Files are numbered as they are made, since one that is open or linked has more names than one, or none.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple


class Create(NamedTuple):
    """An empty file appears."""

    path: str
    file: int


class Write(NamedTuple):
    """Bytes of a file."""

    file: int
    at: int
    data: bytes


class Truncate(NamedTuple):
    """A file is cut, or filled up with zeros, to a size."""

    file: int
    size: int


class Sync(NamedTuple):
    """What a file holds is on the disk for good."""

    file: int


class SyncFolder(NamedTuple):
    """The entries of a folder are on the disk for good."""

    path: str


class Link(NamedTuple):
    """A file has one more name."""

    path: str
    other: str


class Rename(NamedTuple):
    """A file has another name, and what had that name has it no more."""

    path: str
    to: str


class Delete(NamedTuple):
    """A name is gone."""

    path: str


class MakeFolder(NamedTuple):
    """An empty folder appears."""

    path: str


class Outside(NamedTuple):
    """Something happened outside of the disk: a server took the mail that this names."""

    what: str


Operation = (
    Create | Write | Truncate | Sync | SyncFolder | Link | Rename | Delete | MakeFolder | Outside
)


class Fault(NamedTuple):
    """The operations that are to fail: from the `first` on (counted from 1), so `many` of them."""

    first: int
    many: int = 1
    full: bool = False
    """Whether the disk is full, rather than broken. Only what needs room fails then."""

    def strikes(self, number: int, operation: Operation) -> bool:
        """Whether this operation, the `number`-th, is to fail."""
        hit = self.first <= number < self.first + self.many
        return hit and (not self.full or isinstance(operation, NEEDS_ROOM))


NEEDS_ROOM = (Create, Write, Link, MakeFolder)


class Failing(Exception):
    """This operation is to fail; who asked for it is told so in its own way."""

    def __init__(self, full: bool) -> None:
        super().__init__("full" if full else "broken")
        self.full = full


class Recorder:
    """Keeps what the disk is asked to do with the files below `folder`.

    With a `fault` some operations fail instead: they are neither done nor kept. `attempted` are all that were
    asked for and could fail, `failed` those of them that did.
    """

    def __init__(self, folder: Path, fault: Fault | None = None) -> None:
        self.folder = os.path.realpath(folder)
        self.operations: list[Operation] = []
        self.attempted: list[Operation] = []
        self.failed: list[Operation] = []
        self._fault = fault
        self._files: dict[tuple[int, int], int] = {}
        self._made = 0
        for path in sorted(Path(self.folder).rglob("*")):
            if path.is_file():
                self._number_of(os.stat(path))

    def watches(self, path: str) -> bool:
        """Whether this is below the folder."""
        return os.path.abspath(path).startswith(self.folder + os.sep)

    def attempt(self, operation: Operation) -> None:
        """Something is about to be done; raises Failing where it is to fail."""
        self.attempted.append(operation)
        if self._fault is not None and self._fault.strikes(len(self.attempted), operation):
            self.failed.append(operation)
            raise Failing(self._fault.full)

    def done(self, operation: Operation) -> None:
        """Something was done."""
        self.operations.append(operation)

    @contextmanager
    def asked(self, operation: Operation) -> Iterator[None]:
        """What the block does to the disk; raises Failing instead where it is to fail."""
        self.attempt(operation)
        yield
        self.done(operation)

    def outside(self, what: str) -> None:
        """Something happened outside of the disk just now."""
        self.operations.append(Outside(what))

    def made(self, path: str) -> int:
        """The number of a file that was just made."""
        status = os.stat(path)
        self._files.pop((status.st_dev, status.st_ino), None)  # a number is used again
        return self._number_of(status)

    def file_at(self, path: str) -> int:
        """The number of the file of this name."""
        return self._number_of(os.stat(path))

    def file_of(self, descriptor: int) -> int:
        """The number of an open file."""
        return self._number_of(os.fstat(descriptor))

    def _number_of(self, status: os.stat_result) -> int:
        key = status.st_dev, status.st_ino
        if key not in self._files:
            self._made += 1
            self._files[key] = self._made
        return self._files[key]
