"""Whatever happens to mailboxes, reading them is as if each mail had come once (rules, "Read once").

A workspace reads a mailbox that is moved about between any two readings: numbered anew, set back,
files renamed, mails moved away and back, copied, read by IMAP and then as a Maildir and back, also in
a colleague's inbox. Its twin reads each mail once, from a Maildir that nobody touches. People decide the
same in both, at the same moments: what mail has done in both must be the same.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from random import Random
from typing import Any

import pytest

from seqctl.domain.reading.letters import Kind
from seqctl.domain.sending.message_ids import message_id
from seqctl.service.contacts import contacts
from seqctl.service.reading.reclassifying import reclassify
from seqctl.store import open_store
from tests.desk import MONDAY, Desk
from tests.mail.certificates import Authority
from tests.mail.maildirs import Maildir
from tests.mail.small_imap_server import ImapFolder, SmallImapServer
from tests.rereading import imap_account, read_from, reread

PEOPLE = ("ada", "ben", "cleo")
FOLDERS = {"INBOX": "", "Sent": ".Sent"}
TEXTS = {
    "reply": "Yes, gladly.",
    "no": "Please unsubscribe me.",
    "away": "I am out of office and will be back on 2 May 2026.",
    "news": "Our news of this week.",
}


class Mails:
    """Makes mails, each of its own; every third has no Message-ID."""

    def __init__(self, rng: Random, secret: str) -> None:
        self._rng = rng
        self._secret = secret
        self._number = 0

    def make(self) -> tuple[str, bytes]:
        """The folder in which a new mail stands, and the mail."""
        self._number += 1
        kind = self._rng.choice([*TEXTS, "by hand", "thread"])
        who = self._rng.choice(PEOPLE)
        by_hand = kind == "by hand"
        sender, to = (
            ("ann@acme.test", f"{who}@x.test") if by_hand else (f"{who}@x.test", "ann@acme.test")
        )
        if kind == "news":
            sender = "shop@elsewhere.test"
        ours = message_id(1 + PEOPLE.index(who), self._secret, "ann@acme.test")
        lines = [
            f"From: {sender}", f"To: {to}", f"Subject: mail {self._number}",
            f"Date: Mon, 02 Mar 2026 {8 + self._number // 60:02}:{self._number % 60:02}:00 +0100",
            *([f"Message-ID: <{self._number}@x.test>"] if self._number % 3 else []),
            *(["Auto-Submitted: auto-replied"] if kind == "away" else []),
            *([f"In-Reply-To: {ours}"] if kind == "thread" else []),
            "", TEXTS.get(kind, "Some words."), "",
        ]  # fmt: skip
        return "Sent" if by_hand else "INBOX", "\n".join(lines).encode()


class Shaken:
    """A mailbox that is an IMAP server and a Maildir at once, and is never left alone."""

    def __init__(self, rng: Random, server: SmallImapServer, maildir: Maildir) -> None:
        self._rng = rng
        self._folders = server.folders
        self._maildirs = {"INBOX": maildir, "Sent": Maildir(maildir.path / ".Sent")}
        self._name = 0

    def arrive(self, folder: str, raw: bytes, at: Any) -> None:
        self._folders[folder].put(raw, at)
        self._maildirs[folder].put(self._fresh(), raw, at=at)

    def shake(self) -> None:
        for folder in self._folders:
            for _ in range(self._rng.randint(0, 3)):
                self._shake_imap(self._folders[folder])
                self._shake_maildir(self._maildirs[folder])

    def _shake_imap(self, folder: ImapFolder) -> None:
        rng = self._rng
        match rng.choice(["number", "flip", "move", "copy", "back", "nothing"]):
            case "number":
                folder.renumber(folder.validity + 1, rng)
            case "flip":
                folder.renumber(3 - folder.validity if folder.validity in (1, 2) else 1, rng)
            case "move" if folder.mails:
                kept = folder.take(rng.choice(folder.mails).raw)
                folder.put(kept.raw, kept.at)
            case "copy" if folder.mails:
                folder.put(rng.choice(folder.mails).raw, MONDAY)
            case "back" if folder.next_uid > 1:
                for kept in folder.set_back(rng.randrange(1, folder.next_uid)):
                    folder.put(kept.raw, kept.at)
            case _:
                pass

    def _shake_maildir(self, maildir: Maildir) -> None:
        keys = maildir.keys()
        if not keys:
            return
        key, rng = self._rng.choice(keys), self._rng
        match rng.choice(["rename", "flags", "copy", "touch", "lines", "nothing"]):
            case "rename":
                maildir.rename(key, self._fresh())
            case "flags":
                maildir.rename(key, f"{key}:2,{rng.choice(['S', 'RS', ''])}", into="cur")
            case "copy":
                maildir.copy(key, self._fresh())
            case "touch":
                maildir.touch(key, MONDAY + timedelta(days=rng.randint(-900, 9)))
            case "lines":
                crlf = lambda raw: raw.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")  # noqa: E731
                maildir.rewrite(key, self._fresh(), crlf)
            case _:
                pass

    def _fresh(self) -> str:
        self._name += 1
        return f"{self._name}.{self._rng.random()}"


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    made = Authority(tmp_path_factory.mktemp("ca"))
    made.signed("good", "DNS:localhost")
    return made


@pytest.fixture
def server(authority: Authority) -> Iterator[SmallImapServer]:
    made = SmallImapServer(authority.signed_before("good"))
    yield made
    made.stop()


def twins(folder: Path) -> tuple[Desk, Desk]:
    """Two workspaces of the same beginning and the same secret."""
    desk, twin = Desk(folder), Desk.__new__(Desk)
    desk.apply()
    desk.enroll(*PEOPLE)
    desk.tick(hours=1)
    (folder / "twin").mkdir()
    shutil.copy(folder / "workspace.db", folder / "twin" / "workspace.db")
    twin.store = open_store(folder / "twin" / "workspace.db")
    twin.users, twin.me = desk.users, desk.me
    return desk, twin


def decide(rng: Random, desks: tuple[Desk, Desk]) -> None:
    """A person does the same in both workspaces."""
    what, who = rng.choice(["in", "lift", "afresh", "afresh", "re"]), rng.choice(PEOPLE)
    chance = rng.random()
    for desk in desks:
        match what:
            case "in":
                contacts.opt_in(desk.store, desk.me, desk.now, f"{who}@x.test")
            case "lift":
                desk.resume(None, who)
            case "afresh":
                desk.enroll(who)
            case _:
                said_otherwise(desk, chance)


def said_otherwise(desk: Desk, chance: float) -> None:
    """One of the mails of ann's inbox was taken for the wrong thing: the same one in both."""
    views = [v for v in desk.store.received.view() if v.inbox == "ann@acme.test"]
    mine = sorted(
        (v.received for v in views if v.received.kind != Kind.OWN), key=lambda r: r.subject
    )
    if mine:
        chosen = mine[int(chance * len(mine))]
        kind = Kind.REPLY if chosen.kind == Kind.OTHER else Kind.OTHER
        reclassify(desk.store, desk.me, desk.now, chosen.id, kind)


# Without ids of events and received mails: the copies in another inbox have their own.
_TOLD = {
    "enrollment": "SELECT id, contact_id, status, waiting, step, due_at, held_since, reason FROM enrollment",
    "hold": "SELECT scope, contact_id, user_id, since, until FROM hold",
    "suppression": "SELECT * FROM suppression",
    "message": "SELECT id, enrollment_id, step, status, at FROM message",
    "received": "SELECT folder, subject, kind, counted, count(*) FROM received WHERE inbox_id = 1 "
    "GROUP BY 1, 2, 3, 4 ORDER BY 2, 1",
    "event": "SELECT at, actor_id, kind, detail, contact_id, enrollment_id, status FROM event "
    "WHERE kind <> 'inbox-connected' ORDER BY id",
}


def told(desk: Desk) -> dict[str, list[Any]]:
    """What mail and people have done."""
    rows = {name: desk.store.connection.execute(query).fetchall() for name, query in _TOLD.items()}
    rows["event"] = [
        (*row[:3], re.sub(r"\bmail \d+ was", "mail N was", row[3]), *row[4:])
        for row in rows["event"]
    ]
    return rows


class World:
    """Both workspaces, and the mailboxes that they read."""

    def __init__(
        self, folder: Path, server: SmallImapServer, authority: Authority, seed: int
    ) -> None:
        self.rng = Random(seed)
        self.desk, self.twin = twins(folder)
        self.shaken = Shaken(self.rng, server, Maildir(folder / "mails"))
        self.quiet = {name: Maildir(folder / "quiet" / part) for name, part in FOLDERS.items()}
        self.colleague = Maildir(folder / "colleague")
        self.mails = Mails(self.rng, self.twin.store.workspace.state().secret)
        self.ways = [imap_account(server, authority, folder), {"maildir": str(folder / "mails")}]
        self.read: list[bytes] = []
        self.arrived = 0
        read_from(self.desk.acting("bo"), "bo@acme.test", maildir=str(self.colleague.path))
        read_from(self.desk.acting("ann"), **self.ways[0])
        read_from(self.twin, maildir=str(folder / "quiet"))

    @property
    def desks(self) -> tuple[Desk, Desk]:
        return self.desk, self.twin

    def arrive(self) -> None:
        """Up to three new mails."""
        for _ in range(self.rng.randint(0, 3)):
            self.arrived += 1
            folder, raw = self.mails.make()
            at = MONDAY + timedelta(minutes=self.arrived)
            self.shaken.arrive(folder, raw, at)
            self.quiet[folder].put(f"{self.arrived}.mail", raw, at=at)
            if folder == "INBOX":
                self.read.append(raw)

    def go_astray(self) -> None:
        """What has been read is moved about, read another way, and found in another inbox."""
        self.shaken.shake()
        if self.rng.random() < 0.3:
            self.ways.reverse()
            read_from(self.desk, **self.ways[0])
        if self.read and self.rng.random() < 0.5:
            self.colleague.put(str(self.rng.random()), self.rng.choice(self.read))
            reread(self.desk, "bo@acme.test")


@pytest.mark.parametrize(
    "seed", [*range(3), *(pytest.param(n, marks=pytest.mark.slow) for n in range(3, 20))]
)
def test_as_if_each_mail_had_come_once(
    tmp_path: Path, server: SmallImapServer, authority: Authority, seed: int
) -> None:
    world = World(tmp_path, server, authority, seed)
    for _ in range(20):
        world.arrive()
        for desk in world.desks:
            reread(desk)
        decide(world.rng, world.desks)
        world.go_astray()
        for desk in world.desks:
            reread(desk)
            desk.tick(hours=7)
        assert told(world.desk) == told(world.twin)
    assert {kind for _, _, kind, _, _ in told(world.twin)["received"]} >= {"reply", "other"}
    for desk in world.desks:
        desk.close()
