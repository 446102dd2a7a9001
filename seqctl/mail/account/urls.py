"""The servers that people name: `smtps://ann@acme.test@mail.acme.test:465`."""

from __future__ import annotations

import re
from urllib.parse import unquote

from seqctl.domain.errors import WrongUsage
from seqctl.domain.sending.accounts import Server

# Scheme → port, TLS from the first byte.
SCHEMES = {
    "smtps": (465, True),
    "smtp": (587, False),
    "imaps": (993, True),
    "imap": (143, False),
}
_URL = re.compile(r"([a-z]+)://(?:(.*)@)?(\[[0-9A-Fa-f:.]+\]|[^@:/\[\]]*)(?::([^@:/]*))?/?")
_HOST = re.compile(r"[\w.-]+")


def server_of(url: str, default_user: str) -> Server:
    """The server of a URL `smtps://USER@HOST:PORT`; likewise `smtp`, `imaps`, `imap`.

    The user is percent-decoded, may itself be an address, and is `default_user` if there is none.

    Raises WrongUsage, in words that don't repeat a password.
    """
    scheme = url.partition("://")[0].lower() if "://" in url else ""
    if scheme not in SCHEMES:
        raise _wrong("A mail server is given as smtps://, smtp://, imaps:// or imap://.", "smtps")
    found = _URL.fullmatch(scheme + url[len(scheme) :].strip())
    if found is None:
        raise _refusal(url, scheme)
    user, host, port = found[2] or "", found[3].strip("[]"), found[4]
    if ":" in user:
        raise _with_password(scheme)
    if not host or not (found[3].startswith("[") or _HOST.fullmatch(host)):
        raise _wrong("The URL of the mail server names no host.", scheme)
    usual_port, tls = SCHEMES[scheme]
    return Server(host, _port(port, scheme, usual_port), _user(user, default_user, scheme), tls)


def _refusal(url: str, scheme: str) -> WrongUsage:
    if ":" in url.partition("://")[2].rpartition("@")[0]:
        return _with_password(scheme)
    return _wrong(
        "The URL of a mail server has a user, a host and a port, and nothing after them.", scheme
    )


def _with_password(scheme: str) -> WrongUsage:
    return WrongUsage(
        "A password in the URL would be seen by everybody on this machine; it is not taken.",
        f"{_example(scheme)} --password-cmd 'pass show mail'",
    )


def _user(text: str, default_user: str, scheme: str) -> str:
    user = unquote(text, errors="strict") if _decodes(text) else ""
    if (text and not user) or not (user or default_user).isprintable():
        raise _wrong("The user in the URL of the mail server is no text.", scheme)
    return user or default_user


def _decodes(text: str) -> bool:
    try:
        unquote(text, errors="strict")
    except UnicodeDecodeError:
        return False
    return True


def _port(text: str | None, scheme: str, usual: int) -> int:
    if not text:
        return usual
    if text.isascii() and text.isdigit() and len(text) < 6 and 0 < int(text) < 65536:
        return int(text)
    raise _wrong("The port of the mail server is a number from 1 to 65535.", scheme)


def _wrong(message: str, scheme: str) -> WrongUsage:
    return WrongUsage(message, _example(scheme))


def _example(scheme: str) -> str:
    return f"--{scheme.rstrip('s')} {scheme}://ann@acme.test@mail.acme.test:{SCHEMES[scheme][0]}"
