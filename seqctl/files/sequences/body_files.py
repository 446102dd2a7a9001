"""Files that a sequence file names (`body_file`): they stay inside the sequence's folder."""

from __future__ import annotations

from pathlib import Path

from seqctl.files.sequences.sequence_values import CONTROL

MAX_FILE = 1_000_000


class UnreadableFile(Exception):
    """A file can't be used; the message is a sentence without the file's name."""


def read_text_file(path: Path) -> str:
    """The text of a file, lines ended by `\\n`. Raises UnreadableFile."""
    return decode(read_content(path, MAX_FILE, "1 MB; split it"))


def read_content(path: Path, largest: int, told: str) -> bytes:
    """The bytes of an ordinary file of at most `largest`, which `told` says in words.

    Raises UnreadableFile.
    """
    try:
        if not path.is_file():
            raise UnreadableFile("is a folder or a device" if path.exists() else "does not exist")
        if path.stat().st_size > largest:
            raise UnreadableFile(f"is larger than {told}")
        with path.open("rb") as file:
            return file.read(largest)
    except OSError as error:
        raise UnreadableFile(f"can't be read: {error.strerror}") from error


def decode(content: bytes) -> str:
    """UTF-8 bytes as text, with or without a byte order mark. Raises UnreadableFile."""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise UnreadableFile(f"is not UTF-8 text (line {line}); save it as UTF-8") from error
    return text.replace("\r\n", "\n").replace("\r", "\n")


def path_inside(folder: Path, name: str) -> Path:
    """The file of this name in the folder or below it, links resolved. Raises UnreadableFile."""
    try:
        home, wanted = folder.resolve(), (folder / name).resolve()
    except (OSError, ValueError, RuntimeError) as error:
        raise UnreadableFile(f"can't be read: {error}") from error
    if not wanted.is_relative_to(home):
        raise UnreadableFile("lies outside the sequence's folder; move it there")
    return wanted


def read_body_file(name: str, folder: Path | None) -> str:
    """The text of a `body_file`, looked up in the sequence's folder. Raises UnreadableFile."""
    if folder is None:
        raise UnreadableFile("can't be found without a sequence file; write the text as `body`")
    text = read_text_file(path_inside(folder, name))
    if not text.strip():
        raise UnreadableFile("is empty; write the mail's text into it")
    if control := CONTROL.search(text):
        line = text.count("\n", 0, control.start()) + 1
        raise UnreadableFile(
            f"holds the control character U+{ord(control[0]):04X} in line {line}; delete it"
        )
    return text
