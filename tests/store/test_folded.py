"""What SQL finds by folded text is what the domain compares (rules, "One comparison")."""

from __future__ import annotations

from random import Random

from seqctl.domain.contacts.addresses import addresses_among, stored_form
from seqctl.domain.contacts.filters import parse_filter
from seqctl.domain.contacts.folding import folded, same_company
from tests.desk import MONDAY, Desk, at

NAMES = ["Företag AB", "Straße", "acme", "ΣΟΦΟΣ", "Ａｃｍｅ", "ılk", "İlk", "", " ", "o'Neil %_"]


def written(random: Random, name: str) -> str:
    """The name as somebody else would write it."""
    text = random.choice([str, str.upper, str.lower, str.title, str.swapcase])(name)
    return random.choice(["", " ", "\t"]) + text.replace(" ", random.choice([" ", "  ", "\u00a0"]))


def test_a_company_is_found_as_it_is_compared(desk: Desk) -> None:
    random = Random(3)
    companies = {f"p{n}": written(random, random.choice(NAMES)) for n in range(60)}
    desk.apply()
    for name, company in companies.items():
        desk.contact(name, company=company)
    for name in list(companies)[::3]:  # a company that changes is found by its new name alone
        companies[name] = written(random, random.choice(NAMES))
        desk.change(name, company=companies[name])
    desk.enroll(*companies)
    contacts = desk.store.contacts.find(map(at, companies))
    ids = {contacts[at(name)].id: company for name, company in companies.items()}
    for company in {*companies.values(), "ACME", "acm", "nobody"}:
        expected = [id for id, other in ids.items() if same_company(company, other)]
        live = desk.store.enrollments.live(company=company)
        assert [e.contact_id for e in live] == expected, ascii(company)
        if folded(company):
            asked = parse_filter(f"company={company}", now=MONDAY, zone="UTC")
            found = desk.store.contacts.matching([asked])
            assert [contact.id for contact in found] == expected, ascii(company)


def test_a_company_is_found_without_reading_the_table(desk: Desk) -> None:
    plan = desk.store.connection.execute(
        "EXPLAIN QUERY PLAN SELECT id FROM contact WHERE company_folded = ? AND company_folded <> ''",
        ("x",),
    )
    assert ["contact_of_company" in row[3] for row in plan] == [True]


def test_an_alias_is_found_as_it_is_written_elsewhere(desk: Desk) -> None:
    others = "Åsa@FÖRETAG.test; <b@xn--bcher-kva.example>, none ::: C@x.test"
    desk.contact("dora", properties={"other_emails": others})
    (id,) = (c.id for c in desk.store.contacts.find([at("dora")]).values())
    expected = ["åsa@företag.test", "b@bücher.example", "c@x.test"]
    assert addresses_among(others) == expected
    asked = [stored_form(a) for a in ("A\u030asa@företag.test", "B@BÜCHER.example", "c@X.test")]
    assert desk.store.received.aliases(asked) == dict.fromkeys(expected, id)
    desk.change("dora", properties={"other_emails": "d@x.test"})
    assert desk.store.received.aliases([*asked, "d@x.test"]) == {"d@x.test": id}
    desk.store.contacts.erase(id, MONDAY)
    assert desk.store.received.aliases([*asked, "d@x.test"]) == {}
