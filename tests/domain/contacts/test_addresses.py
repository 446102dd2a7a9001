"""Addresses: what is taken, what is refused and why, and that the quick path accepts no more."""

from __future__ import annotations

import pytest
from email_validator import validate_email
from hypothesis import example, given
from hypothesis import strategies as st

from seqctl.domain.contacts import addresses
from seqctl.domain.contacts.addresses import (
    InvalidAddress,
    ascii_domain,
    domain_of,
    parse_address,
    parse_addresses,
)

TAKEN = {
    "anna@example.com": "anna@example.com",
    "  Anna.Berg@EXAMPLE.com ": "anna.berg@example.com",
    "anna+fair@sub.example.co.uk": "anna+fair@sub.example.co.uk",
    "a@b.test": "a@b.test",
    "anna@test": "anna@test",
    "o'hara@example.com": "o'hara@example.com",
    "åsa@example.com": "åsa@example.com",
    "anna@bücher.example": "anna@bücher.example",
    "anna@xn--bcher-kva.example": "anna@bücher.example",
    "\u202aanna@example.com\u202c": "anna@example.com",
    "\u200banna@example.com\u00a0": "anna@example.com",
    "x" * 64 + "@example.com": "x" * 64 + "@example.com",
}

REFUSED = {
    "": "it is empty",
    "   ": "it is empty",
    "anna": "@-sign",
    "anna@": "something after the @-sign",
    "@example.com": "something before the @-sign",
    "anna@example": "should have a period",
    "anna..berg@example.com": "two periods",
    ".anna@example.com": "period",
    "anna@-example.com": "hyphen",
    "anna@exa_mple.com": "invalid characters",
    "anna@localhost": "period",
    "anna@printer.local": "special-use",
    "anna@example.invalid": "special-use",
    "anna@10.0.0.1": "top-level domain",
    "anna@b@example.com": "invalid characters",
    "anna berg@example.com": "invalid characters",
    "anna@ab--c.com": "two dashes",
    "a@" + "b" * 64 + ".com": "so many characters",
    "x" * 300 + "@example.com": "longer than 254",
    "anna@" + "x" * 200_000: "longer than 254",
}


@pytest.mark.parametrize(("text", "address"), TAKEN.items())
def test_taken(text: str, address: str) -> None:
    assert parse_address(text) == address


@pytest.mark.parametrize(("text", "reason"), REFUSED.items(), ids=range(len(REFUSED)))
def test_refused_with_its_reason(text: str, reason: str) -> None:
    with pytest.raises(InvalidAddress) as refused:
        parse_address(text)

    assert reason in refused.value.reason
    assert refused.value.reason in refused.value.message
    assert refused.value.code == "INVALID_ADDRESS"
    assert refused.value.message.count(". ") == 0
    assert len(refused.value.message) < 300


SEVERAL = {
    "anna@x.test ::: bo@x.test": ["anna@x.test", "bo@x.test"],
    "anna@x.test; Bo@x.test": ["anna@x.test", "bo@x.test"],
    "anna@x.test, bo@x.test,": ["anna@x.test", "bo@x.test"],
    "anna@x.test\nbo@x.test": ["anna@x.test", "bo@x.test"],
    "; ; anna@x.test": ["anna@x.test"],
    "Anna Berg <anna@x.test>": ["anna@x.test"],
    "Berg, Anna <Anna@x.test>; bo@x.test": ["anna@x.test", "bo@x.test"],
    '"Berg, Anna" <anna@x.test>': ["anna@x.test"],
    "mailto:anna@x.test": ["anna@x.test"],
    "MAILTO:Anna@x.test": ["anna@x.test"],
    "Anna <mailto:anna@x.test>": ["anna@x.test"],
    "anna@x.test; bo@nowhere": ["anna@x.test", "bo@nowhere"],
}


@pytest.mark.parametrize(("text", "found"), SEVERAL.items())
def test_the_addresses_of_a_cell(text: str, found: list[str]) -> None:
    assert parse_addresses(text) == found


@pytest.mark.parametrize(
    "text", ["Anna; anna@x.test", "anna@x.test, Anna", "<>", "Anna <>", ";", "anna <at> x.test"]
)
def test_a_cell_that_holds_something_else_is_refused(text: str) -> None:
    with pytest.raises(InvalidAddress):
        parse_addresses(text)


def test_domains() -> None:
    assert domain_of("anna@Sub.Example.com") == "sub.example.com"


@given(
    st.from_regex(addresses._PLAIN, fullmatch=True)
    | st.from_regex(r"[a-z.+'-]{1,8}@[a-z0-9.-]{1,30}\.(?:com|test|local|arpa)", fullmatch=True)
)
@example("a@b.xn--bcher-kva")
@example("a@x--y.com")
@example("a@1.2")
@example("a@b.onion")
@example("a@" + "b" * 63 + ".c")
def test_the_quick_path_accepts_no_more_than_the_full_check(text: str) -> None:
    if len(text) > addresses.SHORT or not addresses._PLAIN.fullmatch(text):
        return
    found = validate_email(text, check_deliverability=False, test_environment=True)

    assert found.normalized.lower() == text == parse_address(text)


@given(
    st.text(max_size=40)
    | st.builds("{}@{}.test".format, st.text(max_size=10), st.text(max_size=10))
)
@example("İ@example.com")
@example("K@example.com")
def test_an_address_that_is_taken_is_taken_again_as_it_is(text: str) -> None:
    try:
        address = parse_address(text)
    except InvalidAddress:
        return

    assert parse_address(address) == address
    assert address == address.lower()


@given(st.text(max_size=60))
def test_the_first_address_of_a_cell_is_a_valid_one(text: str) -> None:
    try:
        first, *_ = parse_addresses(text)
    except InvalidAddress:
        return

    assert parse_address(first) == first


@pytest.mark.parametrize(
    ("domain", "ascii"),
    [
        ("example.com", "example.com"),
        ("bücher.example", "xn--bcher-kva.example"),
        ("straße.example", "xn--strae-oqa.example"),
        ("日本.test", "xn--wgv71a.test"),
    ],
)
def test_domains_as_servers_are_told_them(domain: str, ascii: str) -> None:
    assert ascii_domain(domain) == ascii


@pytest.mark.parametrize("domain", ["bü cher.example", "ü\r\n.example", "ü..example", "-ü.example"])
def test_what_has_no_such_form_is_refused(domain: str) -> None:
    with pytest.raises(InvalidAddress):
        ascii_domain(domain)
