"""One comparison of words that people write in many ways: case, spaces and spelling of characters aside.

`Företag AB`, `FÖRETAG  AB` and ` företag ab ` are one company, in the company rules as in filters
(rules, "One comparison"). SQL knows the case of ASCII only, so the tables keep the folded text beside
the text.
"""

from __future__ import annotations

import unicodedata


def folded(text: str) -> str:
    """The text in the form in which it is compared.

    Case is Unicode's (`ß` is `ss`), a run of spaces is one and none stands at the ends, wide, composed and
    decomposed characters are one (Unicode's compatibility caseless matching, D146), and what can't be seen
    doesn't count.
    """
    if not text.isascii():
        text = "".join(c for c in text if unicodedata.category(c) != "Cf")
        text = unicodedata.normalize("NFKD", unicodedata.normalize("NFD", text).casefold())
        text = unicodedata.normalize("NFKC", text.casefold())
    return " ".join(text.casefold().split())


def same_company(one: str, other: str) -> bool:
    """Whether two contacts' companies are one; nobody is a colleague for having no company."""
    company = folded(one)
    return bool(company) and company == folded(other)
