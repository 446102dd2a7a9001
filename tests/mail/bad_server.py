"""A small SMTP server that misbehaves as it is told, and remembers all that it heard."""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
from collections.abc import Mapping
from pathlib import Path

from tests.mail.certificates import Certificate

HANG_UP = "hang up"
SILENT = "silent"  # never answers
ENDLESS = "endless"  # answers with ever more lines of one answer
Script = Mapping[str, str | list[str]]

OFFERS = ("PIPELINING", "SIZE 10000000", "8BITMIME", "AUTH PLAIN LOGIN")
_USUAL = {
    "greeting": "220 bad.test",
    "STARTTLS": "220 go on",
    "AUTH": "235 welcome",
    "MAIL": "250 ok",
    "RCPT": "250 ok",
    "DATA": "354 go on",
    "dot": "250 2.0.0 taken",
    "RSET": "250 ok",
    "QUIT": "221 bye",
}


class BadServer:
    """Follows `script`: what it answers at `greeting`, `EHLO`, `STARTTLS`, `AUTH`, `MAIL`, `RCPT`, `DATA`,
    `body` (in the middle of it: one thing after another until it hangs up), `dot`, `RSET`, `QUIT`; a list is used up over all connections, and its
    last word stays. What the script leaves out, it answers well.

    `wrapped` begins with TLS; else STARTTLS is offered. `heard` are the lines of all connections in
    the clear, `heard_safely` those over TLS, `taken` the mails that it answered for; `hung_up` is set once
    a connection has ended.
    """

    def __init__(
        self,
        certificate: Certificate,
        script: Script | None = None,
        *,
        offers: tuple[str, ...] = OFFERS,
        offers_before_tls: tuple[str, ...] = ("STARTTLS",),
        wrapped: bool = True,
    ) -> None:
        self._script: dict[str, list[str]] = {
            word: [a] if isinstance(a, str) else list(a) for word, a in (script or {}).items()
        }
        self._offers = offers
        self._offers_before_tls = offers_before_tls
        self._wrapped = wrapped
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._context.load_cert_chain(certificate.cert, certificate.key)
        self._lock = threading.Lock()
        self._open: list[socket.socket] = []
        self.heard: list[str] = []
        self.heard_safely: list[str] = []
        self.taken: list[bytes] = []
        self.connections = 0
        self.hung_up = threading.Event()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._threads = [threading.Thread(target=self._accept)]
        self._threads[0].start()

    def stop(self) -> None:
        """End all connections and wait for the threads."""
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        with self._lock:
            for one in self._open:
                _close(one)
        for thread in self._threads:
            thread.join(10)

    @property
    def all_heard(self) -> str:
        """Everything, for those who look for a password."""
        return "\n".join(self.heard + self.heard_safely)

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            thread = threading.Thread(target=self._serve, args=(connection,))
            with self._lock:
                self.connections += 1
                self._threads.append(thread)
            thread.start()

    def _serve(self, connection: socket.socket) -> None:
        talk = _Talk(self, connection)
        try:
            if self._wrapped:
                talk.secure()
            talk.run()
        except OSError:
            pass  # the other side hung up, or did not trust the certificate
        finally:
            talk.close()
            self.hung_up.set()

    def answer_to(self, word: str) -> str:
        """What the script says now; the usual answer where it says nothing."""
        with self._lock:
            answers = self._script.get(word)
            if not answers:
                return _USUAL.get(word, "500 what?")
            return answers.pop(0) if len(answers) > 1 else answers[0]

    def scripted(self, word: str) -> bool:
        """Whether the script says anything about this."""
        return word in self._script

    @property
    def falls_silent(self) -> bool:
        """Whether the script lets somebody wait for an answer in vain."""
        return any(SILENT in answers for answers in self._script.values())

    def remember(self, one: socket.socket) -> None:
        """A connection that `stop` has to end."""
        with self._lock:
            self._open.append(one)

    def offers(self, *, safe: bool) -> str:
        """The usual answer to EHLO."""
        words = self._offers if safe else self._offers_before_tls
        lines = ["bad.test", *words]
        return "\r\n".join(f"250{'-' if line is not lines[-1] else ' '}{line}" for line in lines)

    def wrap(self, connection: socket.socket) -> ssl.SSLSocket:
        """TLS with the certificate of this server."""
        return self._context.wrap_socket(connection, server_side=True)


class _Talk:
    def __init__(self, server: BadServer, connection: socket.socket) -> None:
        self._server = server
        self._socket = connection
        self._safe = False
        self._data = b""
        server.remember(connection)

    def secure(self) -> None:
        self._data = b""
        self._socket = self._server.wrap(self._socket)
        self._safe = True
        self._server.remember(self._socket)

    def close(self) -> None:
        _close(self._socket)

    def run(self) -> None:
        going_on = self._say("greeting")
        while going_on and (line := self._line()) is not None:
            (self._server.heard_safely if self._safe else self._server.heard).append(line)
            going_on = self._obey(line.partition(" ")[0].upper())

    def _obey(self, verb: str) -> bool:
        if verb == "EHLO" and not self._server.scripted("EHLO"):
            self._send(self._server.offers(safe=self._safe))
            return True
        if verb == "DATA":
            return self._data_and_body()
        said = self._say(verb)
        if said and verb == "STARTTLS" and self._said.startswith("220"):
            self.secure()
        return said and verb != "QUIT"

    def _data_and_body(self) -> bool:
        if not self._say("DATA"):
            return False
        if not self._said.startswith("354"):
            return True
        if self._server.scripted("body"):
            self._more()
            while self._say("body"):
                pass
            return False
        while not (end := self._end_of_body()):
            if not self._more():
                return False
        body, self._data = self._data[:end], self._data[end + 3 :]
        (self._server.heard_safely if self._safe else self._server.heard).append("(dot)")
        return self._say("dot", taking=body)

    def _end_of_body(self) -> int:
        """How long the body is with its last CRLF; 0 while its final dot has not come."""
        return self._data.find(b"\r\n.\r\n") + 2 if b"\r\n.\r\n" in self._data else 0

    def _say(self, word: str, taking: bytes | None = None) -> bool:
        """Answer as scripted; False when the connection is over."""
        self._said = self._server.answer_to(word)
        if taking is not None and self._said.startswith("250"):
            self._server.taken.append(taking)
        if self._said == HANG_UP:
            return False
        if self._said == SILENT:
            while self._more():
                pass
            return False
        while self._said == ENDLESS:
            self._send("250-and then")
        self._send(self._said)
        return True

    def _send(self, text: str) -> None:
        self._socket.sendall(text.encode() + b"\r\n")

    def _line(self) -> str | None:
        while b"\n" not in self._data:
            if not self._more():
                return None
        line, _, self._data = self._data.partition(b"\n")
        return line.rstrip(b"\r").decode(errors="replace")

    def _more(self) -> bool:
        got = self._socket.recv(65536)
        self._data += got
        return bool(got)


def _close(one: socket.socket) -> None:
    with contextlib.suppress(OSError):
        one.shutdown(socket.SHUT_RDWR)
    one.close()


def password_file(folder: Path, secret: str) -> str:
    """A file with a secret that only its owner may read."""
    path = folder / "secret"
    path.touch(0o600)
    path.write_text(secret + "\n")
    return str(path)
