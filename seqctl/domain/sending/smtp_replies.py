"""What an answer of a mail server means for a mail, its recipient or the account (RFC 5321, RFC 3463)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from enum import StrEnum
from typing import NamedTuple

LONGEST_WORDS = 200

_LINE = re.compile(r"(\d{3})(?:[ -](.*))?", re.ASCII)
_STATUS = re.compile(r"([245]\.\d{1,3}\.\d{1,3})(?:\s|$)", re.ASCII)


class Verdict(StrEnum):
    """What became of one attempt to hand a mail over."""

    ACCEPTED = "accepted"
    TRY_LATER = "try later"  # 4xx, or the connection broke before the final dot
    BAD_RECIPIENT = "bad recipient"  # 5xx for the recipient: a bounce
    REFUSED = "refused"  # 5xx for the mail itself: too big, not wanted
    ACCOUNT = "account"  # the account can't send now: nothing is wrong with the mail
    UNKNOWN = "unknown"  # the final dot went out, and no answer came


class Stage(StrEnum):
    """What the server answers."""

    LOGIN = "login"
    SENDER = "sender"  # MAIL FROM
    RECIPIENT = "recipient"  # RCPT TO
    DATA = "data"
    DOT = "dot"  # the final dot: the mail is handed over


class Reply(NamedTuple):
    """An answer: 550, the enhanced status "5.1.1" ('' if there is none), and its text."""

    code: int
    status: str
    text: str

    @property
    def words(self) -> str:
        """The whole answer as one clean line, cut to LONGEST_WORDS characters."""
        return clean_words(f"{self.code} {self.status} {self.text}")


def parse_reply(lines: Sequence[str]) -> Reply | None:
    """The answer in these lines ("550-5.1.1 No", "550 5.1.1 such user"); None if it isn't SMTP."""
    parts = [_LINE.fullmatch(line) for line in lines]
    if not lines or any(part is None for part in parts):
        return None
    texts = [part[2] or "" for part in parts if part]
    found = _STATUS.match(texts[0])
    status = found[1] if found else ""
    bare = (_STATUS.sub("", text, count=1) if _STATUS.match(text) else text for text in texts)
    return Reply(int(lines[0][:3]), status, " ".join(bare).strip())


def clean_words(text: str, longest: int = LONGEST_WORDS) -> str:
    """A stranger's words as one line: no control, format or bidi characters, at most so long."""
    line = " ".join(text.split())
    if not (line.isascii() and line.isprintable()):
        line = "".join(char for char in line if char == " " or char.isprintable())
    return line if len(line) <= longest else line[: longest - 1].rstrip() + "…"


# --- the table -----------------------------------------------------------------------------------


class _Rule(NamedTuple):
    """All that is given has to fit; an answer gets the verdict of the first rule that does.

    `code` is that of the three digits, `status` that of the enhanced status without its class ("1.1"
    of 5.1.1, '' if there is none), `text` is searched for in the text.
    """

    verdict: Verdict
    stages: tuple[Stage, ...] = tuple(Stage)
    code: str = ".*"
    status: str = ".*"
    text: str = ""

    def fits(self, stage: Stage, code: str, status: str, text: str) -> bool:
        return (
            stage in self.stages
            and re.fullmatch(self.code, code) is not None
            and re.fullmatch(self.status, status) is not None
            and re.search(self.text, text, re.IGNORECASE) is not None
        )


_SENDING_LIMIT = (
    r"(sending|outgoing|outbound|daily|hourly|relay|message|user)( \w+)? (limit|quota|rate)"
    r"|rate.?limit|limit for sending|too many (messages|mails|emails|connections|sessions|login)"
    r"|sent too many|unusual (sending )?activity|throttl"
)
_NOT_THIS_SENDER = (
    r"sender address rejected|sender.*not (owned|allowed|permitted|authorized|authorised)"
    r"|not (permitted|allowed|authorized|authorised) to send|SendAsDenied|OutboundSpam"
)
_NOT_LOGGED_IN = (
    r"relay(ing)?( access)? (is )?(denied|not (allowed|permitted))|unable to relay"
    r"|authentication (is )?required|must (authenticate|log ?in|issue a starttls)|not logged in"
    r"|client host .*(rejected|blocked)"
)
_MAILBOX_FULL = r"mailbox.*full|over.?quota|quota exceeded|exceeded.*(quota|storage)"
_NOBODY = (
    r"(user|recipient|address|account|mailbox) (is )?(unknown|not found|does ?n.t exist|unavailable)"
    r"|(unknown|no such|invalid) (user|recipient|address|account|mailbox)"
)

_TABLE = (
    _Rule(Verdict.ACCEPTED, code=r"2\d\d|354"),
    # The account itself: login, what it may send as, how much of it.
    _Rule(Verdict.ACCOUNT, code=r"530|534|535|538"),
    _Rule(Verdict.ACCOUNT, code=r"454", status=r"7\.\d+"),
    _Rule(Verdict.ACCOUNT, code=r"421", status=r"7\.\d+"),
    _Rule(Verdict.ACCOUNT, (Stage.LOGIN,), code=r"454|5\d\d"),
    _Rule(Verdict.ACCOUNT, code=r"5\d\d", status=r"4\.5"),  # Gmail: daily sending quota
    _Rule(Verdict.ACCOUNT, status=r"1\.[78]"),  # RFC 3463: of the sender's address
    _Rule(Verdict.ACCOUNT, code=r"5\d\d", status=r"2\.252|7\.(57|60|139|5\d\d|6\d\d|7\d\d)"),
    _Rule(Verdict.ACCOUNT, status=r"(?!2\.).*", text=_SENDING_LIMIT),
    _Rule(Verdict.ACCOUNT, text=_NOT_THIS_SENDER),
    _Rule(Verdict.ACCOUNT, code=r"5\d\d", text=_NOT_LOGGED_IN),
    # The mail: too big (MAIL FROM announces its size), or of a kind that isn't taken.
    _Rule(Verdict.REFUSED, (Stage.SENDER,), code=r"552"),
    _Rule(Verdict.REFUSED, code=r"5\d\d", status=r"2\.3|3\.4|6\.\d+"),
    # The server is in trouble, not the account.
    _Rule(Verdict.TRY_LATER, (Stage.SENDER,), code=r"4\d\d", status=r"[34]\.\d+"),
    _Rule(Verdict.TRY_LATER, (Stage.SENDER,), code=r"421|451|452", status=r""),
    _Rule(Verdict.ACCOUNT, (Stage.SENDER,)),
    _Rule(Verdict.TRY_LATER, code=r"4\d\d"),
    # A full mailbox is emptied some day.
    _Rule(Verdict.TRY_LATER, code=r"5\d\d", status=r"2\.2"),
    _Rule(Verdict.TRY_LATER, code=r"5\d\d", status=r"(?![15]\.|2\.1).*", text=_MAILBOX_FULL),
    _Rule(Verdict.TRY_LATER, (Stage.RECIPIENT,), code=r"552"),
    # A misunderstanding between programs says nothing about who reads there.
    _Rule(Verdict.REFUSED, (Stage.RECIPIENT,), code=r"5\d\d", status=r"5\.\d+"),
    _Rule(Verdict.BAD_RECIPIENT, (Stage.RECIPIENT,), code=r"5\d\d", status=r"[^5].*"),
    _Rule(Verdict.REFUSED, (Stage.RECIPIENT,), code=r"50[0234]"),
    _Rule(Verdict.BAD_RECIPIENT, (Stage.RECIPIENT,), code=r"5\d\d"),
    _Rule(Verdict.BAD_RECIPIENT, code=r"5\d\d", status=r"1\.\d+|2\.1"),
    _Rule(Verdict.BAD_RECIPIENT, code=r"5\d\d", status=r"", text=_NOBODY),
    _Rule(Verdict.REFUSED, code=r"5\d\d"),
)


def verdict(stage: Stage, code: int, status: str, text: str) -> Verdict:
    """What an answer at this stage means; `status` is the enhanced one ('' if there is none).

    A positive answer is ACCEPTED at any stage. Codes that RFC 5321 doesn't know are TRY_LATER
    before the final dot, where nothing was handed over, and UNKNOWN after it.
    """
    detail = status.partition(".")[2]
    for rule in _TABLE:
        if rule.fits(stage, str(code), detail, text):
            return rule.verdict
    return Verdict.UNKNOWN if stage is Stage.DOT else Verdict.TRY_LATER
