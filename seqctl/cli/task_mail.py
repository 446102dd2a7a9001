"""The mail that a task offers, in the editor of whoever sends it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from seqctl.cli.editor import in_editor
from seqctl.domain.errors import BadFile, NotFound, Refused

if TYPE_CHECKING:
    from seqctl.ports.views import TaskView

_HEAD = "Subject:"


def edited_mail(task: TaskView, word: str) -> tuple[str, str]:
    """Subject and body as a person left them in the editor.

    Raises NotFound for a task that offers no mail, Refused where the text was left as it was or empty,
    BadFile where its first line is no subject any more; then the text is kept.
    """
    if task.body is None:
        raise NotFound(
            f"Task {task.id} offers no mail.", f"seqctl task show {task.id}", code="NO_MAIL"
        )
    shown = f"{_HEAD} {task.subject or ''}\n\n{task.body.rstrip()}\n"
    path = in_editor(shown, suffix=".txt", instead=f"send it as it is: seqctl task send {word}")
    text = _read(path)
    _refuse_unwanted(text, shown, path, word)
    mail = _subject_and_body(text, path)
    path.unlink()
    return mail


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        raise BadFile(f"{path} is not UTF-8 text.", f"{path} holds your text") from None


def _refuse_unwanted(text: str, shown: str, path: Path, word: str) -> None:
    """Who leaves the text as it was, or empty, has thought better of it."""
    if text.strip() in ("", _HEAD):
        path.unlink()
        raise Refused("The text is empty: nothing is sent.", code="EMPTY")
    if text == shown:
        path.unlink()
        raise Refused(
            "The text was not changed: nothing is sent.",
            f"seqctl task send {word}",
            code="UNCHANGED",
        )


def _subject_and_body(text: str, path: Path) -> tuple[str, str]:
    first, _, rest = text.lstrip().partition("\n")
    body = rest.strip("\n")
    if not first.lower().startswith(_HEAD.lower()) or not body.strip():
        raise BadFile(
            "A mail begins with the line `Subject: …`, then an empty line, then the text.",
            f"{path} holds your text",
            code="NO_SUBJECT_LINE",
        )
    return first[len(_HEAD) :].strip(), f"{body}\n"
