"""Message-IDs: the number, and a hash that only this workspace can make."""

from __future__ import annotations

import hmac

from seqctl.domain.sending.message_ids import message_id, message_of


def test_the_number_a_keyed_hash_and_the_senders_domain() -> None:
    keyed = hmac.new(b"s3cret", b"message:17", "sha256").hexdigest()[:24]
    assert message_id(17, "s3cret", "ada@mail.example.com") == f"<17.{keyed}@mail.example.com>"


def test_another_number_or_secret_gives_another_hash() -> None:
    ids = {message_id(n, s, "a@b.example").split(".", 1)[1] for n in (1, 2) for s in ("x", "y")}
    assert len(ids) == 4


def test_an_international_domain_stands_there_in_ascii() -> None:
    made = message_id(17, "s3cret", "åsa@bücher.example")
    assert made.endswith("@xn--bcher-kva.example>")
    assert message_of(made, "s3cret") == 17
