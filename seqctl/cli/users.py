"""The users of a workspace (rules, "Users")."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from seqctl.cli.asking import Yes, ask_first
from seqctl.cli.frame import Noun
from seqctl.cli.session import Session
from seqctl.cli.words import MayBeEmpty
from seqctl.domain.errors import WrongUsage

if TYPE_CHECKING:
    from seqctl.domain.model import User

app = Noun("""Who enrolls: short name, full name, e-mail, time zone, teams.

With several users in a workspace every change needs to know who acts: --as or SEQCTL_USER.

Example:
    seqctl user add bo --email bo@example.com --timezone Europe/Stockholm --team nordics
""")

Email = Annotated[str | None, typer.Option("--email", metavar="ADDR", help="The e-mail address.")]
FullName = Annotated[str | None, typer.Option("--name", metavar="TEXT", help="The full name.")]
Zone = Annotated[
    str | None, typer.Option("--timezone", metavar="TZ", help="Such as Europe/Stockholm.")
]
Teams = Annotated[
    list[str] | None, typer.Option("--team", metavar="T", help="A team; may be repeated.")
]
Signature = Annotated[
    str | None,
    typer.Option("--signature", metavar="TEXT", help="For {{ sender.signature }}."),
    MayBeEmpty,
]


def user_document(user: User) -> dict[str, Any]:
    """A user in JSON."""
    return {
        "name": user.name,
        "full_name": user.full_name,
        "email": user.email,
        "timezone": user.timezone,
        "teams": sorted(user.teams),
        "signature": user.signature,
    }


@app.command("add")
def add(
    session: Session,
    name: Annotated[str, typer.Argument(help="The short name: a-z 0-9 . _ -")],
    email: Email = None,
    full_name: FullName = None,
    timezone: Zone = None,
    teams: Teams = None,
    signature: Signature = None,
) -> None:
    """Add a user.

    Without --timezone the new user has yours; without --name the short name stands in mails.

    Example:
        seqctl user add bo --email bo@example.com --name "Bo Ek" --timezone Europe/Stockholm
    """
    from seqctl.service.inboxes.people import add_user, draft_user

    if email is None:
        raise WrongUsage("A user needs an e-mail address.", "add --email ADDR")
    actor = session.user
    draft = draft_user(
        name,
        email,
        full_name,
        timezone or actor.timezone,
        frozenset(teams or ()),
        signature or "",
    )
    added = add_user(session.store, draft, actor, session.now)
    session.emit(user_document(added))
    session.say(f"Added {_described(added)}.")
    session.say(f"  next: seqctl inbox connect {added.email} --capture --as {added.name}")


@app.command("list")
def list_users(session: Session) -> None:
    """Every user.

    Example:
        seqctl user list
    """
    users = session.store.people.users()
    session.emit({"users": [user_document(user) for user in users]})
    columns = ["user", "name", "e-mail", "time zone", "teams"]
    session.table(
        columns,
        [
            [user.name, user.full_name, user.email, user.timezone, ", ".join(sorted(user.teams))]
            for user in users
        ],
        every=True,
    )


@app.command("edit")
def edit(
    session: Session,
    name: Annotated[str, typer.Argument(help="The short name, which stays.")],
    email: Email = None,
    full_name: FullName = None,
    timezone: Zone = None,
    teams: Teams = None,
    no_team: Annotated[bool, typer.Option("--no-team", help="In no team any more.")] = False,
    signature: Signature = None,
) -> None:
    """Change a user.

    --team names all the teams from now on. Enrollments keep the time zone they began with.

    Example:
        seqctl user edit bo --timezone Europe/London --team nordics --team uk
    """
    from seqctl.service.inboxes.people import UserChanges, edit_user

    if teams and no_team:
        raise WrongUsage("--team and --no-team contradict each other.")
    new_teams = frozenset(teams or ()) if teams or no_team else None
    changes = UserChanges(email, full_name, timezone, new_teams, signature)
    if changes == UserChanges():
        raise WrongUsage(f"Nothing to change of '{name}'.", "seqctl user edit --help")
    edited = edit_user(session.store, name, changes, session.user, session.now)
    session.emit(user_document(edited))
    session.say(f"Now {_described(edited)}.")


@app.command("remove")
def remove(
    session: Session,
    name: Annotated[str, typer.Argument(help="The short name.")],
    yes: Yes = False,
) -> None:
    """Remove a user: live enrollments end, inboxes are disconnected, the history stays.

    Their sequences and contacts become yours; open tasks stay open as orphaned.

    Example:
        seqctl user remove bo
    """
    from seqctl.service.inboxes.people import Removal, remove_user

    def act() -> Removal:
        return remove_user(session.store, name, session.user, session.now)

    ask_first(session, f"Remove the user {name}", act, yes=yes)
    removal = act()
    session.emit(
        {
            **user_document(removal.user),
            "ended": removal.ended,
            "inboxes": removal.inboxes,
            "sequences": removal.sequences,
            "contacts": removal.contacts,
        }
    )
    session.say(f"Removed {name}: {_counted(removal.ended, 'live enrollment')} ended.")
    if removal.inboxes:
        session.say(f"Disconnected: {', '.join(removal.inboxes)}.")
    contacts = [_counted(removal.contacts, "contact")] if removal.contacts else []
    if owned := removal.sequences + contacts:
        session.say(f"Yours now: {', '.join(owned)}.")


def _described(user: User) -> str:
    teams = f", {' and '.join(sorted(user.teams))}" if user.teams else ""
    return f"{user.name}: {user.full_name}, {user.email}, {user.timezone}{teams}"


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
