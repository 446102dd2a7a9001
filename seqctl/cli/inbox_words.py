"""How an inbox looks: its document, and the words for people. No secret is ever in them."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from seqctl.domain.sending.accounts import SecretKind
from seqctl.domain.sending.limit_words import gap_text

if TYPE_CHECKING:
    from seqctl.domain.model import Inbox
    from seqctl.domain.sending.accounts import Secret, Server

_PLACES = {
    SecretKind.COMMAND: "command",
    SecretKind.VARIABLE: "variable",
    SecretKind.FILE: "file",
    SecretKind.TOKEN_COMMAND: "token command",
}


def inbox_document(inbox: Inbox) -> dict[str, Any]:
    """An inbox in JSON."""
    account, limits = inbox.account, inbox.limits
    return {
        "address": inbox.address,
        "user": inbox.user,
        "connected": inbox.connected,
        "kind": "smtp" if account.smtp else "sendmail" if account.sendmail else "capture",
        "capture_to": inbox.capture_to,
        "smtp": server_url("smtp", account.smtp),
        "imap": server_url("imap", account.imap),
        "read_maildir": account.maildir,
        "password": secret_place(account.secret),
        "per_day": limits.per_day,
        "per_minute": limits.per_minute,
        "gap": gap_text(limits.gap),
        "new_per_day": limits.new_per_day,
        "trouble": inbox.trouble,
    }


def server_url(protocol: str, server: Server | None) -> str | None:
    """A server as it is typed: `smtps://ann@acme.test@mail.acme.test:465`."""
    if server is None:
        return None
    user = f"{server.user}@" if server.user else ""
    return f"{protocol}{'s' if server.tls else ''}://{user}{server.host}:{server.port}"


def secret_place(secret: Secret | None) -> str | None:
    """Where a password is looked for: `variable MAIL_PASSWORD`.

    Of a command only its first word is told: the others might be the secret.
    """
    if secret is None:
        return None
    if secret.kind in (SecretKind.COMMAND, SecretKind.TOKEN_COMMAND):
        import shlex

        first, *others = shlex.split(secret.place)
        return f"{_PLACES[secret.kind]} {first}{' …' if others else ''}"
    return f"{_PLACES[secret.kind]} {secret.place}"


def one_line(inbox: Inbox) -> str:
    """An inbox in a few words, for a table."""
    said = [_brief(inbox)]
    if inbox.account.sends and not inbox.account.reads:
        said.append("reads no answers")
    if inbox.account.reads:
        said.append(f"reads {_source(inbox)}")
    if inbox.limits:
        said.append(str(inbox.limits))
    if inbox.trouble:
        said.append(f"IN TROUBLE: {inbox.trouble}")
    return "; ".join(said)


def captured(inbox: Inbox) -> str:
    """Where the mails of an inbox are kept that sends none."""
    kept = "its mails are kept in the workspace"
    return f"{kept} and copied to {inbox.capture_to}" if inbox.capture_to else kept


def what_was_understood(inbox: Inbox) -> list[str]:
    """All that was said of an inbox that was just connected, line by line."""
    account, secret = inbox.account, inbox.account.secret
    sends = server_url("smtp", account.smtp) or (
        account.sendmail and f"the command {account.sendmail}"
    )
    rows = {
        "sends by": sends,
        "reads": _read(inbox),
        "password": secret and f"{secret_place(secret)}{_unset(secret)}",
        "certificate": account.ca_file,
        "limits": str(inbox.limits) if account.sends or inbox.limits else None,
        "by hand": None if account.hand_written else "mails that you write by hand hold nobody",
    }
    return [f"  {name + ':':<12} {words}" for name, words in rows.items() if words]


def _read(inbox: Inbox) -> str | None:
    account = inbox.account
    if account.imap is None and account.maildir is None:
        nothing = "nothing: answered people get follow-ups unless you `seqctl mark` them"
        return nothing if account.sends else None
    return server_url("imap", account.imap) or f"the Maildir {account.maildir}"


def _brief(inbox: Inbox) -> str:
    if inbox.account.smtp is not None:
        return f"sends by {inbox.account.smtp.host}"
    if inbox.account.sendmail is not None:
        return f"sends by {inbox.account.sendmail.split()[0]}"
    return captured(inbox)


def _source(inbox: Inbox) -> str:
    imap = inbox.account.imap
    return imap.host if imap else str(inbox.account.maildir)


def _unset(secret: Secret) -> str:
    if secret.kind is not SecretKind.VARIABLE or secret.place in os.environ:
        return ""
    return " (not set here; cron has to know it too)"
