"""A mail that was read before: in the same place it is not read again, elsewhere it acts no more.

Rules, "Read once": a mail is read once, whatever its number, file name, folder or way of reading.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from seqctl.domain.reading.letters import Kind
from seqctl.ports.mail import Folder

if TYPE_CHECKING:
    from seqctl.ports.received import Reading


def in_this_place(readings: Iterable[Reading], inbox_id: int, folder: Folder) -> bool:
    """Whether a mail was read from this folder of this inbox, by whatever number or name."""
    return any(one.inbox_id == inbox_id and one.folder == folder for one in readings)


def acted_already(
    readings: Iterable[Reading], inbox_id: int, folder: Folder, sender: str
) -> Reading | None:
    """The reading elsewhere that has done what this mail asks for, None if it is still to be done.

    A mail of one's own counts by its copy in Sent, also where another copy came in before.
    """
    return next(
        (
            one
            for one in readings
            if one.sender == sender and _acted(one, one.inbox_id == inbox_id, folder)
        ),
        None,
    )


def was_sent_from_here(readings: Iterable[Reading], inbox_id: int, sender: str) -> bool:
    """Whether a mail from this address stood in Sent: then it may be an address of one's own."""
    return any(
        one.inbox_id == inbox_id and one.folder is Folder.SENT and one.sender == sender
        for one in readings
    )


def _acted(one: Reading, here: bool, folder: Folder) -> bool:
    if folder is Folder.INBOX:
        return one.folder is Folder.INBOX and one.kind != Kind.OWN
    if one.folder is Folder.SENT:
        return one.counted
    # What somebody else wrote, and was moved into Sent, is not written by hand.
    return here and one.kind not in (Kind.OWN, Kind.OTHER)
