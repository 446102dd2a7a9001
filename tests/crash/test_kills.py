"""`kill -9` at any moment, then the same command again, ends where it would have ended
(rules, "What never happens", 8)."""

from __future__ import annotations

import random
from datetime import time, timedelta
from pathlib import Path

import pytest

from seqctl.domain.model import Contact, Email, SequenceDraft, Settings, Sharing, Step, TaskPlan
from seqctl.domain.sending.accounts import Limits
from seqctl.domain.sending.message_ids import message_of
from seqctl.domain.timing.measures import Days, Delay, Unit, Window
from seqctl.service.enrollments import enrolling, pausing
from seqctl.service.inboxes import inboxes
from seqctl.store import SqliteStore
from tests.crash.killing import content, killed, measured, run
from tests.trials import trials
from tests.workspaces import (
    MONDAY,
    add_contacts,
    apply,
    assert_same,
    assert_sound,
    clock_of,
    copied,
    doubled,
    found,
    ledger,
    minutes,
    now,
    opened,
    user,
)

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]
TARGET = MONDAY + timedelta(days=30)
TICK = ("tick", "--to", TARGET.isoformat())
INTRO = SequenceDraft(
    "intro",
    Settings("Intro", days=Days.BUSINESS, window=Window(time(8), time(18))),
    (
        Step(1, None, None, email=Email("Hello {{ contact.first_name }}", "Hi")),
        Step(2, Delay(3, Unit.DAY), None, email=Email(None, "Still there?")),
        Step(3, Delay(1, Unit.DAY), None, task=TaskPlan("call", "Ring", wait=Delay(2, Unit.DAY))),
        Step(4, Delay(90, Unit.MINUTE), None, task=TaskPlan("todo", "Note it", wait=False)),
        Step(5, Delay(1, Unit.WEEK), time(9, 30), email=Email(None, "A last time")),
    ),
    Sharing(everyone=True),
)


def address(number: int) -> str:
    return f"p{number}@example.com"


def prepare(path: Path, people: int, enrolled: int) -> None:
    """So many contacts, some of them enrolled, over two hours; some are held, for good or not."""
    found(path, MONDAY)
    with opened(path) as store:
        contacts = (Contact(0, address(n), f"P{n}", company="Initech") for n in range(people))
        add_contacts(store, contacts, MONDAY)
        apply(store, [INTRO], MONDAY)
        for part in range(12):
            enroll_some(store, range(part, enrolled, 12), part * 10)
        ann = user(store, "ann")
        until = pausing.Pause(ann, MONDAY, MONDAY + timedelta(days=6))
        pausing.pause_contacts(store, [address(n) for n in range(0, enrolled, 10)], until)
        pausing.pause_contacts(store, [address(5)], pausing.Pause(ann, MONDAY))


def enroll_some(store: SqliteStore, numbers: range, after: int) -> None:
    """Enroll contacts, to start so many minutes later."""
    request = enrolling.Request("intro", tuple(map(address, numbers)), at=MONDAY + minutes(after))
    enrolling.enroll(store, user(store, "ann"), MONDAY, request)


def test_a_long_tick_is_killed_again_and_again(tmp_path: Path) -> None:
    start = tmp_path / "start.db"
    prepare(start, 3000, 3000)
    whole = copied(start, "whole")
    timing = measured(whole, *TICK)
    with opened(whole) as store:
        undisturbed, clock = ledger(store), clock_of(store)
        assert len(undisturbed["message"]) > 8000

    chance = random.Random(2026)
    kills = in_the_middle = 0
    path = copied(start, "killed")
    while kills < trials(25):
        if killed(path, timing.moment(chance, 0.1), *TICK):
            kills += 1
            with opened(path) as store:
                in_the_middle += MONDAY < now(store) < TARGET
                assert doubled(store.connection) == []
            continue
        with opened(path) as store:
            assert_same(undisturbed, ledger(store))
            assert clock_of(store) == clock
        path = copied(start, "killed")
    run(path, *TICK)
    with opened(path) as store:
        assert_same(undisturbed, ledger(store))
        assert clock_of(store) == clock
        assert_sound(store)
    assert in_the_middle > trials(25) / 4


def test_a_line_in_front_of_an_inbox_survives_kills(tmp_path: Path) -> None:
    start = tmp_path / "start.db"
    prepare(start, 1000, 1000)
    with opened(start) as store:
        limits = Limits(per_day=60, gap=(timedelta(seconds=30), timedelta(seconds=90)))
        wiring = inboxes.Wiring(limits=limits)
        inboxes.connect_inbox(store, user(store, "ann"), "ann@acme.test", wiring, MONDAY)
    whole, path = copied(start, "whole"), copied(start, "killed")
    timing = measured(whole, *TICK)
    chance = random.Random(2026)
    for _ in range(15):
        if not killed(path, timing.moment(chance, 0.15), *TICK):
            break
    run(path, *TICK)
    with opened(whole) as undisturbed, opened(path) as store:
        assert undisturbed.enrollments.inboxes_in_line() == {1}
        assert_same(ledger(undisturbed), ledger(store))
        assert_sound(store)


COMMANDS = {
    "enroll": ("enroll", "intro", "--where", "company=Initech", "--yes"),
    "import": ("contact", "import", "people.csv"),
    "pause": ("pause", "intro"),
    "pause all": ("pause", "--all", "--for", "3d"),
    "resume": ("resume", "--all", "--each"),
    "apply": ("sequence", "apply", "intro.yaml", "other.yaml"),
    "delete": ("sequence", "delete", "intro", "--yes"),
}
FILE = """\
name: {name}
window: 08:00-18:00
steps:
  - email: {{subject: Hello, body: Another text}}
"""


@pytest.mark.parametrize("name", COMMANDS)
def test_other_commands_are_done_whole_or_not_at_all(tmp_path: Path, name: str) -> None:
    start = tmp_path / "start.db"
    prepare(start, 3000, 1500)
    rows = "\n".join(f"q{n}@example.com,Q{n}" for n in range(3000))
    (tmp_path / "people.csv").write_text(f"Email,First name\n{rows}\n")
    for sequence in ("intro", "other"):
        (tmp_path / f"{sequence}.yaml").write_text(FILE.format(name=sequence))
    if name == "resume":
        run(start, "pause", "--all")
        run(start, "pause", "intro")
    whole = copied(start, "whole")
    timing = measured(whole, *COMMANDS[name])
    before, after = content(start), content(whole)
    assert before != after

    chance = random.Random(name)
    path = copied(start, "killed")
    for _ in range(10):
        killed(path, timing.moment(chance), *COMMANDS[name])
        assert content(path) in (before, after)
        with opened(path) as store:
            assert_sound(store)
        if content(path) == after:
            path = copied(start, "killed")
    if content(path) == before:
        run(path, *COMMANDS[name])
    assert content(path) == after


def test_a_maildir_holds_each_mail_once_after_kills(tmp_path: Path) -> None:
    path, maildir = tmp_path / "w.db", tmp_path / "mail"
    prepare(path, 600, 600)
    run(path, "inbox", "connect", "ann@acme.test", "--capture", "--capture-to", str(maildir))
    timing = measured(copied(path, "whole"), *TICK)
    for mail in (maildir / "new").iterdir():
        mail.unlink()

    chance = random.Random(7)
    kills = sum(killed(path, timing.moment(chance, 0.5), *TICK) for _ in range(15))
    assert kills > 3
    run(path, *TICK)
    run(path, "tick")
    ids = [
        line.partition(": ")[2]
        for mail in (maildir / "new").iterdir()
        for line in mail.read_text().splitlines()
        if line.startswith("Message-ID: ")
    ]
    with opened(path) as store:
        secret = store.workspace.state().secret
        messages = store.connection.execute("SELECT id FROM message").fetchall()
        assert_sound(store)
    assert len(messages) > 1500
    numbers = [number for id in ids if (number := message_of(id, secret)) is not None]
    assert sorted(numbers) == sorted(id for (id,) in messages)
    assert len(ids) == len(messages)
    assert list((maildir / "cur").iterdir()) == []


def test_an_interrupted_jump_is_finished_and_no_more(tmp_path: Path) -> None:
    path = tmp_path / "w.db"
    prepare(path, 2000, 2000)
    jump = ("tick", "--by", "10d")
    whole = copied(path, "whole")
    timing = measured(whole, *jump)

    chance = random.Random(3)
    while True:
        assert killed(path, timing.moment(chance), *jump)
        with opened(path) as store:
            if clock_of(store)[1] is not None:
                break
    run(path, *jump)
    with opened(path) as store, opened(whole) as undisturbed:
        assert_same(ledger(undisturbed), ledger(store))
        assert clock_of(store) == clock_of(undisturbed)
        assert now(store) == MONDAY + timedelta(days=10)
        assert_sound(store)
