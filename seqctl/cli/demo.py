"""`demo`: the main job from start to end, each command shown before it runs."""

from __future__ import annotations

import os
import shlex
import shutil
import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, NamedTuple

import typer

from seqctl.cli.paths import making
from seqctl.cli.session import Session
from seqctl.domain.errors import BadFile

_FILES = ("contacts.csv", "founders-intro.yaml", "nordic-demo.yaml", "second.md")
_DATABASE = "demo.db"
_CHANGE = ("after: 1 week", "after: 10 days")


class Act(NamedTuple):
    """One command of the demo, and why it is typed."""

    why: str
    command: str


ACTS = (
    Act(
        "A workspace with a simulated clock: it stands on a Monday before Christmas.",
        "seqctl init --simulated --now 2026-12-14T09:00 --user ann --email ann@acme.test "
        "--name 'Ann Berg' --timezone Europe/Stockholm",
    ),
    Act(
        "A second user, in a team. Mails are captured here, never sent.",
        "seqctl user add bo --email bo@acme.test --name 'Bo Ek' --team nordics "
        "--timezone Europe/Stockholm",
    ),
    Act("", "seqctl inbox connect ann@acme.test"),
    Act("", "seqctl inbox connect bo@acme.test --as bo"),
    Act("People come from any CRM's export.", "seqctl contact import contacts.csv"),
    Act(
        "Sequences are files: one for everyone, one shared with a team.",
        "seqctl sequence apply founders-intro.yaml nordic-demo.yaml",
    ),
    Act(
        "Who would be enrolled, when would what happen? Nothing is changed by asking.",
        "seqctl enroll founders-intro --where source=fair --dry-run",
    ),
    Act("", "seqctl enroll founders-intro --where source=fair"),
    Act("", "seqctl enroll nordic-demo --where source=demo --as bo"),
    Act(
        "Only the tick sends. Four days pass; every step runs at its own due time.",
        "seqctl tick --by 4d",
    ),
    Act("Celia answered, so nothing more goes to her.", "seqctl mark celia@harbour.test replied"),
    Act(
        "Holidays: her own enrollments freeze with what is left of their delay.",
        "seqctl pause founders-intro",
    ),
    Act(
        "Bo's inbox is lost, which ends what sends from it.",
        "seqctl enroll nordic-demo ines@azul.test --as bo",
    ),
    Act("", "seqctl inbox disconnect bo@acme.test --end --as bo"),
    Act(
        "More than two weeks later, a paused sequence has sent nothing.",
        "seqctl tick --to 2027-01-04T09:00",
    ),
    Act(
        "With the inbox back, those who fell out go on where they stood.",
        "seqctl inbox connect bo@acme.test --as bo",
    ),
    Act("", "seqctl reenroll nordic-demo --reason error --as bo"),
    Act(
        "One contact asks for peace; that holds whoever enrolled it.",
        "seqctl pause jonas@sundgren.test",
    ),
    Act("Resuming waits out exactly what was left: no burst.", "seqctl resume founders-intro"),
    Act(
        "A changed file is a new version.",
        f"sed -i 's/{_CHANGE[0]}/{_CHANGE[1]}/' founders-intro.yaml",
    ),
    Act("It does not reach those who are enrolled.", "seqctl sequence apply founders-intro.yaml"),
    Act("", "seqctl tick --by 2d"),
    Act("The third step is a call, and the fourth waits for it.", "seqctl task list"),
    Act("", "seqctl task done alma@northwind.test --note 'wants a quote'"),
    Act("", "seqctl tick --by 8d"),
    Act("Where everyone stands.", "seqctl status founders-intro"),
    Act("", "seqctl status"),
    Act("An exact reason for everything.", "seqctl log jonas@sundgren.test"),
    Act("And the promises, checked row by row.", "seqctl doctor"),
)


def demo(
    session: Session,
    folder: Annotated[
        str | None, typer.Argument(metavar="DIR", help="An empty or a new folder for it.")
    ] = None,
) -> int | None:
    """Rehearse a month of sequences in a workspace of its own, and learn the commands.

    Each command is printed before it runs; typed by hand they do the same.

    Example:
        seqctl demo
        seqctl demo ~/rehearsal
    """
    place = Path(folder) if folder is not None else Path(tempfile.mkdtemp(prefix="seqctl-demo-"))
    _prepare(place)
    transcript: list[dict[str, object]] = []
    session.say(f"$ cd {shlex.quote(str(place))}")
    session.say(f"$ export SEQCTL_DB={_DATABASE} SEQCTL_USER=ann")
    with _inside(place):
        for act in ACTS:
            code = _play(session, act)
            transcript.append({"command": act.command, "exit_code": code})
    session.say(
        f"\nAll of it lies in {place}: go on there with seqctl status, task list, tick --by 1w."
    )
    session.emit({"folder": str(place), "commands": transcript})
    return 1 if any(played["exit_code"] for played in transcript) else None


def _prepare(place: Path) -> None:
    """Make the folder, with the example files in it; raises BadFile where it holds anything."""
    if place.exists() and (not place.is_dir() or any(place.iterdir())):
        raise BadFile(f"{place} is not an empty folder.", "seqctl demo ANOTHER-FOLDER")
    with making(place):
        place.mkdir(parents=True, exist_ok=True)
        for name in _FILES:
            shutil.copyfile(_examples() / name, place / name)


def _examples() -> Path:
    """The example files: in an installed package beside the code, in a checkout at its top."""
    package = Path(__file__).parent.parent
    installed = package / "examples"
    return installed if installed.is_dir() else package.parent / "examples"


@contextmanager
def _inside(place: Path) -> Generator[None]:
    """The folder and the environment that the printed commands need."""
    before = Path.cwd()
    environment = dict(os.environ)
    os.environ.update(SEQCTL_DB=_DATABASE, SEQCTL_USER="ann")
    os.chdir(place)
    try:
        yield
    finally:
        os.chdir(before)
        os.environ.clear()
        os.environ.update(environment)


def _play(session: Session, act: Act) -> int:
    if act.why:
        session.say(f"\n# {act.why}", "dim")
    session.say(f"$ {act.command}", "bold")
    program, *arguments = shlex.split(act.command)
    if program == "sed":
        change_file(Path(arguments[-1]))
        return 0
    from seqctl.cli import run

    if session.json:
        arguments.append("--json")
        return _silently(arguments)
    return run(arguments, Session(session.clock))


def change_file(file: Path) -> None:
    """What the demo's `sed` does, where there may be no `sed`."""
    file.write_text(file.read_text(encoding="utf-8").replace(*_CHANGE), encoding="utf-8")


def _silently(arguments: list[str]) -> int:
    """Run a command whose JSON is not shown: stdout carries one document only."""
    import io
    from contextlib import redirect_stdout

    from seqctl.cli import run

    with redirect_stdout(io.StringIO()):
        return run(arguments)
