"""Files that go with the mails of a sequence file (`attachments`)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, cast

from seqctl.domain.model import Attachment
from seqctl.files.sequences.body_files import UnreadableFile, path_inside, read_content
from seqctl.files.sequences.sequence_values import read_file_name
from seqctl.files.sequences.yaml_positions import Document, Place, shown
from seqctl.files.sequences.yaml_positions import Path as KeyPath

MOST_BYTES = 10_000_000
NOTHING_KEPT: Mapping[str, Attachment] = MappingProxyType({})


class AttachedFiles:
    """The attached files of one sequence file, each read once.

    They lie in `folder` or below it (None: there can be none), but for those in `kept`: these names
    stand for files that the workspace has already. `contents` are the files that were read, by digest.
    """

    def __init__(self, folder: Path | None, kept: Mapping[str, Attachment] = NOTHING_KEPT) -> None:
        self.contents: dict[str, bytes] = {}
        self._folder = folder
        self._found: dict[str, Attachment | UnreadableFile] = dict(kept)

    def mistakes(self, document: Document, mail: KeyPath) -> Iterator[tuple[Place, str]]:
        """What is wrong with the files of the mail at this path."""
        seen: dict[str, int] = {}
        size = 0
        for index, name in _names(document, mail):
            place = document.place((*mail, "attachments", index))
            found = self._look_up(name)
            if name in seen:
                yield place, f"`attachments` name {shown(name)} twice; keep one"
            elif isinstance(found, UnreadableFile):
                yield place, f"the attachment {shown(name)} {found}"
            else:
                size += found.size
            seen[name] = index
        if size > MOST_BYTES:
            place = document.key_place((*mail, "attachments"))
            said = f"`attachments` have {size / 1e6:.1f} MB together; a mail takes at most 10 MB"
            yield place, f"{said}, so leave some out"

    def of(self, names: list[str]) -> tuple[Attachment, ...]:
        """The files of these names, all of which could be read."""
        return tuple(cast("Attachment", self._found[name]) for name in names)

    def _look_up(self, name: str) -> Attachment | UnreadableFile:
        if name not in self._found:
            try:
                self._found[name] = self._read(name)
            except UnreadableFile as error:
                self._found[name] = error
        return self._found[name]

    def _read(self, name: str) -> Attachment:
        from hashlib import sha256

        if self._folder is None:
            raise UnreadableFile("can't be found without a sequence file; leave it out")
        path = path_inside(self._folder, name)
        content = read_content(path, MOST_BYTES, "10 MB; a mail can't take it along")
        digest = sha256(content).hexdigest()
        self.contents[digest] = content
        return Attachment(name, digest, len(content))


def _names(document: Document, mail: KeyPath) -> Iterator[tuple[int, str]]:
    """The names that are right by themselves, each with its index; the others are told elsewhere."""
    listed = document.at((*mail, "attachments"))
    for index, name in enumerate(cast("list[Any]", listed) if isinstance(listed, list) else []):
        try:
            yield index, read_file_name(name)
        except ValueError:
            continue
