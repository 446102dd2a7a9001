"""Everything that a block does to a folder's files, by SQLite or by Python, in the order of time."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.power.operations import Fault, Recorder
from tests.power.recording_files import recording_files
from tests.power.recording_vfs import library, recording_vfs

needs_recording = pytest.mark.skipif(
    sys.platform != "linux" or library() is None,
    reason="this Python carries an SQLite of its own, so its disk operations can't be watched",
)


@contextmanager
def recording(folder: Path, fault: Fault | None = None) -> Iterator[Recorder]:
    """Record what the block does to the files below `folder`; some of it fails by the `fault`.

    Connections that are opened in the block are to be closed in it.
    """
    recorder = Recorder(folder, fault)
    with recording_vfs().recording(recorder), recording_files(recorder):
        yield recorder
