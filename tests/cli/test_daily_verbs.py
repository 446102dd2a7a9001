"""The daily verbs on the command line: their JSON, their exit codes, their sentences."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.conftest import Cli

EXAMPLES = Path(__file__).parents[2] / "examples"
ENROLLMENT = [
    "id", "contact", "sequence", "version", "enrolled_by", "inbox", "status", "reason", "error",
    "waiting_on", "step", "steps", "due_at", "delay_ends_at", "remaining_s", "holds",
    "enrolled_at", "last_step_at", "ended_at", "reenrollable",
]  # fmt: skip
OUTCOME = ["done", "unchanged", "refused", "notes"]
ALMA, CELIA, HUGO = "alma@northwind.test", "celia@harbour.test", "hugo@sundgren.test"


@pytest.fixture
def office(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> Cli:
    """Two users, twelve contacts, two sequences, on a Monday at nine in Stockholm."""
    zone = ("--timezone", "Europe/Stockholm")
    who = ("--user", "ann", "--email", "ann@acme.test", "--name", "Ann Berg")
    cli.ok("init", "--simulated", "--now", "2026-03-02T09:00", *who, *zone)
    cli.ok("user", "add", "bo", "--email", "bo@acme.test", "--name", "Bo Ek", *zone)
    monkeypatch.setenv("SEQCTL_USER", "ann")
    cli.ok("inbox", "connect", "ann@acme.test")
    cli.ok("inbox", "connect", "bo@acme.test", "--as", "bo")
    cli.ok("contact", "import", str(EXAMPLES / "contacts.csv"))
    for name in ("founders-intro.yaml", "nordic-demo.yaml"):
        cli.ok("sequence", "apply", str(EXAMPLES / name))
    return cli


def test_enroll_gives_each_enrollment_in_full(office: Cli) -> None:
    answer = office("enroll", "founders-intro", ALMA, "nobody@x.test", "--json")
    assert answer.exit_code == 6
    assert list(answer.json) == OUTCOME
    (made,) = answer.json["done"]
    assert list(made) == ENROLLMENT
    assert (made["status"], made["step"], made["steps"]) == ("scheduled", 1, 4)
    assert made["due_at"] == made["delay_ends_at"] == "2026-03-02T08:00:00Z"
    assert answer.json["refused"] == [
        {
            "contact": "nobody@x.test",
            "code": "UNKNOWN_CONTACT",
            "message": "There is no contact nobody@x.test.",
        }
    ]


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("enroll", "founders-intro", "nobody@x.test"), 4),
        (("enroll", "no-such", ALMA), 3),
        (("enroll", "founders-intro"), 2),
        (("enroll", "founders-intro", ALMA, "--inbox", "x@y.test"), 3),
        (("pause",), 2),
        (("pause", "founders-intro", "--until", "2026-03-01"), 2),
        (("pause", "--all", "founders-intro"), 2),
        (("resume", "--each"), 2),
        (("unenroll", "founders-intro"), 2),
        (("unenroll", ALMA), 4),
        (("reenroll", "founders-intro", ALMA), 4),
        (("mark", ALMA, "vanished"), 2),
        (("tick", "--by", "3d", "--until-idle"), 2),
        (("tick", "--to", "2026-03-01"), 2),
        (("task", "done", "1", "2"), 4),
    ],
)
def test_the_exit_code_tells(office: Cli, words: tuple[str, ...], code: int) -> None:
    answer = office(*words, "--json")
    assert answer.exit_code == code
    assert "Traceback" not in answer.stderr


def test_a_dry_run_shows_the_future_and_changes_nothing(office: Cli) -> None:
    before = office.db.read_bytes()
    planned = office.json("enroll", "founders-intro", ALMA, "--dry-run")
    assert [*ENROLLMENT, "due_before"] == list(planned["done"][0])
    assert planned["done"][0]["due_before"] is None
    assert office.db.read_bytes() == before
    shown = office.ok("enroll", "founders-intro", ALMA, "--dry-run")
    assert "First mail, to alma@northwind.test: A question about Northwind\n" in shown


def test_a_pause_freezes_and_says_what_is_left(office: Cli) -> None:
    office.ok("enroll", "founders-intro", ALMA)
    office.ok("enroll", "founders-intro", HUGO, "--as", "bo")
    office.ok("tick", "--by", "2d")
    planned = office.json("pause", "founders-intro", "--dry-run")["done"][0]
    assert (planned["due_before"], planned["due_at"]) == ("2026-03-05T08:30:00Z", None)
    assert office.ok("pause", "founders-intro") == (
        "[simulated 2026-03-04 09:00]\n"
        "Paused founders-intro: 1 enrollment held.\n"
        "contact              sequence        status  step    due\n"
        "alma@northwind.test  founders-intro  paused  2 of 4  -    1 of 3 days left\n"
        "note: Not paused, since others enrolled them: 1 of bo.\n"
    )
    again = office.json("pause", "founders-intro")
    assert (again["done"], len(again["unchanged"])) == ([], 1)
    held = again["unchanged"][0]
    assert held["remaining_s"] == 86_400
    assert held["holds"] == [
        {
            "scope": "sequence",
            "sequence": "founders-intro",
            "by": "ann",
            "since": "2026-03-04T08:00:00Z",
            "until": None,
        }
    ]
    office.ok("tick", "--by", "3w")
    messages = office.json("mail", "list")["messages"]
    assert [m["contact"] for m in messages] == [ALMA, HUGO, HUGO]
    (resumed,) = office.json("resume", "founders-intro")["done"]
    assert resumed["due_at"] == "2026-03-26T08:30:00Z"


def test_a_contact_is_held_whoever_enrolled_it(office: Cli) -> None:
    office.ok("enroll", "nordic-demo", HUGO)
    held = office.json("pause", HUGO, "--as", "bo")["done"]
    assert [(e["status"], e["holds"][0]["by"]) for e in held] == [("paused", "bo")]
    assert office.json("resume", HUGO)["done"][0]["status"] == "scheduled"


def test_only_the_enroller_or_the_pauser_lifts_a_contacts_hold(office: Cli) -> None:
    office.ok("user", "add", "cy", "--email", "cy@acme.test", "--name", "Cy", "--timezone", "UTC")
    office.ok("enroll", "founders-intro", HUGO)
    office.ok("pause", HUGO)
    refused = office("resume", HUGO, "--as", "cy", "--json")
    assert (refused.exit_code, refused.json["refused"][0]["code"]) == (4, "NOT_YOURS")


def test_the_ticks_sums(office: Cli) -> None:
    office.ok("enroll", "founders-intro", ALMA, CELIA)
    assert office.json("tick", "--by", "1w") == {
        "from": "2026-03-02T08:00:00Z",
        "to": "2026-03-09T08:00:00Z",
        "emails": 4,
        "tasks": 0,
        "finished": 0,
        "unenrolled": 0,
        "resumed": 0,
        "errors": [],
        "left_due": 0,
        "next_due": "2026-03-09T08:30:00Z",
    }
    office.ok("inbox", "disconnect", "ann@acme.test")
    nothing = office.json("tick")
    assert (nothing["from"], nothing["to"]) == ("2026-03-09T08:00:00Z",) * 2


def test_what_waits_for_an_inbox_is_left_due_and_goes_on(office: Cli) -> None:
    office.ok("enroll", "founders-intro", ALMA)
    office.ok("inbox", "disconnect", "ann@acme.test")
    assert office.json("tick", "--by", "1d")["left_due"] == 1
    (waiting,) = office.json("status", "founders-intro")["enrollments"]
    assert waiting["waiting_on"] == "inbox"
    office.ok("inbox", "connect", "ann@acme.test")
    assert office.json("tick")["emails"] == 1


def test_one_bad_enrollment_never_stops_the_others(office: Cli) -> None:
    office.ok("enroll", "founders-intro", ALMA, CELIA)
    office.ok("tick")
    office.ok("contact", "edit", ALMA, "--first-name", "")
    answer = office("tick", "--by", "1w", "--json")
    assert answer.exit_code == 6
    (error,) = answer.json["errors"]
    assert (error["contact"], error["code"]) == (ALMA, "MISSING_FIELD")
    assert answer.json["emails"] == 1
    refused = office("reenroll", "founders-intro", "--reason", "error", "--json")
    assert refused.json["refused"][0]["code"] == "MISSING_FIELD"
    office.ok("contact", "edit", ALMA, "--first-name", "Alma")
    (again,) = office.json("reenroll", "founders-intro", "--reason", "error")["done"]
    assert (again["step"], again["status"], again["reason"]) == (2, "scheduled", None)


def test_an_answer_ends_all_and_is_no_reason_to_go_on(office: Cli) -> None:
    office.ok("enroll", "founders-intro", HUGO)
    office.ok("enroll", "nordic-demo", HUGO, "--also")
    ended = office.json("mark", HUGO, "replied")["done"]
    assert [e["reason"] for e in ended] == ["reply", "reply"]
    assert not any(e["reenrollable"] for e in ended)
    refused = office("reenroll", "nordic-demo", HUGO, "--json").json["refused"]
    assert refused[0]["code"] == "NOT_REENROLLABLE"


def test_a_halt_stops_ticks_and_says_so(office: Cli) -> None:
    office.ok("halt", "fire drill")
    answer = office("tick", "--json")
    assert (answer.exit_code, answer.error["code"]) == (7, "HALTED")
    office.ok("unhalt")
    office.ok("tick")


def test_a_file_that_says_who_said_no_enrolls_the_others(office: Cli) -> None:
    rows = f"email,status\n{ALMA},unsubscribed\n{HUGO},active\n"
    (office.folder / "list.csv").write_text(rows)
    answer = office("enroll", "founders-intro", "--file", "list.csv", "--json")
    assert answer.exit_code == 0
    assert [enrollment["contact"] for enrollment in answer.json["done"]] == [HUGO]
    (refused,) = answer.json["refused"]
    assert (refused["contact"], refused["code"]) == (ALMA, "OPTED_OUT")
