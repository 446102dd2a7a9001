"""The sweep: the power is cut, or the disk fails, at each operation of a command; then life goes on.

Life is the same command again and the next tick. At its end nobody has a mail twice or misses one of which
nothing is known, `doctor` finds nothing, and all stands as if nothing had happened.
"""

from __future__ import annotations

import hashlib
import sqlite3
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

from seqctl.domain.errors import SeqctlError
from seqctl.domain.sending.message_ids import seqctl_id
from seqctl.service.doctor import examine
from seqctl.store import open_store
from tests.power.disk import Disk, Image, image_of
from tests.power.operations import Fault, Outside
from tests.power.recording import recording
from tests.power.stage import Answer, Stage, as_in_life

FOR_EVER = 1_000_000
State = dict[str, list[tuple[Any, ...]]]

_STATE = {
    "enrollment": "SELECT c.email, q.name, v.number, e.user_id, e.status, e.waiting, e.step, "
    "e.reason, e.error, e.held_since IS NULL FROM enrollment AS e "
    "JOIN contact AS c ON c.id = e.contact_id JOIN sequence AS q ON q.id = e.sequence_id "
    "JOIN sequence_version AS v ON v.id = e.version_id",
    "message": "SELECT recipient, step, status FROM message",
    "task": "SELECT enrollment_id, step, status FROM task",
    "hold": "SELECT scope, sequence_id, contact_id, user_id, until FROM hold",
    "suppression": "SELECT address, kind FROM suppression",
    "version": "SELECT sequence_id, number, steps FROM sequence_version",
    "event": "SELECT kind, contact_id, sequence_id, enrollment_id, step FROM event "
    "WHERE kind IN ('enrolled', 'paused', 'resumed', 'sent', 'finished', 'edited')",
    "format": "PRAGMA user_version",
}
_ASKED = "SELECT enrollment_id, step FROM message WHERE status = 'unknown'"


@dataclass
class Tally:
    """What a sweep of one command found: `different` are the disks of which no two lead to the same."""

    operations: int = 0
    disks: int = 0
    different: int = 0
    doubled: int = 0
    lost: int = 0
    asked: int = 0
    wrong: list[str] = field(default_factory=list[str])
    told: Counter[tuple[int, str]] = field(default_factory=Counter[tuple[int, str]])
    """How the command ended where the disk failed: its exit code and what it said."""


def _nothing(stage: Stage) -> list[str]:
    del stage
    return []


@dataclass(frozen=True)
class Scenario:
    """A command, on the stage as it stands. `also` says what else is wrong with a disk, if anything."""

    stage: Stage
    command: tuple[str, ...]
    also: Callable[[Stage], list[str]] = _nothing


def cuts(scenario: Scenario, seed: int, *, torn: int = 1) -> Tally:
    """Cut the power after each operation of the command; what came of it."""
    return _Sweep(scenario).cuts(seed, torn)


def failures(scenario: Scenario, *, full: bool = False) -> Tally:
    """Let each operation of the command fail by itself, or the disk be full from it on; what came of it."""
    fault = Fault(1, FOR_EVER, full=True) if full else Fault(1)
    return _Sweep(scenario).failures(fault)


class _End(NamedTuple):
    """How it ended: the state, and the steps whose mails the world has taken."""

    state: State
    taken: list[str]


class _Sweep:
    def __init__(self, scenario: Scenario) -> None:
        self._scenario = scenario
        self._stage = scenario.stage
        self._before = image_of(self._stage.folder), list(self._stage.taken)
        self._tally = Tally()
        self._seen: dict[object, str] = {}

    def cuts(self, seed: int, torn: int) -> Tally:
        stage, chance = self._stage, Random(seed)
        with as_in_life(), recording(stage.folder) as recorder:
            disk = Disk(stage.folder, recorder.file_at)
            stage.recorder = recorder
            answer = stage(*self._scenario.command)
            stage.recorder = None
        assert answer.exit_code == 0, answer
        self._goal = self._lead_to_the_end()
        self._tally.operations = len(recorder.operations)
        taken = list(self._before[1])
        for number, operation in enumerate([None, *recorder.operations]):
            if operation is not None:
                disk.apply(operation)
            if isinstance(operation, Outside):
                taken.append(operation.what)
            for image in disk.images(chance, torn):
                self._put(image, taken)
                self._try(f"seed {seed}, cut after operation {number} ({image.how})")
        return self._ended()

    def failures(self, fault: Fault) -> Tally:
        stage, command = self._stage, self._scenario.command
        with as_in_life(), recording(stage.folder) as recorder:
            assert stage(*command).exit_code == 0
        self._goal = self._lead_to_the_end()
        self._tally.operations = len(recorder.attempted)
        for first, operation in enumerate(recorder.attempted, 1):
            here = fault._replace(first=first)
            if not here.strikes(here.first, operation):
                continue  # it begins with a later one
            self._put(*self._before)
            with as_in_life(), recording(stage.folder, here) as failing:
                answer = stage(*command)
            assert failing.failed
            where = f"operation {here.first} fails: {str(operation)[:80]}"
            self._tell(where, _ill_told(answer))
            self._tally.told[answer.exit_code, answer.stderr.strip()] += 1
            self._try(where)
        return self._ended()

    def _put(self, image: Image, taken: list[str]) -> None:
        image.put(self._stage.folder)
        self._stage.taken[:] = taken

    def _ended(self) -> Tally:
        self._put(*self._before)
        self._tally.different = len(self._seen)
        return self._tally

    def _tell(self, where: str, wrong: Sequence[str]) -> None:
        self._tally.wrong += [f"{where}: {what}" for what in wrong]

    def _try(self, where: str) -> None:
        """Let life go on with the disk as it is, unless one that amounts to the same was tried."""
        self._tally.disks += 1
        self._tell(where, self._scenario.also(self._stage))
        key = self._key()
        if key not in self._seen:
            self._seen[key] = where
            self._judge(where, self._lead_to_the_end(where))

    def _key(self) -> object:
        """All that what follows depends on, once SQLite has rolled back what was not committed."""
        stage = self._stage
        try:
            open_store(stage.db).close()
        except SeqctlError as error:
            return str(error), *stage.taken
        content = hashlib.sha256()
        for name, data in image_of(stage.folder).files:
            if not name.endswith("-journal"):  # nothing is left in it
                content.update(repr((name, data)).encode())
        return content.digest(), *stage.taken

    def _lead_to_the_end(self, where: str = "nothing fails") -> _End:
        """The same command again, and the next tick."""
        stage, at = self._stage, self._stage.clock.time
        for words in (self._scenario.command, ("tick",)):
            self._tell(f"{where}, then {words[0]}", _ill_told(stage(*words)))
            stage.later(minutes=5)
        stage.clock.time = at
        with closing(open_store(stage.db)) as store:
            self._tell(where, [f"doctor: {found}" for found in examine(store)])
            state = _state(store.connection)
            secret = store.workspace.state().secret
            state["asked"] = [
                (seqctl_id(*asked, secret),) for asked in store.connection.execute(_ASKED)
            ]
        state["copies"] = list(_copies(stage.folder))
        return _End(state, list(stage.taken))

    def _judge(self, where: str, end: _End) -> None:
        asked = {step for (step,) in end.state["asked"]}
        doubled = {step for step in end.taken if end.taken.count(step) > 1}
        lost = set(self._goal.taken) - set(end.taken) - asked
        self._tally.doubled += len(doubled)
        self._tally.lost += len(lost)
        self._tally.asked += bool(asked)
        self._tell(where, [f"doubled: {step}" for step in sorted(doubled)])
        self._tell(where, [f"lost: {step}" for step in sorted(lost)])
        if end.state["asked"] == self._goal.state["asked"]:
            self._tell(where, _differences(end.state, self._goal.state))


def _state(connection: sqlite3.Connection) -> State:
    return {name: sorted(connection.execute(query), key=repr) for name, query in _STATE.items()}


def _copies(folder: Path) -> Iterator[tuple[str, bytes]]:
    for part in ("new", "cur"):
        for path in sorted(folder.glob(f"**/{part}/*")):
            yield path.name, path.read_bytes()


def _differences(one: State, other: State) -> list[str]:
    return [
        f"{name} is {one[name]}, should be {other[name]}"
        for name in other
        if one[name] != other[name]
    ]


def _ill_told(answer: Answer) -> list[str]:
    """What is wrong with what a command said: a defect, a traceback, a failure without a word."""
    told = answer.stderr.strip()
    if answer.exit_code == 1 or "defect" in told or "Traceback" in told:
        return [f"exit {answer.exit_code}: {told}"]
    if answer.exit_code and not told and not answer.stdout.strip():
        return [f"exit {answer.exit_code} without a word"]
    return []
