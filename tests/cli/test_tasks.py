"""`task` (rules, "Tasks"): one at a time, and the enrollment that waits for it goes on."""

from __future__ import annotations

import pytest

from tests.cli.conftest import Cli

CALLS = """
name: calls
share: everyone
steps:
  - task: {type: call, title: "Ring {{ contact.first_name }}", priority: high, notes: Ask about the pilot.}
  - after: 2 days
    task: {title: Write a card, wait: false, email: {subject: Hello, body: Dear you}}
  - after: 2 days
    task: {title: Ring again, wait: 3 days}
"""


@pytest.fixture
def calls(cli: Cli) -> Cli:
    """Ada and Ben are enrolled in `calls` by bo, and their first task is there."""
    cli.ok("init", "--simulated", "--now", "2026-03-02T09:00", "--user", "bo",
           "--email", "bo@example.org", "--name", "Bo Berg", "--timezone", "UTC")  # fmt: skip
    cli.ok("user", "add", "cy", "--email", "cy@example.org", "--as", "bo")
    (cli.folder / "calls.yaml").write_text(CALLS)
    cli.ok("sequence", "apply", "calls.yaml", "--as", "bo")
    for name in ("ada", "ben"):
        cli.ok(
            "contact", "add", f"{name}@example.com", "--first-name", name.capitalize(), "--as", "bo"
        )
        cli.ok("enroll", "calls", f"{name}@example.com", "--as", "bo")
    cli.ok("tick", "--as", "bo")
    return cli


def test_open_tasks_oldest_first(calls: Cli) -> None:
    assert calls.ok("task", "list", "--as", "bo") == (
        "[simulated 2026-03-02 09:00]\n"
        "id  contact          task      type  priority  sequence  step  since\n"
        " 1  ada@example.com  Ring Ada  call  high      calls        1  now\n"
        " 2  ben@example.com  Ring Ben  call  high      calls        1  now\n"
    )
    assert calls.json("task", "list", "--as", "bo")["tasks"][0] == {
        "id": 1,
        "contact": "ada@example.com",
        "sequence": "calls",
        "enrollment": 1,
        "step": 1,
        "type": "call",
        "title": "Ring Ada",
        "priority": "high",
        "status": "open",
        "assignee": "bo",
        "created_at": "2026-03-02T09:00:00Z",
        "done_at": None,
        "orphaned": False,
    }


def test_nobody_sees_anothers_tasks_in_the_list(calls: Cli) -> None:
    assert calls.ok("task", "list", "--as", "cy").endswith("No open tasks.\n")


def test_a_task_with_its_notes(calls: Cli) -> None:
    assert calls.ok("task", "show", "1", "--as", "cy") == (
        "[simulated 2026-03-02 09:00]\n"
        "Ring Ada (call, high)\n"
        "ada@example.com, step 1 of calls, for bo\n"
        "created 2026-03-02 09:00, open\n"
        "\n"
        "Ask about the pilot.\n"
    )
    assert (
        calls.json("task", "show", "ada@example.com", "--as", "bo")["notes"]
        == "Ask about the pilot."
    )


def test_done_starts_the_following_delay(calls: Cli) -> None:
    calls.ok("tick", "--by", "1d", "--as", "bo")
    done = ("task", "done", "ada@example.com", "--note", "wants a quote", "--as", "bo")
    assert calls.ok(*done) == (
        "[simulated 2026-03-03 09:00]\n"
        "Done: Ring Ada (ada@example.com).\n"
        "  Step 2 of calls is due 2026-03-05 09:00 (in 2 days).\n"
    )
    (event,) = calls.json("log", "ada@example.com", "-n", "1", "--as", "bo")["events"]
    assert (event["kind"], event["actor"], event["step"]) == ("task-done", "bo", 1)
    assert (event["detail"], event["status"]) == ("Ring Ada (wants a quote)", "active")
    assert (
        calls.json("task", "list", "--done", "--as", "bo")["tasks"][0]["done_at"]
        == "2026-03-03T09:00:00Z"
    )


def test_skipped_starts_it_alike(calls: Cli) -> None:
    task = calls.json("task", "skip", "2", "--as", "bo")
    assert (task["status"], task["done_at"]) == ("skipped", "2026-03-02T09:00:00Z")
    (_, ben) = calls.json("status", "calls", "--as", "bo")["enrollments"]
    assert (ben["step"], ben["due_at"]) == (2, "2026-03-04T09:00:00Z")


def test_the_same_again_changes_nothing(calls: Cli) -> None:
    calls.ok("task", "done", "1", "--as", "bo")
    events = calls.json("log", "--as", "bo")["events"]
    assert calls.ok("task", "skip", "1", "--as", "bo").endswith("Task 1 is done already.\n")
    assert calls.json("log", "--as", "bo")["events"] == events


def test_bulk_is_refused_with_the_reason(calls: Cli) -> None:
    answer = calls("task", "done", "1", "2", "--json", "--as", "bo")
    assert (answer.exit_code, answer.error["code"]) == (4, "BULK_TASKS")
    assert "each is done on its own contact" in answer.error["message"]
    assert len(calls.json("task", "list", "--as", "bo")["tasks"]) == 2


def test_only_the_assignee(calls: Cli) -> None:
    answer = calls("task", "done", "1", "--json", "--as", "cy")
    assert (answer.exit_code, answer.error["code"]) == (4, "NOT_YOURS")


@pytest.mark.parametrize("word", ["17", "x", "-1", "99999999999999999999", "nobody@example.com"])
def test_what_is_not_there_is_not_found(calls: Cli, word: str) -> None:
    assert calls("task", "show", "--as", "bo", "--", word).exit_code == 3


def test_an_address_with_several_open_tasks_is_wrong_usage(calls: Cli) -> None:
    calls.ok("task", "done", "1", "--as", "bo")
    calls.ok("tick", "--by", "4d", "--as", "bo")
    answer = calls("task", "done", "ada@example.com", "--as", "bo")
    assert answer.exit_code == 2
    assert answer.stderr == (
        "[simulated 2026-03-06 09:00]\n"
        "ada@example.com has several open tasks: 3 (Write a card), 4 (Ring again).\n"
        "  name one by its number: seqctl task show 3\n"
    )


def test_a_task_that_nothing_waits_for_only_closes(calls: Cli) -> None:
    calls.ok("task", "done", "1", "--as", "bo")
    calls.ok("tick", "--by", "3d", "--as", "bo")
    before = calls.json("status", "calls", "--as", "bo")["enrollments"]
    calls.ok("task", "done", "3", "--as", "bo")
    assert calls.json("status", "calls", "--as", "bo")["enrollments"] == before
    assert calls.json("doctor", "--as", "bo") == {"findings": []}


def test_the_last_task_finishes_the_enrollment(calls: Cli) -> None:
    calls.ok("task", "done", "1", "--as", "bo")
    calls.ok("tick", "--by", "4d", "--as", "bo")
    assert calls.ok("task", "done", "4", "--as", "bo").endswith(
        "calls is finished for this contact.\n"
    )
    kinds = [
        e["kind"] for e in calls.json("log", "ada@example.com", "-n", "2", "--as", "bo")["events"]
    ]
    assert kinds == ["task-done", "finished"]
    assert calls.json("doctor", "--as", "bo") == {"findings": []}


def test_done_while_held_goes_on_after_resume(calls: Cli) -> None:
    calls.ok("pause", "ada@example.com", "--as", "bo")
    said = calls.ok("task", "done", "ada@example.com", "--as", "bo")
    assert said.endswith("calls is paused for this contact; it goes on after resume.\n")
    ada = calls.json("status", "calls", "--as", "bo")["enrollments"][0]
    assert (ada["status"], ada["step"], ada["remaining_s"]) == ("paused", 2, 2 * 86400)
    assert calls.json("doctor", "--as", "bo") == {"findings": []}


def test_orphaned_tasks_are_hidden(calls: Cli) -> None:
    calls.ok("unenroll", "ada@example.com", "--as", "bo")
    assert [t["id"] for t in calls.json("task", "list", "--as", "bo")["tasks"]] == [2]
    (orphan,) = calls.json("task", "list", "--orphaned", "--as", "bo")["tasks"]
    assert (orphan["id"], orphan["orphaned"], orphan["status"]) == (1, True, "open")
    answer = calls("task", "done", "ada@example.com", "--json", "--as", "bo")
    assert (answer.exit_code, answer.error["code"]) == (3, "NO_TASK")
    assert calls.json("task", "done", "1", "--as", "bo")["orphaned"] is False
    assert calls.json("doctor", "--as", "bo") == {"findings": []}
