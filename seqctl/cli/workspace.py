"""Making, setting, checking and copying a workspace (spec, sections 2 and 12)."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Annotated

import typer

from seqctl.cli.session import Session
from seqctl.domain.errors import BadFile, WrongUsage

if TYPE_CHECKING:
    from datetime import datetime


def init(
    session: Session,
    simulated: Annotated[
        bool, typer.Option("--simulated", help="With a clock that only `tick` moves.")
    ] = False,
    now: Annotated[
        str | None,
        typer.Option("--now", metavar="TIME", help="What the simulated clock shows at first."),
    ] = None,
    user: Annotated[
        str | None, typer.Option("--user", metavar="NAME", help="Your short name.")
    ] = None,
    email: Annotated[
        str | None, typer.Option("--email", metavar="ADDR", help="Your e-mail address.")
    ] = None,
    name: Annotated[
        str | None, typer.Option("--name", metavar="TEXT", help="Your full name.")
    ] = None,
    timezone: Annotated[
        str | None, typer.Option("--timezone", metavar="TZ", help="Yours: Europe/Stockholm.")
    ] = None,
) -> None:
    """Make a workspace.

    What you don't say is taken from git's configuration (name, e-mail) and from the system (login
    name, time zone); on a terminal you are asked.

    Example:
        seqctl init
        seqctl init --simulated --now 2026-03-02T09:00 --user ada --email ada@example.com
    """
    from seqctl.cli.introduction import introduce
    from seqctl.cli.users import user_document
    from seqctl.service.people import add_first_user
    from seqctl.store import create_store

    if now is not None and not simulated:
        raise WrongUsage("Only a simulated clock can be set.", "add --simulated")
    if os.path.lexists(session.path):
        raise BadFile(
            f"{session.path} exists already.", "seqctl init --db ANOTHER-FILE", code="EXISTS"
        )
    draft = introduce(session, user or session.user_name, email, name, timezone)
    first_moment = _first_moment(session, now, draft.timezone)
    store = create_store(
        session.path,
        simulated_now=first_moment if simulated else None,
        prepare=lambda store: add_first_user(store, draft, first_moment),
    )
    (first,) = store.people.users()
    session.adopt(store, first)
    session.emit(
        {
            "workspace": str(session.path),
            "clock": "simulated" if simulated else "real",
            "now": first_moment,
            "user": user_document(first),
        }
    )
    session.say(f"Made a {'simulated' if simulated else 'real'} workspace: {session.path}")
    session.say(f"You are {first.name}: {first.full_name}, {first.email}, {first.timezone}.")
    session.say(f"  next: seqctl inbox connect {first.email}{'' if simulated else ' --capture'}")


def _first_moment(session: Session, now: str | None, zone: str) -> datetime:
    from seqctl.domain.moments import parse_moment

    system_now = session.clock.now()
    return system_now if now is None else parse_moment(now, now=system_now, zone=zone)
