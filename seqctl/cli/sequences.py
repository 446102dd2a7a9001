"""Sequences, kept as files and applied as versions (rules, "Sequence files" and "Versions")."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from seqctl.cli.asking import Yes, ask_first
from seqctl.cli.frame import Noun
from seqctl.cli.sequence_files import (
    all_failed,
    read_all,
    refused_documents,
    tell_failures,
    write_new,
    yaml_of,
)
from seqctl.cli.session import Session
from seqctl.domain.errors import Refused, WrongUsage

if TYPE_CHECKING:
    from seqctl.domain.model import Sharing, Version
    from seqctl.service.sequences.sequences import Applied

app = Noun("""Sequences are text files; applying one stores it as a version.

An enrollment keeps the version it began with: later versions never reach it.

Example:
    seqctl sequence new founders-intro
    seqctl sequence check founders-intro.yaml
    seqctl sequence apply founders-intro.yaml
    seqctl sequence preview founders-intro ada@example.com
""")

Files = Annotated[list[str], typer.Argument(metavar="FILE...", help="Sequence files (YAML).")]
Name = Annotated[str, typer.Argument(metavar="NAME", help="The sequence.")]
To = Annotated[str | None, typer.Option("--to", metavar="FILE", help="Write it to this new file.")]
Label = Annotated[
    str | None, typer.Option("--version", metavar="N", help="This version, not the current one.")
]


# --- files ---------------------------------------------------------------------------------------


@app.command("new")
def new(session: Session, name: Name, to: To = None) -> None:
    """Write a commented starter file: business days, a window, three steps.

    Without --to it is NAME.yaml in the current folder. A file that exists is never overwritten.

    Example:
        seqctl sequence new founders-intro
        seqctl sequence new founders-intro --to sequences/intro.yaml
    """
    from seqctl.files.sequences.sequence_values import read_name
    from seqctl.files.sequences.sequences import new_sequence_text

    try:
        read_name(name)
    except ValueError as error:
        raise WrongUsage(f"The name {error}.") from error
    path = Path(to or f"{name}.yaml")
    write_new(path, new_sequence_text(name))
    session.emit({"sequence": name, "file": str(path)})
    session.say(f"Wrote {path}. Change it, then type: seqctl sequence apply {path}")


@app.command("check")
def check(session: Session, files: Files) -> int | None:
    """Tell every mistake of sequence files, with line and column; needs no workspace.

    Example:
        seqctl sequence check sequences/*.yaml
    """
    good, bad = read_all(files, None)
    if not good:
        raise all_failed([error for _, error in bad])
    session.emit(
        {
            "sequences": [
                {
                    "sequence": draft.name,
                    "file": file,
                    "steps": len(draft.steps),
                    "notes": list(draft.notes),
                }
                for file, draft in good
            ],
            "refused": refused_documents(bad),
        }
    )
    for file, draft in good:
        count = len(draft.steps)
        session.say(
            f"{file}: {draft.name}, {count} step{'' if count == 1 else 's'}, no mistakes",
        )
        for note in draft.notes:
            session.note(note)
    return tell_failures(session, bad)


@app.command("apply")
def apply(session: Session, files: Files) -> int | None:
    """Create sequences from files, or add a version to those that changed.

    Unchanged content adds no version. Live enrollments stay on the version they began with. Nothing
    is stored of a file with a mistake. Sharing is set only where the file says `share`.

    Example:
        seqctl sequence apply founders-intro.yaml
        seqctl sequence apply sequences/*.yaml
    """
    from seqctl.service.sequences import sequences

    store, user, now = session.store, session.user, session.now
    good, failed = read_all(files, [each.name for each in store.people.users()])
    outcomes = sequences.apply(store, user, now, [draft for _, draft in good])
    applied: list[Applied] = []
    for (file, _), outcome in zip(good, outcomes, strict=True):
        if isinstance(outcome, Refused):
            failed.append((file, outcome))
        else:
            applied.append(outcome)
    if not applied:
        raise all_failed([error for _, error in failed])
    session.emit(
        {
            "sequences": [each._asdict() | {"notes": list(each.notes)} for each in applied],
            "refused": refused_documents(failed),
        }
    )
    for each in applied:
        _say_applied(session, each, several=len(applied) > 1)
    return tell_failures(session, failed)


def _say_applied(session: Session, applied: Applied, *, several: bool) -> None:
    session.say(f"{applied.sequence}: {applied.status}, version {applied.version}")
    for note in applied.notes:
        session.note(f"{applied.sequence}: {note}" if several else note)


@app.command("export")
def export(session: Session, name: Name, version: Label = None, to: To = None) -> None:
    """Write a sequence as YAML that can be applied again.

    Texts that came from files of their own stand in the YAML itself.

    Example:
        seqctl sequence export founders-intro > founders-intro.yaml
        seqctl sequence export founders-intro --version 2 --to old.yaml
    """
    from seqctl.domain.model import Sharing
    from seqctl.service.sequences.sequences import look

    found = look(session.store, session.user, name, version)
    sharing = found.sequence.sharing
    text = yaml_of(name, found.version, None if sharing == Sharing() else sharing)
    if to is not None:
        write_new(Path(to), text)
        session.say(f"Wrote {to}.")
    elif not session.json:
        # The YAML and nothing else, so that it can be redirected into a file.
        session.write(text, sys.stdout)
    session.emit({"sequence": name, "version": found.version.label, "file": to, "yaml": text})


@app.command("schema")
def schema(session: Session) -> None:
    """Print the JSON Schema of sequence files, for editors that complete and check YAML.

    Example:
        seqctl sequence schema > sequence.schema.json
    """
    from seqctl.cli.output import json_text
    from seqctl.files.sequences.sequences import sequence_json_schema

    document = sequence_json_schema()
    session.emit(document)
    if not session.json:
        # The schema and nothing else, so that it can be redirected into a file.
        session.write(json_text(document) + "\n", sys.stdout)


# --- looking -------------------------------------------------------------------------------------


@app.command("list")
def list_sequences(
    session: Session,
    every: Annotated[bool, typer.Option("--all", help="All rows, not only 50.")] = False,
) -> None:
    """The sequences that you may see and use.

    Example:
        seqctl sequence list
    """
    from seqctl.cli.sequence_pages import listed_document
    from seqctl.service.sequences.sequences import visible

    found = visible(session.store, session.user)
    session.emit({"sequences": [listed_document(each) for each in found]})
    if not found:
        session.say("No sequences yet. Begin with: seqctl sequence new founders-intro")
        return
    session.table(
        ["sequence", "title", "version", "steps", "live", "owner", "shared with"],
        [
            [
                sequence.name,
                version.settings.title,
                sequence.version,
                len(version.steps),
                live,
                sequence.owner,
                str(sequence.sharing),
            ]
            for sequence, version, live in found
        ],
        every=every,
    )


@app.command("show")
def show(session: Session, name: Name, version: Label = None) -> None:
    """The settings and steps of a sequence.

    Example:
        seqctl sequence show founders-intro
        seqctl sequence show founders-intro --version 2
    """
    from seqctl.cli.sequence_pages import full_document, say_sequence
    from seqctl.service.sequences.sequences import look

    found = look(session.store, session.user, name, version)
    session.emit(full_document(found))
    if not session.json:
        say_sequence(session, found)


@app.command("diff")
def diff(
    session: Session,
    name: Name,
    versions: Annotated[
        list[str] | None, typer.Argument(metavar="[A B]", help="Which versions to compare.")
    ] = None,
) -> None:
    """What changed between two versions: the last two, A and the current one, or A and B.

    Example:
        seqctl sequence diff founders-intro
        seqctl sequence diff founders-intro 1 3
    """
    from seqctl.service.sequences.sequences import compared

    labels = versions or []
    if len(labels) > 2:
        raise WrongUsage("Two versions can be compared.", f"seqctl sequence diff {name} 1 2")
    found = compared(session.store, session.user, name, labels)
    if found is None:
        session.emit({"sequence": name, "from": None, "to": 1, "diff": ""})
        session.say(f"{name} has only version 1: there is nothing to compare it with.")
        return
    sequence, before, after = found
    lines = _diff_lines(sequence.name, before, after)
    session.emit(
        {"sequence": name, "from": before.label, "to": after.label, "diff": "\n".join(lines)}
    )
    for line in lines or [f"Versions {before.label} and {after.label} of {name} are equal."]:
        session.say(line, {"+": "green", "-": "red", "@": "dim"}.get(line[:1], ""))


def _diff_lines(name: str, before: Version, after: Version) -> list[str]:
    from difflib import unified_diff

    old, new = (yaml_of(name, version).splitlines() for version in (before, after))
    old_head, new_head = (f"{name} version {version.label}" for version in (before, after))
    return list(unified_diff(old, new, old_head, new_head, lineterm=""))


@app.command("preview")
def preview(
    session: Session,
    name: Name,
    contact: Annotated[str, typer.Argument(metavar="CONTACT", help="For whom to render it.")],
    from_step: Annotated[
        int, typer.Option("--from-step", metavar="N", help="Begin with this step.")
    ] = 1,
    send_me: Annotated[
        bool, typer.Option("--send-me", help="Mail the steps to yourself, never to the contact.")
    ] = False,
) -> int | None:
    """Render every mail and task for one contact, with estimated times; nothing is stored.

    The times are those of an enrollment made now by you, with each task done at once. With --send-me
    one mail a step goes to your own address, from your first connected inbox that really sends.

    Example:
        seqctl sequence preview founders-intro ada@example.com
        seqctl sequence preview founders-intro ada@example.com --send-me
    """
    from seqctl.cli.previewing import show_preview

    return show_preview(session, name, contact, from_step, send_me=send_me)


# --- sharing and deleting ------------------------------------------------------------------------


@app.command("share")
def share(
    session: Session,
    name: Name,
    who: Annotated[
        str | None, typer.Argument(metavar="[private|everyone]", help="Nobody else, or everyone.")
    ] = None,
    users: Annotated[
        list[str] | None, typer.Option("--user", metavar="U", help="With this user.")
    ] = None,
    teams: Annotated[
        list[str] | None, typer.Option("--team", metavar="T", help="With this team.")
    ] = None,
) -> None:
    """Set who may see and use a sequence: private, everyone, or users and teams by name.

    What is named replaces what was set before. Enrollments that are live go on.

    Example:
        seqctl sequence share founders-intro everyone
        seqctl sequence share founders-intro --team nordics --user bo
    """
    from seqctl.cli.sequence_pages import listed_document
    from seqctl.service.sequences import sequences

    sharing = _sharing(session, name, who, users or [], teams or [])
    changed = sequences.share(session.store, session.user, session.now, name, sharing)
    session.emit(listed_document(sequences.look(session.store, session.user, name)))
    word = "now" if changed else "already"
    session.say(f"{name} is {word} {sequences.shared_with(sharing)}.")


def _sharing(
    session: Session, name: str, who: str | None, users: list[str], teams: list[str]
) -> Sharing:
    from seqctl.domain.model import Sharing
    from seqctl.service.acting import user_named

    if who is not None and who not in ("private", "everyone"):
        raise WrongUsage(
            f"'{who}' is neither private nor everyone.",
            f"seqctl sequence share {name} --user {who}",
        )
    if (who is None) == (not users and not teams):
        raise WrongUsage(
            "Say with whom: private, everyone, or --user and --team.",
            f"seqctl sequence share {name} everyone",
        )
    named = [user_named(session.store, user).name for user in users]
    return Sharing(who == "everyone", frozenset(named), frozenset(teams))


@app.command("delete")
def delete(
    session: Session,
    name: Name,
    yes: Yes = False,
) -> None:
    """Delete a sequence; its live enrollments end, its versions and history stay.

    Applying the name again begins with the next version number.

    Example:
        seqctl sequence delete founders-intro
    """
    from seqctl.cli.sequence_pages import listed_document
    from seqctl.service.sequences import sequences

    store, user = session.store, session.user
    sequences.own_sequence(store, name, user, "delete")
    found = sequences.look(store, user, name)

    def act() -> int:
        return sequences.delete(store, user, session.now, name)

    ask_first(session, f"Delete the sequence {name}", act, yes=yes)
    ended = act()
    session.emit({**listed_document(found), "live": 0, "deleted": True, "ended": ended})
    session.say(f"Deleted {name}" + (f"; {ended} live ended." if ended else "."))
