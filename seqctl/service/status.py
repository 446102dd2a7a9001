"""Where everything stands (rules, "The overview")."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, time, timedelta
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple

from seqctl.domain.enrollments.access import may_use
from seqctl.domain.enrollments.lifecycle import label
from seqctl.domain.errors import WrongUsage
from seqctl.domain.timing.moments import NEVER, in_utc
from seqctl.ports.views import Attention, Group, Selection
from seqctl.service.acting import user_named, visible_sequence
from seqctl.service.sending.foretelling import (
    STEPS_FORETOLD,
    STILL_WAITS,
    Foretelling,
    lined_inboxes,
)
from seqctl.service.views import Document, selected

if TYPE_CHECKING:
    from seqctl.domain.model import Inbox, Sequence, User
    from seqctl.ports import Store, WorkspaceState

LABELS: tuple[str, ...] = (
    "scheduled",
    "active",
    "paused",
    "waiting_task",
    "finished",
    "unenrolled",
)
OVERDUE = timedelta(hours=1)
"""A step that should have been done so long ago needs a look: cron ticks every few minutes."""


class Overview(NamedTuple):
    """The document of `status`, and what else people see: `troubled` are connected inboxes that can't
    send or be read at the moment; `uncopied` are those whose mails still wait to be copied, and how
    many: each tick copies all that it can."""

    document: Document
    state: WorkspaceState
    attention: Attention
    troubled: list[Inbox]
    uncopied: list[tuple[Inbox, int]]


class SummaryPage(NamedTuple):
    """The document of `status SEQUENCE`, and how many enrollments were asked for in all."""

    document: Document
    total: int


class Wanted(NamedTuple):
    """Which enrollments of a sequence to show; `status` is a label, `live` None for both."""

    status: str | None = None
    live: bool | None = None
    reason: str | None = None
    enrolled_by: str | None = None


def overview(store: Store, user: User, now: datetime) -> Overview:
    """The inboxes, what needs the user, and a row for each sequence that the user can see."""
    with store.reading():
        state = store.workspace.state()
        document = {
            "now": now,
            "last_tick_at": state.last_tick_at,
            "halted": state.halted_at is not None,
            "inboxes": _inboxes(store, user, now),
        }
        groups = _groups(store, now)
        sequences = sorted(store.sequences.all(), key=lambda sequence: sequence.id)
        paused = {hold.sequence_id for hold in store.holds.by_all(user.id)}
        attention = store.views.attention(user.id, now - OVERDUE)
        inboxes, copies = store.people.inboxes(), store.outbox.copies()
    lined = {id for id, found in groups.items() if _least(group.lined_due for group in found)}
    turns = _first_turns(store, now, lined)
    document["sequences"] = [
        _sequence(sequence, groups.get(sequence.id, []), turns, paused)
        for sequence in sequences
        if may_use(user, sequence)
    ]
    troubled = [i for i in inboxes if i.trouble and (i.connected or i.damaged)]
    uncopied = [(inbox, copies[inbox.id]) for inbox in inboxes if inbox.id in copies]
    return Overview(document, state, attention, troubled, uncopied)


def summary_page(
    store: Store,
    user: User,
    now: datetime,
    name: str,
    wanted: Wanted,
    *,
    sort: str = "id",
    limit: int | None = None,
) -> SummaryPage:
    """One sequence with its enrollments; `sort` is one of `ports.views.SORTS`.

    Raises NotFound for an unknown sequence or user, WrongUsage for an unknown status.
    """
    with store.reading():
        sequence = visible_sequence(store, name, user)
        groups = store.views.groups(sequence_id=sequence.id)
        selection = _selection(store, sequence, groups, wanted)
        enrollments = selected(store, now, selection, sort=sort, limit=limit)
        total = store.views.count(selection)
    turns = Foretelling(store, now).moments(enrollments.enrollments)
    document = {
        "now": now,
        "sequence": sequence.name,
        "version": sequence.version,
        "counts": counts(groups),
        "enrollments": enrollments.documents_by(turns, now),
    }
    return SummaryPage(document, total)


class _Turns(NamedTuple):
    """The first turns of sequences at inboxes where mails go out in turn, by id.

    All up to `known_to` are here.
    """

    first: dict[int, datetime]
    known_to: datetime

    def next_due(self, id: int, groups: list[Group]) -> datetime | None:
        """When a sequence does its next step; None where that is not known."""
        lined = _least(group.lined_due for group in groups)
        others = _least(group.next_due for group in groups)
        if lined is None:
            return others
        ahead = lined if lined > self.known_to else None
        turn = self.first.get(id, ahead)
        if turn is None:
            return others if others is not None and others <= self.known_to else None
        return _least((turn, others))


def _least(moments: Iterable[datetime | None]) -> datetime | None:
    return min((each for each in moments if each is not None), default=None)


def _first_turns(store: Store, now: datetime, sequence_ids: set[int]) -> _Turns:
    """When each of these does its next step at such an inbox, as far as is looked ahead."""
    first: dict[int, datetime] = {}
    known_to = now if sequence_ids else NEVER
    changes = Foretelling(store, now).changes() if sequence_ids else iter(())
    for change in islice(changes, STEPS_FORETOLD):
        known_to = change.event.at
        if change.event.kind not in STILL_WAITS and change.after.sequence_id in sequence_ids:
            first.setdefault(change.after.sequence_id, known_to)
            if len(first) == len(sequence_ids):
                break
    return _Turns(first, known_to)


def counts(groups: Iterable[Group]) -> dict[str, int]:
    """How many are enrolled in all, how many have each label, and how many ended by an error."""
    found: dict[str, int] = dict.fromkeys(("enrolled", *LABELS, "errors"), 0)
    for group in groups:
        found["enrolled"] += group.size
        found[label(group.sample)] += group.size
        found["errors"] += group.errors
    return found


def _groups(store: Store, now: datetime) -> dict[int, list[Group]]:
    """The groups of each sequence, by id."""
    groups: dict[int, list[Group]] = {}
    for group in store.views.groups([inbox.id for inbox in lined_inboxes(store)]):
        groups.setdefault(group.sequence_id, []).append(group)
    return groups


def _sequence(
    sequence: Sequence, groups: list[Group], turns: _Turns, paused: set[int | None]
) -> Document:
    return {
        "sequence": sequence.name,
        "version": sequence.version,
        **counts(groups),
        "next_due": turns.next_due(sequence.id, groups),
        "paused_by_me": sequence.id in paused,
    }


def _inboxes(store: Store, user: User, now: datetime) -> list[Document]:
    from zoneinfo import ZoneInfo

    today = now.astimezone(ZoneInfo(user.timezone)).date()
    midnight = in_utc(datetime.combine(today, time.min), user.timezone)
    sent = store.views.sent_since(midnight)
    return [
        {
            "address": inbox.address,
            "user": inbox.user,
            "connected": inbox.connected,
            "sent_today": sent.get(inbox.id, 0),
        }
        for inbox in store.people.inboxes()
    ]


def _selection(store: Store, sequence: Sequence, groups: list[Group], wanted: Wanted) -> Selection:
    by = wanted.enrolled_by
    return Selection(
        sequence_id=sequence.id,
        user_id=None if by is None else user_named(store, by).id,
        live=wanted.live,
        reason=wanted.reason,
        groups=None if wanted.status is None else _with_label(groups, wanted.status),
    )


def _with_label(groups: list[Group], status: str) -> tuple[str, ...]:
    wanted = status.strip().lower().replace("-", "_").replace(" ", "_")
    wanted = "waiting_task" if wanted == "waiting_on_task" else wanted
    if wanted not in LABELS:
        raise WrongUsage(f"'{status}' is not a status.", f"one of {', '.join(LABELS)}")
    return tuple(group.key for group in groups if label(group.sample) == wanted)
