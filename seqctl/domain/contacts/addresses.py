"""E-mail addresses: their form only, never whether anybody answers there (rules, "Addresses")."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

from seqctl.domain.errors import WrongUsage

LONGEST = 254
# An address no longer than this breaks no limit: 64 characters before the @-sign, 63 a label.
SHORT = 64
SHOWN = 60

# What nearly every address looks like. It accepts less than email_validator does (a property test
# holds it to that), so that an import doesn't pay for the full check a hundred thousand times.
_PLAIN = re.compile(
    r"[a-z0-9_!#$%&'*+\-/=?^`{|}~]+(?:\.[a-z0-9_!#$%&'*+\-/=?^`{|}~]+)*"
    r"@(?:[a-z0-9]+(?:-[a-z0-9]+)*\.)+"
    r"(?!(?:arpa|invalid|local|localhost|onion)\Z)[a-z]{2,}"
)
# What copying out of an address book leaves around an address, besides white space.
_INVISIBLE = "\u200b\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2060\u2066\u2067\u2068\u2069\ufeff"
_EDGES = re.compile(rf"\A[\s{_INVISIBLE}]+|[\s{_INVISIBLE}]+\Z")
_SEPARATOR = re.compile(r":::|[;,\n]")
_BRACKETED = re.compile(r"<([^<>]*)>")


class InvalidAddress(WrongUsage):
    """A text is no e-mail address. `reason` says why, without the text itself."""

    code = "INVALID_ADDRESS"

    def __init__(self, text: str, reason: str) -> None:
        shown = text if len(text) <= SHOWN else text[:SHOWN] + "…"
        super().__init__(f"“{shown}” is not an e-mail address: {reason}.")
        self.reason = reason


def parse_address(text: str) -> str:
    """The address in the form in which it is stored and compared: trimmed, lower case.

    `.test` and `example.com` pass, as do international addresses; nothing is looked up.

    Raises InvalidAddress.
    """
    address = text.strip().lower()
    if len(address) <= SHORT and _PLAIN.fullmatch(address):
        return address
    return _parse_unusual(text)


def stored_form(text: str) -> str:
    """The form in which the address that a text may be is stored and compared.

    Trimmed, in lower case, an international domain in its own letters (`xn--…` is how servers are told
    it). What is no address stays as it stands but for that.
    """
    address = text.strip().lower()
    if address.isascii() and "xn--" not in address:
        return address
    try:
        return _parse_unusual(address)
    except InvalidAddress:
        return unicodedata.normalize("NFC", address)


def addresses_among(text: str) -> list[str]:
    """The addresses that a text of somebody's own names, such as `other_emails`, in their stored form."""
    words = re.split(r"[\s,;|<>]+|:::", text)
    return list(dict.fromkeys(stored_form(word) for word in words if "@" in word))


def parse_addresses(text: str) -> list[str]:
    """The addresses of one cell, first things first (rules, "Importing contacts").

    `a@x ::: b@x`, `a@x; b@x` and `a@x, b@x` are several; `Anna Berg <a@x>` and `mailto:a@x` are
    taken as meant. Only the first has to be valid; the others are kept as they stand.

    Raises InvalidAddress for the first, and for a cell that holds something other than addresses.
    """
    address = text.strip().lower()
    if len(address) <= SHORT and _PLAIN.fullmatch(address):
        return [address]
    parts = [part for raw in _SEPARATOR.split(text) if (part := _trimmed(raw))]
    if _BRACKETED.search(text):
        parts = [part for part in parts if "@" in part]  # "Berg, Anna <a@x>": the name goes
    if not parts:
        raise InvalidAddress(_trimmed(text), "there is no address in it")
    first, *others = map(_unwrapped, parts)
    return [parse_address(first), *map(_kept, others)]


def domain_of(address: str) -> str:
    """What stands after the @-sign, in lower case."""
    return address.rpartition("@")[2].lower()


@lru_cache(maxsize=1024)
def ascii_domain(domain: str) -> str:
    """A domain as servers are told it: an international one in its ASCII form, `xn--…` (RFC 5891).

    Raises InvalidAddress for one that has no such form.
    """
    if domain.isascii():
        return domain
    from email_validator import EmailNotValidError, validate_email

    address = f"a@{domain}"
    try:
        found = validate_email(address, check_deliverability=False, test_environment=True)
    except EmailNotValidError as error:
        raise InvalidAddress(address, _one_clause(str(error))) from None
    return found.ascii_domain


def _parse_unusual(text: str) -> str:
    from email_validator import EmailNotValidError, validate_email

    address = _trimmed(text).lower()
    if not address:
        raise InvalidAddress(address, "it is empty")
    if len(address) > LONGEST:
        raise InvalidAddress(address, f"it is longer than {LONGEST} characters")
    try:
        found = validate_email(address, check_deliverability=False, test_environment=True)
    except EmailNotValidError as error:
        raise InvalidAddress(address, _one_clause(str(error))) from None
    return found.normalized.lower()


def _one_clause(sentences: str) -> str:
    parts = sentences.rstrip(".").split(". ")
    return "; ".join(part[:1].lower() + part[1:] for part in parts)


def _trimmed(text: str) -> str:
    return _EDGES.sub("", text)


def _unwrapped(part: str) -> str:
    """`Anna <mailto:a@x>` without the name and the scheme."""
    bracketed = _BRACKETED.search(part)
    bare = _trimmed(bracketed[1]) if bracketed else part
    return bare[7:] if bare[:7].lower() == "mailto:" else bare


def _kept(part: str) -> str:
    """A further address, normalised where it is valid."""
    if "@" not in part:
        raise InvalidAddress(part, "it stands after an address and has no @-sign")
    try:
        return parse_address(part)
    except InvalidAddress:
        return part
