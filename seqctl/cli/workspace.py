"""Making, setting, checking and copying a workspace (rules, "Making a workspace", "Settings" and
"Backups")."""

from __future__ import annotations

import os
import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from seqctl.cli.asking import Yes
from seqctl.cli.paths import typed_path
from seqctl.cli.session import Session
from seqctl.domain.errors import BadFile, WrongUsage

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path


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
    from seqctl.service.inboxes.people import add_first_user

    if now is not None and not simulated:
        raise WrongUsage("Only a simulated clock can be set.", "add --simulated")
    if os.path.lexists(session.path) and not session.was_interrupted():
        raise BadFile(
            f"{session.path} exists already.", "seqctl init --db ANOTHER-FILE", code="EXISTS"
        )
    draft = introduce(session, user or session.user_name, email, name, timezone)
    first_moment = _first_moment(session, now, draft.timezone)
    session.create(
        first_moment if simulated else None,
        lambda store: add_first_user(store, draft, first_moment),
        draft.name,
    )
    first = session.user
    session.emit(
        {
            "workspace": str(session.path.absolute()),
            "clock": "simulated" if simulated else "real",
            "now": first_moment,
            "user": user_document(first),
        }
    )
    session.say(f"Made a {'simulated' if simulated else 'real'} workspace: {session.path}")
    session.say(f"You are {first.name}: {first.full_name}, {first.email}, {first.timezone}.")
    session.say(f"  next: seqctl inbox connect {first.email}{'' if simulated else _WAYS}")


_WAYS = " --provider gmail, or --smtp URL --imap URL, or --capture"


def _first_moment(session: Session, now: str | None, zone: str) -> datetime:
    from seqctl.domain.timing.moments import parse_moment

    system_now = session.clock.now()
    return system_now if now is None else parse_moment(now, now=system_now, zone=zone)


def config(
    session: Session,
    key: Annotated[str | None, typer.Argument(help="Which setting.")] = None,
    value: Annotated[str | None, typer.Argument(help="What it becomes.")] = None,
) -> None:
    """Show or change settings.

    Example:
        seqctl config
        seqctl config rows 20
        seqctl config unsubscribe_url 'https://example.com/unsubscribe?token={token}'
    """
    from seqctl.service.workspace import SETTINGS, check_setting, configure, setting

    if key is None:
        values = {name: setting(session.store, name) for name in SETTINGS}
        session.emit({"settings": values})
        rows = [[name, _shown(values[name]), about.meaning] for name, about in SETTINGS.items()]
        session.table(["setting", "value", "meaning"], rows, every=True)
        return
    check_setting(key)
    if value is None:
        current = setting(session.store, key)
    else:
        current = configure(session.store, key, value, session.user, session.now)
    session.emit({"key": key, "value": current})
    session.say(f"{key}: {_shown(current)}")


def doctor(session: Session) -> int | None:
    """Check that nothing impossible has happened.

    Reads the whole workspace and changes nothing. Every finding names the rule that is broken, and
    the row that breaks it; the exit code is then 6.

    Example:
        seqctl doctor
    """
    from seqctl.service.doctor import examine

    findings = examine(session.store)
    session.emit(
        {
            "findings": [
                {"rule": f.rule, "table": f.table, "row": f.row, "message": f.message}
                for f in findings
            ]
        }
    )
    if not findings:
        session.say("Nothing found: the workspace is sound.", "green")
        return None
    columns = ["rule", "table", "row", "what is wrong"]
    session.table(columns, [[f.rule, f.table, f.row, f.message] for f in findings], every=True)
    session.say(f"{len(findings)} found.", "red")
    return 6


def backup(
    session: Session,
    file: Annotated[str, typer.Argument(help="A new file.")],
) -> None:
    """Copy the workspace to a new file, whole and checked, while others work.

    The copy knows that it is a backup: you may look at it with --db, but it sends and creates
    nothing until `seqctl restore` has put it back. One of a simulated workspace may tick.

    Example:
        seqctl backup ~/backups/seqctl-2026-03-02.db
        seqctl status --db ~/backups/seqctl-2026-03-02.db
    """

    path = typed_path(file)
    size = session.back_up(path)
    session.emit({"file": str(path.absolute()), "bytes": size})
    session.say(f"Copied the workspace to {path} ({_sized(size)}).")


def restore(
    session: Session,
    file: Annotated[str, typer.Argument(help="A file made by `seqctl backup`.")],
    yes: Yes = False,
) -> None:
    """Put a copy back in the workspace's place.

    What stood there is kept beside it. The backup itself stays as it is.

    Example:
        seqctl restore ~/backups/seqctl-2026-03-02.db --yes
        seqctl restore old.db --db ~/looking-back.db
    """
    from seqctl.service.workspace import mark_restored

    path = typed_path(file)
    if not yes and path.exists() and session.path.exists():
        _ask_to_replace(session, path)
    kept = session.restore(
        path,
        lambda store: mark_restored(store, session.user_name, session.clock, str(path.absolute())),
    )
    session.emit(
        {
            "workspace": str(session.path.absolute()),
            "restored_from": str(path.absolute()),
            "kept": None if kept is None else str(kept),
        }
    )
    session.look_again()
    session.say(f"Restored {session.path} from {path}.")
    if kept is not None:
        session.say(f"What stood there is kept: {kept}")
        if kept.stat().st_nlink > 1:
            session.warn(
                "It has other names still (hard links): a tick by one of them would send again."
            )
            session.warn(
                f"  try: find {shlex.quote(str(kept.parent))} -samefile {shlex.quote(str(kept))}"
            )


def _ask_to_replace(session: Session, backup: Path) -> None:
    """Ask before a workspace is replaced, unless its clock is simulated (rules, "Who is asked first")."""
    standing = session.standing()
    if standing is not None and standing.simulated:
        return
    concerned = ""
    if standing is not None:
        one = standing.people == 1
        concerned = f" {standing.people} {'person is' if one else 'people are'} in sequences there."
    session.confirm(f"Replace {session.path} by the backup {backup}?{concerned}", yes=False)


def _shown(value: int | str | None) -> int | str:
    return "none" if value is None else value


def _sized(size: int) -> str:
    return f"{size / 1_000_000:.1f} MB" if size >= 100_000 else f"{size / 1000:.0f} kB"
