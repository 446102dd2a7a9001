"""The people you write to (rules, "Contacts")."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from seqctl.cli.asking import Yes, ask_first
from seqctl.cli.frame import Noun
from seqctl.cli.session import Session
from seqctl.cli.words import MayBeEmpty

if TYPE_CHECKING:
    from seqctl.service.contacts.contacts import Edit, Outcome

app = Noun("""The people you write to.

Example:
    seqctl contact import crm-export.csv --dry-run
    seqctl contact list --where company~acme
    seqctl contact show ada@example.com
""")


class Access(StrEnum):
    """Who may write to a contact."""

    EVERYONE = "everyone"
    OWNER = "owner"
    TEAM = "team"


Address = Annotated[str, typer.Argument(metavar="EMAIL", help="The contact's address.")]
FirstName = Annotated[
    str | None, typer.Option("--first-name", metavar="NAME", help="First name."), MayBeEmpty
]
LastName = Annotated[
    str | None, typer.Option("--last-name", metavar="NAME", help="Last name."), MayBeEmpty
]
Company = Annotated[
    str | None, typer.Option("--company", metavar="NAME", help="Company."), MayBeEmpty
]
Phone = Annotated[
    str | None, typer.Option("--phone", metavar="NUMBER", help="Phone number."), MayBeEmpty
]
Owner = Annotated[
    str | None, typer.Option("--owner", metavar="USER", help="Whose contact it is [you].")
]
WhoMay = Annotated[
    Access | None,
    typer.Option("--access", metavar="WHO", help="Who may write to it: everyone, owner or team."),
]
Assignments = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="KEY=VALUE", help="Set a property; repeat it for several."),
]
Where = Annotated[
    list[str] | None,
    typer.Option("--where", metavar="EXPR", help="A filter; all of several have to pass."),
]


@app.command("add")
def add(
    session: Session,
    email: Address,
    first_name: FirstName = None,
    last_name: LastName = None,
    company: Company = None,
    phone: Phone = None,
    owner: Owner = None,
    access: WhoMay = None,
    assignments: Assignments = None,
) -> None:
    """Add a contact.

    Example:
        seqctl contact add ada@example.com --first-name Ada --company "Analytical Engines"
        seqctl contact add bo@example.com --set source=fair --access owner
    """
    from seqctl.service.contacts import contacts

    wanted = _edit(
        first_name=first_name, last_name=last_name, company=company, phone=phone,
        owner=owner, access=access, assignments=assignments,
    )  # fmt: skip
    outcome = contacts.add(session.store, session.user, session.now, email, wanted)
    _emit(session, outcome)
    session.say(f"Added {outcome.contact.email}.")
    _note_refusals(session, outcome)


@app.command("edit")
def edit(
    session: Session,
    email: Address,
    first_name: FirstName = None,
    last_name: LastName = None,
    company: Company = None,
    phone: Phone = None,
    owner: Owner = None,
    access: WhoMay = None,
    assignments: Assignments = None,
) -> None:
    """Change a contact; an empty value clears a field or a property.

    Example:
        seqctl contact edit ada@example.com --phone "+46 8 123" --set plan=pilot
        seqctl contact edit ada@example.com --set plan=
    """
    from seqctl.domain.errors import WrongUsage
    from seqctl.service.contacts import contacts

    wanted = _edit(
        first_name=first_name, last_name=last_name, company=company, phone=phone,
        owner=owner, access=access, assignments=assignments,
    )  # fmt: skip
    if wanted == contacts.Edit():
        raise WrongUsage("Nothing to change was named.", "seqctl contact edit --help")
    outcome = contacts.edit(session.store, session.user, session.now, email, wanted)
    _emit(session, outcome)
    if outcome.changed:
        session.say(f"Changed {outcome.contact.email}: {', '.join(outcome.changed)}.")
    else:
        session.say(f"{outcome.contact.email} is so already; nothing changed.")


@app.command("opt-out")
def opt_out(session: Session, email: Address) -> None:
    """Never mail an address again; its enrollments end.

    It is remembered by address, also where there is no such contact.

    Example:
        seqctl contact opt-out ada@example.com
    """
    from seqctl.service.contacts import contacts

    outcome = contacts.opt_out(session.store, session.user, session.now, email)
    _emit(session, outcome)
    said = "opted out" if outcome.changed else "had opted out already"
    session.say(f"{outcome.contact.email} {said}{_ended(outcome)}.")
    if not outcome.contact.id:
        session.note("there is no such contact; the address is remembered.")


@app.command("opt-in")
def opt_in(session: Session, email: Address) -> None:
    """Take an opt-out back; what it ended stays ended.

    Example:
        seqctl contact opt-in ada@example.com
    """
    from seqctl.service.contacts import contacts

    outcome = contacts.opt_in(session.store, session.user, session.now, email)
    _emit(session, outcome)
    said = "opted in" if outcome.changed else "had not opted out; nothing changed"
    session.say(f"{outcome.contact.email} {said}.")
    _note_refusals(session, outcome)


@app.command("delete")
def delete(session: Session, email: Address, yes: Yes = False) -> None:
    """Delete a contact and what is known of it; its enrollments end.

    That an address opted out, bounced or is blocked is remembered.

    Example:
        seqctl contact delete ada@example.com
    """
    from seqctl.service.contacts import contacts

    def act() -> Outcome:
        return contacts.delete(session.store, session.user, session.now, email)

    ask_first(session, f"Delete the contact {email}", act, yes=yes)
    outcome = act()
    _emit(session, outcome)
    session.say(f"Deleted {outcome.contact.email}{_ended(outcome)}.")


@app.command("import")
def import_file(
    session: Session,
    file: Annotated[
        str, typer.Argument(metavar="FILE", help="CSV, TSV, JSON, NDJSON or vCards; - reads stdin.")
    ],
    mapping: Annotated[
        list[str] | None,
        typer.Option("--map", metavar="COLUMN=FIELD", help="What a column means, by name."),
    ] = None,
    assignments: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="KEY=VALUE", help="Set a property on every contact."),
    ] = None,
    owner: Annotated[
        str | None,
        typer.Option("--owner", metavar="USER", help="Whose the new contacts are [you]."),
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would happen; store nothing.")
    ] = False,
    yes: Yes = False,
) -> int | None:
    """Import contacts from a file, new ones and known ones.

    An empty cell changes nothing. Columns that say who opted out or bounced are heeded, and no
    import ever takes that back. One bad row never stops the rest.

    Example:
        seqctl contact import crm-export.csv --dry-run
        seqctl contact import fair.csv --map "Work mail=email" --set source=fair
    """
    from seqctl.cli.importing import run_import

    return run_import(
        session, file, mapping or [], assignments or [], owner, dry_run=dry_run, yes=yes
    )


@app.command("list")
def list_contacts(
    session: Session,
    where: Where = None,
    segment: Annotated[
        str | None, typer.Option("--segment", metavar="NAME", help="Those in a segment.")
    ] = None,
    every: Annotated[bool, typer.Option("--all", help="Show every row.")] = False,
    limit: Annotated[int | None, typer.Option("--limit", help="Give the first N only.")] = None,
) -> None:
    """The contacts you may write to.

    Filters: property=value, !=, ~ (contains), < and > (numbers, times), property? (set or true),
    !property? (not set or false); in=SEQUENCE and ever_in=SEQUENCE.

    Example:
        seqctl contact list --where company~acme --where '!now_in_sequence?'
        seqctl contact list --where 'last_enrolled_at<2026-03-01' --all
    """
    from seqctl.cli.contact_tables import print_contacts

    print_contacts(session, where or [], segment, every=every, limit=limit)


@app.command("show")
def show(session: Session, email: Address) -> None:
    """One contact's record: properties, enrollments, tasks, mails and history.

    Example:
        seqctl contact show ada@example.com
    """
    from seqctl.cli.contact_tables import print_record

    print_record(session, email)


# --- what the commands share --------------------------------------------------------------------


def _edit(
    *,
    owner: str | None,
    access: Access | None,
    assignments: list[str] | None,
    **fields: str | None,
) -> Edit:
    from seqctl.service.contacts.contacts import parse_assignments

    wanted = parse_assignments(assignments or [])
    named = {name: value for name, value in fields.items() if value is not None}
    return wanted._replace(
        fields={**wanted.fields, **named}, owner=owner, access=access.value if access else None
    )


def _emit(session: Session, outcome: Outcome) -> None:
    if session.json:
        from seqctl.service.contacts.contact_documents import contact_document

        session.emit(contact_document(session.store, outcome.contact))


def _ended(outcome: Outcome) -> str:
    if not outcome.ended:
        return ""
    return f"; {outcome.ended} enrollment{'' if outcome.ended == 1 else 's'} ended"


def _note_refusals(session: Session, outcome: Outcome) -> None:
    contact = outcome.contact
    if contact.opted_out:
        session.note(f"{contact.email} opted out, and gets no mail.")
    if contact.bounced:
        session.note(f"mail to {contact.email} bounced, so it gets none.")
