"""From the bytes of a file that somebody exported somewhere to text, or a sentence why not."""

from __future__ import annotations

import codecs
import os
import re
import stat
import sys
from pathlib import Path

from seqctl.domain.errors import BadFile
from seqctl.places import look_at, look_beside

STANDARD_INPUT = "Standard input"
SAMPLE = 65_536
MOST_BYTES = 250_000_000
"""The largest file that is read: some millions of contacts."""
# A text may hold a stray control character, a picture holds one in ten bytes.
STRAY_SHARE = 0.05
STRAY_COUNT = 8

CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")
_CONTROL_BYTES = bytes(b for b in range(32) if b not in b"\t\n\r") + b"\x7f"

_WIDE_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_SAVE_AS_CSV = "Save the sheet as CSV and import that."
_SIGNATURES = (
    (b"\x89PNG", "a PNG picture", ""),
    (b"\xff\xd8\xff", "a JPEG picture", ""),
    (b"GIF8", "a GIF picture", ""),
    (b"BM", "a BMP picture", ""),
    (b"RIFF", "a picture or a sound", ""),
    (b"%PDF", "a PDF document", ""),
    (b"PK\x03\x04", "an Excel workbook or another ZIP archive", _SAVE_AS_CSV),
    (b"\xd0\xcf\x11\xe0", "an old Excel workbook or another Office document", _SAVE_AS_CSV),
    (b"\x1f\x8b", "a gzip archive", "Unpack it first, with `gunzip`."),
    (b"SQLite format 3\x00", "an SQLite database", ""),
)


def read_text(source: Path | str) -> str:
    """The text of a file, or of standard input where `source` is "-".

    Takes UTF-8, UTF-16 and UTF-32 with or without a mark, else Windows-1252. Lines end in a
    newline; other control characters but the tab are gone.

    Raises BadFile: missing, unreadable, empty, not text, or not to be decoded.
    """
    text = content_of(source)
    if not text.strip():
        name = name_of(source)
        raise BadFile(f"{name} is empty.", "Export the contacts again, then import that file.")
    return text


def read_lines(source: Path | str) -> list[str]:
    """The lines of a list, which may be empty; raises BadFile as `read_text` does for others."""
    return content_of(source).splitlines()


def content_of(source: Path | str) -> str:
    """The text of a file, as `read_text` gives it, which may be empty here."""
    name = name_of(source)
    raw = _read_bytes(source, name)
    _refuse_binary(raw, name)
    return _decode(_narrow(raw, name), name)


def name_of(source: Path | str) -> str:
    """How a message names the file."""
    return STANDARD_INPUT if str(source) == "-" else str(source)


def clean(text: str) -> str:
    """A value as it may be stored: newlines and tabs are its only control characters."""
    return CONTROL.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))


def _read_bytes(source: Path | str, name: str) -> bytes:
    try:
        if str(source) == "-":
            content = sys.stdin.buffer.read(MOST_BYTES + 1)
        else:
            content = _read_file(Path(source), name)
    except FileNotFoundError:
        raise BadFile(f"There is no file {name}.", look_beside(source)) from None
    except IsADirectoryError:
        raise BadFile(f"{name} is a folder, not a file.", _nearby(source)) from None
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else str(error)
        raise BadFile(f"{name} can't be read: {why}.", _nearby(source)) from None
    if len(content) > MOST_BYTES:
        raise _too_large(name)
    return content


def _nearby(source: Path | str) -> str:
    return "name the file instead" if str(source) == "-" else look_at(source)


def _read_file(path: Path, name: str) -> bytes:
    """What a file holds. A pipe is read to its end, one that nobody writes to is empty."""
    number = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    state = os.fstat(number)
    if stat.S_ISDIR(state.st_mode):
        os.close(number)
        raise IsADirectoryError
    with os.fdopen(number, "rb") as file:
        os.set_blocking(number, True)
        if stat.S_ISREG(state.st_mode) and state.st_size > MOST_BYTES:
            raise _too_large(name)
        if stat.S_ISCHR(state.st_mode) and not file.isatty() and file.read(1):
            raise BadFile(f"{name} is a device, not a file.", look_at(path))
        return file.read(MOST_BYTES + 1)


def _too_large(name: str) -> BadFile:
    return BadFile(
        f"{name} is larger than {MOST_BYTES // 1_000_000} MB.", "Import it in several parts."
    )


def _refuse_binary(raw: bytes, name: str) -> None:
    for signature, what, hint in _SIGNATURES:
        if raw.startswith(signature) and _strays(raw):
            hint = hint or "Import a CSV, TSV, JSON, NDJSON or vCard file."
            raise BadFile(f"{name} is not a list of contacts but {what}.", hint)


def _strays(raw: bytes) -> int:
    """How many bytes in the beginning of a file don't belong into text of any 8-bit encoding."""
    sample = raw[:SAMPLE]
    return len(sample) - len(sample.translate(None, _CONTROL_BYTES)) + sample.count(b"\xff")


def _narrow(raw: bytes, name: str) -> bytes:
    """The same text in an 8-bit encoding, and without its mark."""
    encoding = _wide_encoding(raw)
    if encoding is None:
        return raw.removeprefix(codecs.BOM_UTF8)
    try:
        return raw.decode(encoding).removeprefix("\ufeff").encode()
    except UnicodeDecodeError as error:
        at = raw.count(b"\n", 0, error.start) + 1
        raise BadFile(
            f"{name} begins as {encoding.upper()}, but line {at} can't be decoded ({error.reason}).",
            "Export the contacts again, as UTF-8 if there is a choice.",
        ) from None


def _wide_encoding(raw: bytes) -> str | None:
    for mark, encoding in _WIDE_MARKS:
        if raw.startswith(mark):
            return encoding
    sample = raw[:4096]
    half = len(sample) // 2
    low, high = sample[0::2].count(0), sample[1::2].count(0)
    if high > 0.4 * half and low < 0.05 * half:
        return "utf-16-le"
    if low > 0.4 * half and high < 0.05 * half:
        return "utf-16-be"
    return None


def _decode(raw: bytes, name: str) -> str:
    strays = _strays(raw)
    if strays > STRAY_COUNT and strays > STRAY_SHARE * min(len(raw), SAMPLE):
        raise BadFile(
            f"{name} is not a text file.", "Import a CSV, TSV, JSON, NDJSON or vCard file."
        )
    raw = raw.replace(b"\r\n", b"\n").replace(b"\r", b"\n").translate(None, _CONTROL_BYTES)
    try:
        text = raw.decode()
    except UnicodeDecodeError as error:
        text = _decode_western(raw, error, name)
    return text if text.isascii() else CONTROL.sub("", text)


def _decode_western(raw: bytes, error: UnicodeDecodeError, name: str) -> str:
    """What isn't UTF-8 is taken as Windows-1252, unless it plainly is UTF-8 with a broken byte."""
    lenient = raw.decode(errors="replace")
    broken = lenient.count("\ufffd")
    whole = len(lenient) - len(lenient.encode("ascii", "ignore")) - broken
    if whole > broken:
        line = raw.count(b"\n", 0, error.start) + 1
        raise BadFile(
            f"{name} is UTF-8, but line {line} holds a byte that isn't.",
            "Export the contacts again, or mend that line.",
        )
    try:
        return raw.decode("cp1252")
    except UnicodeDecodeError:
        return raw.decode("latin-1")
