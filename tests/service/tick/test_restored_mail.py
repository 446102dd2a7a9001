"""A backup from before mail went out is put back: none of it goes out twice (docs/mail.md)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from seqctl.domain.sending.accounts import Limits
from seqctl.service import tasks
from seqctl.service.enrollments import pausing
from seqctl.service.reading.resolving import resolve
from seqctl.service.workspace import mark_restored
from seqctl.store import open_store
from seqctl.store.backup import back_up, restore
from tests.mail.post import Post
from tests.mail.servers import MailWorld
from tests.service.tick.test_last_moment import BusyOffice

LEADS = ("lead1", "lead2", "lead3")
TASK_FIRST = """\
name: intro
steps:
  - task: {type: call, title: Ring}
  - after: 0 days
    email: {subject: Hello, body: Hi}
"""


@pytest.fixture
def post(tmp_path: Path, mail_world: MailWorld) -> Iterator[Post]:
    for user in ("rep", *LEADS):
        mail_world.empty(user)
    made = Post(tmp_path, mail_world)
    yield made
    made.close()


def saved(post: Post) -> Path:
    backup = post.path.with_name("backup.db")
    back_up(post.store, backup, post.clock.now())
    return backup


def put_back(post: Post, backup: Path) -> None:
    post.store.close()
    restore(backup, post.path, lambda store: mark_restored(store, "rep", post.clock, "backup.db"))
    post.store = open_store(post.path)


def ring(post: Post) -> None:
    lead1 = post.world.address("lead1")
    tasks.close_task(post.store, post.user, post.clock.now(), [lead1], "done")


def arrived(post: Post) -> list[int]:
    return [len(post.world.delivered(lead)) for lead in LEADS]


def test_what_stands_in_sent_is_sent_and_the_rest_unknown(post: Post) -> None:
    post.begin(*LEADS, limits=Limits(per_minute=2))
    backup = saved(post)
    assert post.tick().emails == 2
    lost = [mail["id"] for mail in post.mails()]
    went_out = post.mails()[0]["sent_at"]
    post.contact("lead9")
    lost_enrollment = post.enroll("lead9").done[0]
    post.later(hours=2)
    put_back(post, backup)

    for _ in range(5):
        post.later(minutes=2)
        post.tick()
    assert sorted(post.statuses()) == ["sent", "sent", "unknown"]
    assert arrived(post) == [1, 1, 0]
    sent = [mail for mail in post.mails() if mail["status"] == "sent"]
    assert all(abs(mail["sent_at"] - went_out) < timedelta(seconds=10) for mail in sent)
    assert min(mail["id"] for mail in post.mails()) > max(lost)
    post.contact("lead8")
    (fresh,) = post.enroll("lead8").done
    assert fresh > lost_enrollment + 1000

    (unknown,) = [mail for mail in post.mails() if mail["status"] == "unknown"]
    resolve(post.store, post.user, post.clock.now(), unknown["id"], sent=False)
    post.later(minutes=2)
    post.tick()
    assert arrived(post) == [1, 1, 1]
    post.later(days=3)
    for _ in range(5):
        post.later(minutes=2)
        post.tick()
    assert arrived(post) == [2, 2, 2]


def test_a_mail_that_was_on_its_way_in_the_backup(post: Post) -> None:
    post.begin("lead1")
    backups: list[Path] = []

    def deed() -> None:
        with_other = open_store(post.path)
        backup = post.path.with_name("backup.db")
        back_up(with_other, backup, post.clock.now())
        with_other.close()
        backups.append(backup)

    post.office = BusyOffice(behind_begin=deed)
    assert post.tick().emails == 1
    post.world.deliver_all()
    put_back(post, backups[0])
    for _ in range(3):
        post.tick()
    assert (post.statuses(), arrived(post)) == (["sent"], [1, 0, 0])


def test_a_mail_of_which_the_backup_knew_no_date(post: Post) -> None:
    """Paused in the backup, then resumed and sent: due again only when it is resumed again."""
    post.begin("lead1", "lead2")
    now = post.clock.now
    pausing.pause_sequence(post.store, "intro", pausing.Pause(post.user, now()))
    backup = saved(post)
    pausing.resume_sequence(post.store, "intro", pausing.Resume(post.user, now()))
    pausing.pause_contacts(
        post.store, [post.world.address("lead2")], pausing.Pause(post.user, now())
    )
    assert post.tick().emails == 1
    post.world.deliver_all()
    post.later(hours=1)
    put_back(post, backup)
    post.later(hours=1)
    post.tick()
    assert arrived(post) == [1, 0, 0]
    pausing.resume_sequence(post.store, "intro", pausing.Resume(post.user, now()))
    for _ in range(3):
        post.tick()
    assert post.statuses() == ["sent", "sent"]
    assert arrived(post) == [1, 1, 0]


def test_a_task_that_is_done_a_second_time(post: Post) -> None:
    post.connect()
    post.contact("lead1")
    post.apply(TASK_FIRST)
    post.enroll("lead1")
    post.tick()
    backup = saved(post)
    ring(post)
    assert post.tick().emails == 1
    post.world.deliver_all()
    post.later(hours=1)
    put_back(post, backup)
    post.tick()
    post.later(hours=1)
    ring(post)
    for _ in range(3):
        post.tick()
    assert (post.statuses(), arrived(post)) == (["sent"], [1, 0, 0])
