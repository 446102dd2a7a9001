"""docs/reference.md is what the program says of itself."""

from __future__ import annotations

import importlib.util
from pathlib import Path

from seqctl.cli import CONTENTS

DOCS = Path(__file__).parents[2] / "docs"


def test_the_reference_is_what_the_program_says() -> None:
    specification = importlib.util.spec_from_file_location("make", DOCS / "make_reference.py")
    assert specification is not None
    assert specification.loader is not None
    make = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(make)
    text = (DOCS / "reference.md").read_text(encoding="utf-8")
    assert text == make.reference()
    for commands in CONTENTS.values():
        for name in commands:
            assert f"\n### seqctl {name}\n" in text
