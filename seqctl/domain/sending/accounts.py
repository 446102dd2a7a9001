"""How mail leaves and enters an inbox: servers, limits, and where its password is found.

No secret stands in any of these values: they name a command, a variable or a file that gives it.
"""

from __future__ import annotations

from datetime import timedelta
from enum import StrEnum
from typing import NamedTuple


class SecretKind(StrEnum):
    """Where a password, or an access token, comes from."""

    COMMAND = "command"
    VARIABLE = "variable"
    FILE = "file"
    TOKEN_COMMAND = "token-command"  # prints an OAuth access token (XOAUTH2)


class Secret(NamedTuple):
    """The place of a secret, never the secret: `Secret(SecretKind.VARIABLE, "MAIL_PASSWORD")`."""

    kind: SecretKind
    place: str


class Server(NamedTuple):
    """A mail server. `tls` from the first byte, else STARTTLS before anything else is said."""

    host: str
    port: int
    user: str
    tls: bool


class Account(NamedTuple):
    """How mail leaves and enters an inbox.

    It sends by `smtp` or by the command `sendmail`; an inbox that captures its mail has neither. It
    reads from `imap`, from the Maildir `maildir`, or not at all. `ca_file` is the certificate of a private
    authority. `fills_sent` says whether the server itself keeps a copy of what it sends; None:
    look before a copy is made. `hand_written` lets a mail that its user wrote by hand hold the contact.
    """

    smtp: Server | None = None
    sendmail: str | None = None
    imap: Server | None = None
    maildir: str | None = None
    secret: Secret | None = None
    ca_file: str | None = None
    fills_sent: bool | None = None
    hand_written: bool = True

    @property
    def sends(self) -> bool:
        """Whether mail really leaves this machine."""
        return self.smtp is not None or self.sendmail is not None

    @property
    def reads(self) -> bool:
        """Whether answers are read."""
        return self.imap is not None or self.maildir is not None


class Limits(NamedTuple):
    """How many mails an inbox sends at most: in 24 hours, in a minute, and how far apart.

    None is no limit. `gap` is the shortest and the longest distance between two mails; each mail has a
    distance of its own in between. `new_per_day` is how many first mails of an enrollment go in 24 hours.
    """

    per_day: int | None = None
    per_minute: int | None = None
    gap: tuple[timedelta, timedelta] | None = None
    new_per_day: int | None = None

    def __bool__(self) -> bool:
        return any(limit is not None for limit in self)

    def __str__(self) -> str:
        said = [
            f"{count} {span}"
            for count, span in (
                (self.per_day, "in 24 hours"),
                (self.new_per_day, "first mails in 24 hours"),
                (self.per_minute, "a minute"),
            )
            if count is not None
        ]
        if self.gap is not None:
            least, most = (int(span.total_seconds()) for span in self.gap)
            said.append(f"one every {least} to {most} s")
        return f"at most {', '.join(said)}" if said else "without limit"


NO_ACCOUNT = Account()
"""Of an inbox that keeps its mail in the workspace and reads none."""
NO_LIMITS = Limits()
USUAL_LIMITS = Limits(per_day=100, per_minute=3)
"""Of an inbox that really sends, unless it was told otherwise (rules, "Usual limits"; no provider minds
so few)."""
