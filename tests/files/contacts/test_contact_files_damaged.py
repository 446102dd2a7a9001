"""Damaged contact files: whatever happened to the bytes, each row is read or named, or the file is."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from seqctl.domain.errors import BadFile
from seqctl.files.contacts.contacts import ContactRow, Rejected, read_contacts

DATA = Path(__file__).parents[1] / "data"
CARDS = (DATA / "cards.vcf").read_bytes()
OBJECTS = [{"email": "a@x.test", "note": 'say "hi", twice', "tags": [1, {"a": None}]}] * 3
WHOLE = [
    CARDS,
    CARDS.decode().encode("utf-16"),
    (DATA / "outlook.csv").read_bytes(),
    (DATA / "hubspot.csv").read_bytes(),
    json.dumps({"contacts": OBJECTS}, indent=1).encode(),
    "\n".join(map(json.dumps, OBJECTS)).encode(),
]
PIECES = [
    *(b'"', b",", b";", b"\n", b"\r", b"\0", b"\t", b"=", b":", b"\\", b"{", b"]", b"\xff", b"@"),
    *(b"\xc3", b"=C3", b"BEGIN:VCARD\n", b"END:VCARD\n", b"CHARSET=none;", b"N:\n", b"<a@b"),
    *(b"ENCODING=BASE64:", b"ENCODING=QUOTED-PRINTABLE:=zz", b"EMAIL;PREF=x:a@b.test\n"),
]


@st.composite
def damaged(draw: st.DrawFn) -> bytes:
    """A good file of which some pieces were cut out and others put in."""
    content = draw(st.sampled_from(WHOLE))
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, len(content)))
        cut = draw(st.sampled_from([0, 0, 1, 2, 30, len(content)]))
        content = content[:at] + draw(st.sampled_from([b"", *PIECES])) + content[at + cut :]
    return content


@settings(
    max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(content=damaged() | st.binary(max_size=60) | st.text(max_size=60).map(str.encode))
def test_a_damaged_file_is_read_or_named(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "contacts"
    path.write_bytes(content)
    try:
        rows = read_contacts(path)
    except BadFile as error:
        sentence = error.message
    else:
        last = 1 + content.count(b"\n") + content.count(b"\r")
        for row in rows:
            assert 1 <= row.line <= last
            assert isinstance(row, Rejected) or "@" in row.email
            _is_clean(row.reason if isinstance(row, Rejected) else _all_text(row))
        return
    assert str(path) in sentence
    _is_clean(sentence)


def _all_text(row: ContactRow) -> str:
    pairs = {**row.fields, **row.properties}.items()
    return row.email + "".join(key + value for key, value in pairs)


def _is_clean(text: str) -> None:
    text.encode()
    if any(ord(character) < 32 and character not in "\n\t" for character in text):
        pytest.fail(f"a control character is left in {text!r}")
