"""Units: a free tree without rings, codes for ever, a past that stays readable."""

from __future__ import annotations

from datetime import date, timedelta
from random import Random
from typing import Any

import pytest
from sqlalchemy import select

from app.organization import actions, queries, rules
from app.organization.models import Unit, UnitLine
from tests import world
from tests.world import NOW, TODAY

pytestmark = pytest.mark.usefixtures("session")


def move(unit: Unit, parent: Unit | None, **more: Any) -> None:
    given: dict[str, Any] = {"name": unit.name, "kind": unit.kind, "since": TODAY, "decision": ""}
    actions.change_unit(unit, parent=parent, by=None, now=NOW, **{**given, **more})


@pytest.mark.parametrize("kind", list(rules.KIND_NAMES))
def test_a_parent_is_any_unit(kind: str):
    ward = world.a_unit(kind="ward")
    assert queries.lines_above(world.a_unit(kind=kind, parent=ward).id)[1:] == [ward.id]


def test_a_unit_never_stands_below_itself():
    top = world.a_unit()
    middle = world.a_unit(parent=top)
    low = world.a_unit(parent=middle)
    for parent in (top, middle, low):
        with pytest.raises(rules.UnitWouldLoop):
            move(top, parent)


@pytest.mark.parametrize("code", ["", "có dấu cách", "x" * 41, "<b>", "-dau", "a;b"])
def test_a_code_is_short_and_plain(code: str):
    with pytest.raises(rules.UnitCodeInvalid):
        actions.found_unit(
            code=code, kind="other", name="Đơn vị", parent=None, opened_on=TODAY, by=None, now=NOW
        )


def test_a_code_names_one_unit_and_its_leading_zeros_count():
    world.a_unit(code="01")
    assert world.a_unit(code="1").code == "1"
    with pytest.raises(rules.UnitCodeTaken):
        world.a_unit(code="01")


def test_what_a_unit_was_stays_readable_with_its_dates_and_decision():
    unit = world.a_unit("Tỉnh Đồng Nai", kind="province", opened_on=date(2025, 7, 1))
    move(
        unit,
        None,
        name="Thành phố Đồng Nai",
        kind="municipality",
        since=date(2026, 4, 30),
        decision="30/2026/QH16",
    )
    assert (unit.name, unit.kind, unit.since) == (
        "Thành phố Đồng Nai",
        "municipality",
        date(2026, 4, 30),
    )
    (past,) = queries.past_of(unit.id)
    assert (past.name, past.kind, past.decision) == ("Tỉnh Đồng Nai", "province", "30/2026/QH16")
    assert (past.valid_from, past.valid_to) == (date(2025, 7, 1), date(2026, 4, 30))


def test_changing_nothing_records_nothing():
    unit = world.a_unit()
    move(unit, None)
    assert queries.past_of(unit.id) == []


@pytest.mark.parametrize("since", [date(2019, 12, 31), TODAY + timedelta(days=1)])
def test_a_change_begins_neither_before_the_present_state_nor_after_today(since: date):
    unit = world.a_unit(opened_on=date(2020, 1, 1))
    with pytest.raises(rules.UnitDatesInvalid):
        move(unit, None, name="Tên mới", since=since)


def test_provinces_are_sorted_by_their_own_name():
    for code, name in (
        ("79", "Thành phố Hồ Chí Minh"),
        ("91", "Tỉnh An Giang"),
        ("31", "Thành phố Hải Phòng"),
    ):
        world.a_unit(name, kind="municipality", code=code)
    assert [u.code for u in queries.provinces(on=TODAY)] == ["91", "31", "79"]
    assert [u.code for u in queries.provinces(on=TODAY, by_code=True)] == ["31", "79", "91"]


def test_a_search_ignores_diacritics_and_signs_stand_for_themselves():
    unit = world.a_unit("Trung tâm Khuyến công Đắk Lắk", code="TT-66")
    for search in ("khuyen cong", "ĐẮK", "TT-66"):
        assert queries.units_below([unit.id], search=search) == [unit]
    assert queries.units_below([unit.id], search="%") == []


def test_units_in_scope_are_those_at_and_below_the_roots():
    top, other = world.a_unit(), world.a_unit()
    below = world.a_unit(parent=top)
    assert {u.id for u in queries.units_below([top.id])} == {top.id, below.id}
    assert queries.is_below([top.id], below.id)
    assert not queries.is_below([below.id], top.id)
    assert not queries.is_below([], top.id)
    assert queries.among_below([top.id], [below.id, other.id]) == {below.id}


def test_siblings_stand_in_vietnamese_order_below_their_parent():
    top = world.a_unit("Sở")
    for name in ("Đông", "An", "Dương"):
        world.a_unit(name, parent=top)
    assert [(u.name, depth) for u, depth in queries.unit_tree([top.id])] == [
        ("Sở", 0),
        ("An", 1),
        ("Dương", 1),
        ("Đông", 1),
    ]
    assert [name for _id, name, _depth in queries.unit_choices([top.id])][1:] == [
        "An",
        "Dương",
        "Đông",
    ]


def recomputed(units: list[Unit]) -> set[tuple[int, int, int]]:
    parents = {unit.id: unit.parent_id for unit in units}
    lines = set()
    for unit_id in parents:
        above: int | None = unit_id
        depth = 0
        while above is not None:
            lines.add((above, unit_id, depth))
            above, depth = parents[above], depth + 1
    return lines


@pytest.mark.parametrize("seed", range(6))
def test_after_any_moves_the_lines_are_what_the_parents_say(session: Any, seed: int):
    random = Random(seed)
    units = [world.a_unit()]
    for _ in range(11):
        units.append(world.a_unit(parent=random.choice([None, *units])))
    refused = moved = 0
    for _ in range(30):
        unit, parent = random.choice(units), random.choice([None, *units])
        try:
            move(unit, parent)
            moved += 1
        except rules.UnitWouldLoop:
            refused += 1
        lines = session.execute(select(UnitLine.ancestor_id, UnitLine.unit_id, UnitLine.depth))
        assert {tuple(line) for line in lines} == recomputed(units)
    assert moved and refused
