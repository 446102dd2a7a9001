"""One world, from its beginning until nobody in it waits for anything any more."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

from seqctl.domain.sending.message_ids import message_of
from seqctl.store import open_store
from tests.power.disk import Disk
from tests.power.operations import Fault
from tests.power.recording import recording
from tests.power.stage import as_in_life
from tests.world import checks
from tests.world.deeds import (
    COMPANIES,
    CONTACTS,
    SEQUENCES,
    USERS,
    Deed,
    draw,
    inbox_of,
    sequence_text,
)
from tests.world.outside import Delivered, Outside, WorldClock
from tests.world.people import Recipients
from tests.world.typing_in import Answer, typed

STEPS = 40
FOR_EVER = 1_000_000
ROUNDS_TO_THE_END = 400
MEMORY = Path("/dev/shm")
WAITS = (0, 0, 1, 20, 90, 600, 1440, 1440, 3 * 1440)  # minutes


_FOUNDED: list[bytes] = []
_HOLDS = """
    SELECT scope, u.name, s.name, c.email FROM hold JOIN user AS u ON u.id = user_id
    LEFT JOIN sequence AS s ON s.id = sequence_id LEFT JOIN contact AS c ON c.id = contact_id
"""


class Broken(AssertionError):
    """A promise did not hold; the text names the seed, the step and what was typed."""


class World:
    """The world of one seed. Each step draws from a chance of its own, so that any may be left out."""

    def __init__(self, seed: int, folder: Path, *, faults: bool = True) -> None:
        self.seed = seed
        self.faults = faults
        self.disk = folder / "disk"
        self.disk.mkdir()
        self.path = self.disk / "w.db"
        self.files = folder
        self.typed: list[str] = []
        self.happened: list[str] = []
        self.forgotten: list[Delivered] = []
        """What went out before a backup was put back: the workspace need not know of it."""
        self.outside = Outside(Random(seed), WorldClock())
        self.recipients = Recipients(self.outside)
        self.outside.delivered = self.recipients.get
        self.outside.at_the_dot = self._at_the_dot

    # --- from the beginning to the end ------------------------------------------------------------

    def live(self, without: frozenset[int] = frozenset()) -> None:
        """Everything but the steps `without`, then until all is over. Raises Broken."""
        self._begin()
        for step in range(STEPS):
            if step not in without:
                self.outside.chance = Random(f"{self.seed}.{step}")
                self._step()
        self._end()

    def _begin(self) -> None:
        """People, inboxes and contacts are the same in every world; sequences are drawn."""
        chance = self.outside.chance
        if not _FOUNDED:
            self._found()
            _FOUNDED.append(self.path.read_bytes())
        self.path.write_bytes(_FOUNDED[0])
        for name in USERS:
            self.outside.account(inbox_of(name)).fills_sent = chance.random() < 0.5
        for name in SEQUENCES:
            for version in (1, 2):
                text = sequence_text(chance, name)
                (self.files / f"{name}-{version}.yaml").write_text(text, encoding="utf-8")
            self._ok("--as", "ann", "sequence", "apply", str(self.files / f"{name}-1.yaml"))
        self._type(Deed("ann", ("enroll", "intro", *CONTACTS[:3])))
        self._type(Deed("bo", ("enroll", "nurture", *CONTACTS[3:])))

    def _found(self) -> None:
        ann = ("--user", "ann", "--name", "Ann Berg", "--timezone", "Europe/Stockholm")
        self._ok("init", "--email", inbox_of("ann"), *ann)
        for name in USERS[1:]:
            who = ("--email", inbox_of(name), "--timezone", "America/New_York")
            self._ok("--as", "ann", "user", "add", name, *who)
        servers = ("--smtp", "smtps://mail.acme.test", "--imap", "imaps://mail.acme.test")
        for name in USERS:
            limits = ("--per-minute", "none", "--per-day", "3" if name == "bo" else "none")
            inbox = ("inbox", "connect", inbox_of(name))
            self._ok("--as", name, *inbox, *servers, "--no-password", *limits)
        for to, company in zip(CONTACTS, COMPANIES, strict=True):
            first = ("--first-name", to.split("@")[0], "--company", company)
            self._ok("--as", "ann", "contact", "add", to, *first)

    def _step(self) -> None:
        chance, outside = self.outside.chance, self.outside
        self._change_servers()
        outside.clock.time += timedelta(minutes=chance.choice(WAITS), seconds=chance.randrange(60))
        if chance.random() < 0.05:
            outside.clock.time -= timedelta(minutes=chance.choice((1, 100)))
        self.recipients.come()
        if chance.random() < 0.03:
            self._with_a_wrong_clock()
        if chance.random() < 0.05:
            self._look_back()
        deed = Deed("ann", ("tick",)) if chance.random() < 0.5 else self._drawn()
        if deed.words == ("tick",):
            outside.meanwhile = self._meanwhile
        fault = chance.choice(("crash", "cut", "fail", "full")) if chance.random() < 0.25 else ""
        if fault and self.faults:
            self._type_with(fault, deed)
        else:
            self._type(deed)
        outside.meanwhile = lambda: None
        self._check_all()

    def _with_a_wrong_clock(self) -> None:
        """The system's clock is years ahead while somebody types something; then it is right again."""
        clock = self.outside.clock
        right, clock.time = clock.time, clock.time + timedelta(days=3 * 365)
        self._type(self._drawn())
        clock.time = right
        if self.outside.chance.random() < 0.7:
            self._type(Deed("ann", ("clock", "accept")))

    def _look_back(self) -> None:
        """The workspace is backed up, or a backup put in its place: then Sent alone knows more."""
        backups = sorted(self.files.glob("backup-*.db"))
        if not backups or not all(a.fills_sent for a in self.outside.accounts.values()):
            backup = self.files / f"backup-{len(backups)}.db"
            if self._type(Deed("ann", ("backup", str(backup)))).exit_code == 0:
                self._tick_by_mistake(backup)
            return
        if self._type(Deed("ann", ("restore", str(backups[-1]), "--yes"))).exit_code == 0:
            self.forgotten += self.outside.ledger
            self.outside.ledger.clear()

    def _tick_by_mistake(self, backup: Path) -> None:
        """The backup itself is ticked: it hands nothing over."""
        before = len(self.outside.ledger)
        answer = typed(self.outside, backup, "--as", "ann", "tick")
        if answer.exit_code != 4 or len(self.outside.ledger) > before:
            self.happened.append(f"a backup ticks: {answer}")

    def _change_servers(self) -> None:
        chance = self.outside.chance
        account = self.outside.account(inbox_of(chance.choice(USERS)))
        account.reachable = chance.random() > 0.1
        account.refused = chance.random() < 0.05
        if chance.random() < 0.1:
            account.renumber()
        if chance.random() < 0.1:
            account.move_away_and_back(chance)

    def _drawn(self) -> Deed:
        with closing(open_store(self.path)) as store:
            rows = store.connection.execute("SELECT id FROM task WHERE status = 'open'").fetchall()
        deed = draw(self.outside.chance, [id for (id,) in rows])
        if deed.words[:2] != ("sequence", "apply"):
            return deed
        return deed._replace(words=(*deed.words[:2], str(self.files / deed.words[2])))

    def _meanwhile(self) -> None:
        """While mails are on the wire time passes, another user types something, another tick starts."""
        outside = self.outside
        chance, outside.meanwhile = outside.chance, lambda: None
        if outside.healed:
            return
        outside.clock.time += timedelta(seconds=chance.choice((0, 1, 30, 400, 3600)))
        self.recipients.come()
        if chance.random() < 0.3:
            self._type(self._drawn())
        if chance.random() < 0.3:
            before = len(outside.ledger)
            answer = typed(outside, self._other_name(), "--as", "bo", "tick")
            if answer.exit_code != 7 or len(outside.ledger) > before:
                self.happened.append(f"a second tick at once: {answer}")
        outside.meanwhile = self._meanwhile

    def _other_name(self) -> Path:
        """Another name of the workspace: a link, or itself by another way."""
        link = self.files / "link.db"
        if not link.is_symlink():
            link.symlink_to(self.path)
        return link

    # --- until nobody waits any more --------------------------------------------------------------

    def _end(self) -> None:
        """Whatever was broken is mended, whoever was held goes on: then all come to their end."""
        self._heal()
        for _ in range(ROUNDS_TO_THE_END):
            self._settle_and_do()
            answer = self._type(Deed("ann", ("tick", "--json")))
            self._check_all()
            waiting = self._waiting()
            if not waiting:
                return
            self._go_to(json.loads(answer.stdout)["next_due"] if answer.stdout else None)
        self._fail(f"nothing moves these: {waiting}")

    def _heal(self) -> None:
        outside = self.outside
        outside.healed = True
        for account in outside.accounts.values():
            account.reachable, account.refused = True, False
        outside.clock.time += timedelta(days=2)
        self.recipients.come()
        self._type(Deed("ann", ("clock", "accept")))
        self._type(Deed("ann", ("unhalt",)))
        for name in USERS:
            no_limit = ("--per-day", "none", "--per-minute", "none")
            self._type(Deed(name, ("inbox", "connect", inbox_of(name), *no_limit)))
        with closing(open_store(self.path)) as store:
            holds = store.connection.execute(_HOLDS).fetchall()
        for scope, user, sequence, contact in holds:
            subject = ("--all", "--each") if scope == "all" else filter(None, (sequence, contact))
            self._type(Deed(user, ("resume", *subject)))

    def _settle_and_do(self) -> None:
        """People look what became of a mail, and tell; and do their tasks."""
        with closing(open_store(self.path)) as store:
            secret = store.workspace.state().secret
            unknown = store.connection.execute(
                "SELECT m.id, u.name FROM message AS m JOIN enrollment AS e ON e.id = enrollment_id "
                "JOIN user AS u ON u.id = e.user_id WHERE m.status = 'unknown'"
            ).fetchall()
            tasks = store.connection.execute(
                "SELECT t.id, u.name FROM task AS t JOIN user AS u ON u.id = assignee_id "
                "WHERE t.status = 'open'"
            ).fetchall()
        every = self.forgotten + self.outside.ledger
        went = {message_of(mail.message_id, secret) for mail in every}
        for id, name in unknown:
            became = "--sent" if id in went else "--resend"
            self._type(Deed(name, ("mail", "resolve", str(id), became)))
        for id, name in tasks:
            self._type(Deed(name, ("task", "done", str(id))))

    def _go_to(self, next_due: str | None) -> None:
        now = self.outside.clock.time
        due = datetime.fromisoformat(next_due) if next_due else now + timedelta(days=1)
        self.outside.clock.time = max(due, now + timedelta(minutes=1))

    def _waiting(self) -> list[Any]:
        with closing(open_store(self.path)) as store:
            return store.connection.execute(
                "SELECT id, waiting, step, due_at, held_since FROM enrollment WHERE status = 'live'"
            ).fetchall()

    # --- typing -----------------------------------------------------------------------------------

    def _ok(self, *words: str) -> None:
        answer = typed(self.outside, self.path, *words)
        if answer.exit_code != 0:
            self._fail(f"{words}: {answer}")

    def _type(self, deed: Deed) -> Answer:
        lying = self._lying() if deed.words == ("tick",) else []
        self.typed.append(f"{self.outside.clock.time:%a %m-%d %H:%M:%S} {deed}")
        answer = typed(self.outside, self.path, "--as", deed.who, *deed.words)
        self.typed[-1] += f"  -> {answer.exit_code}"
        if answer.exit_code == 1 or "defect" in answer.stderr:
            self.happened.append(f"a defect: {answer}")
        if answer.exit_code in (0, 6):
            self._check(checks.unread(self.path, lying))
        self._check([])
        return answer

    def _type_with(self, kind: str, deed: Deed) -> None:
        """Type it while the program is killed, the power is cut, or one operation of the disk fails."""
        chance = self.outside.chance
        first = chance.choice((chance.randrange(1, 30), chance.randrange(1, 200)))
        many = FOR_EVER if kind in ("crash", "cut") else 1
        self.typed.append(f"{self.outside.clock.time:%a %m-%d %H:%M:%S} {deed} [{kind} at {first}]")
        fault = Fault(first, many, kind == "full")
        with as_in_life(), recording(self.disk, fault) as recorder:
            disk = Disk(self.disk, recorder.file_at)
            answer = typed(self.outside, self.path, "--as", deed.who, *deed.words)
        if kind == "cut" and recorder.failed:
            for operation in recorder.operations:
                disk.apply(operation)
            chance.choice([*disk.images(chance, torn=2)]).put(self.disk)
        elif many == 1 and answer.exit_code == 1:
            self.happened.append(f"a defect: {answer}")

    def _lying(self) -> list[tuple[str, str]]:
        """The answers that a tick has to read now, if it comes to an end."""
        with closing(open_store(self.path)) as store:
            connected = {inbox.address for inbox in store.people.inboxes() if inbox.connected}
        reached = {
            address
            for address, account in self.outside.accounts.items()
            if account.reachable and not account.refused and address in connected
        }
        return [(inbox, id) for _, inbox, id in self.recipients.answered if inbox in reached]

    # --- what must hold ---------------------------------------------------------------------------

    def _at_the_dot(self, ids: list[int]) -> None:
        self.happened += checks.at_the_dot(self.path, ids, self.outside.clock.time)

    def _check_all(self) -> None:
        self._check(checks.sound(self.path, self.outside.ledger))
        self._check(checks.once(self.forgotten + self.outside.ledger))

    def _check(self, found: Iterator[str] | list[str]) -> None:
        self.happened += found
        if self.happened:
            self._fail("\n".join(self.happened))

    def _fail(self, what: str) -> None:
        raise Broken(f"{what}\n--- the last that was typed\n" + "\n".join(self.typed[-12:]))


@contextmanager
def _somewhere() -> Iterator[Path]:
    base = Path(tempfile.mkdtemp(dir=MEMORY if MEMORY.is_dir() else None))
    try:
        yield base
    finally:
        shutil.rmtree(base)


def live(seed: int, without: frozenset[int] = frozenset(), *, faults: bool = True) -> None:
    """The whole world of a seed; raises Broken."""
    with _somewhere() as folder:
        World(seed, folder, faults=faults).live(without)


def shrunk(seed: int) -> frozenset[int]:
    """As many steps as can be left out of a failing seed, one after the other, so that it still fails."""
    without = frozenset[int]()
    for step in range(STEPS):
        try:
            live(seed, without | {step})
        except Broken:
            without |= {step}
    return without
