"""The main job on a real contact file: 500 contacts, a simulated month, sums that add up."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from tests.cli.conftest import Cli

US_500 = Path(__file__).parents[3] / "shared" / "data" / "us-500.csv"
EXAMPLES = Path(__file__).parents[2] / "examples"
NOBODY = {"opted_out": 0, "bounced": 0, "rejected": []}
LABELS = ("scheduled", "active", "paused", "waiting_task", "finished", "unenrolled")

pytestmark = pytest.mark.skipif(
    not US_500.exists(), reason="the sample of 500 contacts lies beside the checkout only"
)


@pytest.fixture
def started(cli: Cli) -> Cli:
    who = ("--user", "ann", "--email", "ann@acme.test", "--name", "Ann Berg")
    cli.ok("init", "--simulated", "--now", "2026-03-02T09:00", *who)
    cli.ok("inbox", "connect", "ann@acme.test")
    return cli


def test_it_imports_as_it_is_and_once(started: Cli) -> None:
    first = started.json("contact", "import", str(US_500))
    assert first == {"created": 500, "updated": 0, "unchanged": 0} | NOBODY
    again = started.json("contact", "import", str(US_500))
    assert again == {"created": 0, "updated": 0, "unchanged": 500} | NOBODY
    james = started.json("contact", "show", "jbutt@gmail.com")
    assert (james["first_name"], james["company"]) == ("James", "Benton, John B Jr")
    assert james["phone"] == "504-621-8927"


def test_a_month_adds_up(started: Cli) -> None:
    started.ok("contact", "import", str(US_500))
    started.ok("sequence", "apply", str(EXAMPLES / "founders-intro.yaml"))
    enrolled = started.json("enroll", "founders-intro", "--where", "email?")
    assert (len(enrolled["done"]), enrolled["refused"]) == (500, [])
    ticks = [started.json("tick", "--by", "1w") for _ in range(2)]
    tasks = started.json("task", "list")["tasks"]
    assert len(tasks) == 500
    for task in tasks[:20]:
        started.ok("task", "done", str(task["id"]))
    started.ok("mark", tasks[30]["contact"], "replied")
    ticks += [started.json("tick", "--by", "1w") for _ in range(2)]

    (row,) = started.json("status")["sequences"]
    page = started.json("status", "founders-intro")
    labels = Counter(enrollment["status"] for enrollment in page["enrollments"])
    assert {label: row[label] for label in LABELS} == {label: labels[label] for label in LABELS}
    assert row["enrolled"] == sum(row[label] for label in LABELS) == 500
    assert (row["finished"], row["unenrolled"], row["waiting_task"]) == (20, 1, 479)
    messages = started.json("mail", "list")["messages"]
    assert sum(tick["emails"] for tick in ticks) == len(messages) == 500 + 500 + 20
    assert sum(tick["finished"] for tick in ticks) == 20
    assert len({(message["enrollment"], message["step"]) for message in messages}) == len(messages)
    assert started.json("doctor") == {"findings": []}
