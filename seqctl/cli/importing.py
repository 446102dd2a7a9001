"""`contact import`: read the file, import its rows, tell what came of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from seqctl.cli.asking import done_unless_many
from seqctl.cli.session import Session
from seqctl.domain.errors import WrongUsage
from seqctl.files.contacts.contacts import ContactRow, Rejected, read_contacts
from seqctl.files.contacts.decoding import read_text
from seqctl.service.acting import user_named
from seqctl.service.contacts.contacts import Edit, parse_assignments
from seqctl.service.contacts.importing import Imported, Plan, Rejection, import_contacts

_REJECTIONS_SHOWN = 20


def run_import(
    session: Session,
    file: str,
    mapping: list[str],
    assignments: list[str],
    owner: str | None,
    *,
    dry_run: bool,
    yes: bool,
) -> int | None:
    """Import a file and tell what came of it; gives the exit code."""
    user = session.user
    source = "standard input" if file == "-" else Path(file).name
    plan = Plan(source, user_named(session.store, owner) if owner else user, _always(assignments))
    columns, text = _mapping(mapping), read_text(file)
    unreadable: list[Rejection] = []

    def act() -> Imported:
        unreadable.clear()
        rows = _readable(read_contacts(file, mapping=columns, text=text), unreadable)
        return import_contacts(session.store, user, session.now, rows, plan, dry_run=dry_run)

    result = done_unless_many(session, f"Import {source}", act, yes=yes or dry_run)
    rejected = sorted([*unreadable, *result.rejected])
    session.emit(
        {
            "created": result.created,
            "updated": result.updated,
            "unchanged": result.unchanged,
            "opted_out": result.opted_out,
            "bounced": result.bounced,
            "rejected": [row._asdict() for row in rejected],
        }
    )
    _tell(session, result, rejected, source, dry_run)
    if not rejected:
        return None
    return 6 if result.created + result.updated + result.unchanged else 4


def _always(assignments: list[str]) -> Edit:
    always = parse_assignments(assignments)
    for name, value in {**always.fields, **always.properties}.items():
        if not value:
            raise WrongUsage(f"--set {name}= names no value.", f"for example --set {name}=fair")
    return always


def _mapping(texts: Iterable[str]) -> dict[str, str]:
    mapping: dict[str, str] = {}
    for text in texts:
        column, equals, target = text.rpartition("=")
        if not (equals and column.strip() and target.strip()):
            raise WrongUsage(
                f"'{text}' says nothing of a column.", 'for example --map "Work mail=email"'
            )
        mapping[column.strip()] = target.strip()
    return mapping


def _readable(
    rows: Iterator[ContactRow | Rejected], unreadable: list[Rejection]
) -> Iterator[ContactRow]:
    """The rows that could be read; the others go to `unreadable`."""
    for row in rows:
        if isinstance(row, Rejected):
            unreadable.append(Rejection(row.line, row.reason))
        else:
            yield row


def _tell(
    session: Session, result: Imported, rejected: list[Rejection], source: str, dry_run: bool
) -> None:
    if session.json:
        return
    session.say(
        f"{source}: {result.created} created, {result.updated} updated, "
        f"{result.unchanged} unchanged, {len(rejected)} rejected."
    )
    for line, reason in rejected[:_REJECTIONS_SHOWN]:
        session.say(f"  line {line}: {reason}")
    if len(rejected) > _REJECTIONS_SHOWN:
        session.say(
            f"  … and {len(rejected) - _REJECTIONS_SHOWN} more (--json lists them all)", "dim"
        )
    if result.opted_out or result.bounced:
        session.note(
            f"of these {result.opted_out} opted out and {result.bounced} bounced, as the file says: "
            "no mail goes to them."
        )
    if result.repeated:
        session.note(f"{_times(result.repeated, 'row')} repeated an address; the last value won.")
    if result.ended:
        session.note(f"{_times(result.ended, 'enrollment')} ended: they opted out or bounced.")
    if dry_run:
        session.note("nothing was stored (--dry-run).")


def _times(count: int, noun: str) -> str:
    return f"{count} {noun}{'' if count == 1 else 's'}"
