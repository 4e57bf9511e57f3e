"""Signing in and out, limits, passwords, links, the founding of an installation."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

from app import create_app
from app.kernel import clock
from app.kernel.database import Database
from app.kernel.limits import RateCounter
from app.people import actions, passwords, queries, rules
from app.people.models import Person, RoleGrant, UserSession
from app.preparation import first_link
from tests import world
from tests.browser import Browser
from tests.conftest import settings_for

PASSWORD = world.PASSWORD
HASHED = passwords.hashed(PASSWORD)


@pytest.fixture
def officer(app: Flask) -> Person:
    """An officer with a staff code, an e-mail address, a phone number and a password."""
    with app.extensions["database"].unit_of_work():
        person = world.a_person(
            "Vũ Thị Ẩn",
            staff_code="MS-0042",
            email="An.Vu@MinhSon.gov.vn",
            phone="0912 345 678",
        )
        actions.set_password(person, HASHED, now=world.NOW)
    return person


def enter(browser: Browser, name: str, password: str = PASSWORD, status: int | None = None) -> Any:
    browser.get("/dang-nhap?tiep=/tai-khoan")
    return browser.submit("sign-in", name=name, password=password, status=status)


def is_in(browser: Browser) -> bool:
    return browser.get("/tai-khoan").address == "/tai-khoan"


@pytest.mark.parametrize(
    "name",
    [
        "MS-0042",
        "ms-0042",
        " Ms-0042 ",
        "an.vu@minhson.gov.vn",
        "AN.VU@MINHSON.GOV.VN",
        "0912345678",
        "0912 345 678",
        "0912.345.678",
        "+84912345678",
        "+84 (0)912-345-678",
        "84912345678",
        "0084 912 345 678",
    ],
)
def test_one_signs_in_with_a_code_an_address_or_a_number_however_it_is_spelled(
    officer: Person, browser: Browser, name: str
):
    assert enter(browser, name, status=200).address == "/tai-khoan"


def test_a_wrong_password_and_an_unknown_account_are_answered_alike(
    officer: Person, browser: Browser
):
    wrong = enter(browser, "MS-0042", "không phải mật khẩu", status=422)
    unknown = enter(browser, "MS-9999", "không phải mật khẩu", status=422)
    assert wrong.errors() == unknown.errors() != []
    assert wrong.main.replace("MS-0042", "") == unknown.main.replace("MS-9999", "")
    assert "không phải mật khẩu" not in wrong.html


def test_a_wrong_password_and_an_unknown_account_cost_the_same_hashing(
    officer: Person, browser: Browser, monkeypatch: pytest.MonkeyPatch
):
    hashes: list[str] = []

    class Watched:
        verify_with = passwords._hasher

        def verify(self, stored: str, password: str) -> bool:
            hashes.append("$".join(stored.split("$")[:4]))
            return self.verify_with.verify(stored, password)

    monkeypatch.setattr(passwords, "_hasher", Watched())
    enter(browser, "MS-0042", "không phải mật khẩu", status=422)
    enter(browser, "MS-9999", "không phải mật khẩu", status=422)
    assert hashes == ["$argon2id$v=19$m=19456,t=2,p=1"] * 2


def test_an_account_without_a_password_lets_nobody_in(app: Flask, browser: Browser):
    with app.extensions["database"].unit_of_work():
        world.a_person(staff_code="MS-0043")
    enter(browser, "MS-0043", "no account has this password", status=422)
    assert not is_in(browser)


# Limits


def test_tries_at_an_account_are_limited_however_its_name_is_spelled(
    officer: Person, browser: Browser
):
    names = ["ms-0042", "0912345678", "0 912 345 678", "+84912345678", "an.vu@minhson.gov.vn"]
    for number in range(rules.ACCOUNT_TRIES):
        enter(browser, names[number % len(names)], "sai rồi nhé", status=422)
    assert "quá nhiều lần" in enter(browser, "MS-0042", PASSWORD, status=429)


def test_a_refused_try_is_counted_too_and_another_process_knows(
    officer: Person, browser: Browser, settings: Any
):
    for _ in range(rules.ACCOUNT_TRIES + 2):
        enter(browser, "MS-0042", "sai rồi nhé")
    elsewhere = create_app(settings)
    try:
        enter(Browser(elsewhere), "MS-0042", PASSWORD, status=429)
    finally:
        elsewhere.extensions["database"].dispose()
    with browser.app.extensions["database"].unit_of_work(write=False) as current:
        counted = current.scalars(select(RateCounter.tries).order_by(RateCounter.tries)).all()
    assert counted == [rules.ACCOUNT_TRIES + 3] * 2


def test_a_limit_at_one_account_is_none_at_another(
    app: Flask, officer: Person, browser: Browser, another_browser: Callable[[], Browser]
):
    with app.extensions["database"].unit_of_work():
        other = world.a_person(staff_code="MS-0050")
        actions.set_password(other, HASHED, now=world.NOW)
    for _ in range(rules.ACCOUNT_TRIES + 1):
        enter(browser, "MS-0042", "sai rồi nhé")
    enter(another_browser(), "MS-0050", status=200)


def test_the_right_password_forgives_the_wrong_ones_before_it(officer: Person, browser: Browser):
    for _ in range(2):
        for _ in range(rules.ACCOUNT_TRIES - 1):
            enter(browser, "MS-0042", "sai rồi nhé", status=422)
        enter(browser, "0912345678", status=200)
        browser.sign_out()


def test_tries_from_an_address_are_limited_but_right_passwords_are_none(
    app: Flask, database: Database
):
    with database.unit_of_work():
        person = world.a_person()
        account = queries.account_of(person.id)
        assert account is not None
        for _ in range(rules.ADDRESS_TRIES + 5):
            assert actions.count_try(person.staff_code, "10.0.0.1", now=world.NOW)
            actions.forgive_tries(account, "10.0.0.1", now=world.NOW)
        for number in range(rules.ADDRESS_TRIES):
            assert actions.count_try(f"không có {number}", "10.0.0.1", now=world.NOW)
        assert not actions.count_try("ai đó", "10.0.0.1", now=world.NOW)
        assert actions.count_try("ai đó", "10.0.0.2", now=world.NOW)
        later = world.NOW + rules.TRY_WINDOW
        assert actions.count_try("ai đó", "10.0.0.1", now=later)


def test_what_was_typed_into_the_box_for_names_is_not_kept(session: Any):
    actions.count_try("mật khẩu gõ nhầm ô", "10.0.0.1", now=world.NOW)
    assert not any("gõ nhầm" in key for key in session.scalars(select(RateCounter.key)))


# Sessions


def test_signing_out_ends_the_session_on_the_server(officer: Person, browser: Browser):
    enter(browser, "MS-0042", status=200)
    kept = browser.client.get_cookie("phien")
    assert kept is not None
    browser.sign_out()
    browser.client.set_cookie("phien", kept.value)
    assert not is_in(browser)


def test_the_database_holds_only_a_digest_of_the_token(officer: Person, browser: Browser):
    enter(browser, "MS-0042", status=200)
    with browser.client.session_transaction() as cookie:
        token = cookie["_user_id"]
    assert len(token) >= 43
    with browser.app.extensions["database"].unit_of_work(write=False) as current:
        row = current.scalars(select(UserSession)).one()
        assert row.token_hash == queries.token_hash(token) != token


def test_signing_in_again_makes_a_new_session_and_ends_the_old(officer: Person, browser: Browser):
    enter(browser, "MS-0042", status=200)
    browser.post("/dang-nhap", {"name": "MS-0042", "password": PASSWORD}, status=None, follow=False)
    with browser.app.extensions["database"].unit_of_work(write=False) as current:
        rows = current.scalars(select(UserSession)).all()
    assert len(rows) == 2
    assert sum(row.ended_at is None for row in rows) == 1


def test_a_session_ends_by_itself_and_with_its_account(app: Flask, officer: Person):
    with app.extensions["database"].unit_of_work() as current:
        account = queries.account_of(officer.id)
        assert account is not None
        token = actions.start_session(account, agent="", now=world.NOW)
        last = world.NOW + rules.SESSION_LIFE
        assert queries.load_signed_in(token, last - timedelta(seconds=1)) is not None
        assert queries.load_signed_in(token, last) is None
        account.closed_at = world.NOW
        current.flush()
        assert queries.load_signed_in(token, world.NOW) is None
        assert queries.account_for("MS-0042") is None


def test_changing_the_password_ends_every_session_and_needs_the_present_one(
    officer: Person, browser: Browser, another_browser: Callable[[], Browser]
):
    other = another_browser()
    enter(browser, "MS-0042", status=200)
    enter(other, "MS-0042", status=200)
    new = "nước chảy đá mòn 2026"
    browser.get("/tai-khoan")
    wrong = browser.submit("change-password", current="sai rồi nhé", password=new, status=422)
    assert any("chưa đổi gì" in error for error in wrong.errors())
    assert is_in(other)
    browser.get("/tai-khoan")
    assert browser.submit("change-password", current=PASSWORD, password=new).address == "/dang-nhap"
    assert not is_in(browser)
    assert not is_in(other)
    enter(browser, "MS-0042", PASSWORD, status=422)
    enter(browser, "MS-0042", new, status=200)


def test_guessing_the_present_password_is_limited_too(officer: Person, browser: Browser):
    browser.sign_in(officer)
    for _ in range(rules.ACCOUNT_TRIES):
        browser.get("/tai-khoan")
        browser.submit(
            "change-password", current="sai rồi nhé", password="nước chảy đá mòn", status=422
        )
    browser.get("/tai-khoan")
    browser.submit("change-password", current=PASSWORD, password="nước chảy đá mòn", status=429)


@pytest.mark.parametrize(
    "weak",
    ["ngan qua", "a" * 30, "1234567890", "Password123", "dài quá " * 26],
)
def test_a_weak_password_is_not_taken(weak: str):
    with pytest.raises(rules.PasswordWeak):
        rules.check_password(weak)


@pytest.mark.parametrize("name", ["Nguyễn Thị Hồng Ánh", "nguyenthihonganh", "NGUYEN THI HONG ANH"])
def test_the_owners_name_is_no_password(name: str):
    with pytest.raises(rules.PasswordWeak):
        rules.check_password(name, names=("Nguyễn Thị Hồng Ánh",))


@pytest.mark.parametrize(
    "good",
    ["một câu dài dễ nhớ", "aB3$xyzzy9", " trước sau có dấu cách ", "ж" * 3 + "correct horse"],
)
def test_any_composition_of_a_password_is_taken(good: str):
    rules.check_password(good)
    assert passwords.is_right(passwords.hashed(good), good)
    assert not passwords.is_right(passwords.hashed(good), good + " ")


# Demo


def test_without_a_demo_there_is_no_sign_in_by_one_press(browser: Browser):
    browser.post("/dang-nhap/thu", {"vai": "quan-tri"}, status=404)
    assert not browser.get("/dang-nhap").has_action("sign-in-demo")


@pytest.mark.parametrize(
    "more",
    [
        {"BOUND_HOST": "0.0.0.0"},
        {"BOUND_HOST": "192.168.1.10"},
        {"SITE_URL": "https://boi-duong.example.vn"},
    ],
    ids=str,
)
def test_a_demo_that_others_can_reach_has_no_sign_in_by_one_press(
    database_url: str, instance: Path, more: dict[str, str]
):
    made = create_app(settings_for(database_url, instance, DEMO="1", **more))
    try:
        answer = made.test_client().post(
            "/dang-nhap/thu", data={"vai": "hoc-vien"}, headers={"Sec-Fetch-Site": "same-origin"}
        )
        assert answer.status_code == 404
    finally:
        made.extensions["database"].dispose()


# Links


@pytest.fixture
def link(app: Flask, officer: Person) -> str:
    with app.extensions["database"].unit_of_work():
        token = actions.invite(officer, purpose="password", now=clock.now())
    return f"/loi-moi/{token}"


def test_a_link_sets_a_password_once(link: str, officer: Person, browser: Browser):
    new = "nước chảy đá mòn 2026"
    assert browser.get(link).heading == "Đặt mật khẩu"
    assert browser.get(link).status == 200, "opening a link does not use it up"
    browser.submit("set-password", password="ngắn", status=422)
    browser.submit("set-password", password=new)
    browser.get(link, status=404)
    browser.post(link, {"password": PASSWORD}, status=404)
    enter(browser, "MS-0042", new, status=200)


def test_a_link_that_is_too_old_does_nothing(app: Flask, officer: Person, browser: Browser):
    with app.extensions["database"].unit_of_work():
        token = actions.invite(officer, purpose="password", now=clock.now() - rules.INVITATION_LIFE)
    browser.get(f"/loi-moi/{token}", status=404)
    browser.post(f"/loi-moi/{token}", {"password": "nước chảy đá mòn"}, status=404)


def test_setting_a_password_spends_every_other_link_to_it(
    app: Flask, link: str, officer: Person, browser: Browser
):
    with app.extensions["database"].unit_of_work():
        actions.set_password(officer, HASHED, now=clock.now())
    browser.get(link, status=404)


def test_an_unknown_link_tells_nothing(browser: Browser):
    browser.get("/loi-moi/khong-co", status=404)


def _founding(app: Flask) -> str:
    lines = first_link(app.extensions["database"], "http://localhost")
    return lines[-1].strip().removeprefix("http://localhost")


def test_an_installation_is_founded_through_one_link(app: Flask, browser: Browser):
    link, spare = _founding(app), _founding(app)
    browser.get(link)
    fields = {
        "unit_name": "Sở Công Thương tỉnh Minh Sơn",
        "unit_kind": "department",
        "unit_code": "SCT",
        "full_name": "Đặng Văn Khởi",
        "email": "khoi@minhson.gov.vn",
    }
    wrong = browser.submit(
        "found", {**fields, "email": "không phải thư"}, password=PASSWORD, status=422
    )
    assert "thư điện tử" in wrong.main
    assert browser.submit("found", fields, password=PASSWORD).address == "/dang-nhap"
    enter(browser, "khoi@minhson.gov.vn", status=200)
    assert browser.get("/quan-tri/don-vi").table("units")
    assert browser.get("/quan-tri/nguoi").table("persons")
    browser.get(link, status=404)
    browser.get(spare, status=404)
    browser.post(spare, {**fields, "password": PASSWORD}, status=404)
    assert first_link(app.extensions["database"], "http://localhost") == []
    with app.extensions["database"].unit_of_work(write=False) as current:
        assert current.scalar(select(func.count(RoleGrant.id))) == 2


def test_one_can_sign_out_everywhere_but_here(
    officer: Person, browser: Browser, another_browser: Callable[[], Browser]
):
    elsewhere = another_browser()
    for device in (browser, elsewhere):
        device.sign_in(officer)
    browser.get("/tai-khoan")
    browser.submit("end-other-sessions")
    assert not browser.page.has_action("end-other-sessions")
    assert elsewhere.get("/tai-khoan").heading == "Đăng nhập"
    assert browser.get("/tai-khoan").heading == officer.full_name
