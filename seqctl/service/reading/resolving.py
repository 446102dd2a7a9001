"""`mail resolve`: a person says what became of a mail that may or may not have gone out."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from seqctl.domain.errors import NotFound, Refused
from seqctl.domain.model import MailStatus, User
from seqctl.service.plans import Plans
from seqctl.service.sending.settling import Settling

if TYPE_CHECKING:
    from seqctl.ports import Store
    from seqctl.ports.outbox import Sent

UNSETTLED = frozenset({MailStatus.UNKNOWN, MailStatus.SENDING})


def resolve(store: Store, user: User, now: datetime, id: int, *, sent: bool) -> MailStatus:
    """Settle an unsettled mail: it was `sent`, or it is to be sent again; give its status.

    One whose enrollment has ended is not sent again: it is `cancelled`.

    What was sent keeps the time of its attempt, from which the next delay counts. Raises NotFound,
    and Refused for another user's or a settled one.
    """
    with store.tick_lock(), store.writing():
        found = store.outbox.get([id])
        if not found:
            raise NotFound(f"There is no mail {id}.", "seqctl mail list", code="NO_MAIL")
        mail = found[0]
        _refuse(store, user, mail)
        settling = Settling(store, Plans(store), now, user.id)
        if sent:
            settling.sent([mail], min(mail.at, now), f"{user.name} says so")
        else:
            settling.taken_back(mail, f"{user.name} says that it did not go out")
        return store.outbox.get([id])[0].status


def _refuse(store: Store, user: User, mail: Sent) -> None:
    if mail.enrollment.user_id != user.id:
        owner = next(
            u.name for u in store.people.users(removed=True) if u.id == mail.enrollment.user_id
        )
        raise Refused(
            f"Mail {mail.id} is one of {owner}'s.",
            f"the same command with --as {owner}",
            code="NOT_YOURS",
        )
    if mail.status not in UNSETTLED:
        raise Refused(
            f"Mail {mail.id} is settled: {mail.status.value}.",
            "seqctl mail list --status unknown",
            code="SETTLED",
        )
