"""The shipped provinces as units: added once, and changed on the day that an act says."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from app.kernel.clock import local_date
from app.kernel.database import Database
from app.organization import queries
from app.organization.actions import found_provinces
from app.organization.rules import UnitCodeTaken
from tests.world import NOW, TODAY, a_unit


def test_all_34_stand_below_the_unit_and_twice_is_once(session: Session):
    ministry = a_unit("Bộ Công Thương", kind="ministry")
    assert len(found_provinces(ministry, by=None, now=NOW)) == 34
    assert found_provinces(ministry, by=None, now=NOW) == []
    found = queries.provinces(on=TODAY)
    assert {unit.parent_id for unit in found} == {ministry.id}
    assert [unit.name for unit in found][:3] == [
        "Tỉnh An Giang",
        "Thành phố Bắc Ninh",
        "Tỉnh Cà Mau",
    ]
    assert queries.provinces(by_code=True, on=TODAY)[0].code == "01"
    assert sum(unit.kind == "municipality" for unit in found) == 9


def test_a_province_that_became_a_city_keeps_its_past(session: Session):
    found_provinces(a_unit(kind="ministry"), by=None, now=NOW)
    unit = queries.unit_by_code("75")
    assert unit is not None
    assert (unit.kind, unit.since.isoformat()) == ("municipality", "2026-04-30")
    [past] = queries.past_of(unit.id)
    assert (past.kind, past.name) == ("province", "Tỉnh Đồng Nai")
    assert past.decision == "Nghị quyết 30/2026/QH16"


def test_before_its_day_a_city_is_still_a_province_and_changes_later(session: Session):
    ministry = a_unit(kind="ministry")
    early = datetime(2026, 9, 10, tzinfo=UTC)
    found_provinces(ministry, by=None, now=early)
    kinds = {u.code: u.kind for u in queries.provinces(on=local_date(early))}
    assert (kinds["75"], kinds["22"], kinds["24"]) == ("municipality", "municipality", "province")
    assert found_provinces(ministry, by=None, now=NOW) == []
    assert queries.unit_by_code("24").name == "Thành phố Bắc Ninh"  # type: ignore[union-attr]


def test_a_code_that_names_another_kind_of_unit_is_refused(session: Session):
    a_unit(code="75", kind="centre")
    with pytest.raises(UnitCodeTaken):
        found_provinces(a_unit(kind="ministry"), by=None, now=NOW)


def test_the_command_says_how_many_it_added(app: Flask):
    database: Database = app.extensions["database"]
    with database.unit_of_work():
        a_unit("Bộ Công Thương", kind="ministry", code="BCT")
    runner = app.test_cli_runner()
    first, again = (runner.invoke(args=["units", "provinces", "BCT"]) for _ in range(2))
    assert (first.exit_code, first.output) == (0, "Đã thêm 34 đơn vị cấp tỉnh.\n")
    assert (again.exit_code, again.output) == (0, "Đã thêm 0 đơn vị cấp tỉnh.\n")
    assert runner.invoke(args=["units", "provinces", "XYZ"]).exit_code == 1
