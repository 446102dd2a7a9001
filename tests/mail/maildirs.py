"""A Maildir of a test, and what mail programs do to its files."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import datetime
from pathlib import Path


class Maildir:
    """`new` is where mails arrive; every other verb finds a file by its key, wherever it lies."""

    def __init__(self, path: Path) -> None:
        self.path = path
        for part in ("tmp", "new", "cur"):
            (path / part).mkdir(parents=True)

    def put(self, name: str, raw: bytes, *, into: str = "new", at: datetime | None = None) -> Path:
        path = self.path / into / name
        path.write_bytes(raw)
        if at is not None:
            os.utime(path, (at.timestamp(), at.timestamp()))
        return path

    def keys(self) -> list[str]:
        files = (file for part in ("new", "cur") for file in (self.path / part).iterdir())
        return sorted(file.name.split(":2,")[0] for file in files)

    def file(self, key: str) -> Path:
        parts = (self.path / part for part in ("new", "cur"))
        (found,) = (p for part in parts for p in part.iterdir() if p.name.split(":2,")[0] == key)
        return found

    def rename(self, key: str, name: str, *, into: str = "new") -> None:
        self.file(key).rename(self.path / into / name)

    def copy(self, key: str, name: str) -> None:
        self.put(name, self.file(key).read_bytes())

    def rewrite(self, key: str, name: str, change: Callable[[bytes], bytes]) -> None:
        """The same mail as another program would have stored it."""
        file = self.file(key)
        self.put(name, change(file.read_bytes()))
        file.unlink()

    def touch(self, key: str, at: datetime) -> None:
        os.utime(self.file(key), (at.timestamp(), at.timestamp()))

    def take_away(self, key: str) -> bytes:
        """What a file held that is deleted, or moved to another folder."""
        file = self.file(key)
        raw = file.read_bytes()
        file.unlink()
        return raw
