"""What reading mail has changed in a workspace, to be compared before and after."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from seqctl.domain.sending.accounts import Account, Secret, SecretKind, Server
from seqctl.mail.office import Office
from seqctl.service.inboxes import inboxes
from seqctl.service.reading import syncing
from seqctl.store import SqliteStore
from tests.desk import Desk
from tests.mail.bad_imap_server import BadImapServer
from tests.mail.bad_server import password_file
from tests.mail.certificates import Authority

_TABLES = ("enrollment", "hold", "suppression", "event", "received", "ended_by_mail", "message")


def effects(store: SqliteStore) -> dict[str, list[tuple[Any, ...]]]:
    """All rows that a mail may change."""
    read = store.connection.execute
    return {table: read(f"SELECT * FROM {table} ORDER BY 1, 2").fetchall() for table in _TABLES}


def read_from(desk: Desk, address: str = "ann@acme.test", **account: Any) -> None:
    """Let an inbox of the acting user read this mailbox from now on."""
    wiring = inboxes.Wiring(Account(**account))
    inboxes.connect_inbox(desk.store, desk.me, address, wiring, desk.now)


def reread(desk: Desk, address: str = "ann@acme.test") -> syncing.Synced:
    """Read what an inbox has, without trouble."""
    inbox = inboxes.inbox_named(desk.store, address)
    (synced,) = syncing.sync(desk.store, Office(), desk.now, [inbox])
    assert synced.trouble is None, synced
    return synced


def imap_account(server: BadImapServer, authority: Authority, folder: Path) -> dict[str, Any]:
    """What an account that reads from this server has; its password lies in `folder`."""
    secret = Secret(SecretKind.FILE, password_file(folder, "a password"))
    place = Server("localhost", server.port, "ann@acme.test", True)
    return {"imap": place, "secret": secret, "ca_file": str(authority.ca_file)}
