"""What a mail that was read is taken for, knowing the workspace (docs/mail.md has the order)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple

from seqctl.domain.model import Contact, Inbox, MailStatus
from seqctl.domain.reading.letters import Kind, Letter, taken_for
from seqctl.domain.sending.message_ids import is_seqctl_id, message_of, message_of_token
from seqctl.ports.mail import Folder
from seqctl.ports.received import Received
from seqctl.service.reading.reacting import About, Reaction, react, wrote_by_hand
from seqctl.service.reading.rereading import acted_already, was_sent_from_here
from seqctl.service.sending.settling import Settling

if TYPE_CHECKING:
    from seqctl.ports import Store
    from seqctl.ports.mail import Arrived
    from seqctl.ports.outbox import Sent
    from seqctl.ports.received import Reading
    from seqctl.service.plans import Plans

BY_HAND = "written by hand"
_BOUNCES = frozenset({Kind.BOUNCE_HARD, Kind.BOUNCE_SOFT})
_OPEN = frozenset({MailStatus.SENDING, MailStatus.UNKNOWN})


class Judgement(NamedTuple):
    """What a mail is taken for, why, whom it is about, and the mail of ours that it answers.

    `by_thread` is whether it names a mail of ours, not only comes from a contact's address.
    """

    kind: Kind
    reason: str
    contact: Contact | None = None
    message: Sent | None = None
    recipient: str | None = None

    @property
    def by_thread(self) -> bool:
        return self.message is not None


class Receiving:
    """Judges the mails of one inbox and does what they ask for, inside the caller's transaction.

    `aliases` are the contacts of addresses that are no contact's first one.
    """

    def __init__(
        self,
        store: Store,
        plans: Plans,
        inbox: Inbox,
        now: datetime,
        aliases: Mapping[str, int],
    ) -> None:
        self._store = store
        self._plans = plans
        self._inbox = inbox
        self._now = now
        self._aliases = aliases
        state = store.workspace.state()
        self._secret = state.secret
        self._simulated = state.simulated

    def take(self, arrived: Arrived, letter: Letter) -> Received:
        """Record a mail and what it changed."""
        readings = self._store.received.readings(letter.identity)
        judged = self._judge(letter, arrived.folder, readings)
        settled = self._evidence(letter, judged)
        reaction, note = self._react_once(judged, letter, arrived, readings)
        message, contact = judged.message, judged.contact
        received = Received(
            0,
            self._inbox.id,
            arrived.folder,
            arrived.cursor.validity if arrived.cursor else 0,
            arrived.key,
            self._now,
            arrived.at,
            letter.sender,
            letter.subject,
            letter.message_id,
            judged.kind,
            f"{judged.reason}; {note}" if note else judged.reason,
            judged.recipient,
            contact.id if contact else None,
            message.enrollment.id if message else None,
            message.id if message else None,
            letter.returns,
            bool(reaction) or settled,
            reaction.suppressed,
            reaction.hold_id,
            reaction.ended,
            letter.identity,
        )
        return received._replace(id=self._store.received.add(received))

    # --- what it is -----------------------------------------------------------------------------

    def _judge(self, letter: Letter, folder: Folder, readings: list[Reading]) -> Judgement:
        own = self._own(letter, folder, readings)
        if own is not None:
            return own
        kind, reason = taken_for(letter)
        message = self._answered(letter)
        if kind in _BOUNCES or kind == Kind.COMPLAINT:
            return self._report(kind, reason, letter, message)
        if kind == Kind.UNSUBSCRIBE and letter.token is not None:
            genuine = message_of_token(letter.token, self._secret)
            named = self._message(genuine) if genuine is not None else None
            if named is not None:
                return self._about(Kind.UNSUBSCRIBE, reason, letter, named)
            kind, reason = self._without_token(letter)
        judged = self._about(kind, reason, letter, message)
        if kind != Kind.OTHER:
            return judged
        return self._perhaps_reply(judged)

    def _own(self, letter: Letter, folder: Folder, readings: list[Reading]) -> Judgement | None:
        number = message_of(letter.message_id or "", self._secret)
        if self._is_ours(letter) or number is not None:
            message = self._message(number) if number is not None else None
            return Judgement(Kind.OWN, "one of the mails sent from here", None, message)
        if folder == Folder.SENT:
            # A test, a preview, or another workspace: outsiders can't put anything there.
            by_seqctl = letter.seqctl_id is not None
            return Judgement(Kind.OWN, "sent by seqctl" if by_seqctl else BY_HAND)
        if letter.sender == self._inbox.address and letter.failure is None:
            return Judgement(Kind.OWN, "from this inbox itself")
        copied = was_sent_from_here(readings, self._inbox.id, letter.sender)
        if copied and self._from(letter.sender) is None:
            return Judgement(Kind.OWN, "a copy of a mail in Sent")
        return None

    def _is_ours(self, letter: Letter) -> bool:
        """Whether its X-Seqctl-Id is one of this workspace: anybody can write such a header."""
        return letter.seqctl_id is not None and is_seqctl_id(letter.seqctl_id, self._secret)

    @staticmethod
    def _without_token(letter: Letter) -> tuple[Kind, str]:
        """What a mail is whose token is not one of ours."""
        kind, reason = taken_for(letter._replace(token=None))
        return kind, f"its unsubscribe token is not one of ours{'; ' if reason else ''}{reason}"

    def _report(self, kind: Kind, reason: str, letter: Letter, message: Sent | None) -> Judgement:
        """A bounce or a complaint: it is only about a message of ours."""
        named = letter.complaint if kind == Kind.COMPLAINT else None
        if letter.failure is not None and kind != Kind.COMPLAINT:
            named = letter.failure.recipient
        if message is None:
            return Judgement(kind, f"{reason}; about no mail of ours", None, None, named or None)
        return Judgement(
            kind, reason, self._contact(message.contact_id), message, named or message.recipient
        )

    def _about(self, kind: Kind, reason: str, letter: Letter, message: Sent | None) -> Judgement:
        contact = self._from(letter.sender)
        if message is not None:
            contact = self._contact(message.contact_id)
        recipient = None
        if kind == Kind.UNSUBSCRIBE:
            recipient = contact.email if contact else letter.sender
        return Judgement(kind, reason, contact, message, recipient)

    def _perhaps_reply(self, judged: Judgement) -> Judgement:
        said = f"{judged.reason}; " if judged.reason else ""
        if judged.message is not None:
            reason = f"{said}answers mail {judged.message.id}: {judged.message.subject}"
            return judged._replace(kind=Kind.REPLY, reason=reason)
        if judged.contact is not None:
            reason = f"{said}comes from {judged.contact.email}"
            return judged._replace(kind=Kind.REPLY, reason=reason)
        return judged._replace(reason=f"{said}answers no mail of ours, from no contact")

    # --- what it changes ------------------------------------------------------------------------

    def _evidence(self, letter: Letter, judged: Judgement) -> bool:
        """A mail that was found or answered did go out: whether that settled anything."""
        message = judged.message
        if message is None and judged.kind == Kind.OWN and self._is_ours(letter):
            message = self._step_of(letter.seqctl_id or "")
        if message is None or message.status not in _OPEN:
            return False
        # Its own copy tells when it went out; an answer only that it did.
        dated = letter.at if judged.kind == Kind.OWN else None
        settling = Settling(self._store, self._plans, self._now)
        settling.sent([message], min(dated or message.at, self._now), "seen since")
        return True

    def _react_once(
        self, judged: Judgement, letter: Letter, arrived: Arrived, readings: list[Reading]
    ) -> tuple[Reaction, str]:
        first = acted_already(readings, self._inbox.id, arrived.folder, letter.sender)
        if first is None:
            return self._react(judged, letter, arrived)
        where = "this inbox" if first.inbox_id == self._inbox.id else first.inbox
        return Reaction(), f"read before in {where}, as mail {first.id}"

    def _react(self, judged: Judgement, letter: Letter, arrived: Arrived) -> tuple[Reaction, str]:
        if judged.kind == Kind.OWN:
            return self._by_hand(judged, letter, arrived), ""
        contact = judged.contact
        if contact is None:
            return Reaction(), ""
        is_no = judged.kind == Kind.UNSUBSCRIBE
        if not (judged.by_thread or is_no or self._is_newer(contact, arrived.at)):
            return Reaction(), "older than the enrollments"
        message_id = judged.message.id if judged.message else None
        why = f"{letter.subject}: {judged.reason}" if letter.subject else judged.reason
        about = About(self._inbox, contact, why, letter.returns, message_id)
        return react(self._store, judged.kind, about, self._now), ""

    def _by_hand(self, judged: Judgement, letter: Letter, arrived: Arrived) -> Reaction:
        if arrived.folder != Folder.SENT or judged.reason != BY_HAND:
            return Reaction()
        if not self._inbox.account.hand_written:
            return Reaction()
        reactions = [
            wrote_by_hand(self._store, self._inbox, contact, arrived.at, self._now)
            for contact in self._store.contacts.find(letter.recipients).values()
            if self._is_newer(contact, arrived.at)
        ]
        return next((reaction for reaction in reactions if reaction), Reaction())

    def _is_newer(self, contact: Contact, at: datetime) -> bool:
        """Whether a mail came after an enrollment began; a rehearsed mail has a date of its own."""
        live = self._store.enrollments.live(contact_id=contact.id)
        return self._simulated or not live or any(e.enrolled_at <= at for e in live)

    # --- whom it is about -----------------------------------------------------------------------

    def _answered(self, letter: Letter) -> Sent | None:
        for reference in letter.references:
            number = message_of(reference, self._secret)
            message = self._message(number) if number is not None else None
            if message is not None:
                return message
        return None

    def _message(self, number: int) -> Sent | None:
        found = self._store.outbox.get([number])
        return found[0] if found else None

    def _step_of(self, seqctl_id: str) -> Sent | None:
        """The unsettled mail of the step that an X-Seqctl-Id names, if that is the latest one."""
        enrollment_id, step = (int(part) for part in seqctl_id.split(".")[:2])
        for enrollment in self._store.enrollments.get([enrollment_id]):
            message = self._message(enrollment.last_message_id or 0)
            if message is not None and message.step == step:
                return message
        return None

    def _from(self, address: str) -> Contact | None:
        found = self._store.contacts.find([address]).get(address)
        if found is None and address in self._aliases:
            found = self._contact(self._aliases[address])
        return found

    def _contact(self, contact_id: int) -> Contact | None:
        return self._store.contacts.by_ids([contact_id]).get(contact_id)
