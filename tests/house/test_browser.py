"""The test client itself: every rule it holds pages to does catch a page that breaks it."""

from __future__ import annotations

import pytest
from flask import Flask, Response, redirect, request

from app.kernel.web.security import HEADERS
from tests.browser import BrokenRule, Browser, WrongField

GOOD = """<!doctype html>
<html lang="vi"><head><meta charset="utf-8"><title>Trang thử</title>
<meta name="viewport" content="width=device-width"></head>
<body><main><h1>Trang thử</h1>%s</main></body></html>"""

FORM = """<form method="post" action="/gui"><input type="hidden" name="once" value="1">
<label for="ten">Tên</label><input id="ten" name="ten" value="cũ">
<label><input type="radio" name="vai" value="a" checked> Một</label>
<label><input type="radio" name="vai" value="b"> Hai</label>
<label><input type="checkbox" name="nho" value="co"> Nhớ</label>
<label for="don">Đơn vị</label><select id="don" name="don"><option value="1">Sở</option>
<option value="2" selected>Trung tâm</option></select>
<button data-action="send" name="nut" value="gui">Gửi</button></form>"""


def serving(body: str, page: str = GOOD, **headers: str) -> Browser:
    app = Flask(__name__)

    @app.get("/")
    def show() -> Response:
        return Response(page.replace("%s", body), headers={**HEADERS, **headers})

    @app.post("/gui")
    def send() -> Response:
        sent = "; ".join(f"{k}={','.join(v)}" for k, v in sorted(request.form.lists()))
        return Response(page.replace("%s", sent), headers=HEADERS)

    @app.post("/di")
    def go() -> Response:
        answer = redirect("/", 302)
        answer.headers.update(HEADERS)
        return answer  # type: ignore[return-value]

    return Browser(app)


def test_a_good_page_passes():
    assert serving(FORM).get("/").heading == "Trang thử"


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ("<p><div>khối trong đoạn</div></p>", "not strict"),
        ("<h1>Hai</h1>", "headings <h1>"),
        ("<h3>Nhảy</h3>", "jumps"),
        ('<p id="a">1</p><p id="a">2</p>', "2 times"),
        ('<label for="b">B</label>', "points at nothing"),
        ('<input name="x">', "no label"),
        ('<input name="x" placeholder="Tên">', "no label"),
        ("<button></button>", "without words"),
        ('<a href="/"></a>', "without words"),
        ('<img src="/a.png">', "without alt"),
        ('<p style="color:red">x</p>', "inline style"),
        ("<script>alert(1)</script>", "inline script"),
        ('<p onclick="x()">x</p>', "inline handler"),
        ('<a href="javascript:x()">x</a>', "javascript:"),
        ('<img alt="" src="https://example.net/a.png">', "another host"),
        ("<p>Xin chào %(name)s</p>", "leftover"),
        ("<p>None</p>", "leftover"),
        ('<form method="post"><button>Gửi</button></form>', "data-action"),
        ("<fieldset><p>x</p></fieldset>", "legend"),
    ],
)
def test_a_page_that_breaks_a_rule_is_refused(body: str, told: str):
    with pytest.raises(BrokenRule, match=told):
        serving(body).get("/")


def test_a_page_without_a_language_is_refused():
    with pytest.raises(BrokenRule, match="lang"):
        serving("", GOOD.replace(' lang="vi"', "")).get("/")


def test_a_page_with_a_weak_policy_is_refused():
    policy = HEADERS["Content-Security-Policy"] + "; script-src 'unsafe-inline'"
    with pytest.raises(BrokenRule, match="unsafe"):
        serving("", **{"Content-Security-Policy": policy}).get("/")


def test_a_heavy_page_is_refused():
    import random

    letters = random.Random(1).choices("abcdefghijklmnopqrstuvwxyz0123456789", k=60_000)
    with pytest.raises(BrokenRule, match="KB"):
        serving("<p>" + "".join(letters) + "</p>").get("/")


def test_quoted_code_may_look_like_a_leftover():
    assert serving("<p>Viết <code>{{ ten }}</code></p>").get("/").status == 200


def test_submit_sends_what_a_browser_would():
    browser = serving(FORM)
    browser.get("/")
    page = browser.submit("send", ten="mới", vai="b")
    assert page.main.endswith("don=2; nut=gui; once=1; ten=mới; vai=b")
    browser.get("/")
    assert "nho=co" in browser.submit("send", nho=True).main


@pytest.mark.parametrize(
    "wrong", [{"khac": "x"}, {"vai": "c"}, {"don": "9"}, {"once": "2"}], ids=str
)
def test_submit_refuses_what_no_browser_could_send(wrong: dict[str, str]):
    browser = serving(FORM)
    browser.get("/")
    with pytest.raises(WrongField):
        browser.submit("send", wrong)


def test_an_unknown_action_is_refused():
    browser = serving(FORM)
    browser.get("/")
    with pytest.raises(WrongField, match="send"):
        browser.submit("enroll")


def test_a_post_that_redirects_other_than_with_303_is_refused():
    with pytest.raises(BrokenRule, match="not 303"):
        serving("").post("/di")
