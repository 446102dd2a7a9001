"""A disk that remembers what it was asked to do, and what it may hold after a power cut.

What was written to a file is certain once the file was synced, and which names a folder has once the folder
was. Of the rest any part may be there: of a write any of its sectors, of names any change.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from random import Random
from typing import NamedTuple

from tests.power.operations import (
    Create,
    Delete,
    Link,
    MakeFolder,
    Operation,
    Rename,
    Sync,
    SyncFolder,
    Truncate,
    Write,
)

SECTOR = 512
Names = dict[str, int | None]
"""The file of each name; None is a folder."""
Chooses = Callable[[], bool]


class Image(NamedTuple):
    """What a disk holds: the content of each file (None is a folder), and how that came about."""

    files: tuple[tuple[str, bytes | None], ...]
    how: str

    def put(self, folder: Path) -> None:
        """Let the folder hold this and nothing else."""
        for path in folder.iterdir():
            shutil.rmtree(path) if path.is_dir() else path.unlink()
        for name, content in self.files:
            path = Path(name)
            if content is None:
                path.mkdir()
            else:
                path.write_bytes(content)


def image_of(folder: Path) -> Image:
    """What a folder holds now."""
    files = [
        (str(path), None if path.is_dir() else path.read_bytes())
        for path in sorted(folder.rglob("*"))
    ]
    return Image(tuple(files), "as it stands")


class _Change(NamedTuple):
    """What happens to names at one stroke: the file that each has afterwards, or that it is gone."""

    gone: tuple[str, ...]
    there: tuple[tuple[str, int | None], ...]

    def apply(self, names: Names) -> None:
        for name in self.gone:
            names.pop(name, None)
        names.update(self.there)

    def within(self, folder: str) -> _Change:
        return _Change(
            tuple(name for name in self.gone if os.path.dirname(name) == folder),
            tuple(one for one in self.there if os.path.dirname(one[0]) == folder),
        )

    def without(self, folder: str) -> _Change:
        return _Change(
            tuple(name for name in self.gone if os.path.dirname(name) != folder),
            tuple(one for one in self.there if os.path.dirname(one[0]) != folder),
        )


class Disk:
    """Begins with what stands in `folder`, all of it certain."""

    def __init__(self, folder: Path, numbers: Callable[[str], int]) -> None:
        self._names: Names = {}
        self._content: dict[int, bytearray] = {}
        for path in sorted(folder.rglob("*")):
            number = None if path.is_dir() else numbers(str(path))
            self._names[str(path)] = number
            if number is not None:
                self._content[number] = bytearray(path.read_bytes())
        self._certain_names = dict(self._names)
        self._certain = {number: bytes(content) for number, content in self._content.items()}
        self._changes: list[_Change] = []
        self._written: dict[int, list[Write | Truncate]] = {}

    def apply(self, operation: Operation) -> None:
        """Do what the disk is asked to do."""
        match operation:
            case Write(file) | Truncate(file):
                _write(self._content[file], operation, lambda: True)
                self._written.setdefault(file, []).append(operation)
            case Sync(file):
                self._certain[file] = bytes(self._content[file])
                self._written.pop(file, None)
            case SyncFolder(path):
                self._sync_folder(path)
            case Create(path, file):
                self._content[file], self._certain[file] = bytearray(), b""
                self._change((), ((path, file),))
            case MakeFolder(path):
                self._change((), ((path, None),))
            case Link(path, other):
                self._change((), ((other, self._names[path]),))
            case Rename(path) if path not in self._names:
                pass  # the shared memory of WAL, of which nothing is ever certain
            case Rename(path, to):
                self._change((path,), ((to, self._names[path]),))
            case Delete(path):
                self._change((path,), ())
            case _:
                pass

    def images(self, chance: Random, torn: int) -> Iterator[Image]:
        """What may be there if the power goes now: the certain, all, the two mixed, some `torn`."""
        for names, names_how in ((self._certain_names, "old names"), (self._names, "all names")):
            yield _image(names, self._certain, f"{names_how}, what is certain")
            if self._written:
                yield _image(names, self._content, f"{names_how}, all that was written")
        for one in self._changes if len(self._changes) > 1 else ():
            for some in ([one], [change for change in self._changes if change is not one]):
                names = dict(self._certain_names)
                for change in some:
                    change.apply(names)
                yield _image(names, self._content, "some names, all that was written")
        for _ in range(torn if self._changes or self._written else 0):
            yield self._torn(lambda: chance.random() < 0.5)

    def _torn(self, chosen: Chooses) -> Image:
        names = dict(self._certain_names)
        for change in self._changes:
            if chosen():
                change.apply(names)
        content = dict[int, bytes | bytearray](self._certain)
        for file, written in self._written.items():
            content[file] = bytearray(self._certain[file])
            for operation in written:
                _write(content[file], operation, chosen)
        return _image(names, content, "torn")

    def _change(self, gone: tuple[str, ...], there: tuple[tuple[str, int | None], ...]) -> None:
        change = _Change(gone, there)
        change.apply(self._names)
        self._changes.append(change)

    def _sync_folder(self, folder: str) -> None:
        for change in self._changes:
            change.within(folder).apply(self._certain_names)
        rest = [change.without(folder) for change in self._changes]
        self._changes = [change for change in rest if change.gone or change.there]


def _write(content: bytearray, operation: Write | Truncate, chosen: Chooses) -> None:
    if isinstance(operation, Truncate):
        if chosen():
            _reach(content, operation.size)
            del content[operation.size :]
        return
    at, data = operation.at, operation.data
    while data:
        size = min(len(data), SECTOR - at % SECTOR)
        if chosen():
            _reach(content, at + size)
            content[at : at + size] = data[:size]
        at, data = at + size, data[size:]


def _reach(content: bytearray, size: int) -> None:
    content.extend(bytes(max(0, size - len(content))))


def _image(names: Names, content: dict[int, bytes] | dict[int, bytearray], how: str) -> Image:
    folders = {name for name, file in names.items() if file is None}
    files = [
        (name, None if file is None else bytes(content[file]))
        for name, file in sorted(names.items())
        if _stands(name, names, folders)
    ]
    return Image(tuple(files), how)


def _stands(name: str, names: Iterable[str], folders: set[str]) -> bool:
    """Whether all the folders above it, up to the one that is watched, are there."""
    above = os.path.dirname(name)
    top = os.path.dirname(min(names, key=len))
    return above == top or (above in folders and _stands(above, names, folders))
