"""The courier with a real Postfix: what it hands over arrives, once, and what it drops never does."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from seqctl.mail.office import Office
from seqctl.ports.mail import AccountRefused, Courier, Envelope, Handover, Verdict
from tests.mail.accounts import account_of
from tests.mail.servers import GREYLISTED, REFUSED_AT_RCPT, MailWorld


def mail(id: int, to: str, body: str = "hello", sender: str = "rep@seq.test") -> Envelope:
    head = f"From: {sender}\r\nTo: {to}\r\nMessage-ID: <{id}@seq.test>\r\nSubject: {id}\r\n\r\n"
    return Envelope(id, sender, to, f"{head}{body}\r\n".encode())


@pytest.fixture
def courier(mail_world: MailWorld, tmp_path: Path) -> Iterator[Courier]:
    made = Office().courier(account_of(mail_world, "rep", tmp_path))
    yield made
    made.close()


def handed(courier: Courier, *mails: Envelope) -> dict[int, Handover]:
    return {one.id: one for one in courier.begin(mails) + courier.finish()}


@pytest.mark.parametrize("starttls", [True, False])
@pytest.mark.parametrize("token", [True, False])
def test_what_is_handed_over_arrives(
    mail_world: MailWorld, tmp_path: Path, starttls: bool, token: bool
) -> None:
    mail_world.empty("lead10")
    account = account_of(mail_world, "rep", tmp_path, starttls=starttls, token=token)
    courier = Office().courier(account)
    answers = handed(courier, mail(1, "lead10@seq.test", ".\r\n..\r\nfine"))
    courier.close()
    assert answers[1].verdict is Verdict.ACCEPTED
    assert answers[1].words.startswith("250 2.0.0 Ok: queued as ")
    (raw,) = mail_world.mails("lead10", at_least=1)
    assert raw.endswith(b"\r\n\r\n.\r\n..\r\nfine\r\n")


def test_four_at_once_and_again(mail_world: MailWorld, courier: Courier) -> None:
    mail_world.empty("lead11")
    for first in (10, 20, 30):
        answers = handed(courier, *(mail(first + n, "lead11@seq.test") for n in range(4)))
        assert {one.verdict for one in answers.values()} == {Verdict.ACCEPTED}
    assert len(mail_world.mails("lead11", at_least=12)) == 12


def test_what_is_dropped_never_arrives(mail_world: MailWorld, courier: Courier) -> None:
    mail_world.empty("lead12")
    assert courier.begin([mail(40 + n, "lead12@seq.test") for n in range(4)]) == []
    courier.drop([40, 42])
    assert [one.id for one in courier.finish()] == [41, 43]
    assert courier.begin([mail(44, "lead12@seq.test")]) == []
    courier.drop([44])
    assert handed(courier, mail(45, "lead12@seq.test"))[45].verdict is Verdict.ACCEPTED
    arrived = b"".join(mail_world.mails("lead12", at_least=3))
    assert [n for n in range(40, 46) if b"<%d@seq.test>" % n in arrived] == [41, 43, 45]


def test_bad_and_good_recipients_side_by_side(mail_world: MailWorld, courier: Courier) -> None:
    mail_world.empty("lead13")
    answers = handed(
        courier,
        mail(50, REFUSED_AT_RCPT),
        mail(51, GREYLISTED),
        mail(52, "lead13@seq.test"),
        mail(53, "lead13@seq.test", sender="rep2@seq.test"),
    )
    assert answers[50].verdict is Verdict.BAD_RECIPIENT
    assert "nobody of this name" in answers[50].words
    assert answers[51].verdict is Verdict.TRY_LATER
    assert answers[52].verdict is Verdict.ACCEPTED
    assert answers[53].verdict is Verdict.ACCOUNT
    assert "Sender address rejected" in answers[53].words
    again = handed(courier, *(mail(54 + n, "lead13@seq.test") for n in range(4)))
    assert {one.verdict for one in again.values()} == {Verdict.ACCEPTED}
    mail_world.mails("lead13", at_least=5)


def test_a_mail_that_postfix_finds_too_big(courier: Courier) -> None:
    answers = handed(courier, mail(60, "lead14@seq.test", "x" * 5_000_000))
    assert answers[60].verdict is Verdict.REFUSED
    assert "the server takes no more than 4000000" in answers[60].words


def test_a_wrong_password(mail_world: MailWorld, tmp_path: Path) -> None:
    account = account_of(mail_world, "rep", tmp_path)
    (tmp_path / "secret").write_text("wrong\n")
    with pytest.raises(
        AccountRefused, match=r"does not let rep@seq\.test in: 535 5\.7\.8"
    ) as caught:
        Office().courier(account)
    assert caught.value.hint == "seqctl inbox connect rep@seq.test … --password-cmd 'COMMAND'"


def test_a_token_that_has_run_out(mail_world: MailWorld, tmp_path: Path) -> None:
    account = account_of(mail_world, "rep", tmp_path, token=True)
    assert account.secret is not None
    late = mail_world.token("rep", lifetime=-60)
    place = account.secret.place.replace(mail_world.token("rep"), late)
    bad = account._replace(secret=account.secret._replace(place=place))
    if place == account.secret.place:  # the second has turned between the two tokens
        pytest.skip("no other token")
    with pytest.raises(AccountRefused) as caught:
        Office().courier(bad)
    assert late not in str(caught.value)
    assert "--token-cmd" in caught.value.hint


def test_without_the_authority(mail_world: MailWorld, tmp_path: Path) -> None:
    account = account_of(mail_world, "rep", tmp_path)._replace(ca_file=None)
    with pytest.raises(AccountRefused) as caught:
        Office().courier(account)
    assert "--ca-file" in caught.value.hint
