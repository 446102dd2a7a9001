"""Secrets are found, and never seen."""

from __future__ import annotations

import os
import re
import shlex
import sys
from pathlib import Path

import pytest

from seqctl.domain.sending.accounts import Secret, SecretKind
from seqctl.mail.account import secrets
from seqctl.mail.account.secrets import Hidden, secret_of
from seqctl.ports.mail import AccountRefused

CANARY = "canary-secret"


def command(code: str, kind: SecretKind = SecretKind.COMMAND) -> Secret:
    """A command that runs this Python code."""
    return Secret(kind, shlex.join([sys.executable, "-c", code]))


def refused(secret: Secret) -> AccountRefused:
    with pytest.raises(AccountRefused) as caught:
        secret_of(secret)
    error = caught.value
    assert CANARY not in f"{error} {error.hint} {error!r} {error.__cause__!r}"
    trace = error.__traceback__
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == secrets.__file__:
            held = {n: v for n, v in trace.tb_frame.f_locals.items() if not isinstance(v, Secret)}
            held.pop("words", None)  # of the command, which the account names anyway
            assert CANARY not in repr(held)
        trace = trace.tb_next
    return error


@pytest.mark.parametrize("kind", [SecretKind.COMMAND, SecretKind.TOKEN_COMMAND])
@pytest.mark.parametrize(
    ("printed", "found"),
    [
        ("pa ss", "pa ss"),
        ("pass\\n", "pass"),
        ("pass\\r\\nlogin: ann\\n", "pass"),
        ("  påss \\n", "  påss "),
    ],
)
def test_the_first_line_of_a_command(kind: SecretKind, printed: str, found: str) -> None:
    code = f"import sys; sys.stdout.buffer.write('{printed}'.encode())"
    assert secret_of(command(code, kind)) == found


def test_a_command_is_no_shell(tmp_path: Path) -> None:
    assert secret_of(Secret(SecretKind.COMMAND, "echo $HOME '; ls' | cat")) == "$HOME ; ls | cat"


@pytest.mark.parametrize(
    ("secret", "words"),
    [
        (command(f"print('{CANARY}'); raise SystemExit(3)"), r"failed \(exit status 3\)"),
        (command("pass"), "gives nothing"),
        (command(rf"print('\n{CANARY}')"), "gives nothing"),
        (command(f"print('{CANARY}\\x00')"), "control characters"),
        (command(f"import sys; sys.stdout.buffer.write(b'{CANARY}\\xff')"), "no UTF-8 text"),
        (Secret(SecretKind.COMMAND, "/no/such/program x"), "`/no/such/program` is not there"),
        (Secret(SecretKind.COMMAND, "/"), "can't be run"),
        (Secret(SecretKind.COMMAND, "a 'b"), "can't be split"),
        (Secret(SecretKind.TOKEN_COMMAND, " "), "The token command can't be split"),
        (
            Secret(SecretKind.VARIABLE, "NO_SUCH_VARIABLE"),
            "The variable NO_SUCH_VARIABLE gives not",
        ),
        (Secret(SecretKind.FILE, "/no/such/file"), "No such file"),
        (Secret(SecretKind.FILE, "/dev/null"), "no file that could hold a password"),
    ],
)
def test_what_gives_no_secret(secret: Secret, words: str) -> None:
    error = refused(secret)
    assert re.search(words, str(error))
    assert error.hint


def test_a_command_that_does_not_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(secrets, "COMMAND_SECONDS", 0.5)
    code = f"import sys; print('{CANARY}', flush=True); sys.stdin.read(); import signal; signal.pause()"
    assert "took longer than 0.5 seconds" in str(refused(command(code)))


def test_a_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MAIL_PASSWORD", CANARY)
    assert secret_of(Secret(SecretKind.VARIABLE, "MAIL_PASSWORD")) == CANARY
    monkeypatch.setenv("MAIL_PASSWORD", f"{CANARY}\n")
    assert "control characters" in str(refused(Secret(SecretKind.VARIABLE, "MAIL_PASSWORD")))


def test_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    path = tmp_path / "mail secret"
    path.write_text(f"{CANARY}\nmore\n")
    for mode in (0o600, 0o400):
        path.chmod(mode)
        assert secret_of(Secret(SecretKind.FILE, str(path))) == CANARY
        assert secret_of(Secret(SecretKind.FILE, "~/mail secret")) == CANARY
    for mode in (0o640, 0o604, 0o620, 0o660):
        path.chmod(mode)
        error = refused(Secret(SecretKind.FILE, str(path)))
        assert "Others than its owner" in str(error)
        assert error.hint == f"chmod 600 '{path}'"


def test_a_named_pipe_does_not_block(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe", 0o600)
    assert "no file" in str(refused(Secret(SecretKind.FILE, str(tmp_path / "pipe"))))
    assert "no file" in str(refused(Secret(SecretKind.FILE, str(tmp_path))))


def test_a_hidden_secret_is_not_shown() -> None:
    hidden = Hidden(CANARY)
    assert CANARY not in f"{hidden} {hidden!r} {vars(type(hidden))}"
    assert hidden.reveal() == CANARY
