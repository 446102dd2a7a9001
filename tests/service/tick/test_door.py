"""Before each hand-over everything is asked again, and a long tick reads its mailboxes again
(rules, "Asked again at the door")."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from email.utils import format_datetime
from pathlib import Path

import pytest

from seqctl.domain.sending.accounts import NO_LIMITS, Limits
from seqctl.mail.office import Office
from seqctl.service import halting
from seqctl.service.contacts import contacts
from seqctl.service.enrollments import marking, pausing
from seqctl.service.inboxes import inboxes
from seqctl.service.tick import delivering
from seqctl.store import SqliteStore
from tests.desk import at, local
from tests.errands import ANN, ONE_MAIL, ErrandOffice, Errands, moments_of

OFFICE_HOURS = ONE_MAIL.replace("steps:", "days: weekdays\nwindow: 08:00-18:00\nsteps:")
WEEKDAYS = ONE_MAIL.replace("steps:", "days: weekdays\nsteps:")
TEN_MINUTES = timedelta(minutes=10)


@pytest.fixture
def errands(tmp_path: Path) -> Iterator[Errands]:
    made = Errands(tmp_path)
    yield made
    made.close()


def stockholm(text: str) -> datetime:
    """A wall time in Stockholm."""
    from zoneinfo import ZoneInfo

    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo("Europe/Stockholm")).astimezone(UTC)


def slow(errands: Errands, point: str = "begun", by: timedelta = TEN_MINUTES) -> None:
    """Each mail takes that long on its way to the given point."""

    def deed(reached: str) -> None:
        if reached == point:
            errands.clock.time += by

    errands.office = ErrandOffice(deed)


def sent(errands: Errands) -> list[str]:
    """When the mails went out, on Stockholm's clock."""
    rows = errands.rows("SELECT at FROM message WHERE status = 'sent' ORDER BY id")
    return [local(moment) for moment in moments_of(rows)]


# --- the day and the window ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("point", "times"),
    [
        ("connected", ["Mon 2 17:50"] * 8),
        ("begun", ["Mon 2 17:50", "Mon 2 18:00"]),
        ("at the door", ["Mon 2 17:40", "Mon 2 17:50", "Mon 2 18:00"]),
        ("handed over", ["Mon 2 17:40", "Mon 2 17:50", "Mon 2 18:00"]),
    ],
)
def test_nothing_goes_out_after_closing_time(
    errands: Errands, point: str, times: list[str]
) -> None:
    errands.clock.time = stockholm("2026-03-02T17:40")
    names = errands.begin(8, OFFICE_HOURS)
    slow(errands, point)
    result = errands.tick()
    assert (result.emails, sent(errands)) == (len(times), times)
    assert errands.went() == names[: len(times)]
    waiting = errands.rows("SELECT DISTINCT due_at, waiting FROM enrollment WHERE status = 'live'")
    if len(times) < 8:
        assert waiting == [("2026-03-03T07:00:00Z", "delay")]
        assert result.next_due == stockholm("2026-03-03T08:00")
    errands.clock.time = stockholm("2026-03-03T08:00")
    errands.office = Office()
    errands.tick()
    assert errands.went() == names


def test_the_history_says_why_it_waits(errands: Errands) -> None:
    errands.clock.time = stockholm("2026-03-02T17:55")
    errands.begin(1, OFFICE_HOURS)
    slow(errands)
    errands.tick()
    events = errands.rows("SELECT kind, detail, due_at FROM event WHERE enrollment_id = 1")
    assert events[-1] == (
        "taken-back",
        "the day or window closed before it went out",
        "2026-03-03T07:00:00Z",
    )
    assert [kind for kind, *_ in events] == ["enrolled", "queued", "taken-back"]


@pytest.mark.parametrize(
    ("text", "start", "opens"),
    [
        # Friday's last minutes: the day ends at midnight, and the local time is kept.
        (WEEKDAYS, "2026-03-06T23:55", "2026-03-09T00:05"),
        # A holiday begins at midnight.
        (ONE_MAIL.replace("steps:", "holidays: [2026-03-04]\nsteps:"), "2026-03-03T23:55",
         "2026-03-05T00:05"),
        # Clocks go back on 25 October 2026 at 03:00: 02:30 comes twice, and both are in the window.
        (ONE_MAIL.replace("steps:", "window: 01:00-02:30\nsteps:"), "2026-10-25T02:25",
         None),
        # Clocks go forward on 29 March 2026 at 02:00: after 01:55 comes 03:05, behind the window.
        (ONE_MAIL.replace("steps:", "window: 01:00-02:30\nsteps:"), "2026-03-29T01:55",
         "2026-03-30T01:00"),
        # Friday 17:55 before the change of the clocks: Monday's opening is an hour earlier in UTC.
        (OFFICE_HOURS, "2026-03-27T17:55", "2026-03-30T08:00"),
    ],
)  # fmt: skip
def test_days_and_clocks_that_change_on_the_way(
    errands: Errands, text: str, start: str, opens: str | None
) -> None:
    errands.clock.time = stockholm(start)
    errands.begin(1, text)
    slow(errands)
    errands.tick()
    if opens is None:
        assert errands.went() == []
        ((due,),) = errands.rows("SELECT due_at FROM enrollment")
        assert datetime.fromisoformat(due) == stockholm("2026-10-26T01:00")
        return
    assert errands.went() == []
    ((due,),) = errands.rows("SELECT due_at FROM enrollment")
    assert datetime.fromisoformat(due) == stockholm(opens)


def test_one_in_another_zone_goes_while_the_others_wait(
    errands: Errands, monkeypatch: pytest.MonkeyPatch
) -> None:
    """More than are claimed at once stand behind a window that has closed, and one that has not."""
    errands.clock.time = stockholm("2026-03-02T17:59")
    monkeypatch.setattr(delivering, "_CLAIMED_AT_ONCE", 3)
    names = errands.begin(4, OFFICE_HOURS)
    errands.apply(
        OFFICE_HOURS.replace("intro", "west").replace("days:", "timezone: America/New_York\ndays:")
    )
    errands.enroll("q", sequence="west")
    slow(errands, "connected")
    errands.tick()
    assert errands.went() == ["q"]
    errands.clock.time = stockholm("2026-03-03T08:00")
    errands.office = Office()
    errands.tick()
    assert errands.went() == ["q", *names]


def test_now_means_at_any_hour(errands: Errands) -> None:
    errands.clock.time = stockholm("2026-03-02T17:55")
    errands.connect()
    errands.apply(OFFICE_HOURS)
    errands.enroll("p1", any_time=True)
    slow(errands)
    errands.tick()
    assert sent(errands) == ["Mon 2 18:05"]


def test_a_mail_that_no_day_allows_any_more_ends(errands: Errands) -> None:
    errands.clock.time = stockholm("2026-03-02T17:55")
    errands.begin(1, OFFICE_HOURS)
    days = [f"{errands.clock.time + timedelta(days=n):%Y-%m-%d}" for n in range(1, 800)]

    def deed(reached: str) -> None:
        if reached == "begun":
            errands.clock.time += TEN_MINUTES

    errands.rows(
        "UPDATE sequence_version SET content = json_set(content, '$.settings.holidays', "
        f"json('{days}'))".replace("'2", '"2')
        .replace("', \"", '", "')
        .replace("']", '"]')
    )
    errands.office = ErrandOffice(deed)
    result = errands.tick()
    assert [failure.code for failure in result.errors] == ["NO_SEND_TIME"]
    assert errands.went() == []


# --- what people do meanwhile ---------------------------------------------------------------------------


def by_another(errands: Errands, do: Callable[[SqliteStore], object]) -> Callable[[str], None]:
    """Once, when the first mail is begun, another command is at work."""
    done = False

    def deed(reached: str) -> None:
        nonlocal done
        if reached == "begun" and not done:
            done = True
            with closing(errands.again()) as other:
                do(other)

    return deed


def test_a_limit_that_was_lowered_holds_from_the_next_mail_on(errands: Errands) -> None:
    errands.begin(6, limits=Limits(per_day=5))

    def lower(store: SqliteStore) -> None:
        wiring = inboxes.Wiring(limits=Limits(per_day=2))
        known = inboxes.inbox_named(store, ANN)
        wiring = wiring._replace(account=known.account)
        inboxes.connect_inbox(store, errands.user, ANN, wiring, errands.clock.time)

    errands.office = ErrandOffice(by_another(errands, lower))
    errands.tick()
    assert len(errands.went()) == 2
    errands.later(days=1)
    errands.tick()
    assert len(set(errands.went())) == len(errands.went()) == 4


def test_another_account_is_used_at_once(errands: Errands) -> None:
    names = errands.begin(3)
    other = errands.folder / "other"
    other.mkdir()
    script = other / "deliver"
    script.write_text((errands.folder / "deliver").read_text())
    script.chmod(0o755)

    def rewire(store: SqliteStore) -> None:
        account = inboxes.inbox_named(store, ANN).account._replace(sendmail=str(script))
        wiring = inboxes.Wiring(account, None, NO_LIMITS)
        inboxes.connect_inbox(store, errands.user, ANN, wiring, errands.clock.time)

    errands.office = ErrandOffice(by_another(errands, rewire))
    errands.tick()
    assert errands.went() == []
    assert [line.split("@")[0] for line in (other / "went").read_text().split()] == names


def test_an_inbox_that_gets_into_trouble_meanwhile(errands: Errands) -> None:
    errands.begin(3)

    def trouble(store: SqliteStore) -> None:
        store.people.trouble_inbox(1, "550 5.4.5 too many")

    errands.office = ErrandOffice(by_another(errands, trouble))
    result = errands.tick()
    assert (errands.went(), result.left_due) == ([], 3)
    assert errands.rows("SELECT DISTINCT waiting FROM enrollment") == [("inbox",)]
    errands.office = Office()
    errands.tick()
    assert len(errands.went()) == 3


MEANWHILE: dict[str, tuple[Callable[[Errands, SqliteStore], object], list[str]]] = {
    "paused": (lambda e, s: pausing.pause_contacts(s, [at("p2")], pausing.Pause(e.user, e.clock.time)), ["p1", "p3"]),
    "paused as a sequence": (lambda e, s: pausing.pause_sequence(s, "intro", pausing.Pause(e.user, e.clock.time)), []),
    "answered": (lambda e, s: marking.mark(s, e.user, e.clock.time, [at("p2")], "replied"), ["p1", "p3"]),
    "taken out": (lambda e, s: marking.unenroll(s, e.user, e.clock.time, [at("p2")]), ["p1", "p3"]),
    "opted out": (lambda e, s: contacts.opt_out(s, e.user, e.clock.time, at("p2")), ["p1", "p3"]),
    "deleted": (lambda e, s: contacts.delete(s, e.user, e.clock.time, at("p2")), ["p1", "p3"]),
    "disconnected": (lambda e, s: inboxes.disconnect_inbox(s, e.user, ANN, False, e.clock.time), []),
}  # fmt: skip


@pytest.mark.parametrize("what", MEANWHILE)
def test_what_people_say_meanwhile_counts(errands: Errands, what: str) -> None:
    do, names = MEANWHILE[what]
    errands.begin(3)
    errands.office = ErrandOffice(by_another(errands, lambda store: do(errands, store)))
    errands.tick()
    assert errands.went() == names


def test_a_halt_meanwhile(errands: Errands) -> None:
    names = errands.begin(3)
    halt = lambda store: halting.halt(store, "stop", errands.user, errands.clock.time)  # noqa: E731
    errands.office = ErrandOffice(by_another(errands, halt))
    with pytest.raises(Exception, match="halted"):
        errands.tick()
    assert errands.went() == []
    halting.unhalt(errands.store, errands.user, errands.clock.time)
    errands.office = Office()
    errands.tick()
    assert errands.went() == names


# --- a long tick ----------------------------------------------------------------------------------------


@pytest.fixture
def reading(errands: Errands) -> Errands:
    """Answers are read from a Maildir; four mails are due."""
    for part in ("cur", "new", "tmp"):
        (errands.folder / "mails" / part).mkdir(parents=True)
    errands.begin(4, maildir=str(errands.folder / "mails"))
    return errands


def answer(errands: Errands, name: str) -> None:
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = at(name), ANN, "Re: Hello"
    mail["Message-ID"] = f"<{name}@x.test>"
    mail["Date"] = format_datetime(errands.clock.time)
    mail.set_content("Yes, gladly.")
    (errands.folder / "mails" / "new" / name).write_bytes(mail.as_bytes())


@pytest.mark.parametrize(
    ("minutes", "names"),
    [
        (
            4,
            ["p1", "p2", "p3"],
        ),  # read again before the third, five minutes after the first reading
        (5, ["p1", "p2", "p3"]),
        (6, ["p1", "p3"]),
    ],
)
def test_who_answers_a_long_tick_gets_nothing(
    reading: Errands, minutes: float, names: list[str]
) -> None:
    """The first mail takes so many minutes, and meanwhile the second and the fourth answer."""
    mails = 0

    def deed(reached: str) -> None:
        nonlocal mails
        if reached == "handed over":
            mails += 1
            reading.later(minutes=minutes)
            if mails == 1:
                answer(reading, "p2")
                answer(reading, "p4")

    reading.office = ErrandOffice(deed)
    result = reading.tick()
    assert reading.went() == names
    assert result.emails == len(names)
    reasons = reading.rows("SELECT reason FROM enrollment WHERE contact_id = 4")
    assert reasons == [("reply",)]
    assert result.unenrolled == (1 if "p2" in names else 2)


def test_who_answers_while_a_server_takes_its_time_gets_nothing(reading: Errands) -> None:
    """The bodies are on the wire for six minutes; only then comes the door."""

    def deed(reached: str) -> None:
        if reached == "begun" and not (reading.folder / "mails/new/p1").exists():
            reading.later(minutes=6)
            answer(reading, "p1")

    reading.office = ErrandOffice(deed)
    reading.tick()
    assert "p1" not in reading.went()


def test_a_mailbox_that_can_not_be_read_again_stops_its_inbox(reading: Errands) -> None:
    def deed(reached: str) -> None:
        if reached == "handed over":
            reading.later(minutes=6)
            (reading.folder / "mails").rename(reading.folder / "gone")

    reading.office = ErrandOffice(deed)
    result = reading.tick()
    assert reading.went() == ["p1"]
    assert {trouble.inbox for trouble in result.troubles} == {ANN}
    assert reading.rows(
        "SELECT waiting, count(*) FROM enrollment WHERE status = 'live' GROUP BY 1"
    ) == [("inbox", 3)]
    (reading.folder / "gone").rename(reading.folder / "mails")
    reading.office = Office()
    reading.tick()
    assert reading.went() == ["p1", "p2", "p3", "p4"]
