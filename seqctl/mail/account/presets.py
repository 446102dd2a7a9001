"""The servers of well-known providers, as these document them."""

from __future__ import annotations

from typing import NamedTuple

from seqctl.domain.sending.accounts import Server


class Preset(NamedTuple):
    """The servers of a provider; `fills_sent` as in `Account`, None where it depends or isn't known.

    `secret` says in a few words what kind of password the provider takes.
    """

    smtp_host: str
    smtp_port: int
    smtp_tls: bool
    imap_host: str
    imap_port: int
    imap_tls: bool
    fills_sent: bool | None
    secret: str

    def smtp(self, user: str) -> Server:
        """The server that takes mail."""
        return Server(self.smtp_host, self.smtp_port, user, self.smtp_tls)

    def imap(self, user: str) -> Server:
        """The server that is read."""
        return Server(self.imap_host, self.imap_port, user, self.imap_tls)


PRESETS: dict[str, Preset] = {
    "gmail": Preset(
        *("smtp.gmail.com", 465, True),
        *("imap.gmail.com", 993, True),
        fills_sent=True,
        secret="an app password, or an OAuth access token",
    ),
    "outlook": Preset(
        *("smtp.office365.com", 587, False),
        *("outlook.office365.com", 993, True),
        fills_sent=None,
        secret="an OAuth access token; passwords are being switched off",
    ),
    "fastmail": Preset(
        *("smtp.fastmail.com", 465, True),
        *("imap.fastmail.com", 993, True),
        fills_sent=None,
        secret="an app password",
    ),
    "icloud": Preset(
        *("smtp.mail.me.com", 587, False),
        *("imap.mail.me.com", 993, True),
        fills_sent=None,
        secret="an app-specific password",
    ),
}
