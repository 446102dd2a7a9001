"""An IMAP session, opened safely: verified TLS first, then the login."""

from __future__ import annotations

import contextlib
import imaplib
import ssl
from typing import TYPE_CHECKING

from imap_tools.errors import ImapToolsError
from imap_tools.mailbox import BaseMailBox

from seqctl.domain.sending.accounts import Secret, SecretKind, Server
from seqctl.domain.sending.smtp_replies import clean_words
from seqctl.mail.account.connecting import Patience, trouble, unreachable
from seqctl.mail.account.imap_client import BoundedMailBox
from seqctl.mail.account.smtp_session import new_secret
from seqctl.ports.mail import AccountRefused, Unreachable

if TYPE_CHECKING:
    from seqctl.mail.account.secrets import Hidden


def open_mailbox(
    server: Server,
    context: ssl.SSLContext,
    patience: Patience,
    source: Secret | None,
    secret: Hidden | None,
) -> BaseMailBox:
    """Connect, begin TLS, log in. Raises Unreachable and AccountRefused."""
    box = _connected(server, context, patience)
    box.client.sock.settimeout(patience.reply)
    try:
        if not server.tls:
            _begin_tls(box, server, context)
        if source is not None and secret is not None:
            _log_in(box, server, source, secret)
    except BaseException:
        with contextlib.suppress(OSError):
            box.client.shutdown()
        raise
    return box


def _connected(server: Server, context: ssl.SSLContext, patience: Patience) -> BaseMailBox:
    failed: Exception
    try:
        return BoundedMailBox(server, patience.connect, context if server.tls else None)
    except (OSError, UnicodeError) as error:
        failed = trouble(server, error)
    except imaplib.IMAP4.error as error:
        failed = Unreachable(f"{server.host} lets nobody in: {clean_words(str(error))}")
    raise failed


def _begin_tls(box: BaseMailBox, server: Server, context: ssl.SSLContext) -> None:
    place = f"{server.host}:{server.port}"
    hint = f"Does it take TLS from the first byte? imaps://{server.user}@{server.host}:993"
    if "STARTTLS" not in box.client.capabilities:
        raise AccountRefused(
            f"{place} does not offer STARTTLS; nothing is sent in plain text.", hint
        )
    failed: Exception
    try:
        # What was said in plain text before is thrown away by `imaplib`, with its buffer.
        box.client.starttls(context)
        return
    except imaplib.IMAP4.abort:
        failed = Unreachable(f"{place} hung up.")
    except imaplib.IMAP4.error as error:
        words = clean_words(str(error))
        failed = AccountRefused(f"{place} offers STARTTLS and refuses it: {words}", hint)
    except OSError as error:
        failed = trouble(server, error)
    raise failed


def _log_in(box: BaseMailBox, server: Server, source: Secret, secret: Hidden) -> None:
    token = source.kind is SecretKind.TOKEN_COMMAND
    failed = _login_failure(box, server, secret, token=token)
    if failed is None:
        return
    if isinstance(failed, Unreachable):
        raise failed
    words = clean_words(failed)
    raise AccountRefused(
        f"{server.host} does not let {server.user} in: {words}", new_secret(server, token=token)
    )


def _login_failure(
    box: BaseMailBox, server: Server, secret: Hidden, *, token: bool
) -> str | Unreachable | None:
    """Why the server refused the login, None if it didn't.

    Raises nothing: the frames that know the secret are gone when the caller does. A server that
    repeats the secret is not quoted.
    """
    try:
        if token:
            box.xoauth2(server.user, secret.reveal(), initial_folder=None)
        elif (server.user + secret.reveal()).isascii():
            box.login(server.user, secret.reveal(), initial_folder=None)
        else:
            box.login_utf8(server.user, secret.reveal(), initial_folder=None)
    except imaplib.IMAP4.abort as error:
        said = str(error).replace(secret.reveal(), "…")
        return Unreachable(f"{server.host} ended the login: {clean_words(said)}")
    except (imaplib.IMAP4.error, ImapToolsError) as error:
        return str(error).replace(secret.reveal(), "…")
    except OSError as error:
        return unreachable(server, error)
    return None
