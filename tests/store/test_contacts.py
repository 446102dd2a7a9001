"""Contacts in SQLite: look-ups, filters against real rows, writing, and those who said no."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from seqctl.domain.contacts.filters import ENGINE_PROPERTIES, parse_filter
from seqctl.domain.enrollments.access import may_communicate
from seqctl.domain.model import Event, User
from seqctl.ports.contacts import ContactChange, Standing
from tests.contact_world import NOW, World

LATER = NOW + timedelta(days=3)


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    world = World(tmp_path / "workspace.db")
    yield world
    world.store.close()


def matching(world: World, *expressions: str, user: User | None = None) -> list[str]:
    filters = [parse_filter(text, now=LATER, zone="Europe/Stockholm") for text in expressions]
    found = world.store.contacts.matching(filters, user)
    assert world.store.contacts.count(filters, user) == len(found)
    return [contact.email.partition("@")[0] for contact in found]


def test_contacts_are_found_by_address_in_any_case(world: World) -> None:
    ada = world.contact("ada@x.test", first_name="Ada", properties={"city": "Oslo"})
    assert world.store.contacts.find(["ADA@X.test", "none@x.test"]) == {"ada@x.test": ada}
    assert ada.properties == {"city": "Oslo"}


def test_more_addresses_than_one_statement_takes(world: World) -> None:
    addresses = [f"c{n}@x.test" for n in range(1201)]
    for address in addresses[::400]:
        world.contact(address)
    found = world.store.contacts.find(addresses)
    assert list(found) == addresses[::400]
    ids = [contact.id for contact in found.values()]
    assert list(world.store.contacts.by_ids([*range(2000), *ids])) == ids


def test_a_deleted_contact_keeps_its_id_and_nothing_else(world: World) -> None:
    ada = world.contact("ada@x.test", first_name="Ada", phone="1", properties={"city": "Oslo"})
    world.store.contacts.erase(ada.id, NOW)
    assert world.store.contacts.find(["ada@x.test"]) == {}
    gone = world.store.contacts.find(["ada@x.test"], deleted=True)["ada@x.test"]
    assert gone == replace(ada, first_name="", phone="", properties={})
    assert world.store.contacts.by_ids([ada.id]) == {ada.id: gone}
    assert matching(world) == []


def test_a_change_brings_a_deleted_contact_back_and_continues_its_history(world: World) -> None:
    ada = world.contact("ada@x.test", first_name="Ada")
    world.store.contacts.erase(ada.id, NOW)
    again = replace(ada, first_name="Augusta", owner_id=world.anna.id)
    event = Event(NOW, world.anna.id, "created", "again")
    world.store.contacts.record([ContactChange(again, event)])
    found = world.store.contacts.find(["ada@x.test"])["ada@x.test"]
    assert (found.id, found.first_name, found.owner) == (ada.id, "Augusta", "anna")
    assert world.chain("ada@x.test") == ["created", "created"]


def test_two_changes_of_one_contact_in_one_write_stay_a_chain(world: World) -> None:
    ada = world.contact("ada@x.test")
    changes = [
        ContactChange(replace(ada, phone=phone), Event(NOW, None, kind))
        for phone, kind in (("1", "first"), ("2", "second"))
    ]
    world.store.contacts.record(changes)
    assert world.chain("ada@x.test") == ["second", "first", "created"]
    assert world.store.contacts.find(["ada@x.test"])["ada@x.test"].phone == "2"


# --- filters ------------------------------------------------------------------------------------


@pytest.fixture
def three(world: World) -> World:
    """ada is live in one and finished another; bob was unenrolled; örn was never enrolled."""
    world.contact(
        "ada@x.test", first_name="Ada", company="Öresund AB", owner_id=world.anna.id,
        properties={"size": "12", "born": "1950-06-01", "zip": "01234"},
    )  # fmt: skip
    world.contact("bob@x.test", company="Acme", properties={"size": "120", "city": "Oslo"})
    world.contact("örn@x.test", phone="+46", properties={"size": "many"})
    world.enroll("ada@x.test", "alpha", NOW - timedelta(days=9), ended_at=NOW - timedelta(days=2))
    world.enroll("ada@x.test", "beta", NOW)
    world.enroll("bob@x.test", "alpha", NOW, ended_at=NOW + timedelta(hours=1), reason="reply")
    world.store.contacts.suppress("bob@x.test", "opted_out", NOW)
    world.store.contacts.suppress("örn@x.test", "bounced", NOW)
    return world


@pytest.mark.parametrize(
    ("expression", "found"),
    [
        ("company=öresund ab", "ada"),
        ("company~SUND", "ada"),
        ("company!=acme", "ada örn"),
        ("company?", "ada bob"),
        ("!company?", "örn"),
        ("email~ÖRN@", "örn"),
        ("email=BOB@x.test", "bob"),
        ("owner=Anna", "ada"),
        ("!owner?", "bob örn"),
        ("access=everyone", "ada bob örn"),
        ("size<100", "ada"),
        ("size>12", "bob"),
        ("size=12", "ada"),
        ("zip=01234", "ada"),
        ("zip=1234", ""),
        ("city!=oslo", "ada örn"),
        ("city?", "bob"),
        ("born<1960-01-01", "ada"),
        ("born<1950-06-01", ""),
        ("nothing?", ""),
        ("!nothing?", "ada bob örn"),
        ("opted_out?", "bob"),
        ("!opted_out?", "ada örn"),
        ("opted_out=false", "ada örn"),
        ("bounced!=true", "ada bob"),
        ("now_in_sequence?", "ada"),
        ("now_in_sequence=no", "bob örn"),
        ("sequences_active_count=1", "ada"),
        ("sequences_enrolled_count>1", "ada"),
        ("sequences_enrolled_count<1", "örn"),
        ("last_sequence_enrolled=beta", "ada"),
        ("last_sequence_enrolled!=beta", "bob örn"),
        ("last_enrolled_at=2026-03-02", "ada bob"),
        ("last_enrolled_at!=2026-03-02", "örn"),
        ("last_enrolled_at=2026-03-02T09:00", "ada bob"),
        ("last_enrolled_at<2026-03-02", ""),
        ("last_sequence_ended_at>2026-03-02", "bob"),
        ("last_sequence_finished_at?", "ada"),
        ("last_sequence_unenrolled_at?", "bob"),
        ("!last_sequence_ended_at?", "örn"),
        ("in=beta", "ada"),
        ("in=alpha", ""),
        ("in!=beta", "bob örn"),
        ("in?", "ada"),
        ("ever_in=alpha", "ada bob"),
        ("ever_in~ALP", "ada bob"),
        ("!ever_in?", "örn"),
    ],
)
def test_a_filter_finds(three: World, expression: str, found: str) -> None:
    assert matching(three, expression) == found.split()


def test_filters_are_and_ed(three: World) -> None:
    assert matching(three, "ever_in=alpha", "size<100") == ["ada"]
    assert matching(three, "ever_in=alpha", "size<100", "!phone?", "opted_out?") == []


def test_nothing_typed_reaches_the_sql(three: World) -> None:
    assert matching(three, "city='; DROP TABLE contact; --") == []
    assert matching(three, 'it\'s a "name"=x') == []
    assert matching(three, "company~%") == []
    assert len(matching(three)) == 3


def test_a_limit_gives_the_first_by_id(three: World) -> None:
    assert [c.email for c in three.store.contacts.matching(limit=2)] == ["ada@x.test", "bob@x.test"]


def test_access_in_sql_is_access_in_the_domain(world: World) -> None:
    for access in ("everyone", "owner", "team"):
        for owner in (world.anna, world.cy, None):
            name = f"{access}-{owner.name if owner else 'nobody'}@x.test"
            world.contact(name, access=access, owner_id=owner.id if owner else None)
    everybody = world.store.contacts.matching()
    for user in (world.anna, world.bo, world.cy):
        allowed = [contact for contact in everybody if may_communicate(user, contact)]
        assert world.store.contacts.matching(user=user) == allowed
        assert 0 < len(allowed) < len(everybody)


def test_standings_are_what_the_filters_see(three: World) -> None:
    contacts = three.store.contacts.matching()
    standings = three.store.contacts.standings(contact.id for contact in contacts)
    ada, bob, _ = contacts
    assert standings == {
        ada.id: Standing(True, 1, 2, "beta", NOW, NOW - timedelta(days=2), NOW - timedelta(days=2)),
        bob.id: Standing(
            False, 0, 1, "alpha", NOW, NOW + timedelta(hours=1), None, NOW + timedelta(hours=1)
        ),
    }
    assert Standing._fields == tuple(ENGINE_PROPERTIES)


def test_addresses_that_begin_alike_are_offered_to_those_who_may_see_them(world: World) -> None:
    world.contact("ada@x.test")
    world.contact("adam@x.test", access="owner", owner_id=world.anna.id)
    world.contact("bob@x.test")
    like = world.store.contacts.addresses_like
    assert sorted(like("adda@x.test")) == ["ada@x.test", "adam@x.test"]
    assert like("adda@x.test", world.bo) == ["ada@x.test"]


# --- those who said no, and segments ------------------------------------------------------------


def test_suppression_is_by_address_and_survives_deletion(world: World) -> None:
    contacts = world.store.contacts
    ada = world.contact("ada@x.test")
    assert contacts.suppress("Ada@x.test", "opted_out", NOW)
    assert not contacts.suppress("ada@x.test", "opted_out", LATER)
    contacts.erase(ada.id, NOW)
    assert contacts.suppressed("ada@x.test") == {"opted_out"}
    assert contacts.by_ids([ada.id])[ada.id].opted_out
    assert contacts.unsuppress("ADA@x.test", "opted_out")
    assert not contacts.unsuppress("ada@x.test", "opted_out")


def test_an_address_is_blocked_by_itself_or_by_its_domain(world: World) -> None:
    contacts = world.store.contacts
    contacts.suppress("@bad.test", "blocked", NOW)
    contacts.suppress("one@x.test", "blocked", NOW)
    contacts.suppress("two@x.test", "opted_out", NOW)
    asked = ["ADA@bad.test", "one@x.test", "two@x.test", "ada@sub.bad.test", "ada@verybad.test"]
    assert [contacts.blocked(address) for address in asked] == [True, True, False, False, False]
    assert [block.address for block in contacts.blocks()] == ["@bad.test", "one@x.test"]
    assert contacts.blocks()[0].since == datetime(2026, 3, 2, 8, tzinfo=UTC)


def test_segments_are_kept_replaced_and_forgotten(world: World) -> None:
    contacts = world.store.contacts
    contacts.save_segment("nordics", ["country=SE"])
    contacts.save_segment("all", ["email?", "city~Malmö"])
    contacts.save_segment("nordics", ["country=NO"])
    assert contacts.segments() == {"all": ["email?", "city~Malmö"], "nordics": ["country=NO"]}
    contacts.delete_segment("all")
    assert list(contacts.segments()) == ["nordics"]
