"""A backup is to be looked at and put back; what is due in it may have gone out since (rules, "Backups")."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest

from seqctl.domain.errors import BadFile, Busy, Refused
from seqctl.domain.model import MailStatus
from seqctl.mail.office import Office
from seqctl.service.clocks import accept
from seqctl.service.doctor import examine
from seqctl.service.enrollments.pausing import Pause, Resume, pause_sequence, resume_sequence
from seqctl.service.halting import halt
from seqctl.service.inboxes.testing_inboxes import inbox_to_test
from seqctl.service.reading.resolving import resolve
from seqctl.service.sequences.sending_previews import previewing_inbox
from seqctl.service.tick import ticking
from seqctl.service.workspace import mark_restored
from seqctl.store.backup import back_up, restore
from tests.desk import FixedClock
from tests.errands import ANN, Errands
from tests.workspaces import CLOCK, MONDAY, found, opened


@pytest.fixture
def errands(tmp_path: Path) -> Iterator[Errands]:
    made = Errands(tmp_path)
    yield made
    made.close()


def backup_of(errands: Errands) -> Path:
    path = errands.folder / "b.db"
    back_up(errands.store, path, errands.clock.time)
    return path


@contextmanager
def at_work_on(errands: Errands, path: Path) -> Iterator[None]:
    """The verbs act on another file."""
    first = errands.store
    with opened(path) as errands.store:
        try:
            yield
        finally:
            errands.store = first


def restored(errands: Errands, backup: Path) -> Path:
    path = errands.folder / "restored.db"
    restore(backup, path, lambda store: mark_restored(store, "ann", errands.clock, "b.db"))
    return path


def refused(errands: Errands, **asked: bool) -> Refused:
    with pytest.raises(Refused) as told:
        ticking.tick(errands.store, errands.clock, office=Office(), **asked)
    return told.value


def test_a_backup_hands_nothing_over_and_its_workspace_each_mail_once(errands: Errands) -> None:
    names = errands.begin(3)
    backup = backup_of(errands)
    before = backup.read_bytes()
    for _ in range(2):
        with at_work_on(errands, backup):
            error = refused(errands)
        assert (error.code, error.exit_code) == ("BACKUP", 4)
        assert errands.tick().emails in (3, 0)
    assert errands.went() == names
    assert backup.read_bytes() == before


def test_the_refusal_names_the_backup_its_time_and_the_way_on(errands: Errands) -> None:
    errands.begin(1)
    with at_work_on(errands, backup_of(errands)):
        error = refused(errands)
    assert error.message == (
        f"{errands.folder}/b.db is a backup, made 2026-03-02T08:00:00Z: what is due in it may have "
        "gone out since, so it sends and creates nothing."
    )
    assert error.hint == f"seqctl restore {errands.folder}/b.db --db ANOTHER-FILE"


def test_its_rehearsal_is_refused_alike(errands: Errands) -> None:
    errands.begin(1)
    with at_work_on(errands, backup_of(errands)):
        assert refused(errands, dry_run=True).code == "BACKUP"


def test_only_the_copy_is_marked(errands: Errands) -> None:
    backup = backup_of(errands)
    assert errands.store.workspace.state().backup_at is None
    with opened(backup) as copy:
        assert copy.workspace.state().backup_at == errands.clock.time
        assert examine(copy) == []


def test_of_halted_and_backup_the_backup_is_told(errands: Errands) -> None:
    halt(errands.store, "", errands.user, errands.clock.time)
    with at_work_on(errands, backup_of(errands)):
        assert refused(errands).code == "BACKUP"


def test_a_copy_of_a_backup_is_a_backup_of_the_same_time(errands: Errands) -> None:
    backup, second = backup_of(errands), errands.folder / "c.db"
    with opened(backup) as copy:
        back_up(copy, second, errands.clock.time + timedelta(days=1))
    with opened(second) as copy:
        assert copy.workspace.state().backup_at == errands.clock.time


def test_made_in_the_middle_of_a_tick_it_is_a_backup_too(errands: Errands) -> None:
    names = errands.begin(3)
    backup = errands.folder / "b.db"

    def save(_: ticking.TickResult) -> None:
        if not backup.exists():
            backup_of(errands)

    ticking.tick(errands.store, errands.clock, office=errands.office, progress=save)
    with at_work_on(errands, backup):
        assert refused(errands).code == "BACKUP"
    assert errands.went() == names


@pytest.mark.parametrize("since", ["nothing since", "a pause and a resume in the backup"])
def test_a_restored_backup_is_none_and_asks_about_what_was_due(
    errands: Errands, since: str
) -> None:
    names = errands.begin(2)
    backup = backup_of(errands)
    errands.tick()
    if since != "nothing since":
        errands.later(hours=1)
        pause_and_resume(errands, backup)
    errands.later(hours=1)
    with at_work_on(errands, restored(errands, backup)):
        assert errands.store.workspace.state().backup_at is None
        errands.tick()
        assert errands.statuses() == ["unknown", "unknown"]
        assert errands.went() == names
        for (id,) in errands.rows("SELECT id FROM message"):
            resolve(errands.store, errands.user, errands.clock.time, id, sent=True)
        errands.later(minutes=1)
        errands.enroll("fresh")
        assert errands.tick().emails == 1
        assert examine(errands.store) == []
    assert errands.went() == [*names, "fresh"]


def pause_and_resume(errands: Errands, path: Path) -> None:
    now = errands.clock.time
    with at_work_on(errands, path):
        pause_sequence(errands.store, "intro", Pause(errands.user, now))
        resume_sequence(errands.store, "intro", Resume(errands.user, now))


def test_what_is_typed_at_a_backup_stays_and_goes_nowhere(errands: Errands) -> None:
    errands.begin(1)
    backup = backup_of(errands)
    with at_work_on(errands, backup):
        errands.enroll("late")
        assert refused(errands).code == "BACKUP"
        assert errands.store.outbox.counts([MailStatus.QUEUED]) == {}
    assert errands.went() == []


def test_no_other_verb_sends_from_it(errands: Errands) -> None:
    """Neither goes to a contact; but what sends nothing needs no exceptions to be trusted."""
    errands.connect()
    with opened(backup_of(errands)) as copy:
        for send in (
            lambda: inbox_to_test(copy, errands.user, ANN),
            lambda: previewing_inbox(copy, errands.user),
        ):
            with pytest.raises(Refused) as told:
                send()
            assert told.value.code == "BACKUP"


def test_a_simulated_one_goes_on(tmp_path: Path) -> None:
    """Its inboxes keep their mail: nothing can go out from it."""
    found(tmp_path / "w.db", MONDAY)
    with opened(tmp_path / "w.db") as store:
        back_up(store, tmp_path / "b.db", MONDAY)
    with opened(tmp_path / "b.db") as copy:
        assert copy.workspace.state().backup_at == MONDAY
        moved = ticking.tick(copy, CLOCK, by=timedelta(days=1), office=Office())
        assert moved.ended == MONDAY + timedelta(days=1)


def test_put_over_the_workspace_by_hand_it_stops_the_tick_and_sends_nothing(
    errands: Errands,
) -> None:
    names = errands.begin(3)
    backup = backup_of(errands)

    def copy_over(_: ticking.TickResult) -> None:
        shutil.copyfile(backup, errands.path)

    with pytest.raises(Busy):
        ticking.tick(errands.store, errands.clock, office=errands.office, progress=copy_over)
    went = errands.went()
    assert refused(errands).code == "BACKUP"
    assert errands.went() == went
    assert set(went) <= set(names)


def test_an_unreadable_mark_is_told_and_nothing_goes_out(errands: Errands) -> None:
    errands.begin(1)
    backup = backup_of(errands)
    with opened(backup) as copy:
        copy.connection.execute("UPDATE workspace SET backup_at = 'some day'")
        assert [(f.table, f.rule) for f in examine(copy)] == [("workspace", "file")]
        with pytest.raises(BadFile):
            ticking.tick(copy, errands.clock, office=Office())
    assert errands.went() == []


def test_a_wrong_clock_that_dated_the_mark_is_put_right(errands: Errands) -> None:
    errands.later(days=400)
    errands.begin(1)
    backup = backup_of(errands)
    right = FixedClock(MONDAY)
    with opened(backup) as copy:
        accept(copy, errands.user, right)
        assert copy.workspace.state().backup_at == MONDAY


# --- numbers ------------------------------------------------------------------------------------------


def put_back(errands: Errands, backup: Path) -> None:
    errands.later(hours=1)
    errands.store.close()
    restore(backup, errands.path, lambda store: mark_restored(store, "ann", errands.clock, "b.db"))
    errands.store = errands.again()


def numbers_of_fresh(errands: Errands, name: str) -> set[int]:
    """The numbers of somebody's enrollment and mail."""
    errands.later(minutes=1)
    errands.enroll(name)
    errands.tick()
    ((mail, enrollment),) = errands.rows(
        f"SELECT id, enrollment_id FROM message WHERE recipient = '{name}@x.test'"
    )
    return {mail, enrollment}


@pytest.mark.parametrize("saved", ["once", "after each restore"])
def test_no_number_is_given_twice_however_often_a_backup_is_put_back(
    errands: Errands, saved: str
) -> None:
    """A Message-ID is made of one, and mails are looked for in Sent by it."""
    errands.begin(1)
    given, backup = numbers_of_fresh(errands, "first"), backup_of(errands)
    for round in range(3):
        put_back(errands, backup)
        if saved != "once":
            backup = errands.folder / f"b{round}.db"
            back_up(errands.store, backup, errands.clock.time)
        fresh = numbers_of_fresh(errands, f"fresh{round}")
        assert not given & fresh
        given |= fresh


def test_the_numbers_of_a_stranger_and_of_damage_are_no_matter(
    errands: Errands, tmp_path: Path
) -> None:
    errands.begin(1)
    backup = backup_of(errands)
    (tmp_path / "other").mkdir()
    stranger = Errands(tmp_path / "other")
    stranger.rows("UPDATE workspace SET id_floor = 7000000")
    stranger.close()
    damaged = tmp_path / "damaged.db"
    damaged.write_bytes(backup.read_bytes())
    with opened(damaged) as store:
        store.connection.execute("UPDATE workspace SET id_floor = 9223372036854775807")
    for path in (stranger.path, damaged):
        restore(backup, path, lambda store: mark_restored(store, "ann", errands.clock, "b.db"))
        with opened(path) as store:
            ((floor,),) = store.connection.execute("SELECT id_floor FROM workspace").fetchall()
            assert floor < 1_000_000
            assert examine(store) == []
