"""The courier that submits mail to a server (RFC 6409), several mails at a time."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from seqctl.domain.sending.accounts import Account
from seqctl.domain.sending.smtp_replies import Verdict
from seqctl.mail.account.connecting import Patience, tls_context
from seqctl.mail.account.secrets import Hidden, secret_of
from seqctl.mail.account.smtp_session import Entrance, Session, open_session
from seqctl.mail.sending.smtp_attempt import Attempt
from seqctl.ports.mail import AccountRefused, Envelope, Handover, Unreachable


class SmtpCourier:
    """Implements `ports.mail.Courier`. Every mail in progress has a session of its own.

    A step is written to all sessions before any answer is read, so that the server works on all
    mails at once.
    """

    def __init__(
        self, account: Account, sessions: int = 4, patience: Patience | None = None
    ) -> None:
        """Connect and log in, one session at first. Raises Unreachable and AccountRefused."""
        if account.smtp is None:
            raise ValueError("the account sends by no server")
        self._most = max(1, sessions)
        self._pipelines = True
        self._begun: list[Attempt] = []
        source = account.secret
        self._entrance = Entrance(
            account.smtp,
            tls_context(account.ca_file),
            patience or Patience(),
            source,
            Hidden(secret_of(source)) if source is not None else None,
        )
        self._free = [self._opened()]

    @property
    def sessions(self) -> int:
        """How many mails can be begun at once; fewer once the server has refused a session."""
        return self._most

    def begin(self, envelopes: Sequence[Envelope]) -> list[Handover]:
        """Put these mails on the wire, without their final dots; the answers that came already."""
        answers: list[Handover] = []
        attempts: list[Attempt] = []
        for envelope in envelopes:
            session = self._session(others=len(attempts))
            if isinstance(session, Session):
                attempts.append(Attempt(session, envelope))
            else:
                answers.append(session._replace(id=envelope.id))
        _in_step(attempts)
        self._pipelines = self._pipelines and not any(attempt.misled for attempt in attempts)
        for attempt in attempts:
            if attempt.answer is None:
                self._begun.append(attempt)
            else:
                answers.append(attempt.answer)
                self._free.append(attempt.session)
        return answers

    def drop(self, ids: Iterable[int]) -> None:
        """Hang up on these begun mails."""
        dropped = set(ids)
        for attempt in self._begun:
            if attempt.id in dropped:
                attempt.drop()
        self._begun = [attempt for attempt in self._begun if attempt.id not in dropped]

    def finish(self) -> list[Handover]:
        """Send all final dots, then read all answers."""
        begun, self._begun = self._begun, []
        for attempt in begun:
            attempt.end()
        answers = [attempt.outcome() for attempt in begun]
        self._free.extend(attempt.session for attempt in begun)
        return answers

    def close(self) -> None:
        """End all sessions; mails that were begun and not finished are never taken."""
        self.drop([attempt.id for attempt in self._begun])
        for session in self._free:
            session.say_goodbye()
        self._free = []

    @property
    def session(self) -> Session | None:
        """A session that waits for a mail, to look at what the server offers."""
        return self._free[0] if self._free else None

    def _opened(self) -> Session:
        session = open_session(self._entrance)
        if not self._pipelines:
            session.offers.pop("PIPELINING", None)
        return session

    def _session(self, others: int) -> Session | Handover:
        """A session for one more mail, or why there is none (for no particular mail)."""
        while self._free:
            session = self._free.pop()
            if not session.wire.spoke_unasked():
                return session
            session.wire.hang_up()  # it was closed, or idle for too long (421)
        if others >= self._most:
            return Handover(0, Verdict.TRY_LATER, f"Only {self._most} sessions are allowed.")
        try:
            return self._opened()
        except (Unreachable, AccountRefused) as error:
            if others:
                self._most = others
                return Handover(0, Verdict.TRY_LATER, str(error))
            return Handover(0, Verdict.ACCOUNT, str(error))  # no mail can go: none is at fault


def _in_step(attempts: Sequence[Attempt]) -> None:
    for step in range(max((len(attempt.steps) for attempt in attempts), default=0)):
        for attempt in attempts:
            attempt.say(step)
        for attempt in attempts:
            attempt.hear(step)
    for attempt in attempts:
        attempt.send_body()
