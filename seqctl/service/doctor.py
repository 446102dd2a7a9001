"""`doctor`: what never happens, checked on the database (rules, "What never happens")."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from seqctl.ports import Store
    from seqctl.ports.views import Finding


def examine(store: Store) -> list[Finding]:
    """All rows that break a promise, each with the rule that it breaks; nothing is changed."""
    from seqctl.ports.views import Finding
    from seqctl.service.workspace import misread_settings

    with store.reading():
        found = list(store.views.findings())
        if any(finding.rule == "file" and not finding.table for finding in found):
            return found
        settings = misread_settings(store).items()
        return found + [Finding("file", "config", None, f"{key} {why}") for key, why in settings]
