"""`python -m tests.world --seeds 10000`: live through many worlds, and say which of them break a promise."""

from __future__ import annotations

import argparse
import sys
from concurrent.futures import ProcessPoolExecutor

from tests.world.life import Broken, live, shrunk


def tried(seed: int) -> tuple[int, str]:
    """The seed, and what broke in its world, if anything did."""
    try:
        live(seed)
    except Broken as broken:
        return seed, str(broken)
    except Exception as error:  # noqa: BLE001  # a world that can't go on is broken, too
        return seed, f"{type(error).__name__}: {error}"
    return seed, ""


def main() -> int:
    """Run the seeds that were asked for; 1 where one of them broke."""
    parser = argparse.ArgumentParser(prog="python -m tests.world", description=__doc__)
    parser.add_argument("--seeds", type=int, default=100, help="how many")
    parser.add_argument("--first", type=int, default=0, help="the first of them")
    parser.add_argument("--seed", type=int, help="one alone, and what can be left out of it")
    parser.add_argument("--without", default="", help="steps of that seed to leave out: 3,4,17")
    parser.add_argument("--jobs", type=int, default=2)
    asked = parser.parse_args()
    if asked.seed is not None:
        return one(asked.seed, frozenset(map(int, filter(None, asked.without.split(",")))))
    broken = 0
    with ProcessPoolExecutor(asked.jobs) as pool:
        for seed, what in pool.map(
            tried, range(asked.first, asked.first + asked.seeds), chunksize=4
        ):
            if what:
                broken += 1
                print(
                    f"seed {seed}: {what}\n  again: python -m tests.world --seed {seed}\n",
                    flush=True,
                )
    print(f"{asked.seeds} worlds, {broken} of them broken")
    return int(broken > 0)


def one(seed: int, without: frozenset[int]) -> int:
    """One world; where it breaks, the fewest steps that still break it."""
    try:
        live(seed, without)
    except Broken as broken:
        print(f"seed {seed}: {broken}")
        fewest = without or shrunk(seed)
        print(
            f"  again: python -m tests.world --seed {seed} --without {','.join(map(str, sorted(fewest)))}"
        )
        return 1
    print(f"seed {seed}: nothing broke")
    return 0


if __name__ == "__main__":
    sys.exit(main())
