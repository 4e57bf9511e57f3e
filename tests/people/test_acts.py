"""The audit page: acts of power in plain words, refused ones too, and only one's own units'."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pytest
from sqlalchemy import select

from app.kernel import audit
from app.kernel.audit import AuditRow
from app.kernel.database import Database
from app.organization import actions as organization
from app.people import actions as people
from tests import world
from tests.browser import Browser

PAGE = "/quan-ly/nhat-ky"
AT, WHO, ACT = 0, 1, 2


@dataclass
class Province:
    """A department with a centre below it, a neighbour, and who manages what."""

    manager: int
    neighbour: int
    officer: int
    unit: int
    other: int


@pytest.fixture
def province(database: Database) -> Province:
    with database.unit_of_work():
        department = world.a_unit("Sở Công Thương tỉnh Minh Sơn", kind="department")
        centre = world.a_unit(parent=department)
        other = world.a_unit("Sở Công Thương tỉnh Thanh Hải", kind="department")
        manager = world.a_manager(department, "Đặng Văn Quản", role="administrator")
        neighbour = world.a_manager(other, "Hồ Thị Bên")
        officer = world.a_person("Vũ Thị Ẩn", unit=centre)
        people.grant_role(
            officer, "trainer", centre, by=manager, within=[department.id], now=world.NOW
        )
        organization.change_unit(
            centre,
            name="Trung tâm Khuyến công và Xúc tiến thương mại Minh Sơn",
            kind="centre",
            parent=department,
            since=world.TODAY,
            decision="12/QĐ-UBND",
            by=manager,
            now=world.NOW,
        )
        return Province(manager.id, neighbour.id, officer.id, centre.id, other.id)


Signing = Callable[[int], None]


@pytest.fixture
def as_(browser: Browser, database: Database) -> Signing:
    """Sign in as a person by number."""
    from app.people.models import Person

    def sign_in(person_id: int) -> None:
        with database.unit_of_work(write=False) as current:
            person = current.get_one(Person, person_id)
            browser.sign_in(person)

    return sign_in


def test_an_act_reads_as_a_sentence_with_who_and_for_whom(
    browser: Browser, province: Province, as_: Signing
):
    as_(province.manager)
    page = browser.get(PAGE)
    told = list(page.table("audit").values())
    role = next(row for row in told if "giao vai trò Giảng viên cho Vũ Thị Ẩn" in row[ACT])
    assert role[WHO] == "Đặng Văn Quản"
    assert role[AT].startswith("09:00 23/11/2026")


def test_a_change_shows_what_stood_before_and_after(
    browser: Browser, province: Province, as_: Signing
):
    as_(province.manager)
    page = browser.get(f"{PAGE}?viec=unit")
    change = next(row[ACT] for row in page.table("audit").values() if "thay đổi đơn vị" in row[ACT])
    assert "Trung tâm Khuyến công tỉnh Minh Sơn" in change
    assert "Trung tâm Khuyến công và Xúc tiến thương mại Minh Sơn" in change
    assert "12/QĐ-UBND" in change


def test_a_manager_reads_the_acts_of_their_own_units_only(
    browser: Browser, province: Province, as_: Signing
):
    as_(province.neighbour)
    page = browser.get(PAGE)
    assert "Vũ Thị Ẩn" not in page
    assert "Hồ Thị Bên" in page
    browser.get(f"{PAGE}?nguoi={province.officer}", status=404)


def test_the_acts_about_one_person_can_be_asked_for(
    browser: Browser, province: Province, as_: Signing
):
    as_(province.manager)
    page = browser.get(f"{PAGE}?nguoi={province.officer}")
    assert page.heading == "Nhật ký: Vũ Thị Ẩn"
    told = [row[ACT] for row in page.table("audit").values()]
    assert told and all("Vũ Thị Ẩn" in sentence for sentence in told)


def test_acts_are_found_by_kind_by_who_and_by_day(
    browser: Browser, province: Province, as_: Signing
):
    as_(province.manager)
    by_kind = browser.get(f"{PAGE}?viec=role").table("audit")
    assert by_kind and all("vai trò" in row[ACT] for row in by_kind.values())
    assert browser.get(f"{PAGE}?ai=dang+van+quan").table("audit")
    assert not browser.get(f"{PAGE}?ai=nguoi+khac").all(".//table")
    assert not browser.get(f"{PAGE}?tu=24/11/2026&den=25/11/2026").all(".//table")
    browser.get(f"{PAGE}?viec=khong-co", status=404)


def test_an_act_of_power_that_is_refused_is_kept(
    browser: Browser, province: Province, database: Database, as_: Signing
):
    as_(province.neighbour)
    browser.post(f"/quan-tri/nguoi/{province.officer}/vai-tro", {"role": "manager"}, status=403)
    as_(province.manager)
    browser.post("/quan-tri/nguoi/999999/loi-moi", {}, status=404)
    with database.unit_of_work(write=False) as current:
        refused = current.scalars(
            select(AuditRow).where(AuditRow.action == "refused").order_by(AuditRow.id)
        ).all()
    assert [row.actor for row in refused] == ["Hồ Thị Bên", "Đặng Văn Quản"]


def test_an_ordinary_wrong_address_of_a_learner_is_no_act_of_power(
    browser: Browser, province: Province, database: Database, as_: Signing
):
    as_(province.officer)
    browser.post("/khoa-hoc/khong-co/ghi-danh", {}, status=404)
    with database.unit_of_work(write=False) as current:
        assert not current.scalars(select(AuditRow).where(AuditRow.action == "refused")).all()


def test_a_page_costs_as_many_statements_with_many_rows_as_with_few(
    browser: Browser, province: Province, database: Database, as_: Signing
):
    as_(province.manager)
    few = browser.get(PAGE).statements
    with database.unit_of_work():
        for _ in range(60):
            audit.record(
                "unit.found",
                subject=f"unit:{province.unit}",
                unit_id=province.unit,
                after={"name": "Trạm", "code": "X"},
                now=world.NOW,
            )
    page = browser.get(PAGE)
    assert len(page.table("audit")) == 50
    assert len(page.statements) <= len(few)
