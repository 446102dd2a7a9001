"""`doctor`: what never happens, checked on the database (spec, section 13)."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from seqctl.ports import Store
    from seqctl.ports.views import Finding


def examine(store: Store) -> list[Finding]:
    """All rows that break a promise, each with the rule that it breaks; nothing is changed."""
    with store.reading():
        return list(store.views.findings())
