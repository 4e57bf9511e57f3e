"""A site for real use: from the link that the terminal shows to a colleague's first lesson."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.journeys.conftest import Site, act, assert_sound

pytestmark = pytest.mark.journey

OWN, THEIRS = "trâu chậm uống nước đục", "nước chảy đá mòn từng ngày"


def test_the_first_administrator_lets_a_colleague_in(empty_site: Site, window: Callable[..., Page]):
    link = re.search(r"http://\S+/loi-moi/\S+", empty_site.told())
    assert link is not None
    chief = window(empty_site, desktop=True)
    chief.goto(link[0])
    assert_sound(chief)
    fill(
        chief,
        unit_name="Sở Công Thương tỉnh Hà Trung",
        unit_code="HT-SCT",
        full_name="Lương Thị Ngọc Ước",
        email="ngoc.uoc@hatrung.example",
        password=OWN,
    )
    act(chief, "found")
    expect(chief).to_have_url(re.compile("/dang-nhap$"))
    assert_nothing_of_a_demo(chief)
    sign_in(chief, "ngoc.uoc@hatrung.example", OWN)

    # The link is spent.
    other = window(empty_site)
    answer = other.goto(link[0])
    assert answer is not None and answer.status == 404
    assert_sound(other)

    chief.goto("/quan-tri/don-vi")
    assert_sound(chief)
    chief.goto("/quan-tri/don-vi/them")
    assert_sound(chief)
    fill(chief, name="Trung tâm Khuyến công tỉnh Hà Trung", code="HT-TTKC")
    chief.locator("#parent_id").select_option(label="Sở Công Thương tỉnh Hà Trung")
    act(chief, "add-unit")
    chief.goto("/quan-tri/don-vi")
    expect(chief.locator("[data-table='units'] [data-row]")).to_have_count(2)
    chief.get_by_role("link", name="Trung tâm Khuyến công tỉnh Hà Trung").click()
    expect(chief.locator("[data-action='change-unit']")).to_be_visible()
    assert_sound(chief)

    chief.goto("/quan-tri/nguoi/them")
    assert_sound(chief)
    fill(
        chief,
        full_name="Đinh Văn Ưởng",
        birth_date="23/11/1990",
        email="van.uong@hatrung.example",
        phone="0900 123 456",
        position="Chuyên viên",
    )
    centre = chief.locator("#unit_id option", has_text="Trung tâm Khuyến công")
    chief.locator("#unit_id").select_option(value=centre.get_attribute("value"))
    act(chief, "add-person")
    assert_sound(chief)
    # A staff code of the product's own making, since none was given.
    code = chief.locator("dl.facts dt:text-is('Mã cán bộ') + dd").inner_text().strip()
    assert code
    act(chief, "invite")
    assert_sound(chief)
    invitation = chief.locator("[data-invitation]").inner_text()
    assert invitation.startswith(empty_site.address)
    chief.goto("/quan-tri/nguoi")
    assert_sound(chief)

    colleague = window(empty_site)
    colleague.goto(invitation)
    assert_sound(colleague)
    fill(colleague, password="1234567890")
    act(colleague, "set-password")
    expect(colleague.get_by_role("alert")).to_be_visible()
    assert_sound(colleague)
    fill(colleague, password=THEIRS)
    act(colleague, "set-password")
    for name in (code, "van.uong@hatrung.example", "0900123456"):
        sign_in(colleague, name, THEIRS)
        expect(colleague.locator("details.menu summary")).to_contain_text("Đinh Văn Ưởng")
        colleague.locator("details.menu summary").click()
        act(colleague, "sign-out")
    sign_in(colleague, code.lower(), THEIRS)
    colleague.goto("/khoa-hoc/nhap-mon-chuyen-doi-so")
    act(colleague, "enroll")
    expect(colleague.locator("[data-action='finish-lesson']")).to_be_visible()
    # What is not theirs is not there.
    answer = colleague.goto("/quan-tri/nguoi")
    assert answer is not None and answer.status == 403
    assert_sound(colleague)


def fill(page: Page, **values: str) -> None:
    """Fill in fields by their names."""
    for name, value in values.items():
        page.locator(f"main [name='{name}']").fill(value)


def sign_in(page: Page, name: str, password: str) -> None:
    """Sign in as people do on a site for real use."""
    page.goto("/dang-nhap")
    fill(page, name=name, password=password)
    act(page, "sign-in")
    expect(page.locator("details.menu")).to_be_visible()


def assert_nothing_of_a_demo(page: Page) -> None:
    """Neither a banner nor a one-click sign-in; its address does not exist."""
    assert page.locator("[name='vai'], [action*='/thu']").count() == 0
    assert page.locator(".demo").count() == 0
    answer = page.context.request.post(
        "/dang-nhap/thu",
        form={"vai": "quan-tri"},
        headers={"Sec-Fetch-Site": "same-origin"},
        max_redirects=0,
    )
    assert answer.status == 404
