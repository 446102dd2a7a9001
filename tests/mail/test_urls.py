"""Servers as people name them."""

from __future__ import annotations

import pytest

from seqctl.domain.errors import WrongUsage
from seqctl.domain.sending.accounts import Server
from seqctl.mail.account.presets import PRESETS
from seqctl.mail.account.urls import server_of


@pytest.mark.parametrize(
    ("url", "server"),
    [
        ("smtps://mail.acme.test", Server("mail.acme.test", 465, "me", True)),
        ("smtp://mail.acme.test", Server("mail.acme.test", 587, "me", False)),
        ("imaps://mail.acme.test/", Server("mail.acme.test", 993, "me", True)),
        ("imap://mail.acme.test:1143", Server("mail.acme.test", 1143, "me", False)),
        ("SMTPS://ann@Mail.acme.test:25", Server("Mail.acme.test", 25, "ann", True)),
        (
            "smtps://ann%40acme.test@mail.acme.test",
            Server("mail.acme.test", 465, "ann@acme.test", True),
        ),
        (
            "smtps://ann@acme.test@mail.acme.test",
            Server("mail.acme.test", 465, "ann@acme.test", True),
        ),
        ("smtps://a%3Ab%2Fc@h", Server("h", 465, "a:b/c", True)),
        ("smtps://z%C3%B6e@h", Server("h", 465, "zöe", True)),
        ("smtps://@h", Server("h", 465, "me", True)),
        ("smtps://[::1]:465", Server("::1", 465, "me", True)),
        ("smtps://bücher.test", Server("bücher.test", 465, "me", True)),
        ("smtps://h:", Server("h", 465, "me", True)),
    ],
)
def test_servers(url: str, server: Server) -> None:
    assert server_of(url, "me") == server


@pytest.mark.parametrize(
    "url",
    [
        "",
        "mail.acme.test",
        "mail.acme.test:465",
        "http://mail.acme.test",
        "smtps:mail.acme.test",
        "smtps://",
        "smtps://:465",
        "smtps://ann@",
        "smtps://h:0",
        "smtps://h:65536",
        "smtps://h:x",
        "smtps://h:٤٦٥",
        "smtps://h/INBOX",
        "smtps://h?x=y",
        "smtps://h#x",
        "smtps://a b",
        "smtps://h\nx",
        "smtps://[::1",
        "smtps://[]:465",
        "smtps://a%00b@h",
        "smtps://%FF@h",
    ],
)
def test_what_is_no_server(url: str) -> None:
    with pytest.raises(WrongUsage) as caught:
        server_of(url, "me")
    assert "ann@acme.test@mail.acme.test:" in caught.value.hint


@pytest.mark.parametrize(
    "url",
    [
        "smtps://ann:canary@h",
        "smtps://ann@acme.test:canary@h:465",
        "smtps://ann:can@ary@h",
        "smtps://:canary@h",
        "imap://ann:canary/x@h",
        "smtps://ann:canary@",
        "smtps://ann:canary@h/path",
    ],
)
def test_a_password_is_refused_and_not_repeated(url: str) -> None:
    with pytest.raises(WrongUsage, match="A password in the URL") as caught:
        server_of(url, "me")
    for word in ("canary", "ary@"):
        assert word not in caught.value.message + caught.value.hint
    assert "--password-cmd" in caught.value.hint


def test_presets() -> None:
    assert set(PRESETS) == {"gmail", "outlook", "fastmail", "icloud"}
    for preset in PRESETS.values():
        assert preset.smtp("me").tls is (preset.smtp_port == 465)
        assert preset.imap("me") == Server(preset.imap_host, 993, "me", True)
    assert PRESETS["gmail"].fills_sent is True
    assert PRESETS["outlook"].smtp("me") == Server("smtp.office365.com", 587, "me", False)
