"""Words that say nothing: an empty standard input is nobody, an empty word is wrong usage."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.cli.conftest import Cli

SEQUENCE = "name: {}\nsteps:\n  - email: {{subject: Hello, body: Hi}}\n  - {{after: 1 day, email: {{body: So}}}}\n"
EMPTY = ["", "\n\n", "  \n# nobody today\n"]
EMPTY_FILE = ["", "\n\n", "email,first_name\n"]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A simulated workspace: ada and ben in `intro`, which is paused; cy was in it."""
    with pytest.MonkeyPatch.context() as patch:
        cli = Cli(tmp_path_factory.mktemp("words"), patch)
        who = ("--user", "ann", "--email", "ann@acme.test", "--timezone", "UTC")
        cli.ok("init", "--simulated", "--now", "2026-03-02T09:00", *who)
        cli.ok("inbox", "connect", "ann@acme.test")
        for name in ("intro", "other"):
            (cli.folder / f"{name}.yaml").write_text(SEQUENCE.format(name))
            cli.ok("sequence", "apply", f"{name}.yaml")
        for name in ("ada", "ben", "cy"):
            cli.ok("contact", "add", f"{name}@x.test", "--set", "plan=pilot")
        cli.ok("segment", "save", "pilots", "--where", "plan=pilot")
        cli.ok("enroll", "intro", "ada@x.test", "ben@x.test", "cy@x.test")
        cli.ok("unenroll", "cy@x.test")
        cli.ok("pause", "intro")
        return cli.db


@pytest.fixture
def work(cli: Cli, made: Path) -> Cli:
    shutil.copy(made, cli.db)
    return cli


# --- nobody -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "words",
    [
        ("pause", "other", "-"),
        ("pause", "-"),
        ("pause", "--all", "-"),
        ("pause", "other", "-", "--dry-run"),
        ("resume", "intro", "-"),
        ("resume", "-"),
        ("resume", "--all", "-"),
        ("resume", "intro", "-", "--restart-delay"),
        ("enroll", "other", "-"),
        ("enroll", "other", "-", "--dry-run"),
        ("enroll", "other", "-", "--segment", "pilots"),
        ("enroll", "other", "--file", "-"),
        ("enroll", "other", "--file", "-", "--where", "plan=pilot"),
        ("unenroll", "intro", "-"),
        ("unenroll", "-"),
        ("reenroll", "intro", "-"),
        ("reenroll", "intro", "-", "--reason", "manual"),
        ("edit", "intro", "-"),
        ("mark", "-", "replied"),
        ("log", "intro", "-"),
        ("log", "-"),
        ("mail", "list", "intro", "-"),
        ("mail", "list", "--received", "-"),
    ],
    ids=" ".join,
)
def test_an_empty_standard_input_is_nobody(work: Cli, words: tuple[str, ...]) -> None:
    before = work.db.read_bytes()
    document = work.json(*words, stdin="")
    notes = document.pop("notes", None)
    assert set(map(tuple, document.values())) == {()}
    assert notes in (None, ["Standard input names nobody; nothing was done."])
    for stdin in EMPTY_FILE if "--file" in words else EMPTY:
        assert "Standard input names nobody; nothing was done." in work.ok(*words, stdin=stdin)
    assert work.db.read_bytes() == before


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("pause", "nosuch", "-"), "NO_SEQUENCE"),
        (("resume", "nosuch", "-"), "NO_SEQUENCE"),
        (("enroll", "nosuch", "-"), "NO_SEQUENCE"),
        (("enroll", "nosuch", "--file", "-"), "NO_SEQUENCE"),
        (("unenroll", "nosuch", "-"), "NO_SEQUENCE"),
        (("reenroll", "nosuch", "-"), "NO_SEQUENCE"),
        (("edit", "nosuch", "-"), "NO_SEQUENCE"),
        (("log", "nosuch", "-"), "NO_SEQUENCE"),
        (("mail", "list", "nosuch", "-"), "NO_SEQUENCE"),
        (("pause", "-", "--as", "nosuch"), "NO_USER"),
        (("mark", "-", "replied", "--as", "nosuch"), "NO_USER"),
        (("enroll", "-"), "USAGE"),
        (("reenroll", "-"), "USAGE"),
        (("edit", "-"), "USAGE"),
        (("enroll", "other", "-", "--at", "17:00", "--now"), "USAGE"),
        (("enroll", "other", "-", "--from-step", "two"), "USAGE"),
        (("enroll", "other", "-", "--file", "-"), "USAGE"),
        (("pause", "other", "-", "--until", "2026-01-01"), "USAGE"),
        (("resume", "other", "-", "--each"), "USAGE"),
    ],
    ids=lambda words: " ".join(words) if isinstance(words, tuple) else words,
)
def test_what_is_wrong_is_wrong_for_nobody_too(
    work: Cli, words: tuple[str, ...], code: str
) -> None:
    told = work(*words, "--json")
    assert (told.exit_code, told.error["code"]) == (2 if code == "USAGE" else 3, code)


def test_contacts_beside_an_empty_file_are_taken(work: Cli) -> None:
    assert len(work.json("enroll", "other", "cy@x.test", "--file", "-")["done"]) == 1


def test_contacts_beside_an_empty_standard_input_are_taken(work: Cli) -> None:
    paused = work.json("pause", "intro", "-", "ada@x.test", stdin="")
    assert [e["contact"] for e in paused["done"]] == ["ada@x.test"]


def test_nobody_is_told_under_the_heading(work: Cli) -> None:
    told = work.ok("pause", "other", "-")
    assert told == "[simulated 2026-03-02 09:00]\nStandard input names nobody; nothing was done.\n"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_a_list_in_any_encoding_names_its_contacts(work: Cli, encoding: str) -> None:
    stdin = "ada@x.test\r\n".encode(encoding).decode(errors="surrogateescape")
    done = work.json("unenroll", "intro", "-", stdin=stdin)["done"]
    assert [enrollment["contact"] for enrollment in done] == ["ada@x.test"]


def test_what_is_no_list_is_a_bad_file(work: Cli) -> None:
    told = work("pause", "intro", "-", "--json", stdin="\udc80\x01\x02" * 99)
    assert (told.exit_code, told.error["message"]) == (5, "Standard input is not a text file.")


def test_several_contacts_are_marked_from_standard_input(work: Cli) -> None:
    ended = work.json("mark", "-", "replied", stdin="ada@x.test\nben@x.test\n")
    assert [e["contact"] for e in ended["done"]] == ["ada@x.test", "ben@x.test"]


# --- empty words --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "words",
    [
        ("pause", "{}"),
        ("pause", "intro", "{}"),
        ("pause", "intro", "--until", "{}"),
        ("pause", "intro", "--for", "{}"),
        ("resume", "intro", "{}"),
        ("unenroll", "intro", "{}"),
        ("unenroll", "{}", "ada@x.test"),
        ("enroll", "intro", "{}"),
        ("enroll", "{}", "ada@x.test"),
        ("enroll", "other", "--where", "{}"),
        ("enroll", "other", "--where", "plan=pilot", "--where", "{}"),
        ("enroll", "other", "--segment", "{}"),
        ("enroll", "other", "--file", "{}"),
        ("enroll", "other", "ada@x.test", "--at", "{}"),
        ("enroll", "other", "ada@x.test", "--inbox", "{}"),
        ("enroll", "other", "ada@x.test", "--from-step", "{}"),
        ("reenroll", "intro", "{}"),
        ("reenroll", "intro", "--reason", "{}"),
        ("mark", "{}", "replied"),
        ("mark", "ada@x.test", "{}"),
        ("log", "{}"),
        ("edit", "intro", "{}"),
        ("status", "{}"),
        ("status", "intro", "--reason", "{}"),
        ("status", "intro", "--enrolled-by", "{}"),
        ("tick", "--by", "{}"),
        ("tick", "--to", "{}"),
        ("cron", "--every", "{}"),
        ("halt", "{}"),
        ("config", "{}"),
        ("config", "rows", "{}"),
        ("clock", "{}"),
        ("contact", "add", "{}"),
        ("contact", "show", "{}"),
        ("contact", "delete", "{}"),
        ("contact", "opt-out", "{}"),
        ("contact", "import", "{}"),
        ("contact", "list", "--where", "{}"),
        ("contact", "list", "--segment", "{}"),
        ("contact", "add", "new@x.test", "--set", "{}"),
        ("contact", "add", "new@x.test", "--owner", "{}"),
        ("segment", "save", "{}", "--where", "plan=pilot"),
        ("segment", "save", "new", "--where", "{}"),
        ("segment", "show", "{}"),
        ("segment", "delete", "{}"),
        ("sequence", "show", "{}"),
        ("sequence", "apply", "{}"),
        ("sequence", "delete", "{}"),
        ("sequence", "share", "intro", "--user", "{}"),
        ("sequence", "share", "intro", "{}"),
        ("block", "add", "{}"),
        ("block", "remove", "{}"),
        ("user", "add", "{}", "--email", "bo@acme.test"),
        ("user", "add", "bo", "--email", "{}"),
        ("user", "add", "bo", "--email", "bo@acme.test", "--timezone", "{}"),
        ("user", "remove", "{}"),
        ("inbox", "connect", "{}"),
        ("inbox", "connect", "ann@acme.test", "--per-day", "{}"),
        ("inbox", "disconnect", "{}"),
        ("task", "done", "{}"),
        ("mail", "show", "{}"),
        ("backup", "{}"),
        ("restore", "{}"),
        ("status", "--db", "{}"),
        ("status", "--as", "{}"),
        ("--db", "{}", "status"),
        ("--as", "{}", "status"),
        ("contact", "--as", "{}", "list"),
    ],
    ids=" ".join,
)
def test_an_empty_word_is_wrong_usage(work: Cli, words: tuple[str, ...]) -> None:
    before = work.db.read_bytes()
    for empty in ("", " \t"):
        answer = work(*(word.format(empty) for word in words))
        assert (answer.exit_code, answer.stdout) == (2, "")
    assert work.db.read_bytes() == before


def test_an_empty_word_is_told_by_the_name_of_its_place(work: Cli) -> None:
    told = work("enroll", "intro", "--where", "", "--json").error
    assert told["code"] == "EMPTY_WORD"
    assert told["message"] == "An empty word says nothing: --where needs a value."
    assert "--db needs a value" in work("status", "--db", "").stderr
    assert "EMAIL needs a value" in work("contact", "show", " ").stderr


def test_an_empty_value_clears_where_there_is_something_to_clear(work: Cli) -> None:
    work.ok("contact", "edit", "ada@x.test", "--phone", "1", "--set", "city=Lund")
    work.ok("contact", "edit", "ada@x.test", "--phone", "", "--set", "city=")
    shown = work.json("contact", "show", "ada@x.test")
    assert (shown["phone"], "city" in shown["properties"]) == ("", False)
    work.ok("user", "edit", "ann", "--signature", "Ann")
    work.ok("user", "edit", "ann", "--signature", "")
    work.ok("contact", "add", "eve@x.test", "--first-name", "")


def test_an_empty_variable_is_as_good_as_none(work: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SEQCTL_USER", "")
    work.ok("status")
    monkeypatch.setenv("SEQCTL_DB", "")
    monkeypatch.setenv("XDG_DATA_HOME", str(work.folder))
    assert str(work.folder / "seqctl" / "workspace.db") in work("status").stderr


@pytest.mark.parametrize(
    "words",
    [("mark", "ada@x.test", ""), ("mark", "replied2", "ada@x.test"), ("status", "--sort", "x")],
)
def test_a_sentence_names_no_library(work: Cli, words: tuple[str, ...]) -> None:
    answer = work(*words)
    assert answer.exit_code == 2
    assert "is not one of" in answer.stderr
    assert "Value error" not in answer.stderr
