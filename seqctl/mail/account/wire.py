"""A conversation in SMTP: commands out, answers in, each answer within a time for all of it."""

from __future__ import annotations

import contextlib
import socket
import ssl
import time
from collections.abc import Callable

from seqctl.domain.sending.accounts import Server
from seqctl.domain.sending.smtp_replies import Reply, clean_words, parse_reply
from seqctl.mail.account.connecting import Patience, connect, secure, unreachable
from seqctl.ports.mail import AccountRefused, Unreachable

_CHUNK = 64 * 1024
_LONGEST_LINE = 8 * 1024  # RFC 5321 has 512; some servers are chattier
_MOST_LINES = 128


class Broken(Exception):
    """The connection is of no use any more; `str()` is one sentence."""


class Wire:
    """One connection. `smtplib` has no deadline for a whole answer, forgets what a server said before
    TLS began, and keeps the password; this does neither."""

    def __init__(self, server: Server, patience: Patience) -> None:
        """Connect; raises Unreachable."""
        self._server = server
        self._seconds = patience.reply
        self._heard = b""
        self.as_heard: Callable[[str], str] = str  # every line goes through it, once it is known
        self._socket = connect(server, patience.connect)

    def secure(self, context: ssl.SSLContext) -> None:
        """Begin TLS; raises AccountRefused and Unreachable."""
        self._socket.settimeout(self._seconds)
        self._socket = secure(self._socket, context, self._server)

    @property
    def tls(self) -> ssl.SSLSocket | None:
        """The TLS connection, once there is one."""
        return self._socket if isinstance(self._socket, ssl.SSLSocket) else None

    @property
    def own_name(self) -> str:
        """What EHLO may call this machine without asking a name server (RFC 5321, 4.1.3)."""
        address = str(self._socket.getsockname()[0])
        return f"[IPv6:{address}]" if ":" in address else f"[{address}]"

    def write(self, data: bytes) -> None:
        """Send all of it; raises Broken."""
        try:
            self._socket.settimeout(self._seconds)
            self._socket.sendall(data)
        except OSError as error:
            raise self._broken(error) from None

    def ask(self, command: str) -> Reply:
        """Send a line and hear the answer; raises Broken."""
        self.write(f"{command}\r\n".encode())
        return self.reply()

    def reply(self) -> Reply:
        """The next answer; raises Broken if none comes, or something that isn't SMTP."""
        lines = self.lines()
        found = parse_reply(lines)
        if found is None:
            shown = clean_words(" ".join(lines))
            raise Broken(f"{self._server.host} says something that isn't SMTP: {shown}")
        return found

    def lines(self, seconds: float | None = None) -> list[str]:
        """The lines of the next answer; raises Broken if it isn't there after `seconds`."""
        end = time.monotonic() + (self._seconds if seconds is None else seconds)
        lines = [self._line(end)]
        while lines[-1][3:4] == "-":
            if len(lines) == _MOST_LINES:
                raise Broken(f"{self._server.host} sends an answer without an end.")
            lines.append(self._line(end))
        return lines

    def spoke_unasked(self) -> bool:
        """Whether the server said something, or hung up, while it should listen."""
        if self._heard:
            return True
        try:
            self._socket.settimeout(0)
            self._heard = self._socket.recv(_CHUNK)
        except (BlockingIOError, ssl.SSLWantReadError):
            return False
        except OSError:
            return True
        return True

    def hang_up(self) -> None:
        """Close the connection at once, whatever was begun on it."""
        with contextlib.suppress(OSError):  # the other side may have closed it
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()

    def _line(self, end: float) -> str:
        while b"\n" not in self._heard:
            if len(self._heard) > _LONGEST_LINE:
                raise Broken(f"{self._server.host} sends a line without an end.")
            self._heard += self._received(end - time.monotonic())
        line, _, self._heard = self._heard.partition(b"\n")
        return self.as_heard(line.rstrip(b"\r").decode(errors="replace"))

    def _received(self, seconds: float) -> bytes:
        try:
            self._socket.settimeout(max(seconds, 0.001))
            data = self._socket.recv(_CHUNK)
        except OSError as error:
            raise self._broken(error) from None
        if not data:
            raise self._broken(ConnectionResetError())
        return data

    def _broken(self, error: OSError) -> Broken:
        return Broken(str(unreachable(self._server, error)))


def greeted(server: Server, patience: Patience, context: ssl.SSLContext | None) -> Wire:
    """A connection on which the server said hello, over TLS if `context` is given.

    Raises Unreachable, and AccountRefused for a greeting that sends everybody away for good.
    """
    wire = Wire(server, patience)
    try:
        if context is not None:
            wire.secure(context)
        hello = wire.reply()
    except Broken as error:
        wire.hang_up()
        raise Unreachable(str(error)) from None
    except BaseException:
        wire.hang_up()
        raise
    if hello.code == 220:
        return wire
    wire.hang_up()
    words = f"{server.host}:{server.port} lets nobody in: {hello.words}"
    raise (AccountRefused if hello.code >= 500 else Unreachable)(words)
