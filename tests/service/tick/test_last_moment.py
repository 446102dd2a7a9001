"""What another process commits while a mail is on its way: before the final dot it stops the mail, behind it
it comes too late, and either way nothing is doubled, lost, or contradicts itself."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path
from threading import Event, Thread, Timer

import pytest

from seqctl.domain.errors import Busy, Refused
from seqctl.domain.model import User
from seqctl.domain.sending.accounts import Account
from seqctl.mail.office import Office
from seqctl.ports.mail import Courier, Envelope, Handover
from seqctl.service import halting
from seqctl.service.contacts import contacts
from seqctl.service.doctor import examine
from seqctl.service.enrollments import marking, pausing
from seqctl.service.inboxes import inboxes
from seqctl.service.sequences import sequences
from seqctl.store import SqliteStore, connection, open_store
from tests.mail.post import Post
from tests.mail.servers import MailWorld

LEADS = ("lead1", "lead2")
Deed = Callable[[], None]


class BusyCourier:
    """A courier during whose work something else happens, once."""

    def __init__(self, courier: Courier, behind_begin: Deed, in_finish: Deed) -> None:
        self._courier = courier
        self._behind_begin = behind_begin
        self._in_finish = in_finish

    @property
    def sessions(self) -> int:
        return self._courier.sessions

    def begin(self, envelopes: Sequence[Envelope]) -> list[Handover]:
        answers = self._courier.begin(envelopes)
        self._behind_begin()
        return answers

    def drop(self, ids: Iterable[int]) -> None:
        self._courier.drop(ids)

    def finish(self) -> list[Handover]:
        answers = self._courier.finish()
        self._in_finish()
        return answers

    def close(self) -> None:
        self._courier.close()


class BusyOffice(Office):
    """An office whose couriers work while something else happens, once."""

    def __init__(self, *, behind_begin: Deed | None = None, in_finish: Deed | None = None) -> None:
        super().__init__()
        self._deeds = [behind_begin, in_finish]

    def courier(self, account: Account, sessions: int = 4) -> Courier:
        courier = super().courier(account, sessions)
        return BusyCourier(courier, lambda: self._do(0), lambda: self._do(1))

    def _do(self, number: int) -> None:
        deed, self._deeds[number] = self._deeds[number], None
        if deed is not None:
            deed()


class Other:
    """Another process at work on the workspace: the verbs that get in the way of a mail to lead1."""

    def __init__(self, post: Post) -> None:
        self._post = post
        self.lead = post.world.address("lead1")

    def does(self, name: str) -> Deed:
        def deed() -> None:
            with closing(open_store(self._post.path)) as store:
                getattr(self, name)(store, self._post.user)

        return deed

    def pauses_the_sequence(self, store: SqliteStore, user: User) -> None:
        pausing.pause_sequence(store, "intro", pausing.Pause(user, self._now))

    def resumes_the_sequence(self, store: SqliteStore, user: User) -> None:
        pausing.resume_sequence(store, "intro", pausing.Resume(user, self._now))

    def pauses_the_contact(self, store: SqliteStore, user: User) -> None:
        pausing.pause_contacts(store, [self.lead], pausing.Pause(user, self._now))

    def resumes_the_contact(self, store: SqliteStore, user: User) -> None:
        pausing.resume_contacts(store, [self.lead], pausing.Resume(user, self._now))

    def halts(self, store: SqliteStore, user: User) -> None:
        halting.halt(store, "stop", user, self._now)

    def unhalts(self, store: SqliteStore, user: User) -> None:
        halting.unhalt(store, user, self._now)

    def disconnects(self, store: SqliteStore, user: User) -> None:
        inboxes.disconnect_inbox(store, user, self._post.address, False, self._now)

    def connects(self, store: SqliteStore, user: User) -> None:
        inboxes.connect_inbox(store, user, self._post.address, None, self._now)

    def unenrolls(self, store: SqliteStore, user: User) -> None:
        marking.unenroll(store, user, self._now, [self.lead])

    def marks_replied(self, store: SqliteStore, user: User) -> None:
        marking.mark(store, user, self._now, [self.lead], "replied")

    def marks_bounced(self, store: SqliteStore, user: User) -> None:
        marking.mark(store, user, self._now, [self.lead], "bounced")

    def opts_out(self, store: SqliteStore, user: User) -> None:
        contacts.opt_out(store, user, self._now, self.lead)

    def blocks_the_domain(self, store: SqliteStore, user: User) -> None:
        with store.writing():
            store.contacts.suppress("@seq.test", "blocked", self._now)

    def deletes_the_contact(self, store: SqliteStore, user: User) -> None:
        contacts.delete(store, user, self._now, self.lead)

    def deletes_the_sequence(self, store: SqliteStore, user: User) -> None:
        sequences.delete(store, user, self._now, "intro")

    def disconnects_and_ends(self, store: SqliteStore, user: User) -> None:
        inboxes.disconnect_inbox(store, user, self._post.address, True, self._now)

    def reads_a_reply(self, store: SqliteStore, user: User) -> None:
        self._post.answer("lead1")
        self._post.sync()

    @property
    def _now(self) -> datetime:
        return self._post.clock.now()


HELD = {
    "pauses_the_sequence": ("resumes_the_sequence", LEADS),
    "pauses_the_contact": ("resumes_the_contact", ("lead1",)),
    "halts": ("unhalts", LEADS),
    "disconnects": ("connects", LEADS),
}
ENDED = {
    "unenrolls": ("manual", ("lead1",)),
    "marks_replied": ("reply", ("lead1",)),
    "reads_a_reply": ("reply", ("lead1",)),
    "marks_bounced": ("bounce", ("lead1",)),
    "opts_out": ("opt-out", ("lead1",)),
    "deletes_the_contact": ("contact-deleted", ("lead1",)),
    "deletes_the_sequence": ("sequence-deleted", LEADS),
    "disconnects_and_ends": ("error", LEADS),
}


@pytest.fixture
def post(tmp_path: Path, mail_world: MailWorld) -> Iterator[Post]:
    for user in ("rep", *LEADS):
        mail_world.empty(user)
    made = Post(tmp_path, mail_world)
    made.begin(*LEADS)
    yield made
    made.close()


def tick(post: Post) -> int:
    """How many mails an ordinary tick sent; none where the workspace is halted."""
    with contextlib.suppress(Busy):
        return post.tick().emails
    return 0


def arrived(post: Post) -> tuple[int, ...]:
    return tuple(len(post.world.delivered(lead)) for lead in LEADS)


@pytest.mark.parametrize("name", HELD)
def test_held_before_the_final_dot_goes_out_later_and_once(post: Post, name: str) -> None:
    undone, leads = HELD[name]
    post.office = BusyOffice(behind_begin=Other(post).does(name))
    tick(post)
    assert arrived(post) == tuple(int(lead not in leads) for lead in LEADS)
    assert post.statuses() == ["queued" if lead in leads else "sent" for lead in LEADS]
    ids = [mail["message_id"] for mail in post.mails()]
    tick(post)
    assert arrived(post) == tuple(int(lead not in leads) for lead in LEADS)
    assert examine(post.store) == []
    Other(post).does(undone)()
    assert tick(post) == len(leads)
    assert arrived(post) == (1, 1)
    assert [mail["message_id"] for mail in post.mails()] == ids


@pytest.mark.parametrize("name", ENDED)
def test_ended_before_the_final_dot_never_goes_out(post: Post, name: str) -> None:
    reason, leads = ENDED[name]
    post.office = BusyOffice(behind_begin=Other(post).does(name))
    for _ in range(3):
        tick(post)
        post.later(hours=1)
    assert arrived(post) == tuple(int(lead not in leads) for lead in LEADS)
    assert post.statuses() == ["cancelled" if lead in leads else "sent" for lead in LEADS]
    assert [row["reason"] for row in post.enrollments()][: len(leads)] == [reason] * len(leads)


def test_a_block_before_the_final_dot(post: Post) -> None:
    post.office = BusyOffice(behind_begin=Other(post).does("blocks_the_domain"))
    tick(post)
    assert arrived(post) == (0, 0)
    assert [row["error"] for row in post.enrollments()] == ["BLOCKED"] * 2


@pytest.mark.parametrize("name", [*HELD, *ENDED, "blocks_the_domain"])
def test_behind_the_final_dot_it_comes_too_late(post: Post, name: str) -> None:
    def deed() -> None:
        post.later(seconds=3)
        Other(post).does(name)()
        post.later(seconds=3)

    began = post.clock.now()
    post.office = BusyOffice(in_finish=deed)
    tick(post)
    assert arrived(post) == (1, 1)
    assert post.statuses() == ["sent", "sent"]
    assert all(mail["sent_at"] - began < timedelta(seconds=3) for mail in post.mails())
    assert examine(post.store) == []
    if name in HELD:
        Other(post).does(HELD[name][0])()
    for _ in range(2):
        tick(post)
        post.later(minutes=10)
    assert arrived(post) == (1, 1)
    live = {row["contact"] for row in post.enrollments() if row["ended_at"] is None}
    gone = {post.world.address(lead) for lead in ENDED.get(name, ("", ()))[1]}
    assert not live & gone
    if name in HELD:
        post.later(days=4)
        assert tick(post) == 2
        assert arrived(post) == (2, 2)


def test_an_answer_waits_for_whoever_is_at_work(
    post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "BUSY_TIMEOUT_S", 0.05)
    post.store.close()
    post.store = open_store(post.path)
    begun, end = Event(), Event()

    def work() -> None:
        with closing(connection.connect(post.path)) as busy:
            busy.execute("BEGIN IMMEDIATE")
            begun.set()
            end.wait(10)
            busy.execute("ROLLBACK")

    worker, end_soon = Thread(target=work), Timer(0.5, end.set)

    def deed() -> None:
        worker.start()
        assert begun.wait(10)
        end_soon.start()

    post.office = BusyOffice(in_finish=deed)
    assert post.tick().emails == 2
    worker.join(10)
    end_soon.join(10)
    assert post.statuses() == ["sent", "sent"]


def test_what_a_killed_tick_had_claimed_is_not_swallowed_by_capturing_it(post: Post) -> None:
    class Killed(BaseException):
        pass

    def die() -> None:
        raise Killed

    post.office = BusyOffice(behind_begin=die)
    with pytest.raises(Killed):
        post.tick()
    assert post.statuses() == ["claimed", "claimed"]
    with pytest.raises(Refused, match="2 live enrollments") as refused:
        inboxes.connect_inbox(
            post.store, post.user, post.address, inboxes.Wiring(), post.clock.now()
        )
    assert refused.value.code == "LIVE_ENROLLMENTS"
    assert post.tick().emails == 2
    assert post.statuses() == ["sent", "sent"]
    assert arrived(post) == (1, 1)
