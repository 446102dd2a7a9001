"""`tick`: run what is due, batch by batch, in the order of time (rules, "The tick")."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from seqctl.domain.errors import Damaged, Refused, WrongUsage
from seqctl.domain.model import Change, Event, MailStatus
from seqctl.domain.texts.sentences import joined, said
from seqctl.domain.timing.moments import NEVER, moment_after
from seqctl.service.clocks import real_now
from seqctl.service.halting import refuse_stopped
from seqctl.service.tick.tick_results import Failure, TickResult

if TYPE_CHECKING:
    from seqctl.domain.enrollments.deciding import Place, World
    from seqctl.ports import Clock, Store
    from seqctl.ports.mail import PostOffice
    from seqctl.service.plans import Plans
    from seqctl.service.tick.mailroom import Mailroom, Trouble

Done = TypeVar("Done")
BATCH = 1000
IDLE = "idle"
UNSETTLED = (MailStatus.SENDING, MailStatus.UNKNOWN)
"""Mails that may or may not have gone out."""


class Move(NamedTuple):
    """How the clock of a simulated workspace is to be moved: `by`, `to`, or until nothing is due."""

    by: timedelta | None
    to: datetime | None
    until_idle: bool

    @property
    def moves(self) -> bool:
        """Whether it is moved at all."""
        return self.by is not None or self.to is not None or self.until_idle


def tick(
    store: Store,
    clock: Clock,
    *,
    by: timedelta | None = None,
    to: datetime | None = None,
    until_idle: bool = False,
    dry_run: bool = False,
    progress: Callable[[TickResult], None] | None = None,
    office: PostOffice | None = None,
) -> TickResult:
    """Run what is due; in a simulated workspace move the clock `by`, `to` or until nothing is due.

    Mailboxes are read before anything is sent, and real mail is handed over, by the `office`.
    With `dry_run` all of it is undone, no server is spoken to, and the result carries the changes.

    Raises:
        Busy: another tick is at work, the workspace is halted, or the last event lies more than a
            day ahead of the system's clock.
        Refused: a real clock can't be moved, and a backup that has one does nothing.
        WrongUsage: `to` lies before the stored clock.
    """
    move = Move(by, to, until_idle)
    _Run(store, clock, dry_run).target_of(move)  # what is refused takes nothing over
    guard: AbstractContextManager[None] = store.rehearsing() if dry_run else nullcontext()
    with store.tick_lock(rehearsal=dry_run), guard:
        run = _Run(store, clock, dry_run)
        run.aim(move)
        if office is not None and not dry_run:
            run.around_damage(lambda: run.open_mailroom(office))
        run.around_damage(store.enrollments.check_agenda)
        while run.around_damage(run.batch) or run.around_damage(run.deliver):
            if progress is not None:
                progress(run.result)
        run.around_damage(run.close_mailroom)
        return run.around_damage(run.arrive)


class _Run:
    """One tick at work, from its start to its target."""

    def __init__(self, store: Store, clock: Clock, dry_run: bool) -> None:
        self._store = store
        self._clock = clock
        self._mailroom: Mailroom | None = None
        refuse_stopped(store)
        state = store.workspace.state()
        self._simulated = state.simulated
        self._earlier_target = state.tick_target
        now = state.now or real_now(store, clock)
        self._now = now
        self._target: datetime | None = now
        self._careful = 0
        self._plans: Plans | None = None
        self._first_change: Change | None = None
        self._damaged: set[tuple[str, object]] = set()
        self._damage: str | None = None
        self.result = TickResult(now, now, changes=[] if dry_run else None)

    def target_of(self, move: Move) -> datetime | str | None:
        """Where the clock is to go, IDLE for as far as it takes; None in a real workspace.

        Raises as `tick` does where it can't go there.
        """
        if not self._simulated:
            if move.moves:
                raise Refused(
                    "The clock of a real workspace can't be moved.",
                    "seqctl init --simulated --db ANOTHER-FILE",
                    code="REAL_CLOCK",
                )
            return None
        if self._earlier_target is not None:
            return self._earlier_target
        target = IDLE if move.until_idle else move.to
        target = target or moment_after(self._now, move.by or timedelta())
        if isinstance(target, datetime) and target < self._now:
            raise WrongUsage(
                said("The clock stands at {now} and never goes back.", now=self._now),
                "seqctl tick --by 1d",
            )
        return target

    def aim(self, move: Move) -> None:
        """Set the target, or go on to the one that an interrupted tick left."""
        target = self.target_of(move)
        if target is None:
            return
        self.result.finished_earlier_target = self._earlier_target is not None
        if move.moves and self._earlier_target is None:
            self._store.workspace.aim(target)
        self._target = None if isinstance(target, str) else target

    def around_damage(self, work: Callable[[], Done]) -> Done:
        """Do a part of the tick; a row that can't be read ends alone, and the part is done again."""
        while True:
            try:
                return work()
            except Damaged as damage:
                self._set_aside(damage)

    def _set_aside(self, damage: Damaged) -> None:
        row = (damage.table, damage.row)
        if row in self._damaged:
            raise damage
        self._damaged.add(row)
        with self._store.writing():
            aside = self._store.enrollments.set_aside(damage, self._now)
        if aside is None:
            raise damage
        self.result.unenrolled += aside.ended
        failure = Failure(aside.enrollment, aside.contact_id, damage.code, aside.why)
        self.result.errors.append(failure)

    def batch(self) -> bool:
        """Do the next batch; False when nothing is left up to the target."""
        from seqctl.ports.enrollments import RowRefused

        try:
            return self._batch(1 if self._careful else BATCH)
        except RowRefused as error:
            self._store.refuse_other_tables()
            if self._careful:
                if self._first_change is None:
                    raise
                self._end_refused(self._first_change, str(error))
            self._careful = BATCH
            return True
        finally:
            self._careful = max(0, self._careful - 1)

    def open_mailroom(self, office: PostOffice) -> None:
        """Read the mailboxes; only then anything is sent."""
        from seqctl.service.tick.mailroom import Mailroom

        now = self._now if self._simulated else None
        self._mailroom = Mailroom(self._store, self._clock, office, self._known_plans(), now)
        self._mailroom.prepare()
        self._count_mail(self._mailroom)

    def deliver(self) -> bool:
        """Hand over real mail that was queued; whether there was any: more may be due then."""
        if self._mailroom is None:
            return False
        try:
            return self._mailroom.deliver()
        finally:
            self._count_mail(self._mailroom)

    def close_mailroom(self) -> None:
        """Look for what may have gone out, copy to Sent, and remember what is in trouble."""
        if self._mailroom is not None:
            self._mailroom.finish()
            self._count_mail(self._mailroom)
            self.result.troubles = self._mailroom.troubles

    def _count_mail(self, mailroom: Mailroom) -> None:
        self.result.count(mailroom.changes)
        self.result.unenrolled += mailroom.ended_by_mail
        mailroom.changes.clear()
        mailroom.ended_by_mail = 0
        if not self._simulated:
            now = self._clock.now()
            self._now = max(self._now, now)
            self._target = self._now

    def arrive(self) -> TickResult:
        """Set the clock to the target and tell what was done."""
        store, result = self._store, self.result
        result.ended = self._target or self._now
        with store.writing():
            if self._simulated:
                store.workspace.move_clock(result.ended)
                store.workspace.aim(None)
                if result.ended > result.began:
                    words = said("from {began} to {ended}", began=result.began, ended=result.ended)
                    store.history.add([Event(result.ended, None, "clock", words)])
            store.workspace.ticked(result.ended)
            result.left_due = store.enrollments.waiting_due() + store.enrollments.count_due(
                result.ended
            )
            self._now = max(self._now, result.ended)
            result.troubles = [*result.troubles, *self._unreadable_inboxes()]
            result.unsettled = sum(store.outbox.counts(UNSETTLED).values())
            result.next_due = self._next_due(self._world())
        return result

    def _unreadable_inboxes(self) -> list[Trouble]:
        from seqctl.service.tick.mailroom import Trouble

        return [
            Trouble(inbox.address, inbox.trouble or "", f"seqctl inbox connect {inbox.address} …")
            for inbox in self._store.people.inboxes()
            if inbox.damaged
        ]

    def _batch(self, limit: int) -> bool:
        store, self._first_change = self._store, None
        with store.writing():
            refuse_stopped(store)
            self._now = max(self._now, store.history.last_at() or self._now)
            world = self._world()
            until, due = store.holds.next_until(), self._next_due(world)
            if until is not None and self._reached(until) and (due is None or until <= due):
                return self._resume(until)
            if due is None or not self._reached(due):
                return False
            changes = self._decide(world, limit, until if until and self._reached(until) else None)
            changes = [self._traced(change) for change in changes]
            self._first_change = changes[0]
            store.enrollments.record(changes)
            latest = max((change.event.at for change in changes), default=self._now)
            self._advance(latest)
        self.result.count(changes)
        return True

    def _next_due(self, world: World) -> datetime | None:
        """When the clock moves the next enrollment: what is due, or whose turn in a line comes."""
        turns = (line.next(self._now) for line in world.lines.values())
        moments = [turn.at for turn in turns if turn is not None]
        due = self._store.enrollments.next_due()
        return min([due, *moments] if due is not None else moments, default=None)

    def _decide(self, world: World, limit: int, before: datetime | None) -> list[Change]:
        """The changes of the next batch, all of it before `before`, where a resume comes first."""
        from seqctl.domain.enrollments.deciding import BEFORE_ALL, BEHIND_ALL, Decider

        end = before or self._target or NEVER
        last: Place = (end, BEFORE_ALL if before else BEHIND_ALL, end, 0)
        decider, clock = Decider(world), world.now or self._now
        rows = self._store.enrollments.due(end, limit, inclusive=before is None)
        rows.sort(key=lambda row: decider.place(row.enrollment, clock))
        if len(rows) >= limit:
            last = decider.place(rows[limit - 1].enrollment, clock)
        first_message = self._store.enrollments.next_message_id()
        return list(decider.decide(rows[:limit], last, self._now, first_message, limit))

    def _resume(self, until: datetime) -> bool:
        """Lift the holds that end at `until`; the resume counts from then (rules, "Holds")."""
        from seqctl.service.enrollments.pausing import lift_ended

        changes = lift_ended(self._store, self._known_plans(), until, self._now)
        self._advance(max(self._now, until))
        self.result.count(changes)
        return True

    def _end_refused(self, change: Change, why: str) -> None:
        """End the enrollment whose change the store refused; what it can't take either is damaged."""
        from seqctl.ports.enrollments import RowRefused

        try:
            self._end_next(change, why)
        except RowRefused:
            self._set_aside(Damaged("enrollment", change.after.id, why))

    def _end_next(self, refused: Change, why: str) -> None:
        """End the enrollment whose change the store refused, when that was to happen."""
        from seqctl.domain.enrollments.deciding import ended

        store = self._store
        with store.writing():
            (enrollment,) = store.enrollments.get([refused.after.id])
            changes = [self._traced(ended(enrollment, refused.event.at, "error", "DEFECT", why))]
            store.enrollments.record(changes)
            self._advance(refused.event.at)
        self.result.count(changes)

    def _traced(self, change: Change) -> Change:
        """The change; what looks like a defect in a damaged workspace comes from the damage."""
        if change.after.error != "DEFECT":
            return change
        if self._damage is None:
            self._damage = self._store.damage() or ""
        if not self._damage:
            return change
        words = joined(": ", ("error", "DAMAGED", self._damage))
        return change._replace(
            after=change.after._replace(error="DAMAGED"),
            event=change.event._replace(detail=words),
            failure=self._damage,
        )

    def _world(self) -> World:
        from seqctl.service.sending.planning import world

        now = None if self._simulated else self._now
        return world(self._store, self._known_plans(), now)

    def _known_plans(self) -> Plans:
        from seqctl.service.plans import Plans

        self._plans = self._plans or Plans(self._store)
        return self._plans

    def _reached(self, moment: datetime) -> bool:
        return self._target is None or moment <= self._target

    def _advance(self, moment: datetime) -> None:
        if self._simulated and moment > self._now:
            self._now = moment
            self._store.workspace.move_clock(moment)
