"""Editing the coming steps of one enrollment, on a real workspace."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from seqctl.clock import SystemClock
from seqctl.domain.errors import NotFound, Refused
from seqctl.domain.model import Enrollment, Sharing, Status, User, Waiting
from seqctl.files.sequences.sequence_edits import edit_text, read_edit
from seqctl.files.sequences.sequences import read_sequence_text
from seqctl.service.contacts import contacts
from seqctl.service.enrollments import editing, enrolling, pausing
from seqctl.service.inboxes import inboxes
from seqctl.service.sequences import sequences
from seqctl.service.tasks import close_task
from seqctl.service.tick import ticking
from seqctl.store import SqliteStore, create_store

NOW = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)  # a Monday; 09:00 in Stockholm
ADA = "ada@acme.test"
TEXT = """\
name: intro
share: everyone
window: 08:00-18:00
steps:
  - email: {subject: "Hello {{ contact.first_name }}", body: one}
  - after: 3 days
    email: {body: two}
  - after: 2 days
    task: {title: Ring}
  - after: 1 day
    email: {body: last}
"""


class Workspace:
    """One workspace in which bo enrolled ada, and what bo does there."""

    def __init__(self, store: SqliteStore) -> None:
        self.store = store
        self.bo = store.people.add_user(User(0, "bo", "Bo", "bo@x.test", "Europe/Stockholm"))
        self.eva = store.people.add_user(User(0, "eva", "Eva", "eva@x.test", "Europe/Stockholm"))
        inboxes.connect_inbox(store, self.bo, "bo@x.test", None, NOW)
        contacts.add(store, self.bo, NOW, ADA, contacts.parse_assignments(["first_name=Ada"]))
        self.apply(TEXT)
        outcome = enrolling.enroll(store, self.bo, NOW, enrolling.Request("intro", (ADA,)))
        assert outcome.refused == []

    @property
    def now(self) -> datetime:
        now = self.store.workspace.state().now
        assert now is not None
        return now

    @property
    def ada(self) -> Enrollment:
        return self.store.enrollments.get([1])[0]

    def apply(self, text: str) -> None:
        draft = read_sequence_text(text, name="a.yaml", folder=None)
        sequences.apply(self.store, self.bo, NOW, [draft])

    def tick(self, **by: int) -> None:
        ticking.tick(self.store, SystemClock(), by=timedelta(**by))

    def edit(self, *replaced: tuple[str, str]) -> bool:
        """Open the text, replace words in it, and save it."""
        opened = editing.open_edit(self.store, self.bo, "intro", ADA)
        text = edit_text(opened.version, opened.first, sequence="intro", contact=ADA)
        for old, new in replaced:
            assert old in text
            text = text.replace(old, new)
        return self.save(opened, text)

    def save(self, opened: editing.Editing, text: str) -> bool:
        edited = read_edit(
            text,
            name="edit.yaml",
            folder=None,
            sequence="intro",
            version=opened.version,
            first=opened.first,
        )
        return editing.save_edit(self.store, self.bo, self.now, opened, edited.steps)

    def label(self) -> int | str:
        return self.store.sequences.version(self.ada.version_id).label

    def sent(self) -> list[tuple[int, str]]:
        return self.store.connection.execute(
            "SELECT step, body FROM message ORDER BY id"
        ).fetchall()


@pytest.fixture
def work(tmp_path: Path) -> Iterator[Workspace]:
    store = create_store(tmp_path / "workspace.db", simulated_now=NOW)
    yield Workspace(store)
    store.close()


def test_the_coming_steps_are_changed_for_one_enrollment_only(work: Workspace) -> None:
    work.tick(hours=1)
    before = work.ada
    assert work.edit(("two", "something else"))
    after = work.ada
    assert work.label() == "1+1"
    assert after == before._replace(version_id=after.version_id, last_event_id=after.last_event_id)
    found = sequences.look(work.store, work.bo, "intro")
    assert found.version.number == 1
    assert found.version.steps[1].email is not None
    assert found.version.steps[1].email.body == "two"
    work.tick(days=4)
    assert work.sent() == [(1, "one"), (2, "something else")]


def test_its_version_can_be_looked_at_and_edited_again(work: Workspace) -> None:
    work.tick(hours=1)
    work.edit(("two", "a"))
    work.edit(("body: a", "body: b"))
    assert work.label() == "1+1"
    version = sequences.look(work.store, work.bo, "intro", "1+1").version
    assert version.id == work.ada.version_id
    assert version.steps[1].email is not None
    assert version.steps[1].email.body == "b"
    rows = work.store.connection.execute(
        "SELECT detail, actor_id FROM event WHERE kind = 'edited'"
    ).fetchall()
    assert rows == [("version 1+1, from step 2 on", work.bo.id)] * 2


def test_later_versions_of_the_sequence_go_on_counting(work: Workspace) -> None:
    work.edit(("two", "a"))
    work.apply(TEXT.replace("last", "latest"))
    assert sequences.look(work.store, work.bo, "intro").version.number == 2
    assert work.label() == "1+1"


def test_an_unchanged_text_stores_nothing(work: Workspace) -> None:
    work.tick(hours=1)
    before = work.store.connection.total_changes
    assert not work.edit()
    assert work.store.connection.total_changes == before
    assert work.label() == 1


def test_the_running_delay_keeps_its_remainder(work: Workspace) -> None:
    work.tick(hours=1)
    before = work.ada
    assert work.edit(("after: 3 days", "after: 3 weeks"))
    assert (work.ada.delay_ends_at, work.ada.due_at) == (before.delay_ends_at, before.due_at)


def test_another_set_time_is_placed_anew(work: Workspace) -> None:
    work.tick(days=1)
    assert work.edit(("after: 3 days\n", 'after: 3 days\n    at: "14:00"\n'))
    assert work.ada.due_at == datetime(2026, 3, 5, 13, 0, tzinfo=UTC)


def test_nothing_is_placed_in_the_past(work: Workspace) -> None:
    work.tick(days=2, hours=23)  # Thursday 08:00 in Stockholm; step 2 is due at 09:00
    assert work.edit(("after: 3 days\n", 'after: 3 days\n    at: "08:00"\n'))
    assert work.ada.due_at == datetime(2026, 3, 6, 7, 0, tzinfo=UTC)


def test_a_mail_that_becomes_a_task_no_longer_waits_for_the_window(work: Workspace) -> None:
    work.apply(TEXT.replace("3 days", "12 hours"))
    contacts.add(
        work.store, work.bo, NOW, "cy@acme.test", contacts.parse_assignments(["first_name=Cy"])
    )
    enrolling.enroll(work.store, work.bo, NOW, enrolling.Request("intro", ("cy@acme.test",)))
    work.tick(minutes=1)
    opened = editing.open_edit(work.store, work.bo, "intro", "cy@acme.test")
    assert opened.enrollment.due_at == datetime(2026, 3, 3, 7, 0, tzinfo=UTC)
    assert work.save(opened, "steps:\n  - after: 12 hours\n    task: {title: Ring}\n")
    (after,) = work.store.enrollments.get([opened.enrollment.id])
    assert after.due_at == NOW + timedelta(hours=12)


def test_an_open_task_is_read_only_and_what_follows_is_not(work: Workspace) -> None:
    work.tick(days=6)
    assert work.ada.waiting == Waiting.TASK
    assert editing.open_edit(work.store, work.bo, "intro", ADA).first == 4
    assert work.edit(("last", "the very last"))
    close_task(work.store, work.bo, work.now, [ADA], "done")
    work.tick(days=2)
    assert work.sent()[-1] == (4, "the very last")
    assert work.ada.status == Status.FINISHED


def test_a_held_enrollment_keeps_what_is_left(work: Workspace) -> None:
    work.tick(days=1)
    pausing.pause_sequence(work.store, "intro", pausing.Pause(work.bo, work.now))
    held = work.ada
    assert work.edit(("after: 3 days\n", 'after: 3 days\n    at: "14:00"\n'))
    after = work.ada
    assert (after.held_since, after.delay_ends_at, after.due_at) == (
        *(held.held_since, held.delay_ends_at, None),
    )
    work.tick(days=10)
    pausing.resume_sequence(work.store, "intro", pausing.Resume(work.bo, work.now))
    assert work.ada.due_at == datetime(2026, 3, 15, 13, 0, tzinfo=UTC)


def test_steps_may_be_added_and_removed(work: Workspace) -> None:
    work.tick(days=6)
    opened = editing.open_edit(work.store, work.bo, "intro", ADA)
    more = "".join(f"  - after: {n} days\n    task: {{title: t{n}}}\n" for n in (1, 2, 3))
    assert work.save(opened, f"steps:\n{more}")
    assert len(work.store.sequences.version(work.ada.version_id).steps) == 6


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("steps: []", "NO_STEPS"),
        ("steps: [{after: 1 day, email: {body: '{{ contact.phone }}'}}]", "MISSING_FIELD"),
        ("steps: [{after: 1 day, email: {body: '{{ 1 // 0 }}'}}]", "TEMPLATE_ERROR"),
    ],
)
def test_what_an_edit_may_not_do(work: Workspace, text: str, code: str) -> None:
    work.tick(hours=1)
    opened = editing.open_edit(work.store, work.bo, "intro", ADA)
    with pytest.raises(Refused) as caught:
        work.save(opened, text)
    assert caught.value.code == code
    assert work.label() == 1


def test_a_mail_needs_an_inbox(work: Workspace) -> None:
    work.apply("name: calls\nsteps:\n  - task: {title: x}\n")
    contacts.add(work.store, work.eva, NOW, "cy@acme.test", contacts.parse_assignments([]))
    sequences.share(work.store, work.bo, NOW, "calls", Sharing(everyone=True))
    enrolling.enroll(work.store, work.eva, NOW, enrolling.Request("calls", ("cy@acme.test",)))
    opened = editing.open_edit(work.store, work.eva, "calls", "cy@acme.test")
    text = "steps: [email: {subject: x, body: y}]"
    steps = read_sequence_text(f"name: calls\n{text}", name="a.yaml", folder=None).steps
    with pytest.raises(Refused) as caught:
        editing.save_edit(work.store, work.eva, NOW, opened, steps)
    assert caught.value.code == "NO_INBOX"


def test_who_may_edit_and_what(work: Workspace) -> None:
    for user, name, address, code in (
        (work.eva, "intro", ADA, "NOT_YOURS"),
        (work.bo, "intro", "no@one.test", "UNKNOWN_CONTACT"),
    ):
        with pytest.raises(Refused) as caught:
            editing.open_edit(work.store, user, name, address)
        assert caught.value.code == code
    with pytest.raises(NotFound):
        editing.open_edit(work.store, work.bo, "intros", ADA)
    work.tick(days=6)
    close_task(work.store, work.bo, work.now, [ADA], "done")
    work.tick(days=2)
    with pytest.raises(Refused) as caught:
        editing.open_edit(work.store, work.bo, "intro", ADA)
    assert caught.value.code == "NOT_ENROLLED"


def test_what_was_enrolled_stays_editable_when_sharing_ends(work: Workspace) -> None:
    inboxes.connect_inbox(work.store, work.eva, "eva@x.test", None, NOW)
    contacts.add(
        work.store, work.eva, NOW, "cy@acme.test", contacts.parse_assignments(["first_name=Cy"])
    )
    enrolling.enroll(work.store, work.eva, NOW, enrolling.Request("intro", ("cy@acme.test",)))
    sequences.share(work.store, work.bo, NOW, "intro", Sharing())
    assert editing.open_edit(work.store, work.eva, "intro", "cy@acme.test").first == 1
    with pytest.raises(NotFound):
        editing.open_edit(work.store, work.eva, "intro", ADA)


def test_an_enrollment_that_moved_on_meanwhile_is_left_alone(work: Workspace) -> None:
    opened = editing.open_edit(work.store, work.bo, "intro", ADA)
    work.tick(hours=1)
    with pytest.raises(Refused) as caught:
        work.save(opened, TEXT.replace("Hello", "Hi").replace("share: everyone\n", ""))
    assert caught.value.code == "MOVED_ON"
    assert work.label() == 1
