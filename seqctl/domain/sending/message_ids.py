"""What a mail carries so that it is known again: its number, or its step, and a keyed hash.

`secret` is always the workspace's own: nobody else can make up what this workspace takes for its own.
"""

from __future__ import annotations

import re

from seqctl.domain.contacts.addresses import ascii_domain, domain_of

_HASH = r"[0-9a-f]{24}"
_MESSAGE_ID = re.compile(rf"<(\d{{1,18}})\.({_HASH})@[^<>@\s]+>", re.ASCII)
_TOKEN = re.compile(rf"(\d{{1,18}})\.({_HASH})", re.ASCII)


def message_id(id: int, secret: str, sender: str) -> str:
    """The Message-ID `<17.3f…@example.com>` of message 17, sent from the address `sender`.

    The same message has the same id for ever. It is plain ASCII, whatever the domain.
    """
    return f"<{id}.{_keyed(secret, f'message:{id}')}@{ascii_domain(domain_of(sender))}>"


def message_of(text: str, secret: str) -> int | None:
    """The number of the message that has this Message-ID, or None if it isn't one of ours."""
    found = _MESSAGE_ID.fullmatch(text)
    return _genuine(found, secret, "message")


def seqctl_id(enrollment_id: int, step: int, secret: str) -> str:
    """The X-Seqctl-Id of the mail of one step of one enrollment: `12.3.3f…`.

    Unlike a message's number it is the same when a restored workspace comes to that step again.
    """
    return f"{enrollment_id}.{step}.{_keyed(secret, f'step:{enrollment_id}.{step}')}"


def is_seqctl_id(text: str, secret: str) -> bool:
    """Whether an X-Seqctl-Id was made by this workspace."""
    enrollment, _, rest = text.partition(".")
    step = rest.partition(".")[0]
    if not (_is_number(enrollment) and _is_number(step)):
        return False
    return _same(text, seqctl_id(int(enrollment), int(step), secret))


def unsubscribe_token(id: int, secret: str) -> str:
    """What the recipient of message 17 sends back to be left alone: `17.3f…`."""
    return f"{id}.{_keyed(secret, f'unsubscribe:{id}')}"


def message_of_token(token: str, secret: str) -> int | None:
    """The number of the message whose unsubscribe token this is, or None if it is forged."""
    return _genuine(_TOKEN.fullmatch(token), secret, "unsubscribe")


def _genuine(found: re.Match[str] | None, secret: str, purpose: str) -> int | None:
    if found is None or found[1] != str(int(found[1])):
        return None
    return int(found[1]) if _same(found[2], _keyed(secret, f"{purpose}:{found[1]}")) else None


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 19


def _keyed(secret: str, text: str) -> str:
    import hmac

    return hmac.new(secret.encode(), text.encode(), "sha256").hexdigest()[:24]


def _same(given: str, genuine: str) -> bool:
    import hmac

    return hmac.compare_digest(given.encode(), genuine.encode())
