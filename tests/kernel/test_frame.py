"""One request, one transaction; who may come in; what every answer carries."""

from __future__ import annotations

import gzip
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from flask import Flask, request
from sqlalchemy import event, func, select

from app import create_app
from app.kernel import limits
from app.kernel.database import Database, session
from app.kernel.limits import RateCounter
from app.kernel.refusals import Refusal
from app.kernel.web import after_refusal, done, open_to, own_transactions, page
from app.kernel.web.answers import is_safe_local_address
from app.organization.actions import found_unit
from app.organization.models import Unit
from tests import world
from tests.browser import Browser
from tests.conftest import settings_for

OWN = {"Sec-Fetch-Site": "same-origin"}


class NotToday(Refusal):
    text = "Hôm nay chưa được."


def _found(code: str) -> None:
    found_unit(
        code=code,
        kind="other",
        name="Đơn vị thử",
        parent=None,
        opened_on=date(2020, 1, 1),
        by=None,
        now=world.NOW,
    )


def _full(_session: Any) -> None:
    raise OSError("hết chỗ trên đĩa")


def _count_a_try() -> None:
    limits.take("thử", limit=1, window=world.timedelta(minutes=15), now=world.NOW)


@pytest.fixture
def app(app: Flask) -> Flask:
    """The application with pages that do what a room's pages do, each in one way."""

    @app.post("/thu/<how>")
    @open_to("public")
    def act(how: str) -> Any:
        _found(how)
        if how == "refuse":
            after_refusal(_count_a_try)
            raise NotToday
        if how == "wrong":
            return page("errors/422.html", 422)
        if how == "fail":
            raise RuntimeError("hỏng")
        if how == "fail-at-commit":
            event.listen(session(), "before_commit", _full)
        return done("Đã ghi.", "/health")

    @app.post("/thu-rieng")
    @open_to("public")
    @own_transactions
    def alone() -> Any:
        after_refusal(_count_a_try)
        raise NotToday

    @app.get("/thu-doc")
    @open_to("public")
    def read() -> Any:
        _found("read")
        return page("errors/409.html", 200, text="", back="/")

    @app.post("/thu-nguoi")
    @open_to("learner")
    def once() -> Any:
        _found(request.form["code"])
        return done("", f"/health?don-vi={request.form['code']}")

    return app


def codes(app: Flask) -> list[str]:
    with app.extensions["database"].unit_of_work(write=False) as current:
        return list(current.scalars(select(Unit.code).order_by(Unit.code)))


def tries(app: Flask) -> int:
    with app.extensions["database"].unit_of_work(write=False) as current:
        return current.scalar(select(func.coalesce(func.sum(RateCounter.tries), 0))) or 0


# One transaction


def test_a_good_post_is_kept_and_leads_on_with_303(app: Flask):
    answer = app.test_client().post("/thu/good", headers=OWN)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/health")
    assert codes(app) == ["good"]


@pytest.mark.parametrize(("how", "status"), [("refuse", 409), ("wrong", 422), ("fail", 500)])
def test_a_refusal_a_wrong_form_and_a_failure_keep_nothing(app: Flask, how: str, status: int):
    assert app.test_client().post(f"/thu/{how}", headers=OWN).status_code == status
    assert codes(app) == []


def test_a_refusal_tells_its_own_words(browser: Browser):
    assert "Hôm nay chưa được." in browser.post("/thu/refuse", status=409)


def test_what_must_outlive_a_refusal_does(app: Flask):
    app.test_client().post("/thu/refuse", headers=OWN)
    assert tries(app) == 1


def test_what_must_outlive_a_refusal_does_so_in_pages_with_their_own_transactions(app: Flask):
    assert app.test_client().post("/thu-rieng", headers=OWN).status_code == 409
    assert tries(app) == 1


def test_reading_a_page_changes_nothing(app: Flask):
    assert app.test_client().get("/thu-doc").status_code == 200
    assert codes(app) == []


def test_after_a_failure_the_next_request_is_served(app: Flask):
    client = app.test_client()
    client.post("/thu/fail", headers=OWN)
    assert client.post("/thu/good", headers=OWN).status_code == 303


def test_a_failure_at_the_commit_keeps_nothing_and_is_logged_with_its_cause(
    app: Flask, caplog: pytest.LogCaptureFixture
):
    client = app.test_client()
    assert client.post("/thu/fail-at-commit", headers=OWN).status_code == 500
    assert codes(app) == []
    assert "hết chỗ trên đĩa" in caplog.text
    assert client.post("/thu/good", headers=OWN).status_code == 303


# A form pressed twice


def _learner(app: Flask) -> Any:
    with app.extensions["database"].unit_of_work():
        return world.a_person(unit=world.a_unit(code="MS"))


UUID = "0f8fad5b-d9cb-469f-a165-70867728950e"


def test_a_form_pressed_twice_acts_once_and_gets_its_first_answer(app: Flask, browser: Browser):
    browser.sign_in(_learner(app))
    sent = {"code": "A1", "uuid": UUID}
    first = browser.post("/thu-nguoi", sent, follow=False, status=303)
    again = browser.post("/thu-nguoi", {**sent, "code": "A2"}, follow=False, status=303)
    assert again.headers["Location"] == first.headers["Location"] == "/health?don-vi=A1"
    assert codes(app) == ["A1", "MS"]


def test_a_uuid_belongs_to_one_person(app: Flask, another_browser: Callable[[], Browser]):
    for number in (1, 2):
        browser = another_browser()
        with app.extensions["database"].unit_of_work():
            person = world.a_person(unit=world.a_unit(code=f"DV{number}"))
        browser.sign_in(person)
        browser.post("/thu-nguoi", {"code": f"A{number}", "uuid": UUID}, follow=False, status=303)
    assert codes(app) == ["A1", "A2", "DV1", "DV2"]


def test_a_form_without_a_uuid_acts_each_time(app: Flask, browser: Browser):
    browser.sign_in(_learner(app))
    for code in ("A1", "A2"):
        browser.post("/thu-nguoi", {"code": code, "uuid": "không"}, follow=False, status=303)
    assert codes(app) == ["A1", "A2", "MS"]


# Cross-site requests


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Sec-Fetch-Site": "same-origin"}, 303),
        ({"Sec-Fetch-Site": "none"}, 303),
        ({"Sec-Fetch-Site": "same-site"}, 403),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "cross-site", "Origin": "http://localhost"}, 403),
        ({"Origin": "http://localhost"}, 303),
        ({"Origin": "https://localhost"}, 403),
        ({"Origin": "http://localhost:8001"}, 403),
        ({"Origin": "http://localhost.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Origin": "http://["}, 403),
        ({"Origin": "http://evil.example", "Referer": "http://localhost/"}, 403),
        ({"Referer": "http://localhost/bat-ky"}, 303),
        ({"Referer": "http://evil.example/http://localhost/"}, 403),
        ({}, 403),
    ],
    ids=str,
)
def test_a_change_is_accepted_from_our_own_pages_only(
    app: Flask, headers: dict[str, str], status: int
):
    assert app.test_client().post("/thu/good", headers=headers).status_code == status
    assert codes(app) == (["good"] if status == 303 else [])


def test_a_link_from_anywhere_may_be_opened(app: Flask):
    answer = app.test_client().get("/dang-nhap", headers={"Sec-Fetch-Site": "cross-site"})
    assert answer.status_code == 200


# What every answer carries


@pytest.mark.parametrize(
    ("method", "address", "status"),
    [
        ("GET", "/dang-nhap", 200),
        ("GET", "/health", 200),
        ("GET", "/khong-co", 404),
        ("GET", "/static/x/khong-co.css", 404),
        ("GET", "/static/x/css", 404),
        ("GET", "/tai-khoan", 303),
        ("POST", "/tai-khoan/mat-khau", 401),
        ("POST", "/health", 405),
        ("POST", "/thu/refuse", 409),
        ("POST", "/thu/fail", 500),
        ("DELETE", "/health", 405),
    ],
)
def test_every_answer_carries_the_headers_of_safety(
    app: Flask, method: str, address: str, status: int
):
    answer = app.test_client().open(address, method=method, headers=OWN)
    assert answer.status_code == status
    policy = answer.headers["Content-Security-Policy"]
    for part in ("default-src 'none'", "base-uri 'none'", "frame-ancestors 'none'"):
        assert part in policy
    assert "unsafe" not in policy
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Referrer-Policy"] == "same-origin"
    assert answer.headers["Cache-Control"] in ("private, no-cache", "no-cache")
    assert "Strict-Transport-Security" not in answer.headers
    assert "Access-Control-Allow-Origin" not in answer.headers


def test_a_method_that_an_address_does_not_know_is_told_which_it_knows(app: Flask):
    answer = app.test_client().post("/dang-xuat/", headers=OWN)
    assert answer.status_code == 404
    answer = app.test_client().get("/dang-xuat")
    assert answer.status_code == 405
    assert "POST" in answer.headers["Allow"]


def test_a_request_that_is_too_large_gets_a_page_that_says_so(browser: Browser):
    answer = browser.post("/thu/good", {"tep": ("lon.bin", b"0" * 9_000_000)}, status=413)
    assert "quá lớn" in answer.main


@pytest.mark.parametrize("address", ["/khong-co%00", "/dang-nhap?tiep=%00", "/static/x/%00.css"])
def test_text_that_no_database_takes_is_a_bad_request(app: Flask, address: str):
    assert app.test_client().get(address).status_code == 400


def test_a_null_in_a_form_is_a_bad_request_and_no_failure(app: Flask):
    answer = app.test_client().post("/dang-nhap", data={"name": "a\0b"}, headers=OWN)
    assert answer.status_code == 400


def test_a_number_that_no_database_could_hold_is_an_unknown_address(app: Flask, browser: Browser):
    with app.extensions["database"].unit_of_work():
        boss = world.a_manager(world.a_unit(), role="administrator")
    browser.sign_in(boss)
    browser.get("/quan-tri/nguoi/99999999999999999999", status=404)
    browser.get("/quan-tri/nguoi?sau=99999999999999999999~x", status=200)


def test_a_referer_that_cannot_be_read_does_no_harm(app: Flask):
    answer = app.test_client().post("/thu/refuse", headers={**OWN, "Referer": "http://[x"})
    assert answer.status_code == 409


# Cookies and language


@pytest.fixture
def secure(database_url: str, instance: Path) -> Iterator[Flask]:
    """The application as it is reached over https, behind one proxy."""
    made = create_app(
        settings_for(
            database_url,
            instance,
            SITE_URL="https://boi-duong.example.vn",
            TRUSTED_PROXIES="1",
        )
    )
    yield made
    made.extensions["database"].dispose()


def test_over_https_cookies_are_bound_to_the_host_and_https(secure: Flask):
    client = secure.test_client()
    behind = {"X-Forwarded-Proto": "https", "X-Forwarded-Host": "boi-duong.example.vn"}
    for address, data in (("/ngon-ngu", {"ngon_ngu": "en"}), ("/dang-xuat", {})):
        answer = client.post(address, data=data, headers={**OWN, **behind})
        assert answer.status_code == 303
        for cookie in answer.headers.getlist("Set-Cookie"):
            assert cookie.startswith("__Host-")
            for flag in ("Secure", "HttpOnly", "Path=/", "SameSite=Lax"):
                assert flag in cookie
            assert "Domain" not in cookie
        assert answer.headers.getlist("Set-Cookie")
        assert "includeSubDomains" in answer.headers["Strict-Transport-Security"]


def test_behind_a_trusted_proxy_the_origin_is_the_one_people_see(secure: Flask):
    sent = {
        "X-Forwarded-Proto": "https",
        "X-Forwarded-Host": "boi-duong.example.vn",
        "Origin": "https://boi-duong.example.vn",
    }
    client = secure.test_client()
    assert client.post("/dang-xuat", headers=sent).status_code == 303
    assert client.post("/dang-xuat", headers={"Origin": sent["Origin"]}).status_code == 403


def test_no_proxy_is_believed_unless_it_is_trusted(app: Flask):
    sent = {
        "X-Forwarded-Proto": "https",
        "X-Forwarded-Host": "evil.example",
        "Origin": "https://evil.example",
    }
    assert app.test_client().post("/dang-xuat", headers=sent).status_code == 403


def test_the_language_is_switched_and_kept(browser: Browser):
    assert browser.get("/dang-nhap").language == "vi"
    assert browser.submit("switch-language").language == "en"
    assert browser.get("/dang-nhap").language == "en"
    assert browser.submit("switch-language").language == "vi"


def test_a_language_that_is_not_spoken_is_refused(browser: Browser):
    browser.post("/ngon-ngu", {"ngon_ngu": "fr"}, status=400)


ELSEWHERE = [
    "//evil.example",
    "/\\evil.example",
    "\\\\evil.example",
    "https://evil.example",
    "javascript:alert(1)",
    "/\t/evil.example",
    "/\r\nSet-Cookie: a=b",
    "evil.example",
    "",
]


@pytest.mark.parametrize("wanted", ELSEWHERE)
def test_nobody_is_led_to_another_site(app: Flask, wanted: str):
    answer = app.test_client().post(
        "/ngon-ngu", data={"ngon_ngu": "en", "tiep": wanted}, headers=OWN
    )
    assert answer.headers["Location"] == "/"
    assert not is_safe_local_address(wanted)


def test_a_local_address_is_led_to(app: Flask):
    wanted = "/khoa-hoc?q=khuyến"
    answer = app.test_client().post(
        "/ngon-ngu", data={"ngon_ngu": "en", "tiep": wanted}, headers=OWN
    )
    assert answer.headers["Location"].startswith("/khoa-hoc?q=khuy")


# Static files


def test_a_static_file_is_kept_for_ever_under_its_fingerprint(browser: Browser):
    page = browser.get("/dang-nhap")
    address = page.one(".//link[@rel='stylesheet']").get("href", "")
    answer = browser.client.get(address, headers={"Accept-Encoding": "gzip"})
    assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert answer.headers["Content-Encoding"] == "gzip"
    assert b"{" in gzip.decompress(answer.get_data())
    assert answer.headers["Content-Type"] == "text/css; charset=utf-8"


def test_a_static_file_under_an_old_fingerprint_is_served_but_not_kept(browser: Browser):
    answer = browser.client.get("/static/000000000000/app.css")
    assert (answer.status_code, answer.headers["Cache-Control"]) == (200, "no-cache")


def test_what_everybody_may_keep_never_carries_a_cookie(app: Flask, browser: Browser):
    browser.sign_in(_learner(app))
    browser.get("/tai-khoan")
    answer = browser.client.get("/static/000000000000/app.css")
    assert "Set-Cookie" not in answer.headers


@pytest.mark.parametrize(
    "name", ["../app/__init__.py", "%2e%2e/page.html", "css", "k" * 300, "css/order.txt/x"]
)
def test_only_static_files_are_static_files(browser: Browser, name: str):
    assert browser.client.get(f"/static/x/{name}").status_code == 404


# Without a database


@pytest.fixture
def without_database(instance: Path) -> Flask:
    blocked = instance / "no-folder"
    blocked.write_text("a file stands where the folder should be")
    return create_app(settings_for(f"sqlite:///{blocked}/app.db", instance))


def test_without_a_database_health_says_so(without_database: Flask):
    answer = without_database.test_client().get("/health")
    assert (answer.status_code, answer.get_json()) == (503, {"database": "down"})


def test_without_a_database_there_is_still_a_page(without_database: Flask):
    page = Browser(without_database).get("/dang-nhap", status=500)
    assert "chưa được lưu" in page.main


def test_with_a_database_health_is_good(browser: Browser):
    assert browser.client.get("/health").get_json() == {"database": "up"}


def test_a_page_is_compressed_for_whoever_takes_it(browser: Browser):
    answer = browser.client.get("/dang-nhap", headers={"Accept-Encoding": "gzip"})
    assert answer.headers["Content-Encoding"] == "gzip"
    assert "Accept-Encoding" in answer.headers["Vary"]
    plain = browser.client.get("/dang-nhap", headers={"Accept-Encoding": ""})
    assert "Content-Encoding" not in plain.headers


def test_only_a_unit_of_work_gives_a_session(database: Database):
    with pytest.raises(RuntimeError):
        session()
    with database.unit_of_work() as opened:
        assert session() is opened
