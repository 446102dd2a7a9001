"""`status` (rules, "The overview" and "Statuses")."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from seqctl.domain.sending.accounts import Limits
from seqctl.service.inboxes import inboxes
from tests.cli.conftest import Cli
from tests.rehearsal import rehearse
from tests.workspaces import now, opened, user


@pytest.fixture
def bo(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> Cli:
    """The rehearsed workspace, with bo at the keyboard."""
    rehearse(cli.db).close()
    monkeypatch.setenv("SEQCTL_USER", "bo")
    return cli


def test_the_overview(bo: Cli) -> None:
    assert bo.ok("status") == (
        "[simulated 2026-03-06 09:00]\n"
        "last tick: 2026-03-06 09:00 (now)\n"
        "inbox bo@example.org (bo): connected, 1 sent today\n"
        "inbox cy@example.org (cy): connected, 0 sent today\n"
        "needs you: 2 open tasks         seqctl task list\n"
        "\n"
        "sequence  enrolled  scheduled  active  paused  on task  finished  unenrolled  errors"
        "  next due\n"
        "intro            7          0       2       1        2         0           2       0"
        "  2026-03-08 09:00\n"
    )


def test_the_overview_as_json(bo: Cli) -> None:
    assert bo.json("status") == {
        "now": "2026-03-06T08:00:00Z",
        "last_tick_at": "2026-03-06T08:00:00Z",
        "halted": False,
        "inboxes": [
            {"address": "bo@example.org", "user": "bo", "connected": True, "sent_today": 1},
            {"address": "cy@example.org", "user": "cy", "connected": True, "sent_today": 0},
        ],
        "sequences": [
            {
                "sequence": "intro",
                "version": 1,
                "enrolled": 7,
                "scheduled": 0,
                "active": 2,
                "paused": 1,
                "waiting_task": 2,
                "finished": 0,
                "unenrolled": 2,
                "errors": 0,
                "next_due": "2026-03-08T08:00:00Z",
                "paused_by_me": False,
            }
        ],
    }


def test_everyone_sees_what_is_shared_and_what_is_theirs(bo: Cli) -> None:
    rows = bo.json("status", "--as", "cy")["sequences"]
    assert [row["sequence"] for row in rows] == ["intro", "secret"]
    assert bo("status", "secret").exit_code == 3


def test_a_paused_sequence_has_nothing_due(bo: Cli) -> None:
    bo.ok("pause", "intro")
    (mine,) = bo.json("status")["sequences"]
    assert (mine["paused_by_me"], mine["paused"], mine["next_due"]) == (True, 5, None)
    assert bo.ok("status").endswith("paused by you\n")
    assert bo.json("status", "--as", "cy")["sequences"][0]["paused_by_me"] is False


def test_a_halted_workspace_says_so(bo: Cli) -> None:
    bo.ok("halt", "wrong price")
    assert bo.json("status")["halted"] is True
    assert "halted since 2026-03-06 09:00 by bo: wrong price" in bo.ok("status")


def test_overdue_steps_and_errors_need_the_user(bo: Cli) -> None:
    bo.ok("inbox", "disconnect", "bo@example.org")
    bo.ok("tick", "--by", "3d")
    said = bo.ok("status")
    assert "inbox bo@example.org (bo): NOT CONNECTED, 0 sent today\n" in said
    assert "needs you: 1 overdue            seqctl tick --dry-run\n" in said
    bo.ok("inbox", "disconnect", "bo@example.org", "--end")
    said = bo.ok("status")
    assert "needs you: 5 ended by an error  seqctl status SEQUENCE --reason error\n" in said
    assert bo.json("status")["sequences"][0]["errors"] == 5


class TestRealClock:
    """A real workspace says when the tick has stopped."""

    @pytest.fixture
    def real(self, cli: Cli) -> Cli:
        cli.ok(
            "init", "--user", "bo", "--email", "bo@example.org", "--name", "Bo", "--timezone", "UTC"
        )
        return cli

    def test_no_tick_yet(self, real: Cli) -> None:
        answer = real("status")
        assert answer.exit_code == 0
        assert answer.stdout.startswith("last tick: never\n")
        assert answer.stderr == (
            "No tick for more than a day: nothing is sent. Is cron running?\n  try: seqctl cron\n"
        )

    def test_a_tick_long_ago(self, real: Cli) -> None:
        real.ok("tick")
        assert real.ok("status").startswith("last tick: 2026-03-02 08:00 (now)\n")
        real.clock.time += timedelta(hours=25)
        answer = real("status")
        assert answer.stdout.startswith("last tick: 2026-03-02 08:00 (25 h ago)\n")
        assert "Is cron running?" in answer.stderr


# --- the summary page ---------------------------------------------------------------------------


def test_the_summary_page_has_live_ones_first(bo: Cli) -> None:
    assert bo.ok("status", "intro") == (
        "[simulated 2026-03-06 09:00]\n"
        "intro, version 1: 7 enrolled, 2 active, 1 paused, 2 waiting on task, 2 unenrolled\n"
        "\n"
        "contact           by  status                               step    due"
        "                           re-enroll\n"
        "ada@example.com   bo  waiting on task                      2 of 3\n"
        "ben@example.com   bo  paused by bo since 2026-03-03 09:00  2 of 3  2 days left\n"
        "eva@example.com   bo  active                               3 of 3"
        "  2026-03-08 09:00 (in 2 days)\n"
        "finn@example.com  bo  active                               2 of 3"
        "  2026-03-09 09:00 (in 3 days)\n"
        "dan@example.com   bo  waiting on task                      2 of 3\n"
        "cleo@example.com  bo  unenrolled (reply)\n"
        "dan@example.com   bo  unenrolled (manual)\n"
    )


def test_the_summary_page_as_json(bo: Cli) -> None:
    page = bo.json("status", "intro")
    assert list(page) == ["now", "sequence", "version", "counts", "enrollments"]
    assert page["counts"] == {
        "enrolled": 7,
        "scheduled": 0,
        "active": 2,
        "paused": 1,
        "waiting_task": 2,
        "finished": 0,
        "unenrolled": 2,
        "errors": 0,
    }
    assert [row["id"] for row in page["enrollments"]] == [1, 2, 3, 4, 5, 6, 8]


@pytest.mark.parametrize(
    ("options", "ids"),
    [
        (["--live"], [1, 2, 5, 6, 8]),
        (["--ended"], [3, 4]),
        (["--status", "paused"], [2]),
        (["--status", "waiting on task"], [1, 8]),
        (["--status", "finished"], []),
        (["--reason", "reply"], [3]),
        (["--enrolled-by", "cy"], []),
        (["--limit", "2"], [1, 2]),
        (["--limit", "99999999999999999999"], [1, 2, 3, 4, 5, 6, 8]),
        (["--live", "--sort", "due"], [5, 6, 1, 2, 8]),
        (["--live", "--sort", "status"], [2, 5, 6, 1, 8]),
        (["--sort", "contact", "--limit", "4"], [1, 2, 3, 4]),
        (["--sort", "ended", "--ended"], [3, 4]),
        (["--sort", "enrolled"], [1, 2, 3, 4, 5, 6, 8]),
        (["--sort", "step", "--live"], [1, 2, 6, 8, 5]),
    ],
)
def test_filters_and_orders(bo: Cli, options: list[str], ids: list[int]) -> None:
    found: list[dict[str, Any]] = bo.json("status", "intro", *options)["enrollments"]
    assert [row["id"] for row in found] == ids


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["status", "intro", "--status", "asleep"], 2),
        (["status", "intro", "--live", "--ended"], 2),
        (["status", "--live"], 2),
        (["status", "intro", "--sort", "shoes"], 2),
        (["status", "intro", "--enrolled-by", "nobody"], 3),
        (["status", "intor"], 3),
    ],
)
def test_mistakes(bo: Cli, words: list[str], code: int) -> None:
    assert bo(*words).exit_code == code


def test_more_than_fifty_rows_are_told(bo: Cli) -> None:
    addresses = [f"p{n}@example.com" for n in range(60)]
    (bo.folder / "people.csv").write_text(
        "email,first name\n" + "".join(f"{a},P\n" for a in addresses)
    )
    bo.ok("contact", "import", "people.csv")
    bo.ok("enroll", "intro", *addresses, "--yes")
    lines = bo.ok("status", "intro").splitlines()
    assert (lines[-1], len(lines)) == ("… and 17 more (--all)", 4 + 50 + 1)
    assert len(bo.ok("status", "intro", "--all").splitlines()) == 4 + 67
    assert bo.ok("status", "intro", "--limit", "3").count("@") == 3


def test_who_stands_in_the_line_of_an_inbox_sees_the_turn(bo: Cli) -> None:
    """A mail on Sunday and one that is due on Monday, but keeps a day and a half from the first."""
    with opened(bo.db) as store:
        wiring = inboxes.Wiring(limits=Limits(gap=(timedelta(hours=36), timedelta(hours=36))))
        inboxes.connect_inbox(store, user(store, "bo"), "bo@example.org", wiring, now(store))
    bo.ok("task", "done", "ada@example.com")
    bo.ok("tick", "--by", "3d", "--quiet")
    table = bo.ok("status", "intro", "--live")
    assert "2026-03-09 21:00 (in 12 h, by the inbox's limit)" in table
    (row,) = bo.json("status")["sequences"]
    assert row["next_due"] == "2026-03-09T20:00:00Z"
    rows = bo.json("status", "intro", "--live")["enrollments"]
    (waiting,) = (row for row in rows if row["waiting_on"] == "limit")
    assert waiting["due_at"] == "2026-03-09T20:00:00Z"
