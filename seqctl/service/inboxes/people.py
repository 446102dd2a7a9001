"""Users (rules, "Users")."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple

from seqctl.domain.contacts.addresses import parse_address
from seqctl.domain.errors import Refused, WrongUsage
from seqctl.domain.model import Event, User
from seqctl.service.acting import user_named

if TYPE_CHECKING:
    from seqctl.ports import Store

_USER_NAME = re.compile(r"[a-z0-9][a-z0-9._-]*")
_TEAM_NAME = re.compile(r"[^\s,;@\x00-\x1f\x7f]+")
LONGEST_NAME = 40
RESERVED_NAMES = frozenset({"tick"})  # the history names the tick as the one who did it


class UserChanges(NamedTuple):
    """What `user edit` changes; None leaves a field as it is."""

    email: str | None = None
    full_name: str | None = None
    timezone: str | None = None
    teams: frozenset[str] | None = None
    signature: str | None = None


class Removal(NamedTuple):
    """What removing a user did: endings, inboxes, and what the acting user owns now."""

    user: User
    ended: int
    inboxes: list[str]
    sequences: list[str]
    contacts: int


# --- users --------------------------------------------------------------------------------------


def draft_user(
    name: str,
    email: str,
    full_name: str | None,
    timezone: str,
    teams: frozenset[str] = frozenset(),
    signature: str = "",
) -> User:
    """A user whose fields are checked, not stored yet (its id is 0).

    Without a full name it is the short one, capitalised. Raises WrongUsage, and InvalidAddress.
    """
    return User(
        id=0,
        name=check_name(name),
        full_name=_one_line(full_name or "") or name.capitalize(),
        email=parse_address(email),
        timezone=check_zone(timezone),
        signature=signature,
        teams=frozenset(map(_check_team, teams)),
    )


def add_first_user(store: Store, draft: User, now: datetime) -> User:
    """The user of a new workspace, who also is the one who made it."""
    user = store.people.add_user(draft)
    store.history.add(
        [
            Event(at=now, actor_id=user.id, kind="workspace-made"),
            Event(at=now, actor_id=user.id, kind="user-added", detail=user.name),
        ]
    )
    return user


def add_user(store: Store, draft: User, actor: User, now: datetime) -> User:
    """Store a new user; a name that was removed may come back with its history.

    Raises Refused where a user has this name already.
    """
    with store.writing():
        former = {user.name: user for user in store.people.users(removed=True)}
        if draft.name in {user.name for user in store.people.users()}:
            raise Refused(
                f"There is a user '{draft.name}' already.",
                f"seqctl user edit {draft.name}",
                code="USER_EXISTS",
            )
        if draft.name in former:
            added = _with_id(draft, former[draft.name].id)
            store.people.change_user(added)
        else:
            added = store.people.add_user(draft)
        store.history.add([Event(at=now, actor_id=actor.id, kind="user-added", detail=added.name)])
    return added


def edit_user(store: Store, name: str, changes: UserChanges, actor: User, now: datetime) -> User:
    """Change what is given of a user; raises NotFound, WrongUsage and InvalidAddress."""
    with store.writing():
        old = user_named(store, name)
        new = draft_user(
            name,
            old.email if changes.email is None else changes.email,
            old.full_name if changes.full_name is None else changes.full_name,
            old.timezone if changes.timezone is None else changes.timezone,
            old.teams if changes.teams is None else changes.teams,
            old.signature if changes.signature is None else changes.signature,
        )
        new = _with_id(new, old.id)
        if new != old:
            store.people.change_user(new)
            detail = f"{name}: {', '.join(_differences(old, new))}"
            store.history.add(
                [Event(at=now, actor_id=actor.id, kind="user-changed", detail=detail)]
            )
    return new


def remove_user(store: Store, name: str, actor: User, now: datetime) -> Removal:
    """End a user's live enrollments, disconnect the inboxes, hand what is owned to the actor.

    The history keeps the user (rules, "Users"). Raises NotFound, and Refused for
    the last user and for one who owns something and removes themselves.
    """
    from seqctl.service.enrollments.ending import end_all
    from seqctl.service.enrollments.holding import end_holds

    with store.writing():
        user = user_named(store, name)
        if len(store.people.users()) == 1:
            raise Refused(
                f"'{name}' is the only user; a workspace needs one.",
                "seqctl user add NAME --email ADDRESS",
                code="LAST_USER",
            )
        sequences = _hand_over_sequences(store, user, actor, now)
        contacts = _hand_over_contacts(store, user, actor, now)
        live = store.enrollments.live(user_id=user.id)
        ended = end_all(store, live, now, actor.id, "user-removed", detail=f"{name} was removed")
        end_holds(store, store.holds.by_all(user.id), now, actor, f"{name} was removed")
        inboxes = [i for i in store.people.inboxes() if i.user_id == user.id and i.connected]
        store.people.remove_user(user.id, now)
        events = [
            Event(at=now, actor_id=actor.id, kind="inbox-disconnected", detail=inbox.address)
            for inbox in inboxes
        ]
        store.history.add(
            [*events, Event(at=now, actor_id=actor.id, kind="user-removed", detail=name)]
        )
    return Removal(user, ended, [inbox.address for inbox in inboxes], sequences, contacts)


def _hand_over_sequences(store: Store, user: User, actor: User, now: datetime) -> list[str]:
    owned = [s for s in store.sequences.all(deleted=True) if s.owner_id == user.id]
    if owned:
        _refuse_own_heir(user, actor)
    for sequence in owned:
        store.sequences.own(sequence.id, actor.id)
    store.history.add(
        Event(
            at=now,
            actor_id=actor.id,
            kind="owner-changed",
            detail=f"{sequence.name}: {user.name} → {actor.name}",
            sequence_id=sequence.id,
        )
        for sequence in owned
    )
    return [sequence.name for sequence in owned if not sequence.deleted]


def _hand_over_contacts(store: Store, user: User, actor: User, now: datetime) -> int:
    owned = store.people.contacts_owned_by(user.id)
    if owned:
        _refuse_own_heir(user, actor)
        store.people.give_contacts(user.id, actor.id)
    store.history.add(
        Event(
            at=now,
            actor_id=actor.id,
            kind="owner-changed",
            detail=f"{user.name} → {actor.name}",
            contact_id=contact_id,
        )
        for contact_id in owned
    )
    return len(owned)


def _refuse_own_heir(user: User, actor: User) -> None:
    if user.id == actor.id:
        raise Refused(
            f"'{user.name}' owns sequences or contacts, which pass to whoever removes them: "
            "let another user do it.",
            f"seqctl user remove {user.name} --as ANOTHER",
            code="OWNS_THINGS",
        )


def check_name(name: str) -> str:
    """A user's short name; raises WrongUsage for what can't be one."""
    if name in RESERVED_NAMES:
        raise WrongUsage(f"'{name}' can't be a user's name: the history uses it.")
    if len(name) > LONGEST_NAME or not _USER_NAME.fullmatch(name):
        raise WrongUsage(
            f"'{name[:60]}' can't be a user's name.",
            f"up to {LONGEST_NAME} of a-z 0-9 . _ - and first a letter or a digit",
        )
    return name


def check_zone(name: str) -> str:
    """The IANA name of a time zone; raises WrongUsage with the nearest ones."""
    from zoneinfo import available_timezones

    zones = available_timezones()
    if name not in zones:
        raise WrongUsage(
            f"There is no time zone '{name[:60]}'.{_nearest_zones(name, zones)}",
            "write a name such as Europe/Stockholm or UTC",
            code="UNKNOWN_ZONE",
        )
    return name


def _nearest_zones(name: str, zones: set[str]) -> str:
    from difflib import get_close_matches

    # People know the city, or write the name in lower case.
    wanted = name[:60].lower().replace(" ", "_")
    same = [zone for zone in zones if wanted in {zone.lower(), zone.lower().rpartition("/")[2]}]
    spelt = {zone.lower(): zone for zone in zones} | {
        zone.lower().rpartition("/")[2]: zone for zone in sorted(zones, reverse=True) if "/" in zone
    }
    near = [spelt[match] for match in get_close_matches(wanted, spelt, n=3, cutoff=0.75)]
    named = list(dict.fromkeys(sorted(same, key=len) or near))[:3]
    return f" Did you mean {' or '.join(named)}?" if named else ""


def _check_team(team: str) -> str:
    if not _TEAM_NAME.fullmatch(team):
        raise WrongUsage(f"'{team[:60]}' can't be a team's name.", "one word, such as nordics")
    return team


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _with_id(user: User, id: int) -> User:
    return replace(user, id=id)


def _differences(old: User, new: User) -> list[str]:
    fields = {"full_name": "name", "email": "e-mail", "timezone": "zone", "signature": "signature"}
    changed = [word for field, word in fields.items() if getattr(old, field) != getattr(new, field)]
    return changed + (["teams"] if old.teams != new.teams else [])
