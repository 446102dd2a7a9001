"""`seqctl sequence …`: what it prints, its documents and its exit codes."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest

from seqctl.files.sequences.sequences import read_sequence, sequence_json_schema
from tests.cli.conftest import Cli

EXAMPLES = Path(__file__).parents[2] / "examples"
NOW = "[simulated 2026-03-02 09:00]\n"
INTRO = """\
name: intro
title: Intro
days: business
window: 08:00-18:00
steps:
  - email: {subject: "Hello {{ contact.first_name }}", body: "Hi {{ contact.first_name }},\\n\\none\\n"}
  - after: 3 days
    at: "09:30"
    task: {type: call, title: Ring, notes: Ask., priority: high, email: {subject: s, body: b}}
"""


@pytest.fixture
def work(cli: Cli) -> Cli:
    """A workspace of bo and eva, with the file intro.yaml beside it."""
    init = ("init", "--simulated", "--now", "2026-03-02T09:00", "--timezone", "Europe/Stockholm")
    cli.ok(*init, "--user", "bo", "--email", "bo@x.test", "--name", "Bo Ek")
    eva = ("user", "add", "eva", "--email", "eva@x.test", "--timezone", "Europe/Stockholm")
    cli.ok(*eva, "--team", "nordics", "--as", "bo")
    cli.ok("inbox", "connect", "bo@x.test", "--as", "bo")
    cli.ok("contact", "add", "ada@acme.test", "--first-name", "Ada", "--as", "bo")
    write(cli, "intro.yaml", INTRO)
    return cli


def write(cli: Cli, name: str, text: str) -> None:
    (cli.folder / name).write_text(text)


def bo(cli: Cli, *arguments: str) -> str:
    return cli.ok("sequence", *arguments, "--as", "bo")


# --- files ---------------------------------------------------------------------------------------


def test_new_writes_a_file_that_applies(work: Cli) -> None:
    assert bo(work, "new", "spring") == (
        "Wrote spring.yaml. Change it, then type: seqctl sequence apply spring.yaml\n"
    )
    assert bo(work, "apply", "spring.yaml") == f"{NOW}spring: created, version 1\n"
    assert work.json("sequence", "new", "spring", "--to", "two.yaml") == {
        "sequence": "spring",
        "file": "two.yaml",
    }


def test_new_never_overwrites(cli: Cli) -> None:
    write(cli, "spring.yaml", "mine")
    answer = cli("sequence", "new", "spring")
    assert answer.exit_code == 4
    assert answer.stderr == (
        "spring.yaml exists already; it was left as it is.\n  choose another file with --to\n"
    )
    assert (cli.folder / "spring.yaml").read_text() == "mine"


def test_new_refuses_a_name_that_no_sequence_can_have(cli: Cli) -> None:
    answer = cli("sequence", "new", "My Intro")
    assert answer.exit_code == 2
    assert "such as `my-intro`" in answer.stderr


def test_check_needs_no_workspace(cli: Cli) -> None:
    write(cli, "intro.yaml", INTRO.replace("window: 08:00-18:00\n", ""))
    assert cli.ok("sequence", "check", "intro.yaml") == (
        "intro.yaml: intro, 2 steps, no mistakes\n"
        "note: mails may go out at night: set `window: 08:00-18:00`\n"
    )
    assert not cli.db.exists()


def test_check_tells_every_mistake(cli: Cli) -> None:
    write(cli, "intro.yaml", INTRO.replace("business", "buisness").replace("3 days", "3d"))
    answer = cli("sequence", "check", "intro.yaml")
    assert (answer.exit_code, answer.stdout) == (5, "")
    assert answer.stderr == (
        'intro.yaml:3:7: `days` can\'t be "buisness"; did you mean business? '
        "It can be every, weekdays or business\n"
        'intro.yaml:7:12: `after` can\'t be "3d"; write `3 days`\n'
        "  Correct it, then type: seqctl sequence check intro.yaml\n"
    )
    error = cli("sequence", "check", "intro.yaml", "--json").error
    assert error["code"] == "BAD_SEQUENCE"
    assert len(error["message"].splitlines()) == 2


def test_several_files_are_checked_each_by_itself(cli: Cli) -> None:
    write(cli, "good.yaml", INTRO)
    write(cli, "bad.yaml", "name: x")
    answer = cli("sequence", "check", "good.yaml", "bad.yaml", "--json")
    assert answer.exit_code == 6
    assert answer.json["sequences"] == [
        {"sequence": "intro", "file": "good.yaml", "steps": 2, "notes": []}
    ]
    assert [(each["file"], each["code"]) for each in answer.json["refused"]] == [
        ("bad.yaml", "BAD_SEQUENCE")
    ]
    assert cli("sequence", "check", "bad.yaml", "none.yaml").exit_code == 5


def test_apply_says_what_it_did(work: Cli) -> None:
    assert work.json("sequence", "apply", "intro.yaml", "--as", "bo") == {
        "sequences": [{"sequence": "intro", "version": 1, "status": "created", "notes": []}],
        "refused": [],
    }
    assert bo(work, "apply", "intro.yaml") == f"{NOW}intro: unchanged, version 1\n"
    work.ok("enroll", "intro", "ada@acme.test", "--as", "bo")
    write(work, "intro.yaml", INTRO.replace("window: 08:00-18:00\n", ""))
    assert bo(work, "apply", "intro.yaml") == (
        f"{NOW}intro: updated, version 2\n"
        "note: mails may go out at night: set `window: 08:00-18:00`\n"
        "note: 1 live enrollment stays on version 1\n"
    )


def test_apply_stores_the_good_files_and_nothing_of_the_bad(work: Cli) -> None:
    write(work, "bad.yaml", INTRO.replace("intro", "bad").replace("3 days", "soon"))
    write(work, "same.yaml", INTRO)
    answer = work("sequence", "apply", "intro.yaml", "bad.yaml", "same.yaml", "--as", "bo")
    assert answer.exit_code == 6
    assert answer.stdout == f"{NOW}intro: created, version 1\n"
    assert [line.split(": ")[0] for line in answer.stderr.splitlines()[-2:]] == [
        *("bad.yaml:7:12", "same.yaml:1:1")
    ]
    listed = work.json("sequence", "list", "--as", "bo")["sequences"]
    assert [each["sequence"] for each in listed] == ["intro"]


def test_apply_stores_nothing_where_every_file_is_bad(work: Cli) -> None:
    write(work, "intro.yaml", f"share: {{users: [evva]}}\n{INTRO}")
    answer = work("sequence", "apply", "intro.yaml", "--as", "bo", "--json")
    assert (answer.exit_code, answer.stdout) == (5, "")
    assert answer.error["message"] == (
        "intro.yaml:1:17: there is no user `evva`; did you mean eva?"
    )


def test_another_s_sequence_is_not_yours(work: Cli) -> None:
    bo(work, "apply", "intro.yaml")
    answer = work("sequence", "apply", "intro.yaml", "--as", "eva", "--json")
    assert (answer.exit_code, answer.error["code"]) == (4, "NOT_YOURS")
    bo(work, "share", "intro", "everyone")
    for command in (("share", "intro", "private"), ("delete", "intro", "--yes")):
        answer = work("sequence", *command, "--as", "eva", "--json")
        assert (answer.exit_code, answer.error["code"]) == (4, "NOT_YOURS")
    write(work, "more.yaml", INTRO.replace("intro", "more"))
    answer = work("sequence", "apply", "intro.yaml", "more.yaml", "--as", "eva")
    assert answer.exit_code == 6
    assert "intro belongs to bo: only bo may apply it." in answer.stderr


def test_an_export_reads_back_equal(work: Cli) -> None:
    (path,) = EXAMPLES.glob("founders-intro.yaml")
    bo(work, "apply", str(path))
    assert bo(work, "export", "founders-intro", "--to", "out.yaml") == f"{NOW}Wrote out.yaml.\n"
    assert read_sequence(work.folder / "out.yaml") == read_sequence(path)
    text = bo(work, "export", "founders-intro")
    assert text == (work.folder / "out.yaml").read_text()
    document = work.json("sequence", "export", "founders-intro", "--as", "bo")
    assert document == {"sequence": "founders-intro", "version": 1, "file": None, "yaml": text}
    assert "unchanged" in bo(work, "apply", "out.yaml")
    assert (
        work("sequence", "export", "founders-intro", "--to", "out.yaml", "--as", "bo").exit_code
        == 4
    )


def test_the_schema_is_printed_for_editors(cli: Cli) -> None:
    schema = json.loads(cli.ok("sequence", "schema"))
    assert schema == cli.json("sequence", "schema") == sequence_json_schema()
    jsonschema.Draft202012Validator.check_schema(schema)


# --- looking -------------------------------------------------------------------------------------


def test_list_shows_what_the_user_may_see(work: Cli) -> None:
    assert bo(work, "list") == (
        f"{NOW}No sequences yet. Begin with: seqctl sequence new founders-intro\n"
    )
    bo(work, "apply", "intro.yaml", str(EXAMPLES / "nordic-demo.yaml"))
    assert bo(work, "list") == (
        f"{NOW}"
        "sequence     title                  version  steps  live  owner  shared with\n"
        "intro        Intro                        1      2     0  bo     private\n"
        "nordic-demo  Nordic demo follow-up        1      3     0  bo     team nordics\n"
    )
    assert work.json("sequence", "list", "--as", "eva") == {
        "sequences": [
            {
                "sequence": "nordic-demo",
                "title": "Nordic demo follow-up",
                "owner": "bo",
                "shared": {"teams": ["nordics"]},
                "version": 1,
                "steps": 3,
                "live": 0,
            }
        ]
    }


def test_show(work: Cli) -> None:
    bo(work, "apply", "intro.yaml")
    assert bo(work, "show", "intro") == (
        f"{NOW}"
        "intro, version 1: Intro\n"
        "of bo, private, 0 live\n"
        "business days, mails 08:00-18:00, the enrolling user's time zone\n"
        "step  after            what\n"
        "   1  at once          email  Hello {{ contact.first_name }}\n"
        "   2  3 days at 09:30  call   Ring\n"
    )
    document = work.json("sequence", "show", "intro", "--as", "bo")
    assert document["steps"][1] == {
        "step": 2,
        "after": "3 days",
        "at": "09:30",
        "email": None,
        "task": {
            "type": "call",
            "title": "Ring",
            "priority": "high",
            "notes": "Ask.",
            "wait": True,
            "email": {"subject": "s", "body": "b", "markdown": False, "attachments": []},
        },
    }
    assert {key: document[key] for key in document if key != "steps"} == {
        "sequence": "intro",
        "title": "Intro",
        "owner": "bo",
        "shared": "private",
        "version": 1,
        "live": 0,
        "timezone": None,
        "days": "business",
        "window": "08:00-18:00",
        "holidays": [],
        "unenroll_on": {"company_reply": False, "company_meeting": False},
    }


def test_what_is_not_there_or_not_shared_is_not_found(work: Cli) -> None:
    bo(work, "apply", "intro.yaml")
    for command in ("show", "export", "diff"):
        answer = work("sequence", command, "intro", "--as", "eva", "--json")
        assert (answer.exit_code, answer.error["code"]) == (3, "NO_SEQUENCE")
    answer = work("sequence", "show", "inrto", "--as", "bo")
    assert answer.exit_code == 3
    assert "There is no sequence 'inrto'. Did you mean intro?\n" in answer.stderr
    answer = work("sequence", "show", "intro", "--version", "7", "--as", "bo")
    assert answer.exit_code == 3
    assert "intro has no version '7'; there is only version 1.\n" in answer.stderr


def test_diff(work: Cli) -> None:
    bo(work, "apply", "intro.yaml")
    assert bo(work, "diff", "intro") == (
        f"{NOW}intro has only version 1: there is nothing to compare it with.\n"
    )
    write(work, "intro.yaml", INTRO.replace("3 days", "4 days"))
    bo(work, "apply", "intro.yaml")
    assert bo(work, "diff", "intro") == (
        f"{NOW}"
        "--- intro version 1\n"
        "+++ intro version 2\n"
        "@@ -9,7 +9,7 @@\n"
        "         Hi {{ contact.first_name }},\n"
        " \n"
        "         one\n"
        "-  - after: 3 days\n"
        "+  - after: 4 days\n"
        '     at: "09:30"\n'
        "     task:\n"
        "       type: call\n"
    )
    document = work.json("sequence", "diff", "intro", "2", "1", "--as", "bo")
    assert (document["from"], document["to"]) == (2, 1)
    assert "-  - after: 4 days\n+  - after: 3 days" in document["diff"]
    assert bo(work, "diff", "intro", "2") == f"{NOW}Versions 2 and 2 of intro are equal.\n"
    assert work("sequence", "diff", "intro", "1", "2", "3", "--as", "bo").exit_code == 2


def test_preview(work: Cli) -> None:
    bo(work, "apply", "intro.yaml")
    assert bo(work, "preview", "intro", "ada@acme.test") == (
        f"{NOW}"
        "intro, version 1, for ada@acme.test from bo@x.test\n"
        "As if enrolled now and each task were done at once; placed in Europe/Stockholm.\n"
        "\n"
        "step 1  2026-03-02 09:00  email\n"
        "  Subject: Hello Ada\n"
        "\n"
        "  Hi Ada,\n"
        "\n"
        "  one\n"
        "\n"
        "step 2  2026-03-05 09:30  task (call, high)\n"
        "  Ring\n"
        "  Ask.\n"
        "  with a ready mail:\n"
        "  Subject: s\n"
        "\n"
        "  b\n"
    )


def test_a_preview_tells_what_is_missing(work: Cli) -> None:
    bo(work, "apply", "intro.yaml")
    work.ok("contact", "add", "cy@acme.test", "--as", "bo")
    answer = work("sequence", "preview", "intro", "cy@acme.test", "--as", "bo", "--json")
    assert answer.exit_code == 6
    first, second = answer.json["steps"]
    assert first["error"] == {
        "code": "MISSING_FIELD",
        "message": "contact.first_name is empty, and the template has no default for it",
    }
    assert second == {
        "step": 2,
        "due_at": "2026-03-05T08:30:00Z",
        "type": "call",
        "task": True,
        "title": "Ring",
        "priority": "high",
        "notes": "Ask.",
        "subject": "s",
        "body": "b",
        "attachments": [],
        "error": None,
    }
    answer = work("sequence", "preview", "intro", "cy@acme.test", "--from-step", "9", "--as", "bo")
    assert answer.exit_code == 4
    assert "intro has no step 9; it has 2 steps.\n" in answer.stderr


# --- sharing and deleting ------------------------------------------------------------------------


def test_share(work: Cli) -> None:
    bo(work, "apply", "intro.yaml")
    assert bo(work, "share", "intro", "everyone") == f"{NOW}intro is now shared with everyone.\n"
    assert (
        bo(work, "share", "intro", "everyone") == f"{NOW}intro is already shared with everyone.\n"
    )
    assert bo(work, "share", "intro", "--user", "eva", "--team", "sales") == (
        f"{NOW}intro is now shared with user eva, team sales.\n"
    )
    document = work.json("sequence", "share", "intro", "private", "--as", "bo")
    assert document["shared"] == "private"


@pytest.mark.parametrize(
    ("words", "code"),
    [
        ((), 2),
        (("all",), 2),
        (("everyone", "--user", "eva"), 2),
        (("--user", "evva"), 3),
    ],
)
def test_wrong_ways_to_share(work: Cli, words: tuple[str, ...], code: int) -> None:
    bo(work, "apply", "intro.yaml")
    assert work("sequence", "share", "intro", *words, "--as", "bo").exit_code == code


def test_a_deleted_name_may_be_applied_again(work: Cli) -> None:
    bo(work, "apply", "intro.yaml")
    work.ok("enroll", "intro", "ada@acme.test", "--as", "bo")
    document = work.json("sequence", "delete", "intro", "--yes", "--as", "bo")
    assert (document["deleted"], document["ended"], document["live"]) == (True, 1, 0)
    assert bo(work, "apply", "intro.yaml") == f"{NOW}intro: created, version 2\n"
    assert bo(work, "delete", "intro") == f"{NOW}Deleted intro.\n"
