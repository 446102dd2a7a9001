"""Sequences and their versions: applying, sharing, deleting, looking (rules, "Versions" and "Sharing")."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple

from seqctl.domain.enrollments.access import may_use
from seqctl.domain.errors import NotFound, Refused
from seqctl.domain.model import Event, Sequence, SequenceDraft, Sharing, User, Version
from seqctl.service.acting import visible_sequence

if TYPE_CHECKING:
    from seqctl.ports import Store


# --- applying ------------------------------------------------------------------------------------


class Applied(NamedTuple):
    """What applying one file did; `status` is `created`, `updated` or `unchanged`."""

    sequence: str
    version: int
    status: str
    notes: tuple[str, ...]


def apply(
    store: Store, user: User, now: datetime, drafts: Iterable[SequenceDraft]
) -> list[Applied | Refused]:
    """Create each sequence, or add a version where its content changed; all in one transaction.

    Gives for each draft what was done, or why not: `NOT_YOURS` where another user owns the name.
    """
    with store.writing():
        return [_apply_or_refuse(store, user, now, draft) for draft in drafts]


def _apply_or_refuse(
    store: Store, user: User, now: datetime, draft: SequenceDraft
) -> Applied | Refused:
    found = store.sequences.named(draft.name)
    if found is None or found.deleted:
        return _create(store, user, now, draft, found)
    if found.owner_id != user.id:
        return _not_yours(found, "apply") if may_use(user, found) else _taken(found)
    return _update(store, user, now, draft, found)


def _create(
    store: Store, user: User, now: datetime, draft: SequenceDraft, deleted: Sequence | None
) -> Applied:
    """A new sequence, or a deleted name that is used again: it is private until it is shared."""
    id = deleted.id if deleted else store.sequences.add(draft.name, user.id)
    number = deleted.version + 1 if deleted else 1
    sharing = draft.sharing or Sharing()
    store.sequences.own(id, user.id)
    store.sequences.share(id, sharing)
    _add_version(store, id, number, draft, now)
    _tell(store, user, now, id, "applied", f"version {number}")
    if sharing != Sharing():
        _tell(store, user, now, id, "shared", str(sharing))
    return Applied(draft.name, number, "created", draft.notes)


def _update(
    store: Store, user: User, now: datetime, draft: SequenceDraft, found: Sequence
) -> Applied:
    current = store.sequences.version(found.version_id)
    number, status, notes = found.version, "unchanged", list(draft.notes)
    if (draft.settings, draft.steps) != (current.settings, current.steps):
        number, status = number + 1, "updated"
        _add_version(store, found.id, number, draft, now)
        _tell(store, user, now, found.id, "applied", f"version {number}")
        notes += _who_stays(store.sequences.live_versions(found.id))
    if draft.sharing is not None and draft.sharing != found.sharing:
        status = "updated"
        _share(store, user, now, found, draft.sharing)
        notes.append(f"now {shared_with(draft.sharing)}")
    return Applied(draft.name, number, status, tuple(notes))


def _add_version(
    store: Store, sequence_id: int, number: int, draft: SequenceDraft, now: datetime
) -> None:
    """Add a version and keep its attached files: those beside the sequence file may change or go."""
    store.sequences.add_version(sequence_id, number, draft.settings, draft.steps, now)
    if draft.contents:
        store.sequences.keep_contents(draft.contents)


def _who_stays(live: dict[int, int]) -> Iterator[str]:
    for version, count in live.items():
        one = count == 1
        yield f"{count} live enrollment{'' if one else 's'} stay{'s' if one else ''} on version {version}"


# --- sharing and deleting ------------------------------------------------------------------------


def share(store: Store, user: User, now: datetime, name: str, sharing: Sharing) -> bool:
    """Set who may see and use a sequence; whether that is a change.

    Raises NotFound, or Refused (`NOT_YOURS`).
    """
    with store.writing():
        found = own_sequence(store, name, user, "share")
        if found.sharing == sharing:
            return False
        _share(store, user, now, found, sharing)
        return True


def _share(store: Store, user: User, now: datetime, found: Sequence, sharing: Sharing) -> None:
    store.sequences.share(found.id, sharing)
    _tell(store, user, now, found.id, "shared", str(sharing))


def shared_with(sharing: Sharing) -> str:
    """A sharing in words: `private`, `shared with everyone`, `shared with user bo`."""
    return str(sharing) if sharing == Sharing() else f"shared with {sharing}"


def delete(store: Store, user: User, now: datetime, name: str) -> int:
    """Delete a sequence and end its live enrollments; give their number. Its holds end with it.

    Its versions and its history stay. Raises NotFound, or Refused (`NOT_YOURS`).
    """
    from seqctl.service.enrollments.ending import end_all
    from seqctl.service.enrollments.holding import end_holds

    with store.writing():
        found = own_sequence(store, name, user, "delete")
        live = store.enrollments.live(sequence_id=found.id)
        ended = end_all(store, live, now, user.id, "sequence-deleted")
        end_holds(store, store.holds.in_sequence(found.id), now, user, "the sequence was deleted")
        store.sequences.delete(found.id, now)
        _tell(store, user, now, found.id, "sequence-deleted", f"{ended} live enrollments ended")
    return ended


def own_sequence(store: Store, name: str, user: User, verb: str) -> Sequence:
    """The sequence of this name, which the user owns.

    Raises NotFound where the user can't see it, else Refused (`NOT_YOURS`).
    """
    found = visible_sequence(store, name, user)
    if found.owner_id != user.id:
        raise _not_yours(found, verb)
    return found


def _not_yours(sequence: Sequence, verb: str) -> Refused:
    name, owner = sequence.name, sequence.owner
    hint = f"give it another name, or ask {owner}" if verb == "apply" else f"ask {owner}"
    return Refused(
        f"{name} belongs to {owner}: only {owner} may {verb} it.", hint, code="NOT_YOURS"
    )


def _taken(sequence: Sequence) -> Refused:
    return Refused(
        f"The name {sequence.name} is taken by a sequence that is not shared with you.",
        "give yours another name",
        code="NOT_YOURS",
    )


def _tell(
    store: Store, user: User, now: datetime, sequence_id: int, kind: str, detail: str
) -> None:
    store.history.add([Event(now, user.id, kind, detail, sequence_id=sequence_id)])


# --- looking -------------------------------------------------------------------------------------


class Listed(NamedTuple):
    """A sequence with its current (or a chosen) version and its number of live enrollments."""

    sequence: Sequence
    version: Version
    live: int


def visible(store: Store, user: User) -> list[Listed]:
    """The sequences that the user may see, by name."""
    with store.reading():
        live = store.sequences.live()
        return [
            Listed(each, store.sequences.version(each.version_id), live.get(each.id, 0))
            for each in store.sequences.all()
            if may_use(user, each)
        ]


def look(store: Store, user: User, name: str, label: str | None = None) -> Listed:
    """One sequence at its current version, or at the one labelled so (`3`, `3+17`).

    Raises NotFound for a sequence that the user can't see or a version that there never was.
    """
    with store.reading():
        found = visible_sequence(store, name, user)
        version = version_labelled(store, found, label)
        return Listed(found, version, store.sequences.live().get(found.id, 0))


def version_labelled(store: Store, sequence: Sequence, label: str | None) -> Version:
    """The version of a sequence with this label, or the current one; raises NotFound."""
    if label is None:
        return store.sequences.version(sequence.version_id)
    number, plus, enrollment_id = label.removeprefix("v").partition("+")
    if plus and _is_number(enrollment_id):
        candidates = [
            store.sequences.version(enrollment.version_id)
            for enrollment in store.enrollments.get([int(enrollment_id)])
            if enrollment.sequence_id == sequence.id
        ]
    else:
        candidates = store.sequences.versions(sequence.id)
    for version in candidates:
        if str(version.label) == f"{number}{plus}{enrollment_id}":
            return version
    last = sequence.version
    there = "there is only version 1" if last == 1 else f"there are versions 1 to {last}"
    raise NotFound(
        f"{sequence.name} has no version '{label}'; {there}.",
        f"seqctl sequence show {sequence.name}",
        code="NO_VERSION",
    )


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 16


def compared(
    store: Store, user: User, name: str, labels: list[str]
) -> tuple[Sequence, Version, Version] | None:
    """Two versions of a sequence: A and B, A and the current one, or the last two.

    None where there is only one version so far. Raises NotFound.
    """
    with store.reading():
        found = visible_sequence(store, name, user)
        if not labels and found.version == 1:
            return None
        first = labels[0] if labels else str(found.version - 1)
        second = labels[1] if len(labels) > 1 else None
        return (
            found,
            version_labelled(store, found, first),
            version_labelled(store, found, second),
        )
