"""A program that is asked to end: as Ctrl-C ends it (rules, "An interrupted tick").

A service that is stopped, a cron that is shut down, a terminal that is closed: what was done stands,
and is told.
"""

from __future__ import annotations

import signal
from typing import NoReturn

ASKED_TO_END = (signal.SIGTERM, signal.SIGHUP)


class AskedToEnd(KeyboardInterrupt):
    """Another program asks this one to end, by the signal of this number."""

    def __init__(self, number: int) -> None:
        super().__init__()
        self.number = number


def heed_signals() -> None:
    """Raise AskedToEnd where somebody asks; what this program was told to ignore stays ignored."""
    for number in ASKED_TO_END:
        if signal.getsignal(number) == signal.SIG_DFL:
            signal.signal(number, _raise)


def _raise(number: int, frame: object) -> NoReturn:
    raise AskedToEnd(number)


def exit_code_after(interruption: BaseException) -> int:
    """The exit code of a program that was interrupted, as a shell would report it."""
    number = interruption.number if isinstance(interruption, AskedToEnd) else signal.SIGINT
    return 128 + number
