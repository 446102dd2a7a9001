"""Mail handed to a command."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path

import pytest

from seqctl.domain.sending.accounts import Account
from seqctl.mail.office import Office
from seqctl.mail.sending.sendmail import SendmailCourier
from seqctl.ports.mail import AccountRefused, Envelope, Verdict

MAIL = Envelope(7, "rep@seq.test", "ann@seq.test", b"Subject: x\r\n\r\n.\r\nhi\r\n")


def program(folder: Path, code: str, *more: str) -> Account:
    """A program that keeps its arguments and its input, and then runs this code."""
    script = folder / "send mail.py"
    script.write_text(
        "import sys, pathlib, os, signal\n"
        "here = pathlib.Path(__file__).parent\n"
        "(here / 'words').write_text(repr(sys.argv[1:]))\n"
        f"(here / 'input').write_bytes(sys.stdin.buffer.read())\n{code}\n"
    )
    return Account(sendmail=shlex.join([sys.executable, str(script), *more]))


def test_what_the_command_gets(tmp_path: Path) -> None:
    courier = SendmailCourier(program(tmp_path, "print('queued')"))
    assert courier.sessions == 1
    assert courier.begin([MAIL]) == []
    assert not (tmp_path / "input").exists()
    assert courier.finish() == [(7, Verdict.ACCEPTED, "exit status 0: queued")]
    assert (tmp_path / "input").read_bytes() == b"Subject: x\n\n.\nhi\n"
    words = ["-i", "-f", "rep@seq.test", "--", "ann@seq.test"]
    assert (tmp_path / "words").read_text() == repr(words)
    assert courier.finish() == []
    courier.close()


def test_the_recipient_in_the_command_itself(tmp_path: Path) -> None:
    courier = Office().courier(program(tmp_path, "", "--rcpt={to}", "{to}"))
    courier.begin([MAIL])
    assert courier.finish()[0].verdict is Verdict.ACCEPTED
    assert (tmp_path / "words").read_text() == repr(["--rcpt=ann@seq.test", "ann@seq.test"])


@pytest.mark.parametrize(
    ("code", "verdict", "words"),
    [
        ("sys.exit(75)", Verdict.TRY_LATER, "exit status 75"),
        ("sys.exit(67)", Verdict.BAD_RECIPIENT, "exit status 67"),
        ("sys.exit(68)", Verdict.BAD_RECIPIENT, "exit status 68"),
        (
            "print('no\\x1b[1m\\nlogin'); sys.exit(77)",
            Verdict.ACCOUNT,
            "exit status 77: no[1m login",
        ),
        ("sys.exit(78)", Verdict.ACCOUNT, "exit status 78"),
        ("sys.exit(1)", Verdict.REFUSED, "exit status 1"),
        ("sys.exit('x' * 999)", Verdict.REFUSED, "exit status 1: xxx"),
        ("os.kill(os.getpid(), 9)", Verdict.UNKNOWN, "killed by signal 9"),
        ("signal.pause()", Verdict.UNKNOWN, "did not end within 1 seconds"),
    ],
)
def test_how_it_ends(tmp_path: Path, code: str, verdict: Verdict, words: str) -> None:
    courier = SendmailCourier(program(tmp_path, code), seconds=1)
    courier.begin([MAIL])
    (answer,) = courier.finish()
    assert answer.verdict is verdict
    assert words in answer.words
    assert len(answer.words) <= 200


def test_a_command_that_reads_nothing(tmp_path: Path) -> None:
    courier = SendmailCourier(Account(sendmail="true --"))
    courier.begin([MAIL._replace(content=b"x" * 1_000_000)])
    assert courier.finish()[0].verdict is Verdict.ACCEPTED


def test_what_is_dropped_is_never_run(tmp_path: Path) -> None:
    courier = SendmailCourier(program(tmp_path, ""))
    courier.begin([MAIL])
    courier.drop([7])
    assert courier.finish() == []
    assert not (tmp_path / "input").exists()


def test_one_at_a_time_and_no_options(tmp_path: Path) -> None:
    courier = SendmailCourier(program(tmp_path, "", "{to}"))
    second, option = MAIL._replace(id=8), MAIL._replace(id=9, recipient="-oQ@seq.test")
    answers = {one.id: one.verdict for one in courier.begin([MAIL, second, option])}
    assert answers == {8: Verdict.TRY_LATER, 9: Verdict.REFUSED}
    assert [one.id for one in courier.finish()] == [7]


@pytest.mark.parametrize("command", ["/no/such/sendmail -t", "no-such-sendmail", "", "a 'b"])
def test_no_such_command(command: str) -> None:
    with pytest.raises(AccountRefused) as caught:
        Office().courier(Account(sendmail=command))
    assert caught.value.hint
    checks = Office().inspect(Account(sendmail=command))
    assert not checks["sendmail"].well
