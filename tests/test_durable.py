"""Syncing on macOS, where fsync leaves it in the disk's own cache."""

from __future__ import annotations

import fcntl
import os
import sys
from pathlib import Path

import pytest

from seqctl import durable


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What the system is asked for, as macOS would be."""
    asked: list[str] = []
    monkeypatch.setattr(sys, "platform", "darwin")
    monkeypatch.setattr(fcntl, "F_FULLFSYNC", 51, raising=False)
    monkeypatch.setattr(fcntl, "fcntl", lambda _, command: asked.append(f"fcntl {command}"))
    monkeypatch.setattr(os, "fsync", lambda _: asked.append("fsync"))
    return asked


def test_the_disk_is_asked_to_empty_its_own_cache(tmp_path: Path, asked: list[str]) -> None:
    durable.write(tmp_path / "a", b"one")
    durable.sync(tmp_path)
    assert asked == ["fcntl 51", "fcntl 51"]


def test_a_file_system_that_knows_only_fsync_is_synced_so(
    tmp_path: Path, asked: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_: int, command: int) -> None:
        raise OSError(45, "Operation not supported")

    monkeypatch.setattr(fcntl, "fcntl", refuse)
    durable.sync(tmp_path)
    assert asked == ["fsync"]
