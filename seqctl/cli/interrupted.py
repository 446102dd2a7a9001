"""An interrupted tick, in words: for the tick that was interrupted and for who looks later."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from seqctl.cli.session import Session
    from seqctl.service.tick.interrupted import Stopped


def goal_words(session: Session, stopped: Stopped) -> str:
    """Where an interrupted tick was going, and what is left to do on the way."""
    if not isinstance(stopped.target, datetime):
        return "on the way to where nothing is due any more"
    left = "1 step is" if stopped.left_due == 1 else f"{stopped.left_due} steps are"
    return f"on the way to {session.moment(stopped.target)}; {left} due by then"
