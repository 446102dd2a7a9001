"""The mail accounts that send (rules, "Inboxes" and "A disconnected inbox")."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Annotated, Any

import typer

from seqctl.cli.asking import Yes, ask_first
from seqctl.cli.frame import Noun
from seqctl.cli.inbox_options import Asked, Provider, edited, wiring_of
from seqctl.cli.inbox_words import captured, inbox_document, one_line, what_was_understood
from seqctl.cli.session import Session
from seqctl.domain.errors import WrongUsage

if TYPE_CHECKING:
    from collections.abc import Callable

    from seqctl.ports.mail import Check
    from seqctl.service.inboxes.inboxes import Connecting
    from seqctl.service.reading.syncing import Synced

app = Noun("""The mail accounts that send: yours, one or several. Only a connected one sends.

Example:
    seqctl inbox connect ada@example.com --capture
    seqctl inbox connect ada@example.com --provider fastmail --password-cmd "pass show mail"
    seqctl inbox test ada@example.com
""")

WAIT_SECONDS = 60
"""How long `inbox test` waits for its mail to come back."""
_LOOK_EVERY = 2

Address = Annotated[str, typer.Argument(metavar="ADDR", help="The address of an inbox.")]
PerDay = Annotated[
    str | None, typer.Option("--per-day", metavar="N", help="At most N in 24 hours, or none.")
]
PerMinute = Annotated[
    str | None, typer.Option("--per-minute", metavar="N", help="At most N a minute, or none.")
]
Gap = Annotated[
    str | None, typer.Option("--gap", metavar="30s..90s", help="Keep two mails so far apart.")
]
NewPerDay = Annotated[
    str | None,
    typer.Option("--new-per-day", metavar="N", help="At most N first mails in 24 hours, or none."),
]
HandWritten = Annotated[
    bool | None,
    typer.Option(
        "--hand-written/--no-hand-written", help="A mail you write by hand holds its contact."
    ),
]


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
    provider: Annotated[
        Provider | None, typer.Option("--provider", help="Use the servers of this provider.")
    ] = None,
    smtp: Annotated[
        str | None,
        typer.Option(
            "--smtp", metavar="URL", help="Send by smtps://USER@HOST, smtp:// = STARTTLS."
        ),
    ] = None,
    sendmail: Annotated[
        str | None, typer.Option("--sendmail", metavar="CMD", help="Send by this command.")
    ] = None,
    imap: Annotated[
        str | None,
        typer.Option("--imap", metavar="URL", help="Read imaps://USER@HOST, imap:// = STARTTLS."),
    ] = None,
    read_maildir: Annotated[
        str | None, typer.Option("--read-maildir", metavar="DIR", help="Read this Maildir.")
    ] = None,
    no_replies: Annotated[
        bool, typer.Option("--no-replies", help="Read nothing: nobody sees who has answered.")
    ] = False,
    password_cmd: Annotated[
        str | None, typer.Option("--password-cmd", metavar="CMD", help="It prints the password.")
    ] = None,
    password_env: Annotated[
        str | None, typer.Option("--password-env", metavar="NAME", help="A variable that has it.")
    ] = None,
    password_file: Annotated[
        str | None, typer.Option("--password-file", metavar="FILE", help="A file (0600) with it.")
    ] = None,
    oauth_cmd: Annotated[
        str | None, typer.Option("--oauth-cmd", metavar="CMD", help="It prints an access token.")
    ] = None,
    no_password: Annotated[
        bool, typer.Option("--no-password", help="The server asks for none.")
    ] = False,
    ca_file: Annotated[
        str | None, typer.Option("--ca-file", metavar="FILE", help="A private authority's PEM.")
    ] = None,
    per_day: PerDay = None,
    per_minute: PerMinute = None,
    gap: Gap = None,
    new_per_day: NewPerDay = None,
    hand_written: HandWritten = None,
) -> None:
    """Connect an inbox of yours, or connect it again.

    Mails that waited for it go on, placed anew from now. A capturing inbox keeps the mails in the
    workspace: nobody gets them (`seqctl mail list` shows them). It is what a simulated workspace
    connects if you say nothing else. One that really sends has at most 100 mails in 24 hours and 3 a
    minute unless you say otherwise. The password is never stored, only where it is found.

    Without a way to send (--capture, --provider, --smtp, --sendmail), what you say changes what the
    inbox has. No server is asked yet: `seqctl inbox test` does that. docs/mail.md goes through the
    usual providers.

    Example:
        seqctl inbox connect ada@example.com --capture --capture-to ~/rehearsal
        seqctl inbox connect ada@gmail.com --provider gmail --password-file ~/.gmail-app-password
        seqctl inbox connect ada@example.com --smtp smtps://mail.example.com --imap imaps://mail.example.com --password-cmd "pass show mail"
        seqctl inbox connect ada@example.com --per-day 50 --gap 30s..90s
    """
    from seqctl.domain.contacts.addresses import parse_address
    from seqctl.service.inboxes.inboxes import connect_inbox

    asked = Asked(
        capture, capture_to, smtp, sendmail, provider, imap, read_maildir, no_replies,
        password_cmd, password_env, password_file, oauth_cmd, no_password, ca_file,
        per_day, per_minute, gap, new_per_day, hand_written,
    )  # fmt: skip
    wiring = wiring_of(asked, session.store, parse_address(address))
    done = connect_inbox(session.store, session.user, address, wiring, session.now)
    session.emit({**inbox_document(done.inbox), "rescheduled": done.rescheduled})
    _tell_connected(session, done)


@app.command("edit")
def edit(
    session: Session,
    address: Address,
    per_day: PerDay = None,
    per_minute: PerMinute = None,
    gap: Gap = None,
    new_per_day: NewPerDay = None,
    hand_written: HandWritten = None,
) -> None:
    """Change the limits of an inbox of yours, and what a mail written by hand does.

    It stays connected or not, as it is. Its servers are changed by connecting it again.

    Example:
        seqctl inbox edit ada@example.com --per-day 50 --new-per-day 20
        seqctl inbox edit ada@example.com --gap none
    """
    from seqctl.service.inboxes.inboxes import edit_inbox, inbox_named

    asked = Asked(per_day=per_day, per_minute=per_minute, gap=gap, new_per_day=new_per_day,
                  hand_written=hand_written)  # fmt: skip
    if asked == Asked():
        raise WrongUsage("Say what is to change.", f"seqctl inbox edit {address} --per-day 50")
    limits, account = edited(asked, inbox_named(session.store, address))
    done = edit_inbox(session.store, session.user, address, limits, account, session.now)
    session.emit(inbox_document(done.inbox))
    session.say(f"{'Changed' if done.changed else 'Unchanged'}: {done.inbox.address}.")
    for line in what_was_understood(done.inbox):
        session.say(line)


def _tell_connected(session: Session, done: Connecting) -> None:
    inbox = done.inbox
    again = "Connected" if done.changed else "Already connected:"
    where = "" if inbox.account.sends else f"; {captured(inbox)}"
    session.say(f"{again} {inbox.address} of {inbox.user}{where}.")
    for line in what_was_understood(inbox):
        session.say(line)
    if done.rescheduled:
        session.say(f"{_counted(done.rescheduled, 'mail')} that waited for it placed anew.")
    if inbox.account.sends:
        session.say(f"  next: seqctl inbox test {inbox.address}")


@app.command("disconnect")
def disconnect(
    session: Session,
    address: Address,
    end: Annotated[
        bool, typer.Option("--end", help="End the enrollments that still send from it.")
    ] = False,
    yes: Yes = False,
) -> None:
    """Send nothing more from an inbox of yours.

    The e-mails of its enrollments wait, and go on when it is connected again.

    Example:
        seqctl inbox disconnect ada@example.com
    """
    from seqctl.service.inboxes.inboxes import Disconnecting, disconnect_inbox

    def act() -> Disconnecting:
        return disconnect_inbox(session.store, session.user, address, end, session.now)

    ask_first(session, f"Disconnect {address} and end what sends from it", act, yes=yes or not end)
    done = act()
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
    """Every inbox: how it sends and reads, and its limits.

    Example:
        seqctl inbox list
    """
    inboxes = session.store.people.inboxes()
    session.emit({"inboxes": [inbox_document(inbox) for inbox in inboxes]})
    if not inboxes:
        session.say("There is no inbox yet.")
        session.say("  try: seqctl inbox connect ADDR --capture")
        return
    rows = [[i.address, i.user, i.connected, one_line(i)] for i in inboxes]
    session.table(["inbox", "user", "connected", "mail"], rows, every=True)


@app.command("test")
def test(session: Session, address: Address) -> int | None:
    """Send a mail from an inbox to itself, read it back, and tell what the servers do.

    Nobody else gets a mail. What is found out of the folder Sent is remembered. The exit code is 6
    where something is not well.

    Example:
        seqctl inbox test ada@example.com
    """
    from seqctl.service.inboxes.testing_inboxes import inbox_to_test, test_inbox

    store, user = session.store, session.user
    inbox = inbox_to_test(store, user, address)
    checks = test_inbox(store, session.office, inbox, user, session.now, _patience(session))
    session.progress("")
    session.emit({"inbox": inbox.address, "checks": [_check_document(check) for check in checks]})
    width = max(len(check.name) for check in checks)
    for check in checks:
        mark = "ok " if check.well else "BAD"
        session.say(f"{mark} {check.name:<{width}}  {check.words}", "" if check.well else "red")
    bad = sum(not check.well for check in checks)
    if bad:
        session.say(f"{_counted(bad, 'check')} of {inbox.address} not well.", "red")
        return 6
    session.say(f"{inbox.address} is well; its test mail may be deleted.", "green")
    return None


def _check_document(check: Check) -> dict[str, Any]:
    return {"check": check.name, "well": check.well, "words": check.words}


def _patience(session: Session) -> Callable[[], bool]:
    """Wait a moment; False once the time for a mail to come back is over."""
    looks = iter(range(WAIT_SECONDS // _LOOK_EVERY))

    def wait() -> bool:
        if next(looks, None) is None:
            return False
        session.progress("waiting for the mail to come back …")
        time.sleep(_LOOK_EVERY)
        return True

    return wait


@app.command("sync")
def sync(
    session: Session,
    address: Annotated[
        str | None, typer.Argument(metavar="ADDR", help="Only this inbox of yours.")
    ] = None,
) -> int | None:
    """Read what came into your inboxes: replies, bounces, opt-outs, automatic replies.

    `seqctl tick` does so before it sends; this does it at once, and sends nothing.

    Example:
        seqctl inbox sync
    """
    from seqctl.service.inboxes.inboxes import inboxes_to_read
    from seqctl.service.reading.syncing import sync as read_inboxes

    inboxes = inboxes_to_read(session.store, session.user, address)
    found = read_inboxes(session.store, session.office, session.now, inboxes)
    session.emit({"inboxes": [_synced_document(each) for each in found]})
    if not found:
        session.say("No inbox of yours reads answers.")
        session.say("  try: seqctl inbox connect ADDR --imap URL, or --read-maildir DIR")
    for each in found:
        _tell_synced(session, each)
    return 6 if any(each.trouble for each in found) else None


def _synced_document(synced: Synced) -> dict[str, Any]:
    return {
        "inbox": synced.inbox.address,
        "read": synced.read,
        "counted": synced.counted,
        "kinds": synced.kinds,
        "trouble": synced.trouble,
    }


def _tell_synced(session: Session, synced: Synced) -> None:
    """`ann@acme.test: 3 new mails: 1 reply, 2 other; 1 enrollment ended`."""
    kinds = ", ".join(f"{number} {kind}" for kind, number in synced.kinds.items() if number)
    said = _counted(synced.read, "new mail") + (f": {kinds}" if kinds else "")
    if synced.ended:
        said += f"; {_counted(synced.ended, 'enrollment')} ended"
    if synced.read or not synced.trouble:
        session.say(f"{synced.inbox.address}: {said}")
    if synced.trouble:
        session.warn(f"{synced.inbox.address}: {synced.trouble}", "red")
        session.warn(f"  {synced.hint or f'try: seqctl inbox test {synced.inbox.address}'}")


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
