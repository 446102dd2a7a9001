"""Importing contacts from a CSV file, against `sqlite-utils insert` of the same file."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path

from bench.measuring import Result, Sizes, alternately, at_most, run
from bench.workspaces import make_workspace

_HEADS = ("email", "first_name", "last_name", "company", "phone", "city", "country", "source")


def measure(folder: Path, sizes: Sizes) -> Iterator[Result]:
    """Both as whole commands, each into a file of its own."""
    table = folder / "contacts.csv"
    _write_contacts(table, sizes.imported)

    def imported() -> float:
        workspace = folder / "import.db"
        workspace.unlink(missing_ok=True)
        make_workspace(workspace, 10, 1)
        return run("-m", "seqctl", "--db", workspace, "--as", "ann", "contact", "import", table)

    def inserted() -> float:
        plain = folder / "plain.db"
        plain.unlink(missing_ok=True)
        return run(
            "-m", "sqlite_utils", "insert", plain, "contact", table, "--csv", "--pk", "email"
        )

    ours, theirs = alternately(min(sizes.repetitions, 3), imported, inserted)
    detail = f"  ({ours:.1f} s and {theirs:.1f} s)"
    yield at_most(
        f"import {sizes.imported:,} contacts, against sqlite-utils", ours / theirs, 3, detail
    )


def _write_contacts(path: Path, count: int) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(_HEADS)
        writer.writerows(
            (
                f"imported{number}@company{number % 5000}.test", "Ada", f"Lovelace {number}",
                f"Company {number % 5000}", f"+46 8 {number}", "Göteborg", "SE", "fair",
            )
            for number in range(count)
        )  # fmt: skip
