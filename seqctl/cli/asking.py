"""Who is asked first, before much is done that is hard to undo (rules, "Who is asked first").

What deletes, disconnects with `--end`, blocks a domain, restores, or starts or ends many enrollments
at once asks on a terminal, and needs `--yes` elsewhere; in a simulated workspace it never asks.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from seqctl.cli.session import Session

if TYPE_CHECKING:
    from seqctl.ports.people import Concerned

Yes = Annotated[bool, typer.Option("--yes", help="Don't ask.")]
Result = TypeVar("Result")


def ask_first(session: Session, what: str, act: Callable[[], object], *, yes: bool) -> None:
    """Go on only if a person says yes to `what`, told how many enrollments `act` starts and ends.

    Raises what `act` raises before anything is asked, WrongUsage (`NEEDS_YES`) where nobody can be
    asked, and Refused (`DECLINED`) after a no.
    """
    if not yes and not session.store.workspace.state().simulated:
        _ask(session, what, _concerned(session, act))


def ask_about_many(session: Session, what: str, act: Callable[[], object], *, yes: bool) -> None:
    """The same only where `act` starts or ends more enrollments than the setting allows unasked."""
    if yes or session.store.workspace.state().simulated:
        return
    concerned = _concerned(session, act)
    if _are_many(session, concerned):
        _ask(session, what, concerned)


def done_unless_many(
    session: Session, what: str, act: Callable[[], Result], *, yes: bool
) -> Result:
    """What `act` gives, asked about as by `ask_about_many`, for an act that takes long.

    It is done at once, and only where it starts or ends many is it undone, asked about, and done
    again. Raises what `ask_about_many` raises.
    """
    if yes or session.store.workspace.state().simulated:
        return act()
    try:
        return _done_if_few(session, act)
    except _Many as many:
        concerned = many.concerned
    _ask(session, what, concerned)
    return act()


class _Many(Exception):
    """An act is undone, since it has to be asked about."""

    def __init__(self, concerned: Concerned) -> None:
        super().__init__()
        self.concerned = concerned


def _done_if_few(session: Session, act: Callable[[], Result]) -> Result:
    store = session.store
    with store.writing():
        before = store.history.last_id()
        result = act()
        concerned = store.history.concerned_since(before)
        if _are_many(session, concerned):
            raise _Many(concerned)
    return result


def _are_many(session: Session, concerned: Concerned) -> bool:
    from seqctl.service.workspace import number_setting

    most = number_setting(session.store, "enroll_confirm")
    return concerned.started + concerned.ended > most


def _concerned(session: Session, act: Callable[[], object]) -> Concerned:
    """What an act would do: it is done, counted, and undone."""
    store = session.store
    with store.rehearsing():
        before = store.history.last_id()
        act()
        return store.history.concerned_since(before)


def _ask(session: Session, what: str, concerned: Concerned) -> None:
    session.confirm(f"{what}? {_told(concerned)}", yes=False)


def _told(concerned: Concerned) -> str:
    counts = [(concerned.started, "start"), (concerned.ended, "end")]
    parts = [
        f"1 enrollment {verb}s" if n == 1 else f"{n} enrollments {verb}" for n, verb in counts if n
    ]
    if not parts:
        return "No enrollment ends."
    people = "1 person" if concerned.people == 1 else f"{concerned.people} people"
    return f"{people}: {' and '.join(parts)}."
