"""Contact files of every kind: each imports, or says in a sentence what is wrong and where."""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from seqctl.domain.errors import BadFile
from seqctl.files.contacts.contacts import ContactRow, Rejected, read_contacts

DATA = Path(__file__).parents[1] / "data"
REAL = Path(__file__).parents[4] / "shared" / "data" / "us-500.csv"
Write = Callable[..., Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def _write(content: str | bytes, name: str = "contacts.csv") -> Path:
        path = tmp_path / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    return _write


def read(path: Path, **mapping: str) -> list[ContactRow | Rejected]:
    return list(read_contacts(path, mapping=mapping))


def contact(line: int, email: str, fields: dict[str, str] | None = None, **rest: Any) -> ContactRow:
    flags = {"opted_out": False, "bounced": False, "properties": {}} | rest
    return ContactRow(line=line, email=email, fields=fields or {}, **flags)


def refused(path: Path, mapping: dict[str, str] | None = None) -> BadFile:
    """The refusal of a whole file, which comes before any row is asked for."""
    with pytest.raises(BadFile) as caught:
        read_contacts(path, mapping=mapping or {})
    error = caught.value
    assert error.exit_code == 5
    assert error.message.endswith((".", "?"))
    assert "\n" not in error.message
    assert error.hint
    return error


ANNA = {"first_name": "Anna", "last_name": "Berg"}

# --- real exports --------------------------------------------------------------------------------


@pytest.mark.skipif(not REAL.exists(), reason="the sample of 500 contacts is not here")
def test_the_sample_of_500_contacts_imports_as_it_is() -> None:
    rows = read(REAL)

    assert len(rows) == 500
    assert not [row for row in rows if isinstance(row, Rejected)]
    assert rows[0] == contact(
        2,
        "jbutt@gmail.com",
        {
            "first_name": "James",
            "last_name": "Butt",
            "company": "Benton, John B Jr",
            "phone": "504-621-8927",
        },
        properties={
            "address": "6649 N Blue Gum St",
            "city": "New Orleans",
            "county": "Orleans",
            "state": "LA",
            "zip": "70116",
            "phone2": "504-845-1427",
            "web": "http://www.bentonjohnbjr.com",
        },
    )


def test_a_hubspot_export() -> None:
    anna, carl, erik = read(DATA / "hubspot.csv")

    assert anna == contact(
        2,
        "anna.berg@example.com",
        ANNA | {"company": "Berg, Ek & Co", "phone": "+46 8 111"},
        properties={
            "record_id": "101",
            "mobile_phone_number": "+46 70 111",
            "contact_owner": "Bo Ek",
            "lead_status": "Open",
            "job_title": "Head of Sales",
            "timezone": "europe_slash_stockholm",
            "create_date": "2026-01-12 09:30",
            "other_emails": "anna@berg.test; a.berg@berg.test",
        },
    )
    assert isinstance(carl, ContactRow)
    assert carl.fields["phone"] == "+46 70 222"
    assert (carl.opted_out, carl.bounced) == (True, False)
    assert "opted_out_of_email_marketing_information" not in carl.properties
    assert carl.properties["imported_now_in_sequence"] == "false"
    assert isinstance(erik, ContactRow)
    assert (erik.opted_out, erik.bounced) == (False, True)
    assert erik.fields == {}


def test_a_salesforce_report() -> None:
    anna, carl = read(DATA / "salesforce_report.csv")

    assert anna == contact(
        2,
        "anna@example.com",
        ANNA | {"company": "Berg Ltd", "phone": "(046) 111"},
        properties={
            "salutation": "Ms.",
            "title": "CEO",
            "mailing_city": "Lund",
            "do_not_call": "0",
        },
    )
    assert isinstance(carl, ContactRow)
    assert carl.opted_out
    assert carl.fields["phone"] == "070 222"


def test_a_salesforce_data_loader_export() -> None:
    anna, carl = read(DATA / "salesforce_loader.csv")

    assert anna == contact(
        2,
        "anna@example.com",
        ANNA | {"phone": "08 111"},
        properties={"id": "0035g00000AAAAA", "name": "Anna Berg", "title": "CEO"},
    )
    assert isinstance(carl, ContactRow)
    assert (carl.opted_out, carl.bounced) == (False, True)
    assert "emailbouncedreason" not in carl.properties


def test_an_outlook_export() -> None:
    anna, carl = read(DATA / "outlook.csv")

    assert isinstance(anna, ContactRow)
    assert (anna.line, anna.email) == (2, "anna@example.com")
    assert anna.fields == ANNA | {"company": "Berg Ltd", "phone": "046 111"}
    assert anna.properties["other_emails"] == "anna@berg.test"
    assert anna.properties["business_street"] == "1 Street\nThird floor"
    assert anna.properties["notes"] == 'She said "call later"'
    assert isinstance(carl, ContactRow)
    assert (carl.line, carl.email, carl.fields["phone"]) == (4, "carl@example.com", "070 222")


def test_a_google_export() -> None:
    anna, carl = read(DATA / "google.csv")

    assert anna == contact(
        2,
        "anna@example.com",
        ANNA | {"company": "Berg Ltd", "phone": "+46 46 111"},
        properties={
            "organization_title": "CEO",
            "labels": "* myContacts",
            "e_mail_1_label": "* Work",
            "e_mail_2_label": "Home",
            "phone_1_label": "Work",
            "other_emails": "anna@berg.test; a.berg@home.test",
        },
    )
    assert isinstance(carl, ContactRow)
    assert (carl.email, carl.properties.get("other_emails")) == ("carl@example.com", None)


def test_a_google_export_of_before_2024() -> None:
    (anna,) = read(DATA / "google_before_2024.csv")

    assert isinstance(anna, ContactRow)
    assert anna.fields == ANNA | {"company": "Berg Ltd", "phone": "+46 46 111"}
    assert anna.properties["name"] == "Anna Berg"


# --- encodings, delimiters, shapes ----------------------------------------------------------------

ASA = contact(2, "asa@example.com", {"first_name": "Åsa", "company": "Öl & Söner"})
ASA_CSV = "email,first_name,company\r\nasa@example.com,Åsa,Öl & Söner\r\n"

SAME_CONTACT = {
    "UTF-8": ASA_CSV.encode(),
    "UTF-8 with a mark": ASA_CSV.encode("utf-8-sig"),
    "UTF-16 little": ASA_CSV.encode("utf-16"),
    "UTF-16 big": b"\xfe\xff" + ASA_CSV.encode("utf-16-be"),
    "UTF-16 little without a mark": ASA_CSV.encode("utf-16-le"),
    "UTF-16 big without a mark": ASA_CSV.encode("utf-16-be"),
    "UTF-32": ASA_CSV.encode("utf-32"),
    "Latin-1": ASA_CSV.encode("latin-1"),
    "semicolons": ASA_CSV.replace(",", ";").encode(),
    "tabs": ASA_CSV.replace(",", "\t").encode(),
    "bars": ASA_CSV.replace(",", "|").encode(),
    "old Macintosh lines": ASA_CSV.replace("\r\n", "\r").encode(),
    "Unix lines": ASA_CSV.replace("\r\n", "\n").encode(),
    "no last newline": ASA_CSV.strip().encode(),
    "all quoted": b'"email","first_name","company"\n"asa@example.com","\xc3\x85sa","\xc3\x96l & S\xc3\xb6ner"\n',
    "spaces around": " email , first_name ,company\n asa@example.com ,  Åsa, Öl & Söner \n".encode(),
    "spaces before quotes": 'email, "first_name", company\nasa@example.com, "Åsa", "Öl & Söner"\n'.encode(),
    "stray NUL": ASA_CSV.replace("Åsa", "Å\0sa").encode(),
    "trailing delimiters": ASA_CSV.replace("Söner\r\n", "Söner,,\r\n\r\n,,\r\n").encode(),
}


@pytest.mark.parametrize("content", SAME_CONTACT.values(), ids=SAME_CONTACT)
def test_the_same_contact_in_many_writings(write: Write, content: bytes) -> None:
    assert read(write(content)) == [ASA]


def test_windows_characters(write: Write) -> None:
    (row,) = read(write("email,company\na@x.test,Caf\xe9 \x80 \x93x\x94\n".encode("latin-1")))

    assert row == contact(2, "a@x.test", {"company": "Café € “x”"})


def test_a_tsv_file_with_commas_in_its_header(write: Write) -> None:
    path = write("email\tnotes, long, and longer\na@x.test\t1, 2, 3\n", "contacts.tsv")

    assert read(path) == [contact(2, "a@x.test", properties={"notes_long_and_longer": "1, 2, 3"})]


def test_a_delimiter_inside_a_quoted_head_does_not_count(write: Write) -> None:
    path = write('email;"a,b,c"\na@x.test;1\n')

    assert read(path) == [contact(2, "a@x.test", properties={"a_b_c": "1"})]


def test_a_first_line_that_names_the_separator(write: Write) -> None:
    path = write("sep=;\nemail;company\na@x.test;Acme\nbad;Acme\n")

    anna, bad = read(path)
    assert anna == contact(3, "a@x.test", {"company": "Acme"})
    assert bad.line == 4


def test_one_column(write: Write) -> None:
    assert read(write("Email\nA@x.test\n\nb@x.test; c@x.test\n")) == [
        contact(2, "a@x.test"),
        contact(4, "b@x.test", properties={"other_emails": "c@x.test"}),
    ]


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_one_column_without_a_header_line(write: Write, newline: str) -> None:
    lines = ["Anna <a@x.test>", "b@x.test, c@x.test", "nobody", "d@x.test"]
    anna, bo, nobody, dan = read(write(newline.join(lines), "list.txt"))

    assert anna == contact(1, "a@x.test")
    assert bo == contact(2, "b@x.test", properties={"other_emails": "c@x.test"})
    assert isinstance(nobody, Rejected)
    assert nobody.line == 3
    assert dan == contact(4, "d@x.test")


def test_a_header_only(write: Write) -> None:
    assert read(write("email,first_name\n")) == []


def test_ragged_rows(write: Write) -> None:
    short, long, wide = read(
        write("email,first_name,company\na@x.test\nb@x.test,Bo,Acme,extra\nc@x.test,C,,,\n")
    )

    assert short == contact(2, "a@x.test")
    assert long == Rejected(3, "The row has 4 cells, but the header names 3 columns.")
    assert wide == contact(4, "c@x.test", {"first_name": "C"})


def test_duplicate_heads_are_never_merged(write: Write) -> None:
    (row,) = read(
        write(
            "Email,E-mail,Company,company,Note,note,Unsubscribed,Unsubscribed\n"
            "a@x.test,b@x.test,One,Two,n1,n2,no,yes\n"
        )
    )

    assert row == contact(
        2,
        "a@x.test",
        {"company": "One"},
        properties={"other_emails": "b@x.test", "company_2": "Two", "note": "n1", "note_2": "n2"},
        opted_out=True,
    )


def test_empty_and_odd_heads(write: Write) -> None:
    (row,) = read(write("email,,%,Straße\na@x.test,1,2,3\n"))

    assert row == contact(
        2, "a@x.test", properties={"column_2": "1", "column_3": "2", "straße": "3"}
    )


@pytest.mark.parametrize("size", [131_073, 200_000, 1_000_000])
def test_a_long_cell(write: Write, size: int) -> None:
    (row,) = read(write(f'email,notes\na@x.test,"{"x" * size}"\n'))

    assert isinstance(row, ContactRow)
    assert len(row.properties["notes"]) == size


def test_a_cell_that_is_too_long(write: Write) -> None:
    long, good = read(write(f"email,notes\na@x.test,{'x' * 1_000_001}\nb@x.test,short\n"))

    assert long == Rejected(2, "A cell is longer than 1,000,000 characters.")
    assert isinstance(good, ContactRow)


def test_values_stay_text(write: Write) -> None:
    (row,) = read(write("email,zip,score,when,odd\na@x.test,01234,1.50,2026-01-02,=1+1\n"))

    assert isinstance(row, ContactRow)
    assert row.properties == {"zip": "01234", "score": "1.50", "when": "2026-01-02", "odd": "=1+1"}


def test_control_characters_go_but_newlines_and_tabs_stay(write: Write) -> None:
    (row,) = read(write('email,note\na@x.test,"a\x07\x1b[1m\tb\r\nc\u0085\x7f"\n'))

    assert isinstance(row, ContactRow)
    assert row.properties["note"] == "a[1m\tb\nc"


def test_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(ASA_CSV.encode("utf-16"))))

    assert list(read_contacts("-")) == [ASA]


def test_standard_input_without_an_email_column(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"name\nAnna\n")))

    error = refused(Path("-"))
    assert error.message == "Standard input has no e-mail column; its columns are “name”."
    assert error.hint == "seqctl contact import - --map name=email"


# --- rows that are rejected, alone ----------------------------------------------------------------


def test_bad_rows_never_stop_the_rest(write: Write) -> None:
    rows = read(
        write(
            "email,first_name\n"
            "anna@example,Anna\n"
            ",Bo\n"
            '"carl@x.test" oops,Carl\n'
            "dan@x.test,Dan\n"
            "dan@x.test,Daniel\n"
        )
    )

    assert rows == [
        Rejected(
            2,
            "“anna@example” is not an e-mail address: "
            "the part after the @-sign is not valid; it should have a period.",
        ),
        Rejected(3, "The row has no e-mail address."),
        Rejected(
            4, "A quoted cell has text after its end; a quote inside a cell is written twice."
        ),
        contact(5, "dan@x.test", {"first_name": "Dan"}),
        contact(6, "dan@x.test", {"first_name": "Daniel"}),
    ]


def test_lines_count_from_the_file_not_from_the_rows(write: Write) -> None:
    rows = read(write('\n\nemail,note\n\na@x.test,"1\n2\n3"\n\nb@x.test,\n'))

    assert [row.line for row in rows] == [5, 9]


def test_a_row_that_a_stray_quote_made_too_long_says_so(write: Write) -> None:
    (row,) = read(write('email,note\na@x.test,"open\nb@x.test,closed",x\n'))

    assert isinstance(row, Rejected)
    assert row.line == 2
    assert "quote" in row.reason


# --- what columns mean ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "fields"),
    {
        "Anna Maria Berg": {"first_name": "Anna Maria", "last_name": "Berg"},
        "Berg, Anna": ANNA,
        "Anna": {"first_name": "Anna"},
        "": {},
    }.items(),
)
def test_a_full_name_is_split_where_there_is_no_other(
    write: Write, name: str, fields: dict[str, str]
) -> None:
    assert read(write(f'email,Name\na@x.test,"{name}"\n')) == [contact(2, "a@x.test", fields)]


@pytest.mark.parametrize(
    "head",
    [
        *("Unsubscribed from all email", "Opted out of email", "Email Opt Out", "opt_out"),
        *("HasOptedOutOfEmail", "Do not email", "Unsubscribed", "OPTED OUT", "Unsubscribe date"),
    ],
)
@pytest.mark.parametrize(
    ("value", "opted_out"),
    {
        **dict.fromkeys(["true", "TRUE", "yes", "1", "x", "Y", "ja", "WAHR", "2026-01-02"], True),
        **dict.fromkeys(["", "false", "No", "0", "nein", "FALSCH", "n", " "], False),
    }.items(),
)
def test_opt_out_columns(write: Write, head: str, value: str, opted_out: bool) -> None:
    assert read(write(f"email,{head}\na@x.test,{value}\n")) == [
        contact(2, "a@x.test", opted_out=opted_out)
    ]


@pytest.mark.parametrize(
    "head",
    [
        *("Bounced", "Hard bounced", "Email hard bounce reason", "IsEmailBounced"),
        *("EmailBouncedReason", "Email Bounced Date", "hs_email_hard_bounce_reason_enum"),
    ],
)
@pytest.mark.parametrize(
    ("value", "bounced"), {"true": True, "550 unknown": True, "": False, "false": False}.items()
)
def test_bounce_columns(write: Write, head: str, value: str, bounced: bool) -> None:
    assert read(write(f"email,{head}\na@x.test,{value}\n")) == [
        contact(2, "a@x.test", bounced=bounced)
    ]


def test_the_first_address_that_there_is_counts(write: Write) -> None:
    rows = read(write("Work Email,Email,E-mail 2\na@x.test,,\n,b@x.test,b@x.test\n,,c@x.test\n"))

    assert [row.email for row in rows if isinstance(row, ContactRow)] == [
        "a@x.test",
        "b@x.test",
        "c@x.test",
    ]
    assert all(isinstance(row, ContactRow) and row.properties == {} for row in rows)


def test_a_further_address_that_is_none_is_kept_as_it_is(write: Write) -> None:
    assert read(write("Email,E-mail 2\na@x.test,ask Bo\n")) == [
        contact(2, "a@x.test", properties={"other_emails": "ask Bo"})
    ]


def test_mapped_columns(write: Write) -> None:
    path = write("Work mail,Email,Boss,DNC,Mobile\na@x.test,b@x.test,Bo,x,070\n")
    mapping = {"work mail": "email", "Boss": "Reports To", "DNC": "opted_out", "Mobile": "cell"}

    assert list(read_contacts(path, mapping=mapping)) == [
        contact(
            2,
            "a@x.test",
            properties={"reports_to": "Bo", "cell": "070", "other_emails": "b@x.test"},
            opted_out=True,
        )
    ]


def test_two_columns_mapped_to_one_property_are_both_kept(write: Write) -> None:
    path = write("email,a,b\na@x.test,1,2\n")

    assert list(read_contacts(path, mapping={"a": "tag", "b": "tag"})) == [
        contact(2, "a@x.test", properties={"tag": "1", "tag_2": "2"})
    ]


# --- JSON and NDJSON ------------------------------------------------------------------------------

OBJECT = {
    "Email": "a@x.test",
    "First Name": "Anna",
    "zip": "01234",
    "age": 41,
    "score": 1.5,
    "vip": True,
    "none": None,
    "tags": ["a", "ö"],
    "deep": {"a": [1]},
    "unsubscribed": False,
}
FROM_OBJECT = {
    "zip": "01234",
    "age": "41",
    "score": "1.5",
    "vip": "true",
    "tags": '["a", "ö"]',
    "deep": '{"a": [1]}',
}


@pytest.mark.parametrize(
    "text",
    [
        json.dumps([OBJECT]),
        json.dumps({"contacts": [OBJECT]}),
        json.dumps({"total": 1, "results": [OBJECT]}),
        json.dumps(OBJECT),
        json.dumps([{"id": 1} | {"properties": OBJECT}]).replace('"id": 1, ', ""),
        json.dumps([OBJECT]).encode("utf-16"),
    ],
)
def test_json_documents(write: Write, text: str | bytes) -> None:
    assert read(write(text, "contacts.json")) == [
        contact(1, "a@x.test", {"first_name": "Anna"}, properties=FROM_OBJECT)
    ]


def test_json_lines_are_those_where_the_objects_begin(write: Write) -> None:
    text = '{\n "total": 2,\n "contacts": [\n  {\n "email": "a@x.test"},\n 7,\n{"email": "b"}\n]}'

    rows = read(write(text, "contacts.json"))
    assert [row.line for row in rows] == [4, 6, 7]
    assert [isinstance(row, Rejected) for row in rows] == [False, True, True]


@pytest.mark.parametrize("text", ["[]", '{"contacts": []}', " [ ] \n"])
def test_json_without_contacts(write: Write, text: str) -> None:
    assert read(write(text, "contacts.json")) == []


def test_a_repeated_json_key_is_kept(write: Write) -> None:
    (row,) = read(write('[{"email": "a@x.test", "note": "1", "note": "2"}]', "contacts.json"))

    assert isinstance(row, ContactRow)
    assert row.properties == {"note": "1", "note_2": "2"}


def test_half_a_character_in_json_goes(write: Write) -> None:
    (row,) = read(write('[{"email": "a@x.test", "note": "a\\ud800\\u0000b"}]', "contacts.json"))

    assert isinstance(row, ContactRow)
    assert row.properties == {"note": "ab"}


def test_ndjson(write: Write) -> None:
    text = '{"email": "a@x.test"}\n{"email": "b@x.test",\n\n[1]\n{"email": "c@x.test", "x": 1}\n'

    anna, broken, number, carl = read(write(text, "contacts.ndjson"))
    assert anna == contact(1, "a@x.test")
    assert isinstance(broken, Rejected)
    assert broken.line == 2
    assert broken.reason.startswith("The line is not valid JSON, column 22: ")
    assert isinstance(number, Rejected)
    assert number.line == 4
    assert carl == contact(5, "c@x.test", properties={"x": "1"})


def test_ndjson_by_its_content_and_with_a_bad_first_line_by_its_name(write: Write) -> None:
    good = write('{"email": "a@x.test"}\n{"email": "b@x.test"}\n', "contacts.txt")
    bad_first = write('{"email": \n{"email": "b@x.test"}\n', "contacts.jsonl")

    assert [type(row) for row in read(good)] == [ContactRow, ContactRow]
    assert [type(row) for row in read(bad_first)] == [Rejected, ContactRow]


# --- vCards ---------------------------------------------------------------------------------------


def test_vcards_of_three_versions() -> None:
    asa, anna, broken, nobody, bo = read(DATA / "cards.vcf")

    assert asa == contact(
        1,
        "asa@example.com",
        {"first_name": "Åsa", "last_name": "Björk", "company": "Acme", "phone": "+46 70 111"},
        properties={"department": "Sales", "other_emails": "home@example.com"},
    )
    assert anna == contact(
        14,
        "anna@example.com",
        ANNA | {"company": "Acme, Inc"},
        properties={
            "title": "Head of Sales",
            "url": "https://example.com",
            "address": "1 Street, Lund, 22222, Sweden",
            "categories": "fair, spring",
            "other_emails": "other@example.com",
        },
    )
    assert broken == Rejected(
        29, "The card can't be read: failed to parse line: this line is no property."
    )
    assert nobody == Rejected(35, "The row has no e-mail address.")
    assert bo == contact(
        40,
        "bo@example.com",
        {"first_name": "Bo", "last_name": "Ek", "phone": "+46-8-1"},
        properties={
            "phone_2": "+46-8-2",
            "timezone": "Europe/Stockholm",
            "birthday": "19800101",
            "other_emails": "second@example.com",
        },
    )


def test_a_vcard_of_windows(write: Write) -> None:
    text = (
        "BEGIN:VCARD\r\nVERSION:2.1\r\nN;CHARSET=ISO-8859-1;ENCODING=QUOTED-PRINTABLE:Bj=F6rk;=C5sa\r\n"
        "EMAIL:asa@example.com\r\nEND:VCARD\r\n"
    )
    cut = "BEGIN:VCARD\r\nVERSION:3.0\r\nEMAIL:b@example.com\r\n"

    asa, unfinished = read(write((text + cut).encode("utf-16"), "cards.vcf"))
    assert asa == contact(1, "asa@example.com", {"first_name": "Åsa", "last_name": "Björk"})
    assert unfinished == Rejected(6, "The card is not complete: it has no END:VCARD.")


# --- files that are refused whole -----------------------------------------------------------------

PNG = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x00\x10" + bytes(range(256)) * 8

REFUSED: dict[str, tuple[str | bytes, str]] = {
    "empty": ("", "is empty."),
    "blank": (" \n\n", "is empty."),
    "only a mark": (b"\xef\xbb\xbf", "is empty."),
    "only a wide mark": (b"\xff\xfe", "is empty."),
    "only a separator": ("sep=;\n", "is empty."),
    "a picture": (PNG, "is not a list of contacts but a PNG picture."),
    "another picture": (b"\xff\xd8\xff\xe0\x00\x10JFIF" + bytes(200), "a JPEG picture."),
    "a workbook": (b"PK\x03\x04\x14\x00\x06\x00" + bytes(200), "an Excel workbook"),
    "bytes of no kind": (bytes(range(256)) * 4, "is not a text file."),
    "zeros": (bytes(5000), "is not a text file."),
    "no e-mail column": (
        "Name,Work mail,Company\nAnna,a@x.test,Acme\n",
        "has no e-mail column; its columns are “Name”, “Work mail”, “Company”.",
    ),
    "no header line": (
        "Anna,a@x.test\nBo,b@x.test\n",
        "has no header line: line 1 is a contact already.",
    ),
    "a quote that never closes": (
        'email,note\na@x.test,"1\n2"\nb@x.test,"open\nc@x.test,\n',
        ":4: a quote opens on line 4 and never closes.",
    ),
    "a quote that never closes, later in its row": (
        'email,note,more\na@x.test,"1\n2","open\nc@x.test,,\n',
        ":3: a quote opens on line 3 and never closes.",
    ),
    "a quote that never closes in the header": (
        'email,"note\na@x.test,1\n',
        ":1: a quote opens on line 1 and never closes.",
    ),
    "text after a quoted head": ('email,"note"s\na@x.test,1\n', ":1: A quoted cell has text"),
    "one broken byte": (
        "email,name\na@x.test,Åsa Björk\n".encode() + b"b@x.test,\xc3\n",
        "is UTF-8, but line 3 holds a byte that isn't.",
    ),
    "half a wide character": (
        b"\xff\xfe" + "email\na@x.test".encode("utf-16-le") + b"\x00",
        "begins as UTF-16, but line 2 can't be decoded",
    ),
    "broken JSON": (
        '[{"email": "a@x.test"},\n {"email": }]',
        ":2: this is not valid JSON, column 12: expecting value.",
    ),
    "JSON that ends early": ('[{"email": "a@x.test"}', ":1: this is not valid JSON, column 23"),
    "JSON and more": ('[{"email": "a@x.test"}]\n[]', ":2: this is not valid JSON, column 1"),
    "an open JSON object": ('{"contacts": [\n{"email": "a@x.test"},\n', ":3: this is not valid"),
    "deep JSON": ("[" * 200_000, "it is nested too deeply."),
    "a long number": ("[" + "1" * 5000 + "]", "this is not valid JSON"),
    "JSON without an address": ('[{"name": "Anna"}]', "has no e-mail column"),
    "too many columns": ("email," + ",".join(f"c{n}" for n in range(2000)), "names 2001 columns"),
}


@pytest.mark.parametrize(("content", "sentence"), REFUSED.values(), ids=REFUSED)
def test_refused_whole_before_the_first_row(
    write: Write, content: str | bytes, sentence: str
) -> None:
    path = write(content)

    error = refused(path)
    assert sentence in error.message
    assert error.message.startswith(str(path))


def test_a_file_without_an_email_column_names_the_command(write: Write) -> None:
    path = write("Name,Work mail\nAnna,a@x.test\n")

    assert refused(path).hint == f"seqctl contact import {path} --map 'Work mail=email'"


def test_a_head_in_a_hint_is_safe_to_paste(write: Write) -> None:
    path = write("`reboot` mail,$(reboot)\n1,2\n", "a b.csv")

    assert refused(path).hint == (f"seqctl contact import '{path}' --map '`reboot` mail=email'")


def test_a_mapped_column_that_is_not_there_is_answered_with_the_nearest(write: Write) -> None:
    path = write("Name,Work mail\nAnna,a@x.test\n")

    near = refused(path, {"Wrk mail": "email"})
    assert near.message == f"{path} has no column “Wrk mail”; did you mean “Work mail”?"
    far = refused(path, {"Zzz": "email"})
    assert far.message.endswith("has no column “Zzz”; its columns are “Name”, “Work mail”.")


@pytest.mark.parametrize("target", ["owner", "Now in sequence", "%"])
def test_a_column_is_not_mapped_to_what_the_engine_keeps(write: Write, target: str) -> None:
    path = write("email,x\na@x.test,1\n")

    assert f"“x” can't become “{target}”" in refused(path, {"x": target}).message


def test_files_that_are_not_there(tmp_path: Path) -> None:
    missing, folder = tmp_path / "none.csv", tmp_path

    assert refused(missing).message == f"There is no file {missing}."
    assert refused(folder).message == f"{folder} is a folder, not a file."
    assert "can't be read" in refused(Path("a\0b.csv")).message


# --- speed ----------------------------------------------------------------------------------------


@pytest.mark.timeout(30)  # what takes a moment would take minutes if it grew with the square
def test_a_hundred_thousand_rows_are_read(write: Write) -> None:
    head = "first_name,last_name,company_name,address,city,zip,phone1,phone2,email,web\n"
    row = (
        'Anna,Berg,"Berg, Ek & Co",1 Street,Lund,01234,046 111,046 222,anna{}@example.com,x.test\n'
    )
    path = write(head + "".join(map(row.format, range(100_000))))

    count = sum(isinstance(row, ContactRow) for row in read_contacts(path))

    assert count == 100_000
