"""One session with a submission server: opened safely, then one mail after another."""

from __future__ import annotations

import contextlib
import ssl
from typing import NamedTuple

from seqctl.domain.sending.accounts import Secret, SecretKind, Server
from seqctl.domain.sending.smtp_replies import (
    Reply,
    Stage,
    Verdict,
    clean_words,
    parse_reply,
    verdict,
)
from seqctl.mail.account.connecting import Patience
from seqctl.mail.account.secrets import Hidden
from seqctl.mail.account.smtp_login import log_in, way_of
from seqctl.mail.account.wire import Broken, Wire, greeted
from seqctl.ports.mail import AccountRefused, Unreachable

_GOODBYE_SECONDS = 2.0


class Entrance(NamedTuple):
    """All that it takes to open a session. `secret` is what `source` gave; both None: no login."""

    server: Server
    context: ssl.SSLContext
    patience: Patience
    source: Secret | None
    secret: Hidden | None


class Session:
    """A session that is logged in. `stale` asks for a RSET before the next mail."""

    def __init__(self, wire: Wire, offers: dict[str, str]) -> None:
        self.wire = wire
        self.offers = offers
        self.stale = False

    @property
    def pipelines(self) -> bool:
        """Whether commands may be sent without waiting for each answer (RFC 2920)."""
        return "PIPELINING" in self.offers

    @property
    def largest(self) -> int | None:
        """How many bytes a mail may have (RFC 1870); None if the server doesn't say."""
        size = self.offers.get("SIZE", "")
        return int(size) if size.isascii() and size.isdigit() and int(size) > 0 else None

    def say_goodbye(self) -> None:
        """End it politely; a server that is gone already is no trouble."""
        with contextlib.suppress(Broken):
            self.wire.write(b"QUIT\r\n")
            self.wire.lines(_GOODBYE_SECONDS)
        self.wire.hang_up()


def open_session(entrance: Entrance) -> Session:
    """Connect, begin TLS, log in. Raises Unreachable and AccountRefused."""
    server = entrance.server
    wire = greeted(server, entrance.patience, entrance.context if server.tls else None)
    try:
        offers = _hello(wire, server)
        if not server.tls:
            _begin_tls(wire, entrance, offers)
            offers = _hello(wire, server)
        _log_in(wire, entrance, offers)
    except Broken as error:
        wire.hang_up()
        raise Unreachable(str(error)) from None
    except BaseException:
        wire.hang_up()
        raise
    return Session(wire, offers)


def _hello(wire: Wire, server: Server) -> dict[str, str]:
    """What the server offers: `{"SIZE": "35882577", "AUTH": "PLAIN LOGIN", …}`."""
    wire.write(f"EHLO {wire.own_name}\r\n".encode())
    lines = wire.lines()
    answer = parse_reply(lines) or Reply(0, "", " ".join(lines))
    if answer.code == 250:
        return _offers(lines[1:])
    words = (
        f"{server.host}:{server.port} does not answer EHLO as a mail server does: {answer.words}"
    )
    raise (AccountRefused if answer.code >= 500 else Unreachable)(words)


def _offers(lines: list[str]) -> dict[str, str]:
    offers: dict[str, str] = {}
    for line in lines:
        name, _, rest = line[4:].strip().upper().replace("AUTH=", "AUTH ").partition(" ")
        offers[name] = f"{offers.get(name, '')} {rest}".strip()
    return offers


def _begin_tls(wire: Wire, entrance: Entrance, offers: dict[str, str]) -> None:
    server = entrance.server
    place = f"{server.host}:{server.port}"
    hint = f"Does it take TLS from the first byte? smtps://{server.user}@{server.host}:465"
    if "STARTTLS" not in offers:
        raise AccountRefused(
            f"{place} does not offer STARTTLS; nothing is sent in plain text.", hint
        )
    answer = wire.ask("STARTTLS")
    if answer.code != 220:
        raise AccountRefused(f"{place} offers STARTTLS and refuses it: {answer.words}", hint)
    if wire.spoke_unasked():
        # In plain text it may be anybody's, and would be taken for the server's (CVE-2011-0411).
        raise AccountRefused(
            f"{place} said more than it should before TLS began:"
            " somebody may be meddling with the connection.",
            "Try another network.",
        )
    wire.secure(entrance.context)


def _log_in(wire: Wire, entrance: Entrance, offers: dict[str, str]) -> None:
    if entrance.secret is None or entrance.source is None:
        return
    server, token = entrance.server, entrance.source.kind is SecretKind.TOKEN_COMMAND
    offered = offers.get("AUTH", "")
    way = way_of(offered, token=token)
    if way is None:
        what = "an access token" if token else "a password"
        raise AccountRefused(
            f"{server.host} takes no login with {what}"
            f" (it offers {clean_words(offered) or 'none at all'}).",
            new_secret(server, token=not token),
        )
    answer = log_in(wire, way, server.user, entrance.secret)
    if isinstance(answer, str):
        raise Unreachable(answer)
    taken = verdict(Stage.LOGIN, *answer)
    if taken is Verdict.ACCEPTED:
        return
    words = f"{server.host} does not let {server.user} in: {answer.words}"
    if taken is Verdict.ACCOUNT:
        raise AccountRefused(words, new_secret(server, token=token))
    raise Unreachable(words)


def new_secret(server: Server, *, token: bool) -> str:
    """The command that gives an account another password or token."""
    address = server.user if "@" in server.user else "ADDRESS"
    return f"seqctl inbox connect {address} … --{'token' if token else 'password'}-cmd 'COMMAND'"
