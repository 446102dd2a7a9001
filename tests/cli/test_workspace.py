"""Making, setting, halting, copying and putting back a workspace."""

from __future__ import annotations

import os
import stat
import sys
from pathlib import Path

import pytest

from seqctl.store.tick_lock import tick_lock
from tests.cli.conftest import Cli

INIT = ("init", "--user", "ada", "--email", "ada@example.com", "--name", "Ada Ek")
STOCKHOLM = ("--timezone", "Europe/Stockholm")


@pytest.fixture
def real(cli: Cli) -> Cli:
    cli.ok(*INIT)
    return cli


@pytest.fixture
def simulated(cli: Cli) -> Cli:
    cli.ok(*INIT, "--simulated", "--now", "2026-03-02T09:00", *STOCKHOLM)
    return cli


def use_git(cli: Cli, patch: pytest.MonkeyPatch, settings: str) -> None:
    file = cli.folder / "gitconfig"
    file.write_text(settings)
    patch.setenv("GIT_CONFIG_GLOBAL", str(file))


# --- init ---------------------------------------------------------------------------------------


def test_a_real_workspace(cli: Cli) -> None:
    assert cli.ok(*INIT, *STOCKHOLM) == (
        f"Made a real workspace: {cli.db}\n"
        "You are ada: Ada Ek, ada@example.com, Europe/Stockholm.\n"
        "  next: seqctl inbox connect ada@example.com --provider gmail, or --smtp URL --imap URL, "
        "or --capture\n"
    )
    assert stat.S_IMODE(cli.db.stat().st_mode) == 0o600


def test_a_simulated_workspace_shows_its_clock_in_the_zone_of_its_user(cli: Cli) -> None:
    said = cli.ok(*INIT, "--simulated", "--now", "2026-03-02T09:00", *STOCKHOLM)
    assert said == (
        "[simulated 2026-03-02 09:00]\n"
        f"Made a simulated workspace: {cli.db}\n"
        "You are ada: Ada Ek, ada@example.com, Europe/Stockholm.\n"
        "  next: seqctl inbox connect ada@example.com\n"
    )


@pytest.mark.parametrize(
    ("options", "clock", "now"),
    [
        ((), "real", "2026-03-02T08:00:00Z"),
        (("--simulated",), "simulated", "2026-03-02T08:00:00Z"),
        (("--simulated", "--now", "2026-07-01", *STOCKHOLM), "simulated", "2026-06-30T22:00:00Z"),
        (("--simulated", "--now", "+3d"), "simulated", "2026-03-05T08:00:00Z"),
    ],
)
def test_init_as_json(cli: Cli, options: tuple[str, ...], clock: str, now: str) -> None:
    made = cli.json(*INIT, *options)
    assert (made["workspace"], made["clock"], made["now"]) == (str(cli.db), clock, now)
    assert made["user"]["name"] == "ada"


def test_only_a_simulated_clock_can_be_set(cli: Cli) -> None:
    answer = cli(*INIT, "--now", "2026-03-02")
    assert (answer.exit_code, answer.stderr) == (
        2,
        "Only a simulated clock can be set.\n  add --simulated\n",
    )
    assert not cli.db.exists()


def test_what_exists_is_not_overwritten(cli: Cli) -> None:
    cli.db.write_text("mine")
    answer = cli(*INIT)
    assert (answer.exit_code, answer.stderr) == (
        5,
        f"{cli.db} exists already.\n  try: seqctl init --db ANOTHER-FILE\n",
    )
    assert cli.db.read_text() == "mine"


def test_what_is_not_said_comes_from_git_and_the_system(
    cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    use_git(cli, monkeypatch, "[user]\n\tname = Ada Ek\n\temail = Ada@Example.com\n")
    monkeypatch.setenv("LOGNAME", "Ada.E")
    monkeypatch.setenv("TZ", "Europe/Stockholm")
    assert cli.json("init")["user"] == {
        "name": "ada.e",
        "full_name": "Ada Ek",
        "email": "ada@example.com",
        "timezone": "Europe/Stockholm",
        "teams": [],
        "signature": "",
    }


def test_the_user_may_be_named_as_everywhere(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SEQCTL_USER", "cy")
    assert cli.json("init", "--email", "cy@x.se")["user"]["name"] == "cy"
    other = cli.json("init", "--user", "di", "--email", "di@x.se", "--db", "other.db")
    assert (other["user"]["name"], other["user"]["full_name"]) == ("di", "Di")


def test_what_nobody_knows_is_named(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    answer = cli("init", "--user", "ada")
    assert (answer.exit_code, answer.stderr) == (
        2,
        "Your e-mail is not known.\n  add --email you@example.com\n",
    )
    monkeypatch.setenv("LOGNAME", "-_.")
    assert "Your short name is not known." in cli("init").stderr
    assert os.listdir(cli.folder) == []


def test_without_git_the_options_are_enough(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(cli.folder))
    assert cli("init", "--user", "ada").exit_code == 2
    cli.ok("init", "--user", "ada", "--email", "ada@example.com")


def test_on_a_terminal_what_is_missing_is_asked_for(
    cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LOGNAME", "ae")
    answer = cli("init", stdin="ada\nada@example.com\n\nEurope/Stockholm\n", terminal=True)
    assert answer.exit_code == 0
    assert answer.stderr == (
        "Your short name [ae]: Your e-mail: Your full name [Ada]: Your time zone [UTC]: "
    )
    assert "You are ada: Ada, ada@example.com, Europe/Stockholm." in answer.stdout


@pytest.mark.parametrize(
    ("option", "value", "told"),
    [
        ("--user", "tick", "'tick' can't be a user's name: the history uses it.\n"),
        ("--user", "Ada Ek", "'Ada Ek' can't be a user's name.\n  up to 40 of a-z 0-9 . _ - "),
        ("--user", "-ada", "'-ada' can't be a user's name."),
        ("--user", "a" * 41, "can't be a user's name."),
        ("--email", "ada", "“ada” is not an e-mail address: "),
        ("--timezone", "stockholm", "no time zone 'stockholm'. Did you mean Europe/Stockholm?\n"),
        ("--timezone", "Europe/Stokholm", "Did you mean Europe/Stockholm?\n"),
        ("--timezone", "new york", "Did you mean America/New_York?\n"),
        ("--timezone", "../../etc/passwd", "There is no time zone '../../etc/passwd'.\n"),
        ("--timezone", "x" * 9999, f"There is no time zone '{'x' * 60}'.\n"),
        ("--now", "soon", "'soon' is not a time.\n"),
    ],
)
def test_what_cant_be_meant(cli: Cli, option: str, value: str, told: str) -> None:
    answer = cli(*INIT, "--simulated", f"{option}={value}")
    assert answer.exit_code == 2
    assert told in answer.stderr
    assert not cli.db.exists()


# --- config -------------------------------------------------------------------------------------


def test_settings(simulated: Cli) -> None:
    assert simulated.json("config") == {
        "settings": {"enroll_confirm": 25, "rows": 50, "unsubscribe_url": None}
    }
    assert simulated.ok("config") == (
        "[simulated 2026-03-02 09:00]\n"
        "setting          value  meaning\n"
        "enroll_confirm   25     ask before more enrollments than this start or end at once\n"
        "rows             50     how many rows a table shows without --all\n"
        "unsubscribe_url  none   where one click opts a recipient out; {token} in it, else ?token=, "
        "names the mail\n"
    )
    assert simulated.json("config", "rows") == {"key": "rows", "value": 50}
    assert simulated.json("config", "rows", "2") == {"key": "rows", "value": 2}
    assert simulated.json("config", "rows") == {"key": "rows", "value": 2}
    assert simulated.json("log")["events"][-1]["detail"] == "rows: 50 → 2"


def test_a_setting_that_is_a_link(real: Cli) -> None:
    link = "https://acme.test/u?t={token}"
    assert real.ok("config", "unsubscribe_url") == "unsubscribe_url: none\n"
    assert real.json("config", "unsubscribe_url", link)["value"] == link
    assert real.ok("config", "unsubscribe_url") == f"unsubscribe_url: {link}\n"
    assert real.json("log")["events"][-1]["detail"] == f"unsubscribe_url: none → {link}"
    assert real.json("config", "unsubscribe_url", "none")["value"] is None
    assert real.json("config", "unsubscribe_url")["value"] is None


def test_the_rows_of_a_table(real: Cli) -> None:
    for number in range(3):
        real.ok("contact", "add", f"a{number}@x.se")
    real.ok("config", "rows", "2")
    assert real.ok("contact", "list").endswith("… and 1 more (--all)\n")


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("row",), "There is no setting 'row'. Did you mean rows?\n  try: seqctl config\n"),
        (
            ("rows", "many"),
            "'rows' is a whole number from 1 to 1000000, not 'many'.\n"
            "  try: seqctl config rows 50\n",
        ),
        (("rows", "0"), "not '0'"),
        (("rows", "٣"), "not '٣'"),
        (
            ("unsubscribe_url", "http://acme.test/u"),
            "'unsubscribe_url' is an https:// URL in plain ASCII, or none, not 'http://acme.test/u'.\n"
            "  try: seqctl config unsubscribe_url 'https://example.com/unsubscribe?token={token}'\n",
        ),
        *(
            (("unsubscribe_url", link), "is an https:// URL")
            for link in (
                *(
                    "acme.test",
                    "https://",
                    "https://a b.test",
                    "https://a.test/>",
                    "https://å.test",
                ),
                *("https://a.test/#x", "https://[::1", "https://a.test/\r\nBcc: x"),
            )
        ),
        (("rows", "9" * 5000), "is a whole number from 1 to 1000000"),
    ],
)
def test_settings_that_cant_be(real: Cli, words: tuple[str, ...], told: str) -> None:
    answer = real("config", *words)
    assert answer.exit_code == 5
    assert told in answer.stderr


# --- cron and halt ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("every", "fields"),
    [
        *(("1m", "* * * * *"), ("5m", "*/5 * * * *"), ("30m", "*/30 * * * *")),
        *(("1h", "0 * * * *"), ("6h", "0 */6 * * *"), ("1d", "0 0 * * *"), ("60m", "0 * * * *")),
    ],
)
def test_the_line_for_cron(real: Cli, every: str, fields: str) -> None:
    line = real.ok("cron", "--every", every)
    assert line.startswith(f"{fields} {Path(sys.executable).parent}/")
    assert line.endswith(f" --db {real.db} tick --quiet\n")
    assert real.json("cron", "--every", every) == {"line": line.strip()}


def test_a_path_stands_in_a_crontab_as_it_must(cli: Cli) -> None:
    cli.ok(*INIT, "--db", "100% mine.db")
    assert f" --db '{cli.folder}/100\\% mine.db' tick" in cli.ok("cron", "--db", "100% mine.db")


@pytest.mark.parametrize("every", ["7m", "0m", "90m", "5h", "2d", "often"])
def test_what_cron_cant_do(real: Cli, every: str) -> None:
    assert real("cron", "--every", every).exit_code == 2


def test_a_simulated_clock_is_not_for_cron(simulated: Cli) -> None:
    answer = simulated("cron")
    assert (answer.exit_code, answer.stdout) == (4, "")
    assert answer.stderr.endswith("only you move it.\n  try: seqctl tick --by 1d\n")


HALTED = "[halted since 2026-03-02 08:00 by ada: no mail server; seqctl unhalt]\n"


def test_every_command_says_that_the_workspace_is_halted(real: Cli) -> None:
    assert (
        real.ok("halt", "no", "mail", "server") == HALTED + "Halted: nothing is sent or created.\n"
    )
    assert real.ok("halt", "again") == HALTED + "It was halted already.\n"
    assert real.ok("config", "rows") == HALTED + "rows: 50\n"
    assert real("user", "edit", "nix", "--name", "N").stderr.startswith(HALTED)
    assert real.json("halt") == {
        "halted": {"since": "2026-03-02T08:00:00Z", "by": "ada", "reason": "no mail server"}
    }
    assert real.ok("unhalt") == "The workspace goes on.\n"
    assert real.ok("unhalt") == "It was not halted.\n"
    assert real.json("unhalt") == {"halted": None}
    kinds = [event["kind"] for event in real.json("log")["events"]]
    assert kinds == ["workspace-made", "user-added", "halted", "unhalted"]


def test_a_crontab_line_stands_alone_even_when_halted(real: Cli) -> None:
    real.ok("halt", "no mail server")
    answer = real("cron")
    assert answer.stdout.startswith("*/5 * * * * ")
    assert answer.stderr == HALTED + "Until `seqctl unhalt` the tick will do nothing.\n"


# --- doctor, backup, restore --------------------------------------------------------------------


def test_a_sound_workspace(simulated: Cli) -> None:
    assert simulated.ok("doctor").endswith("Nothing found: the workspace is sound.\n")
    assert simulated.json("doctor") == {"findings": []}


def test_a_backup_is_put_back(simulated: Cli) -> None:
    made = simulated.json("backup", "copy.db")
    copy = simulated.folder / "copy.db"
    assert made == {"file": str(copy), "bytes": copy.stat().st_size}
    assert stat.S_IMODE(copy.stat().st_mode) == 0o600
    before = copy.read_bytes()
    simulated.ok("config", "rows", "3")
    kept = f"{simulated.db}.before-restore-1"
    assert simulated.ok("restore", "copy.db", "--yes") == (
        "[simulated 2026-03-02 09:00]\n"
        f"Restored {simulated.db} from copy.db.\n"
        f"What stood there is kept: {kept}\n"
    )
    assert copy.read_bytes() == before
    assert simulated.json("config", "rows")["value"] == 50
    assert simulated.json("config", "rows", "--db", kept)["value"] == 3
    event = simulated.json("log")["events"][-1]
    assert (event["kind"], event["actor"], event["detail"]) == ("restored", "ada", str(copy))
    assert simulated.json("restore", "copy.db", "--yes")["kept"].endswith(".before-restore-2")
    assert stat.S_IMODE(simulated.db.stat().st_mode) == 0o600


def test_a_backup_is_put_where_nothing_stood(simulated: Cli) -> None:
    simulated.ok("backup", "copy.db")
    other = simulated.folder / "new" / "other.db"
    assert simulated.json("restore", "copy.db", "--db", str(other)) == {
        "workspace": str(other),
        "restored_from": str(simulated.folder / "copy.db"),
        "kept": None,
    }
    assert simulated.json("user", "list", "--db", str(other)) == simulated.json("user", "list")


def test_a_backup_overwrites_nothing(simulated: Cli) -> None:
    (simulated.folder / "copy.db").write_text("mine")
    answer = simulated("backup", "copy.db")
    assert answer.exit_code == 5
    assert answer.stderr.endswith(
        "copy.db exists already; nothing was written.\n  choose another name\n"
    )
    assert (simulated.folder / "copy.db").read_text() == "mine"
    assert "copy.db can't be made: Not a directory." in simulated("backup", "copy.db/x").stderr


def test_what_is_no_backup_changes_nothing(simulated: Cli) -> None:
    (simulated.folder / "notes.txt").write_text("notes\n" * 100)
    before = simulated.db.read_bytes()
    told = {name: simulated("restore", name, "--yes") for name in ("nix.db", "notes.txt", ".")}
    assert {answer.exit_code for answer in told.values()} == {5}
    assert told["nix.db"].stderr.startswith("There is no file nix.db.\n")
    assert told["notes.txt"].stderr.startswith("notes.txt is not a seqctl workspace.\n")
    same = simulated("restore", str(simulated.db), "--yes")
    assert same.stderr.startswith(f"{simulated.db} is the workspace itself.\n")
    assert simulated.db.read_bytes() == before
    assert sorted(os.listdir(simulated.folder)) == ["notes.txt", "workspace.db"]


def test_a_file_of_another_kind_is_not_replaced(simulated: Cli) -> None:
    simulated.ok("backup", "copy.db")
    notes = simulated.folder / "notes.txt"
    notes.write_text("notes\n" * 100)
    answer = simulated("restore", "copy.db", "--db", "notes.txt", "--yes")
    assert (answer.exit_code, notes.read_text()) == (5, "notes\n" * 100)


def test_a_restore_needs_to_know_who_acts(simulated: Cli) -> None:
    simulated.ok("user", "add", "bo", "--email", "bo@example.com")
    simulated.ok("backup", "copy.db", "--as", "ada")
    before = simulated.db.read_bytes()
    assert simulated("restore", "copy.db", "--yes").exit_code == 2
    assert simulated("restore", "copy.db", "--yes", "--as", "cy").exit_code == 3
    assert simulated.db.read_bytes() == before
    simulated.ok("restore", "copy.db", "--yes", "--as", "bo")
    assert simulated.json("log", "--as", "bo")["events"][-1]["actor"] == "bo"


def test_a_restore_waits_for_no_tick(simulated: Cli) -> None:
    simulated.ok("backup", "copy.db")
    with tick_lock(simulated.db):
        answer = simulated("restore", "copy.db", "--yes")
    assert (answer.exit_code, answer.stderr.splitlines()[0]) == (
        7,
        "Another tick is at work on this workspace.",
    )


def test_a_restore_says_that_another_name_still_leads_to_the_old(simulated: Cli) -> None:
    simulated.ok("backup", "copy.db")
    os.link(simulated.db, simulated.folder / "other.db")
    answer = simulated("restore", "copy.db", "--yes")
    kept = f"{simulated.db}.before-restore-1"
    assert answer.exit_code == 0
    assert answer.stderr == (
        "It has other names still (hard links): a tick by one of them would send again.\n"
        f"  try: find {simulated.folder} -samefile {kept}\n"
    )


def test_a_damaged_workspace_is_replaced_with_its_journal(simulated: Cli) -> None:
    simulated.ok("backup", "copy.db")
    with simulated.db.open("r+b") as file:
        file.seek(100)
        file.write(b"\xff" * 5000)
    journal = Path(f"{simulated.db}-journal")
    journal.write_bytes(b"\xd9\xd5\x05\xf9\x20\xa1\x63\xd7" + bytes(5000))
    assert simulated("status").exit_code == 5
    journal.write_bytes(b"left by a crash")
    kept = simulated.json("restore", "copy.db", "--yes")["kept"]
    assert simulated.json("doctor") == {"findings": []}
    assert not journal.exists()
    assert Path(kept).exists()


def test_a_damaged_backup_is_refused(simulated: Cli) -> None:
    simulated.ok("backup", "copy.db")
    before = simulated.db.read_bytes()
    with (simulated.folder / "copy.db").open("r+b") as file:
        file.seek(3 * 4096)
        file.write(b"\xff" * 20 * 4096)
    answer = simulated("restore", "copy.db", "--yes")
    assert answer.exit_code == 5
    assert "copy.db is damaged: " in answer.stderr
    assert simulated.db.read_bytes() == before


def spoilt_words(file: Path) -> None:
    """Let SQLite's own words about the file be no UTF-8: it quotes the table that it can't read."""
    content = file.read_bytes()
    file.write_bytes(content.replace(b"CREATE TABLE contact (", b"CREA\x9aE TABLE contact (", 1))


def test_a_workspace_whose_tables_have_no_readable_names_is_replaced(simulated: Cli) -> None:
    simulated.ok("backup", "copy.db")
    spoilt_words(simulated.db)
    assert simulated("status").exit_code == 5
    simulated.ok("restore", "copy.db", "--yes")
    assert simulated.json("doctor") == {"findings": []}


def test_a_backup_whose_tables_have_no_readable_names_is_refused(simulated: Cli) -> None:
    simulated.ok("backup", "copy.db")
    spoilt_words(simulated.folder / "copy.db")
    answer = simulated("restore", "copy.db", "--yes", "--json")
    assert (answer.exit_code, answer.error["code"]) == (5, "DAMAGED")
    assert answer.error["message"].startswith("copy.db is damaged: ")
