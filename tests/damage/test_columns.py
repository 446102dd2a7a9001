"""A value of the wrong kind in any column: it is named, and nobody else is stopped by it."""

from __future__ import annotations

import sqlite3
from typing import Any, NamedTuple

import pytest

from tests.damage.world import BRIEF, COMMANDS, Wreck

NOT_UTF8 = "CAST(x'41ff42' AS TEXT)"
TEXTS = ("''", "'0000-00-00T00:00:00Z'", "'2026-03-02'", "'9999-12-31T23:59:59Z'", "'{bad'", "'[]'",
         "'null'", "'{\"a\": 1}'", "'no such word'", NOT_UTF8, "printf('%.*c', 100000, 'x')")  # fmt: skip
NUMBERS = ("-1", "0", "999999", "9223372036854775807")


class Column(NamedTuple):
    """One column of one table."""

    table: str
    name: str
    type: str
    needed: bool


def columns(connection: sqlite3.Connection) -> list[Column]:
    """Every column of every table of the workspace."""
    tables = connection.execute(
        "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite%' "
        "AND name NOT LIKE '\\_%' ESCAPE '\\' ORDER BY name"
    ).fetchall()
    return [
        Column(table, row[1], row[2], bool(row[3]))
        for (table,) in tables
        for row in connection.execute(f"PRAGMA table_info({table})")
    ]


def values(column: Column) -> tuple[str, ...]:
    """What such a column must not hold, as SQL."""
    wrong = TEXTS if column.type == "TEXT" else NUMBERS
    return wrong if column.needed else (*wrong, "NULL")


def put(connection: sqlite3.Connection, column: Column, value: str, row: int) -> bool:
    """Write the value into the row of this number, counted from 0; False where that can't be."""
    key = [r[1] for r in connection.execute(f"PRAGMA table_info({column.table})")]
    where = " AND ".join(f"{name} IS ?" for name in key)
    found: list[Any] = connection.execute(f"SELECT * FROM {column.table}").fetchall()
    if not found:
        return False
    try:
        changed = connection.execute(
            f"UPDATE {column.table} SET {column.name} = {value} WHERE {where}",
            found[row % len(found)],
        )
    except sqlite3.Error:
        return False
    return changed.rowcount == 1


def try_columns(wreck: Wreck, commands: tuple[tuple[str, ...], ...], part: int, parts: int) -> int:
    tried = 0
    with wreck.tables() as connection:
        every = [(c, v) for c in columns(connection) for v in values(c)]
    for number, (column, value) in enumerate(every):
        if number % parts != part:
            continue
        with wreck.tables() as connection:
            put_there = put(connection, column, value, number)
        if put_there:
            wreck.type_all(f"{column.table}.{column.name} = {value} ({number})", commands)
            tried += 1
    return tried


def test_a_value_of_the_wrong_kind(wreck: Wreck) -> None:
    assert try_columns(wreck, BRIEF, 3, 58) > 10


@pytest.mark.slow
@pytest.mark.parametrize("part", range(1, 3))
def test_more_values_of_the_wrong_kind(wreck: Wreck, part: int) -> None:
    assert try_columns(wreck, COMMANDS, 7 * part, 29) > 12


@pytest.mark.parametrize(
    "damage",
    [
        "UPDATE workspace SET id_floor = 9223372036854775807",
        "UPDATE inbox SET since = NULL",
        "UPDATE enrollment SET due_at = NULL WHERE status = 'live'",
    ],
)
def test_what_was_once_called_a_defect(wreck: Wreck, damage: str) -> None:
    wreck.mend()
    with wreck.tables() as connection:
        connection.execute("PRAGMA ignore_check_constraints = ON")
        connection.execute(damage)
    wreck.type_all(damage, COMMANDS)
