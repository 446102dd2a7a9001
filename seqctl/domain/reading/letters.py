"""What a mail that was read says, and what it is taken for."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from typing import NamedTuple


class Kind(StrEnum):
    """What a mail that was read is taken for."""

    REPLY = "reply"
    AUTO_REPLY = "auto-reply"
    BOUNCE_HARD = "bounce-hard"
    BOUNCE_SOFT = "bounce-soft"
    COMPLAINT = "complaint"
    UNSUBSCRIBE = "unsubscribe"
    MEETING = "meeting"
    OWN = "own"
    OTHER = "other"


class Failure(NamedTuple):
    """A mail that could not be delivered: to whom, for good (`hard`) or for now, and why."""

    recipient: str | None
    hard: bool
    why: str


class Letter(NamedTuple):
    """The facts of one mail, as it says them itself; whether any of it is ours, others find out.

    Addresses are lower case. `references` are the Message-IDs that it answers, nearest first: of
    In-Reply-To and References, and of the original mail that a bounce or a complaint quotes.
    `recipients` are all of To and Cc. `automatic` says why it is an automatic reply, `returns` is the day
    on which its writer is back. `complaint` is the recipient of a feedback report ('' if it names none).
    `unsubscribes` is true where its own text asks to be left alone and says little else; `text` is
    the beginning of that own, unquoted text. `token` is what follows "unsubscribe" in the subject, in the
    address it was sent to (`+unsubscribe-17.3f…@`), or in a body that says nothing else, genuine or not
    (`message_ids.message_of_token` tells). `accepts` is true for a calendar reply that accepts.
    `identity` is by what the mail is known again: its Message-ID, or a digest.
    """

    sender: str
    sender_name: str
    subject: str
    at: datetime | None
    message_id: str | None
    references: tuple[str, ...]
    seqctl_id: str | None
    recipients: tuple[str, ...]
    failure: Failure | None
    automatic: str | None
    returns: date | None
    complaint: str | None
    unsubscribes: bool
    token: str | None
    accepts: bool
    text: str
    identity: str = ""


class Taken(NamedTuple):
    """What a mail is taken for by itself, and why in a few words for people."""

    kind: Kind
    reason: str


def taken_for(letter: Letter) -> Taken:
    """What a mail is by itself: the first of these that fits.

    Whether it is a reply, or one of our own, needs knowledge of the workspace: that is OTHER here. A
    bounce and an automatic reply never are replies.
    """
    if letter.complaint is not None:
        return Taken(Kind.COMPLAINT, f"feedback report of {letter.complaint or 'somebody unnamed'}")
    if letter.failure is not None:
        kind = Kind.BOUNCE_HARD if letter.failure.hard else Kind.BOUNCE_SOFT
        return Taken(kind, f"delivery report: {letter.failure.why or 'not delivered'}")
    if letter.token is not None:
        return Taken(Kind.UNSUBSCRIBE, "sent back the unsubscribe link")
    if letter.automatic is not None:
        return Taken(Kind.AUTO_REPLY, _away(letter.automatic, letter.returns))
    if letter.accepts:
        return Taken(Kind.MEETING, "accepted a meeting")
    if letter.unsubscribes:
        return Taken(Kind.UNSUBSCRIBE, "asks to be left alone")
    return Taken(Kind.OTHER, "")


def _away(why: str, returns: date | None) -> str:
    return f"{why}, away until {returns.isoformat()}" if returns else why
