"""An inbox's account as JSON text, and back."""

from __future__ import annotations

import json
from typing import Any

from seqctl.domain.sending.accounts import Account, Secret, SecretKind, Server


def to_text(account: Account) -> str:
    """What differs from an account that neither sends nor reads."""
    usual = Account()._asdict()
    return json.dumps({k: v for k, v in account._asdict().items() if v != usual[k]})


def from_text(text: str) -> Account:
    """What `to_text` wrote."""
    raw: dict[str, Any] = json.loads(text)
    for name in ("smtp", "imap"):
        if name in raw:
            raw[name] = Server(*raw[name])
    if "secret" in raw:
        kind, place = raw["secret"]
        raw["secret"] = Secret(SecretKind(kind), place)
    return Account(**raw)
