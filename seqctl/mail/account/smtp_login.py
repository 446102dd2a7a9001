"""Logging in to a submission server (RFC 4954), so that no exception ever knows the password."""

from __future__ import annotations

import base64
from collections.abc import Callable

from seqctl.domain.sending.smtp_replies import Reply
from seqctl.mail.account.secrets import Hidden
from seqctl.mail.account.wire import Broken, Wire

_CONTINUE = 334
_PASSWORD_WAYS = ("PLAIN", "LOGIN")
_TOKEN_WAYS = ("XOAUTH2", "OAUTHBEARER")


def way_of(offered: str, *, token: bool) -> str | None:
    """The first way to log in that both sides know, out of what `AUTH` offers."""
    ways = offered.upper().split()
    return next((way for way in (_TOKEN_WAYS if token else _PASSWORD_WAYS) if way in ways), None)


def log_in(wire: Wire, way: str, user: str, secret: Hidden) -> Reply | str:
    """Log in; the server's last answer, or a sentence if the connection broke.

    It raises nothing: the frames that know the password are gone when the caller does. From here on
    a server that repeats the password, even much later, is not quoted.
    """
    wire.as_heard = lambda line: _without(secret, user, line)
    try:
        return _WAYS[way](wire, user, secret.reveal())
    except Broken as error:
        return str(error)


def _plain(wire: Wire, user: str, password: str) -> Reply:
    return wire.ask(f"AUTH PLAIN {_base64(_plain_words(user, password))}")


def _login(wire: Wire, user: str, password: str) -> Reply:
    answer = wire.ask("AUTH LOGIN")
    for word in (user, password):
        if answer.code != _CONTINUE:
            break
        answer = wire.ask(_base64(word))
    return answer


def _xoauth2(wire: Wire, user: str, token: str) -> Reply:
    answer = wire.ask(f"AUTH XOAUTH2 {_base64(_xoauth2_words(user, token))}")
    # A refusal comes as a challenge with details; the empty line asks for the code.
    return wire.ask("") if answer.code == _CONTINUE else answer


def _bearer(wire: Wire, user: str, token: str) -> Reply:
    answer = wire.ask(f"AUTH OAUTHBEARER {_base64(_bearer_words(user, token))}")
    return wire.ask(_base64("\1")) if answer.code == _CONTINUE else answer  # RFC 7628, 3.2.3


_WAYS: dict[str, Callable[[Wire, str, str], Reply]] = {
    "PLAIN": _plain,
    "LOGIN": _login,
    "XOAUTH2": _xoauth2,
    "OAUTHBEARER": _bearer,
}


def _plain_words(user: str, password: str) -> str:
    return f"\0{user}\0{password}"


def _xoauth2_words(user: str, token: str) -> str:
    return f"user={user}\1auth=Bearer {token}\1\1"


def _bearer_words(user: str, token: str) -> str:
    name = user.replace("=", "=3D").replace(",", "=2C")  # RFC 5801, 4
    return f"n,a={name},\1auth=Bearer {token}\1\1"


def _base64(words: str) -> str:
    return base64.b64encode(words.encode()).decode()


def _without(secret: Hidden, user: str, text: str) -> str:
    """The text without the secret, in any form in which it was sent."""
    bare = secret.reveal()
    sent = (
        _base64(bare),
        *(_base64(words(user, bare)) for words in (_plain_words, _xoauth2_words, _bearer_words)),
    )
    for form in (*sent, bare):
        text = text.replace(form, "…")
    return text
