"""Somebody who reads English switches once and is never dropped back into Vietnamese.

Names, titles and printed papers are data and stay as they were entered: what is Vietnamese on
an English page must stand in the database, or be marked as Vietnamese for a screen reader.
"""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Callable, Iterator
from typing import Any
from unicodedata import normalize

import pytest
from playwright.sync_api import Page, expect

from tests.journeys.conftest import Site, act, assert_fits, enter_as

pytestmark = pytest.mark.journey

VIETNAMESE = re.compile(r"[ăâđêôơưĂÂĐÊÔƠƯ\u1ea0-\u1ef9áàãéèíìóòõúùýÁÀÉÈÍÌÓÒÚÙÝ]")
# Numbers of official papers, and how one is written where only Vietnamese can be right.
PAPERS = re.compile(r"số 50/QĐ-TTKC ngày 03/12/2026|\S+/(?:NĐ|QĐ|TT|CT|UBND)-\S+")
C2 = "/khoa-hoc/nhap-mon-chuyen-giao-cong-nghe"

# Every text that a reader sees or hears, except what says of itself that it is Vietnamese.
TEXTS = """() => {
    const found = [document.title];
    const walk = element => {
        if (["SCRIPT", "STYLE"].includes(element.tagName)) return;
        if (element !== document.documentElement && element.lang === "vi") return;
        for (const name of ["alt", "title", "placeholder", "aria-label", "data-label",
                            "data-words", "data-failed", "data-offline", "data-unanswered"]) {
            if (element.hasAttribute(name)) found.push(element.getAttribute(name));
        }
        for (const node of element.childNodes) {
            if (node.nodeType === Node.TEXT_NODE) found.push(node.textContent);
            else if (node.nodeType === Node.ELEMENT_NODE) walk(node);
        }
    };
    walk(document.documentElement);
    return found;
}"""


class Reader:
    """A window in English, and what was entered into the database in Vietnamese."""

    def __init__(self, page: Page, site: Site) -> None:
        self.page = page
        # The site's name is an operator's (SITE_NAME).
        known = entered(site) | {page.locator("footer p").first.inner_text()}
        self.entered = sorted(known, key=len, reverse=True)
        self.left: dict[str, str] = {}

    def see(self, address: str = "") -> None:
        """Open a page, or look at the open one, and note every leftover."""
        if address:
            answer = self.page.goto(address)
            assert answer is not None and answer.status < 500, address
        expect(self.page.locator("html")).to_have_attribute("lang", "en")
        for text in self.page.evaluate(TEXTS):
            rest = " ".join(normalize("NFC", text).split())
            for known in self.entered if VIETNAMESE.search(rest) else ():
                rest = rest.replace(known, "")
            rest = PAPERS.sub("", rest)
            # One letter alone is somebody's initial.
            if any(VIETNAMESE.search(word) and len(word) > 1 for word in rest.split()):
                self.left[text.strip()] = self.page.url
        assert_fits(self.page)

    def told(self) -> str:
        """The leftovers, each with a page it stands on."""
        return "\n".join(f"{url}: {text}" for text, url in self.left.items())


def entered(site: Site) -> set[str]:
    """Every Vietnamese text in the database's rows, those inside JSON as well."""
    found: set[str] = set()
    with sqlite3.connect(f"file:{site.instance / 'app.db'}?mode=ro", uri=True) as database:
        tables = database.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
        for (table,) in tables:
            # Whole lessons and searchable text are no names, and would hide a leftover.
            if "search" in table or table.startswith("sqlite_") or table == "lesson_content":
                continue
            for row in database.execute(f'SELECT * FROM "{table}"'):
                for value in row:
                    if isinstance(value, str):
                        found.update(_strings(value))
    return {" ".join(normalize("NFC", text).split()) for text in found if VIETNAMESE.search(text)}


def _strings(value: str) -> Iterator[str]:
    try:
        read = json.loads(value) if value[:1] in '[{"' else value
    except ValueError:
        read = value
    yield from _inside(read)


def _inside(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for inner in value.values():
            yield from _inside(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _inside(inner)


@pytest.fixture
def reader(shared_site: Site, window: Callable[..., Page]) -> Reader:
    """A visitor who pressed EN once, on the front page."""
    page = window(shared_site)
    page.goto("/")
    expect(page.locator("html")).to_have_attribute("lang", "vi")
    act(page, "switch-language")
    return Reader(page, shared_site)


def test_a_visitor_reads_english(reader: Reader):
    for address in ("", "/dang-nhap", "/khoa-hoc", "/khoa-hoc?q=zzzz", C2, "/xac-minh"):
        reader.see(address)
    for address in ("/xac-minh/AAAA-AAAA-AB", "/xac-minh?code=123", "/khong-co", "/loi-moi/x"):
        reader.see(address)
    assert not reader.left, reader.told()


def test_a_learner_reads_english(reader: Reader):
    page = reader.page
    enter_as(page, "hoc-vien-moi")
    reader.see()
    reader.see(C2)
    reader.see(f"{C2}/kiem-tra")
    page.goto(C2)
    act(page, "enroll")
    reader.see()
    for lesson in page.locator("nav a[href*='/bai/']").all():
        reader.see(str(lesson.get_attribute("href")))
    page.goto(f"{C2}/kiem-tra")
    act(page, "start-quiz")
    reader.see()
    act(page, "submit-quiz")
    reader.see()
    enter_again(reader, "hoc-vien")
    for address in ("/", "/giay-chung-nhan", "/ho-so-boi-duong", "/tai-khoan"):
        reader.see(address)
    public = page.goto("/giay-chung-nhan") and page.locator("a[href^='/xac-minh/']").first
    assert public
    reader.see(str(public.get_attribute("href")))
    assert not reader.left, reader.told()


def test_a_manager_reads_english(reader: Reader):
    page = reader.page
    enter_as(page, "quan-ly")
    for address in (
        "/quan-ly",
        "/quan-ly/hoc-vien",
        "/quan-ly/ghi-danh",
        "/quan-ly/hoan-thanh",
        "/quan-ly/giay-chung-nhan",
        "/quan-ly/giay-chung-nhan?tu=32/13/2026",
        "/quan-ly/danh-sach",
        "/quan-ly/danh-sach-boi-duong",
        "/quan-ly/danh-sach-boi-duong/in",
        "/quan-ly/cong-nhan",
        "/quan-ly/quyet-dinh",
        "/quan-ly/giao-hoc",
    ):
        reader.see(address)
    page.goto("/quan-ly/hoc-vien")
    reader.see(first(page, "td a[href^='/quan-ly/hoc-vien/']"))
    page.goto("/quan-ly/giay-chung-nhan")
    reader.see(first(page, "td a.code"))
    assert not reader.left, reader.told()


def test_an_administrator_reads_english(reader: Reader):
    page = reader.page
    enter_as(page, "quan-tri")
    for address in (
        "/quan-tri/don-vi",
        "/quan-tri/don-vi/them",
        "/quan-tri/nguoi",
        "/quan-tri/nguoi/them",
    ):
        reader.see(address)
    page.goto("/quan-tri/don-vi")
    reader.see(first(page, "[data-table='units'] a"))
    page.goto("/quan-tri/nguoi")
    reader.see(first(page, "[data-table='persons'] a"))
    assert not reader.left, reader.told()


def first(page: Page, selector: str) -> str:
    """Where the first such link leads."""
    return str(page.locator(selector).first.get_attribute("href"))


def enter_again(reader: Reader, role: str) -> None:
    """Sign out and in as somebody else; the language stays."""
    reader.page.locator("details.menu summary").click()
    act(reader.page, "sign-out")
    reader.see()
    enter_as(reader.page, role)
