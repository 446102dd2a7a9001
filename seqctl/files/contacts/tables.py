"""Tables of contacts: what every format is turned into, and the delimited formats themselves."""

from __future__ import annotations

import csv
import io
import re
import sys
from collections.abc import Iterator
from typing import NamedTuple

from seqctl.domain.contacts.addresses import InvalidAddress, parse_addresses
from seqctl.domain.errors import BadFile

MOST_COLUMNS = 2_000
# Stands for "no delimiter": the control character that decoding has removed from the text.
ONE_COLUMN = "\x1f"
DELIMITERS = ",;\t|"

_BLANK_LINES = re.compile(r"(?:[ \t]*\n)*")
_SEPARATOR_LINE = re.compile(r"sep=([^\n])\n", re.IGNORECASE)
_RECORD = re.compile(r'(?:[^"\n]++|"[^"]*")*+')
_QUOTED = re.compile(r'"[^"]*"')


class Rejected(NamedTuple):
    """A row that can't be imported: the line of the file where it begins, and one sentence."""

    line: int
    reason: str


# One row: the line where it begins (the first line is 1), one cell for each column.
Cells = tuple[int, list[str]]


class Table(NamedTuple):
    """The columns as the file names them, and its rows."""

    columns: list[str]
    rows: Iterator[Cells | Rejected]


def read_delimited(text: str, name: str, *, prefer_tabs: bool = False) -> Table:
    """The table in a CSV or TSV text, whatever its delimiter.

    `name` is the file's name in messages. A text of addresses alone needs no header line.

    Raises BadFile: a quote that never closes, no header line, too many columns.
    """
    # The library's limit of 128 kB a cell would end the file at its first long note.
    csv.field_size_limit(sys.maxsize)
    lines_before = 0
    if declared := _SEPARATOR_LINE.match(text):
        text, lines_before = text[declared.end() :], 1
    header = _header_record(text)
    delimiter = declared[1] if declared else _delimiter(header, prefer_tabs)
    _check_quotes(text, delimiter, lines_before, name)
    rows = _rows(text, delimiter, lines_before)
    first = next((row for row in rows if isinstance(row, Rejected) or any(row[1])), None)
    if first is None:
        raise BadFile(f"{name} is empty.", "Export the contacts again, then import that file.")
    if isinstance(first, Rejected):
        raise BadFile(f"{name}:{first.line}: {first.reason}", "Mend the header line.")
    line, heads = first
    if any(map(_holds_addresses, heads)):
        _check_headless(line, heads, name)
        _check_quotes(text, ONE_COLUMN, lines_before, name)
        return Table(["email"], _even(_rows(text, ONE_COLUMN, lines_before), 1))
    check_columns(heads, name)
    return Table(heads, _even(rows, len(heads)))


def check_columns(columns: list[str], name: str) -> None:
    """Raise BadFile where a file names more columns than a contact could have properties."""
    if len(columns) > MOST_COLUMNS:
        raise BadFile(
            f"{name} names {len(columns)} columns; {MOST_COLUMNS} are the most.",
            "Import the columns that matter.",
        )


def _header_record(text: str) -> str:
    blank = _BLANK_LINES.match(text)
    record = _RECORD.match(text, blank.end() if blank else 0)
    return record[0] if record else ""


def _delimiter(header: str, prefer_tabs: bool) -> str:
    bare = _QUOTED.sub("", header)
    if prefer_tabs and "\t" in bare:
        return "\t"
    best = max(DELIMITERS, key=bare.count)
    return best if best in bare else ONE_COLUMN


def _lines(text: str) -> Iterator[str]:
    """The lines with their ends; `io.StringIO` would hold each character in four bytes."""
    begin = 0
    while end := text.find("\n", begin) + 1:
        yield text[begin:end]
        begin = end
    if begin < len(text):
        yield text[begin:]


def _rows(text: str, delimiter: str, lines_before: int) -> Iterator[Cells | Rejected]:
    reader = csv.reader(_lines(text), delimiter=delimiter, strict=True, skipinitialspace=True)
    line = lines_before + 1
    while True:
        try:
            for cells in reader:
                yield line, cells
                line = lines_before + reader.line_num + 1
            return
        except csv.Error:
            yield Rejected(
                line,
                "A quoted cell has text after its end; a quote inside a cell is written twice.",
            )
            line = lines_before + reader.line_num + 1


def _holds_addresses(cell: str) -> bool:
    if "@" not in cell:
        return False
    try:
        parse_addresses(cell)
    except InvalidAddress:
        return False
    return True


def _check_headless(line: int, cells: list[str], name: str) -> None:
    """Without a header line only a list of addresses, one a line, can be understood."""
    if not all(_holds_addresses(cell) for cell in cells if cell.strip()):
        raise BadFile(
            f"{name} has no header line: line {line} is a contact already.",
            "Add a first line that names the columns, such as: email,first_name,last_name",
        )


def _check_quotes(text: str, delimiter: str, lines_before: int, name: str) -> None:
    """Refuse a text whose last quote never closes: what follows it can't be told apart.

    Asked before the first row is handed out, so that nothing is half done.
    """
    if '"' not in text:
        return
    reader = csv.reader(_lines(text), delimiter=delimiter, strict=True, skipinitialspace=True)
    begins = 0
    while True:
        try:
            for _ in reader:
                begins = reader.line_num
            return
        except csv.Error as error:
            if "unexpected end of data" in str(error):
                opened = lines_before + 1 + _opened_after(text, delimiter, begins)
                raise BadFile(
                    f"{name}:{opened}: a quote opens on line {opened} and never closes.",
                    "Close it, or write it twice where it is part of the text.",
                ) from None
            begins = reader.line_num


def _opened_after(text: str, delimiter: str, begins: int) -> int:
    """How many lines stand before the quote that is still open at the end of the text.

    `begins` counts those before its row, whose last cell reaches to the end.
    """
    lines = io.StringIO(text)
    for _ in range(begins):
        lines.readline()
    rest = lines.read()
    *_, last = next(csv.reader(io.StringIO(rest), delimiter=delimiter, skipinitialspace=True))
    return begins + rest.count("\n") - last.count("\n")


def _even(rows: Iterator[Cells | Rejected], width: int) -> Iterator[Cells | Rejected]:
    """The rows that aren't blank, each with one cell for each column."""
    for row in rows:
        if isinstance(row, Rejected):
            yield row
            continue
        line, cells = row
        if len(cells) == width:
            if any(cells):
                yield row
        elif any(cells[width:]):
            yield Rejected(line, _too_long(cells, width))
        elif any(cells):
            yield line, (cells + [""] * width)[:width]


def _too_long(cells: list[str], width: int) -> str:
    columns = "1 column" if width == 1 else f"{width} columns"
    reason = f"The row has {len(cells)} cells, but the header names {columns}"
    if any("\n" in cell for cell in cells):
        return reason + "; a quote that was meant to close earlier may be the cause."
    return reason + "."
