"""Contacts in vCards 2.1, 3.0 and 4.0, several in one file."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, cast

from seqctl.files.contacts.decoding import clean
from seqctl.files.contacts.heads import split_name
from seqctl.files.contacts.objects import Item, numbered, table_of
from seqctl.files.contacts.tables import Rejected, Table

_BEGIN = re.compile(r"^[ \t]*BEGIN[ \t]*:[ \t]*VCARD[ \t]*$", re.IGNORECASE | re.MULTILINE)
_END = re.compile(r"^[ \t]*END[ \t]*:[ \t]*VCARD[ \t]*$", re.IGNORECASE | re.MULTILINE)
# Pictures, sounds and keys say nothing to a sequence, and their encodings are often broken.
_BINARY = re.compile(
    r"^(?:[\w-]+\.)?(?:PHOTO|LOGO|SOUND|KEY)[;:].*\n(?:[ \t].*\n|[A-Za-z0-9+/=]+\n)*",
    re.IGNORECASE | re.MULTILINE,
)
_ESCAPED = re.compile(r"\\([,;:\\])")
_SKIPPED = frozenset(
    [
        "version",
        "prodid",
        "rev",
        "uid",
        "n",
        "fn",
        "email",
        "tel",
        "org",
        "x-ablabel",
        "sort-string",
    ]
)
_ADDRESS = ("box", "extended", "street", "city", "region", "code", "country")
_NAMES = {"bday": "birthday", "adr": "address", "tz": "timezone"}

# What vobject raises, besides its own errors, over an encoding or a structure it doesn't expect.
_STUMBLES = (ValueError, LookupError, TypeError, AttributeError, AssertionError)
# What vobject, which has no types, calls the contents of a card: its lines by lower-case name.
_Contents = dict[str, list[Any]]


def looks_like_vcard(text: str) -> bool:
    """Whether the text begins with a card."""
    return bool(_BEGIN.match(text.lstrip()))


def read_vcards(text: str, name: str) -> Table:
    """The table of all cards. `name` is the file's name in messages.

    The preferred e-mail address and telephone number of a card come first. A card that can't be
    read is a rejected row and leaves the others alone.

    Raises BadFile where the cards name too many properties.
    """
    return table_of(list(_items(text)), name)


def _items(text: str) -> Iterator[Item]:
    begins = [found.start() for found in _BEGIN.finditer(text)]
    line, counted = 1, 0
    for start, end in zip(begins, [*begins[1:], len(text)], strict=True):
        line += text.count("\n", counted, start)
        counted = start
        yield _item(line, text[start:end])


def _item(line: int, card: str) -> Item:
    import vobject

    end = _END.search(card)
    if not end:
        return Rejected(line, "The card is not complete: it has no END:VCARD.")
    text = _BINARY.sub("", card[: end.end()] + "\n")
    try:
        contents: _Contents = cast(Any, vobject).readOne(text, allowQP=True).contents
    except vobject.base.VObjectError as error:
        return Rejected(line, f"The card can't be read: {_clause(error.msg)}.")
    except _STUMBLES:
        return Rejected(line, "The card can't be read: its structure or encoding is damaged.")
    is_line = vobject.base.ContentLine
    return line, _values(
        {key: [x for x in lines if isinstance(x, is_line)] for key, lines in contents.items()}
    )


def _clause(message: object) -> str:
    sentence = clean(str(message)).strip().rstrip(".")
    return sentence[:1].lower() + sentence[1:100]


def _values(contents: _Contents) -> dict[str, str]:
    emails = map(_text, map(_value, sorted(contents.get("email", []), key=_preference)))
    phones = map(_text, map(_value, sorted(contents.get("tel", []), key=_preference)))
    company, department = _organization(contents)
    first_name, last_name = _names(contents)
    pairs = [
        ("email", "; ".join(filter(None, emails))),
        ("first_name", first_name),
        ("last_name", last_name),
        ("company", company),
        ("department", department),
        *(("phone", phone.removeprefix("tel:")) for phone in phones),
    ]
    for key, lines in contents.items():
        if key not in _SKIPPED:
            pairs += [(_NAMES.get(key, key), _text(_value(line))) for line in lines]
    return numbered(pairs)


def _names(contents: _Contents) -> tuple[str, str]:
    """First and last name: from N, or from FN where a card has no N or an empty one."""
    for line in contents.get("n", []):
        name = _value(line)
        first_name, last_name = (
            _text(getattr(name, "given", "")),
            _text(getattr(name, "family", "")),
        )
        if first_name or last_name:
            return first_name, last_name
    full_names = [_text(_value(line)) for line in contents.get("fn", [])]
    return split_name(full_names[0]) if full_names else ("", "")


def _organization(contents: _Contents) -> tuple[str, str]:
    for line in contents.get("org", []):
        value = _value(line)
        units = cast(list[object], value) if isinstance(value, list) else [value]
        company, *below = map(_text, units)
        return company, ", ".join(filter(None, below))
    return "", ""


def _preference(line: Any) -> int:
    """Lower is better: `PREF=1` of version 4.0, `TYPE=PREF` of 3.0, a bare `PREF` of 2.1."""
    rank: str = (line.params.get("PREF") or [""])[0]
    if re.fullmatch(r"[0-9]{1,3}", rank):
        return int(rank)
    words: list[str] = [*line.params.get("TYPE", []), *line.singletonparams, *line.params]
    return 1 if any("PREF" in word.upper().split(",") for word in words) else 101


def _value(line: Any) -> object:
    return line.value


def _text(value: object) -> str:
    """One line's value: a structure's parts (name, address) are joined by commas."""
    if isinstance(value, (list, tuple)):
        parts = cast(list[object], value)
        return ", ".join(filter(None, map(_text, parts)))
    if hasattr(value, "street"):
        return ", ".join(filter(None, (_text(getattr(value, part)) for part in _ADDRESS)))
    return _ESCAPED.sub(r"\1", clean(str(value))).strip()
