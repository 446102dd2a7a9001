"""Plain YAML with the place of every key and value, and every mistake of form with its place.

Only what a person would write by hand is taken: one document of blocks, lists, texts, whole numbers
and true or false (YAML 1.2). Anchors, aliases, tags and deep nesting are mistakes.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from difflib import get_close_matches
from functools import lru_cache
from typing import Any, NamedTuple, cast

MAX_DEPTH = 20
MOST_TOLD = 100
"""So many mistakes of one file are told, and how many more there are: nobody reads more."""
UNPRINTABLE = re.compile(
    "[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]", re.DOTALL
)
WORDS = {"": None, "~": None, "null": None, "true": True, "false": False}
EMPTY_FILE = "the file is empty; begin with `seqctl sequence new NAME`"
NEEDS_QUOTES = 'text that begins with `{{` must stand in quotes: "{{ … }}"'

Path = tuple[str | int, ...]


class Place(NamedTuple):
    """A place in a file; lines and columns count from 1."""

    line: int
    column: int


class Broken:
    """Stands where a value was so wrong that it has been reported and can't be judged further."""


BROKEN = Broken()


@dataclass
class Document:
    """What a file says, as dicts, lists and scalars, and where it says so."""

    lines: list[str]
    value: Any = BROKEN
    keys: dict[Path, Place] = field(default_factory=dict[Path, Place])
    values: dict[Path, Place] = field(default_factory=dict[Path, Place])
    blocks: set[Path] = field(default_factory=set[Path])
    mistakes: list[tuple[Place, str]] = field(default_factory=list[tuple[Place, str]])

    def say(self, place: Place, message: str) -> None:
        """Note a mistake."""
        self.mistakes.append((place, message))

    def place(self, path: Path) -> Place:
        """The place of a value, or of the nearest thing around it that the file has."""
        while path not in self.values and path:
            path = path[:-1]
        return self.values.get(path, Place(1, 1))

    def key_place(self, path: Path) -> Place:
        """The place of the key that leads to a value (of the item, in a list)."""
        return self.keys.get(path) or self.place(path)

    def at(self, path: Path) -> Any:
        """The value at a path, or None."""
        value = self.value
        for key in path:
            if isinstance(value, dict):
                value = cast("dict[str | int, Any]", value).get(key)
            elif isinstance(value, list) and isinstance(key, int):
                value = cast("list[Any]", value)[key]
            else:
                return None
        return value

    def place_in_text(self, path: Path, line: int, column: int | None) -> Place:
        """The place in the file of a place inside the text at `path`, as near as can be told."""
        start = self.place(path)
        told = cast("str", self.at(path)).split("\n")[line - 1]
        if path in self.blocks:
            number = start.line + line
            indent = max(self.lines[number - 1].find(told), 0)
            return Place(number, indent + (column or 1))
        wanted = told[(column or 1) - 1 :].split(" ")[0][:20]
        found = self._find(wanted, start) if wanted and column else None
        return found or start

    def _find(self, wanted: str, start: Place) -> Place | None:
        column = start.column - 1
        for number in range(start.line, min(start.line + 100, len(self.lines)) + 1):
            index = self.lines[number - 1].find(wanted, column)
            if index >= 0:
                return Place(number, index + 1)
            column = 0
        return None


KnownKeys = Callable[[Path], tuple[str, ...] | None]


def read_document(text: str, known_keys: KnownKeys) -> Document:
    """Read YAML text; `known_keys` names the keys that a block at a path may have (None: any).

    An unknown key is reported; where it is a misspelling of one that is absent, its value is read
    as if it were spelt right, so that the mistakes inside are found too. Never raises.
    """
    from ruamel.yaml import YAML
    from ruamel.yaml.error import MarkedYAMLError, YAMLError

    document = Document(re.split("\r\n|\r|\n", text))
    if unprintable := UNPRINTABLE.search(text):
        _say_unprintable(document, text, unprintable.start())
        return document
    try:
        parser: Any = YAML(typ="safe", pure=True)
        _Reader(document, parser.parse(text), known_keys).read()
    except _TooDeep as error:
        document.say(error.place, f"nested deeper than {MAX_DEPTH} levels; a sequence needs seven")
    except MarkedYAMLError as error:
        _say_syntax(document, error)
    except (YAMLError, ValueError) as error:
        document.say(Place(1, 1), f"this is not YAML ({error}); see `seqctl sequence new NAME`")
    return document


def _say_unprintable(document: Document, text: str, index: int) -> None:
    before = re.split("\r\n|\r|\n", text[:index])
    place = Place(len(before), len(before[-1]) + 1)
    document.say(
        place, f"the control character U+{ord(text[index]):04X} can't stand here; delete it"
    )


def _say_syntax(document: Document, error: Any) -> None:
    mark = error.problem_mark or error.context_mark
    place = Place(mark.line + 1, mark.column + 1) if mark else Place(1, 1)
    line = document.lines[place.line - 1] if place.line <= len(document.lines) else ""
    if any(said == NEEDS_QUOTES and at.line == place.line for at, said in document.mistakes):
        return
    if line[place.column - 1 : place.column] == "\t":
        document.say(place, "a tab can't stand here; indent with spaces")
    elif error.problem and "mapping values" in error.problem:
        document.say(
            place, "this colon can't stand here; put text with a colon in quotes, and indent evenly"
        )
    else:
        said = error.problem or error.context
        document.say(
            place, f"this is not valid YAML ({said}); check quotes, brackets and the indentation"
        )


class _TooDeep(Exception):
    def __init__(self, place: Place) -> None:
        super().__init__()
        self.place = place


class _Node(NamedTuple):
    """A piece of the file: `content` is a scalar, a list of nodes or a list of (key, node)."""

    kind: str
    place: Place
    content: Any
    is_block: bool = False


class _Reader:
    """Turns the parser's events into nodes, and the nodes into a document."""

    def __init__(self, document: Document, events: Iterator[Any], known_keys: KnownKeys) -> None:
        self.document = document
        self.events = events
        self.known_keys = known_keys

    def read(self) -> None:
        root: _Node | None = None
        for event in self.events:
            kind = type(event).__name__
            if kind == "DocumentStartEvent" and root is not None:
                place = _place(event)
                self.document.say(place, "a second document begins here; write one file each")
                break
            if kind.endswith(("ScalarEvent", "SequenceStartEvent", "MappingStartEvent")):
                root = self._node(event, 1)
        if root is None:
            self.document.say(Place(1, 1), EMPTY_FILE)
        else:
            self.document.value = self._value(root, ())

    def _node(self, event: Any, depth: int) -> _Node:
        kind, place = type(event).__name__, _place(event)
        if depth > MAX_DEPTH:
            raise _TooDeep(place)
        self._refuse_anchors_and_tags(event, kind, place)
        if kind == "SequenceStartEvent":
            return _Node("list", place, [self._node(inner, depth + 1) for inner in self._inside()])
        if kind == "MappingStartEvent":
            return self._block(place, depth)
        if kind == "AliasEvent":
            return _Node("broken", place, None)
        return _Node("scalar", place, _scalar(event), event.style == "|")

    def _inside(self) -> Iterator[Any]:
        for event in self.events:
            if type(event).__name__ in ("SequenceEndEvent", "MappingEndEvent"):
                return
            yield event

    def _refuse_anchors_and_tags(self, event: Any, kind: str, place: Place) -> None:
        if kind == "AliasEvent":
            self.document.say(place, f"aliases (`*{event.anchor}`) aren't allowed; write it out")
            return
        if event.anchor:
            message = f"anchors (`&{event.anchor}`) aren't allowed; delete it, and write it out"
            self.document.say(place, message)
        if event.tag:
            self.document.say(place, "tags (`!…`) aren't allowed; delete it, or quote the text")

    def _block(self, place: Place, depth: int) -> _Node:
        """A block of keys; one whose keys are no words is a template without quotes, mostly."""
        pairs: list[tuple[_Node, _Node]] = []
        for event in self._inside():
            key = self._node(event, depth + 1)
            pairs.append((key, self._node(next(self.events), depth + 1)))
        odd = next((key for key, _ in pairs if key.kind != "scalar"), None)
        if odd is None:
            return _Node("block", place, pairs)
        if self.document.lines[place.line - 1].startswith("{{", place.column - 1):
            self.document.say(place, NEEDS_QUOTES)
        elif odd.kind != "broken":
            self.document.say(odd.place, "a key must be a word, such as `name`")
        return _Node("broken", place, None)

    # --- nodes to values -------------------------------------------------------------------------

    def _value(self, node: _Node, path: Path) -> Any:
        self.document.values[path] = node.place
        if node.is_block:
            self.document.blocks.add(path)
        if node.kind == "broken":
            return BROKEN
        if node.kind == "list":
            return [self._value(item, (*path, index)) for index, item in enumerate(node.content)]
        if node.kind == "block":
            return self._keys_and_values(node, path)
        return node.content

    def _keys_and_values(self, node: _Node, path: Path) -> dict[str, Any]:
        known = self.known_keys(path)
        absent = set(known or ()) - {str(key.content) for key, _ in node.content}
        block: dict[str, Any] = {}
        for key, inner in node.content:
            name = str(key.content)
            if known is not None and name not in known:
                many = len(self.document.mistakes) > MOST_TOLD
                near = None if many else _nearest(name, tuple(sorted(absent - block.keys())))
                self.document.say(key.place, _unknown_key(name, near, known))
                if near is None:
                    continue
                name = near
            if name in block:
                first = self.document.keys[*path, name].line
                self.document.say(
                    key.place, f"the key `{name}` stands in line {first} already; keep one"
                )
                continue
            self.document.keys[*path, name] = key.place
            block[name] = self._value(inner, (*path, name))
            if known is not None and block[name] is None:
                self.document.say(key.place, f"`{name}` is empty; write its value, or delete it")
                block[name] = BROKEN
        return block


@lru_cache(maxsize=64)
def _nearest(name: str, known: tuple[str, ...]) -> str | None:
    spelt = name.lower().replace("-", "_").replace(" ", "_")
    near = get_close_matches(spelt, known, 1)
    return near[0] if near else None


def shown(text: str) -> str:
    """The text as a message quotes it: short, on one line and printable."""
    line = "".join(char if char.isprintable() else "\ufffd" for char in " ".join(text.split()))
    return line if len(line) <= 40 else line[:39] + "…"


def _unknown_key(name: str, near: str | None, known: tuple[str, ...]) -> str:
    name = shown(name)
    if near:
        return f"unknown key `{name}`; did you mean `{near}`?"
    return f"unknown key `{name}`; the keys here are {', '.join(known)}"


def _place(event: Any) -> Place:
    return Place(event.start_mark.line + 1, event.start_mark.column + 1)


def _scalar(event: Any) -> Any:
    text = cast("str", event.value)
    if event.style is not None or event.tag:
        return text
    if text.lower() in WORDS:
        return WORDS[text.lower()]
    if re.fullmatch(r"[-+]?[0-9]{1,18}", text):
        return int(text)
    if re.fullmatch(r"[-+]?[0-9]*\.[0-9]+", text):
        return float(text)
    return text
