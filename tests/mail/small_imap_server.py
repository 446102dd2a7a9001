"""A small IMAP server with mailboxes of its own, which tests renumber, set back and fill at will."""

from __future__ import annotations

import re
import socket
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from email.utils import parsedate_to_datetime
from random import Random

from tests.mail.bad_imap_server import BadImapServer
from tests.mail.certificates import Certificate


@dataclass
class Kept:
    """A mail of a folder."""

    uid: int
    raw: bytes
    at: datetime


@dataclass
class ImapFolder:
    """A folder as RFC 3501 has it: UIDs rise, and hold as long as the UIDVALIDITY does."""

    validity: int = 1
    next_uid: int = 1
    mails: list[Kept] = field(default_factory=list[Kept])

    def put(self, raw: bytes, at: datetime) -> None:
        self.mails.append(Kept(self.next_uid, raw, at))
        self.next_uid += 1

    def take(self, raw: bytes) -> Kept:
        """Take a mail out: deleted, or moved to another folder."""
        found = next(mail for mail in self.mails if mail.raw == raw)
        self.mails.remove(found)
        return found

    def renumber(self, validity: int, rng: Random | None = None) -> None:
        """All mails get new UIDs, in another order with `rng`, under another UIDVALIDITY."""
        mails, self.mails, self.next_uid = self.mails, [], 1
        if rng is not None:
            rng.shuffle(mails)
        self.validity = validity
        for mail in mails:
            self.put(mail.raw, mail.at)

    def set_back(self, next_uid: int) -> list[Kept]:
        """The server is restored from a backup: what came later is lost, and its UIDs come again."""
        lost = [mail for mail in self.mails if mail.uid >= next_uid]
        self.mails = [mail for mail in self.mails if mail.uid < next_uid]
        self.next_uid = min(self.next_uid, next_uid)
        return lost


class SmallImapServer(BadImapServer):
    """Serves the folders `INBOX` and `Sent`; `fetched` counts the mails that were sent whole."""

    def __init__(self, certificate: Certificate) -> None:
        self.folders = {"INBOX": ImapFolder(), "Sent": ImapFolder()}
        self.fetched = 0
        self._open_folder = self.folders["INBOX"]
        super().__init__(certificate, {})

    def _answer(self, connection: socket.socket, verb: str, tag: str) -> bool:
        answers = {
            "LIST": self._list,
            "EXAMINE": self._examine,
            "SEARCH": self._search,
            "FETCH": self._fetch,
        }
        if verb not in answers:
            return super()._answer(connection, verb, tag)
        connection.sendall(answers[verb](self.heard[-1]) + f"{tag} OK done\r\n".encode())
        return True

    def _list(self, command: str) -> bytes:
        del command
        return b'* LIST (\\HasNoChildren) "/" INBOX\r\n* LIST (\\Sent) "/" Sent\r\n'

    def _examine(self, command: str) -> bytes:
        self._open_folder = folder = self.folders[command.rsplit(" ", 1)[1].strip('"')]
        return (
            f"* {len(folder.mails)} EXISTS\r\n* OK [UIDVALIDITY {folder.validity}] v\r\n"
            f"* OK [UIDNEXT {folder.next_uid}] n\r\n"
        ).encode()

    def _search(self, command: str) -> bytes:
        criteria = command.partition("SEARCH ")[2].strip("()")
        mails = self._open_folder.mails
        if match := re.fullmatch(r"UID (\d+):\*", criteria):
            # RFC 3501: `*` is the last mail, and a range has no direction.
            last = max((mail.uid for mail in mails), default=0)
            found = [mail.uid for mail in mails if mail.uid >= min(int(match[1]), last)]
        elif match := re.fullmatch(r"SINCE (.+)", criteria):
            day = parsedate_to_datetime(f"{match[1].replace('-', ' ')} 00:00:00 +0000")
            found = [mail.uid for mail in mails if mail.at >= day]
        else:
            found = []
        return f"* SEARCH {' '.join(map(str, found))}".rstrip().encode() + b"\r\n"

    def _fetch(self, command: str) -> bytes:
        wanted, _, items = command.partition("FETCH ")[2].partition(" ")
        uids = _uids(wanted)
        chosen = [
            (n, mail) for n, mail in enumerate(self._open_folder.mails, 1) if mail.uid in uids
        ]
        return b"".join(self._one(number, mail, items) for number, mail in chosen)

    def _one(self, number: int, mail: Kept, items: str) -> bytes:
        head = f'{number} FETCH (UID {mail.uid} INTERNALDATE "{mail.at:%d-%b-%Y %H:%M:%S} +0000"'
        raw = mail.raw.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
        if "HEADER.FIELDS" in items:
            lines = raw.partition(b"\r\n\r\n")[0] + b"\r\n"
            ids = re.findall(rb"(?im)^message-id:.*(?:\r\n[ \t].*)*\r\n", lines)
            raw, name = b"".join(ids) + b"\r\n", "BODY[HEADER.FIELDS (MESSAGE-ID)]"
        else:
            self.fetched += 1
            head, name = f"{head} RFC822.SIZE {len(raw)}", "BODY[]<0>"
        return f"* {head} {name} {{{len(raw)}}}\r\n".encode() + raw + b")\r\n"


def _uids(wanted: str) -> Iterable[int]:
    if ":" in wanted:
        first, last = map(int, wanted.split(":"))
        return range(first, last + 1)
    return {int(uid) for uid in wanted.split(",")}
