"""What keeps the clock going, and what stops it (rules, "Cron" and "Halt")."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from seqctl.cli.session import Session
from seqctl.domain.errors import BadFile, Refused, WrongUsage

if TYPE_CHECKING:
    from seqctl.ports import WorkspaceState

DAY = 24 * 60
"""Minutes of a day."""


def cron(
    session: Session,
    every: Annotated[
        str, typer.Option("--every", metavar="TIME", help="How often: 5m, 2h, 1d.")
    ] = "5m",
) -> None:
    """Print the crontab line that runs the tick of this workspace.

    It names every path in full, so it works in the bare environment of cron. Cron mails you what
    the tick says: with --quiet that is only what went wrong.

    Example:
        seqctl cron --every 10m
        (crontab -l; seqctl cron) | crontab -
    """
    from seqctl.service.halting import refuse_backup

    when = _schedule(every)
    state = session.store.workspace.state()
    if state.simulated:
        raise Refused(
            "The clock of this workspace is simulated: only you move it.",
            "seqctl tick --by 1d",
            code="SIMULATED",
        )
    refuse_backup(session.store)
    if state.halted_at is not None:
        session.warn("Until `seqctl unhalt` the tick will do nothing.", "yellow")
    for name in _variables(session):
        session.warn(f"Cron has to know the variable {name}: write {name}=… above the line.")
    line = f"{when} {_command(session)}"
    session.emit({"line": line})
    session.say(line)


def halt(
    session: Session,
    reason: Annotated[
        list[str] | None, typer.Argument(metavar="REASON", help="Why, for those who wonder.")
    ] = None,
) -> None:
    """Stop the whole workspace: nothing is sent or created until `unhalt`.

    Delays go on counting; what falls due meanwhile is done by the first tick after `unhalt`.

    Example:
        seqctl halt "the mail server is down"
    """
    from seqctl.service.halting import halt as halt_workspace

    halted = halt_workspace(session.store, " ".join(reason or []), session.user, session.now)
    session.look_again()
    session.emit({"halted": halted_document(session.store.workspace.state())})
    session.say("Halted: nothing is sent or created." if halted else "It was halted already.")


def unhalt(session: Session) -> None:
    """Let a halted workspace go on.

    Example:
        seqctl unhalt
    """
    from seqctl.service.halting import unhalt as unhalt_workspace

    changed = unhalt_workspace(session.store, session.user, session.now)
    session.look_again()
    session.emit({"halted": halted_document(session.store.workspace.state())})
    session.say("The workspace goes on." if changed else "It was not halted.")


def halted_document(state: WorkspaceState) -> dict[str, Any] | None:
    """The halt in JSON, or None."""
    if state.halted_at is None:
        return None
    return {"since": state.halted_at, "by": state.halted_by, "reason": state.halt_reason}


def _schedule(every: str) -> str:
    """The five fields of a crontab line; raises WrongUsage for what they can't say."""
    from seqctl.domain.timing.moments import parse_duration

    minutes = int(parse_duration(every).total_seconds()) // 60
    if minutes == 1:
        return "* * * * *"
    if 1 < minutes < 60 and 60 % minutes == 0:
        return f"*/{minutes} * * * *"
    if minutes == 60:
        return "0 * * * *"
    if 60 < minutes < DAY and minutes % 60 == 0 and DAY % minutes == 0:
        return f"0 */{minutes // 60} * * *"
    if minutes == DAY:
        return "0 0 * * *"
    raise WrongUsage(
        f"Cron can't run something every {every}.",
        "write 1m, 2m, 5m, 10m, 15m, 30m, 1h, 2h, 6h, 12h or 1d",
    )


def _variables(session: Session) -> list[str]:
    """The variables in which inboxes look for their passwords."""
    from seqctl.domain.sending.accounts import SecretKind

    secrets = [i.account.secret for i in session.store.people.inboxes() if i.connected]
    return sorted({s.place for s in secrets if s is not None and s.kind is SecretKind.VARIABLE})


def _command(session: Session) -> str:
    import os
    import shlex
    import sys

    script = os.path.join(os.path.dirname(sys.executable), "seqctl")
    program = [script] if os.access(script, os.X_OK) else [sys.executable, "-m", "seqctl"]
    path = str(session.path.absolute())
    if "\n" in path:
        raise BadFile("A path with a line end can't stand in a crontab.", "rename the folder")
    # In a crontab % ends the command, even between quotes.
    return shlex.join([*program, "--db", path, "tick", "--quiet"]).replace("%", "\\%")
