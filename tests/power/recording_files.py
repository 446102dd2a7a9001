"""What Python itself does to files, recorded: everything that the program uses to change one."""

from __future__ import annotations

import builtins
import errno
import io
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from tests.power.operations import (
    Create,
    Delete,
    Failing,
    Link,
    MakeFolder,
    Operation,
    Recorder,
    Rename,
    Sync,
    SyncFolder,
    Truncate,
    Write,
)

_Path = str | bytes | os.PathLike[str]


class _RecordingFile(io.FileIO):
    """An open file, written to without a buffer."""

    def __init__(self, recorder: Recorder, path: str, mode: str) -> None:
        self._recorder = recorder
        super().__init__(path, mode, opener=lambda name, flags: os.open(name, flags, 0o666))

    def write(self, data: Any, /) -> int:
        content = bytes(data)
        at = os.fstat(self.fileno()).st_size if "a" in self.mode else self.tell()
        with _asked(self._recorder, Write(self._recorder.file_of(self.fileno()), at, content)):
            return super().write(content)

    def truncate(self, size: int | None = None, /) -> int:
        size = self.tell() if size is None else size
        with _asked(self._recorder, Truncate(self._recorder.file_of(self.fileno()), size)):
            return super().truncate(size)


class _Recording:
    """The functions that stand in for those of `os` and `io`."""

    def __init__(self, recorder: Recorder) -> None:
        self._recorder = recorder
        self._os_open, self._io_open = os.open, io.open
        self._fsync, self._link, self._rename = os.fsync, os.link, os.rename
        self._unlink, self._mkdir = os.unlink, os.mkdir

    def open_descriptor(self, path: _Path, flags: int, *rest: Any, **named: Any) -> int:
        name = os.fsdecode(path)
        if not self._recorder.watches(name):
            return self._os_open(path, flags, *rest, **named)
        if os.path.lexists(name):
            return self._open_existing(name, flags, *rest, **named)
        if not flags & os.O_CREAT:
            return self._os_open(path, flags, *rest, **named)
        with _allowed(self._recorder, Create(name, 0)):
            descriptor = self._os_open(path, flags, *rest, **named)
        self._recorder.done(Create(name, self._recorder.made(name)))
        return descriptor

    def _open_existing(self, name: str, flags: int, *rest: Any, **named: Any) -> int:
        if not flags & os.O_TRUNC:
            return self._os_open(name, flags, *rest, **named)
        with _asked(self._recorder, Truncate(self._recorder.file_at(name), 0)):
            return self._os_open(name, flags, *rest, **named)

    def open_file(self, file: Any, mode: str = "r", *rest: Any, **named: Any) -> Any:
        if isinstance(file, int) or not set(mode) & set("wax+"):
            return self._io_open(file, mode, *rest, **named)
        path = os.fsdecode(file)
        if not self._recorder.watches(path):
            return self._io_open(file, mode, *rest, **named)
        raw = _RecordingFile(self._recorder, path, mode.replace("b", "").replace("t", ""))
        buffered = io.BufferedWriter(raw)
        if "b" in mode:
            return buffered
        texts = {key: named[key] for key in ("encoding", "errors", "newline") if key in named}
        return io.TextIOWrapper(buffered, **{"encoding": "utf-8"} | texts)

    def fsync(self, file: Any) -> None:
        descriptor = file if isinstance(file, int) else file.fileno()
        path = os.path.realpath(f"/proc/self/fd/{descriptor}")
        if os.path.isdir(path):
            inside = path == self._recorder.folder or self._recorder.watches(path)
            self._do(inside, SyncFolder(path), self._fsync, descriptor)
        else:
            number = self._recorder.file_of(descriptor)
            self._do(self._recorder.watches(path), Sync(number), self._fsync, descriptor)

    def link(self, path: _Path, other: _Path, **named: Any) -> None:
        names = _absolute(path), _absolute(other)
        self._do(self._recorder.watches(names[1]), Link(*names), self._link, *names, **named)

    def rename(self, path: _Path, to: _Path, **named: Any) -> None:
        names = _absolute(path), _absolute(to)
        self._do(self._recorder.watches(names[1]), Rename(*names), self._rename, *names, **named)

    def unlink(self, path: _Path, **named: Any) -> None:
        name = _absolute(path)
        watched = self._recorder.watches(name) and os.path.lexists(name)
        self._do(watched, Delete(name), self._unlink, path, **named)

    def mkdir(self, path: _Path, *rest: Any, **named: Any) -> None:
        name = _absolute(path)
        watched = self._recorder.watches(name) and not os.path.lexists(name)
        self._do(watched, MakeFolder(name), self._mkdir, path, *rest, **named)

    def _do(
        self,
        watched: bool,
        operation: Operation,
        act: Callable[..., Any],
        *arguments: Any,
        **named: Any,
    ) -> None:
        if not watched:
            act(*arguments, **named)
            return
        with _asked(self._recorder, operation):
            act(*arguments, **named)


@contextmanager
def _asked(recorder: Recorder, operation: Operation) -> Iterator[None]:
    with _allowed(recorder, operation):
        yield
    recorder.done(operation)


@contextmanager
def _allowed(recorder: Recorder, operation: Operation) -> Iterator[None]:
    try:
        recorder.attempt(operation)
    except Failing as failing:
        code = errno.ENOSPC if failing.full else errno.EIO
        named = getattr(operation, "path", None)
        raise OSError(code, os.strerror(code), *([named] if named else [])) from None
    yield


def _absolute(path: _Path) -> str:
    return os.path.abspath(os.fsdecode(path))


@contextmanager
def recording_files(recorder: Recorder) -> Iterator[None]:
    """Record in the block what Python does to the files that the recorder watches."""
    recording = _Recording(recorder)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "open", recording.open_descriptor)
        patch.setattr(io, "open", recording.open_file)
        patch.setattr(builtins, "open", recording.open_file)
        patch.setattr(os, "fsync", recording.fsync)
        patch.setattr(os, "link", recording.link)
        patch.setattr(os, "unlink", recording.unlink)
        patch.setattr(os, "remove", recording.unlink)
        patch.setattr(os, "mkdir", recording.mkdir)
        for name in ("rename", "replace"):  # on POSIX they are the same
            patch.setattr(os, name, recording.rename)
        yield
