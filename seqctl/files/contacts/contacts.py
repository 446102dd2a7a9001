"""Contact files of every kind, read row by row (rules, "Importing contacts"). Nothing is stored here."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

from seqctl.domain.contacts.addresses import InvalidAddress, parse_addresses
from seqctl.files.contacts.decoding import name_of, read_text
from seqctl.files.contacts.heads import Plan, plan_columns, split_name
from seqctl.files.contacts.refusals import is_set, said_by
from seqctl.files.contacts.tables import Cells, Rejected, Table, read_delimited

__all__ = ["ContactRow", "Rejected", "read_contacts"]

LONGEST_CELL = 1_000_000
NDJSON_SUFFIXES = (".ndjson", ".jsonl")
TAB_SUFFIXES = (".tsv", ".tab")


class ContactRow(NamedTuple):
    """One contact of a file.

    `line` is the line where its row begins (the first line is 1). `fields` holds those of
    first_name, last_name, company and phone that have a value; `properties` the other columns that
    have one, and `other_emails`.
    """

    line: int
    email: str
    fields: dict[str, str]
    properties: dict[str, str]
    opted_out: bool
    bounced: bool


def read_contacts(
    path: Path | str,
    *,
    mapping: Mapping[str, str] = MappingProxyType({}),
    text: str | None = None,
) -> Iterator[ContactRow | Rejected]:
    """Read CSV, TSV, JSON, NDJSON or vCards, told apart by their content; "-" is standard input.

    `mapping` says what a column means where its name doesn't: column -> field or property. A row
    that can't be imported comes as Rejected and never stops the rest. `text` is what stands in the
    file, where it was read already: a pipe is read only once.

    Raises BadFile, before there is any row, where the file as a whole can't be used.
    """
    name = name_of(path)
    text = read_text(path) if text is None else text
    table = _table(text, Path(path).suffix.lower(), name)
    if not table.columns:
        return (row for row in table.rows if isinstance(row, Rejected))
    return _contacts(table, plan_columns(table.columns, mapping, name))


def _table(text: str, suffix: str, name: str) -> Table:
    from seqctl.files.contacts import objects, vcard

    beginning = text.lstrip()[:1]
    if vcard.looks_like_vcard(text):
        return vcard.read_vcards(text, name)
    if beginning in "[{":
        if suffix in NDJSON_SUFFIXES or objects.looks_like_ndjson(text):
            return objects.read_ndjson(text, name)
        return objects.read_json(text, name)
    return read_delimited(text, name, prefer_tabs=suffix in TAB_SUFFIXES)


def _contacts(table: Table, plan: Plan) -> Iterator[ContactRow | Rejected]:
    contact = _contact_maker(plan)
    for row in table.rows:
        yield row if isinstance(row, Rejected) else contact(row)


def _contact_maker(plan: Plan) -> Callable[[Cells], ContactRow | Rejected]:
    """The function from one row of a file to its contact; it is called for every row."""
    emails_at, fields_at, name_at, properties_at, opted_out_at, bounced_at, statuses = plan

    def contact(row: Cells) -> ContactRow | Rejected:
        line, texts = row
        cells = [text.strip() for text in texts]
        if max(map(len, cells)) > LONGEST_CELL:
            return Rejected(line, f"A cell is longer than {LONGEST_CELL:,} characters.")
        addresses = [cells[at] for at in emails_at if cells[at]]
        if not addresses:
            return Rejected(line, "The row has no e-mail address.")
        try:
            email, *others = _addresses(addresses)
        except InvalidAddress as error:
            return Rejected(line, error.message)
        fields = {field: value for field, at in fields_at if (value := cells[at])}
        properties = {name: value for name, at in properties_at if (value := cells[at])}
        if name_at is not None and cells[name_at]:
            fields |= _named(cells[name_at])
        if others:
            properties["other_emails"] = "; ".join(others)
        said = [said_by(head, cells[at], mapped=mapped) for at, head, mapped in statuses]
        opted_out = any(is_set(cells[at]) for at in opted_out_at) or any(s.opted_out for s in said)
        bounced = any(is_set(cells[at]) for at in bounced_at) or any(s.bounced for s in said)
        return ContactRow(line, email, fields, properties, opted_out, bounced)

    return contact


def _addresses(texts: list[str]) -> list[str]:
    """The addresses of a row's e-mail cells, the contact's own first, each once."""
    first, *further = texts
    addresses = parse_addresses(first)
    for text in further:
        addresses += _lenient(text)
    return addresses if len(addresses) == 1 else list(dict.fromkeys(addresses))


def _lenient(text: str) -> list[str]:
    """The addresses of a further e-mail cell; one that holds something else is kept as it is."""
    try:
        return parse_addresses(text)
    except InvalidAddress:
        return [text]


def _named(name: str) -> dict[str, str]:
    first_name, last_name = split_name(name)
    named = {"first_name": first_name, "last_name": last_name}
    return {field: value for field, value in named.items() if value}
