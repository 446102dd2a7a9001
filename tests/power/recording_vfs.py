"""SQLite's disk operations, recorded: a VFS in front of its own one, in ctypes, with nothing compiled.

It becomes the default VFS of the library that `sqlite3` is linked to, so the program goes through it as it
is. Where Python carries an SQLite of its own, there is no library to reach.
"""

from __future__ import annotations

import ctypes as c
import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.power.operations import (
    Create,
    Delete,
    Failing,
    Operation,
    Recorder,
    Sync,
    SyncFolder,
    Truncate,
    Write,
)

_POINTER, _INT, _LONG = c.c_void_p, c.c_int, c.c_int64
_HEADER = 16  # our part of a file's structure: the pointer to our methods, aligned

_FULL, _CANTOPEN = 13, 14
_IOERR_WRITE, _IOERR_FSYNC, _IOERR_TRUNCATE, _IOERR_DELETE = 778, 1034, 1546, 2570
_BROKEN = {Write: _IOERR_WRITE, Sync: _IOERR_FSYNC, Truncate: _IOERR_TRUNCATE}
_BROKEN |= {Delete: _IOERR_DELETE, Create: _CANTOPEN}


def _function(*arguments: Any) -> Any:
    return c.CFUNCTYPE(_INT, *arguments)


_METHODS: list[tuple[str, Any]] = [
    ("xClose", _function(_POINTER)),
    ("xRead", _function(_POINTER, _POINTER, _INT, _LONG)),
    ("xWrite", _function(_POINTER, _POINTER, _INT, _LONG)),
    ("xTruncate", _function(_POINTER, _LONG)),
    ("xSync", _function(_POINTER, _INT)),
    ("xFileSize", _function(_POINTER, _POINTER)),
    ("xLock", _function(_POINTER, _INT)),
    ("xUnlock", _function(_POINTER, _INT)),
    ("xCheckReservedLock", _function(_POINTER, _POINTER)),
    ("xFileControl", _function(_POINTER, _INT, _POINTER)),
    ("xSectorSize", _function(_POINTER)),
    ("xDeviceCharacteristics", _function(_POINTER)),
    ("xShmMap", _function(_POINTER, _INT, _INT, _INT, _POINTER)),
    ("xShmLock", _function(_POINTER, _INT, _INT, _INT)),
    ("xShmBarrier", c.CFUNCTYPE(None, _POINTER)),
    ("xShmUnmap", _function(_POINTER, _INT)),
]
_SETTER = c.CFUNCTYPE(_INT, _POINTER, c.c_char_p, _POINTER)
_GETTER = c.CFUNCTYPE(_POINTER, _POINTER, c.c_char_p)
_OPEN_FOLDER = c.CFUNCTYPE(_INT, c.c_char_p, _POINTER)


class _Methods(c.Structure):
    _fields_ = [("iVersion", _INT), *_METHODS]


class _Vfs(c.Structure):
    _fields_ = [
        ("iVersion", _INT),
        ("szOsFile", _INT),
        ("mxPathname", _INT),
        ("pNext", _POINTER),
        ("zName", c.c_char_p),
        ("pAppData", _POINTER),
        ("xOpen", _function(_POINTER, _POINTER, _POINTER, _INT, _POINTER)),
        ("xDelete", _function(_POINTER, c.c_char_p, _INT)),
        ("xAccess", _function(_POINTER, c.c_char_p, _INT, _POINTER)),
        ("xFullPathname", _function(_POINTER, c.c_char_p, _INT, _POINTER)),
        *((name, _POINTER) for name in ("xDlOpen", "xDlError", "xDlSym", "xDlClose")),
        *((name, _POINTER) for name in ("xRandomness", "xSleep", "xCurrentTime", "xGetLastError")),
        ("xCurrentTimeInt64", _POINTER),
        ("xSetSystemCall", _SETTER),
        ("xGetSystemCall", _GETTER),
        ("xNextSystemCall", _POINTER),
    ]


def library() -> c.CDLL | None:
    """The SQLite that Python works with, if it is a library of its own."""
    try:
        with Path("/proc/self/maps").open() as maps:
            loaded = {line.split()[-1] for line in maps if "libsqlite3.so" in line}
    except OSError:
        return None
    return c.CDLL(min(loaded)) if sqlite3 and loaded else None


class _RecordingVfs:
    """One VFS for the life of the process: SQLite keeps its address. It records for one at a time."""

    def __init__(self, sqlite: c.CDLL) -> None:
        self._sqlite = sqlite
        sqlite.sqlite3_vfs_find.restype = c.POINTER(_Vfs)
        self._real = sqlite.sqlite3_vfs_find(b"unix").contents
        self._address = c.addressof(self._real)
        self._recorder: Recorder | None = None
        self._files: dict[int, tuple[Recorder, int]] = {}
        # SQLite calls what stands in these structures for as long as the process lives.
        self._methods = _Methods(2, *(kind(self._method(name)) for name, kind in _METHODS))
        self._shown = self._vfs()
        self._watch_folders()

    @contextmanager
    def recording(self, recorder: Recorder) -> Iterator[None]:
        """Let every connection that is opened in the block be recorded, to its end."""
        self._recorder = recorder
        assert self._sqlite.sqlite3_vfs_register(c.byref(self._shown), 1) == 0
        try:
            yield
        finally:
            self._recorder = None
            self._sqlite.sqlite3_vfs_unregister(c.byref(self._shown))

    # --- the structures -------------------------------------------------------------------------

    def _vfs(self) -> _Vfs:
        shown = _Vfs.from_buffer_copy(self._real)
        shown.iVersion, shown.pNext, shown.zName = 2, None, b"recording"
        shown.szOsFile = self._real.szOsFile + _HEADER
        kinds = dict(_Vfs._fields_)
        self._calls = [
            kinds[name](call)
            for name, call in (
                ("xOpen", self._open),
                ("xDelete", self._delete),
                ("xAccess", lambda _, *rest: self._real.xAccess(self._address, *rest)),
                ("xFullPathname", lambda _, *rest: self._real.xFullPathname(self._address, *rest)),
            )
        ]
        shown.xOpen, shown.xDelete, shown.xAccess, shown.xFullPathname = self._calls
        return shown

    def _watch_folders(self) -> None:
        """SQLite opens a folder only to sync it, and does so past its VFS."""
        self._real_folder = _OPEN_FOLDER(self._real.xGetSystemCall(self._address, b"openDirectory"))
        self._folder_call = _OPEN_FOLDER(self._open_folder)
        call = c.cast(self._folder_call, _POINTER)
        assert self._real.xSetSystemCall(self._address, b"openDirectory", call) == 0

    def _method(self, name: str) -> Callable[..., Any]:
        own = {"xClose": self._close, "xWrite": self._write}
        own |= {"xTruncate": self._truncate, "xSync": self._sync}
        return own.get(name) or (
            lambda file, *rest: getattr(_real(file), name)(_inner(file), *rest)
        )

    # --- what is recorded -----------------------------------------------------------------------

    def _open(self, _: int, name: int | None, file: int, flags: int, out: int) -> int:
        path = os.fsdecode(c.string_at(name)) if name else ""
        recorder = self._recorder
        watched = recorder if recorder is not None and path and recorder.watches(path) else None
        made = watched is not None and not os.path.exists(path)
        if made and (code := _refused(watched, Create(path, 0))):
            c.cast(file, c.POINTER(_POINTER))[0] = None
            return code
        code = self._real.xOpen(self._address, name, _inner(file), flags, out)
        c.cast(file, c.POINTER(_POINTER))[0] = c.addressof(self._methods) if code == 0 else None
        if code == 0 and watched is not None:
            number = watched.made(path) if made else watched.file_at(path)
            self._files[file] = watched, number
            if made:
                watched.done(Create(path, number))
        return code

    def _close(self, file: int) -> int:
        self._files.pop(file, None)
        return _real(file).xClose(_inner(file))

    def _write(self, file: int, data: int, size: int, at: int) -> int:
        return self._on(
            file,
            lambda number: Write(number, at, c.string_at(data, size)),
            lambda: _real(file).xWrite(_inner(file), data, size, at),
        )

    def _truncate(self, file: int, size: int) -> int:
        return self._on(
            file,
            lambda number: Truncate(number, size),
            lambda: _real(file).xTruncate(_inner(file), size),
        )

    def _sync(self, file: int, flags: int) -> int:
        if file not in self._files:
            return _real(file).xSync(_inner(file), flags)
        recorder, number = self._files[file]
        if code := _refused(recorder, Sync(number)):
            return code
        recorder.done(Sync(number))  # first the file, then its folder, both in one call
        return _real(file).xSync(_inner(file), flags)

    def _on(self, file: int, operation: Callable[[int], Operation], act: Callable[[], int]) -> int:
        if file not in self._files:
            return act()
        recorder, number = self._files[file]
        return _recorded(recorder, operation(number), act)

    def _delete(self, _: int, name: bytes, sync_folder: int) -> int:
        path, recorder = os.fsdecode(name), self._recorder

        def act() -> int:
            return self._real.xDelete(self._address, name, 0)

        if recorder is None or not recorder.watches(path) or not os.path.lexists(path):
            return self._real.xDelete(self._address, name, sync_folder)
        code = _recorded(recorder, Delete(path), act)
        if code == 0 and sync_folder:
            recorder.done(SyncFolder(os.path.dirname(path)))
        return code

    def _open_folder(self, name: bytes, descriptor: int) -> int:
        recorder = self._recorder
        path = os.fsdecode(name)
        if recorder is not None and recorder.watches(path):
            # Its result is not asked for by SQLite, so it can't fail here.
            recorder.done(SyncFolder(os.path.dirname(path)))
        return self._real_folder(name, descriptor)


def _recorded(recorder: Recorder, operation: Operation, act: Callable[[], int]) -> int:
    if code := _refused(recorder, operation):
        return code
    code = act()
    if code == 0:
        recorder.done(operation)
    return code


def _refused(recorder: Recorder | None, operation: Operation) -> int:
    """0, or the code with which this operation is to fail."""
    try:
        if recorder is not None:
            recorder.attempt(operation)
    except Failing as failing:
        full = failing.full and not isinstance(operation, Create)  # as SQLite's own VFS tells it
        return _FULL if full else _BROKEN[type(operation)]
    return 0


def _inner(file: int) -> int:
    return file + _HEADER


def _real(file: int) -> _Methods:
    return c.cast(_inner(file), c.POINTER(c.POINTER(_Methods)))[0].contents


_made: list[_RecordingVfs] = []


def recording_vfs() -> _RecordingVfs:
    """The recording VFS of this process; there has to be a `library`."""
    if not _made:
        sqlite = library()
        assert sqlite is not None
        _made.append(_RecordingVfs(sqlite))
    return _made[0]
