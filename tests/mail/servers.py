"""A real Postfix and a real Dovecot, private to one test session, on loopback only.

Use the fixture `mail_world`. Everything that it starts lives in one short folder below /tmp (the path
of a Unix socket must stay under 108 bytes) and ends with the session. Nothing can leave the
machine: whatever isn't for `seq.test` bounces.
"""

from __future__ import annotations

import base64
import contextlib
import hmac
import imaplib
import json
import os
import pwd
import shutil
import smtplib
import socket
import ssl
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

import pytest

from tests.mail.certificates import Authority
from tests.mail.server_configuration import (
    DOMAIN,
    GREYLISTED,
    KEEPER,
    REFUSED_AT_RCPT,
    USERS,
    Ports,
    dovecot_conf,
    main_cf,
    master_cf,
)

__all__ = [
    "GREYLISTED",
    "KEEPER",
    "PASSWORD",
    "REFUSED_AT_RCPT",
    "USERS",
    "MailWorld",
    "mail_world",
]


PASSWORD = 'pass of the tests, with "quotes" and \\'
BEGIN_WITHIN = 20.0
ARRIVE_WITHIN = 20.0
_TOKEN_KEY = b"the key that signs the tokens of the tests"
Found = TypeVar("Found")


class MailWorld:
    """Two servers and the mailboxes of `USERS` at `seq.test`; each has the password `PASSWORD`."""

    host = "localhost"
    domain = DOMAIN
    password = PASSWORD

    def __init__(self, folder: Path, ports: Ports, ca_file: Path) -> None:
        self.folder = folder
        self.ports = ports
        self.ca_file = str(ca_file)

    def address(self, user: str) -> str:
        """`rep` → `rep@seq.test`; an address stays as it is."""
        return user if "@" in user else f"{user}@{DOMAIN}"

    def smtp_url(self, user: str, *, starttls: bool = False) -> str:
        """For `--smtp`."""
        scheme, port = ("smtp", self.ports.submission) if starttls else ("smtps", self.ports.smtps)
        return f"{scheme}://{self.address(user)}@{self.host}:{port}"

    def imap_url(self, user: str, *, starttls: bool = False) -> str:
        """For `--imap`."""
        scheme, port = ("imap", self.ports.imap) if starttls else ("imaps", self.ports.imaps)
        return f"{scheme}://{self.address(user)}@{self.host}:{port}"

    def token(self, user: str, *, lifetime: int = 3600) -> str:
        """An OAuth access token that both servers take instead of the password."""
        now = int(time.time())
        claims = {"sub": self.address(user), "iat": now - 7200, "exp": now + lifetime}
        head = {"alg": "HS256", "typ": "JWT"}
        signed = b".".join(_base64url(json.dumps(part).encode()) for part in (head, claims))
        signature = hmac.new(_TOKEN_KEY, signed, "sha256").digest()
        return (signed + b"." + _base64url(signature)).decode()

    def deliver(self, to: str, raw: bytes, sender: str = "") -> None:
        """Put a mail into the INBOX of `to`, as an arriving one."""
        with smtplib.LMTP("127.0.0.1", self.ports.lmtp, timeout=30) as client:
            refused = client.sendmail(sender, [self.address(to)], raw)
        assert not refused, refused

    def mails(
        self, user: str, folder: str = "INBOX", *, at_least: int = 0, within: float = ARRIVE_WITHIN
    ) -> list[bytes]:
        """The mails in a folder, oldest first; waits until there are `at_least` so many."""
        with self.imap(user) as client:
            found = _until(lambda: self._read(client, folder, at_least), within)
        assert found is not None, (
            f"fewer than {at_least} mails in {folder} of {user}: {self.logs()}"
        )
        return found

    def delivered(self, user: str, *, within: float = ARRIVE_WITHIN) -> list[bytes]:
        """The mails in the INBOX of a user once the server has delivered all that it took."""
        self.deliver_all(within=within)
        folder = self.folder / "mail" / user
        files = [path for part in ("new", "cur") for path in (folder / part).glob("*")]
        return [path.read_bytes() for path in files]

    def deliver_all(self, *, within: float = ARRIVE_WITHIN) -> None:
        """Wait until the server has nothing left to deliver, nor a mail that it is being given."""
        queues = [self.folder / "spool" / name for name in ("incoming", "active", "deferred")]

        def is_empty() -> bool | None:
            return not any(path.is_file() for queue in queues for path in queue.rglob("*")) or None

        assert _until(is_empty, within), f"not everything is delivered: {self.logs()}"

    def empty(self, user: str, *folders: str) -> None:
        """Delete all mails of a user in these folders (default: INBOX and Sent)."""
        with self.imap(user) as client:
            for folder in folders or ("INBOX", "Sent"):
                status, count = client.select(folder)
                if status == "OK" and count != [b"0"]:
                    client.store("1:*", "+FLAGS", r"\Deleted")
                    client.expunge()

    @contextlib.contextmanager
    def imap(self, user: str) -> Iterator[imaplib.IMAP4_SSL]:
        """A plain IMAP session of a user, to arrange and to look."""
        context = ssl.create_default_context(cafile=self.ca_file)
        with imaplib.IMAP4_SSL(self.host, self.ports.imaps, ssl_context=context) as client:
            client.login(self.address(user), PASSWORD)
            yield client

    def logs(self) -> str:
        """The end of both servers' logs, for a failing test."""
        texts = [
            path.read_text(errors="replace")[-3000:]
            for path in (self.folder / "postfix.log", self.folder / "dovecot.log")
            if path.exists()
        ]
        return "\n".join(texts)

    @staticmethod
    def _read(client: imaplib.IMAP4, folder: str, at_least: int) -> list[bytes] | None:
        if client.select(f'"{folder}"', readonly=True)[0] != "OK":
            return None if at_least else []
        _, found = client.uid("SEARCH", "ALL")
        uids = found[0].split()
        if len(uids) < at_least:
            return None
        if not uids:
            return []
        _, parts = client.uid("FETCH", b",".join(uids).decode(), "(BODY.PEEK[])")
        return [part[1] for part in parts if isinstance(part, tuple)]


@pytest.fixture(scope="session")
def mail_world() -> Iterator[MailWorld]:
    """A private Postfix and Dovecot; skipped where they or the right to start them are missing."""
    _skip_if_impossible()
    folder = Path(tempfile.mkdtemp(prefix="sq", dir="/tmp"))
    folder.chmod(0o755)
    try:
        with contextlib.ExitStack() as running:
            yield _started(folder, running)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _skip_if_impossible() -> None:
    """Skip with a reason; where REQUIRE_MAIL_SERVERS is set, that reason is a failure."""
    give_up = pytest.fail if os.environ.get("REQUIRE_MAIL_SERVERS") else pytest.skip
    for program in ("postfix", "dovecot", "openssl"):
        if not shutil.which(program, path=f"{os.environ.get('PATH', '')}:/usr/sbin"):
            give_up(f"{program} is not installed")
    if os.getuid() != 0:
        give_up("Postfix can only be started by root")


def _started(folder: Path, running: contextlib.ExitStack) -> MailWorld:
    """Both servers; once more with other ports if another process took one in between."""
    authority = Authority(folder / "ca")
    authority.signed("localhost", "DNS:localhost,IP:127.0.0.1")
    for attempt in range(5):
        place = folder / str(attempt)
        place.mkdir()
        world = MailWorld(place, _free_ports(), authority.ca_file)
        with contextlib.ExitStack() as partly:
            if _start_dovecot(world, partly) and _start_postfix(world, partly):
                running.push(partly.pop_all())
                return world
    raise RuntimeError(f"the mail servers don't start: {world.logs()}")


def _free_ports() -> Ports:
    with contextlib.ExitStack() as held:
        sockets = [held.enter_context(socket.socket()) for _ in Ports._fields]
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return Ports(*(one.getsockname()[1] for one in sockets))


def _start_dovecot(world: MailWorld, running: contextlib.ExitStack) -> bool:
    place = world.folder
    mail = pwd.getpwnam("mail")
    for name in ("mail", "keys"):
        (place / name).mkdir()
    os.chown(place / "mail", mail.pw_uid, mail.pw_gid)
    _write_users(place)
    (place / "dovecot.conf").write_text(dovecot_conf(place, world.ports))
    with (place / "dovecot.log").open("ab") as log:
        process = subprocess.Popen(
            ["dovecot", "-F", "-c", str(place / "dovecot.conf")],
            stdout=log,
            stderr=log,
            env=_environment(),
        )
    running.callback(_end, process)
    ports = world.ports
    return all(
        _speaks(port, b"* OK" if port == ports.imap else b"220", process.poll)
        for port in (ports.imap, ports.lmtp)
    )


def _write_users(place: Path) -> None:
    lines = [f"{user}@{DOMAIN}:{{PLAIN}}{PASSWORD}::::::\n" for user in USERS]
    (place / "users").write_text("".join(lines))
    key = place / "keys" / "default" / "HS256"
    key.mkdir(parents=True)
    (key / "default").write_bytes(base64.b64encode(_TOKEN_KEY))
    (place / "oauth2.conf").write_text(
        "introspection_mode = local\n"
        f"local_validation_key_dict = fs:posix:prefix={place}/keys/\n"
        "username_attribute = sub\n"
    )


def _start_postfix(world: MailWorld, running: contextlib.ExitStack) -> bool:
    place = world.folder
    for name in ("etc", "spool", "data"):
        (place / name).mkdir()
    os.chown(place / "data", pwd.getpwnam("postfix").pw_uid, -1)
    (place / "etc" / "main.cf").write_text(main_cf(place, world.ports))
    (place / "etc" / "master.cf").write_text(master_cf(world.ports))
    command = ["postfix", "-c", str(place / "etc")]
    subprocess.run([*command, "start"], capture_output=True, env=_environment(), check=False)
    running.callback(
        subprocess.run, [*command, "stop"], capture_output=True, env=_environment(), check=False
    )
    return _speaks(world.ports.submission, b"220", lambda: None)


def _speaks(port: int, greeting: bytes, ended: Callable[[], object]) -> bool:
    """Whether a server says hello within BEGIN_WITHIN seconds."""

    def greets() -> bool | None:
        if ended() is not None:
            return False
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 5) as one:
            return one.recv(200).startswith(greeting) or None
        return None

    return bool(_until(greets, BEGIN_WITHIN))


def _until(look: Callable[[], Found | None], seconds: float) -> Found | None:
    """What `look` finds as soon as it is not None; None when the time is over."""
    end = time.monotonic() + seconds
    while (found := look()) is None and time.monotonic() < end:
        time.sleep(0.02)
    return found


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait(10)


def _environment() -> dict[str, str]:
    return {**os.environ, "PATH": f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin"}


def _base64url(raw: bytes) -> bytes:
    return base64.urlsafe_b64encode(raw).rstrip(b"=")
