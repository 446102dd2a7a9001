"""Which words are one, however they are written (rules, "One comparison")."""

from __future__ import annotations

import unicodedata
from random import Random

import pytest

from seqctl.domain.contacts.folding import folded, same_company

ONE = [
    ("Företag AB", "FÖRETAG  AB"),
    ("Företag AB", " företag ab "),
    ("Företag AB", "Fo\u0308retag\u00a0AB"),  # decomposed, and a space that breaks no line
    ("Företag AB", "\ufeffFöretag\u2009AB\n"),
    ("Straße GmbH", "STRASSE GMBH"),
    ("Straße GmbH", "STRAẞE gmbh"),
    ("ΣΟΦΟΣ", "σοφος"),
    ("ΣΟΦΟΣ", "σοφοσ"),
    ("Łódź", "ŁÓDŹ"),
    ("ООО Ромашка", "ооо  РОМАШКА"),
    ("Ａｃｍｅ　株式会社", "acme 株式会社"),  # wide letters and a wide space
    ("ﬁnans", "FINANS"),
    ("ac\u00adme", "acme"),  # a soft hyphen
    ("ᾳ", "ΑΙ"),
]
TWO = [
    ("Företag AB", "Foretag AB"),
    ("Acme AB", "AcmeAB"),
    ("Acme", "Acme Inc"),
    ("ılık", "ilik"),
    ("", ""),
    (" ", "\u200b"),
]


@pytest.mark.parametrize(("one", "other"), ONE)
def test_one_company(one: str, other: str) -> None:
    assert same_company(one, other)
    assert same_company(other, one)


@pytest.mark.parametrize(("one", "other"), TWO)
def test_two_companies(one: str, other: str) -> None:
    assert not same_company(one, other)


def test_what_is_folded_stays_so_in_either_case() -> None:
    random = Random(7)
    for _ in range(3_000):
        text = "".join(chr(random.choice(RANGES)) for _ in range(random.randint(0, 6)))
        assert folded(folded(text)) == folded(text), ascii(text)
        assert folded(f"  {text}\t") == folded(text), ascii(text)
        if not any(unicodedata.category(c).startswith("M") for c in text):  # case moves marks
            assert folded(text.casefold()) == folded(text), ascii(text)


RANGES = [n for n in (*range(1, 0x600), *range(0x1E00, 0x2100), *range(0xFB00, 0xFB10)) if n]
