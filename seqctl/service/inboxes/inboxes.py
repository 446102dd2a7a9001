"""Inboxes: how they are connected, and what waits for them (rules, "Inboxes" and "A disconnected inbox")."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple

from seqctl.domain.contacts.addresses import parse_address, stored_form
from seqctl.domain.errors import NotFound, Refused, WrongUsage
from seqctl.domain.model import Event, Inbox, User
from seqctl.domain.sending.accounts import NO_ACCOUNT, NO_LIMITS, USUAL_LIMITS, Account, Limits
from seqctl.domain.sending.limits import DAY
from seqctl.service.acting import did_you_mean
from seqctl.service.sending.placing_anew import place_anew

if TYPE_CHECKING:
    from seqctl.domain.model import Enrollment
    from seqctl.ports import Store


class Wiring(NamedTuple):
    """How an inbox is to be connected.

    Without an account that sends, mails stay in the workspace and are copied to the Maildir
    `capture_to`. `limits` is None where nothing was said of them.
    """

    account: Account = NO_ACCOUNT
    capture_to: str | None = None
    limits: Limits | None = None


class Connecting(NamedTuple):
    """An inbox that is connected now, and how many mails that waited for it were placed anew.

    Those of held ones, which are placed too, don't count: a hold still holds them.
    """

    inbox: Inbox
    changed: bool
    rescheduled: int


class Disconnecting(NamedTuple):
    """An inbox that is disconnected now. `waiting` live enrollments still have mail to send from
    it, the next at `next_due`; `ended` of them were ended."""

    inbox: Inbox
    changed: bool
    waiting: int
    next_due: datetime | None
    ended: int


def connect_inbox(
    store: Store, user: User, address: str, wiring: Wiring | None, now: datetime
) -> Connecting:
    """Connect an inbox of the acting user; what waited for it is placed anew from now.

    Without a `wiring` an inbox that is known keeps its own, and a new one in a simulated workspace
    captures. Raises InvalidAddress, Refused for another user's inbox and for real mail in a simulated
    workspace, and WrongUsage where a real workspace needs to be told how.
    """
    address = parse_address(address)
    with store.writing():
        known = inbox_at(store, address)
        if known is not None:
            refuse_foreign_inbox(store, known, user)
        wiring = wiring or usual_wiring(store, known, address)
        if wiring.account.sends:
            _refuse_real_mail(store, address)
        elif known is not None and known.account.sends:
            _refuse_swallowing(store, known)
        if known is not None and known.connected and _is_wired(known, wiring, user):
            return Connecting(known, False, 0)
        inbox = store.people.connect_inbox(_wired(known, wiring, address, user, now))
        if known is not None and _reads_another(known.account, wiring.account):
            store.received.forget_places(inbox.id)
        store.enrollments.take_earlier_slots(inbox.id, now - DAY)
        store.enrollments.order_agenda(inbox.id)
        store.history.add([Event(at=now, actor_id=user.id, kind="inbox-connected", detail=address)])
        placed = place_anew(store, inbox, user.id, now, "is connected again")
    running = [made for made in placed if made.after.held_since is None]
    return Connecting(inbox, True, len(running))


def edit_inbox(
    store: Store, user: User, address: str, limits: Limits, account: Account, now: datetime
) -> Connecting:
    """Change the limits and the habits of an inbox of the acting user; connected or not, it stays so.

    Raises NotFound, and Refused for another user's inbox.
    """
    with store.writing():
        known = inbox_named(store, address)
        refuse_foreign_inbox(store, known, user)
        wanted = replace(known, limits=limits, account=account)
        if wanted == known:
            return Connecting(known, False, 0)
        store.people.connect_inbox(wanted)
        store.people.trouble_inbox(known.id, known.trouble)
        if not known.connected:
            store.people.disconnect_inbox(known.id)
        store.enrollments.take_earlier_slots(known.id, now - DAY)
        store.enrollments.order_agenda(known.id)
        store.history.add(
            [Event(at=now, actor_id=user.id, kind="inbox-edited", detail=known.address)]
        )
    return Connecting(wanted, True, 0)


def disconnect_inbox(
    store: Store, user: User, address: str, end: bool, now: datetime
) -> Disconnecting:
    """Send nothing more from an inbox; its enrollments wait, or with `end` they end.

    Raises NotFound, and Refused for another user's inbox.
    """
    with store.writing():
        inbox = inbox_named(store, address)
        refuse_foreign_inbox(store, inbox, user)
        if inbox.connected:
            store.people.disconnect_inbox(inbox.id)
            store.history.add(
                [Event(at=now, actor_id=user.id, kind="inbox-disconnected", detail=inbox.address)]
            )
        senders = _senders(store, inbox)
        next_due = min((e.due_at for e in senders if e.due_at is not None), default=None)
        ended = _end_senders(store, senders, inbox, user, now) if end else 0
        after = inbox_named(store, inbox.address)
    return Disconnecting(after, inbox.connected, len(senders), next_due, ended)


def inboxes_to_read(store: Store, user: User, address: str | None = None) -> list[Inbox]:
    """The user's connected inboxes whose answers are read, or the one of this address.

    Raises NotFound, and Refused for an inbox of another user or one that reads nothing.
    """
    if address is None:
        mine = [inbox for inbox in store.people.inboxes() if inbox.user_id == user.id]
        return [inbox for inbox in mine if inbox.connected and inbox.account.reads]
    inbox = inbox_named(store, address)
    refuse_foreign_inbox(store, inbox, user)
    if not inbox.connected or not inbox.account.reads:
        what = "reads no answers" if inbox.connected else "is not connected"
        raise Refused(
            f"{inbox.address} {what}.",
            f"seqctl inbox connect {inbox.address}" + (" --imap URL" if inbox.connected else ""),
            code="NOTHING_TO_READ",
        )
    return [inbox]


def capturing(user: User, capture_to: str | None = None) -> Inbox:
    """An inbox at the user's own address that keeps its mail in the workspace, not stored yet."""
    return Inbox(0, user.email, user.id, user.name, True, capture_to)


def usual_wiring(store: Store, known: Inbox | None, address: str) -> Wiring:
    """How an inbox is connected of which nothing is said: as it was, or one that captures.

    Raises WrongUsage where a real workspace needs to be told how.
    """
    if known is not None:
        return Wiring(known.account, known.capture_to, known.limits)
    if store.workspace.state().simulated:
        return Wiring()
    raise WrongUsage(
        "Say how to connect it: with a provider, with servers of your own, or to capture its mail.",
        f"seqctl inbox connect {address} --provider gmail, or --smtp URL --imap URL, or --capture",
        code="KIND_NEEDED",
    )


def _refuse_real_mail(store: Store, address: str) -> None:
    if store.workspace.state().simulated:
        raise Refused(
            "A simulated workspace can't send real mail.",
            f"seqctl inbox connect {address} --capture, or seqctl init --db ANOTHER-FILE",
            code="SIMULATED",
        )


def _refuse_swallowing(store: Store, known: Inbox) -> None:
    """Mails that people wait for must not turn into captured ones, which nobody ever gets."""
    live = len(_senders(store, known))
    if live:
        send = "1 live enrollment sends" if live == 1 else f"{live} live enrollments send"
        raise Refused(
            f"{send} from {known.address}: captured, their mails would look sent and reach nobody.",
            f"seqctl inbox disconnect {known.address}, and they wait (--end ends them)",
            code="LIVE_ENROLLMENTS",
        )


def _wired(known: Inbox | None, wiring: Wiring, address: str, user: User, now: datetime) -> Inbox:
    """The inbox as it is to be; one that read before goes on, also in another mailbox.

    What stands there since it was first read, and was not read, came in the meantime.
    """
    usual = USUAL_LIMITS if wiring.account.sends else NO_LIMITS
    limits = usual if wiring.limits is None else wiring.limits
    since = known.since if known is not None and known.account.reads else now
    return Inbox(
        0, address, user.id, user.name, True, wiring.capture_to, wiring.account, limits, since
    )


def _is_wired(known: Inbox, wiring: Wiring, user: User) -> bool:
    """Whether connecting it would change nothing: of a mailbox that is read on, `since` stays."""
    wanted = replace(known, id=0, user_id=user.id, user=user.name, account=wiring.account)
    wanted = replace(wanted, capture_to=wiring.capture_to, trouble=None)
    limits = known.limits if wiring.limits is None else wiring.limits
    return replace(known, id=0) == replace(wanted, limits=limits)


def _reads_another(before: Account, after: Account) -> bool:
    """Whether another mailbox is read from now on; one that is not read meanwhile stays the same."""
    changed = (before.imap, before.maildir) != (after.imap, after.maildir)
    return changed and before.reads and after.reads


def _senders(store: Store, inbox: Inbox) -> list[Enrollment]:
    """The live enrollments that still have a mail to send from an inbox."""
    from seqctl.service.plans import Plans

    plans = Plans(store)
    live = store.enrollments.live(inbox_id=inbox.id)
    return [e for e in live if plans.of(e).version.sends_from(e.step)]


def _end_senders(
    store: Store, senders: list[Enrollment], inbox: Inbox, user: User, now: datetime
) -> int:
    from seqctl.service.enrollments.ending import end_all

    detail = f"{inbox.address} was disconnected"
    return end_all(store, senders, now, user.id, "error", error="INBOX_DISCONNECTED", detail=detail)


def inbox_at(store: Store, address: str) -> Inbox | None:
    """The inbox of this address (trimmed, lower case), or None."""
    return next((inbox for inbox in store.people.inboxes() if inbox.address == address), None)


def inbox_named(store: Store, address: str) -> Inbox:
    """The inbox of an address as typed; raises NotFound with the nearest one."""
    inbox = inbox_at(store, stored_form(address))
    if inbox is None:
        near = did_you_mean(address, [inbox.address for inbox in store.people.inboxes()])
        raise NotFound(
            f"There is no inbox '{address}'.{near}", "seqctl inbox list", code="NO_INBOX"
        )
    return inbox


def refuse_foreign_inbox(store: Store, inbox: Inbox, user: User) -> None:
    """Raise Refused for an inbox of another user."""
    # The inbox of someone who was removed is free for whoever reads that mail now.
    removed = inbox.user_id not in {known.id for known in store.people.users()}
    if inbox.user_id != user.id and not removed:
        raise Refused(
            f"{inbox.address} is an inbox of {inbox.user}.",
            f"the same command with --as {inbox.user}",
            code="NOT_YOURS",
        )
