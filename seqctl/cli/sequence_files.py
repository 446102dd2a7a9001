"""Sequence files as the commands read and write them."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from seqctl.cli.paths import making
from seqctl.cli.session import Session
from seqctl.domain.errors import BadFile, Refused, SeqctlError

if TYPE_CHECKING:
    from seqctl.domain.model import SequenceDraft, Sharing, Version


def read_all(
    files: list[str], users: list[str] | None
) -> tuple[list[tuple[str, SequenceDraft]], list[tuple[str, SeqctlError]]]:
    """The files that are right, and the mistakes of the others; a name may stand in one only."""
    from seqctl.files.sequences.sequences import Mistake, SequenceFileErrors, read_sequence

    good: dict[str, tuple[str, SequenceDraft]] = {}
    bad: list[tuple[str, SeqctlError]] = []
    for file in dict.fromkeys(files):
        try:
            draft = read_sequence(Path(file), users)
            if draft.name in good:
                said = f"the name `{draft.name}` stands in {good[draft.name][0]} already"
                raise SequenceFileErrors([Mistake(file, 1, 1, f"{said}; choose another")])
            good[draft.name] = file, draft
        except SequenceFileErrors as error:
            bad.append((file, error))
    return list(good.values()), bad


def all_failed(errors: list[SeqctlError]) -> SeqctlError:
    """What to raise where nothing of what was asked for could be done."""
    if len(errors) == 1:
        return errors[0]
    worst = max(errors, key=lambda error: error.exit_code)
    kind = BadFile if isinstance(worst, BadFile) else Refused
    return kind("\n".join(error.message for error in errors), worst.hint, code=worst.code)


def refused_documents(failed: list[tuple[str, SeqctlError]]) -> list[dict[str, str]]:
    """The files that nothing was stored of, and why."""
    return [{"file": file, "code": error.code, "message": error.message} for file, error in failed]


def tell_failures(session: Session, failed: list[tuple[str, SeqctlError]]) -> int | None:
    """Tell people what failed beside what was done; the exit code of that (6), if anything did."""
    for _, error in failed:
        session.warn(error.message, "red")
    return 6 if failed else None


def yaml_of(name: str, version: Version, sharing: Sharing | None = None) -> str:
    """A version of a sequence as YAML that reads back equal."""
    from seqctl.domain.model import SequenceDraft
    from seqctl.files.sequences.sequences import write_sequence

    return write_sequence(SequenceDraft(name, version.settings, version.steps, sharing))


def write_new(path: Path, text: str) -> None:
    """Write a file that must not exist yet; raises Refused (`FILE_EXISTS`), and BadFile."""
    if os.path.lexists(path):
        raise Refused(
            f"{path} exists already; it was left as it is.",
            "choose another file with --to",
            code="FILE_EXISTS",
        )
    with making(path), path.open("x", encoding="utf-8", newline="\n") as file:
        try:
            file.write(text)
            file.flush()
        except OSError:
            path.unlink()
            raise
