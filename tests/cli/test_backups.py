"""A backup is looked at like any workspace, says what it is, and ticks only once it was put back."""

from __future__ import annotations

import shlex
import shutil

import pytest

from tests.cli.conftest import Answer, Cli
from tests.cli.test_mail_by_command import ANN, ann, delivered

__all__ = ["ann"]
MADE = "[a backup of 2026-03-02 08:00; seqctl restore puts it back]\n"
LOOKS = (
    ("status",),
    ("status", "intro"),
    ("contact", "list"),
    ("contact", "show", "ada@x.test"),
    ("log",),
    ("doctor",),
    ("mail", "list"),
    ("task", "list"),
    ("sequence", "list"),
    ("sequence", "show", "intro"),
    ("sequence", "preview", "intro", "ada@x.test"),
    ("inbox", "list"),
    ("user", "list"),
    ("segment", "list"),
    ("block", "list"),
    ("config",),
    ("clock",),
)


@pytest.fixture
def work(ann: Cli) -> Cli:
    """A real workspace with a mail that is due, and its backup b.db."""
    ann.ok("user", "edit", "ann", "--timezone", "UTC")
    ann.ok("enroll", "intro", "ada@x.test")
    ann.ok("backup", "b.db")
    return ann


def hinted(answer: Answer) -> list[str]:
    """The command that an answer says to type next, without the program's name."""
    last = answer.stderr.splitlines()[-1]
    assert last.startswith("  try: seqctl "), answer
    return shlex.split(last)[2:]


def test_a_tick_of_a_backup_says_why_not_and_what_to_type(work: Cli) -> None:
    told = work("tick", "--db", "b.db")
    assert (told.exit_code, told.stdout) == (4, "")
    assert told.stderr == (
        f"{MADE}"
        "b.db is a backup, made 2026-03-02 08:00: what is due in it may have gone out since, so it "
        "sends and creates nothing.\n"
        "  try: seqctl restore b.db --db ANOTHER-FILE\n"
    )
    assert work("tick", "--db", "b.db", "--json").error["code"] == "BACKUP"
    assert work("tick", "--quiet", "--db", "b.db").exit_code == 4
    assert delivered(work) == []


def test_the_command_it_names_works(work: Cli) -> None:
    work.ok("tick")
    work.ok(*hinted(work("tick", "--db", "b.db")))
    assert work("tick", "--db", "ANOTHER-FILE").exit_code == 6, "it asks"
    (mail,) = work.json("mail", "list", "--db", "ANOTHER-FILE")["messages"]
    assert mail["status"] == "unknown"
    assert len(delivered(work)) == 1
    assert "backup" not in work.ok("user", "list", "--db", "ANOTHER-FILE")


def test_the_command_it_names_works_where_the_path_has_spaces(work: Cli) -> None:
    (work.folder / "old ones").mkdir()
    place = "old ones/it's monday's.db"
    work.ok("backup", place)
    work.ok(*hinted(work("tick", "--db", place)))


def test_a_backup_that_was_copied_over_the_workspace(work: Cli) -> None:
    work.ok("tick")
    shutil.copyfile("b.db", work.db)
    command = hinted(work("tick"))
    work.ok(*command)
    work("tick", "--db", "ANOTHER-FILE")
    assert len(delivered(work)) == 1


def test_a_restore_in_place_takes_the_mark_away(work: Cli) -> None:
    work.ok("restore", "b.db", "--yes")
    assert "backup" not in work.ok("user", "list")
    assert MADE in work.ok("user", "list", "--db", "b.db")


@pytest.mark.parametrize("words", LOOKS, ids=" ".join)
def test_looking_is_what_it_is_for(work: Cli, words: tuple[str, ...]) -> None:
    assert work.ok(*words, "--db", "b.db").startswith(MADE)
    work.json(*words, "--db", "b.db")


def test_a_sequence_is_taken_out_of_it(work: Cli) -> None:
    assert "name: intro" in work("sequence", "export", "intro", "--db", "b.db").stdout


def test_its_status_asks_for_no_tick(work: Cli) -> None:
    """Its overdue steps need nobody, and cron is no help."""
    work.clock.time = work.clock.time.replace(day=9)
    (told,) = {work("status", "--db", "b.db")}
    assert "tick" not in told.stdout.replace("last tick: never", "")
    assert (told.exit_code, told.stderr) == (0, "")
    assert "needs you: nothing" in told.stdout
    assert "1 overdue" in work("status").stdout


def test_it_is_nothing_for_cron(work: Cli) -> None:
    told = work("cron", "--db", "b.db")
    assert (told.exit_code, told.stdout) == (4, "")
    assert hinted(told) == ["restore", "b.db", "--db", "ANOTHER-FILE"]


def test_what_changes_it_says_that_it_is_one(work: Cli) -> None:
    for words in (
        ("contact", "add", "bo@x.test", "--first-name", "Bo"),
        ("enroll", "intro", "bo@x.test"),
        ("pause", "intro"),
        ("resume", "intro"),
        ("unenroll", "bo@x.test"),
        ("halt",),
        ("unhalt",),
    ):
        assert work.ok(*words, "--db", "b.db").startswith(MADE), words
    assert [c["email"] for c in work.json("contact", "list")["contacts"]] == ["ada@x.test"]


def test_nothing_else_is_sent_from_it(work: Cli) -> None:
    for words in (
        ("inbox", "test", ANN),
        ("sequence", "preview", "intro", "ada@x.test", "--send-me"),
    ):
        told = work(*words, "--db", "b.db", "--json")
        assert (told.exit_code, told.error["code"]) == (4, "BACKUP")
    assert delivered(work) == []


def test_a_simulated_one_says_so_and_goes_on(cli: Cli) -> None:
    """Of a rehearsal that is to go on in two ways."""
    init = ("init", "--simulated", "--now", "2026-03-02T08:00", "--user", "ann", "--email", ANN)
    cli.ok(*init, "--name", "Ann Berg", "--timezone", "UTC")
    cli.clock.time = cli.clock.time.replace(year=2087)
    cli.ok("backup", "b.db")
    assert cli.ok("status", "--db", "b.db").splitlines()[:2] == [
        "[simulated 2026-03-02 08:00]",
        MADE.strip(),
    ]
    cli.ok("tick", "--by", "3d", "--db", "b.db")
    assert cli.json("status", "--db", "b.db")["now"] == "2026-03-05T08:00:00Z"
