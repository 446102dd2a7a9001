"""Sequences and their versions, on a real workspace."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from seqctl.domain.errors import NotFound, Refused
from seqctl.domain.model import SequenceDraft, Sharing, User
from seqctl.files.sequences.sequences import read_sequence_text
from seqctl.service.contacts import contacts
from seqctl.service.enrollments import enrolling
from seqctl.service.sequences import sequences
from seqctl.service.sequences.previewing import preview
from seqctl.store import SqliteStore, create_store

NOW = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
TEXT = "name: intro\nsteps:\n  - task: {title: Ring}\n"


def draft(text: str = TEXT) -> SequenceDraft:
    return read_sequence_text(text, name="a.yaml", folder=None)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqliteStore]:
    store = create_store(tmp_path / "workspace.db", simulated_now=NOW)
    yield store
    store.close()


@pytest.fixture
def bo(store: SqliteStore) -> User:
    return store.people.add_user(User(0, "bo", "Bo Ek", "bo@nordic.test", "Europe/Stockholm"))


@pytest.fixture
def eva(store: SqliteStore) -> User:
    nordics = frozenset({"nordics"})
    return store.people.add_user(
        User(0, "eva", "Eva Li", "eva@nordic.test", "Europe/Stockholm", teams=nordics)
    )


def applied(store: SqliteStore, user: User, text: str = TEXT) -> sequences.Applied:
    (outcome,) = sequences.apply(store, user, NOW, [draft(text)])
    assert isinstance(outcome, sequences.Applied), outcome
    return outcome


def enroll(store: SqliteStore, user: User, *addresses: str) -> None:
    for address in addresses:
        contacts.add(store, user, NOW, address, contacts.parse_assignments([]))
    outcome = enrolling.enroll(store, user, NOW, enrolling.Request("intro", addresses))
    assert outcome.refused == []


def kinds(store: SqliteStore) -> list[str]:
    rows = store.connection.execute("SELECT kind, detail FROM event ORDER BY id")
    return [f"{kind}: {detail}" for kind, detail in rows]


def test_versions_are_counted_by_changes_of_content(store: SqliteStore, bo: User) -> None:
    assert applied(store, bo)[1:3] == (1, "created")
    assert applied(store, bo)[1:3] == (1, "unchanged")
    assert applied(store, bo, TEXT.replace("Ring", "Write"))[1:3] == (2, "updated")
    assert applied(store, bo)[1:3] == (3, "updated")
    found = store.sequences.named("intro")
    assert found is not None
    assert [version.number for version in store.sequences.versions(found.id)] == [1, 2, 3]
    assert kinds(store) == ["applied: version 1", "applied: version 2", "applied: version 3"]


def test_sharing_is_set_only_where_the_file_says_so(store: SqliteStore, bo: User) -> None:
    applied(store, bo, f"share: everyone\n{TEXT}")
    applied(store, bo, TEXT.replace("Ring", "Write"))
    found = store.sequences.named("intro")
    assert found is not None
    assert found.sharing == Sharing(everyone=True)
    outcome = applied(store, bo, f"share: private\n{TEXT.replace('Ring', 'Write')}")
    assert outcome == ("intro", 2, "updated", ("now private",))
    assert kinds(store) == [
        *("applied: version 1", "shared: everyone", "applied: version 2", "shared: private")
    ]


def test_who_runs_on_is_told(store: SqliteStore, bo: User) -> None:
    applied(store, bo)
    enroll(store, bo, "ada@acme.test")
    assert applied(store, bo, TEXT.replace("Ring", "Write")).notes == (
        "1 live enrollment stays on version 1",
    )
    enroll(store, bo, "cy@acme.test", "dee@acme.test")
    assert applied(store, bo, TEXT.replace("Ring", "Sing")).notes == (
        "1 live enrollment stays on version 1",
        "2 live enrollments stay on version 2",
    )


def test_only_the_owner_applies_shares_and_deletes(store: SqliteStore, bo: User, eva: User) -> None:
    applied(store, bo)
    (outcome,) = sequences.apply(store, eva, NOW, [draft()])
    assert isinstance(outcome, Refused)
    assert outcome.code == "NOT_YOURS"
    assert outcome.message == "The name intro is taken by a sequence that is not shared with you."
    sequences.share(store, bo, NOW, "intro", Sharing(teams=frozenset({"nordics"})))
    (outcome,) = sequences.apply(store, eva, NOW, [draft()])
    assert isinstance(outcome, Refused)
    assert outcome.message == "intro belongs to bo: only bo may apply it."
    for refused in (
        lambda: sequences.share(store, eva, NOW, "intro", Sharing()),
        lambda: sequences.delete(store, eva, NOW, "intro"),
    ):
        with pytest.raises(Refused) as caught:
            refused()
        assert caught.value.code == "NOT_YOURS"


def test_one_refused_does_not_stop_the_others(store: SqliteStore, bo: User, eva: User) -> None:
    applied(store, bo)
    other = draft(TEXT.replace("intro", "other"))
    outcomes = sequences.apply(store, eva, NOW, [draft(), other])
    assert isinstance(outcomes[0], Refused)
    assert outcomes[1] == ("other", 1, "created", ())


def test_what_is_not_shared_is_not_there(store: SqliteStore, bo: User, eva: User) -> None:
    applied(store, bo)
    applied(store, eva, TEXT.replace("intro", "intros"))
    with pytest.raises(NotFound) as caught:
        sequences.look(store, eva, "intro")
    assert caught.value.message == "There is no sequence 'intro'. Did you mean intros?"
    assert [each.sequence.name for each in sequences.visible(store, eva)] == ["intros"]


def test_deleting_ends_live_enrollments_with_a_reason(store: SqliteStore, bo: User) -> None:
    applied(store, bo)
    enroll(store, bo, "ada@acme.test", "cy@acme.test")
    assert sequences.delete(store, bo, NOW, "intro") == 2
    assert [e.reason for e in store.enrollments.get([1, 2])] == ["sequence-deleted"] * 2
    assert kinds(store)[-1] == "sequence-deleted: 2 live enrollments ended"
    with pytest.raises(NotFound):
        sequences.look(store, bo, "intro")


def test_a_deleted_name_goes_on_counting_for_a_new_owner(
    store: SqliteStore, bo: User, eva: User
) -> None:
    applied(store, bo, f"share: everyone\n{TEXT}")
    sequences.delete(store, bo, NOW, "intro")
    assert applied(store, eva)[1:3] == (2, "created")
    found = sequences.look(store, eva, "intro").sequence
    assert (found.owner, found.sharing) == ("eva", Sharing())
    with pytest.raises(NotFound):
        sequences.look(store, bo, "intro")


def test_versions_are_found_by_their_label(store: SqliteStore, bo: User) -> None:
    applied(store, bo)
    applied(store, bo, TEXT.replace("Ring", "Write"))
    assert sequences.look(store, bo, "intro").version.number == 2
    assert sequences.look(store, bo, "intro", "1").version.steps == draft().steps
    for label in ("3", "0", "x", "1+1", "+", "1+99999999999999999999", "²"):
        with pytest.raises(NotFound) as caught:
            sequences.look(store, bo, "intro", label)
        assert caught.value.message.endswith("; there are versions 1 to 2.")


def test_which_versions_are_compared(store: SqliteStore, bo: User) -> None:
    applied(store, bo)
    assert sequences.compared(store, bo, "intro", []) is None
    for word in ("Write", "Sing"):
        applied(store, bo, TEXT.replace("Ring", word))
    for labels, numbers in (([], (2, 3)), (["1"], (1, 3)), (["3", "1"], (3, 1))):
        found = sequences.compared(store, bo, "intro", labels)
        assert found is not None
        assert (found[1].number, found[2].number) == numbers


# --- preview -------------------------------------------------------------------------------------

MAILS = """\
name: intro
timezone: contact
days: business
window: 08:00-18:00
steps:
  - email: {subject: "Hello {{ contact.first_name }}", body: "from {{ sender.email }}"}
  - after: 3 days
    task: {type: call, title: "Ring {{ contact.phone }}"}
  - after: 2 hours
    email: {body: "Again"}
"""


def test_a_preview_shows_texts_and_times(store: SqliteStore, bo: User) -> None:
    applied(store, bo, MAILS)
    edit = contacts.parse_assignments(["first_name=Ada", "timezone=america_slash_new_york"])
    contacts.add(store, bo, NOW, "ada@acme.test", edit)
    found = preview(store, bo, NOW, "intro", "Ada@acme.test")
    assert (found.timezone, found.sender) == ("America/New_York", "bo@nordic.test")
    first, task, last = found.steps
    opening = datetime(2026, 3, 2, 13, 0, tzinfo=UTC)
    assert (first.at, first.subject, first.body) == (opening, "Hello Ada", "from bo@nordic.test")
    # The clocks go forward on 8 March; 08:00 stays 08:00.
    assert task.at == datetime(2026, 3, 5, 13, 0, tzinfo=UTC)
    assert task.error is not None
    assert task.error.code == "MISSING_FIELD"
    assert (last.at, last.subject) == (task.at + timedelta(hours=2), "Re: Hello Ada")


def test_a_preview_may_begin_later(store: SqliteStore, bo: User) -> None:
    applied(store, bo, MAILS)
    contacts.add(store, bo, NOW, "ada@acme.test", contacts.parse_assignments(["first_name=Ada"]))
    (only,) = preview(store, bo, NOW, "intro", "ada@acme.test", 3).steps
    assert (only.step.number, only.at, only.subject) == (3, NOW, "Hello Ada")
    for number in (0, 4):
        with pytest.raises(Refused) as caught:
            preview(store, bo, NOW, "intro", "ada@acme.test", number)
        assert caught.value.code == "NO_SUCH_STEP"
    with pytest.raises(NotFound):
        preview(store, bo, NOW, "intro", "adda@acme.test")


def test_a_preview_stores_nothing(store: SqliteStore, bo: User) -> None:
    applied(store, bo, MAILS)
    contacts.add(store, bo, NOW, "ada@acme.test", contacts.parse_assignments([]))
    before = store.connection.total_changes
    preview(store, bo, NOW, "intro", "ada@acme.test")
    assert store.connection.total_changes == before
