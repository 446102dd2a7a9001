"""What forbids re-enrolling, whoever asks (rules, "Re-enrolling")."""

from __future__ import annotations

import pytest

from seqctl.domain.enrollments.reenrolling import ORDER, Facts, first, refusal, refusals
from seqctl.domain.model import Status

ENDED = Facts(
    "ada@example.com",
    "intro",
    Status.UNENROLLED,
    "manual",
    sends=True,
    inbox="bo@example.org",
    inbox_connected=True,
)


@pytest.mark.parametrize("reason", ["manual", "error", "contact-deleted", "opt-out"])
def test_what_ended_unexpectedly_may_go_on(reason: str) -> None:
    assert refusal(ENDED._replace(reason=reason)) is None


@pytest.mark.parametrize(
    "reason",
    ["reply", "meeting", "bounce", "company-reply", "company-meeting", "sequence-deleted"],
)
def test_what_ended_for_good_is_not_reenrollable(reason: str) -> None:
    found = refusal(ENDED._replace(reason=reason))
    assert found == (
        "NOT_REENROLLABLE",
        f"ada@example.com was ended by {reason} in intro: enroll it afresh.",
    )


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"contact_deleted": True}, "UNKNOWN_CONTACT"),
        ({"sequence_deleted": True}, "SEQUENCE_DELETED"),
        ({"blocked": True}, "BLOCKED"),
        ({"status": None, "reason": None}, "NOT_REENROLLABLE"),
        ({"status": Status.FINISHED, "reason": None}, "NOT_REENROLLABLE"),
        ({"status": Status.LIVE, "reason": None}, "ALREADY_ENROLLED"),
        ({"opted_out": True}, "OPTED_OUT"),
        ({"bounced": True}, "BOUNCED"),
        ({"inbox_connected": False}, "INBOX_DISCONNECTED"),
        ({"unsettled": True}, "MAIL_UNSETTLED"),
        ({"unsettled": True, "bounced": True, "blocked": True}, "BOUNCED"),
        ({"opted_out": True, "reason": "reply"}, "OPTED_OUT"),
        ({"bounced": True, "reason": "bounce"}, "BOUNCED"),
    ],
)
def test_the_first_that_applies_is_given(changes: dict[str, object], code: str) -> None:
    found = refusal(ENDED._replace(**changes))  # type: ignore[arg-type]
    assert found is not None
    assert found[0] == code


def test_the_inbox_is_not_asked_where_nothing_is_sent() -> None:
    assert refusal(ENDED._replace(sends=False, inbox=None, inbox_connected=False)) is None


def test_a_verb_adds_what_depends_on_who_asks() -> None:
    found = [("NOT_YOURS", "another's"), *refusals(ENDED._replace(unsettled=True))]
    assert first(found) == ("NOT_YOURS", "another's")
    assert first([*found, ("NOT_SHARED", "private")]) == ("NOT_SHARED", "private")
    assert {code for code, _ in refusals(ENDED._replace(contact_deleted=True))} <= set(ORDER)
