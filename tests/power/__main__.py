"""`python -m tests.power [--seed N] [--torn N]`: sweep everything and print the tables of docs/reliability.md."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.power.scenarios import SCENARIOS, prepared
from tests.power.sweep import Tally, cuts, failures

SEED = 20261126


def main() -> int:
    """Sweep, print, and give 1 where anything is wrong."""
    parser = argparse.ArgumentParser(prog="python -m tests.power", description=__doc__)
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--torn", type=int, default=1, help="torn disks after each operation")
    parser.add_argument("--told", action="store_true", help="what was said where the disk failed")
    asked = parser.parse_args()
    with TemporaryDirectory() as folder:
        os.environ["HOME"] = folder
        cut, failed = {}, {}
        for name in SCENARIOS:
            place = Path(folder) / str(len(cut))
            place.mkdir()
            with prepared(name, place) as scenario:
                cut[name] = cuts(scenario, asked.seed, torn=asked.torn)
                failed[name] = failures(scenario), failures(scenario, full=True)
    print("\n".join([*cut_table(cut), "", *failure_table(failed)]))
    if asked.told:
        print("\n".join(sorted(told_in(failed))))
    wrong = [f"{name}: {one}" for name, tally in _tallies(cut, failed) for one in tally.wrong]
    print(*wrong, sep="\n", file=sys.stderr)
    return bool(wrong)


def cut_table(tallies: dict[str, Tally]) -> Iterator[str]:
    """The power cut, as a table of Markdown."""
    yield "| the power is cut in | operations | disks | that differ | doubled | lost | asked |"
    yield "|---|--:|--:|--:|--:|--:|--:|"
    for name, t in tallies.items():
        figures = (t.operations, t.disks, t.different, t.doubled, t.lost, t.asked)
        yield f"| {name} | {' | '.join(map(str, figures))} |"


def failure_table(tallies: dict[str, tuple[Tally, Tally]]) -> Iterator[str]:
    """The failing disk, as a table of Markdown."""
    yield "| the disk fails in | one operation fails | full from there on | doubled | lost | asked |"
    yield "|---|--:|--:|--:|--:|--:|"
    for name, (once, full) in tallies.items():
        both = (once.doubled + full.doubled, once.lost + full.lost, once.asked + full.asked)
        yield f"| {name} | {' | '.join(map(str, (once.disks, full.disks, *both)))} |"


def told_in(tallies: dict[str, tuple[Tally, Tally]]) -> set[str]:
    """What commands said where the disk failed."""
    return {
        f"{name}: {code} {said}"
        for name, pair in tallies.items()
        for tally in pair
        for code, said in tally.told
    }


def _tallies(
    cut: dict[str, Tally], failed: dict[str, tuple[Tally, Tally]]
) -> Iterator[tuple[str, Tally]]:
    yield from cut.items()
    for name, pair in failed.items():
        yield from ((name, tally) for tally in pair)


if __name__ == "__main__":
    sys.exit(main())
