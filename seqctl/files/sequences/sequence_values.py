"""The values of a sequence file, one reader each: from what YAML gave to the domain's value.

Each reader raises ValueError whose text goes on after the key's name: what is wrong with it, and
what would be right.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date, time
from difflib import get_close_matches
from typing import Any

from seqctl.domain.model import CONTACT_ZONE
from seqctl.domain.timing.measures import Days, Delay, Unit, Window
from seqctl.files.sequences.yaml_positions import shown

CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")
LONGEST_DAYS = 3650
DAYS_IN = {Unit.MINUTE: 1 / 1440, Unit.HOUR: 1 / 24, Unit.DAY: 1, Unit.WEEK: 7}
SHORT_UNITS = {"m": "minute", "min": "minute", "h": "hour", "d": "day", "w": "week"}
TASK_TYPES = ("todo", "call", "email", "linkedin")
PRIORITIES = ("low", "normal", "high")
SHARE_WORDS = ("private", "everyone")


def read_text(value: Any) -> str:
    """Text that isn't blank."""
    if isinstance(value, bool | int | float):
        shown = str(value).lower() if isinstance(value, bool) else value
        raise ValueError(f'must be text; put it in quotes: "{shown}"')
    if value is None or (isinstance(value, str) and not value.strip()):
        raise ValueError("is empty; write its text, or delete the key")
    if not isinstance(value, str):
        raise ValueError("must be text, not a list or a block of keys")
    if control := CONTROL.search(value):
        raise ValueError(f"holds the control character U+{ord(control[0]):04X}; delete it")
    return value


def read_file_name(value: Any) -> str:
    """The name of a file beside the sequence file."""
    name = read_text(value)
    if not name.isprintable():
        odd = next(char for char in name if not char.isprintable())
        raise ValueError(f"holds the control character U+{ord(odd):04X}; rename the file")
    return name


def read_name(value: Any) -> str:
    """A sequence's name."""
    name = read_text(value)
    if re.fullmatch(r"[a-z0-9][a-z0-9-]*", name):
        return name
    mended = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-") or "founders-intro"
    raise ValueError(f'can\'t be "{shown(name)}"; use a-z, 0-9 and -, such as `{shown(mended)}`')


def read_flag(value: Any) -> bool:
    """True or false."""
    if isinstance(value, bool):
        return value
    raise ValueError("must be true or false")


def read_choice(value: Any, choices: Iterable[str]) -> str:
    """One of a few words."""
    words = list(choices)
    if isinstance(value, str) and value in words:
        return value
    listed = f"{', '.join(words[:-1])} or {words[-1]}"
    near = get_close_matches(value.lower(), words, 1) if isinstance(value, str) else []
    wanted = f"did you mean {near[0]}? It can be {listed}" if near else f"write {listed}"
    raise ValueError(f"can't be {_shown(value)}; {wanted}")


def read_share_word(value: Any) -> str:
    """`private` or `everyone`; users and teams are a block of their own."""
    if isinstance(value, str) and value in SHARE_WORDS:
        return value
    raise ValueError(
        f"can't be {_shown(value)}; write private, everyone or {{users: [bo], teams: [nordics]}}"
    )


def read_days(value: Any) -> Days:
    """The day rule."""
    return Days(read_choice(value, [day.value for day in Days]))


def read_delay(value: Any) -> Delay:
    """A duration such as `3 days`."""
    text = value.strip() if isinstance(value, str) else ""
    match = re.fullmatch(r"([0-9]{1,9}) +(minute|hour|day|week)s?", text)
    if not match:
        raise ValueError(f"can't be {_shown(value)}; {_delay_instead(value)}")
    delay = Delay(int(match[1]), Unit(match[2]))
    if delay.amount * DAYS_IN[delay.unit] > LONGEST_DAYS:
        raise ValueError(f"can't be {_shown(value)}; ten years (3650 days) is the longest")
    return delay


def _delay_instead(value: Any) -> str:
    if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
        return f"write the unit too: `{Delay(value, Unit.DAY)}`"
    text = value.strip().lower() if isinstance(value, str) else ""
    if match := re.fullmatch(r"([0-9]{1,9}) *([a-z]+)", text):
        amount, word = int(match[1]), match[2]
        if word in SHORT_UNITS:
            return f"write `{Delay(amount, Unit(SHORT_UNITS[word]))}`"
        if word in ("month", "months"):
            return f"months differ in length; write `{4 * amount} weeks` or `{30 * amount} days`"
        if near := get_close_matches(word.removesuffix("s"), [unit.value for unit in Unit], 1):
            return f"write `{Delay(amount, Unit(near[0]))}`"
    return "write a whole number and minutes, hours, days or weeks, such as `3 days`"


def read_wait(value: Any) -> bool | Delay:
    """Whether the next step waits for the task, or the longest wait."""
    if isinstance(value, bool):
        return value
    try:
        delay = read_delay(value)
    except ValueError:
        delay = None
    if delay is None or delay.amount == 0:
        raise ValueError(
            f"can't be {_shown(value)}; write true, false, or the longest wait such as `5 days`"
        )
    return delay


def read_time(value: Any) -> time:
    """A time of day such as `09:30`."""
    found = _time(value) if isinstance(value, str) else None
    if found is None:
        raise ValueError(
            f'can\'t be {_shown(value)}; write hours and minutes between "00:00" and "23:59", '
            'such as "09:30"'
        )
    return found


def _time(text: str) -> time | None:
    match = re.fullmatch(r"([01]?[0-9]|2[0-3]):([0-5][0-9])", text.strip())
    return time(int(match[1]), int(match[2])) if match else None


def read_window(value: Any) -> Window:
    """The local hours in which e-mails may go out."""
    opening, dash, closing = value.partition("-") if isinstance(value, str) else ("", "", "")
    opens, closes = _time(opening), _time(closing)
    if not dash or opens is None or closes is None:
        raise ValueError(
            f"can't be {_shown(value)}; write two times of one day between 00:00 and 23:59, "
            "such as `08:00-18:00`"
        )
    if opens > closes:
        raise ValueError(
            f"can't cross midnight ({opens:%H:%M} to {closes:%H:%M}); write times of one day, "
            "such as `08:00-18:00`"
        )
    if opens == closes:
        raise ValueError(f"closes when it opens ({opens:%H:%M}); write a later end")
    return Window(opens, closes)


def read_date(value: Any) -> date:
    """A holiday."""
    if isinstance(value, str) and re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", value.strip()):
        try:
            return date.fromisoformat(value.strip())
        except ValueError:
            raise ValueError(f"can't be {value.strip()}; the calendar has no such day") from None
    raise ValueError(f"can't be {_shown(value)}; write year-month-day, such as 2026-12-24")


def read_zone(value: Any) -> str:
    """A time zone, or `contact`."""
    from seqctl.domain.timing.schedule import known_zone, nearest_zones

    zone = read_text(value)
    if zone == CONTACT_ZONE or known_zone(zone):
        return zone
    near = nearest_zones(zone)
    wanted = f"did you mean {' or '.join(near[:3])}?" if near else "write one like Europe/Stockholm"
    raise ValueError(f'can\'t be "{shown(zone)}", which is no time zone; {wanted}')


def _shown(value: Any) -> str:
    """The value as a mistake's sentence names it."""
    if value is None:
        return "empty"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str | int | float):
        return f'"{shown(str(value))}"'
    return "a list" if isinstance(value, list) else "a block of keys"
