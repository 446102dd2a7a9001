"""Starting the installed program, against a one-command Typer app in the same environment."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

from bench.measuring import Result, Sizes, alternately, at_most, run
from seqctl.domain.model import User
from seqctl.service.inboxes.people import add_first_user
from seqctl.store import create_store

_PROJECT = Path(__file__).parents[1]
_TYPER_APP = """\
import typer

app = typer.Typer()


@app.command()
def hello(name: str = typer.Option("you", help="Who is greeted.")) -> None:
    \"\"\"Greet somebody.\"\"\"
    typer.echo(f"Hello {name}")


if __name__ == "__main__":
    app()
"""


def measure(folder: Path, sizes: Sizes, *, install: bool) -> Iterator[Result]:
    """`status` and an idle `tick` with their output in a pipe.

    With `install` the project is built and installed into an environment of its own; else it is
    measured as it lies here, compiled by the first run.
    """
    python = _installed(folder) if install else Path(sys.executable)
    app = folder / "hello.py"
    app.write_text(_TYPER_APP)
    workspace = folder / "real.db"
    _make_real_workspace(workspace)
    starts = {
        "status": ("-m", "seqctl", "--db", workspace, "status"),
        "idle tick": ("-m", "seqctl", "--db", workspace, "tick"),
    }

    def start(*words: object) -> float:
        # Away from the project, so that what is installed is what runs.
        return run(*words, python=python, folder=folder if install else _PROJECT)

    bare, *ours = alternately(
        sizes.starts,
        lambda: start(app),
        *(lambda words=words: start(*words) for words in starts.values()),
    )
    for name, took in zip(starts, ours, strict=True):
        detail = f"  ({took * 1000:.0f} ms and {bare * 1000:.0f} ms)"
        yield at_most(f"{name}, against a one-command Typer app", took / bare, 1.3, detail)


def _installed(folder: Path) -> Path:
    environment = folder / "environment"
    run("-m", "venv", environment)
    python = environment / "bin" / "python"
    run("-m", "pip", "install", _PROJECT, python=python)
    return python


def _make_real_workspace(path: Path) -> None:
    ann = User(0, "ann", "Ann Berg", "ann@acme.test", "Europe/Stockholm")
    with closing(create_store(path, simulated_now=None)) as store:
        add_first_user(store, ann, datetime.now(UTC).replace(microsecond=0))
