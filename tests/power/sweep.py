"""The sweep: the power is cut, or the disk fails, at each operation of a command; then life goes on."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

from seqctl.domain.message_ids import seqctl_id
from seqctl.service.doctor import examine
from seqctl.store import open_store
from tests.power.disk import Disk, Image
from tests.power.operations import Fault, Outside
from tests.power.recording import recording
from tests.power.stage import Answer, Stage, as_in_life

FOR_EVER = 1_000_000
State = dict[str, list[tuple[Any, ...]]]

_STATE = {
    "enrollment": "SELECT c.email, q.name, v.number, e.user_id, e.status, e.waiting, e.step, e.reason, "
    "e.error, e.held_since IS NULL FROM enrollment AS e JOIN contact AS c ON c.id = e.contact_id "
    "JOIN sequence AS q ON q.id = e.sequence_id JOIN sequence_version AS v ON v.id = e.version_id",
    "message": "SELECT recipient, step, status FROM message",
    "task": "SELECT enrollment_id, step, status FROM task",
    "hold": "SELECT scope, sequence_id, contact_id, user_id, until FROM hold",
    "suppression": "SELECT address, kind FROM suppression",
    "version": "SELECT sequence_id, number, steps FROM sequence_version",
    "event": "SELECT kind, contact_id, sequence_id, enrollment_id, step FROM event "
    "WHERE kind IN ('enrolled', 'paused', 'resumed', 'sent', 'finished', 'task-created', 'edited')",
    "version of the tables": "PRAGMA user_version",
}
_ASKED = "SELECT enrollment_id, step, recipient FROM message WHERE status = 'unknown'"


@dataclass
class Tally:
    """What a sweep of one command found."""

    operations: int = 0
    disks: int = 0
    different: int = 0
    doubled: int = 0
    lost: int = 0
    asked: int = 0
    wrong: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Scenario:
    """A command, from the stage as it stands, and what is typed after the trouble."""

    stage: Stage
    command: tuple[str, ...]
    also: Callable[[Stage], list[str]] = lambda _: []
    """What else must be so on each disk, before life goes on: a sentence for each thing that isn't."""
    torn: int = 1


@dataclass
class _Before:
    """The stage as it stood, to which each try goes back."""

    disk: Image
    taken: list[str]


def cuts(scenario: Scenario, seed: int, every: int = 1) -> Tally:
    """Cut the power after each operation of the command (or each `every`-th); what came of it."""
    stage, tally, chance = scenario.stage, Tally(), Random(seed)
    before = _before(stage)
    with as_in_life(), recording(stage.folder) as recorder:
        disk = Disk(stage.folder, recorder.file_at)
        stage.recorder = recorder
        answer = stage(*scenario.command)
        stage.recorder = None
    assert answer.exit_code == 0, answer
    goal = _go_on(scenario, tally)
    tally.operations = recorder.number
    seen: dict[object, list[str]] = {}
    taken = list(before.taken)
    for number, operation in enumerate([None, *recorder.operations]):
        if operation is not None:
            disk.apply(operation)
        if isinstance(operation, Outside):
            taken.append(operation.what)
        if number % every and not isinstance(operation, Outside):
            continue
        for image in disk.images(chance, scenario.torn):
            tally.disks += 1
            key = image.files, tuple(taken)
            if key not in seen:
                seen[key] = []
                image.put(stage.folder)
                stage.taken[:] = taken
                where = f"seed {seed}, cut after operation {number} ({image.how})"
                _try(scenario, goal, tally, where)
    tally.different = len(seen)
    _put_back(stage, before)
    return tally


def failures(scenario: Scenario, many: int = 1, *, full: bool = False, every: int = 1) -> Tally:
    """Let each operation of the command fail, by itself or with `many` that follow."""
    stage, tally = scenario.stage, Tally()
    before = _before(stage)
    assert stage(*scenario.command).exit_code == 0
    goal = _go_on(scenario, tally)
    first = 0
    while True:
        first += every
        _put_back(stage, before)
        with as_in_life(), recording(stage.folder, Fault(first, many, full)) as recorder:
            answer = stage(*scenario.command)
        tally.operations = max(tally.operations, recorder.number)
        if first > recorder.number:
            break
        if not recorder.failed:
            continue
        tally.disks += 1
        where = f"operation {first} of {recorder.number} fails ({recorder.failed[0]!r:.60})"
        tally.wrong += [f"{where}: {what}" for what in _ill_told(answer)]
        _try(scenario, goal, tally, where)
    tally.different = tally.disks
    _put_back(stage, before)
    return tally


def _before(stage: Stage) -> _Before:
    with recording(stage.folder) as recorder:
        disk = Disk(stage.folder, recorder.file_at)
    (image,) = disk.images(Random(0), 0)[:1] if False else list(disk.images(Random(0), 0))[:1]
    return _Before(image, list(stage.taken))


def _put_back(stage: Stage, before: _Before) -> None:
    before.disk.put(stage.folder)
    stage.taken[:] = before.taken


# --- life goes on --------------------------------------------------------------------------------


@dataclass
class _Goal:
    """How it ends where nothing goes wrong."""

    state: State
    taken: set[str]


def _try(scenario: Scenario, goal: _Goal, tally: Tally, where: str) -> None:
    wrong = scenario.also(scenario.stage)
    end = _go_on(scenario, tally, wrong)
    with closing(open_store(scenario.stage.db)) as store:
        asked = store.connection.execute(_ASKED).fetchall()
        secret = store.workspace.state().secret
    steps_asked = {seqctl_id(enrollment, step, secret) for enrollment, step, _ in asked}
    taken = scenario.stage.taken
    doubled = [step for step in set(taken) if taken.count(step) > 1]
    lost = goal.taken - set(taken) - steps_asked
    tally.doubled += len(doubled)
    tally.lost += len(lost)
    tally.asked += bool(asked)
    wrong += [f"doubled {step}" for step in doubled] + [f"lost {step}" for step in lost]
    if not asked:
        wrong += _differences(end.state, goal.state)
    tally.wrong += [f"{where}: {what}" for what in wrong]


def _go_on(scenario: Scenario, tally: Tally, wrong: list[str] | None = None) -> _Goal:
    """The same command again, and the next tick."""
    stage, found = scenario.stage, tally.wrong if wrong is None else wrong
    at = stage.clock.time
    for words in (scenario.command, ("tick",)):
        answer = stage(*words)
        found += _ill_told(answer)
        stage.later(minutes=5)
    stage.clock.time = at
    with closing(open_store(stage.db)) as store:
        found += [f"doctor: {one}" for one in examine(store)]
        state = _state(store.connection)
    state["files"] = list(_copies(stage.folder))
    return _Goal(state, set(stage.taken))


def _state(connection: sqlite3.Connection) -> State:
    return {name: sorted(connection.execute(query), key=repr) for name, query in _STATE.items()}


def _copies(folder: Path) -> Iterator[tuple[str, bytes]]:
    for path in sorted(folder.glob("**/new/*")):
        yield path.name, path.read_bytes()


def _differences(one: State, other: State) -> list[str]:
    return [
        f"{name} is {one[name]}, should be {other[name]}"
        for name in other
        if one[name] != other[name]
    ]


def _ill_told(answer: Answer) -> list[str]:
    """What is wrong with what a command said: a defect, a traceback, a failure without a word."""
    told = answer.stderr
    if answer.exit_code == 1 or "defect" in told or "Traceback" in told:
        return [f"exit {answer.exit_code}: {told.strip()}"]
    if answer.exit_code and not told.strip() and not answer.stdout.strip():
        return [f"exit {answer.exit_code} without a word"]
    return []


def table(rows: Sequence[tuple[str, Tally]]) -> str:
    """The tallies as a table of Markdown."""
    heads = ("command", "operations", "disks", "different", "doubled", "lost", "asked")
    lines = ["| " + " | ".join(heads) + " |", "|---" + "|--:" * (len(heads) - 1) + "|"]
    for name, tally in rows:
        figures = [getattr(tally, head) for head in heads[1:]]
        lines.append("| " + " | ".join([name, *map(str, figures)]) + " |")
    return "\n".join(lines) + "\n"
