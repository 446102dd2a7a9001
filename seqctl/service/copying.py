"""Copies of captured mail in a Maildir: recorded with the mail, written after, settled last."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from seqctl.ports import Store
    from seqctl.ports.outbox import Copies

_BATCH = 500


def write_copies(store: Store, copies: Copies) -> int:
    """Write the copies that are still to be written; give their number.

    A crash in between writes a copy again, under the same name, which changes nothing.
    """
    number = 0
    while batch := store.outbox.next(_BATCH):
        for copy in batch:
            copies.write(copy)
        with store.writing():
            store.outbox.written(copy.id for copy in batch)
        number += len(batch)
    return number
