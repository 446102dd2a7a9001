"""The further addresses of contacts and their folded companies, kept so that they are found by an index."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator

from seqctl.domain.contacts.addresses import addresses_among
from seqctl.domain.contacts.folding import folded

INSERT_ALIAS = "INSERT INTO contact_alias (address, contact_id) VALUES (?, ?)"
_NAME = "other_emails"


def aliases(contact_id: int, properties: str) -> Iterator[tuple[str, int]]:
    """The rows of `contact_alias` for a contact with these properties (JSON)."""
    if _NAME in properties:
        for address in addresses_among(json.loads(properties).get(_NAME, "")):
            yield address, contact_id


def fill(connection: sqlite3.Connection) -> None:
    """Give the contacts of an older workspace what new ones are stored with."""
    connection.create_function("folded", 1, folded, deterministic=True)
    connection.execute("UPDATE contact SET company_folded = folded(company) WHERE company <> ''")
    rows = connection.execute(
        "SELECT id, properties FROM contact "
        "WHERE json_extract(properties, '$.other_emails') IS NOT NULL"
    ).fetchall()
    for id, properties in rows:
        connection.executemany(INSERT_ALIAS, aliases(id, properties))
