"""Saved filters over contacts (rules, "Filters and segments")."""

from __future__ import annotations

from typing import Annotated

import typer

from seqctl.cli.asking import Yes, ask_first
from seqctl.cli.frame import Noun
from seqctl.cli.session import Session

app = Noun("""Saved filters over contacts, evaluated when they are used.

Example:
    seqctl segment save nordics --where country=SE
    seqctl enroll founders-intro --segment nordics
""")

Name = Annotated[str, typer.Argument(metavar="NAME", help="The segment's name.")]


@app.command("save")
def save(
    session: Session,
    name: Name,
    where: Annotated[
        list[str] | None,
        typer.Option("--where", metavar="EXPR", help="A filter; all of several have to pass."),
    ] = None,
) -> None:
    """Keep filters under a name; the same name again replaces them.

    Example:
        seqctl segment save nordics --where country=SE --where '!now_in_sequence?'
    """
    from seqctl.service.contacts import segments

    store, user, now = session.store, session.user, session.now
    expressions = where or []
    done = segments.save(store, user, now, name, expressions)
    session.emit({"name": name, "where": expressions})
    if done == "unchanged":
        session.say(f"The segment {name} is so already; nothing changed.")
        return
    filters = segments.filters_of(store, user, now, expressions)
    count = store.contacts.count(filters, user)
    said = "Replaced" if done == "replaced" else "Saved"
    session.say(f"{said} the segment {name}: {count} contact{'' if count == 1 else 's'} now.")


@app.command("show")
def show(
    session: Session,
    name: Name,
    every: Annotated[bool, typer.Option("--all", help="Show every row.")] = False,
    limit: Annotated[int | None, typer.Option("--limit", help="Give the first N only.")] = None,
) -> None:
    """The contacts that are in a segment now.

    Example:
        seqctl segment show nordics
    """
    from seqctl.cli.contact_tables import print_contacts

    print_contacts(session, [], name, every=every, limit=limit)


@app.command("list")
def list_segments(session: Session) -> None:
    """Every saved filter.

    Example:
        seqctl segment list
    """
    segments = session.store.contacts.segments()
    session.emit({"segments": [{"name": name, "where": where} for name, where in segments.items()]})
    if not segments:
        session.say("No segments yet. Try: seqctl segment save nordics --where country=SE")
        return
    session.table(
        ["segment", "where"],
        [[name, " and ".join(where)] for name, where in segments.items()],
        every=True,
    )


@app.command("delete")
def delete(session: Session, name: Name, yes: Yes = False) -> None:
    """Forget a saved filter; no contact changes.

    Example:
        seqctl segment delete nordics
    """
    from seqctl.service.contacts import segments

    def act() -> list[str]:
        return segments.delete(session.store, session.user, session.now, name)

    ask_first(session, f"Delete the segment {name}", act, yes=yes)
    where = act()
    session.emit({"name": name, "where": where})
    session.say(f"Deleted the segment {name}.")
