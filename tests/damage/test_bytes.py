"""Any byte of the file may be another one: every command then says so, or works (found.md A11)."""

from __future__ import annotations

import random

import pytest

from tests.damage.world import BRIEF, COMMANDS, Wreck, damaged
from tests.trials import trials

PAGE = 4096
SEED = 20260302


def flips(data: bytes, count: int, seed: int) -> list[tuple[str, bytes]]:
    """Damaged copies: a bit, a byte, a run of zeros or of noise, or shifted bytes, by seed."""
    luck, made = random.Random(seed), list[tuple[str, bytes]]()
    for number in range(count):
        at = luck.randrange(100) if number % 8 == 0 else luck.randrange(len(data))
        kind = ("bit", "byte", "zeros", "noise", "shift", "high")[number % 6]
        length = luck.choice((1, 2, 4, 16, 64, 512))
        noise = luck.randbytes(length)
        bit = 1 << luck.randrange(8)

        def change(copy: bytearray, kind: str = kind, at: int = at, noise: bytes = noise,
                   bit: int = bit) -> None:  # fmt: skip
            length = len(noise)
            if kind == "bit":
                copy[at] ^= bit
            elif kind == "byte":
                copy[at] = noise[0]
            elif kind == "high":
                copy[at] |= 0x80
            elif kind == "zeros":
                copy[at : at + length] = bytes(len(copy[at : at + length]))
            elif kind == "noise":
                copy[at : at + length] = noise[: len(copy[at : at + length])]
            else:
                copy[at:] = noise[:1] + copy[at:-1]

        made.append((f"{kind} {length} at {at} (seed {seed}, {number})", damaged(data, change)))
    return made


def in_texts(data: bytes, count: int, seed: int) -> list[tuple[str, bytes]]:
    """A byte changed inside a stored moment, JSON text or zone, where no page is broken by it."""
    luck, made = random.Random(seed), list[tuple[str, bytes]]()
    for word in (b"2026-03-0", b'{"city"', b"Europe/Stock", b"Ume\xc3\xa5", b"live", b'"steps"'):
        places = [i for i in range(len(data)) if data.startswith(word, i)]
        for place in luck.sample(places, min(count, len(places))):
            at = place + luck.randrange(len(word))
            byte = luck.choice((0, 0x20, 0x78, 0xFF, 0x22))

            def change(copy: bytearray, at: int = at, byte: int = byte) -> None:
                copy[at] = byte

            made.append((f"{word!r}: {byte:#x} at {at} (seed {seed})", damaged(data, change)))
    return made


def cuts(data: bytes) -> list[tuple[str, bytes]]:
    """The file cut at each page, and at odd sizes."""
    pages = [n * PAGE for n in range(len(data) // PAGE)]
    odd = [1, 16, 50, 99, 100, 101, 1000, PAGE - 1, PAGE + 1, len(data) - 1, len(data) - PAGE // 2]
    return [(f"cut at {size}", data[:size]) for size in [*pages, *odd]]


def try_all(wreck: Wreck, damages: list[tuple[str, bytes]], *, brief: bool) -> None:
    for what, content in damages:
        wreck.mend()
        wreck.cli.db.write_bytes(content)
        wreck.type_all(what, BRIEF if brief else COMMANDS)


def test_changed_bytes(wreck: Wreck) -> None:
    try_all(wreck, flips(wreck.bytes, 30, SEED), brief=True)


def test_changed_texts(wreck: Wreck) -> None:
    try_all(wreck, in_texts(wreck.bytes, 3, SEED), brief=True)


def test_cut_files(wreck: Wreck) -> None:
    chosen = cuts(wreck.bytes)
    try_all(wreck, chosen[::12] + chosen[-4:], brief=True)


@pytest.mark.slow
@pytest.mark.parametrize("part", range(2))
def test_many_changed_bytes(wreck: Wreck, part: int) -> None:
    try_all(wreck, flips(wreck.bytes, trials(25), SEED + 1 + part), brief=False)
    try_all(wreck, in_texts(wreck.bytes, trials(5), SEED + 1 + part), brief=False)


@pytest.mark.slow
def test_every_cut(wreck: Wreck) -> None:
    try_all(wreck, cuts(wreck.bytes), brief=False)
