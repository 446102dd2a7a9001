"""How a command talks: sentences and tables for people, one JSON document for programs.

People's output and JSON are twins of one result. A command may call both: with `--json`, `say`,
`note` and `table` print nothing; without it, `emit` prints nothing.
"""

from __future__ import annotations

import os
import re
import shutil
import sys
import unicodedata
from collections.abc import Generator, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any, NoReturn, TextIO, TypeGuard

from seqctl.domain.errors import BadFile, Refused, WrongUsage

ROWS_SHOWN = 50
"""How many rows a table for people shows without `--all`, if no setting says otherwise
(rules, "Tables and documents")."""

_UNSEEN = r"\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"
_ESCAPE_SEQUENCE = (
    r"(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]"  # colours, cursor movements
    r"|(?:\x1b[]PX^_]|[\x90\x98\x9d-\x9f])[^\x07\x1b\x9c]*(?:\x07|\x1b\\|\x9c)?"  # window titles, links
    r"|\x1b[ -/]*[0-~]?"
)
_DANGEROUS = re.compile(rf"{_ESCAPE_SEQUENCE}|[\x00-\x08\x0b-\x1f{_UNSEEN}]")
_UNSEEN_IN_JSON = re.compile(rf"[{_UNSEEN}\ud800-\udfff]")
_NOT_ASCII = re.compile(r"[^\x00-\x7f]")
_SURROGATE = re.compile(r"[\ud800-\udfff]")

_STYLES = {"bold": "1", "dim": "2", "red": "31", "green": "32", "yellow": "33"}


# --- text ---------------------------------------------------------------------------------------


def clean(text: str) -> str:
    """`text` without what could steer a terminal: escape sequences, control and bidi characters.

    Line ends and tabs stay. Whatever comes from outside passes here before it is printed.
    """
    if text.isascii() and text.isprintable():
        return text
    return _SURROGATE.sub("\ufffd", _DANGEROUS.sub("", text))


def width_of(text: str) -> int:
    """How many columns of a terminal `text` takes: Chinese takes two each, accents none."""
    if text.isascii():
        return len(text)
    return sum(map(_character_width, text))


def _character_width(character: str) -> int:
    if unicodedata.category(character) in {"Mn", "Me", "Cf"}:
        return 0
    return 2 if unicodedata.east_asian_width(character) in {"W", "F"} else 1


def shorten(text: str, width: int) -> str:
    """`text` cut to at most `width` columns, with `…` where something is missing."""
    if width_of(text) <= width:
        return text
    kept, taken = "", 1
    for character in text:
        taken += _character_width(character)
        if taken > width:
            break
        kept += character
    return kept + "…"


def table_lines(
    columns: Sequence[str], rows: Iterable[Sequence[object]], width: int | None = None
) -> list[str]:
    """An aligned table, its heads first. Columns of numbers stand to the right.

    With a `width`, the widest columns are shortened until a line fits.
    """
    values = [list(row) for row in rows]
    grid = [list(columns), *([_cell(value) for value in row] for row in values)]
    widths = [max(map(width_of, column)) for column in zip(*grid, strict=True)]
    if width is not None:
        widths = _fitted(widths, width)
    numeric = [
        bool(values) and all(_is_number(row[n]) for row in values) for n in range(len(widths))
    ]
    return [_line(row, widths, numeric) for row in grid]


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return " ".join(clean(str(value)).split())


def _is_number(value: object) -> bool:
    return value is None or (isinstance(value, int | float) and not isinstance(value, bool))


def _fitted(widths: list[int], available: int) -> list[int]:
    narrowest, gaps = 6, 2 * (len(widths) - 1)
    fitted = list(widths)
    while sum(fitted) + gaps > available and max(fitted) > narrowest:
        fitted[fitted.index(max(fitted))] -= 1
    return fitted


def _line(row: list[str], widths: list[int], numeric: list[bool]) -> str:
    cells: list[str] = []
    for text, width, right in zip(row, widths, numeric, strict=True):
        text = shorten(text, width)
        padding = " " * (width - width_of(text))
        cells.append(padding + text if right else text + padding)
    return "  ".join(cells).rstrip()


# --- JSON ---------------------------------------------------------------------------------------


def json_text(document: object) -> str:
    """`document` as JSON to be read by programs and people: one line for each item of a list.

    Moments become `2026-03-02T08:00:00Z`. Characters that would not be seen are escaped.
    """
    return "".join(json_pieces(document))


def json_pieces(document: object) -> Iterator[str]:
    """The text of `json_text` piece by piece: a list may be an iterator, written while it is read."""
    for piece in _pieces(document):
        yield _UNSEEN_IN_JSON.sub(_escaped, piece)


def _pieces(document: object) -> Iterator[str]:
    if not _is_object(document) or not document:
        yield _json(document)
        return
    before = "{\n"
    for name, value in document.items():
        yield f"{before}  {_json(name)}: "
        yield from _items(value) if _is_iterator(value) else [_json_items(value)]
        before = ",\n"
    yield "\n}"


def _items(values: Iterator[object]) -> Iterator[str]:
    before = "[\n"
    for value in values:
        yield f"{before}    {_json(value)}"
        before = ",\n"
    yield "[]" if before == "[\n" else "\n  ]"


def _is_object(value: object) -> TypeGuard[dict[str, object]]:
    return isinstance(value, dict)


def _is_list(value: object) -> TypeGuard[list[object]]:
    return isinstance(value, list)


def _is_iterator(value: object) -> TypeGuard[Iterator[object]]:
    return isinstance(value, Iterator)


def _json_items(value: object) -> str:
    if not _is_list(value) or not any(map(_is_object, value)):
        return _json(value)
    return "[\n" + ",\n".join(f"    {_json(item)}" for item in value) + "\n  ]"


def _json(value: object) -> str:
    import json

    return json.dumps(value, ensure_ascii=False, default=_plain)


def _plain(value: object) -> str:
    from seqctl.domain.timing.moments import iso

    if isinstance(value, datetime):
        return iso(value)
    raise TypeError(f"{type(value).__name__} has no place in a JSON document")


def _escaped(found: re.Match[str]) -> str:
    units = found[0].encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{units[at : at + 2].hex()}" for at in range(0, len(units), 2))


def _encodable(text: str, stream: TextIO) -> str:
    """JSON text that `stream` can write: escaped where its encoding lacks a character."""
    try:
        text.encode(stream.encoding or "utf-8")
    except UnicodeEncodeError:
        return _NOT_ASCII.sub(_escaped, text)
    return text


# --- the terminal -------------------------------------------------------------------------------


def styled(text: str, style: str, stream: TextIO) -> str:
    """`text` in one of the few styles, where `stream` is a terminal that wants colour."""
    plain = not stream.isatty() or os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb"
    return text if plain or not style or not text else f"\x1b[{_STYLES[style]}m{text}\x1b[0m"


class CannotPrint(BadFile):
    """What a command answers can't be written out: a full disk, most often (exit 5)."""

    code = "CANNOT_PRINT"

    def __init__(self, error: OSError) -> None:
        super().__init__(
            f"The answer could not be written out: {error.strerror or error}. "
            "What was done by then stands.",
            "seqctl log",
        )


@contextmanager
def printing(stream: TextIO) -> Generator[None]:
    """Raise CannotPrint where stdout can't be written to; what stderr does not take is lost, since
    there is nowhere to say so. A reader that has gone away is another thing (BrokenPipeError)."""
    try:
        yield
    except OSError as error:
        if stream is sys.stderr:
            return
        if isinstance(error, BrokenPipeError):
            raise
        raise CannotPrint(error) from error


class Output:
    """The two channels of a command: stdout for what was asked for, stderr for the rest."""

    def __init__(self, json: bool = False) -> None:
        self.json = json
        self._begun = False

    def heading(self) -> str:
        """What every output for people begins with, or nothing."""
        return ""

    @property
    def rows_shown(self) -> int:
        """How many rows a table shows without `--all`."""
        return ROWS_SHOWN

    def local_times(self, text: str) -> str:
        """A sentence with its moments as the reader's wall clock shows them."""
        return text

    def say(self, sentence: str = "", style: str = "") -> None:
        """Print lines for people on stdout. `style`: bold, dim, red, green or yellow."""
        if not self.json:
            self._print(sentence, style, sys.stdout)

    def note(self, sentence: str) -> None:
        """Print for people what is worth knowing beside the answer."""
        from seqctl.domain.texts.sentences import said

        self.say(said("note: {sentence}", sentence=sentence), "dim")

    def warn(self, sentence: str, style: str = "") -> None:
        """Print lines for people on stderr."""
        if not self.json:
            self._print(sentence, style, sys.stderr)

    def table(
        self,
        columns: Sequence[str],
        rows: Sequence[Sequence[object]],
        *,
        every: bool = False,
        total: int | None = None,
    ) -> None:
        """Print a table for people: `rows_shown` rows, and how many more there are (`--all`).

        `every` shows all rows; `total` is how many there are, if `rows` is only the first of them.
        """
        if self.json:
            return
        shown = rows if every else rows[: self.rows_shown]
        cells = [[self._readable(value) for value in row] for row in shown]
        width = shutil.get_terminal_size().columns if sys.stdout.isatty() else None
        heads, *lines = table_lines(columns, cells, width)
        self.say(heads, "bold")
        for line in lines:
            self.say(line)
        more = max(len(rows), total or 0) - len(shown)
        if more > 0:
            self.say(f"… and {more} more (--all)", "dim")

    def emit(self, document: object) -> None:
        """Print the one JSON document of a command, if `--json` asks for it.

        A list that may be long is better an iterator: it is written while it is read.
        """
        if self.json:
            for piece in json_pieces(document):
                self.write(_encodable(piece, sys.stdout), sys.stdout)
            self.write("\n", sys.stdout)

    def progress(self, text: str) -> None:
        """Show `text` as a line that the next call replaces; on a terminal only. "" removes it."""
        if not self.json and sys.stderr.isatty():
            sys.stderr.write(f"\r\x1b[K{clean(text)}")
            sys.stderr.flush()

    @property
    def interactive(self) -> bool:
        """Whether a person sits there who can be asked."""
        return not self.json and sys.stdin.isatty() and sys.stderr.isatty()

    def ask(self, question: str, default: str = "") -> str:
        """Ask on a terminal for one line; `default` is what an empty answer means.

        Raises `WrongUsage` where nobody can be asked: look at `interactive` first.
        """
        if not self.interactive:
            raise WrongUsage(f"Nobody is there to be asked: {question}")
        offer = f" [{default}]" if default else ""
        sys.stderr.write(f"{clean(question)}{clean(offer)}: ")
        sys.stderr.flush()
        line = sys.stdin.readline()
        if not line:
            raise EOFError
        return line.strip() or default

    def confirm(self, question: str, *, yes: bool) -> None:
        """Go on only if `yes` (the option `--yes`) is set or a person says so.

        Raises `WrongUsage` (exit 2) where nobody can be asked, `Refused` (exit 4) after a no.
        """
        if yes:
            return
        if not self.interactive:
            raise WrongUsage(
                f"This needs a yes: {question}", "repeat it with --yes", code="NEEDS_YES"
            )
        if self.ask(f"{question} [y/N]").lower() not in {"y", "yes"}:
            _declined()

    def _readable(self, value: object) -> object:
        return self.local_times(value) if isinstance(value, str) else value

    def _print(self, sentence: str, style: str, stream: TextIO) -> None:
        lines = [styled(clean(self.local_times(sentence)), style, stream)]
        if not self._begun:
            self._begun = True
            lines = [styled(h, "dim", stream) for h in [self.heading()] if h] + lines
        self.write("\n".join(lines) + "\n", stream)

    def write(self, text: str, stream: TextIO) -> None:
        """Write text as it is; raises CannotPrint as `printing` does."""
        with printing(stream):
            stream.write(text)


def _declined() -> NoReturn:
    raise Refused("Nothing was changed.", code="DECLINED")


def prepare_streams() -> None:
    """Make printing safe whatever the terminal's encoding, and where a stream is closed."""
    for name, errors in (
        ("stdin", "surrogateescape"),
        ("stdout", "backslashreplace"),
        ("stderr", "backslashreplace"),
    ):
        stream: Any = getattr(sys, name)
        if stream is None:
            # Stays open as long as the process: it stands in for a stream closed by the caller.
            setattr(sys, name, open(os.devnull, "r+", encoding="utf-8"))  # noqa: SIM115
        elif hasattr(stream, "reconfigure"):
            stream.reconfigure(errors=errors)
