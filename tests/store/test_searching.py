"""What a tick, and a verb of a single contact, asks is found by an index, however much there is."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from seqctl.domain.model import MailStatus
from seqctl.service.enrollments import enrolling
from tests.desk import MAILS, MONDAY, Desk, at

GROWING = re.compile(r"SCAN (e|m|c|enrollment|message|contact)\b(?!.* message_open)")


def read_whole(desk: Desk, act: Callable[[], object]) -> list[str]:
    """The statements that read one of the growing tables from its beginning to its end."""
    asked: list[str] = []
    desk.store.connection.set_trace_callback(asked.append)
    act()
    desk.store.connection.set_trace_callback(None)
    return [
        sql
        for sql in asked
        if sql.startswith(("SELECT", "UPDATE", "DELETE", "\n"))
        for row in desk.store.connection.execute(f"EXPLAIN QUERY PLAN {sql}").fetchall()
        if GROWING.match(row[3])
    ]


@pytest.mark.parametrize("status", [MailStatus.QUEUED, MailStatus.SENDING, MailStatus.UNKNOWN])
def test_unsettled_mails_are_found_among_all_that_were_sent(desk: Desk, status: MailStatus) -> None:
    outbox = desk.store.outbox
    assert not read_whole(desk, lambda: outbox.unsettled(1, MailStatus.CLAIMED, status))
    assert not read_whole(desk, lambda: outbox.counts([status]))


def test_mails_are_claimed_among_all_that_were_sent(desk: Desk) -> None:
    assert not read_whole(desk, lambda: desk.store.outbox.claim(1, MONDAY, 10))


def test_enrolling_a_named_contact_reads_no_other_enrollments(desk: Desk) -> None:
    desk.apply(MAILS)
    request = enrolling.Request("intro", (at("ada"),))
    assert not read_whole(desk, lambda: enrolling.enroll(desk.store, desk.me, MONDAY, request))
    assert desk.store.enrollments.ever_in(1)
