"""Persons, their places and roles."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from app.kernel.lists.paging import page_key
from app.people import actions, queries, rules
from app.people.models import Membership, Person
from tests import world
from tests.world import NOW, TODAY

pytestmark = pytest.mark.usefixtures("session")


def registered(full_name: str = "Lò Văn Ặng", **more: Any) -> Person:
    return actions.register_person(full_name=full_name, now=NOW, **more)


def test_a_name_is_stored_in_one_spelling_with_its_keys():
    person = registered("  Nguyê\u0303n  Thị Ẩn ")
    assert person.full_name == "Nguyễn Thị Ẩn"
    assert person.name_fold == "nguyen thi an"
    assert person.name_sort


def test_a_staff_code_is_made_where_there_is_none_and_never_twice():
    assert [registered().staff_code for _ in range(3)] == ["KC000001", "KC000002", "KC000003"]
    registered(staff_code="KC000007")
    assert registered().staff_code == "KC000008"


def test_a_given_code_that_looks_like_a_made_one_does_not_confuse_the_counting():
    registered()
    registered(staff_code="KCABCDEF")
    assert registered().staff_code == "KC000002"


def test_a_staff_code_names_one_person_whatever_its_case():
    registered(staff_code="ms-01")
    with pytest.raises(rules.StaffCodeTaken):
        registered(staff_code="MS-01")


@pytest.mark.parametrize("code", ["có dấu cách", "a@b.vn", "0912345678", "x" * 31, "<b>"])
def test_a_staff_code_is_short_and_plain_and_no_phone_number(code: str):
    with pytest.raises(rules.StaffCodeInvalid):
        registered(staff_code=code)


def test_an_address_or_number_opens_one_account_only():
    registered(email="a@minhson.gov.vn", phone="0912345678")
    with pytest.raises(rules.SignInNameTaken):
        registered(email="A@MinhSon.gov.vn")
    with pytest.raises(rules.SignInNameTaken):
        registered(phone="+84 912 345 678")


@pytest.mark.parametrize(
    "email", ["a", "a@", "@b.vn", "a@b", "a b <c@d.vn>", "a@b@c.vn", "a,b@c.vn"]
)
def test_what_is_no_address_is_refused(email: str):
    with pytest.raises(rules.EmailInvalid):
        registered(email=email)


@pytest.mark.parametrize(
    "phone", ["12345", "0112345678", "09123456789", "số của tôi", "+1 555 1234567"]
)
def test_what_is_no_phone_number_is_refused(phone: str):
    with pytest.raises(rules.PhoneInvalid):
        registered(phone=phone)


@pytest.mark.parametrize("name", ["", "   ", "123", "x" * 121])
def test_what_is_no_name_is_refused(name: str):
    with pytest.raises(rules.NameInvalid):
        registered(name)


def test_nobody_is_born_today_or_later():
    with pytest.raises(rules.BirthDateInvalid):
        registered(birth_date=TODAY)
    assert registered(birth_date=TODAY - timedelta(days=1)).id


@given(st.from_regex(r"0[35789][0-9]{8}", fullmatch=True), st.sampled_from([" ", ".", "-", ""]))
def test_a_number_is_one_number_however_it_is_spelled(number: str, sign: str):
    spelled = sign.join([number[:4], number[4:7], number[7:]])
    international = "+84" + number[1:]
    assert rules.phone_in_e164(spelled) == rules.phone_in_e164(international) == international
    assert rules.phone_in_e164(rules.show_phone(international)) == international


# Places


def places(person: Person) -> list[tuple[str, bool]]:
    return [(m.kind, m.is_primary) for m in queries.memberships_of(person.id, TODAY)]


def test_a_person_holds_a_work_unit_and_a_network_at_once():
    person = world.a_person(kind="officer")
    join(person, kind="collaborator")
    assert places(person) == [("officer", True), ("collaborator", False)]


def join(person: Person, *, kind: str = "officer", primary: bool = False) -> Membership:
    return actions.join_unit(
        person,
        world.a_unit(),
        kind=kind,
        is_primary=primary,
        starts_on=date(2025, 1, 1),
        now=NOW,
    )


def test_a_new_primary_place_takes_the_flag_over():
    person = world.a_person()
    join(person, kind="collaborator", primary=True)
    assert places(person) == [("collaborator", True), ("officer", False)]


def test_the_first_place_is_primary_even_if_nobody_says_so():
    person = registered()
    assert join(person).is_primary


def test_when_the_primary_place_ends_another_becomes_primary():
    person = world.a_person()
    other = join(person, kind="collaborator")
    work = queries.primary_membership(person.id, TODAY)
    assert work is not None
    actions.leave_unit(work, on=TODAY, by=None, now=NOW)
    assert places(person) == [("collaborator", True)]
    assert other.is_primary
    assert work.ends_on == TODAY


def test_a_place_is_half_open(session: Any):
    person = world.a_person(starts_on=date(2026, 1, 1))
    place = session.scalars(select(Membership).where(Membership.person_id == person.id)).one()
    actions.leave_unit(place, on=date(2026, 7, 1), by=None, now=NOW)
    held = [
        place.holds_on(day)
        for day in (date(2025, 12, 31), date(2026, 1, 1), date(2026, 6, 30), date(2026, 7, 1))
    ]
    assert held == [False, True, True, False]


# Roles


def test_a_role_is_given_only_within_reach():
    top, other = world.a_unit(), world.a_unit()
    below = world.a_unit(parent=top)
    person = world.a_person(unit=below)
    with pytest.raises(rules.RoleOutOfReach):
        actions.grant_role(person, "manager", other, by=None, within=[top.id], now=NOW)
    with pytest.raises(rules.RoleOutOfReach):
        actions.grant_role(person, "manager", top, by=None, within=[below.id], now=NOW)
    grant = actions.grant_role(person, "manager", below, by=None, within=[top.id], now=NOW)
    with pytest.raises(rules.RoleOutOfReach):
        actions.end_role(grant, by=None, within=[other.id], now=NOW)


def test_giving_a_role_again_changes_nothing():
    unit = world.a_unit()
    person = world.a_person(unit=unit)
    first = actions.grant_role(person, "manager", unit, by=None, within=None, now=NOW)
    assert actions.grant_role(person, "manager", unit, by=None, within=None, now=NOW) is first
    assert len(queries.roles_of(person.id)) == 1


def test_a_role_ends_at_once_for_a_session_that_is_open():
    unit = world.a_unit()
    person = world.a_manager(unit)
    account = queries.account_of(person.id)
    assert account is not None
    token = actions.start_session(account, agent="", now=NOW)
    who = queries.load_signed_in(token, NOW)
    assert who is not None and who.roots("manager") == [unit.id]
    actions.end_role(queries.roles_of(person.id)[0], by=None, within=[unit.id], now=NOW)
    who = queries.load_signed_in(token, NOW)
    assert who is not None and who.roots("manager") == [] and not who.is_a("manager")
    assert who.is_a("learner")


def test_nobody_makes_a_password_link_for_somebody_with_wider_powers():
    ministry = world.a_unit(kind="ministry")
    centre = world.a_unit(parent=ministry)
    chief = world.a_person(unit=centre)
    actions.grant_role(chief, "manager", ministry, by=None, within=None, now=NOW)
    with pytest.raises(rules.AccountOutOfReach):
        actions.invite(chief, purpose="password", within=[centre.id], now=NOW)
    assert actions.invite(chief, purpose="password", within=[ministry.id], now=NOW)


# Who is in whose reach


def test_an_administrator_reaches_the_people_of_their_units_and_below_only():
    top, other = world.a_unit(), world.a_unit()
    below = world.a_unit(parent=top)
    mine, theirs = world.a_person(unit=below), world.a_person(unit=other)
    assert queries.person_in_scope(mine.id, [top.id], TODAY) is not None
    assert queries.person_in_scope(theirs.id, [top.id], TODAY) is None
    listed = queries.people_page([top.id], search="", on=TODAY, after=None, size=10)
    assert [p.id for p in listed] == [mine.id]


def test_who_moved_to_another_unit_is_out_of_the_old_ones_reach_at_once():
    old, new = world.a_unit(), world.a_unit()
    person = world.a_person(unit=old)
    place = queries.primary_membership(person.id, TODAY)
    assert place is not None
    actions.join_unit(person, new, kind="officer", is_primary=True, starts_on=TODAY, now=NOW)
    actions.leave_unit(place, on=TODAY, by=None, now=NOW)
    assert queries.person_in_scope(person.id, [old.id], TODAY) is None
    assert queries.person_in_scope(person.id, [new.id], TODAY) is not None


def test_who_left_for_nowhere_or_comes_tomorrow_is_still_somebodys(session: Any):
    unit = world.a_unit()
    left, coming = (
        world.a_person(unit=unit),
        world.a_person(unit=unit, starts_on=TODAY + timedelta(days=1)),
    )
    place = queries.primary_membership(left.id, TODAY)
    assert place is not None
    actions.leave_unit(place, on=TODAY, by=None, now=NOW)
    for person in (left, coming):
        assert queries.person_in_scope(person.id, [unit.id], TODAY) is not None
    assert list(session.scalars(queries.persons_in([unit.id], TODAY))) == []


def test_a_search_finds_names_without_marks_and_signs_stand_for_themselves():
    unit = world.a_unit()
    world.a_person("Vũ Thị Ẩn", unit=unit)

    def found(search: str) -> list[str]:
        rows = queries.people_page([unit.id], search=search, on=TODAY, after=None, size=10)
        return [p.full_name for p in rows]

    assert found("thi an") == found("VŨ") == ["Vũ Thị Ẩn"]
    assert found("%") == found("_") == []


def test_people_are_listed_in_pages_by_given_name():
    unit = world.a_unit()
    names = ["Nguyễn Thị Hồng Ánh", "Vũ Thị Ẩn", "Trần Văn Đức", "Y Ơn", "Phạm Quốc Ưu"]
    for name in reversed(names):
        world.a_person(name, unit=unit)
    listed: list[str] = []
    after = None
    while rows := queries.people_page([unit.id], search="", on=TODAY, after=after, size=2):
        listed += [p.full_name for p in rows[:2]]
        if len(rows) <= 2:
            break
        after = page_key(f"{rows[1].id}~{rows[1].name_sort}")
    assert listed == names
