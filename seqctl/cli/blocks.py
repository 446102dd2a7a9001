"""The block list (rules, "The block list")."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from seqctl.cli.asking import Yes, ask_about_many, ask_first
from seqctl.cli.frame import Noun
from seqctl.cli.session import Session

if TYPE_CHECKING:
    from collections.abc import Iterable

    from seqctl.ports.contacts import Block

app = Noun("""Addresses and domains that never get a mail, whoever enrolls them.

Example:
    seqctl block add @competitor.example
    seqctl block list
""")

Targets = Annotated[
    list[str], typer.Argument(metavar="ADDR|@DOMAIN...", help="Addresses, or whole domains.")
]


@app.command("add")
def add(session: Session, targets: Targets, yes: Yes = False) -> None:
    """Block addresses and domains; live enrollments of those there end.

    Example:
        seqctl block add @competitor.example lawyer@example.com
    """
    from seqctl.service.contacts import blocks

    def act() -> blocks.Blocked:
        return blocks.add(session.store, session.user, session.now, targets)

    ask = ask_first if any(target.strip().startswith("@") for target in targets) else ask_about_many
    ask(session, f"Block {' and '.join(targets)}", act, yes=yes)
    result = act()
    _emit(session, result.blocks)
    for block in result.blocks:
        session.say(
            f"Blocked {block.address}."
            if block.address in result.fresh
            else f"{block.address} was blocked already."
        )
    if result.ended:
        session.say(f"{result.ended} enrollment{'' if result.ended == 1 else 's'} ended.")


@app.command("remove")
def remove(session: Session, targets: Targets) -> None:
    """Take addresses and domains off the list; what the block ended stays ended.

    Example:
        seqctl block remove @competitor.example
    """
    from seqctl.service.contacts import blocks

    removed = blocks.remove(session.store, session.user, session.now, targets)
    _emit(session, removed)
    for block in removed:
        session.say(f"{block.address} is no longer blocked.")


@app.command("list")
def list_blocks(session: Session) -> None:
    """Who is blocked, and since when.

    Example:
        seqctl block list
    """
    listed = session.store.contacts.blocks()
    _emit(session, listed)
    if not listed:
        session.say("Nobody is blocked.")
        return
    rows = [[block.address, session.moment(block.since)] for block in listed]
    session.table(["blocked", "since"], rows, every=True)


def _emit(session: Session, blocks: Iterable[Block]) -> None:
    session.emit({"blocks": [block._asdict() for block in blocks]})
