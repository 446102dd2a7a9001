"""Who sits at the keyboard, as far as the options, git and the system tell (rules, "Making a workspace")."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from seqctl.clock import system_zone
from seqctl.domain.errors import WrongUsage

if TYPE_CHECKING:
    from seqctl.cli.session import Session
    from seqctl.domain.model import User


def introduce(
    session: Session,
    name: str | None,
    email: str | None,
    full_name: str | None,
    timezone: str | None,
) -> User:
    """The first user of a workspace: what the options leave open comes from git and the system.

    On a terminal the person is asked, and what was found is offered. Raises WrongUsage where
    something is missing and nobody can be asked.
    """
    from seqctl.service.inboxes.people import check_zone, draft_user

    if timezone is not None:
        check_zone(timezone)  # before anything is asked
    name = name or _found(session, "Your short name", _login_name(), "--user ada")
    email = email or _found(session, "Your e-mail", _git("user.email"), "--email you@example.com")
    if full_name is None:
        full_name = _found(session, "Your full name", _git("user.name") or name.capitalize(), "")
    timezone = timezone or _found(session, "Your time zone", system_zone(), "")
    return draft_user(name, email, full_name, timezone)


def _found(session: Session, what: str, found: str, option: str) -> str:
    answer = session.ask(what, found) if session.interactive else found
    if not answer:
        raise WrongUsage(f"{what} is not known.", f"add {option}")
    return answer


def _git(key: str) -> str:
    import subprocess

    try:
        asked = subprocess.run(
            ["git", "config", "--get", key], capture_output=True, check=False, timeout=5
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""  # no git, no answer: there are other ways to know
    return asked.stdout.decode(errors="replace").strip()


def _login_name() -> str:
    import getpass

    try:
        login = getpass.getuser()
    except (OSError, KeyError):  # the account has no name
        return ""
    return re.sub(r"[^a-z0-9._-]+|^[._-]+", "", login.lower())[:40]
