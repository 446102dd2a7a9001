"""Which courier and which mailbox an account has; and whether they work."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from seqctl.domain.sending.accounts import Account, Server
from seqctl.ports.mail import (
    AccountRefused,
    Check,
    Courier,
    Mailbox,
    Outgoing,
    Unreachable,
)

if TYPE_CHECKING:
    from seqctl.domain.reading.letters import Letter
    from seqctl.mail.account.connecting import Patience

OFFERS = ("DSN", "SIZE", "8BITMIME", "SMTPUTF8", "PIPELINING")

Checks = dict[str, Check]


class Office:
    """Implements `ports.mail.PostOffice`."""

    def __init__(self, patience: Patience | None = None) -> None:
        self._patience = patience

    def courier(self, account: Account, sessions: int = 4) -> Courier:
        """Connect and log in to what the account sends by. Raises Unreachable, AccountRefused."""
        from seqctl.mail.account.guarding import GuardedCourier, guarding

        place = account.smtp.host if account.smtp else account.sendmail or ""
        with guarding(place):
            return GuardedCourier(self._courier(account, sessions), place)

    def _courier(self, account: Account, sessions: int) -> Courier:
        if account.smtp is not None:
            from seqctl.mail.sending.smtp import SmtpCourier

            return SmtpCourier(account, sessions, self._patience)
        if account.sendmail is not None:
            from seqctl.mail.sending.sendmail import SendmailCourier

            return SendmailCourier(account)
        raise AccountRefused("This inbox sends no mail.", "seqctl inbox connect ADDRESS --smtp URL")

    def mailbox(self, account: Account) -> Mailbox:
        """Connect and log in to what the account reads. Raises Unreachable, AccountRefused."""
        from seqctl.mail.account.guarding import GuardedMailbox, guarding

        place = account.imap.host if account.imap else account.maildir or ""
        with guarding(place):
            return GuardedMailbox(self._mailbox(account), place)

    def _mailbox(self, account: Account) -> Mailbox:
        if account.imap is not None:
            from seqctl.mail.reading.imap import ImapMailbox

            return ImapMailbox(account, self._patience)
        if account.maildir is not None:
            from seqctl.mail.reading.maildir_reading import MaildirMailbox

            return MaildirMailbox(account.maildir)
        raise AccountRefused("This inbox reads no mail.", "seqctl inbox connect ADDRESS --imap URL")

    def compose(self, mail: Outgoing) -> bytes:
        """The mail as bytes."""
        from seqctl.mail.sending.compose import compose

        return compose(mail)

    def read(self, raw: bytes) -> Letter:
        """The facts of a mail; never raises."""
        from seqctl.mail.reading.letters import read_letter

        return read_letter(raw)

    def inspect(self, account: Account) -> Mapping[str, Check]:
        """Checks `smtp` (or `sendmail`), `imap` (or `maildir`), `tls` of both servers, and `offers`.

        Only what the account has is there; a failure is a check that isn't well.
        """
        checks: Checks = {}
        certificates: list[str] = []
        if account.smtp is not None:
            _check(checks, "smtp", lambda: self._look_at_smtp(account, checks, certificates))
        elif account.sendmail is not None:
            _check(checks, "sendmail", lambda: self._look_at_command(account))
        if account.imap is not None:
            _check(checks, "imap", lambda: self._look_at_imap(account, certificates))
        elif account.maildir is not None:
            _check(checks, "maildir", lambda: self._look_at_maildir(account))
        if certificates:
            checks["tls"] = Check("tls", True, "; ".join(dict.fromkeys(certificates)))
        return checks

    def _look_at_smtp(self, account: Account, checks: Checks, certificates: list[str]) -> str:
        from seqctl.mail.sending.smtp import SmtpCourier

        courier = SmtpCourier(account, 1, self._patience)
        try:
            session = courier.session
            if session is not None and account.smtp is not None:
                certificates.append(_tls_words(session.wire.tls, account.smtp))
                offered = [
                    f"{o} {session.offers[o]}".strip() for o in OFFERS if o in session.offers
                ]
                words = ", ".join(offered) or "none of " + ", ".join(OFFERS)
                checks["offers"] = Check("offers", True, words)
        finally:
            courier.close()
        return _login_words(account)

    def _look_at_imap(self, account: Account, certificates: list[str]) -> str:
        from seqctl.mail.reading.imap import ImapMailbox

        mailbox = ImapMailbox(account, self._patience)
        try:
            if account.imap is not None:
                certificates.append(_tls_words(mailbox.connection, account.imap))
            sent = mailbox.sent_folder()
        finally:
            mailbox.close()
        where = f"sent mail in {sent}" if sent else "no folder of sent mail"
        return f"{_login_words(account)}, {where}"

    def _look_at_command(self, account: Account) -> str:
        self.courier(account).close()
        return "the command is there"

    def _look_at_maildir(self, account: Account) -> str:
        self.mailbox(account).close()
        return "the Maildir is there"


def _check(checks: Checks, name: str, look: Callable[[], str]) -> None:
    """What `look` says, or what it raises, as a check."""
    from seqctl.mail.account.guarding import guarding

    try:
        with guarding(name):
            checks[name] = Check(name, True, look())
    except Unreachable as error:
        checks[name] = Check(name, False, str(error))
    except AccountRefused as error:
        checks[name] = Check(name, False, f"{error} {error.hint}".strip())


def _login_words(account: Account) -> str:
    return "login accepted" if account.secret is not None else "connected, without a login"


def _tls_words(connection: object, server: Server) -> str:
    """`TLSv1.3, certificate of mail.acme.test valid until 2027-01-01`."""
    import ssl

    if not isinstance(connection, ssl.SSLSocket):
        return f"no TLS with {server.host}"
    ends = (connection.getpeercert() or {}).get("notAfter")
    words = f"{connection.version()}, certificate of {server.host}"
    if not isinstance(ends, str):
        return words
    day = datetime.fromtimestamp(ssl.cert_time_to_seconds(ends), UTC).date()
    return f"{words} valid until {day}"
