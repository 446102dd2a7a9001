"""Who may change a contact, what that ends, and what the history says of it (rules, "Contacts")."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from seqctl.domain.contacts.filters import KINDS
from seqctl.domain.errors import NotFound, Refused, WrongUsage
from seqctl.service.contacts import blocks, contacts, segments
from seqctl.service.contacts.contact_documents import record_document
from seqctl.service.contacts.contacts import Edit
from tests.contact_world import NOW, World


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    world = World(tmp_path / "workspace.db")
    yield world
    world.store.close()


def test_a_new_contact_belongs_to_who_adds_it(world: World) -> None:
    edit = Edit({"first_name": " Ada "}, {"city": "Oslo", "plan": ""})
    outcome = contacts.add(world.store, world.anna, NOW, " ADA@x.test", edit)
    ada = outcome.contact
    assert (ada.email, ada.first_name, ada.owner, ada.access) == (
        "ada@x.test", "Ada", "anna", "everyone",
    )  # fmt: skip
    assert ada.properties == {"city": "Oslo"}
    assert world.events("ada@x.test") == [("anna", "created", "")]


def test_a_contact_is_added_once(world: World) -> None:
    world.contact("ada@x.test")
    with pytest.raises(Refused) as refused:
        contacts.add(world.store, world.anna, NOW, "ada@x.test", Edit())
    assert (refused.value.code, refused.value.hint) == ("EXISTS", "seqctl contact edit ada@x.test")


def test_a_deleted_contact_comes_back_with_its_id_its_opt_out_and_nothing_else(
    world: World,
) -> None:
    ada = world.contact("ada@x.test", first_name="Ada", access="owner", owner_id=world.anna.id)
    contacts.opt_out(world.store, world.anna, NOW, "ada@x.test")
    contacts.delete(world.store, world.anna, NOW, "ada@x.test")
    back = contacts.add(world.store, world.bo, NOW, "ada@x.test", Edit()).contact
    assert (back.id, back.first_name, back.owner, back.access) == (ada.id, "", "bo", "everyone")
    assert back.opted_out
    assert world.chain("ada@x.test") == ["created", "deleted", "opted-out", "created"]


def test_an_edit_tells_what_changed_and_an_empty_text_clears(world: World) -> None:
    world.contact("ada@x.test", phone="1", properties={"plan": "pilot", "city": "Oslo"})
    edit = Edit({"phone": "", "company": "Acme"}, {"plan": "", "size": "3", "city": "Oslo"})
    outcome = contacts.edit(world.store, world.anna, NOW, "ada@x.test", edit)
    assert outcome.changed == ["company", "phone", "plan", "size"]
    assert outcome.contact.properties == {"city": "Oslo", "size": "3"}
    assert world.events()[-1] == ("anna", "updated", "company, phone, plan, size")
    again = contacts.edit(world.store, world.anna, NOW, "ada@x.test", edit)
    assert again.changed == []
    assert len(world.events()) == 2


def test_only_the_owner_gives_away_a_contact_that_is_not_for_everyone(world: World) -> None:
    world.contact("ada@x.test", owner_id=world.anna.id, access="team")
    contacts.edit(world.store, world.bo, NOW, "ada@x.test", Edit({"phone": "1"}))
    for edit in (Edit(owner="bo"), Edit(access="everyone")):
        with pytest.raises(Refused, match="only anna may change") as refused:
            contacts.edit(world.store, world.bo, NOW, "ada@x.test", edit)
        assert refused.value.code == "NOT_YOURS"
    given = contacts.edit(world.store, world.anna, NOW, "ada@x.test", Edit(owner="bo"))
    assert (given.contact.owner, given.changed) == ("bo", ["owner"])


def test_a_contact_of_others_is_out_of_reach(world: World) -> None:
    world.contact("ada@x.test", owner_id=world.anna.id, access="owner")
    for verb in (contacts.opt_out, contacts.opt_in, contacts.delete):
        with pytest.raises(Refused) as refused:
            verb(world.store, world.bo, NOW, "ada@x.test")
        assert refused.value.code == "NO_CONTACT_ACCESS"
    for change in (contacts.add, contacts.edit):
        with pytest.raises(Refused, match="not shared with bo"):
            change(world.store, world.bo, NOW, "ada@x.test", Edit({"phone": "1"}))
    with pytest.raises(NotFound):
        contacts.visible_contact(world.store, world.bo, "ada@x.test")
    assert world.store.contacts.suppressed("ada@x.test") == set()
    assert len(world.events()) == 1


@pytest.mark.parametrize(
    ("verb", "reason"), [("opt_out", "opt-out"), ("delete", "contact-deleted")]
)
def test_it_ends_all_live_enrollments_whoever_enrolled(
    world: World, verb: str, reason: str
) -> None:
    world.contact("ada@x.test")
    world.contact("bob@x.test")
    world.enroll("ada@x.test", "alpha")
    world.enroll("ada@x.test", "beta")
    world.enroll("bob@x.test", "alpha")
    outcome = getattr(contacts, verb)(world.store, world.anna, NOW, "ada@x.test")
    assert outcome.ended == 2
    assert world.endings() == [("unenrolled", reason, None)] * 2 + [("live", None, None)]


def test_an_opt_out_is_by_address_and_told_once(world: World) -> None:
    first = contacts.opt_out(world.store, world.anna, NOW, "New@x.test")
    again = contacts.opt_out(world.store, world.anna, NOW, "new@x.test")
    assert (first.contact.id, first.contact.opted_out, first.changed) == (0, True, ["opted_out"])
    assert (again.contact.opted_out, again.changed) == (True, [])
    assert world.events() == [("anna", "opted-out", "new@x.test")]
    assert not contacts.opt_in(world.store, world.anna, NOW, "new@x.test").contact.opted_out
    assert contacts.opt_in(world.store, world.anna, NOW, "new@x.test").changed == []
    assert world.events()[1:] == [("anna", "opted-in", "new@x.test")]


def test_opting_in_forgets_no_bounce(world: World) -> None:
    world.contact("ada@x.test")
    for kind in ("bounced", "opted_out"):
        world.store.contacts.suppress("ada@x.test", kind, NOW)
    after = contacts.opt_in(world.store, world.anna, NOW, "ada@x.test").contact
    assert (after.opted_out, after.bounced) == (False, True)


def test_an_unknown_contact_is_answered_with_the_nearest_one_the_user_may_see(world: World) -> None:
    world.contact("ada@x.test", owner_id=world.anna.id, access="owner")
    with pytest.raises(NotFound, match=r"'adda@x.test'. Did you mean ada@x.test\?$"):
        contacts.delete(world.store, world.anna, NOW, "adda@x.test")
    with pytest.raises(NotFound, match=r"There is no contact 'adda@x.test'\.$"):
        contacts.delete(world.store, world.bo, NOW, "adda@x.test")


@pytest.mark.parametrize("text", ["source", "=fair", "--=x", "opted_out=no", "in=x", "email=a@b.c"])
def test_what_can_not_be_set_is_refused(text: str) -> None:
    with pytest.raises(WrongUsage) as refused:
        contacts.parse_assignments([text])
    assert refused.value.code == "BAD_PROPERTY"


def test_assignments_are_fields_or_properties(world: World) -> None:
    edit = contacts.parse_assignments(["Company=Acme", "Job Title= CEO=boss ", "a="])
    assert edit == Edit({"company": "Acme"}, {"job_title": "CEO=boss", "a": ""})


def test_the_record_hides_the_titles_of_tasks_in_private_sequences(world: World) -> None:
    ada = world.contact("ada@x.test")
    enrollment = world.enroll("ada@x.test", "alpha")
    world.store.connection.execute(
        "INSERT INTO task (enrollment_id, step, assignee_id, type, title, priority, notes, "
        "created_at) VALUES (?, 1, ?, 'call', 'Ring about the secret', 'normal', '', "
        "'2026-03-02T08:00:00Z')",
        (enrollment, world.bo.id),
    )
    for user, title in ((world.bo, "Ring about the secret"), (world.anna, "")):
        record = record_document(world.store, user, NOW, ada)
        assert [task["title"] for task in record["tasks"]] == [title]
        assert [row["sequence"] for row in record["enrollments"]] == ["alpha"]
        assert [event["kind"] for event in record["events"]] == ["created", "enrolled"]
        assert record["messages"] == []


# --- the block list -----------------------------------------------------------------------------


def test_a_block_ends_the_live_enrollments_it_matches(world: World) -> None:
    for address in ("ada@bad.test", "bob@notbad.test", "cy@x.test"):
        world.contact(address)
        world.enroll(address, "alpha")
    result = blocks.add(world.store, world.anna, NOW, ["@BAD.test", "cy@x.test"])
    assert (result.fresh, result.ended) == (["@bad.test", "cy@x.test"], 2)
    blocked = ("unenrolled", "error", "BLOCKED")
    assert world.endings() == [blocked, ("live", None, None), blocked]
    assert ("anna", "blocked", "@bad.test") in world.events()
    assert world.events("cy@x.test")[1] == ("anna", "blocked", "cy@x.test")
    again = blocks.add(world.store, world.anna, NOW, ["@bad.test"])
    assert (again.fresh, again.ended, [b.address for b in again.blocks]) == ([], 0, ["@bad.test"])


def test_unblocking_is_all_or_nothing(world: World) -> None:
    blocks.add(world.store, world.anna, NOW, ["@bad.test", "cy@x.test"])
    with pytest.raises(NotFound, match=r"cyy@x.test is not blocked. Did you mean cy@x.test\?"):
        blocks.remove(world.store, world.anna, NOW, ["@bad.test", "cyy@x.test"])
    assert len(world.store.contacts.blocks()) == 2
    removed = blocks.remove(world.store, world.anna, NOW, ["@bad.test", "cy@x.test"])
    assert [block.address for block in removed] == ["@bad.test", "cy@x.test"]
    assert world.store.contacts.blocks() == []


@pytest.mark.parametrize("text", ["bad.test", "@", "@bad", "@@bad.test", "a b@bad.test", ""])
def test_what_is_no_address_and_no_domain_can_not_be_blocked(text: str) -> None:
    with pytest.raises(WrongUsage):
        blocks.parse_target(text)


# --- segments -----------------------------------------------------------------------------------


def test_a_segment_is_saved_replaced_and_deleted_with_its_history(world: World) -> None:
    world.contact("ada@x.test", properties={"city": "Oslo"})
    save = [["city=Oslo"], ["city=Oslo"], ["city=Bergen", "phone?"]]
    told = [segments.save(world.store, world.anna, NOW, "no", where) for where in save]
    assert told == ["saved", "unchanged", "replaced"]
    assert segments.expressions_of(world.store, "no") == ["city=Bergen", "phone?"]
    assert segments.delete(world.store, world.anna, NOW, "no") == ["city=Bergen", "phone?"]
    assert world.events()[1:] == [
        ("anna", "segment-saved", "no: city=Oslo"),
        ("anna", "segment-saved", "no: city=Bergen and phone?"),
        ("anna", "segment-deleted", "no"),
    ]


@pytest.mark.parametrize(
    ("name", "where"), [("a b", ["x?"]), ("", ["x?"]), ("a", []), ("a", ["x"])]
)
def test_what_can_not_be_a_segment_is_not_stored(world: World, name: str, where: list[str]) -> None:
    with pytest.raises(WrongUsage):
        segments.save(world.store, world.anna, NOW, name, where)
    assert world.store.contacts.segments() == {}


def test_a_segment_and_further_filters_all_have_to_pass(world: World) -> None:
    world.contact("ada@x.test", company="Acme", phone="1")
    world.contact("bob@x.test", company="Acme")
    segments.save(world.store, world.anna, NOW, "acme", ["company=acme"])
    filters = segments.filters_of(world.store, world.anna, NOW, ["phone?"], "acme")
    assert [contact.email for contact in world.store.contacts.matching(filters)] == ["ada@x.test"]


def test_an_unknown_sequence_in_a_filter_is_noticed(world: World) -> None:
    world.contact("ada@x.test")
    world.enroll("ada@x.test", "founders-intro")
    with pytest.raises(NotFound, match=r"no sequence 'founder-intro'. Did you mean founders-intro"):
        segments.filters_of(world.store, world.anna, NOW, ["in!=founder-intro"])


@pytest.mark.parametrize(
    ("expression", "told"),
    [
        ("owner!=annna", "There is no user 'annna'. Did you mean anna?"),
        ("access!=ownr", "access is everyone, owner, team, not 'ownr'."),
        ("last_sequence_enrolled!=founder-intro", "There is no sequence 'founder-intro'."),
    ],
)
def test_a_value_that_nothing_can_have_is_refused(world: World, expression: str, told: str) -> None:
    world.contact("ada@x.test")
    with pytest.raises((NotFound, WrongUsage), match=re.escape(told)):
        segments.filters_of(world.store, world.anna, NOW, [expression])


def test_part_of_a_value_is_asked_for_as_it_stands(world: World) -> None:
    segments.filters_of(world.store, world.anna, NOW, ["owner~an", "access=team", "owner=Anna"])


@pytest.mark.parametrize(
    ("expression", "near"),
    [
        ("frist_name=Ada", " Did you mean first_name?"),
        ("custommer!=yes", " Did you mean customer?"),
        ("!custommer?", " Did you mean customer?"),
        ("Custommer~yes", " Did you mean customer?"),
        ("optedout=true", " Did you mean opted_out?"),
        ("last_enroled_at<2026-03-01", " Did you mean last_enrolled_at?"),
        ("nothing_like_it>2", ""),
    ],
)
def test_a_property_that_no_contact_has_is_refused(
    world: World, expression: str, near: str
) -> None:
    world.contact("ada@x.test", properties={"customer": "yes"})
    told = rf"^No contact has a property '\w+'.{re.escape(near)}$"
    with pytest.raises(WrongUsage, match=told) as refused:
        segments.filters_of(world.store, world.anna, NOW, ["customer!=no", expression])
    assert refused.value.code == "UNKNOWN_PROPERTY"


@pytest.mark.parametrize("name", KINDS)
def test_what_the_engine_keeps_is_known_though_no_contact_has_it(world: World, name: str) -> None:
    segments.filters_of(world.store, world.anna, NOW, [f"{name}?", f"!{name}?"])


def test_a_segment_whose_property_nobody_has_any_more_is_refused(world: World) -> None:
    world.contact("ada@x.test", properties={"customer": "yes"})
    segments.save(world.store, world.anna, NOW, "prospects", ["customer!=yes"])
    assert segments.filters_of(world.store, world.anna, NOW, [], "prospects")
    edit = contacts.Edit(properties={"customer": ""})
    contacts.edit(world.store, world.anna, NOW, "ada@x.test", edit)
    for _ in range(2):
        with pytest.raises(WrongUsage, match="customer"):
            segments.filters_of(world.store, world.anna, NOW, [], "prospects")
    assert segments.save(world.store, world.anna, NOW, "prospects", ["company=acme"]) == "replaced"
