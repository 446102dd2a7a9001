"""The Message-ID of a mail: its number and a keyed hash, so that an answer finds its mail."""

from __future__ import annotations


def message_id(id: int, secret: str, sender: str) -> str:
    """`<17.3f…@example.com>` for message 17, sent from the address `sender`.

    `secret` is the workspace's own: nobody else can make up an id that this workspace takes for
    one of its mails. The same message has the same id for ever.
    """
    import hmac

    keyed = hmac.new(secret.encode(), f"message:{id}".encode(), "sha256").hexdigest()[:24]
    return f"<{id}.{keyed}@{sender.rpartition('@')[2]}>"
