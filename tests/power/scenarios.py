"""The commands that are swept, each on a stage of its own."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from seqctl.store import connection, open_store, schema
from seqctl.store.connection import connect
from tests.mail.bad_server import BadServer
from tests.mail.certificates import Authority
from tests.power.stage import Stage, staged, taking_by_command
from tests.power.sweep import Scenario

ANN = "ann@acme.test"
TWO_MAILS = """\
name: intro
steps:
  - email: {subject: "Hello {{ contact.first_name }}", body: "Hi {{ contact.first_name }}"}
  - after: 3 days
    email: {body: Again}
"""
OTHER_STEPS = """\
steps:
  - email: {subject: Good day, body: Another one}
  - after: 3 days
    email: {body: Again}
"""
Prepared = Callable[[Stage], Iterator[Scenario]]
SCENARIOS: dict[str, Prepared] = {}


def scenario(name: str) -> Callable[[Prepared], Prepared]:
    """The sweep's table has a row of this name."""

    def named(prepare: Prepared) -> Prepared:
        SCENARIOS[name] = prepare
        return prepare

    return named


@contextmanager
def prepared(name: str, fallback: Path) -> Iterator[Scenario]:
    """The scenario of this name, ready to be swept."""
    with staged(fallback) as stage, contextmanager(SCENARIOS[name])(stage) as ready:
        yield ready


# --- workspaces ------------------------------------------------------------------------------------


def begun(stage: Stage, *inbox: str, contacts: int = 1, simulated: bool = False) -> None:
    """A workspace whose inbox is connected as told, with contacts and a sequence of two mails."""
    clock = ("--simulated", "--now", "2026-03-02T08:00:00Z") if simulated else ()
    user = ("--user", "ann", "--email", ANN, "--name", "Ann Berg", "--timezone", "UTC")
    stage.ok("init", *clock, *user)
    stage.ok("inbox", "connect", ANN, *inbox)
    for lead in leads(contacts):
        stage.ok("contact", "add", lead, "--first-name", lead[:5].capitalize())
    stage.ok("sequence", "apply", stage.write("intro.yaml", TWO_MAILS))


def leads(number: int) -> list[str]:
    """The addresses of so many contacts."""
    return [f"lead{one}@x.test" for one in range(1, number + 1)]


@contextmanager
def by_command(stage: Stage, *reading: str) -> Iterator[None]:
    """Ann's inbox hands its mails to a command, and one contact is there."""
    with taking_by_command(stage) as script:
        begun(stage, "--sendmail", script, *(reading or ("--no-replies",)))
        yield


# --- ticks -----------------------------------------------------------------------------------------


@scenario("tick, mail by a command")
def tick_by_command(stage: Stage) -> Iterator[Scenario]:
    with by_command(stage):
        stage.ok("enroll", "intro", *leads(1))
        yield Scenario(stage, ("tick",))


@scenario("tick, the file in WAL")
def tick_in_wal(stage: Stage) -> Iterator[Scenario]:
    for ready in tick_by_command(stage):
        _switch_to_wal(stage)
        yield ready


@scenario("tick, the file of a group")
def tick_of_a_group(stage: Stage) -> Iterator[Scenario]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(connection, "_journal_is_for_everybody", lambda _: False)
        yield from tick_by_command(stage)


@scenario("tick, copy into a Maildir's Sent")
def tick_with_sent(stage: Stage) -> Iterator[Scenario]:
    maildir = stage.folder / "mails"
    for part in ("cur", "new", "tmp", ".Sent/cur", ".Sent/new", ".Sent/tmp"):
        (maildir / part).mkdir(parents=True)
    with by_command(stage, "--read-maildir", str(maildir)):
        stage.ok("enroll", "intro", *leads(1))
        yield Scenario(stage, ("tick",))


@scenario("tick, mail by SMTP in four sessions")
def tick_by_smtp(stage: Stage) -> Iterator[Scenario]:
    authority = Authority(stage.outside / "ca")
    server = BadServer(authority.signed("good", "DNS:localhost"))
    server.taken = _Taken(stage)
    try:
        words = ("--smtp", f"smtps://{ANN}@localhost:{server.port}", "--no-replies")
        words += ("--password-file", stage.write("password", "secret\n"))
        begun(stage, *words, "--ca-file", str(authority.ca_file), contacts=5)
        stage.ok("enroll", "intro", *leads(5))
        yield Scenario(stage, ("tick",))
    finally:
        server.stop()


class _Taken(list[bytes]):
    """The stage is told of each mail before the server answers for it."""

    def __init__(self, stage: Stage) -> None:
        super().__init__()
        self._stage = stage

    def append(self, mail: bytes, /) -> None:
        self._stage.take(mail)


@scenario("tick, captured with copies in a Maildir")
def tick_captured(stage: Stage) -> Iterator[Scenario]:
    copies = str(stage.folder / "copies")
    begun(stage, "--capture", "--capture-to", copies, contacts=3, simulated=True)
    stage.ok("enroll", "intro", *leads(3))
    yield Scenario(stage, ("tick",))


def _switch_to_wal(stage: Stage) -> None:
    with closing(sqlite3.connect(stage.db)) as shell:
        shell.execute("PRAGMA journal_mode = WAL")


# --- what people type ------------------------------------------------------------------------------


@scenario("enroll")
def enroll(stage: Stage) -> Iterator[Scenario]:
    with by_command(stage):
        yield Scenario(stage, ("enroll", "intro", *leads(1)))


@scenario("pause")
def pause(stage: Stage) -> Iterator[Scenario]:
    with by_command(stage):
        stage.ok("enroll", "intro", *leads(1))
        yield Scenario(stage, ("pause", "intro"))


@scenario("resume")
def resume(stage: Stage) -> Iterator[Scenario]:
    with by_command(stage):
        stage.ok("enroll", "intro", *leads(1))
        stage.ok("pause", "intro")
        yield Scenario(stage, ("resume", "intro"))


@scenario("edit")
def edit(stage: Stage) -> Iterator[Scenario]:
    with by_command(stage):
        stage.ok("enroll", "intro", *leads(1))
        steps = stage.write("steps.yaml", OTHER_STEPS)
        yield Scenario(stage, ("edit", "intro", *leads(1), "--file", steps))


@scenario("contact opt-out")
def opt_out(stage: Stage) -> Iterator[Scenario]:
    with by_command(stage):
        stage.ok("enroll", "intro", *leads(1))
        yield Scenario(stage, ("contact", "opt-out", *leads(1)))


# --- files that appear -----------------------------------------------------------------------------


@scenario("init")
def init(stage: Stage) -> Iterator[Scenario]:
    words = ("--user", "ann", "--email", ANN, "--name", "Ann Berg", "--timezone", "UTC")
    yield Scenario(stage, ("init", *words))


@scenario("backup")
def backup(stage: Stage) -> Iterator[Scenario]:
    begun(stage, "--capture")
    copy = stage.folder / "kept" / "copy.db"

    def whole(_: Stage) -> list[str]:
        return [*_unsound(copy), *_unmarked(copy)] if copy.exists() else []

    yield Scenario(stage, ("backup", str(copy)), whole)


@scenario("restore")
def restore(stage: Stage) -> Iterator[Scenario]:
    with by_command(stage):
        copy = str(stage.outside / "copy.db")
        stage.ok("enroll", "intro", *leads(1))
        stage.ok("backup", copy)
        stage.ok("contact", "add", "after@x.test")

        def kept(_: Stage) -> list[str]:
            """What stood there is there, in its place or beside it."""
            paths = [stage.db, *stage.folder.glob("w.db.before-restore-?")]
            found = [problem for path in paths for problem in _unsound(path)]
            if not any("after@x.test" in _contacts(path) for path in paths):
                found.append(f"what stood there is gone: {[path.name for path in paths]}")
            return found

        yield Scenario(stage, ("restore", copy, "--yes"), kept)


@scenario("restore over a file in WAL")
def restore_over_wal(stage: Stage) -> Iterator[Scenario]:
    for ready in restore(stage):
        _switch_to_wal(stage)
        yield ready


@scenario("migration from format 2")
def migration(stage: Stage) -> Iterator[Scenario]:
    with by_command(stage):
        stage.ok("enroll", "intro", *leads(1))
        made_older(stage.db)
        yield Scenario(stage, ("status",))


def made_older(path: Path) -> None:
    """Let a workspace be one of format 2 with the same rows."""
    newer = path.with_name("newer.db")
    path.rename(newer)
    with closing(sqlite3.connect(path, isolation_level=None)) as older:
        schema.migrate(older, to=2)
        older.execute("PRAGMA foreign_keys = OFF")
        older.execute("ATTACH ? AS newer", (str(newer),))
        for (name,) in older.execute("SELECT name FROM main.sqlite_schema WHERE type = 'table'"):
            if not name.startswith(("_", "sqlite_")):
                columns = ", ".join(_columns(older, "main", name) & _columns(older, "newer", name))
                older.execute(f"INSERT INTO {name} ({columns}) SELECT {columns} FROM newer.{name}")
        older.execute("DETACH newer")
    newer.unlink()


def _columns(connection: sqlite3.Connection, database: str, table: str) -> set[str]:
    rows = connection.execute(f"PRAGMA {database}.table_info ({table})")
    return {name for _, name, *_ in rows}


def _unsound(path: Path) -> list[str]:
    with closing(connect(path)) as opened:
        found = opened.execute("PRAGMA integrity_check").fetchone()[0]
        number = opened.execute("SELECT count(*) FROM user").fetchone()[0]
    return [] if (found, number) == ("ok", 1) else [f"{path.name} is not whole: {found}"]


def _unmarked(path: Path) -> list[str]:
    with closing(open_store(path)) as store:
        marked = store.workspace.state().lies_still
    return [] if marked else [f"{path.name} is not known as a backup"]


def _contacts(path: Path) -> set[str]:
    with closing(open_store(path)) as store:
        return {email for (email,) in store.connection.execute("SELECT email FROM contact")}
