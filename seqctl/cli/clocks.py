"""`clock`: what the system's clock says, what the workspace has seen, and which is right."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from seqctl.cli.session import Session
from seqctl.domain.errors import WrongUsage

if TYPE_CHECKING:
    from seqctl.service.clocks import Clocks


def clock(
    session: Session,
    word: Annotated[
        str | None, typer.Argument(metavar="[accept]", help="The system's clock is right.")
    ] = None,
) -> None:
    """What the system's clock says, and what the workspace has seen.

    A workspace never goes back before its last event. If that was dated by a clock that was ahead,
    `clock accept` says that the system's clock is right now: from then on it counts again. What the
    wrong one has dated ahead is listed.

    Example:
        seqctl clock
        seqctl clock accept
    """
    from seqctl.service.clocks import accept, look

    if word not in (None, "accept"):
        raise WrongUsage(f"'{word}' is nothing to do with a clock.", "seqctl clock accept")
    if word is None:
        _show(session, look(session.store, session.clock))
        return
    accepted = accept(session.store, session.user, session.clock)
    clocks = accepted or look(session.store, session.clock)
    session.look_again()
    if accepted is not None:
        session.say(f"Accepted: it is {session.moment(clocks.system)} now.")
    else:
        session.say("The last event is not ahead of the system's clock; nothing was changed.")
    _emit(session, clocks)
    _tell_ahead(session, clocks)


def _show(session: Session, clocks: Clocks) -> None:
    _emit(session, clocks)
    session.say(f"the system's clock:   {session.moment(clocks.system)}")
    session.say(f"the workspace's now:  {session.moment(clocks.workspace)}")
    session.say(f"its last event:       {session.moment(clocks.last_event_at) or 'none yet'}")
    if clocks.simulated:
        session.say("The workspace's clock is simulated: only you move it.")
        session.say("  try: seqctl tick --by 1d")
    elif clocks.last_is_ahead:
        session.say(
            "The last event lies ahead of the system's clock: one of them was wrong.", "red"
        )
        session.say(
            "  If the system's clock is wrong, set it right; if it is right: seqctl clock accept"
        )
    _tell_ahead(session, clocks)


def _emit(session: Session, clocks: Clocks) -> None:
    session.emit(
        {
            "system": clocks.system,
            "workspace": clocks.workspace,
            "last_event_at": clocks.last_event_at,
            "ahead": [{"kind": a.kind, "id": a.id, "at": a.at} for a in clocks.ahead],
        }
    )


def _tell_ahead(session: Session, clocks: Clocks) -> None:
    if not clocks.ahead:
        return
    session.say("Dated ahead by a clock that was wrong:")
    session.table(
        ["what", "contact", "sequence", "at"],
        [[a.kind, a.contact, a.sequence, session.moment(a.at)] for a in clocks.ahead],
    )
    session.say("  due now:                  seqctl unenroll …, then seqctl reenroll … --now")
    session.say("  a whole delay from now:   seqctl pause …, then seqctl resume … --restart-delay")
    session.say("  a hold that ends at once: seqctl resume …")
