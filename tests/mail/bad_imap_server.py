"""A small IMAP server that misbehaves as it is told."""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
from collections.abc import Mapping

from tests.mail.certificates import Certificate

HANG_UP = "hang up"

_USUAL = {
    "greeting": "* OK [CAPABILITY IMAP4rev1 STARTTLS] hello",
    "CAPABILITY": "* CAPABILITY IMAP4rev1 STARTTLS AUTH=PLAIN\r\n{tag} OK done",
    "LOGIN": "{tag} OK in",
    "LIST": '* LIST (\\HasNoChildren) "/" INBOX\r\n{tag} OK done',
    "EXAMINE": "* 1 EXISTS\r\n* OK [UIDVALIDITY 7] v\r\n* OK [UIDNEXT 9] n\r\n{tag} OK [READ-ONLY]",
    "SEARCH": "* SEARCH 8\r\n{tag} OK done",
    "FETCH": '* 1 FETCH (UID 8 INTERNALDATE "24-Nov-2026 12:00:00 +0000" RFC822.SIZE 4'
    " BODY[]<0> {{4}}\r\nhi\r\n)\r\n{tag} OK done",
    "LOGOUT": "* BYE\r\n{tag} OK done",
}


class BadImapServer:
    """Answers a command as `script` says (`{tag}` is its tag), else well; `heard` is what it was sent.

    `falls_silent`: somebody will wait for an answer in vain.
    """

    def __init__(
        self, certificate: Certificate, script: Mapping[str, str], *, wrapped: bool = True
    ) -> None:
        self._script = {**_USUAL, **script}
        self._wrapped = wrapped
        # TLS that is promised never begins.
        self.falls_silent = "STARTTLS" in script or not {"", "boo"}.isdisjoint(script.values())
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._context.load_cert_chain(certificate.cert, certificate.key)
        self.heard: list[str] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._open: list[socket.socket] = []
        self._thread = threading.Thread(target=self._accept)
        self._thread.start()

    def stop(self) -> None:
        """End everything and wait for it."""
        for one in (self._listener, *self._open):
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()
        self._thread.join(10)

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self._listener.accept()
                self._open.append(connection)
                with contextlib.suppress(OSError):
                    self._serve(connection)

    def _serve(self, connection: socket.socket) -> None:
        if self._wrapped:
            connection = self._context.wrap_socket(connection, server_side=True)
            self._open.append(connection)
        with connection, connection.makefile("rb") as lines:
            going_on = self._answer(connection, "greeting", "*")
            while going_on and (line := lines.readline().decode(errors="replace").strip()):
                self.heard.append(line)
                tag, _, rest = line.partition(" ")
                words = [*rest.upper().split(), "", ""]
                verb = words[1] if words[0] == "UID" else words[0]
                going_on = self._answer(connection, verb, tag)

    def _answer(self, connection: socket.socket, verb: str, tag: str) -> bool:
        said = self._script.get(verb, "{tag} BAD what?")
        if said == HANG_UP:
            return False
        connection.sendall(said.format(tag=tag).encode() + b"\r\n")
        return True
