"""The time zone that an enrollment pins (rules, "The pinned time zone")."""

from __future__ import annotations

from functools import lru_cache

from seqctl.domain.model import CONTACT_ZONE, Contact, Settings, User
from seqctl.domain.timing.schedule import NOT_A_PLACE, known_zone

_CODED = {"_slash_": "/", "_plus_": "+", "_minus_": "-", "_hyphen_": "-", "_dash_": "-"}


def pinned_zone(settings: Settings, user: User, contact: Contact) -> str:
    """The zone in which a contact's steps are placed, as the sequence's settings ask.

    That is the sequence's own zone, else the user's. With `timezone: contact` it is the contact's
    property `timezone`, else the user's where the property is empty or names no zone.
    """
    if settings.timezone == CONTACT_ZONE:
        return zone_of(contact) or user.timezone
    return settings.timezone or user.timezone


def zone_of(contact: Contact) -> str | None:
    """The zone that the contact's property `timezone` (or `Time zone`) names, if it names one."""
    for name, value in contact.properties.items():
        if name.lower().replace(" ", "").replace("_", "") == "timezone" and value.strip():
            return zone_named(value)
    return None


@lru_cache(maxsize=1024)
def zone_named(text: str) -> str | None:
    """The zone that `text` names: `Europe/Stockholm`, in any case, also HubSpot's spelling of it.

    HubSpot exports `europe_slash_stockholm`.
    """
    name = text.strip()
    if known_zone(name):
        return name
    name = name.casefold()
    for coded, sign in _CODED.items():
        name = name.replace(coded, sign)
    return _spellings().get(name.replace(" ", "_"))


@lru_cache(maxsize=1)
def _spellings() -> dict[str, str]:
    from zoneinfo import available_timezones

    return {name.casefold(): name for name in sorted(available_timezones() - NOT_A_PLACE)}
