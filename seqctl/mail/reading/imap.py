"""A mailbox on an IMAP server (RFC 3501), read by UID and never changed but for copies into Sent."""

from __future__ import annotations

import contextlib
import imaplib
from collections.abc import Generator, Iterable, Iterator
from datetime import datetime, timedelta
from typing import NamedTuple

from imap_tools.errors import ImapToolsError
from imap_tools.mailbox import BaseMailBox
from imap_tools.utils import encode_folder

from seqctl.domain.sending.accounts import Account
from seqctl.domain.sending.smtp_replies import clean_words
from seqctl.mail.account.connecting import Patience, tls_context, unreachable
from seqctl.mail.account.imap_session import open_mailbox
from seqctl.mail.account.secrets import Hidden, secret_of
from seqctl.mail.reading.identity import identity_in
from seqctl.mail.reading.imap_parts import Fetched, fetched
from seqctl.mail.reading.sent_names import sent_among
from seqctl.ports.mail import (
    READ_AT_MOST,
    Arrived,
    Cursor,
    Folder,
    Unreachable,
    WereRead,
)

SLICE = 50
_HEADS_AT_ONCE = 500
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


class _Opened(NamedTuple):
    """A folder as EXAMINE found it: its UIDVALIDITY, and the UID that the next mail will get."""

    validity: int
    next_uid: int | None

    def is_numbered_anew(self, cursor: Cursor) -> bool:
        """Whether its mails have other numbers than when it was read: UIDs only ever rise, but in a
        mailbox that was set back to an older state."""
        set_back = self.next_uid is not None and self.next_uid <= cursor.last_uid
        return set_back or self.validity != cursor.validity


class ImapMailbox:
    """Implements `ports.mail.Mailbox`."""

    def __init__(self, account: Account, patience: Patience | None = None) -> None:
        """Connect and log in. Raises Unreachable and AccountRefused."""
        if account.imap is None:
            raise ValueError("the account reads from no server")
        self._server = account.imap
        self._positions: dict[Folder, Cursor] = {}
        context, source = tls_context(account.ca_file), account.secret
        secret = Hidden(secret_of(source)) if source is not None else None
        self._box: BaseMailBox = open_mailbox(
            account.imap, context, patience or Patience(), source, secret
        )

    @property
    def connection(self) -> object:
        """The TLS connection, to look at its certificate."""
        return self._box.client.sock

    def sent_folder(self) -> str | None:
        """The name of the folder of sent mail, if there is one. Raises Unreachable."""
        with self._speaking():
            return self._name_of(Folder.SENT)

    def new(
        self,
        folder: Folder,
        cursor: Cursor | None,
        known: Iterable[str],
        since: datetime,
        were_read: WereRead | None = None,
    ) -> Iterator[Arrived]:
        """The mails behind the cursor, oldest first; `known` is of no use here."""
        self._positions.pop(folder, None)
        with self._speaking():
            name = self._name_of(folder)
            if name is None:
                return
            opened = self._examine(name)
            if cursor is not None and opened.is_numbered_anew(cursor):
                cursor = None
            uids = self._behind(opened, cursor, since, were_read)
        last = cursor.last_uid if cursor else 0
        for start in range(0, len(uids), SLICE):
            with self._speaking():
                found = self._fetch(uids[start : start + SLICE])
            for mail in found:
                here = Cursor(opened.validity, mail.uid)
                yield Arrived(folder, str(mail.uid), mail.at, mail.raw, mail.size, here)
        # UIDs are given in order: whatever comes later has one that is not below UIDNEXT.
        last = max([last, *uids[-1:], (opened.next_uid or 1) - 1])
        self._positions[folder] = Cursor(opened.validity, last)

    def position(self, folder: Folder) -> Cursor | None:
        """The folder's cursor once all that `new` yielded is dealt with."""
        return self._positions.get(folder)

    def gone(self, folder: Folder) -> frozenset[str]:
        """A server's mails are known by its cursor, not by their keys."""
        return frozenset()

    def find_sent(self, message_id: str, seqctl_id: str) -> datetime | None:
        """When it arrived in Sent, of the newest match. Raises Unreachable."""
        with self._speaking():
            name = self._name_of(Folder.SENT)
            if name is None:
                return None
            self._examine(name)
            for header, value in (("Message-ID", message_id), ("X-Seqctl-Id", seqctl_id)):
                uids = self._with_header(header, value)
                if uids:
                    return max(mail.at for mail in self._fetch(uids[-SLICE:], body=False))
        return None

    def keep_sent(self, content: bytes, message_id: str, at: datetime) -> None:
        """Append a copy to Sent, marked as read; nothing where there is no such folder.

        Raises Unreachable.
        """
        with self._speaking():
            name = self._name_of(Folder.SENT)
            if name is None:
                return
            self._examine(name)
            if not self._with_header("Message-ID", message_id):
                status, said = self._box.client.append(_encoded(name), r"(\Seen)", at, content)
                if status != "OK":
                    raise imaplib.IMAP4.error(f"APPEND: {said}")

    def close(self) -> None:
        """Log out."""
        with contextlib.suppress(imaplib.IMAP4.error, ImapToolsError, OSError):
            self._box.client.logout()
        with contextlib.suppress(OSError):
            self._box.client.shutdown()

    @contextlib.contextmanager
    def _speaking(self) -> Generator[None]:
        """Whatever goes wrong in a conversation is Unreachable."""
        trouble: Unreachable | None = None
        try:
            yield
        except (imaplib.IMAP4.error, ImapToolsError) as error:
            trouble = Unreachable(f"{self._server.host} answers: {clean_words(str(error))}")
        except OSError as error:
            trouble = unreachable(self._server, error)
        except (ValueError, TypeError, IndexError) as error:
            trouble = Unreachable(
                f"{self._server.host} says something that isn't IMAP: {clean_words(str(error))}"
            )
        if trouble is not None:
            raise trouble

    def _name_of(self, folder: Folder) -> str | None:
        if folder is Folder.INBOX:
            return "INBOX"
        folders = self._box.folder.list()
        marked = [one.name for one in folders if r"\sent" in map(str.lower, one.flags)]
        if marked:
            return marked[0]
        there = [one for one in folders if r"\noselect" not in map(str.lower, one.flags)]
        return sent_among((one.name for one in there), "".join({one.delim for one in there}) or "/")

    def _examine(self, name: str) -> _Opened:
        status, said = self._box.client.select(_encoded(name), readonly=True)  # EXAMINE
        if status != "OK":
            raise imaplib.IMAP4.error(f"EXAMINE: {said}")
        validity = self._told("UIDVALIDITY")
        if validity is None:
            raise imaplib.IMAP4.error("the folder has no UIDVALIDITY")
        return _Opened(validity, self._told("UIDNEXT") or self._status(name))

    def _told(self, word: str) -> int | None:
        """A number that came with the last EXAMINE."""
        value = self._box.client.response(word)[1][0]
        return int(value) if isinstance(value, bytes) and value.isdigit() else None

    def _status(self, name: str) -> int | None:
        """UIDNEXT of a server that doesn't tell it unasked."""
        return self._box.folder.status(name, ["UIDNEXT"]).get("UIDNEXT")

    def _behind(
        self, opened: _Opened, cursor: Cursor | None, since: datetime, were_read: WereRead | None
    ) -> list[int]:
        """The UIDs of the mails that were not read yet, in order."""
        fresh: list[int] = []
        if cursor is not None:
            if opened.next_uid == cursor.last_uid + 1:
                return []
            # "n:*" gives the last mail even where its UID is below n.
            found = self._search(f"UID {cursor.last_uid + 1}:*")
            fresh = [uid for uid in found if uid > cursor.last_uid]
            if not fresh or not were_read or self._is_known(cursor.last_uid, were_read):
                return fresh
        day = since - timedelta(days=1)
        standing = self._search(f"SINCE {day.day}-{_MONTHS[day.month - 1]}-{day.year}")
        unread = self._unread(standing, were_read) if were_read else standing
        return sorted({*fresh, *unread})

    def _is_known(self, last_uid: int, were_read: WereRead) -> bool:
        """Whether the mail at the cursor is one that was read: in a mailbox that was set back to an older
        state, other mails have got the UIDs that were read."""
        heads = self._heads(f"{max(1, last_uid - SLICE)}:{last_uid}") if last_uid else []
        identity = heads[-1][1] if heads else None
        return identity is None or bool(were_read([identity]))

    def _unread(self, uids: list[int], were_read: WereRead) -> Iterator[int]:
        """Those without the mails whose Message-ID was read, so that these needn't come again."""
        for start in range(0, len(uids), _HEADS_AT_ONCE):
            slice = uids[start : start + _HEADS_AT_ONCE]
            heads = dict(self._heads(",".join(map(str, slice))))
            known = were_read({identity for identity in heads.values() if identity is not None})
            yield from (uid for uid in slice if heads.get(uid) not in known)

    def _with_header(self, header: str, value: str) -> list[int]:
        if not value or not value.isascii() or any(char in value for char in '"\\\r\n\0'):
            return []
        return self._search(f'HEADER {header} "{value}"')

    def _search(self, criteria: str) -> list[int]:
        return sorted(int(uid) for uid in self._box.uids(criteria, charset=None))

    def _fetch(self, uids: list[int], *, body: bool = True) -> list[Fetched]:
        items = "UID INTERNALDATE RFC822.SIZE" + (f" BODY.PEEK[]<0.{READ_AT_MOST}>" if body else "")
        status, parts = self._box.client.uid("FETCH", ",".join(map(str, uids)), f"({items})")
        if status != "OK":
            raise imaplib.IMAP4.error(f"FETCH: {parts}")
        wanted = set(uids)
        return sorted(mail for mail in fetched(parts) if mail.uid in wanted)

    def _heads(self, uids: str) -> list[tuple[int, str | None]]:
        """UID and Message-ID of these mails, by UID; None where a mail has no Message-ID."""
        items = "UID INTERNALDATE BODY.PEEK[HEADER.FIELDS (MESSAGE-ID)]"
        status, parts = self._box.client.uid("FETCH", uids, f"({items})")
        if status != "OK":
            raise imaplib.IMAP4.error(f"FETCH: {parts}")
        return sorted((mail.uid, identity_in(mail.raw)) for mail in fetched(parts))


def _encoded(name: str) -> str:
    """A folder's name as a command wants it: quoted, in modified UTF-7."""
    return encode_folder(name).decode("ascii")
