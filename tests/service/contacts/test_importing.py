"""What each row of a file means for its contact (rules, "Importing contacts")."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from seqctl.files.contacts.contacts import ContactRow
from seqctl.service.contacts.contacts import Edit
from seqctl.service.contacts.importing import Imported, Plan, import_contacts
from tests.contact_world import NOW, World


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    world = World(tmp_path / "workspace.db")
    yield world
    world.store.close()


def row(email: str, line: int = 2, **values: str) -> ContactRow:
    fields = {k: v for k, v in values.items() if k in ("first_name", "company", "phone")}
    flags = {k: bool(values.get(k)) for k in ("opted_out", "bounced")}
    own = {k: v for k, v in values.items() if k not in (*fields, *flags)}
    return ContactRow(line, email, fields, own, **flags)


def run(world: World, *rows: ContactRow, dry_run: bool = False, **always: str) -> Imported:
    plan = Plan("fair.csv", world.bo, Edit({}, always))
    return import_contacts(world.store, world.anna, NOW, rows, plan, dry_run=dry_run)


def counts(result: Imported) -> tuple[int, int, int, int]:
    return result.created, result.updated, result.unchanged, len(result.rejected)


def test_rows_create_update_and_leave_contacts(world: World) -> None:
    world.contact("ada@x.test", first_name="Ada", phone="1", properties={"city": "Oslo"})
    world.contact("bob@x.test", first_name="Bob")
    result = run(
        world,
        row("ada@x.test", 2, phone="2", plan="pilot"),
        row("bob@x.test", 3, first_name="Bob"),
        row("cy@x.test", 4, company="Acme", zip="01234"),
    )
    assert counts(result) == (1, 1, 1, 0)
    found = world.store.contacts.find(["ada@x.test", "cy@x.test"])
    ada, cy = found["ada@x.test"], found["cy@x.test"]
    assert (ada.first_name, ada.phone, ada.owner) == ("Ada", "2", None)
    assert ada.properties == {"city": "Oslo", "plan": "pilot"}
    assert (cy.company, cy.owner, cy.access) == ("Acme", "bo", "everyone")
    assert cy.properties == {"zip": "01234"}
    assert world.events()[2:] == [
        ("anna", "updated", "fair.csv: phone, plan"),
        ("anna", "created", "fair.csv"),
    ]


def test_the_same_import_again_changes_nothing(world: World) -> None:
    rows = [row("ada@x.test", phone="1", source="x"), row("bob@x.test", opted_out="yes")]
    assert counts(run(world, *rows, source="fair")) == (2, 0, 0, 0)
    events = world.events()
    assert counts(run(world, *rows, source="fair")) == (0, 0, 2, 0)
    assert world.events() == events


def test_why_a_new_contact_gets_no_mail_is_told(world: World) -> None:
    run(world, row("ada@x.test", opted_out="yes"))
    assert world.events("ada@x.test") == [("anna", "created", "fair.csv: opted_out")]


def test_rows_of_one_address_become_one_and_the_last_value_wins(world: World) -> None:
    result = run(
        world,
        row("ada@x.test", 2, phone="1", city="Oslo", opted_out="yes"),
        row("ada@x.test", 3, phone="2", company="Acme"),
    )
    assert (counts(result), result.repeated) == ((1, 0, 0, 0), 1)
    ada = world.store.contacts.find(["ada@x.test"])["ada@x.test"]
    assert (ada.phone, ada.company, ada.opted_out) == ("2", "Acme", True)
    assert ada.properties == {"city": "Oslo"}
    assert world.chain("ada@x.test") == ["created"]


@pytest.mark.parametrize(("flag", "reason"), [("opted_out", "opt-out"), ("bounced", "bounce")])
def test_those_who_said_no_are_heeded(world: World, flag: str, reason: str) -> None:
    world.contact("ada@x.test")
    world.enroll("ada@x.test", "alpha")
    result = run(world, row("ada@x.test", **{flag: "yes"}), row("new@x.test", 3, **{flag: "yes"}))
    assert (counts(result), result.ended) == ((1, 1, 0, 0), 1)
    assert world.endings() == [("unenrolled", reason, None)]
    assert world.store.contacts.suppressed("new@x.test") == {flag}
    assert ("anna", "updated", f"fair.csv: {flag}") in world.events("ada@x.test")


def test_no_import_takes_a_no_back(world: World) -> None:
    world.store.contacts.suppress("ada@x.test", "opted_out", NOW)
    run(world, row("ada@x.test", first_name="Ada"))
    assert world.store.contacts.find(["ada@x.test"])["ada@x.test"].opted_out


def test_a_deleted_contact_comes_back_under_its_id(world: World) -> None:
    ada = world.contact("ada@x.test", phone="1")
    world.store.contacts.erase(ada.id, NOW)
    assert counts(run(world, row("ada@x.test", company="Acme"))) == (1, 0, 0, 0)
    back = world.store.contacts.find(["ada@x.test"])["ada@x.test"]
    assert (back.id, back.phone, back.company, back.owner) == (ada.id, "", "Acme", "bo")


def test_a_contact_of_others_is_rejected_and_the_rest_goes_through(world: World) -> None:
    world.contact("ada@x.test", owner_id=world.cy.id, access="owner")
    result = run(world, row("ada@x.test", 2, phone="1"), row("bob@x.test", 3))
    assert counts(result) == (1, 0, 0, 1)
    assert result.rejected == [(2, "ada@x.test is cy's contact, and not shared with you.")]
    assert world.store.contacts.find(["ada@x.test"])["ada@x.test"].phone == ""


def test_the_no_in_a_row_of_somebody_elses_contact_is_kept(world: World) -> None:
    world.contact("ada@x.test", owner_id=world.cy.id, access="owner")
    result = run(world, row("ada@x.test", 2, phone="1", opted_out="yes"))
    assert counts(result) == (0, 0, 0, 1)
    assert (result.opted_out, result.bounced) == (1, 0)
    ada = world.store.contacts.find(["ada@x.test"])["ada@x.test"]
    assert (ada.opted_out, ada.phone) == (True, "")
    assert world.events()[-1] == ("anna", "updated", "fair.csv: opted_out")
    events = world.events()
    assert counts(run(world, row("ada@x.test", 2, opted_out="yes"))) == (0, 0, 0, 1)
    assert world.events() == events


def test_who_said_no_is_counted_also_again_and_in_a_dry_run(world: World) -> None:
    rows = [row("ada@x.test", opted_out="yes"), row("bob@x.test", bounced="yes"), row("cy@x.test")]
    for dry_run in (True, False, False):
        result = run(world, *rows, dry_run=dry_run)
        assert (result.opted_out, result.bounced) == (1, 1)


def test_a_dry_run_counts_and_stores_nothing(world: World) -> None:
    world.contact("ada@x.test")
    world.enroll("ada@x.test", "alpha")
    before = list(world.store.connection.iterdump())
    result = run(world, row("ada@x.test", opted_out="yes"), row("bob@x.test", 3), dry_run=True)
    assert counts(result) == (1, 1, 0, 0)
    assert list(world.store.connection.iterdump()) == before


def test_a_failure_half_way_leaves_nothing_behind(world: World) -> None:
    world.store.connection.execute(
        "CREATE TRIGGER full BEFORE INSERT ON event WHEN NEW.id > 2 "
        "BEGIN SELECT RAISE(ABORT, 'disk full'); END"
    )
    with pytest.raises(Exception, match="disk full"):
        run(world, *(row(f"c{n}@x.test", n + 2) for n in range(5)))
    assert world.store.contacts.count() == 0
    assert world.events() == []
