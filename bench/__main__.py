"""`python -m bench [--short]`: measure everything in one run and print one table.

Speeds are printed as ratios of two things done on the same machine in the same run, since seconds
tell more of the machine than of the program. Nothing is asserted, and nothing is written outside a
temporary folder.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

from bench import durability, imports, lines, mails, pauses, startup, ticks
from bench.measuring import FULL, SHORT, Result, Sizes


def main() -> None:
    """Measure and print."""
    arguments = _arguments()
    with TemporaryDirectory(prefix="seqctl-bench-", dir=arguments.folder) as folder:
        sizes = SHORT if arguments.short else FULL
        show(list(measure(Path(folder), sizes, install=not arguments.short)), short=arguments.short)


def measure(folder: Path, sizes: Sizes, *, install: bool) -> Iterator[Result]:
    """All results, one after the other; `install` times an installed wheel."""
    yield from ticks.measure(folder, sizes)
    yield from lines.measure(folder, sizes)
    yield from pauses.measure(folder, sizes)
    yield from imports.measure(folder, sizes)
    yield from mails.measure(folder, sizes)
    yield from durability.measure(folder, sizes)
    yield from startup.measure(folder, sizes, install=install)


def show(results: list[Result], *, short: bool) -> None:
    """Print the table; a short run is too small to tell whether a target is met."""
    met = {True: "yes", False: "no"}
    rows = [
        ("what", "measured", "target", "met"),
        *(
            (row.what, row.measured, row.target, "short form" if short else met[row.met])
            for row in results
        ),
    ]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        print("  ".join(cells).rstrip())


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--short", action="store_true", help="a twentieth of the size, for CI")
    parser.add_argument("--folder", help="where the workspaces lie for the time being (3 GB)")
    return parser.parse_args()


if __name__ == "__main__":
    main()
