"""A tick that lost the workspace hands over nothing more, and what servers had said is kept
(rules, "One tick at a time"). The lock should let none be lost; where a disk keeps no locks, where an older
seqctl is at work, or where the file is replaced by hand, the token in the workspace tells."""

from __future__ import annotations

import os
import random
import shutil
import sqlite3
from collections import Counter
from collections.abc import Callable, Generator, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

import pytest

from seqctl.domain.errors import Busy
from seqctl.mail.office import Office
from seqctl.ports.mail import Handover, Verdict
from seqctl.service.reading.resolving import resolve
from seqctl.service.tick import ticking
from seqctl.service.workspace import mark_restored
from seqctl.store import SqliteStore, open_store, translate
from seqctl.store.backup import back_up, restore
from seqctl.store.connection import connect, open_file
from tests.errands import POINTS, ErrandOffice, Errands

Steal = Callable[[Errands], None]


class Lockless(SqliteStore):
    """A workspace on a disk that keeps no locks: every tick gets it, and takes it over."""

    @contextmanager
    def tick_lock(self, *, rehearsal: bool = False) -> Generator[None]:
        del rehearsal
        with self.writing():
            self._owned = self.workspace.own(os.urandom(8).hex())
        yield


def take_the_token(errands: Errands) -> None:
    """Another tick has begun."""
    with closing(errands.again()) as other:
        other.workspace.own("another tick's")


def tick_beside(errands: Errands) -> None:
    """Another tick comes and does all that it finds to do."""
    with closing(Lockless(open_file(errands.path), errands.path)) as other:
        ticking.tick(other, errands.clock, office=Office())


STEALS = {"its token": take_the_token, "by a whole tick": tick_beside}


@pytest.fixture
def errands(tmp_path: Path) -> Iterator[Errands]:
    made = Errands(tmp_path)
    yield made
    made.close()


def lost(errands: Errands, steal: Steal, point: str, time: int) -> list[str]:
    """Tick, lose the workspace the `time`-th time that a point is reached; who had got a mail by then,
    the one included that was on its way through the door."""
    left, before = time, list[str]()

    def deed(reached: str) -> None:
        nonlocal left
        left -= reached == point
        if reached == point and left == 0:
            steal(errands)
            before.extend(errands.went())
            left = -1

    errands.office = ErrandOffice(deed)
    with pytest.raises(Busy) as stopped:
        errands.tick()
    errands.office = Office()
    assert stopped.value.code == "LOST"
    return before


@pytest.mark.parametrize("how", STEALS)
@pytest.mark.parametrize(("point", "time"), [(p, n) for p in POINTS for n in (1, 2)][1:])
def test_nothing_is_handed_over_once_the_workspace_is_lost(
    errands: Errands, how: str, point: str, time: int
) -> None:
    names = errands.begin(3)
    if point == "connected":
        time = 1
    before = lost(errands, STEALS[how], point, time)
    passing = 1 if point == "at the door" else 0  # it was `sending`: its dot is already due
    assert len(errands.went()) == len(before) + passing
    if how == "its token":
        # What the command had answered is no guess.
        said = len(errands.went())
        assert errands.statuses().count("sent") == said
        assert set(errands.statuses()) <= {"sent", "queued", "claimed"}
    assert Counter(errands.statuses())["unknown"] == 0
    while errands.tick().emails:
        pass
    assert Counter(errands.went()) == Counter(names)
    assert errands.statuses() == ["sent"] * 3


@pytest.mark.parametrize("how", STEALS)
def test_lost_before_the_claim(errands: Errands, how: str) -> None:
    names = errands.begin(2)

    def deed(_: ticking.TickResult) -> None:
        STEALS[how](errands)

    with pytest.raises(Busy) as stopped:
        ticking.tick(errands.store, errands.clock, office=errands.office, progress=deed)
    assert stopped.value.code == "LOST"
    assert errands.went() == ([] if how == "its token" else names)
    errands.tick()
    assert errands.went() == names


REFUSALS = {
    Verdict.TRY_LATER: "queued",
    Verdict.BAD_RECIPIENT: "failed",
    Verdict.REFUSED: "failed",
    Verdict.ACCOUNT: "queued",
    Verdict.UNKNOWN: "sending",
}


@pytest.mark.parametrize("verdict", REFUSALS)
def test_what_else_the_server_said_is_kept_too(errands: Errands, verdict: Verdict) -> None:
    errands.begin(2)
    codes = {"try later": 75, "bad recipient": 67, "refused": 69, "account": 77, "unknown": 0}
    script = errands.folder / "deliver"
    code = codes[verdict.name.lower().replace("_", " ")]
    end = "kill -9 $$" if verdict == Verdict.UNKNOWN else f"exit {code}"
    script.write_text(script.read_text().replace("exit 0", end))
    lost(errands, take_the_token, "handed over", 1)
    assert errands.statuses() == [REFUSALS[verdict], "claimed"]
    assert errands.went() == ["p1"]


def test_what_a_server_said_before_the_door_is_kept(errands: Errands) -> None:
    errands.begin(2)

    class Refusing(ErrandOffice):
        def courier(self, account, sessions=4):  # type: ignore[no-untyped-def]
            courier = super().courier(account, sessions)
            begin = courier.begin

            def refused(envelopes):  # type: ignore[no-untyped-def]
                begin(envelopes)
                return [
                    Handover(e.id, Verdict.BAD_RECIPIENT, "550 5.1.1 nobody") for e in envelopes
                ]

            courier.begin = refused  # type: ignore[method-assign]
            return courier

    def deed(reached: str) -> None:
        if reached == "begun":
            take_the_token(errands)

    errands.office = Refusing(deed)
    with pytest.raises(Busy):
        errands.tick()
    assert errands.statuses() == ["failed", "claimed"]
    assert errands.went() == []
    assert errands.store.contacts.suppressed("p1@x.test") == {"bounced"}


@pytest.mark.parametrize("sent", [True, False])
def test_what_somebody_has_settled_meanwhile_stays(errands: Errands, sent: bool) -> None:
    """The first mail is given up as unknown by another tick, and a person says what became of it,
    before its command comes back."""
    names = errands.begin(2)

    def settle(errands: Errands) -> None:
        tick_beside(errands)
        with closing(Lockless(open_file(errands.path), errands.path)) as other:
            resolve(other, errands.user, errands.clock.time, 1, sent=sent)

    lost(errands, settle, "at the door", 1)
    told = errands.rows("SELECT kind FROM event WHERE enrollment_id = 1 AND kind = 'sent'")
    assert errands.statuses() == ["sent", "sent"]
    assert told == [("sent",)], "once"
    errands.tick()
    assert Counter(errands.went()) == Counter(names), "an answer that came late took it back"


def test_a_number_that_another_mail_has_by_now(errands: Errands) -> None:
    """An older plain copy is put over the file, and goes on: its mail 1 is not the one that was answered."""
    older = errands.folder / "older.db"
    errands.connect()
    errands.apply()
    shutil.copyfile(errands.path, older)
    errands.enroll("p1")

    def go_on_from_the_copy(errands: Errands) -> None:
        shutil.copyfile(older, errands.path)
        script = errands.folder / "deliver"
        usual = script.read_text()
        script.write_text(usual.replace("exit 0", "kill -9 $$"))
        with closing(errands.again()) as other:
            errands.store, first = other, errands.store
            errands.enroll("q1")
            errands.store = first
        tick_beside(errands)
        script.write_text(usual)

    lost(errands, go_on_from_the_copy, "at the door", 1)
    assert errands.went() == ["q1", "p1"]
    assert errands.rows("SELECT id, recipient, status FROM message") == [
        (1, "q1@x.test", "unknown")
    ]


@pytest.mark.parametrize("seed", range(12))
def test_stolen_at_random_nobody_gets_two(tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)
    errands = Errands(tmp_path)
    names = errands.begin(8)

    def deed(_: str) -> None:
        if chance.random() < 0.15:
            STEALS[chance.choice(list(STEALS))](errands)

    for _ in range(20):
        errands.office = ErrandOffice(deed)
        done = False
        with suppress(Busy):
            done = not errands.tick().emails
        unknown = errands.rows("SELECT id, recipient FROM message WHERE status = 'unknown'")
        for id, recipient in unknown:
            went = recipient.split("@")[0] in errands.went()
            resolve(errands.store, errands.user, errands.clock.time, id, sent=went)
        if done and not unknown:
            break
    errands.office = Office()
    errands.tick()
    assert Counter(errands.went()) == Counter(names), seed
    assert errands.statuses() == ["sent"] * 8
    errands.close()


# --- the file replaced under a tick -----------------------------------------------------------------


def replaced(errands: Errands, do: Callable[[], None], code: str, at: str = "handed over") -> None:
    """Tick, replace the file when the second mail has come to a point of its way."""
    left = 2

    def deed(reached: str) -> None:
        nonlocal left
        left -= reached == at
        if left == 0:
            left = -1
            do()

    errands.office = ErrandOffice(deed)
    with pytest.raises(Busy) as stopped:
        errands.tick()
    assert stopped.value.code == code
    assert errands.went() == ["p1", "p2"][: 1 if at == "begun" else 2]
    errands.office = Office()


def reopened(errands: Errands, path: Path) -> None:
    errands.store.close()
    errands.path = path
    errands.store = errands.again()


def test_moved_it_keeps_what_was_said_and_stops(errands: Errands) -> None:
    names = errands.begin(4)
    other = errands.folder / "sub" / "m.db"
    other.parent.mkdir()
    replaced(errands, lambda: errands.path.rename(other), "MOVED")
    assert not errands.path.exists()
    reopened(errands, other)
    assert errands.statuses()[:2] == ["sent", "sent"]
    assert errands.tick().emails == 2
    assert errands.went() == names
    assert set(os.listdir(other.parent)) <= {"m.db", "m.db-journal"}


def test_another_file_moved_over_it(errands: Errands) -> None:
    errands.begin(4)
    backup = errands.folder / "backup.db"
    back_up(errands.store, backup, errands.clock.time)
    replaced(errands, lambda: backup.rename(errands.path), "MOVED")
    reopened(errands, errands.path)
    assert errands.statuses() == [], "the file that was moved there is as it was"


@pytest.mark.parametrize("point", ["connected", "begun"])
def test_moved_before_the_door_nothing_goes_through(errands: Errands, point: str) -> None:
    names = errands.begin(2)
    other = errands.folder / "m.db"
    errands.office = ErrandOffice(
        lambda reached: other.exists() or errands.path.rename(other) if reached == point else None
    )
    with pytest.raises(sqlite3.OperationalError) as stopped:
        errands.tick()
    told = translate(stopped.value, errands.path)
    assert told is not None
    assert told.code == "MOVED"
    assert errands.went() == []
    errands.office = Office()
    reopened(errands, other)
    errands.tick()
    assert errands.went() == names


def test_removed_under_it(errands: Errands) -> None:
    errands.begin(4)
    kept = errands.folder / "kept.db"

    def remove() -> None:
        os.link(errands.path, kept)
        errands.path.unlink()

    replaced(errands, remove, "MOVED")
    reopened(errands, kept)
    assert errands.statuses()[0] == "sent"


@pytest.mark.parametrize("made", ["before the tick", "during the tick"])
def test_a_backup_copied_over_it(errands: Errands, made: str) -> None:
    """The file stays the same, what stands in it doesn't: the tick's token is not there any more."""
    errands.begin(4)
    backup = errands.folder / "backup.db"

    def copy_over() -> None:
        if made == "during the tick":
            with closing(errands.again()) as other:
                back_up(other, backup, errands.clock.time)
        shutil.copyfile(backup, errands.path)

    if made == "before the tick":
        back_up(errands.store, backup, errands.clock.time)
    replaced(errands, copy_over, "LOST")
    known = ["sent", "sent", "claimed", "claimed"] if made == "during the tick" else []
    assert errands.statuses() == known


@pytest.mark.parametrize("point", ["begun", "handed over"])
@pytest.mark.parametrize("what", ["another workspace", "an older format", "nothing"])
def test_something_else_copied_over_it(
    errands: Errands, tmp_path: Path, what: str, point: str
) -> None:
    """Nothing of this workspace is written into what is none of it, though numbers may be the same."""
    errands.begin(4)
    (tmp_path / "other").mkdir()
    other = Errands(tmp_path / "other")
    other.begin(4)
    other.tick()
    if what == "an older format":
        other.rows("ALTER TABLE workspace DROP COLUMN tick_token")
    other.rows("UPDATE message SET status = 'unknown'")
    other.store.close()
    if what == "nothing":
        other.path.write_bytes(b"")
    replaced(errands, lambda: shutil.copyfile(other.path, errands.path) and None, "LOST", point)
    assert errands.path.read_bytes() == other.path.read_bytes()
    errands.store.close()
    errands.path.unlink()
    errands.store = Errands(tmp_path).store


def test_a_restore_between_the_opening_and_the_tick(errands: Errands) -> None:
    names = errands.begin(2)
    backup = errands.folder / "backup.db"
    back_up(errands.store, backup, errands.clock.time)
    restore(backup, errands.path, lambda store: mark_restored(store, "ann", errands.clock, "b"))
    with pytest.raises(sqlite3.OperationalError) as stopped:
        errands.tick()
    told = translate(stopped.value, errands.path)
    assert told is not None
    assert (told.code, told.exit_code) == ("MOVED", 7)
    assert errands.went() == []
    reopened(errands, errands.path)
    errands.tick()
    assert errands.statuses() == ["unknown", "unknown"], "perhaps they went out since the backup"
    assert set(errands.went()) <= set(names)


def test_a_link_that_is_turned_between_the_opening_and_the_tick(errands: Errands) -> None:
    """The tick works on the file that it opened, and that one is locked."""
    names = errands.begin(2)
    link = errands.folder / "link.db"
    link.symlink_to(errands.path)
    (errands.folder / "other").mkdir()
    other = Errands(errands.folder / "other")
    with closing(open_store(link)) as by_link:
        link.unlink()
        link.symlink_to(other.path)
        with by_link.tick_lock():
            with pytest.raises(Busy):
                errands.tick()
            other.tick()
        ticking.tick(by_link, errands.clock, office=Office())
    other.close()
    assert errands.went() == names


# --- copies carry no token ----------------------------------------------------------------------------


def token(path: Path) -> str | None:
    with closing(connect(path)) as connection:
        return connection.execute("SELECT tick_token FROM workspace").fetchone()[0]


def test_each_tick_has_a_token_of_its_own_and_no_copy_has_any(errands: Errands) -> None:
    errands.begin(1)
    errands.tick()
    first = token(errands.path)
    errands.tick()
    assert first
    assert token(errands.path) not in (None, first)
    backup = errands.folder / "backup.db"
    back_up(errands.store, backup, errands.clock.time)
    assert token(backup) is None
    shutil.copyfile(errands.path, backup)
    errands.store.close()
    restore(backup, errands.path, lambda store: mark_restored(store, "ann", errands.clock, "b"))
    assert token(errands.path) is None
    errands.store = errands.again()


def test_a_rehearsal_takes_nothing_over(errands: Errands) -> None:
    errands.begin(1)
    errands.tick()
    before = token(errands.path), errands.path.stat().st_mtime_ns
    ticking.tick(errands.store, errands.clock, dry_run=True)
    assert (token(errands.path), errands.path.stat().st_mtime_ns) == before
