"""The servers that later tests stand on do what those tests believe."""

from __future__ import annotations

import imaplib
import smtplib
import ssl

import pytest

from tests.mail.servers import MailWorld

MAIL = b"From: rep@seq.test\r\nTo: %s\r\nSubject: hello\r\nMessage-ID: <%s>\r\n\r\nHi\r\n"


def submit(world: MailWorld, to: str, raw: bytes) -> None:
    context = ssl.create_default_context(cafile=world.ca_file)
    with smtplib.SMTP(world.host, world.ports.submission) as client:
        client.starttls(context=context)
        client.login(world.address("rep"), world.password)
        client.sendmail(world.address("rep"), [to], raw)


def test_a_submitted_mail_arrives(mail_world: MailWorld) -> None:
    mail_world.empty("lead1")
    submit(mail_world, "lead1@seq.test", MAIL % (b"lead1@seq.test", b"1@seq.test"))
    (mail,) = mail_world.mails("lead1", at_least=1)
    assert b"Message-ID: <1@seq.test>" in mail


def test_a_mail_for_nobody_bounces(mail_world: MailWorld) -> None:
    mail_world.empty("rep")
    submit(mail_world, "nobody@seq.test", MAIL % (b"nobody@seq.test", b"2@seq.test"))
    (bounce,) = mail_world.mails("rep", at_least=1)
    assert b"message/delivery-status" in bounce
    assert b"Status: 5.1.1" in bounce
    assert b"Message-ID: <2@seq.test>" in bounce


def test_a_mail_can_be_put_into_a_mailbox(mail_world: MailWorld) -> None:
    mail_world.empty("rep2")
    mail_world.deliver("rep2", b"Subject: put\r\n\r\nthere\r\n")
    (mail,) = mail_world.mails("rep2", at_least=1)
    assert b"Subject: put" in mail
    assert mail_world.mails("rep2", "Sent") == []


def test_a_token_is_as_good_as_a_password(mail_world: MailWorld) -> None:
    context = ssl.create_default_context(cafile=mail_world.ca_file)
    words = f"user=rep@seq.test\1auth=Bearer {mail_world.token('rep')}\1\1"
    with imaplib.IMAP4_SSL(mail_world.host, mail_world.ports.imaps, ssl_context=context) as client:
        assert client.authenticate("XOAUTH2", lambda _: words.encode())[0] == "OK"
    late = f"user=rep@seq.test\1auth=Bearer {mail_world.token('rep', lifetime=-60)}\1\1"
    with smtplib.SMTP_SSL(mail_world.host, mail_world.ports.smtps, context=context) as client:
        assert client.auth("XOAUTH2", lambda _=None: words)[0] == 235
    with (
        smtplib.SMTP_SSL(mail_world.host, mail_world.ports.smtps, context=context) as client,
        pytest.raises(smtplib.SMTPAuthenticationError),
    ):
        client.auth("XOAUTH2", lambda _=None: late)
