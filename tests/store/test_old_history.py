"""What a migration makes of the sentences, companies and aliases of earlier versions."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path

import pytest

from seqctl.domain.texts.sentences import in_zone
from seqctl.store import open_store
from tests.store.test_migrations import released_1

NINE, TEN = "2026-03-02T08:00:00Z", "2026-03-02T09:00:00Z"
SENTENCES = {
    ("clock", f"from {NINE} to {TEN}"): "from 2026-03-02 09:00 to 2026-03-02 10:00",
    ("hold", f"sequence by ann until {TEN}"): "sequence by ann until 2026-03-02 10:00",
    ("paused", f"contact by bo until {TEN}"): "contact by bo until 2026-03-02 10:00",
    ("paused", "contact by bo"): "contact by bo",
    ("hold-lifted", f"the pause of bo since {NINE} is over"): (
        "the pause of bo since 2026-03-02 09:00 is over"
    ),
    ("resumed", f"the pause of bo since {TEN} is over"): (
        "the pause of bo since 2026-03-02 10:00 is over"
    ),
    # What others wrote stays as it stands.
    ("replied", f"until {NINE}"): f"until {NINE}",
    ("sent", f"from {NINE} to {TEN}"): f"from {NINE} to {TEN}",
    ("halted", "0000-00-00T00:00:00Z"): "0000-00-00T00:00:00Z",
    ("paused", f"auto-reply: ada@x.test is away until {NINE[:10]}"): (
        "auto-reply: ada@x.test is away until 2026-03-02"
    ),
}
CONTACTS = [
    (2, "Företag AB", {}),
    (3, "FÖRETAG  ab ", {"other_emails": "Åsa@Home.test; b@x.test"}),
    (4, "", {"city": "Oslo"}),
]


@pytest.fixture
def older(tmp_path: Path) -> Path:
    """A workspace of version 0.1.0 with such events and contacts."""
    path = tmp_path / "workspace.db"
    connection: sqlite3.Connection = released_1(path)
    for id, (kind, detail) in enumerate(SENTENCES, 1):
        connection.execute(
            "INSERT INTO event (id, at, kind, detail) VALUES (?, ?, ?, ?)", (id, NINE, kind, detail)
        )
    for id, company, properties in CONTACTS:
        connection.execute(
            "INSERT INTO contact (id, email, company, properties) VALUES (?, ?, ?, ?)",
            (id, f"c{id}@x.test", company, json.dumps(properties)),
        )
    connection.execute(
        """
        INSERT INTO enrollment (id, contact_id, sequence_id, version_id, user_id, timezone, status,
            waiting, step, delay_ends_at, due_at, enrolled_at)
        SELECT id, id, 1, 1, 1, 'UTC', 'live', 'delay', 1, :at, :at, :at FROM contact WHERE id > 1
        """,
        {"at": NINE},
    )
    connection.close()
    return path


def test_the_moments_of_old_sentences_are_seen_in_the_reader_s_zone(older: Path) -> None:
    store = open_store(older)
    shown = [in_zone(event.detail, "Europe/Stockholm") for event in store.views.events()]
    assert shown == list(SENTENCES.values())
    assert [event.detail for event in store.views.events()] == [said for _, said in SENTENCES]
    store.close()


def test_old_contacts_are_compared_as_new_ones(older: Path) -> None:
    store = open_store(older)
    assert [e.contact_id for e in store.enrollments.live(company="företag ab")] == [2, 3]
    assert store.received.aliases(["åsa@home.test", "b@x.test", "oslo"]) == {
        "åsa@home.test": 3,
        "b@x.test": 3,
    }
    store.close()
