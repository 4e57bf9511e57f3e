"""The administration of units and persons: inside one's own units only."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pytest
from flask import Flask
from sqlalchemy import select

from app.kernel import clock
from app.kernel.mail import MailMessage
from app.organization.models import Unit
from app.people import actions, queries
from app.people.models import Person
from tests import world
from tests.browser import Browser


@dataclass
class Network:
    """A department with its centre, and another department beside it."""

    department: Unit
    centre: Unit
    neighbour: Unit
    boss: Person
    officer: Person
    stranger: Person


@pytest.fixture
def network(app: Flask) -> Network:
    with app.extensions["database"].unit_of_work():
        department = world.a_unit("Sở Công Thương Minh Sơn", kind="department")
        centre = world.a_unit("Trung tâm Minh Sơn", parent=department)
        neighbour = world.a_unit("Trung tâm Hải Bình")
        return Network(
            department,
            centre,
            neighbour,
            boss=world.a_manager(department, "Đặng Văn Quản", role="administrator"),
            officer=world.a_person("Vũ Thị Ẩn", unit=centre, email="an@minhson.gov.vn"),
            stranger=world.a_person("Trần Văn Lạ", unit=neighbour),
        )


@pytest.fixture
def boss(network: Network, browser: Browser) -> Browser:
    browser.sign_in(network.boss)
    return browser


def test_units_outside_ones_own_are_not_there(network: Network, boss: Browser):
    assert [cells[0] for cells in boss.get("/quan-tri/don-vi").table("units").values()] == [
        "Sở Công Thương Minh Sơn",
        "Trung tâm Minh Sơn",
    ]
    boss.get(f"/quan-tri/don-vi/{network.neighbour.id}", status=404)
    boss.post(
        f"/quan-tri/don-vi/{network.neighbour.id}", {"name": "Chiếm", "kind": "centre"}, status=404
    )


def test_persons_outside_ones_own_units_are_not_there(network: Network, boss: Browser):
    people = boss.get("/quan-tri/nguoi").table("persons")
    assert str(network.officer.id) in people
    assert str(network.stranger.id) not in people
    address = f"/quan-tri/nguoi/{network.stranger.id}"
    boss.get(address, status=404)
    for act in ("noi-cong-tac", "loi-moi", "vai-tro", "vai-tro/1/ket-thuc"):
        boss.post(f"{address}/{act}", status=404)


def test_no_unit_outside_ones_own_is_accepted_in_a_form(network: Network, boss: Browser):
    sent = {"unit_id": network.neighbour.id, "kind": "officer", "starts_on": "01/01/2026"}
    address = f"/quan-tri/nguoi/{network.officer.id}"
    boss.post(f"{address}/noi-cong-tac", sent, status=422)
    boss.post(
        f"{address}/vai-tro", {"role": "manager", "unit_id": network.neighbour.id}, status=422
    )
    boss.post("/quan-tri/nguoi/them", {**sent, "full_name": "Lò Văn Ặng"}, status=422)
    new = {"name": "Mới", "code": "M", "kind": "centre", "opened_on": "01/01/2026"}
    boss.post("/quan-tri/don-vi/them", {**new, "parent_id": network.neighbour.id}, status=422)
    boss.post(
        f"/quan-tri/don-vi/{network.centre.id}",
        {**new, "since": "01/01/2026", "parent_id": network.neighbour.id},
        status=422,
    )


@pytest.mark.parametrize("role", [None, "trainer", "manager"])
def test_administration_is_open_to_administrators_only(
    app: Flask, network: Network, browser: Browser, role: str | None
):
    if role:
        with app.extensions["database"].unit_of_work():
            actions.grant_role(
                network.officer, role, network.centre, by=None, within=None, now=world.NOW
            )
    browser.sign_in(network.officer)
    for address in ("/quan-tri/don-vi", "/quan-tri/nguoi", "/quan-tri/nguoi/them"):
        browser.get(address, status=403)


def test_a_role_that_ended_opens_nothing_at_the_next_press(
    app: Flask, network: Network, boss: Browser
):
    boss.get("/quan-tri/don-vi")
    with app.extensions["database"].unit_of_work():
        (grant,) = queries.roles_of(network.boss.id)
        actions.end_role(grant, by=None, within=[network.department.id], now=clock.now())
    boss.get("/quan-tri/don-vi", status=403)


def test_a_unit_is_founded_and_renamed_with_its_past(network: Network, boss: Browser):
    boss.get("/quan-tri/don-vi/them")
    fields = {
        "name": "Mạng lưới Minh Sơn",
        "code": "ML-01",
        "kind": "network",
        "parent_id": network.centre.id,
    }
    assert "không có dấu cách" in boss.submit("add-unit", {**fields, "code": "a b"}, status=422)
    assert boss.submit("add-unit", fields).heading == "Mạng lưới Minh Sơn"
    page = boss.submit("change-unit", name="Mạng lưới cộng tác viên", decision="12/QĐ-SCT")
    ((name, *_rest, decision),) = page.table("unit-past").values()
    assert (name, decision) == ("Mạng lưới Minh Sơn", "12/QĐ-SCT")


def test_a_name_of_spaces_is_no_name(network: Network, boss: Browser):
    boss.get("/quan-tri/don-vi/them")
    page = boss.submit("add-unit", name="   ", code="ML-02", status=422)
    assert "Anh/chị chưa điền mục này." in page.errors()


def test_a_person_is_added_placed_and_given_a_role(network: Network, boss: Browser):
    boss.get("/quan-tri/nguoi/them")
    page = boss.submit("add-person", full_name="Lò  Văn Ặng", starts_on="01/01/2030")
    assert page.heading == "Lò Văn Ặng"
    assert "KC000001" in page
    page = boss.submit(
        "add-membership", unit_id=network.centre.id, kind="collaborator", is_primary=True
    )
    rows = list(page.table("memberships").values())
    assert ["chính" in row[0] for row in rows] == [False, True]
    assert "Quản lý · Trung tâm Minh Sơn" in boss.submit(
        "grant-role", role="manager", unit_id=network.centre.id
    )
    assert "Chỉ là học viên." in boss.submit("end-role")


def test_a_wrong_person_is_not_half_added(network: Network, boss: Browser):
    boss.get("/quan-tri/nguoi/them")
    page = boss.submit("add-person", full_name="Lò Văn Ặng", email="an@minhson.gov.vn", status=422)
    assert "đã dùng cho tài khoản khác" in page.main
    assert len(boss.get("/quan-tri/nguoi").table("persons")) == 2


def test_a_password_link_is_shown_once_and_mailed(app: Flask, network: Network, boss: Browser):
    boss.get(f"/quan-tri/nguoi/{network.officer.id}")
    page = boss.submit("invite")
    link = page.one(".//code[@data-invitation]").text or ""
    with app.extensions["database"].unit_of_work(write=False) as current:
        letter = current.scalars(select(MailMessage)).one()
    assert letter.to_address == "an@minhson.gov.vn"
    assert link in letter.body
    assert boss.get("/loi-moi/" + link.rsplit("/", 1)[1]).heading == "Đặt mật khẩu"


def test_no_button_is_shown_for_what_lies_out_of_reach(
    app: Flask, network: Network, boss: Browser, another_browser: Callable[[], Browser]
):
    with app.extensions["database"].unit_of_work():
        actions.grant_role(
            network.officer, "manager", network.neighbour, by=None, within=None, now=world.NOW
        )
        actions.join_unit(
            network.officer,
            network.neighbour,
            kind="collaborator",
            is_primary=False,
            starts_on=clock.today(),
            now=world.NOW,
        )
    page = boss.get(f"/quan-tri/nguoi/{network.officer.id}")
    assert len(page.buttons("end-membership")) == 1
    assert not page.has_action("end-role")
    assert "Trung tâm Hải Bình" in page
    boss.submit("invite", status=409)


@pytest.fixture
def country(app: Flask) -> Network:
    """More units than a select box or a page holds: two provinces, one of 350 communes."""
    with app.extensions["database"].unit_of_work():
        ministry = world.a_unit("Bộ Công Thương", kind="ministry")
        large = world.a_unit("Tỉnh Minh Sơn", parent=ministry, kind="province")
        small = world.a_unit("Tỉnh Hải Bình", parent=ministry, kind="province")
        for number in range(350):
            world.a_unit(f"Xã Tân Lạc {number:03}", parent=large, kind="commune")
        last = world.a_unit("Xã Ở Xa", parent=small, kind="commune")
        return Network(
            ministry,
            large,
            last,
            boss=world.a_manager(ministry, role="administrator"),
            officer=world.a_person("Vũ Thị Ẩn", unit=large),
            stranger=world.a_person("Trần Văn Lạ", unit=small),
        )


def test_a_form_offers_the_units_near_and_finds_the_others(country: Network, browser: Browser):
    browser.sign_in(country.boss)
    page = browser.get("/quan-tri/nguoi/them")
    assert len(page.all(".//select[@name='unit_id']/option")) == 3
    assert "3 đơn vị gần nhất trong 354" in page.main
    page = browser.submit("find-unit", {"tim-don-vi": "o xa"})
    (option,) = page.all(".//select[@name='unit_id']/option")
    assert option.text == "Xã Ở Xa · Tỉnh Hải Bình"
    page = browser.submit("add-person", full_name="Lò Văn Ặng", unit_id=country.neighbour.id)
    assert "Xã Ở Xa" in page.main
    assert "Không có đơn vị nào khớp" in browser.get("/quan-tri/don-vi/them?tim-don-vi=khong-co")


def test_a_unit_that_was_sent_stays_chosen_when_the_form_is_wrong(
    country: Network, browser: Browser
):
    browser.sign_in(country.boss)
    browser.get("/quan-tri/nguoi/them?tim-don-vi=o+xa")
    page = browser.submit("add-person", full_name="", unit_id=country.neighbour.id, status=422)
    chosen = page.one(".//select[@name='unit_id']/option[@selected]")
    assert chosen.get("value") == str(country.neighbour.id)


def test_many_units_are_shown_level_by_level_and_page_by_page(country: Network, browser: Browser):
    browser.sign_in(country.boss)
    page = browser.get("/quan-tri/don-vi")
    names = [cells[0] for cells in page.table("units").values()]
    assert names == ["Bộ Công Thương", "Tỉnh Hải Bình", "Tỉnh Minh Sơn"]
    seen = set(browser.follow("Tỉnh Minh Sơn: 350 đơn vị").table("units"))
    while "Trang sau" in browser.page.text:
        rows = set(browser.follow("Trang sau").table("units"))
        assert not seen & rows
        seen |= rows
    assert len(seen) == 351
    found = browser.get("/quan-tri/don-vi?tim=o+xa").table("units")
    assert list(found) == [str(country.neighbour.id)]
