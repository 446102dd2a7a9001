"""The ready mail of a task: queued by a person, sent by the tick, in the thread of the mail before it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from seqctl.domain.errors import Refused
from seqctl.domain.sending.accounts import Limits
from seqctl.service.inboxes import inboxes
from seqctl.service.tasks import send_task
from tests.desk import Desk

CALL = """\
name: intro
steps:
  - email: {subject: "Hello {{ contact.first_name }}", body: one}
  - after: 3 days
    task: {title: Write, email: {body: "more, {{ contact.first_name }}"}}
  - after: 3 days
    email: {body: last}
"""


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    made = Desk(tmp_path)
    made.apply(CALL)
    made.enroll("ada")
    made.tick(days=3)
    yield made
    made.close()


def send(desk: Desk, edited: tuple[str, str] | None = None) -> None:
    send_task(desk.store, desk.me, desk.now, "ada@x.test", edited)


def test_it_answers_in_the_thread_and_the_next_delay_counts_from_it(desk: Desk) -> None:
    send(desk)
    assert [mail[3] for mail in desk.mails()] == ["Hello Ada", "Re: Hello Ada"]
    assert desk.look(1)["step"] == 2
    desk.tick(hours=2)
    desk.tick(days=3)
    subjects = [mail[3] for mail in desk.mails()]
    assert subjects == ["Hello Ada", "Re: Hello Ada", "Re: Hello Ada"]
    assert desk.tasks()[0][1] == "done"


def test_a_subject_of_ones_own_stays(desk: Desk) -> None:
    send(desk, ("By the way", "Hi"))
    assert desk.mails()[-1][3] == "By the way"


def test_a_paused_contact_gets_none(desk: Desk) -> None:
    desk.pause("intro", "ada")
    with pytest.raises(Refused, match="paused"):
        send(desk)
    assert len(desk.mails()) == 1


def test_it_takes_a_slot_of_its_inbox_only_when_it_goes(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    desk.apply(CALL)
    desk.enroll("ada")
    wiring = inboxes.Wiring(limits=Limits(per_day=50))
    inboxes.connect_inbox(desk.store, desk.me, "ann@acme.test", wiring, desk.now)
    desk.tick(days=3)
    send(desk)
    assert seeds(desk) == ["1.1"]
    desk.tick()
    assert seeds(desk) == ["1.2"]
    desk.close()


def seeds(desk: Desk) -> list[str]:
    """The enrollment and step of each mail that counts for ann's limits."""
    return [slot.seed for slot in desk.store.enrollments.latest_slots(1, 9)]
