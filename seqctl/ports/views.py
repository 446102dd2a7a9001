"""Tasks, and what people look at, as the verbs see them."""

from __future__ import annotations

from typing import Protocol


class Tasks(Protocol):
    """Tasks that sequences created."""


class Views(Protocol):
    """Read-only tables for people and JSON."""
