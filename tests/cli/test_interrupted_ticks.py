"""Ctrl-C in a tick: what was done, what is left, and how to finish or to drop it
(rules, "An interrupted tick")."""

from __future__ import annotations

import pytest

from seqctl.mail.sending.sendmail import SendmailCourier
from seqctl.ports.mail import Handover
from seqctl.service.tick import ticking
from tests.cli.conftest import Cli

SEQUENCE = "name: intro\nsteps:\n  - email: {subject: Hello, body: Hi}\n" + "".join(
    f"  - {{after: 2 days, email: {{body: mail {n}}}}}\n" for n in range(2, 5)
)
WHO = ("--user", "ann", "--email", "ann@acme.test", "--timezone", "UTC")


def filled(cli: Cli, *init: str) -> Cli:
    cli.ok("init", *init, *WHO)
    cli.ok("inbox", "connect", "ann@acme.test", "--capture")
    (cli.folder / "intro.yaml").write_text(SEQUENCE)
    cli.ok("sequence", "apply", "intro.yaml")
    for name in ("ada", "ben"):
        cli.ok("contact", "add", f"{name}@x.test")
    cli.ok("enroll", "intro", "ada@x.test", "ben@x.test")
    return cli


@pytest.fixture
def work(cli: Cli) -> Cli:
    return filled(cli, "--simulated", "--now", "2026-03-02T09:00")


@pytest.fixture
def interrupt(monkeypatch: pytest.MonkeyPatch) -> None:
    """A person presses Ctrl-C after the third batch, which has one step each."""
    monkeypatch.setattr(ticking, "BATCH", 1)
    batch, seen = ticking._Run.batch, [0]

    def third(run: ticking._Run) -> bool:
        if seen[0] == 3:
            seen[0] += 1
            raise KeyboardInterrupt
        seen[0] += 1
        return batch(run)

    monkeypatch.setattr(ticking._Run, "batch", third)


@pytest.mark.usefixtures("interrupt")
def test_an_interrupted_jump_says_what_is_left_and_the_next_tick_finishes_it(work: Cli) -> None:
    told = work("tick", "--by", "5d")
    assert told.exit_code == 130
    assert "Done so far: 3 mails." in told.stderr
    assert "The clock stands at 2026-03-04 09:00, on the way to 2026-03-07 09:00" in told.stderr
    assert "seqctl tick --stop-here" in told.stderr
    status = work("status").stderr
    assert "A tick was interrupted on the way to 2026-03-07 09:00" in status
    finished = work.json("tick")
    assert (finished["to"], finished["emails"]) == ("2026-03-07T09:00:00Z", 3)
    assert "interrupted" not in work("status").stderr


@pytest.mark.usefixtures("interrupt")
def test_stop_here_forgets_the_target_and_leaves_the_clock(work: Cli) -> None:
    assert work("tick", "--until-idle", "--json").error["code"] == "INTERRUPTED"
    assert work.json("tick", "--stop-here") == {
        "now": "2026-03-04T09:00:00Z",
        "dropped_target": "idle",
    }
    finished = work.json("tick")
    assert (finished["to"], finished["emails"]) == ("2026-03-04T09:00:00Z", 1)
    assert "No tick was interrupted" in work.ok("tick", "--stop-here")
    assert work.json("tick", "--by", "2d")["emails"] == 2
    assert work.json("doctor")["findings"] == []


@pytest.mark.usefixtures("interrupt")
def test_stop_here_tells_what_was_due_on_the_way(work: Cli) -> None:
    work("tick", "--to", "2026-03-04T09:00")
    told = work.ok("tick", "--stop-here")
    assert "1 step that was due by then comes when the clock gets there." in told


@pytest.mark.usefixtures("interrupt")
def test_an_interrupted_rehearsal_has_changed_nothing(work: Cli) -> None:
    before = work.db.read_bytes()
    told = work("tick", "--by", "5d", "--dry-run")
    assert (told.exit_code, work.db.read_bytes()) == (130, before)
    assert "nothing is changed" in told.stderr


@pytest.mark.usefixtures("interrupt")
def test_an_interrupted_tick_of_a_real_workspace(cli: Cli) -> None:
    filled(cli)
    for name in ("cy", "dora"):
        cli.ok("contact", "add", f"{name}@x.test")
    cli.ok("enroll", "intro", "cy@x.test", "dora@x.test")
    told = cli("tick")
    assert told.exit_code == 130
    assert "Done so far: 3 mails. The next tick does the rest" in told.stderr
    assert cli.json("tick")["emails"] == 1


def test_mails_that_went_out_before_are_counted_and_those_on_the_way_are_named(
    cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    finish, rounds = SendmailCourier.finish, [0]

    def second(courier: SendmailCourier) -> list[Handover]:
        rounds[0] += 1
        if rounds[0] == 2:
            raise KeyboardInterrupt
        return finish(courier)

    monkeypatch.setattr(SendmailCourier, "finish", second)
    filled(cli)
    cli.ok("inbox", "disconnect", "ann@acme.test")
    cli.ok("inbox", "connect", "ann@acme.test", "--sendmail", "/bin/true", "--no-replies")
    told = cli("tick")
    assert told.exit_code == 130
    assert "Done so far: 1 mail. 1 mail was on the way: the next tick looks" in told.stderr


def test_a_tick_that_is_halted_on_its_way_says_what_it_had_done(
    work: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ticking, "BATCH", 1)
    batch = ticking._Run.batch

    def then_halted(run: ticking._Run) -> bool:
        more = batch(run)
        with run._store.writing():
            run._store.workspace.halt(run._now, "ann", "Stop")
        return more

    monkeypatch.setattr(ticking._Run, "batch", then_halted)
    told = work("tick", "--by", "5d", "--json")
    assert (told.exit_code, told.error["code"]) == (7, "HALTED")
    assert told.error["message"] == "The workspace is halted: Stop. Before that: 1 mail."


def test_a_real_tick_has_no_target_to_forget(cli: Cli) -> None:
    filled(cli)
    refused = cli("tick", "--stop-here", "--json")
    assert (refused.exit_code, refused.error["code"]) == (4, "REAL_CLOCK")


def test_stop_here_stands_alone(work: Cli) -> None:
    assert work("tick", "--stop-here", "--by", "1d").exit_code == 2
