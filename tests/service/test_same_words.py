"""Companies and addresses are one however they are written (rules, "One comparison")."""

from __future__ import annotations

import pytest

from seqctl.domain.contacts.addresses import parse_address
from seqctl.mail.reading.header_values import address_in
from seqctl.service.contacts.blocks import add
from seqctl.service.enrollments.enrolling import Request, enroll
from tests.desk import MAILS, Desk
from tests.domain.contacts.test_folding import ONE, TWO

ASKS = MAILS + "unenroll_on: {company_reply: true, company_meeting: true}\n"


@pytest.mark.parametrize(("what", "reason"), [("replied", "reply"), ("meeting", "meeting")])
def test_whoever_answers_answers_for_the_company(desk: Desk, what: str, reason: str) -> None:
    desk.apply(ASKS)
    pairs = [*ONE, *TWO]
    for number, (one, other) in enumerate(pairs):
        desk.contact(f"a{number}", company=one)
        desk.contact(f"b{number}", company=other)
    for number in range(len(pairs)):
        desk.enroll(f"a{number}", f"b{number}")
        a, b = desk.store.enrollments.live()[-2:]
        desk.mark(f"a{number}", what)
        expected = f"company-{reason}" if number < len(ONE) else None
        assert (desk.row(a.id).reason, desk.row(b.id).reason) == (reason, expected), pairs[number]
        desk.unenroll(f"b{number}")


def test_a_blocked_domain_ends_whoever_is_there(desk: Desk) -> None:
    desk.apply()
    contacts = ["ada@straße.test", "ben@bücher.test"]
    for name, address in zip(("s", "t"), contacts, strict=True):
        desk.contact(name)
        desk.store.connection.execute(
            "UPDATE contact SET email = ? WHERE email = ?",
            (parse_address(address), f"{name}@x.test"),
        )
    now = desk.now
    enroll(desk.store, desk.me, now, Request("intro", tuple(contacts)))
    assert add(desk.store, desk.me, now, ["@STRASSE.test"]).ended == 0
    assert add(desk.store, desk.me, now, ["@Straße.test", "@xn--bcher-kva.test"]).ended == 2


def test_an_address_is_found_as_somebody_types_it(desk: Desk) -> None:
    desk.apply()
    desk.contact("s")
    desk.store.connection.execute(
        "UPDATE contact SET email = 'åsa@bücher.test' WHERE email = 's@x.test'"
    )
    typed = ("ÅSA@BÜCHER.test", "A\u030asa@xn--bcher-kva.test")
    outcome = enroll(desk.store, desk.me, desk.now, Request("intro", typed))
    assert (outcome.done, outcome.refused) == ([1], [])


def test_a_sender_is_known_by_the_ascii_form_of_its_domain() -> None:
    assert address_in("B <B@XN--BCHER-KVA.example>") == "b@bücher.example"
    assert address_in("b@xn--0") == "b@xn--0"
