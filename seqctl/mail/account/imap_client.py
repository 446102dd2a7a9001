"""`imaplib` that hears no more than it has to: an answer has a largest size."""

from __future__ import annotations

import imaplib
import ssl
from typing import Any

from imap_tools.mailbox import BaseMailBox

from seqctl.domain.sending.accounts import Server

MOST_HEARD = 64 * 1024 * 1024
"""Bytes of one answer: twice what the largest one that is asked for takes."""


class _Bounded(imaplib.IMAP4):
    _heard = 0

    def read(self, size: int) -> bytes:
        self._hear(size)
        return super().read(size)

    def readline(self) -> bytes:
        line = super().readline()
        self._hear(len(line))
        return line

    def send(self, data: Any) -> None:
        self._heard = 0
        super().send(data)

    def _hear(self, size: int) -> None:
        self._heard += size
        if self._heard > MOST_HEARD:
            raise self.abort(f"an answer of more than {MOST_HEARD // 1024 // 1024} MB")


class _BoundedTls(_Bounded, imaplib.IMAP4_SSL):
    pass


class BoundedMailBox(BaseMailBox):
    """A connection to a server, over TLS from its first byte where `context` is given."""

    def __init__(self, server: Server, seconds: float, context: ssl.SSLContext | None) -> None:
        self._server = server
        self._seconds = seconds
        self._context = context
        super().__init__()

    def _get_mailbox_client(self) -> imaplib.IMAP4:
        place = (self._server.host, self._server.port)
        if self._context is None:
            return _Bounded(*place, timeout=self._seconds)
        return _BoundedTls(*place, ssl_context=self._context, timeout=self._seconds)
