"""The mail accounts that send (spec, sections 1, 6.4 and 12)."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Annotated, Any

import typer

from seqctl.cli.frame import Noun
from seqctl.cli.session import Session
from seqctl.domain.errors import BadFile

if TYPE_CHECKING:
    from seqctl.domain.model import Inbox

app = Noun("""The mail accounts that send: yours, one or several. Only a connected one sends.

Example:
    seqctl inbox connect ada@example.com --capture
""")

_MAILDIR = ("cur", "new", "tmp")


def inbox_document(inbox: Inbox) -> dict[str, Any]:
    """An inbox in JSON."""
    return {
        "address": inbox.address,
        "user": inbox.user,
        "connected": inbox.connected,
        "kind": "capture",
        "capture_to": inbox.capture_to,
    }


@app.command("connect")
def connect(
    session: Session,
    address: Annotated[
        str, typer.Argument(metavar="ADDR", help="The address that mails are from.")
    ],
    capture: Annotated[
        bool, typer.Option("--capture", help="Keep the mails in the workspace only.")
    ] = False,
    capture_to: Annotated[
        str | None,
        typer.Option("--capture-to", metavar="DIR", help="Keep them, and copy them to a Maildir."),
    ] = None,
) -> None:
    """Connect an inbox of yours, or connect it again.

    Mails that waited for it go on, placed anew from now. A capturing inbox keeps the mails in the
    workspace: nobody gets them (`seqctl mail list` shows them). It is what a simulated workspace
    connects if you say nothing else. This version knows no other kind.

    Example:
        seqctl inbox connect ada@example.com --capture
        seqctl inbox connect ada@example.com --capture-to ~/rehearsal
    """
    from seqctl.service.inboxes import Wiring, connect_inbox

    folder = None if capture_to is None else _make_maildir(capture_to)
    kind = Wiring(capture_to=folder) if capture or capture_to else None
    done = connect_inbox(session.store, session.user, address, kind, session.now)
    session.emit({**inbox_document(done.inbox), "rescheduled": done.rescheduled})
    again = "Connected" if done.changed else "Already connected:"
    session.say(f"{again} {done.inbox.address} of {done.inbox.user}; {_where(done.inbox)}.")
    if done.rescheduled:
        session.say(f"{_counted(done.rescheduled, 'mail')} that waited for it placed anew.")


@app.command("disconnect")
def disconnect(
    session: Session,
    address: Annotated[str, typer.Argument(metavar="ADDR", help="The address of an inbox.")],
    end: Annotated[
        bool, typer.Option("--end", help="End the enrollments that still send from it.")
    ] = False,
) -> None:
    """Send nothing more from an inbox of yours.

    The e-mails of its enrollments wait, and go on when it is connected again.

    Example:
        seqctl inbox disconnect ada@example.com
    """
    from seqctl.service.inboxes import disconnect_inbox

    done = disconnect_inbox(session.store, session.user, address, end, session.now)
    session.emit(
        {
            **inbox_document(done.inbox),
            "waiting": done.waiting - done.ended,
            "next_due": done.next_due,
            "ended": done.ended,
        }
    )
    again = "Disconnected" if done.changed else "Already disconnected:"
    session.say(f"{again} {done.inbox.address}.")
    if done.ended:
        session.say(f"{_counted(done.ended, 'enrollment')} ended with INBOX_DISCONNECTED.")
    elif done.waiting:
        due = f", the next due {session.moment(done.next_due)}" if done.next_due else ""
        verb = "sends" if done.waiting == 1 else "send"
        session.say(f"{_counted(done.waiting, 'live enrollment')} {verb} from it{due}: they wait.")
        session.say(f"  go on with: seqctl inbox connect {done.inbox.address}")
    else:
        session.say("No live enrollment sends from it.")


@app.command("list")
def list_inboxes(session: Session) -> None:
    """Every inbox.

    Example:
        seqctl inbox list
    """
    inboxes = session.store.people.inboxes()
    session.emit({"inboxes": [inbox_document(inbox) for inbox in inboxes]})
    if not inboxes:
        session.say("There is no inbox yet.")
        session.say("  try: seqctl inbox connect ADDR --capture")
        return
    rows = [[i.address, i.user, i.connected, _where(i)] for i in inboxes]
    session.table(["inbox", "user", "connected", "mail"], rows, every=True)


def _make_maildir(typed: str) -> str:
    """Make a Maildir, give its absolute path; raises BadFile where something else stands there."""
    folder = os.path.abspath(os.path.expanduser(typed))
    if os.path.lexists(folder) and not os.path.isdir(folder):
        raise BadFile(f"{folder} is not a folder.", "name a new folder")
    if os.path.isdir(folder) and os.listdir(folder) and not os.path.isdir(f"{folder}/new"):
        raise BadFile(f"{folder} holds something else than a Maildir.", "name a new folder")
    for part in _MAILDIR:
        os.makedirs(os.path.join(folder, part), mode=0o700, exist_ok=True)
    return folder


def _where(inbox: Inbox) -> str:
    kept = "its mails are kept in the workspace"
    return f"{kept} and copied to {inbox.capture_to}" if inbox.capture_to else kept


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
