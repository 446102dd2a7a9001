"""The courier that hands mail to a command: `sendmail`, `msmtp`, or whatever takes a mail to send."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Sequence

from seqctl.domain.sending.accounts import Account
from seqctl.domain.sending.smtp_replies import Verdict, clean_words
from seqctl.ports.mail import AccountRefused, Envelope, Handover

COMMAND_SECONDS = 120.0

# sysexits.h, as sendmail and its likes use it.
_VERDICTS = {
    0: Verdict.ACCEPTED,
    67: Verdict.BAD_RECIPIENT,  # EX_NOUSER
    68: Verdict.BAD_RECIPIENT,  # EX_NOHOST
    75: Verdict.TRY_LATER,  # EX_TEMPFAIL
    77: Verdict.ACCOUNT,  # EX_NOPERM
    78: Verdict.ACCOUNT,  # EX_CONFIG
}


class SendmailCourier:
    """Implements `ports.mail.Courier` with one session.

    A command sends what it has read when its input ends, also where that ends because this process
    was killed. So `begin` only remembers the mail, and `finish` gives it all at once.
    """

    def __init__(self, account: Account, seconds: float = COMMAND_SECONDS) -> None:
        """Look the command up. Raises AccountRefused if it isn't there."""
        import shutil

        self._words = _split(account.sendmail or "")
        self._seconds = seconds
        self._begun: Envelope | None = None
        if shutil.which(self._words[0]) is None:
            raise AccountRefused(
                f"The command `{self._words[0]}` that sends mail is not there, or can't be run.",
                f"command -v {shlex.quote(self._words[0])}",
            )

    @property
    def sessions(self) -> int:
        """One mail at a time."""
        return 1

    def begin(self, envelopes: Sequence[Envelope]) -> list[Handover]:
        """Remember the mail (the first; there is one session)."""
        refused: list[Handover] = []
        for envelope in envelopes:
            if envelope.recipient.startswith("-"):
                words = "An address that begins with a hyphen is not given to a command."
                refused.append(Handover(envelope.id, Verdict.REFUSED, words))
            elif self._begun is not None:
                words = "The command takes one mail at a time."
                refused.append(Handover(envelope.id, Verdict.TRY_LATER, words))
            else:
                self._begun = envelope
        return refused

    def drop(self, ids: Iterable[int]) -> None:
        """Forget the mail."""
        if self._begun is not None and self._begun.id in set(ids):
            self._begun = None

    def finish(self) -> list[Handover]:
        """Run the command."""
        begun, self._begun = self._begun, None
        return [self._sent(begun)] if begun is not None else []

    def close(self) -> None:
        """Forget what was begun."""
        self._begun = None

    def _sent(self, envelope: Envelope) -> Handover:
        import subprocess

        words = self._command(envelope)
        try:
            done = subprocess.run(
                words,
                input=envelope.content.replace(b"\r\n", b"\n"),
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                timeout=self._seconds,
                check=False,
            )
        except subprocess.TimeoutExpired:
            late = f"{words[0]} did not end within {self._seconds:g} seconds."
            return Handover(envelope.id, Verdict.UNKNOWN, late)
        except (OSError, ValueError) as error:
            return Handover(envelope.id, Verdict.ACCOUNT, f"{words[0]} can't be run: {error}.")
        return Handover(
            envelope.id, _meaning(done.returncode), _ending(done.returncode, done.stdout)
        )

    def _command(self, envelope: Envelope) -> list[str]:
        if any("{to}" in word for word in self._words):
            return [word.replace("{to}", envelope.recipient) for word in self._words]
        return [*self._words, "-i", "-f", envelope.sender, "--", envelope.recipient]


def _split(command: str) -> list[str]:
    try:
        words = shlex.split(command)
    except ValueError:
        words = []
    if words:
        return words
    raise AccountRefused(
        "The command that sends mail can't be split into words: a quote is open, or it is empty.",
        "seqctl inbox connect ADDRESS --sendmail /usr/sbin/sendmail",
    )


def _meaning(status: int) -> Verdict:
    # Killed by a signal: nobody knows how far it had come.
    return Verdict.UNKNOWN if status < 0 else _VERDICTS.get(status, Verdict.REFUSED)


def _ending(status: int, printed: bytes) -> str:
    how = f"exit status {status}" if status >= 0 else f"killed by signal {-status}"
    said = clean_words(printed.decode(errors="replace"))
    return clean_words(f"{how}: {said}" if said else how)
