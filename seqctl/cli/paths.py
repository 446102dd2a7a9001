"""Paths as people type them, and the one that is used where none is typed."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from seqctl.domain.errors import BadFile
from seqctl.places import look_at


def typed_path(text: str) -> Path:
    """The path that `text` means, `~` and `~user` as the shell would read them.

    Raises BadFile where that home folder is not known.
    """
    try:
        return Path(text).expanduser()
    except RuntimeError:
        raise BadFile(
            f"'{text}' begins with a home folder that nobody knows.", "write the whole path"
        ) from None


@contextmanager
def making(path: Path | str) -> Generator[None]:
    """Raise BadFile where the file or folder at `path` can't be made or written."""
    try:
        yield
    except OSError as error:
        raise BadFile(
            f"{path} can't be made: {error.strerror or error}.", look_at(path, error)
        ) from error


def usual_workspace() -> Path:
    """The workspace in the platform's data folder; raises BadFile where there is no home folder."""
    from platformdirs import user_data_path

    try:
        folder = user_data_path("seqctl", appauthor=False)
    except RuntimeError:
        folder = Path("~")
    if not folder.is_absolute():
        raise BadFile(
            "There is no home folder, and so no usual place for the workspace.",
            "name it by --db FILE or SEQCTL_DB",
        )
    return folder / "workspace.db"
