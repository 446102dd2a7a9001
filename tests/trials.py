"""How often what is tried at random is tried: `TRIALS=10` before the test command tries ten times as much."""

from __future__ import annotations

import os

TIMES = int(os.environ.get("TRIALS", "1"))


def trials(number: int) -> int:
    """So many trials, times what the environment asks for."""
    return number * TIMES
