"""What becomes of a mail that was handed over, and of its enrollment (docs/mail.md has the diagram).

Every function here writes inside the caller's transaction.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from seqctl.domain.enrollments import lifecycle
from seqctl.domain.enrollments.deciding import change, ended, with_finish
from seqctl.domain.errors import SeqctlError
from seqctl.domain.model import Change, Enrollment, Event, MailStatus
from seqctl.domain.sending.retrying import next_try
from seqctl.domain.timing.schedule import is_open, next_opening

if TYPE_CHECKING:
    from seqctl.ports import Store
    from seqctl.ports.outbox import Sent
    from seqctl.service.plans import Plans

_FAILED = "SEND_FAILED"


class Settling:
    """Settles mails; `changes` are all that it decided, in their order.

    `actor_id` is the person who says so, or None for the tick.
    """

    def __init__(
        self, store: Store, plans: Plans, now: datetime, actor_id: int | None = None
    ) -> None:
        self._store = store
        self._plans = plans
        self.now = now
        self._actor_id = actor_id
        self.changes: list[Change] = []

    def sent(self, mails: Sequence[Sent], at: datetime, words: str = "") -> None:
        """They went out at `at`: the next delays count from there (rules, "When a step is due")."""
        self._store.outbox.settle([mail.id for mail in mails], MailStatus.SENT, at, words)
        self._record([each for mail in mails for each in self._sent(mail, at, words)])

    def _sent(self, mail: Sent, at: datetime, words: str) -> Iterable[Change]:
        detail = mail.subject if not words else f"{mail.subject} ({words})"
        after = mail.enrollment
        if not (mail.is_awaited or mail.is_due_again):
            after = after._replace(had_mail=True)
            return [change(after, self.now, "sent", detail, self._actor_id, mail.step)]
        after = lifecycle.step_done(after, self._plans.of(after), at, mail.id)
        return with_finish(change(after, self.now, "sent", detail, self._actor_id, mail.step))

    def try_later(self, mail: Sent, words: str) -> None:
        """The server can't take it now: again later, or given up (SEND_FAILED)."""
        due = next_try(self.now, mail.tries + 1, mail.first_try_at or self.now)
        if due is None:
            self.refused(mail, f"tried {mail.tries + 1} times in two days; at last: {words}")
            return
        self._store.outbox.settle([mail.id], MailStatus.QUEUED, self.now, words, tried=True)
        self._go_back(mail, due, "try-later", words)

    def blocked(self, mail: Sent, words: str) -> None:
        """The account may not send now: nothing is wrong with the mail, which waits with its inbox."""
        self._store.outbox.settle([mail.id], MailStatus.QUEUED, self.now, words)
        self._go_back(mail, self.now, "waiting", words, blocked=True)

    def taken_back(self, mail: Sent, words: str) -> None:
        """It has not gone out and is due again, at once or at the next opening; where its enrollment
        has ended it never will."""
        live = mail.enrollment.live
        status = MailStatus.QUEUED if live else MailStatus.CANCELLED
        self._store.outbox.settle([mail.id], status, self.now)
        if live:
            self._go_back(mail, self.now, "taken-back", words)

    def may_go(self, mail: Sent) -> bool:
        """Whether the day and the window of its enrollment are open now."""
        return self._is_open(mail.enrollment, self.now)

    def refused(self, mail: Sent, words: str) -> None:
        """The mail itself is refused for good: its enrollment ends with an error."""
        self._store.outbox.settle([mail.id], MailStatus.FAILED, self.now, words)
        if mail.enrollment.live:
            self._record([ended(mail.enrollment, self.now, "error", _FAILED, words)])

    def bounced(self, mail: Sent, words: str) -> list[int]:
        """Its address is refused for good: a bounce, for all enrollments of the contact."""
        from seqctl.service.enrollments.marking import ended_by_event

        store = self._store
        store.outbox.settle([mail.id], MailStatus.FAILED, self.now, words)
        store.contacts.suppress(mail.recipient, "bounced", self.now)
        contact = store.contacts.by_ids([mail.contact_id])[mail.contact_id]
        store.history.add([Event(self.now, self._actor_id, "bounced", words, contact.id)])
        ids = ended_by_event(store, contact, self.now, self._actor_id, "bounce")
        self.changes += [
            change(e, self.now, "unenrolled", "bounce") for e in store.enrollments.get(ids)
        ]
        return ids

    def unknown(self, mail: Sent, words: str) -> None:
        """Perhaps it went out: it is never sent again by itself."""
        self._store.outbox.settle([mail.id], MailStatus.UNKNOWN, mail.at, words)
        self._record([self._told(mail, "unknown", f"{mail.subject}: {words}")])

    def unsure(self, mail: Sent, words: str) -> None:
        """The connection broke behind the final dot: it is looked for before anything else."""
        self._record([self._told(mail, "unsure", words)])

    def _go_back(
        self, mail: Sent, due: datetime, kind: str, words: str, *, blocked: bool = False
    ) -> None:
        if not mail.is_awaited:
            return
        try:
            due = due if blocked else self._placed(mail.enrollment, due)
        except SeqctlError as error:  # no day allows it any more
            self._record([ended(mail.enrollment, self.now, "error", error.code, error.message)])
            return
        after = lifecycle.mail_back(mail.enrollment, due, blocked=blocked)
        self._record([change(after, self.now, kind, words, self._actor_id)])

    def _told(self, mail: Sent, kind: str, words: str) -> Change:
        return change(mail.enrollment, self.now, kind, words, self._actor_id, mail.step)

    def _placed(self, enrollment: Enrollment, due: datetime) -> datetime:
        if self._is_open(enrollment, due):
            return due
        return next_opening(due, self._plans.of(enrollment).calendar)

    def _is_open(self, enrollment: Enrollment, moment: datetime) -> bool:
        return enrollment.any_time or is_open(moment, self._plans.of(enrollment).calendar)

    def _record(self, changes: list[Change]) -> None:
        self._store.enrollments.record(changes)
        self.changes += changes
