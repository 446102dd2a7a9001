"""The frame around every command: loading, common options, help, errors and exit codes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from types import ModuleType
from typing import Annotated

import pytest
import typer

import seqctl
import seqctl.cli
from seqctl.cli.frame import Noun
from seqctl.cli.session import Session
from seqctl.cli.signals import AskedToEnd
from seqctl.cli.words import Named, contacts, sequence_and_contacts
from seqctl.domain.errors import NotFound, WrongUsage
from tests.cli.conftest import Cli, piped


def show(
    session: Session,
    names: Annotated[list[str] | None, typer.Argument(help="Who or what.")] = None,
    limit: Annotated[int, typer.Option("--limit", "-n", help="How many.")] = 50,
    note: Annotated[str, typer.Option(help="Any text.")] = "",
    loud: Annotated[bool, typer.Option("--loud", help="Say more.")] = False,
) -> int | None:
    """Show what was understood.

    This paragraph says more than the first line does, and it is long enough that it has to be
    wrapped on a narrow terminal.

    Example:
        seqctl show ada@example.com -n 3
        seqctl show --loud
    """
    found = {"names": names, "limit": limit, "note": note, "loud": loud, "as": session.user_name}
    session.say(f"{found}")
    session.emit({**found, "db": str(session.path)})
    return len(names) if loud and names else None


def fail(session: Session, how: str) -> None:
    """Fail in one of the ways there are."""
    raise {
        "user": NotFound("There is no sequence 'fuonders'.", "seqctl sequence list"),
        "words": WrongUsage("That \x1b[31mmeans\x1b[0m nothing.", "write 90m"),
        "defect": KeyError("secret key"),
        "interrupt": KeyboardInterrupt(),
        "terminated": AskedToEnd(signal.SIGTERM),
        "end": EOFError(),
        "abort": typer.Abort(),
        "file": FileNotFoundError(2, "No such file or directory", "x.csv"),
        "full": OSError(28, "No space left on device"),
        "exit": typer.Exit(6),
    }[how]


thing = Noun("""Things to try.

Example:
    seqctl thing list
""")


@thing.command("join")
def join_things(
    session: Session, words: Annotated[list[str], typer.Argument(metavar="THING THING...")]
) -> None:
    """Join two things or more."""


@thing.command("list")
def list_things(session: Session) -> None:
    """Every thing there is."""
    session.say(f"things of {session.user_name} in {session.path}")


CONTENTS = {
    "Every day": {"show": ("stub:show", "Show what was understood"), "fail": ("stub:fail", "Fail")},
    "Nouns": {
        "thing": ("stub:thing", "Things to try"),
        "absent": ("no_such_module:x", "Not there"),
    },
}


@pytest.fixture(autouse=True)
def stub_commands(monkeypatch: pytest.MonkeyPatch) -> None:
    module = ModuleType("seqctl.cli.stub")
    vars(module).update(show=show, fail=fail, thing=thing)
    monkeypatch.setitem(sys.modules, module.__name__, module)
    monkeypatch.setattr(seqctl.cli, "CONTENTS", CONTENTS)


# --- loading ------------------------------------------------------------------------------------


def test_the_contents_are_listed_without_loading_any_command(cli: Cli) -> None:
    page = cli.ok("--help")
    assert "Every day:\n  show    Show what was understood\n" in page
    assert "Nouns:\n  thing   Things to try\n  absent  Not there\n" in page


@pytest.mark.parametrize("arguments", [(), ("thing",)])
def test_a_call_without_a_command_is_answered_with_help(cli: Cli, arguments: tuple[str]) -> None:
    answer = cli(*arguments)
    assert (answer.exit_code, answer.stdout) == (2, "")
    assert answer.stderr.startswith("Usage: seqctl ")


@pytest.mark.parametrize(
    ("typed", "nearest"),
    [(("shwo",), "show"), (("things", "list"), "thing"), (("thing", "lst"), "list")],
)
def test_a_misspelt_command_is_answered_with_the_nearest(
    cli: Cli, typed: tuple[str, ...], nearest: str
) -> None:
    answer = cli(*typed)
    assert answer.exit_code == 2
    assert f"Did you mean '{nearest}'?" in answer.stderr


def test_the_version(cli: Cli) -> None:
    assert cli.ok("--version") == f"seqctl {seqctl.__version__}\n"


def test_a_command_loads_neither_pydantic_nor_rich(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("COVERAGE_PROCESS_CONFIG", raising=False)  # it would load json itself
    program = (
        "import sys, types, seqctl.cli as cli\n"
        "from seqctl.cli.frame import Noun\n"
        "stub = sys.modules['seqctl.cli.stub'] = types.ModuleType('stub')\n"
        "def verb(session, name: str, note: str = '', hard: bool = False): 'x'\n"
        "stub.verb = verb\n"
        "cli.CONTENTS = {'p': {'verb': ('stub:verb', 'x')}}\n"
        "assert cli.run(['--as', 'bo', 'verb', 'a', '--note', 'b', '--hard', '--db', 'x']) == 0\n"
        "print(sorted({'pydantic', 'rich', 'sqlite_utils', 'json'} & set(sys.modules)))"
    )
    ran = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert ran.stdout == "[]\n"


# --- common options -----------------------------------------------------------------------------


def test_values_arrive_as_they_are_annotated(cli: Cli) -> None:
    found = cli.json("show", "a", "b", "-n", "3", "--note", "x y")
    assert found == {
        "names": ["a", "b"],
        "limit": 3,
        "note": "x y",
        "loud": False,
        "as": None,
        "db": str(cli.db),
    }


@pytest.mark.parametrize(
    "arguments",
    [
        ("--db", "other.db", "--as", "bo", "show"),
        ("show", "--db", "other.db", "--as", "bo"),
        ("--db", "first.db", "--as", "al", "show", "--as=bo", "--db=other.db"),
    ],
)
def test_workspace_and_user_stand_before_the_command_or_after(
    cli: Cli, arguments: tuple[str, ...]
) -> None:
    found = cli.json(*arguments)
    assert (found["db"], found["as"]) == ("other.db", "bo")


def test_they_may_stand_after_the_noun(cli: Cli) -> None:
    assert cli.ok("thing", "--as", "bo", "list", "--db", "x") == "things of bo in x\n"


def test_the_environment_names_workspace_and_user(
    cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SEQCTL_USER", "al")
    monkeypatch.setenv("SEQCTL_DB", "~/mine.db")
    found = cli.json("show")
    assert (found["db"], found["as"]) == (f"{os.environ['HOME']}/mine.db", "al")


def test_the_data_folder_is_the_last_resort(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SEQCTL_DB")
    monkeypatch.setenv("SEQCTL_USER", "")
    found = cli.json("show")
    assert found["db"] == f"{os.environ['HOME']}/.local/share/seqctl/workspace.db"
    assert found["as"] is None


# --- help ---------------------------------------------------------------------------------------

PAGE = """\
Usage: seqctl show [NAMES]... [OPTIONS]

Show what was understood.

This paragraph says more than the first line does, and it is long enough that it has to be wrapped
on a narrow terminal.

Arguments:
  NAMES  Who or what.

Options:
  -n, --limit N  How many.  [default: 50]
  --note NOTE    Any text.
  --loud         Say more.

Options of every command:
  --db FILE   The workspace [SEQCTL_DB].
  --as USER   Who acts [SEQCTL_USER].
  --json      Answer with one JSON document.
  -h, --help  Show this message and exit.

Example:
  seqctl show ada@example.com -n 3
  seqctl show --loud
"""


@pytest.mark.parametrize("option", ["--help", "-h"])
def test_a_help_page(cli: Cli, option: str) -> None:
    assert cli.ok("show", option) == PAGE


def test_a_help_page_on_a_narrow_terminal(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "60")
    assert max(map(len, cli.ok("show", "--help").splitlines())) <= 60


def test_the_help_of_a_noun(cli: Cli) -> None:
    page = cli.ok("thing", "--help")
    assert "Commands:\n  join  Join two things or more\n  list  Every thing there is\n" in page
    assert page.endswith("Example:\n  seqctl thing list\n")


def test_a_usage_line_may_be_written_out(cli: Cli) -> None:
    usage = "Usage: seqctl thing join THING THING... [OPTIONS]\n"
    assert cli.ok("thing", "join", "--help").startswith(usage)


# --- errors -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("how", "exit_code", "told"),
    [
        ("user", 3, "There is no sequence 'fuonders'.\n  try: seqctl sequence list\n"),
        ("words", 2, "That means nothing.\n  write 90m\n"),
        ("interrupt", 130, "Interrupted.\n"),
        ("terminated", 143, "Interrupted.\n"),
        ("end", 130, "Interrupted.\n"),
        ("abort", 130, "Interrupted.\n"),
        ("file", 5, "x.csv can't be used: No such file or directory.\n  ls -ld .\n"),
        ("full", 5, "A file or the output can't be used: No space left on device.\n  df -h\n"),
        ("exit", 6, ""),
        (
            "defect",
            1,
            "This is a defect of seqctl, please report it: KeyError: 'secret key'\n"
            "  repeat it with SEQCTL_DEBUG=1 in front to see where\n",
        ),
    ],
)
def test_errors_for_people(cli: Cli, how: str, exit_code: int, told: str) -> None:
    assert cli("fail", how) == (exit_code, "", told)


@pytest.mark.parametrize(
    ("how", "exit_code", "code"),
    [
        *(("user", 3, "NOT_FOUND"), ("words", 2, "USAGE"), ("interrupt", 130, "INTERRUPTED")),
        *(("file", 5, "BAD_FILE"), ("defect", 1, "DEFECT")),
    ],
)
def test_errors_for_programs(cli: Cli, how: str, exit_code: int, code: str) -> None:
    answer = cli("fail", how, "--json")
    assert (answer.exit_code, answer.stdout, answer.error["code"]) == (exit_code, "", code)
    assert set(answer.error) == {"code", "message", "hint"}


def test_a_traceback_is_for_those_who_ask(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SEQCTL_DEBUG", "1")
    answer = cli("fail", "defect")
    assert answer.exit_code == 1
    assert answer.stderr.startswith("Traceback")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["show", "--limt", "3"], "No such option: --limt (Possible options: --limit)"),
        (["show", "-n", "x"], "Invalid value for '--limit' / '-n'"),
        (["fail"], "Missing argument 'HOW'."),
        (["fail", "a", "b"], "unexpected extra argument"),
        (["--db"], "requires an argument"),
        (["show", "caf\udce9"], "not valid UTF-8"),
    ],
)
def test_wrong_usage(cli: Cli, arguments: list[str], message: str) -> None:
    people, programs = cli(*arguments), cli(*arguments, "--json")
    assert (people.exit_code, programs.exit_code) == (2, 2)
    assert message in people.stderr
    assert programs.error["code"] == "USAGE"


def test_the_hint_of_wrong_usage_is_the_help_of_that_command(cli: Cli) -> None:
    assert cli("thing", "list", "x").stderr.endswith("  try: seqctl thing list --help\n")


def test_a_returned_number_is_the_exit_code(cli: Cli) -> None:
    assert cli("show", "a", "b", "c", "d", "e", "f", "--loud").exit_code == 6


# --- streams ------------------------------------------------------------------------------------

SEQCTL = [sys.executable, "-m", "seqctl"]


def test_a_reader_that_left_is_no_error() -> None:
    with subprocess.Popen(
        [*SEQCTL, "--help"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as program:
        assert program.stdout is not None
        assert program.stderr is not None
        program.stdout.close()
        told = program.stderr.read()
    assert (program.returncode, told) == (141, "")


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs a full device")
def test_a_full_disk_is_told_once() -> None:
    with open("/dev/full", "w") as full:
        ran = subprocess.run([*SEQCTL, "--version"], stdout=full, stderr=subprocess.PIPE, text=True)
    told = "A file or the output can't be used: No space left on device.\n  df -h\n"
    assert (ran.returncode, ran.stderr) == (5, told)


def test_closed_streams_are_no_error() -> None:
    ran = subprocess.run(["sh", "-c", f"{sys.executable} -m seqctl --version <&- >&- 2>&-"])
    assert ran.returncode == 0


# --- words --------------------------------------------------------------------------------------


def test_what_holds_an_at_sign_is_a_contact() -> None:
    assert sequence_and_contacts(["a@x", "intro", "b@x", "a@x"]) == Named("intro", ["a@x", "b@x"])
    assert sequence_and_contacts(None) == Named(None, [])


def test_a_dash_reads_contacts_from_standard_input(
    monkeypatch: pytest.MonkeyPatch, cli: Cli
) -> None:
    monkeypatch.setattr(sys, "stdin", piped("b@x\n\n# not her\n c@x \n"))
    assert contacts(["a@x", "-"]) == ["a@x", "b@x", "c@x"]


def test_two_sequences_are_wrong_usage() -> None:
    with pytest.raises(WrongUsage, match="intro and outro"):
        sequence_and_contacts(["intro", "outro", "a@x"])
