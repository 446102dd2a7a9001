"""What a mail is taken for where it could be several things."""

from __future__ import annotations

from datetime import date

import pytest

from seqctl.domain.reading.letters import Failure, Kind, Letter, Taken, taken_for

NOTHING = Letter(
    sender="ann@example.org",
    sender_name="",
    subject="",
    at=None,
    message_id=None,
    references=(),
    seqctl_id=None,
    recipients=(),
    failure=None,
    automatic=None,
    returns=None,
    complaint=None,
    unsubscribes=False,
    token=None,
    accepts=False,
    text="",
)
# In the order of their rank: each wins over all that follow.
SIGNS: list[tuple[Kind, dict[str, object]]] = [
    (Kind.COMPLAINT, {"complaint": ""}),
    (Kind.BOUNCE_HARD, {"failure": Failure("ann@example.org", True, "5.1.1 user unknown")}),
    (Kind.UNSUBSCRIBE, {"token": "17.3f"}),
    (Kind.AUTO_REPLY, {"automatic": "Auto-Submitted: auto-replied"}),
    (Kind.MEETING, {"accepts": True}),
    (Kind.UNSUBSCRIBE, {"unsubscribes": True}),
    (Kind.OTHER, {}),
]


@pytest.mark.parametrize("rank", range(len(SIGNS)))
def test_the_first_sign_decides(rank: int) -> None:
    kind, _ = SIGNS[rank]
    every = {name: value for _, signs in SIGNS[rank:] for name, value in signs.items()}
    assert taken_for(NOTHING._replace(**every)).kind is kind


@pytest.mark.parametrize(
    ("letter", "taken"),
    [
        (
            NOTHING._replace(failure=Failure("ann@example.org", False, "5.2.2 mailbox full")),
            Taken(Kind.BOUNCE_SOFT, "delivery report: 5.2.2 mailbox full"),
        ),
        (
            NOTHING._replace(failure=Failure(None, True, "")),
            Taken(Kind.BOUNCE_HARD, "delivery report: not delivered"),
        ),
        (
            NOTHING._replace(automatic="X-Autoreply", returns=date(2027, 1, 12)),
            Taken(Kind.AUTO_REPLY, "X-Autoreply, away until 2027-01-12"),
        ),
        (
            NOTHING._replace(complaint="ann@example.org"),
            Taken(Kind.COMPLAINT, "feedback report of ann@example.org"),
        ),
    ],
)
def test_the_reason_is_for_people(letter: Letter, taken: Taken) -> None:
    assert taken_for(letter) == taken
