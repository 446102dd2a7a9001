"""The workspace itself: its settings (rules, "Settings")."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple

from seqctl.domain.errors import BadFile
from seqctl.domain.model import Event, User
from seqctl.service.acting import acting_user, current_time, did_you_mean

if TYPE_CHECKING:
    from seqctl.ports import Clock, Store


class Number(NamedTuple):
    """A whole number that a workspace keeps: what it is before anyone sets it, and its bounds."""

    default: int
    least: int
    most: int
    meaning: str

    def read(self, text: str) -> int:
        """The number that `text` names; raises ValueError with what it has to be."""
        number = int(text) if text.isascii() and text.isdecimal() and len(text) < 10 else -1
        if not self.least <= number <= self.most:
            raise ValueError(f"a whole number from {self.least} to {self.most}")
        return number

    @property
    def example(self) -> str:
        """A value that it can be."""
        return str(self.default)


class Link(NamedTuple):
    """An https URL that a workspace keeps, or none."""

    meaning: str
    example: str
    default: None = None

    def read(self, text: str) -> str | None:
        """The URL, None for `none`; raises ValueError with what it has to be."""
        if text.lower() == "none":
            return None
        if not _is_secure_url(text):
            raise ValueError("an https:// URL in plain ASCII, or none")
        return text


SETTINGS: dict[str, Number | Link] = {
    "enroll_confirm": Number(
        25, 0, 1_000_000, "ask before more enrollments than this start or end at once"
    ),
    "rows": Number(50, 1, 1_000_000, "how many rows a table shows without --all"),
    "unsubscribe_url": Link(
        "where one click opts a recipient out; {token} in it, else ?token=, names the mail",
        "'https://example.com/unsubscribe?token={token}'",
    ),
}


def number_setting(store: Store, key: str) -> int:
    """The value of a setting that is a number, or its default."""
    value = setting(store, key)
    assert isinstance(value, int)
    return value


def setting(store: Store, key: str) -> int | str | None:
    """The value of a setting, or its default; also where the stored one can't be read (`doctor`
    tells)."""
    stored = store.workspace.config().get(key)
    try:
        return SETTINGS[key].read(stored) if stored else SETTINGS[key].default
    except ValueError:
        return SETTINGS[key].default


def misread_settings(store: Store) -> dict[str, str]:
    """What is wrong with stored settings that can't be read, by their key."""
    wrong: dict[str, str] = {}
    for key, stored in store.workspace.config().items():
        if key not in SETTINGS:
            continue
        try:
            SETTINGS[key].read(stored)
        except ValueError as error:
            wrong[key] = f"is {error}, not '{stored[:40]}'; its default counts"
    return wrong


def check_setting(key: str) -> Number | Link:
    """What there is to know of a setting; raises BadFile with the nearest key."""
    if key not in SETTINGS:
        raise BadFile(
            f"There is no setting '{key}'.{did_you_mean(key, SETTINGS)}",
            "seqctl config",
            code="UNKNOWN_SETTING",
        )
    return SETTINGS[key]


def configure(store: Store, key: str, value: str, user: User, now: datetime) -> int | str | None:
    """Store a setting and give its value; raises BadFile for what it can't be."""
    wanted = check_setting(key)
    try:
        read = wanted.read(value)
    except ValueError as error:
        raise BadFile(
            f"'{key}' is {error}, not '{value}'.",
            f"seqctl config {key} {wanted.example}",
            code="BAD_SETTING",
        ) from None
    with store.writing():
        before = setting(store, key)
        if read != before:
            store.workspace.configure(key, "" if read is None else str(read))
            detail = f"{key}: {_shown(before)} → {_shown(read)}"
            store.history.add([Event(at=now, actor_id=user.id, kind="configured", detail=detail)])
    return read


def _shown(value: int | str | None) -> str:
    return "none" if value is None else str(value)


def _is_secure_url(text: str) -> bool:
    from urllib.parse import urlsplit

    if not (text.isascii() and text.isprintable()) or set(text) & set(' <>,"'):
        return False  # it stands in a header, between < and >
    try:
        parts = urlsplit(text)
        return parts.scheme == "https" and bool(parts.hostname) and not parts.fragment
    except ValueError:
        return False


def mark_restored(store: Store, user_name: str | None, clock: Clock, source: str) -> None:
    """Write into a copy that it was put back from a backup, by whom and when.

    Raises as `acting_user` does: the users are those of the backup.
    """
    user, now = acting_user(store, user_name), current_time(store, clock)
    with store.writing():
        store.workspace.mark_restored(now)
        store.history.add([Event(at=now, actor_id=user.id, kind="restored", detail=source)])
