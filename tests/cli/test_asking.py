"""Who is asked first: what deletes, ends or starts many at once, blocks a domain, or restores."""

from __future__ import annotations

import io
import os
import shutil
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from seqctl.cli import run
from seqctl.cli.session import Session
from seqctl.store import open_store
from tests.cli.conftest import Answer, Cli, FixedClock

SEQUENCE = """\
name: {}
share: everyone
unenroll_on: {{company_reply: true}}
steps:
  - email: {{subject: Hello, body: Hi}}
  - after: 3 days
    email: {{body: Again}}
"""
PEOPLE = [f"p{number}@big.test" for number in range(6)]
ENROLLED, FREE = PEOPLE[:3], PEOPLE[3:]
DASH = "\n".join
NO = "email,unsubscribed\n" + "".join(f"{address},yes\n" for address in ENROLLED)

# The words, what is read from standard input, and what the question says of the people concerned.
ASKED = [
    (("user", "remove", "bo"), "", "3 people: 3 enrollments end."),
    (("contact", "delete", PEOPLE[0]), "", "1 person: 1 enrollment ends."),
    (("contact", "delete", PEOPLE[5]), "", "No enrollment ends."),
    (("sequence", "delete", "intro", "--as", "bo"), "", "3 people: 3 enrollments end."),
    (("sequence", "delete", "spare"), "", "No enrollment ends."),
    (("segment", "delete", "big"), "", "No enrollment ends."),
    (
        ("inbox", "disconnect", "bo@acme.test", "--end", "--as", "bo"),
        "",
        "3 people: 3 enrollments end.",
    ),
    (("block", "add", "@big.test"), "", "3 people: 3 enrollments end."),
    (("block", "add", "@nobody.test"), "", "No enrollment ends."),
    (("block", "add", *ENROLLED), "", "3 people: 3 enrollments end."),
    (("unenroll", *ENROLLED), "", "3 people: 3 enrollments end."),
    (("unenroll", "intro", "-"), DASH(ENROLLED), "3 people: 3 enrollments end."),
    (("mark", PEOPLE[0], "replied"), "", "3 people: 3 enrollments end."),
    (("mark", "-", "meeting"), DASH(ENROLLED), "3 people: 3 enrollments end."),
    (("enroll", "spare", *FREE), "", "3 people: 3 enrollments start."),
    (("enroll", "spare", "-"), DASH(FREE), "3 people: 3 enrollments start."),
    (("enroll", "spare", "--where", "!in?"), "", "3 people: 3 enrollments start."),
    (("enroll", "spare", "--segment", "big", "--also"), "", "6 people: 6 enrollments start."),
    (("enroll", "spare", "--file", "free.csv"), "", "3 people: 3 enrollments start."),
    (("reenroll", "spare", "--reason", "manual"), "", "3 people: 3 enrollments start."),
    (("contact", "import", "no.csv"), "", "3 people: 3 enrollments end."),
    (("contact", "import", "-"), NO, "3 people: 3 enrollments end."),
]
UNASKED = [
    (("inbox", "disconnect", "bo@acme.test", "--as", "bo"), ""),
    (("block", "add", PEOPLE[0]), ""),
    (("block", "remove", "x@y.test"), ""),
    (("unenroll", *ENROLLED[:2]), ""),
    (("unenroll", *ENROLLED, "--dry-run"), ""),
    (("enroll", "spare", *FREE[:2]), ""),
    (("enroll", "spare", *FREE, "--dry-run"), ""),
    (("contact", "opt-out", PEOPLE[0]), ""),
    (("contact", "import", "no.csv", "--dry-run"), ""),
    (("contact", "import", "free.csv"), ""),
    (("contact", "import", "-"), "email,unsubscribed\n" + "".join(f"{e},yes\n" for e in PEOPLE[1:])),
    (("pause", *ENROLLED), ""),
    (("resume", *ENROLLED), ""),
]  # fmt: skip


def _make(path: Path, clock: str) -> None:
    """A workspace of ann and bo; bo has three people in `intro`, ann had three in `spare`."""
    session_clock = FixedClock(datetime(2026, 3, 2, 8, 0, tzinfo=UTC))

    def ok(*words: str) -> None:
        code = run([*words, "--db", str(path)], Session(session_clock))
        assert code in (0, 6), words

    for name in ("intro", "spare"):
        (path.parent / f"{name}.yaml").write_text(SEQUENCE.format(name))
    rows = "".join(f"{address},Big AB\n" for address in PEOPLE)
    (path.parent / "people.csv").write_text("email,company\n" + rows)
    simulated = ("--simulated", "--now", "2026-03-02T08:00") if clock == "simulated" else ()
    ok("init", *simulated, "--user", "ann", "--email", "ann@acme.test", "--timezone", "UTC")
    ok("user", "add", "bo", "--email", "bo@acme.test", "--as", "ann")
    for name in ("ann", "bo"):
        ok("inbox", "connect", f"{name}@acme.test", "--capture", "--as", name)
    ok("contact", "import", str(path.parent / "people.csv"), "--as", "ann")
    ok("segment", "save", "big", "--where", "company=Big AB", "--as", "ann")
    ok("sequence", "apply", str(path.parent / "spare.yaml"), "--as", "ann")
    ok("sequence", "apply", str(path.parent / "intro.yaml"), "--as", "bo")
    ok("enroll", "spare", *FREE, "--as", "ann")
    ok("unenroll", *FREE, "--as", "ann")
    ok("enroll", "intro", *ENROLLED, "--as", "bo")
    ok("block", "add", "x@y.test", "--as", "ann")
    ok("config", "enroll_confirm", "2", "--as", "ann")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    paths = {}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "stdout", io.StringIO())
        for clock in ("real", "simulated"):
            paths[clock] = tmp_path_factory.mktemp(clock) / "workspace.db"
            _make(paths[clock], clock)
    return paths


@pytest.fixture(params=["real"])
def work(
    cli: Cli, made: dict[str, Path], monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> Cli:
    shutil.copy(made[request.param], cli.db)
    (cli.folder / "free.csv").write_text("email\n" + DASH(FREE))
    (cli.folder / "no.csv").write_text(NO)
    monkeypatch.setenv("SEQCTL_USER", "ann")
    return cli


simulated = pytest.mark.parametrize("work", ["simulated"], indirect=True)


def typed(cli: Cli, words: tuple[str, ...], stdin: str) -> Answer:
    """As typed; `--again` where those who were in `spare` before would be left out."""
    again = ("--again",) if words[:2] == ("enroll", "spare") else ()
    return cli(*words, *again, stdin=stdin)


@pytest.mark.parametrize(("words", "stdin", "told"), ASKED, ids=lambda v: " ".join(v) if v else "-")
def test_where_nobody_can_be_asked_it_needs_a_yes(
    work: Cli, words: tuple[str, ...], stdin: str, told: str
) -> None:
    before = work.db.read_bytes()
    answer = typed(work, (*words, "--json"), stdin)
    assert (answer.exit_code, answer.stdout) == (2, "")
    assert answer.error["code"] == "NEEDS_YES"
    assert answer.error["message"].endswith(f"? {told}")
    assert work.db.read_bytes() == before
    assert typed(work, (*words, "--yes"), stdin).exit_code == 0
    assert work.db.read_bytes() != before


@simulated
@pytest.mark.parametrize(("words", "stdin", "told"), ASKED, ids=lambda v: " ".join(v) if v else "-")
def test_a_simulated_workspace_never_asks(
    work: Cli, words: tuple[str, ...], stdin: str, told: str
) -> None:
    del told
    answer = typed(work, words, stdin)
    assert (answer.exit_code, answer.stderr) == (0, "")


@pytest.mark.parametrize(("words", "stdin"), UNASKED, ids=lambda v: " ".join(v) if v else "-")
def test_what_is_small_or_done_again_is_not_asked_about(
    work: Cli, words: tuple[str, ...], stdin: str
) -> None:
    assert work(*words, stdin=stdin).exit_code == 0


def test_on_a_terminal_it_asks_and_heeds_the_answer(work: Cli) -> None:
    before = work.db.read_bytes()
    asked = work("user", "remove", "bo", stdin="n\n", terminal=True)
    assert (asked.exit_code, work.db.read_bytes()) == (4, before)
    question = "Remove the user bo? 3 people: 3 enrollments end. [y/N]: "
    assert question in asked.stderr
    assert work("user", "remove", "bo", stdin="\n", terminal=True).exit_code == 4
    assert work("user", "remove", "bo", stdin="yes\n", terminal=True).exit_code == 0


def test_a_pipe_is_read_once_though_its_import_is_asked_about(work: Cli) -> None:
    pipe = work.folder / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    writer = os.open(pipe, os.O_WRONLY)
    os.write(writer, NO.encode())
    os.close(writer)
    try:
        answer = work("contact", "import", "pipe", stdin="yes\n", terminal=True)
    finally:
        os.close(reader)
    assert answer.exit_code == 0
    assert "Import pipe? 3 people: 3 enrollments end. [y/N]: " in answer.stderr
    assert "0 created, 3 updated, 0 unchanged, 0 rejected." in answer.stdout


def test_what_is_wrong_is_said_before_anything_is_asked(work: Cli) -> None:
    assert work("user", "remove", "cy").exit_code == 3
    assert work("contact", "delete", "nobody@x.test").exit_code == 3
    assert work("sequence", "delete", "intro").exit_code == 4
    assert work("segment", "delete", "bgi").exit_code == 3
    assert work("block", "add", "@").exit_code == 2
    assert work("inbox", "disconnect", "bo@acme.test", "--end").exit_code == 4


def test_25_at_once_are_not_asked_about_and_26_are(work: Cli) -> None:
    work.ok("config", "enroll_confirm", "25")
    many = [f"m{number}@small.test" for number in range(26)]
    (work.folder / "many.csv").write_text("email\n" + DASH(many))
    work.ok("contact", "import", "many.csv")
    assert work("enroll", "spare", *many).exit_code == 2
    assert work("enroll", "spare", *many[1:]).exit_code == 0
    assert work("enroll", "spare", many[0]).exit_code == 0
    assert work("unenroll", *many).exit_code == 2
    assert work("unenroll", *many[1:]).exit_code == 0


# --- restore ------------------------------------------------------------------------------------


def test_restoring_over_a_workspace_is_asked_about(work: Cli) -> None:
    work.ok("backup", "old.db")
    before = work.db.read_bytes()
    answer = work("restore", "old.db", "--json")
    assert (answer.exit_code, answer.error["code"]) == (2, "NEEDS_YES")
    assert answer.error["message"].endswith("? 3 people are in sequences there.")
    assert work("restore", "old.db", stdin="n\n", terminal=True).exit_code == 4
    assert work.db.read_bytes() == before
    assert work("restore", "old.db", "--yes").exit_code == 0


def test_restoring_to_where_nothing_stands_is_not_asked_about(work: Cli) -> None:
    work.ok("backup", "old.db")
    assert work("restore", "old.db", "--db", "new.db").exit_code == 0


@simulated
def test_restoring_over_a_simulated_workspace_is_not_asked_about(work: Cli) -> None:
    work.ok("backup", "old.db")
    assert work("restore", "old.db").exit_code == 0


def test_what_cant_be_read_is_asked_about(work: Cli) -> None:
    work.ok("backup", "old.db")
    whole = work.db.read_bytes()
    work.db.write_bytes(whole[:4096] + bytes(len(whole) - 4096))
    assert work("restore", "old.db").exit_code == 2
    assert work("restore", "old.db", "--yes").exit_code == 0
    open_store(work.db).close()
