"""Changing the coming steps of one enrollment (rules, "Editing one enrollment")."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from seqctl.cli.editor import in_editor
from seqctl.cli.outcomes import perform, tell, tell_nobody
from seqctl.cli.session import Session
from seqctl.cli.words import sequence_and_contacts
from seqctl.domain.contacts.addresses import stored_form
from seqctl.domain.errors import BadFile, Refused, SeqctlError, WrongUsage

if TYPE_CHECKING:
    from seqctl.service.enrollments.editing import Editing
    from seqctl.service.outcome import Outcome


def edit(
    session: Session,
    words: Annotated[
        list[str] | None, typer.Argument(metavar="SEQUENCE CONTACT", help="Whose steps to change.")
    ] = None,
    file: Annotated[
        str | None,
        typer.Option("--file", metavar="FILE", help="Take the coming steps from this file."),
    ] = None,
) -> int | None:
    """Change the coming steps of one enrollment, in $EDITOR or from a file.

    What is done is read-only, and so are the settings. The enrollment then has a version of its
    own, such as 3+17; other enrollments and the sequence stay as they are. Only who enrolled may.
    The running delay goes on; if the next step's `at` or kind changes, its time is set anew.

    Example:
        seqctl edit founders-intro ada@example.com
        seqctl edit founders-intro ada@example.com --file steps.yaml
    """
    named = sequence_and_contacts(words)
    if named.sequence is None or not (named.nobody or len(named.contacts) == 1):
        raise WrongUsage(
            "Name one sequence and one contact.", "seqctl edit founders-intro ada@example.com"
        )
    if named.nobody:
        return tell_nobody(session, named.sequence)
    outcome = _edited(session, named.sequence, named.contacts[0], file)
    performed = perform(session, lambda: outcome)
    contact = stored_form(named.contacts[0])
    headline = ""
    if performed.done:
        headline = f"{contact} is now on version {performed.done[0]['version']}, one of its own."
    elif outcome.unchanged:
        headline = f"{contact}: nothing was changed."
    return tell(session, performed, headline)


def _edited(session: Session, name: str, contact: str, file: str | None) -> Outcome:
    from seqctl.service.outcome import Refusal, nothing

    outcome = nothing()
    try:
        id, changed = _edit(session, name, contact, file)
        (outcome.done if changed else outcome.unchanged).append(id)
    except Refused as error:
        outcome.refused.append(Refusal(stored_form(contact), error.code, error.message))
        outcome.notes.append(f"next: {error.hint}")
    return outcome


def _edit(session: Session, name: str, contact: str, file: str | None) -> tuple[int, bool]:
    """The enrollment's id, and whether it was changed."""
    from seqctl.files.sequences.sequence_edits import edit_text
    from seqctl.service.enrollments.editing import open_edit

    opened = open_edit(session.store, session.user, name, contact)
    text = edit_text(opened.version, opened.first, sequence=name, contact=opened.contact.email)
    instead = "give the steps with --file FILE"
    path = in_editor(text, instead=instead) if file is None else Path(file)
    try:
        changed = _save(session, opened, path, text)
    except SeqctlError as error:
        if file is None or isinstance(error, BadFile):
            # What was typed is not lost: it is to be corrected there.
            error.hint = f"seqctl edit {name} {contact} --file {path}"
        raise
    if file is None:
        path.unlink()
    return opened.enrollment.id, changed


def _save(session: Session, opened: Editing, path: Path, shown: str) -> bool:
    """Store what was written; False if it changes nothing."""
    from seqctl.files.sequences.sequence_edits import read_edit
    from seqctl.files.sequences.sequences import read_file
    from seqctl.service.enrollments.editing import save_edit

    text = read_file(path)
    if text == shown:
        return False
    edited = read_edit(
        text,
        name=str(path),
        folder=path.parent,
        sequence=opened.sequence.name,
        version=opened.version,
        first=opened.first,
    )
    return save_edit(
        session.store, session.user, session.now, opened, edited.steps, edited.contents
    )
