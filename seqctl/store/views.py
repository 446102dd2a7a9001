"""What people look at: enrollments with their names, and how many stand where."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime

from seqctl.domain.model import Enrollment, Hold
from seqctl.domain.timing.moments import iso
from seqctl.ports.views import (
    Attention,
    EnrollmentView,
    Finding,
    Group,
    Selection,
)
from seqctl.store.history_views import SqliteHistoryViews
from seqctl.store.rows import (
    ENROLLMENT_COLUMNS,
    HOLD_COLUMNS,
    Row,
    columns_of,
    moment,
    to_enrollment,
    to_hold,
)
from seqctl.store.selecting import GROUP, ONE_OF, Conditions, at_most, listed

_WIDTH = len(Enrollment._fields)

# Asked of unenrolled ones only: each is a look-up, and there may be very many rows.
_ENDED_FACTS = ",\n".join(
    f"e.status = 'unenrolled' AND {fact}"
    for fact in (
        "NOT EXISTS (SELECT 1 FROM enrollment AS later WHERE later.contact_id = e.contact_id "
        "AND later.sequence_id = e.sequence_id AND later.id > e.id)",
        "c.deleted_at IS NOT NULL",
        "s.deleted_at IS NOT NULL",
        "EXISTS (SELECT 1 FROM suppression WHERE address = c.email AND kind = 'opted_out')",
        "EXISTS (SELECT 1 FROM suppression WHERE address = c.email AND kind = 'bounced')",
        "EXISTS (SELECT 1 FROM suppression WHERE kind = 'blocked' "
        "AND address IN (c.email, substr(c.email, instr(c.email, '@'))))",
        "ifnull(i.connected, 0)",
        "EXISTS (SELECT 1 FROM message AS m WHERE m.id = e.last_message_id AND m.step = e.step "
        "AND m.enrollment_id = e.id AND m.status IN ('claimed', 'sending', 'unknown'))",
    )
)
_VIEW = f"""
    SELECT {columns_of("e")}, c.email, s.name, u.name, i.address, v.number, v.edit_of, v.steps,
        e.status = 'live' AND EXISTS (SELECT 1 FROM message AS m WHERE m.id = e.last_message_id
            AND m.step = e.step AND m.enrollment_id = e.id AND m.status = 'queued'),
        {_ENDED_FACTS}
    FROM enrollment AS e
    JOIN contact AS c ON c.id = e.contact_id
    JOIN sequence AS s ON s.id = e.sequence_id
    JOIN user AS u ON u.id = e.user_id
    JOIN sequence_version AS v ON v.id = e.version_id
    LEFT JOIN inbox AS i ON i.id = e.inbox_id
"""

_GROUPS = f"""
    SELECT {ENROLLMENT_COLUMNS}, {GROUP}, count(*), total(reason = 'error'),
        min(CASE WHEN lined THEN due_at END), min(CASE WHEN NOT lined THEN due_at END)
    FROM (
        SELECT *, ifnull(inbox_id IN {ONE_OF} AND waiting IN ('delay', 'task', 'limit'), 0) AS lined
        FROM enrollment
    ) AS e {{where}} GROUP BY sequence_id, {GROUP}
"""
_LIVE_FIRST = "e.status <> 'live'"
_ORDERS = {
    "id": "e.id",
    "live": f"{_LIVE_FIRST}, e.id",
    "status": f"{_LIVE_FIRST}, {GROUP}, e.id",
    "contact": "c.email, e.id",
    "due": f"{_LIVE_FIRST}, e.due_at IS NULL, e.due_at, e.id",
    "step": f"{_LIVE_FIRST}, e.step, e.id",
    "enrolled": "e.enrolled_at, e.id",
    "ended": "e.ended_at IS NULL, e.ended_at, e.id",
}

_ATTENTION = """
    SELECT
        (SELECT count(*) FROM enrollment AS e WHERE e.reason = 'error' AND e.user_id = :user
            AND NOT EXISTS (SELECT 1 FROM enrollment AS later WHERE later.contact_id = e.contact_id
                AND later.sequence_id = e.sequence_id AND later.id > e.id)),
        (SELECT count(*) FROM agenda AS a JOIN enrollment AS e ON e.id = a.enrollment_id
            WHERE a.yields IN (0, 1) AND a.due_at < :overdue AND e.user_id = :user)
        + (SELECT count(*) FROM enrollment WHERE waiting = 'inbox' AND user_id = :user
            AND due_at < :overdue),
        (SELECT count(*) FROM enrollment WHERE waiting = 'mail' AND user_id = :user),
        (SELECT count(*) FROM task AS t JOIN enrollment AS e ON e.id = t.enrollment_id
            WHERE t.status = 'open' AND t.assignee_id = :user AND e.status <> 'unenrolled')
"""


class SqliteViews(SqliteHistoryViews):
    """Implements `ports.Views`."""

    def groups(self, lined: Iterable[int] = (), sequence_id: int | None = None) -> list[Group]:
        """The enrollments of all sequences (or of one) in groups of one label each."""
        asked = _conditions(Selection(sequence_id=sequence_id))
        rows = self._connection.execute(
            _GROUPS.format(where=asked.where), (listed(lined), *asked.values)
        )
        return [_to_group(row) for row in rows]

    def enrollments(
        self, selection: Selection, *, sort: str = "id", limit: int | None = None
    ) -> list[EnrollmentView]:
        """The selected enrollments with their names; `sort` is one of `ports.views.SORTS`."""
        asked = _conditions(selection)
        rows = self._connection.execute(
            f"{_VIEW} {asked.where} ORDER BY {_ORDERS[sort]} LIMIT ?",
            [*asked.values, at_most(limit)],
        )
        return [_to_view(row) for row in rows]

    def count(self, selection: Selection) -> int:
        """How many enrollments are selected."""
        asked = _conditions(selection)
        query = f"SELECT count(*) FROM enrollment AS e {asked.where}"
        return self._connection.execute(query, asked.values).fetchone()[0]

    def holds(self, contact_ids: Iterable[int]) -> list[Hold]:
        """All holds on whole sequences, and those on these contacts, by id."""
        rows = self._connection.execute(
            f"SELECT {HOLD_COLUMNS} FROM hold AS h "
            f"WHERE h.contact_id IS NULL OR h.contact_id IN {ONE_OF} ORDER BY h.id",
            (listed(contact_ids),),
        )
        return [to_hold(row) for row in rows]

    def attention(self, user_id: int, overdue: datetime) -> Attention:
        """What needs a user; a step is overdue if it was due before `overdue`."""
        rows = self._connection.execute(_ATTENTION, {"user": user_id, "overdue": iso(overdue)})
        return Attention(*rows.fetchone())

    def findings(self) -> Iterator[Finding]:
        """All rows that break a promise (rules, "What never happens")."""
        from seqctl.store.doctor import examine

        return examine(self._connection)


def _conditions(selection: Selection) -> Conditions:
    asked = Conditions()
    asked.add_list("e.id", selection.ids)
    asked.add("e.contact_id = ?", selection.contact_id)
    asked.add("e.sequence_id = ?", selection.sequence_id)
    asked.add("e.user_id = ?", selection.user_id)
    asked.add("(e.status = 'live') = ?", selection.live)
    asked.add("? IN (e.reason, e.error)", selection.reason)
    asked.add_list(GROUP, selection.groups)
    return asked


def _to_group(row: Row) -> Group:
    sample = to_enrollment(row)
    key, size, errors, lined, others = row[_WIDTH:]
    dues = moment(lined), moment(others)
    return Group(sample.sequence_id, key, sample, size, int(errors), *dues)


def _to_view(row: Row) -> EnrollmentView:
    names, facts = row[_WIDTH : _WIDTH + 7], row[_WIDTH + 7 :]
    return EnrollmentView(to_enrollment(row), *names, *map(bool, facts))
