"""Accounts for the tests' own servers."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path

from seqctl.domain.sending.accounts import Account, Secret, SecretKind
from seqctl.mail.account.urls import server_of
from tests.mail.bad_server import password_file
from tests.mail.servers import MailWorld


def account_of(
    world: MailWorld, user: str, folder: Path, *, starttls: bool = False, token: bool = False
) -> Account:
    """The account of a user of `mail_world`; its password, or token, comes from a file in `folder`."""
    secret = Secret(SecretKind.FILE, password_file(folder, world.password))
    if token:
        printing = [sys.executable, "-c", "import sys; print(sys.argv[1])", world.token(user)]
        secret = Secret(SecretKind.TOKEN_COMMAND, shlex.join(printing))
    return Account(
        smtp=server_of(world.smtp_url(user, starttls=starttls), user),
        imap=server_of(world.imap_url(user, starttls=starttls), user),
        secret=secret,
        ca_file=world.ca_file,
    )
