"""Contacts in JSON documents and in NDJSON, where each line is a document."""

from __future__ import annotations

import json
import re
from collections.abc import Generator, Iterable, Iterator
from typing import Any, NoReturn, cast

from seqctl.domain.errors import BadFile
from seqctl.files.contacts.decoding import clean
from seqctl.files.contacts.tables import Cells, Rejected, Table, check_columns

Item = tuple[int, dict[str, str]] | Rejected

# Where an object holds the contacts instead of being one: our own export, HubSpot, Salesforce.
LIST_KEYS = ("contacts", "results", "records", "data", "people")

_SPACE = re.compile(r"[ \t\n]*")
_NOT_AN_OBJECT = (
    'A contact is an object such as {"email": "anna@example.com"}, and this is not one.'
)


def read_json(text: str, name: str) -> Table:
    """The table in a list of objects, in one object, or in an object that holds such a list.

    `name` is the file's name in messages. Nested values become text (JSON), except those of a key
    `properties`, which count as the object's own.

    Raises BadFile where the document isn't valid.
    """
    try:
        return table_of(list(_items(text)), name)
    except json.JSONDecodeError as error:
        _refuse(name, error.lineno, f"column {error.colno}: {_lowered(error.msg)}")
    except RecursionError:
        _refuse(name, 1, "it is nested too deeply")
    except ValueError as error:
        _refuse(name, 1, _lowered(str(error)))


def read_ndjson(text: str, name: str) -> Table:
    """The table in a text of one JSON object a line; a bad line is a rejected row.

    Raises BadFile where it names too many columns.
    """
    lines = enumerate(text.split("\n"), start=1)
    return table_of([_line_item(number, line) for number, line in lines if line.strip()], name)


def looks_like_ndjson(text: str) -> bool:
    """Whether the first of several lines is a JSON object by itself."""
    first, _, rest = text.strip().partition("\n")
    return first.startswith("{") and first.rstrip().endswith("}") and bool(rest)


def table_of(items: list[Item], name: str) -> Table:
    """The table whose columns are all the keys of the objects, in the order of appearance.

    Raises BadFile where there are too many of them.
    """
    keys: dict[str, None] = {}
    for item in items:
        if not isinstance(item, Rejected):
            keys.update(dict.fromkeys(item[1]))
    columns = list(keys)
    check_columns(columns, name)
    return Table(columns, _rows(items, columns))


def numbered(pairs: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    """The pairs as a dictionary in which a repeated key gets a number, so that none is lost."""
    found: dict[str, Any] = {}
    for key, value in pairs:
        name, count = key, 1
        while name in found:
            count += 1
            name = f"{key} {count}"
        found[name] = value
    return found


def _rows(items: list[Item], columns: list[str]) -> Iterator[Cells | Rejected]:
    for item in items:
        if isinstance(item, Rejected):
            yield item
        else:
            line, values = item
            yield line, [values.get(column, "") for column in columns]


def _refuse(name: str, line: int, what: str) -> NoReturn:
    raise BadFile(
        f"{name}:{line}: this is not valid JSON, {what}.", "Mend the file, or export it again."
    )


def _lowered(sentence: str) -> str:
    return sentence[:1].lower() + sentence[1:]


_decoder = json.JSONDecoder(object_pairs_hook=numbered)


def _line_item(number: int, line: str) -> Item:
    try:
        return _item(number, _decoder.decode(line.strip()))
    except json.JSONDecodeError as error:
        return Rejected(
            number, f"The line is not valid JSON, column {error.colno}: {_lowered(error.msg)}."
        )
    except (ValueError, RecursionError):
        return Rejected(
            number, "The line is not valid JSON: a number is too long, or it is nested too deeply."
        )


def _item(line: int, value: object) -> Item:
    if not isinstance(value, dict):
        return Rejected(line, _NOT_AN_OBJECT)
    members = cast(dict[str, object], value)
    inner = members.get("properties")
    if isinstance(inner, dict):
        own = [pair for pair in members.items() if pair[0] != "properties"]
        members = numbered([*own, *cast(dict[str, object], inner).items()])
    return line, {clean(key): _text(member) for key, member in members.items()}


def _text(value: object) -> str:
    match value:
        case None:
            return ""
        case str():
            return clean(value)
        case bool() | list() | dict():
            return clean(json.dumps(value, ensure_ascii=False))
        case _:
            return str(value)


def _items(text: str) -> Iterator[Item]:
    """The contacts of a whole document, each with the line where it begins."""
    start = _skip(text, 0)
    if text.startswith("[", start):
        end = yield from _elements(text, start)
        if _skip(text, end) != len(text):
            raise json.JSONDecodeError("Extra data", text, _skip(text, end))
        return
    document = _decoder.decode(text)
    held = next((key for key in LIST_KEYS if isinstance(document.get(key), list)), None)
    if held is None:
        yield _item(text.count("\n", 0, start) + 1, document)
    else:
        yield from _elements(text, _member_start(text, start, held))


def _elements(text: str, start: int) -> Generator[Item, None, int]:
    """The elements of the list that begins at `start`; returns where the list ends."""
    at, counted, line = _skip(text, start + 1), 0, 1
    if text.startswith("]", at):
        return at + 1
    while True:
        line += text.count("\n", counted, at)
        counted = at
        value, at = _decoder.raw_decode(text, at)
        yield _item(line, value)
        at = _skip(text, at)
        if text.startswith("]", at):
            return at + 1
        if not text.startswith(",", at):
            raise json.JSONDecodeError("Expecting ',' delimiter", text, at)
        at = _skip(text, at + 1)


def _member_start(text: str, start: int, wanted: str) -> int:
    """Where the value of a key begins, in a valid object that begins at `start` and has the key."""
    at = start
    while True:
        key, at = _decoder.raw_decode(text, _skip(text, at + 1))
        value_at = _skip(text, _skip(text, at) + 1)
        if key == wanted:
            return value_at
        _, at = _decoder.raw_decode(text, value_at)
        at = _skip(text, at)


def _skip(text: str, at: int) -> int:
    found = _SPACE.match(text, at)
    return found.end() if found else at
