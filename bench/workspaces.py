"""Large workspaces, made by a few statements over the store's own schema.

Every other enrollment waits for the answer that follows its first mail, the others for the first
mail itself. Those due today are scattered over all ids, each at a second of its own.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import UTC, datetime, time, timedelta
from pathlib import Path

from seqctl.domain.model import Email, SequenceDraft, Settings, Sharing, Step, User
from seqctl.domain.timing.measures import Days, Delay, Unit, Window
from seqctl.service.inboxes.inboxes import capturing
from seqctl.service.inboxes.people import add_first_user, add_user
from seqctl.service.sequences import sequences
from seqctl.store import create_store

NOW = datetime(2026, 3, 2, 7, 0, tzinfo=UTC)
"""A Monday, an hour before the first enrollment is due."""
DAY = timedelta(hours=12)
"""How far the clock moves to make due what is due today."""

_PARAGRAPHS = """
Hi {{ contact.first_name }},

I run a small company that helps sales teams keep their promises to call back. Before we build the
next part I am asking people who do this work every day one question: who at
{{ contact.company | default("your company") }} notices when a follow-up is forgotten?

If that is you, I would be glad of twenty minutes this week or next, by phone or over a coffee. If
it is someone else, then a name is all that I need, and I will leave you in peace. Your colleagues
told me that {{ contact.city }} is where these things are decided, which is why I write to you.

All the best, also to everyone else at {{ contact.company | default("your office") }},
{{ sender.name }}
{{ sender.email }}
"""
_BODY = _PARAGRAPHS.lstrip()
_SUBJECT = "A question about {{ contact.company | default('your follow-ups') }}"
_PAUSE = Delay(5, Unit.DAY)
DRAFT = SequenceDraft(
    "intro",
    Settings("Founders intro", days=Days.BUSINESS, window=Window(time(8), time(18))),
    (
        Step(1, None, None, email=Email(_SUBJECT, _BODY)),
        Step(2, _PAUSE, None, email=Email(None, _BODY)),
        Step(3, _PAUSE, None, email=Email(None, _BODY)),
        Step(4, _PAUSE, None, email=Email("Closing the loop", _BODY)),
    ),
    Sharing(everyone=True),
)

# A prime that divides no total scatters the ranks 0, 1, 2, … over the ids.
_SCATTER = 7_919
_RANKED = f"""
    CREATE TEMP TABLE ranked AS
    WITH RECURSIVE n (id) AS (SELECT 1 UNION ALL SELECT id + 1 FROM n WHERE id < :total)
    SELECT id, id % 2 AS mailed, id * {_SCATTER} % :total AS rank FROM n
"""
# The first ranks are due today, three seconds apart; the others on Tuesdays to Fridays.
_DUE = """
    CREATE TEMP TABLE waiting (id INTEGER PRIMARY KEY, mailed, due TEXT, base TEXT);
    INSERT INTO waiting
    SELECT id, mailed, due, strftime('%Y-%m-%dT%H:%M:%SZ', due, '-7 days') FROM (
        SELECT id, mailed, strftime('%Y-%m-%dT%H:%M:%SZ', '2026-03-02T08:00:00Z',
            format('+%d seconds', CASE WHEN rank < {due} THEN rank * 30000 / {due}
                ELSE rank % 30000 + 86400 * (1 + rank % 4 + 7 * (rank / 4 % 3)) END)) AS due
        FROM ranked
    ) ORDER BY id
"""
_CONTACTS = """
    INSERT INTO contact (id, email, first_name, last_name, company, phone, owner_id, properties,
        last_event_id, company_folded)
    SELECT id, 'person' || id || '@company' || (id % 5000) || '.test', 'Ada', 'Lovelace ' || id,
        'Company ' || (id % 5000), '+46 8 ' || id, 1,
        json_object('city', 'Göteborg', 'country', 'SE', 'source', 'import'), id,
        'company ' || (id % 5000)
    FROM waiting
"""
_CONTACT_EVENTS = """
    INSERT INTO event (id, at, actor_id, kind, detail, contact_id)
    SELECT id, '2026-02-20T08:00:00Z', 1, 'created', 'bench', id FROM waiting
"""
_MAILS = """
    INSERT INTO message (id, enrollment_id, step, inbox_id, recipient, subject, body, status, at)
    SELECT (id + 1) / 2, id, 1, 1, email, 'A question about ' || company,
        replace(:body, '{{', company), 'sent', base
    FROM waiting JOIN contact USING (id) WHERE mailed
"""
_ENROLLMENT_EVENTS = """
    INSERT INTO event (id, at, actor_id, kind, detail, contact_id, sequence_id, enrollment_id, step,
        status, due_at)
    SELECT id + :total, '2026-02-20T09:00:00Z', 1, 'enrolled', '', id, 1, id, 1, 'scheduled',
        iif(mailed, base, due) FROM waiting
"""
_MAIL_EVENTS = """
    INSERT INTO event (id, at, kind, detail, contact_id, sequence_id, enrollment_id, step, status,
        due_at, previous, message_id)
    SELECT 2 * :total + (id + 1) / 2, base, 'sent', 'A question', id, 1, id, 1, 'active', due,
        id + :total, (id + 1) / 2
    FROM waiting WHERE mailed
"""
_ENROLLMENTS = """
    INSERT INTO enrollment (id, contact_id, sequence_id, version_id, user_id, inbox_id, timezone,
        status, waiting, step, base, delay_ends_at, due_at, enrolled_at, last_step_at,
        last_message_id, had_mail, last_event_id)
    SELECT id, id, 1, 1, 1, 1,
        CASE id % 3 WHEN 0 THEN 'Europe/London' WHEN 1 THEN 'Europe/Berlin' ELSE 'Europe/Stockholm' END,
        'live', 'delay', 1 + mailed, iif(mailed, base, NULL), due, due, '2026-02-20T09:00:00Z',
        iif(mailed, base, NULL), iif(mailed, (id + 1) / 2, NULL), mailed,
        iif(mailed, 2 * :total + (id + 1) / 2, id + :total)
    FROM waiting
"""
_AGENDA = "INSERT INTO agenda (due_at, enrollment_id) SELECT due, id FROM waiting ORDER BY due, id"


def make_workspace(path: Path, total: int, due: int) -> None:
    """Create a simulated workspace with `total` live enrollments of user `ann`, `due` of them
    due within `DAY`; another user, `bo`, has none."""
    store = create_store(path, simulated_now=NOW)
    ann = add_first_user(store, _user("ann", "Ann Berg"), NOW)
    add_user(store, _user("bo", "Bo Ek"), ann, NOW)
    store.people.connect_inbox(capturing(ann))
    sequences.apply(store, ann, NOW, [DRAFT])
    store.connection.execute("DELETE FROM event")  # the bulk below numbers its events from 1
    store.close()
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        _fill(connection, total, due)


def _fill(connection: sqlite3.Connection, total: int, due: int) -> None:
    connection.execute("PRAGMA synchronous = OFF")
    connection.execute("PRAGMA temp_store = MEMORY")
    connection.execute("BEGIN")
    connection.execute(_RANKED, {"total": total})
    for statement in _DUE.format(due=due).split(";"):
        connection.execute(statement)
    given = {"total": total, "body": _BODY}
    statements = (
        _CONTACTS, _CONTACT_EVENTS, _MAILS, _ENROLLMENT_EVENTS, _MAIL_EVENTS, _ENROLLMENTS, _AGENDA,
    )  # fmt: skip
    for statement in statements:
        names = {name: value for name, value in given.items() if f":{name}" in statement}
        connection.execute(statement, names)
    connection.execute("COMMIT")


def _user(name: str, full_name: str) -> User:
    return User(0, name, full_name, f"{name}@acme.test", "Europe/Stockholm")
