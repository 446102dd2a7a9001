"""Handing real mail over, each exactly once (docs/mail.md; rules, "What never happens", 1).

queued → claimed (committed) → body on the wire → `sending` committed → final dot → what the server said.
A mail whose final dot has not gone out was never taken by the server. So one that was claimed may go
again; one that was `sending` may not, until it was looked for in Sent.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

from seqctl.domain.errors import SeqctlError
from seqctl.domain.model import Change, Inbox, MailStatus
from seqctl.ports.mail import AccountRefused, Envelope, Handover, Unreachable, Verdict
from seqctl.service.sending.outgoing import Composing
from seqctl.service.sending.settling import Settling

if TYPE_CHECKING:
    from seqctl.ports import Clock, Store
    from seqctl.ports.mail import Courier, PostOffice
    from seqctl.ports.outbox import Claim, Sent
    from seqctl.service.plans import Plans

_CLAIMED_AT_ONCE = 100
_BACK = frozenset({MailStatus.QUEUED, MailStatus.CLAIMED})
_OPEN = frozenset({MailStatus.CLAIMED, MailStatus.SENDING, MailStatus.UNKNOWN})


class Delivery:
    """Hands over what is queued of one inbox.

    `look_again` is called before mails are begun and before they go out. `trouble` is why its account
    may not send, if so; `outage` why its server could not be reached.
    """

    def __init__(
        self,
        store: Store,
        clock: Clock,
        office: PostOffice,
        plans: Plans,
        inbox: Inbox,
        look_again: Callable[[], None] = lambda: None,
    ) -> None:
        self._store = store
        self._clock = clock
        self._office = office
        self._plans = plans
        self._inbox = inbox
        self._look_again = look_again
        self._composing = Composing(store, office)
        self.trouble: AccountRefused | None = None
        self.outage: Unreachable | None = None
        self.changes: list[Change] = []

    def run(self) -> bool:
        """Hand over all that is queued; whether anything was."""
        claims = self._claim()
        if not claims:
            return False
        try:
            courier = self._office.courier(self._inbox.account)
        except Unreachable as error:
            self.outage = error
            self._none(claims, Verdict.TRY_LATER, str(error))
        except AccountRefused as error:
            self.trouble = error
            self._none(claims, Verdict.ACCOUNT, str(error))
        else:
            try:
                self._all(courier, claims)
            finally:
                courier.close()
        return True

    def _all(self, courier: Courier, claims: list[Claim]) -> None:
        while claims and self.trouble is None:
            self._look_again()
            at_once = courier.sessions  # fewer once the server has refused one
            with self._store.writing():
                now, later = self._still_open(claims[:at_once]), claims[at_once:]
                as_it_was = self._is_as_it_was()
                if not as_it_was:
                    self._all_back()
            if not as_it_was:
                return
            if now:
                self._round(courier, now)
            claims = later or self._claim()
        self._none(claims, Verdict.ACCOUNT, str(self.trouble))

    def _round(self, courier: Courier, claims: list[Claim]) -> None:
        """Up to as many mails as there are sessions: all bodies, one commit, all final dots."""
        envelopes, refused = self._composed(claims)
        refused += courier.begin(envelopes)
        self._heard(claims, refused)
        begun = {claim.id for claim in claims} - {handover.id for handover in refused}
        self._look_again()  # a slow server may have taken its time over the bodies
        going, handed_over = self._at_the_door(begun)
        courier.drop(begun - going)
        if going:
            self._heard(claims, courier.finish(), handed_over)

    def _at_the_door(self, begun: set[int]) -> tuple[set[int], datetime]:
        """Those of these mails that are `sending` from now on, and when: only their final dots are
        missing. Everything is asked again, in the same transaction; the others go back
        (rules, "Asked again at the door").
        """
        store = self._store
        with store.writing():
            settling = self._settling()
            mails = store.outbox.get(begun) if self._is_as_it_was() else []
            going = store.outbox.mark_sending(mail.id for mail in mails if settling.may_go(mail))
            self._take_back(begun - going)
        return going, settling.now

    def _heard(
        self, claims: list[Claim], answers: list[Handover], handed_over: datetime | None = None
    ) -> None:
        """Keep what the server said, also where the workspace is another tick's by now."""
        if not answers:
            return
        with self._store.recording():
            if not self._store.is_mine():
                answers = self._news_to_others(claims, answers)
            self._settle(answers, handed_over)

    def _news_to_others(self, claims: list[Claim], answers: list[Handover]) -> list[Handover]:
        """The answers about mails that are still the same, and that nobody has settled meanwhile."""
        asked = {claim.id: (claim.enrollment_id, claim.step, claim.recipient) for claim in claims}
        open_ = {
            mail.id
            for mail in self._store.outbox.get(asked)
            if (mail.status in _OPEN or mail.is_due_again)
            and (mail.enrollment.id, mail.step, mail.recipient) == asked[mail.id]
        }
        return [answer for answer in answers if answer.id in open_]

    def _none(self, claims: list[Claim], verdict: Verdict, words: str) -> None:
        """None of these, nor of what else is queued, can be handed over now, for one reason."""
        while claims:
            with self._store.writing():
                self._settle([Handover(claim.id, verdict, words) for claim in claims])
            claims = self._claim()

    def _claim(self) -> list[Claim]:
        """The next mails to hand over."""
        while True:
            with self._store.writing():
                now = self._now()
                claims = self._store.outbox.claim(self._inbox.id, now, _CLAIMED_AT_ONCE)
                open_ = self._still_open(claims)
            if open_ or not claims:
                return open_

    def _still_open(self, claims: list[Claim]) -> list[Claim]:
        """Those whose day and window are open; the others go back before anything is begun."""
        settling = self._settling()
        mails = self._store.outbox.get(claim.id for claim in claims)
        closed = {mail.id for mail in mails if not settling.may_go(mail)}
        self._take_back(closed)
        return [claim for claim in claims if claim.id not in closed]

    def _is_as_it_was(self) -> bool:
        """Whether the inbox is as this delivery knows it: its account, its limits, no trouble."""
        return self._inbox == self._store.people.inbox(self._inbox.id)

    def _all_back(self) -> None:
        """Whatever is on its way from this inbox is decided anew, by what the inbox is now."""
        mails = self._store.outbox.unsettled(self._inbox.id, *_BACK)
        self._take_back({m.id for m in mails if m.is_awaited or m.status == MailStatus.CLAIMED})

    def _take_back(self, ids: set[int]) -> None:
        if not ids:
            return
        settling = self._settling()
        for mail in self._store.outbox.get(ids):
            if mail.status in _BACK:  # else another tick has settled it
                settling.taken_back(mail, self._why_back(settling, mail))
        self.changes += settling.changes

    def _why_back(self, settling: Settling, mail: Sent) -> str:
        if not settling.may_go(mail):
            return "the day or window closed before it went out"
        if not self._is_as_it_was():
            return "its inbox was changed before it went out"
        return "its enrollment was held or ended, or the workspace halted, before it went out"

    def _settle(self, handovers: list[Handover], handed_over: datetime | None = None) -> None:
        """What the server said; its mails went out at `handed_over`, just before it answered."""
        if not handovers:
            return
        settling, outbox = self._settling(), self._store.outbox
        accepted = [h.id for h in handovers if h.verdict == Verdict.ACCEPTED]
        if accepted:
            settling.sent(outbox.get(accepted), handed_over or settling.now)
            if self._inbox.account.reads and not self._inbox.account.fills_sent:
                outbox.keep_in_sent(accepted)
        for handover in handovers:
            if handover.verdict != Verdict.ACCEPTED:
                # Read one by one: a bounce ends the other enrollments of its contact.
                (mail,) = outbox.get([handover.id])
                self._settle_one(settling, mail, handover)
        if self.trouble is not None:
            # From now on its mails wait for the inbox, so that its trouble has to be known.
            self._inbox = replace(self._inbox, trouble=str(self.trouble))
            self._store.people.trouble_inbox(self._inbox.id, self._inbox.trouble)
        self.changes += settling.changes

    def _sentence(self, words: str) -> str:
        """Why the account sends nothing: a server's bare answer (`550 5.4.5 quota`) is put into words."""
        if not words[:3].isdigit():
            return words
        return f"The server takes no mail from {self._inbox.address} now: {words}"

    def _settle_one(self, settling: Settling, mail: Sent, handover: Handover) -> None:
        words = handover.words
        if handover.verdict == Verdict.TRY_LATER:
            settling.try_later(mail, words)
        elif handover.verdict == Verdict.BAD_RECIPIENT:
            settling.bounced(mail, words)
        elif handover.verdict == Verdict.REFUSED:
            settling.refused(mail, words)
        elif handover.verdict == Verdict.ACCOUNT:
            settling.blocked(mail, words)
            self.trouble = self.trouble or AccountRefused(self._sentence(words))
        else:
            settling.unsure(mail, words)

    def _composed(self, claims: list[Claim]) -> tuple[list[Envelope], list[Handover]]:
        """The mails as bytes; one that can't be composed stops nobody else."""
        envelopes: list[Envelope] = []
        refused: list[Handover] = []
        for claim in claims:
            try:
                content = self._composing.content(claim)
            except SeqctlError as error:
                refused.append(Handover(claim.id, Verdict.REFUSED, error.message))
            else:
                envelopes.append(Envelope(claim.id, claim.sender, claim.recipient, content))
        return envelopes, refused

    def _settling(self) -> Settling:
        return Settling(self._store, self._plans, self._now())

    def _now(self) -> datetime:
        return _current(self._store, self._clock)


Find = Callable[["Sent"], datetime | None]
"""Finds when a mail went out, or None where it does not stand in Sent."""


def take_back(store: Store, clock: Clock, plans: Plans, inbox: Inbox) -> list[Change]:
    """What an interrupted tick had queued or claimed goes back: it has not gone out.

    Only under the tick lock: else it is another tick's, at work.
    """
    with store.writing():
        settling = Settling(store, plans, _current(store, clock))
        for mail in store.outbox.unsettled(inbox.id, MailStatus.QUEUED, MailStatus.CLAIMED):
            if mail.is_awaited or not mail.enrollment.live or mail.status == MailStatus.CLAIMED:
                settling.taken_back(mail, "the tick that was to send it was interrupted")
    return settling.changes


def look_for(
    store: Store, clock: Clock, plans: Plans, inbox: Inbox, find: Find | None
) -> list[Change]:
    """What may have gone out is looked for with `find`; what is not found is `unknown`.

    Where no mailbox is read (`find` is None) nobody can tell. Only under the tick lock.
    """
    changes: list[Change] = []
    for sending in store.outbox.unsettled(inbox.id, MailStatus.SENDING):
        found = None if find is None else find(sending)
        with store.writing():
            settling = Settling(store, plans, _current(store, clock))
            for mail in store.outbox.get([sending.id]):
                if found is not None:
                    settling.sent([mail], min(found, settling.now), "found in Sent")
                else:
                    settling.unknown(mail, _UNFOUND if find else _NOBODY_TELLS)
        changes += settling.changes
    return changes


def look_before_sending(
    store: Store, clock: Clock, plans: Plans, inbox: Inbox, restored_at: datetime, find: Find
) -> list[Change]:
    """After a restore: of a step that was done since the backup was made, the file knows nothing.

    So each queued mail of an enrollment that the backup held is looked for in Sent; what is found
    went out then. Only under the tick lock.
    """
    changes: list[Change] = []
    for queued in store.outbox.unsettled(inbox.id, MailStatus.QUEUED):
        old = queued.enrollment.enrolled_at <= restored_at
        found = find(queued) if old and queued.is_awaited else None
        if found is None:
            continue
        with store.writing():
            settling = Settling(store, plans, _current(store, clock))
            for mail in store.outbox.get([queued.id]):
                settling.sent([mail], min(found, settling.now), "found in Sent")
        changes += settling.changes
    return changes


def _current(store: Store, clock: Clock) -> datetime:
    """The actual time, never before the last event."""
    now = clock.now()
    return max(now, store.history.last_at() or now)


_UNFOUND = "it may or may not have gone out; it does not stand in Sent"
_NOBODY_TELLS = "it may or may not have gone out; no mailbox is read that could tell"
