"""A program that is asked to end (SIGTERM, SIGHUP) ends as Ctrl-C ends it (rules, "An interrupted tick")."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.conftest import Cli

CHECKOUT = Path(__file__).parents[2]
SLOW = """\
#!/bin/sh
cat >> mails
[ -e begun ] && { touch waits; sleep 20; }
touch begun
exit 0
"""
SEQUENCE = "name: intro\nsteps: [{email: {subject: Hello, body: Hi}}]\n"


@pytest.fixture
def sending(cli: Cli) -> Cli:
    """A real workspace with two mails that are due, of which the second one takes long."""
    (cli.folder / "slow").write_text(SLOW)
    (cli.folder / "slow").chmod(0o700)
    (cli.folder / "intro.yaml").write_text(SEQUENCE)
    cli.ok("init", "--user", "ann", "--email", "ann@acme.test")
    cli.ok("inbox", "connect", "ann@acme.test", "--sendmail", "./slow", "--no-replies")
    cli.ok("sequence", "apply", "intro.yaml")
    for name in ("ada", "ben"):
        cli.ok("contact", "add", f"{name}@x.test")
    cli.ok("enroll", "intro", "ada@x.test", "ben@x.test")
    return cli


def ticking(cli: Cli, prepare: Callable[[], object] | None = None) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "seqctl", "tick"],
        cwd=cli.folder,
        env={**os.environ, "PYTHONPATH": str(CHECKOUT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=prepare,
    )


def wait_for(file: Path) -> None:
    for _ in range(1_000):
        if file.exists():
            return
        time.sleep(0.02)
    raise AssertionError(f"{file.name} never came")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_tick_that_is_asked_to_end_says_what_it_did(sending: Cli, number: int) -> None:
    with ticking(sending) as tick:
        wait_for(sending.folder / "waits")
        tick.send_signal(number)
        stdout, stderr = tick.communicate(timeout=20)
    assert (tick.returncode, stdout) == (128 + number, "")
    assert stderr == (
        "Interrupted. Done so far: 1 mail, 1 finished. 1 mail was on the way: the next tick looks for what "
        "went out, or asks. The next tick does the rest, and nothing twice.\n  try: seqctl tick\n"
    )
    assert [m["status"] for m in sending.json("mail", "list")["messages"]] == ["sent", "sending"]


def test_what_was_told_to_ignore_a_signal_goes_on_ignoring_it(sending: Cli) -> None:
    with ticking(sending, lambda: signal.signal(signal.SIGHUP, signal.SIG_IGN)) as tick:
        wait_for(sending.folder / "waits")
        tick.send_signal(signal.SIGHUP)
        time.sleep(0.2)
        assert tick.poll() is None
        tick.terminate()
        tick.communicate(timeout=20)
    assert tick.returncode == 128 + signal.SIGTERM
