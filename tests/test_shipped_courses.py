"""Every course that is shipped, taken through its pages from the catalogue to the certificate."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import time_machine
from flask import Flask

from app import create_app
from app.catalog import shipped
from app.kernel import clock
from app.kernel.database import Database
from app.people.models import Person
from app.questions.marking import mark, response_for
from tests import world
from tests.browser import Browser, Page, words
from tests.conftest import settings_for
from tests.journeys import papers
from tests.journeys.answers import Course

NAME = "Nguyễn Thị Hồng Ánh"
FOLDERS = shipped.course_folders(shipped.FOLDER)


@pytest.fixture(scope="module", autouse=True)
def november() -> Iterator[None]:
    """A day on which no review is overdue."""
    with time_machine.travel(world.NOW, tick=True):
        yield


@pytest.fixture(scope="module")
def site(
    migrated: Callable[[str], Any], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Flask]:
    """An application with all shipped courses, one for all tests here."""
    folder = tmp_path_factory.mktemp("shipped")
    file = shutil.copyfile(migrated("sqlite"), folder / "shipped.sqlite")
    app = create_app(settings_for(f"sqlite:///{file}", folder / "instance"))
    with app.app_context():
        told = shipped.publish_all(app.extensions["database"])
    assert len(told) == len(FOLDERS) and not [line for line in told if "courses check" in line]
    yield app
    app.extensions["database"].dispose()


@pytest.fixture(scope="module")
def people(site: Flask) -> tuple[Person, Person]:
    """Somebody who learns everything, and the manager of the centre that issues."""
    database: Database = site.extensions["database"]
    with database.unit_of_work():
        centre = world.a_unit()
        return world.a_learner(NAME, unit=centre), world.a_manager(centre)


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_a_shipped_course_leads_through_its_pages_to_a_certificate(
    folder: Path, site: Flask, people: tuple[Person, Person], tmp_path: Path
):
    learner, manager = people
    course, phone, desk = Course(folder), Browser(site), Browser(site)
    phone.sign_in(learner)
    find_and_enroll(phone, course)
    for number, key in enumerate(course.lessons, 1):
        read_a_lesson(phone, course, number, key)
    pass_the_quiz(phone, course)
    desk.sign_in(manager)
    recognize(desk, course)
    code = hold_the_certificate(phone, course, tmp_path / "certificate.pdf")
    check_as_a_visitor(Browser(site), course, code)


def find_and_enroll(browser: Browser, course: Course) -> None:
    browser.get("/khoa-hoc")
    browser.submit("search", q=course.title)
    page = browser.follow(course.title)
    assert page.address == course.address()
    assert f"{course.file.periods} tiết" in page
    browser.submit("enroll")


def read_a_lesson(browser: Browser, course: Course, number: int, key: str) -> None:
    """Open what a lesson shows and offers, answer all it asks, finish it by its button."""
    page = opened(browser, course.address("bai", key))
    assert f"Bài {number}/{len(course.lessons)}" in page
    assert asked_on(page) == course.asked_in[key]
    assert course.asked_in[key], "a lesson that asks nothing"
    for address in offered(page):
        browser.get(address)
    for name in course.asked_in[key]:
        form = f".//form[@id='form-{name}']"
        answer = {name: course.right(name)}
        browser.submit("answer", answer, within=form, status=303, follow=False)
    page = browser.get(page.address)
    assert shares(page) == dict.fromkeys(course.asked_in[key], "100")
    browser.submit("finish-lesson")


def pass_the_quiz(browser: Browser, course: Course) -> None:
    opened(browser, course.address("kiem-tra"))
    page = browser.submit("start-quiz")
    asked = asked_on(page)
    assert course.file.final_quiz is not None
    assert len(asked) == sum(draw.count for draw in course.file.final_quiz.draw)
    page = browser.submit("submit-quiz", {name: course.right(name) for name in asked})
    assert page.one(".//*[@data-score]").get("data-score") == "100.0"
    assert "Anh/chị đã hoàn thành khóa học" in page


def recognize(browser: Browser, course: Course) -> None:
    page = browser.get("/quan-ly/cong-nhan")
    [row] = [row for row, cells in page.table("awaiting").items() if course.title in cells]
    browser.submit(
        "recognize",
        completions=[row],
        number="45/QĐ-TTKC",
        day=f"{clock.today():%d/%m/%Y}",
        signer_name="Trần Quốc Ưng",
        signer_title="Giám đốc",
    )
    assert "Đã công nhận và cấp 1 giấy chứng nhận." in browser.submit("issue")


def hold_the_certificate(browser: Browser, course: Course, file: Path) -> str:
    page = browser.get("/giay-chung-nhan")
    [own] = [one for one in page.all(".//article[@data-certificate]") if course.title in words(one)]
    assert own.get("data-state") == "in-force"
    code = own.get("data-certificate", "")
    file.write_bytes(browser.get(f"/giay-chung-nhan/{code}.pdf").body)
    (paper,) = papers.pages_of(file)
    papers.has(paper.casefold(), NAME.casefold(), course.title.casefold())
    papers.has(paper, code, f"{course.file.periods:02} tiết")
    return code


def check_as_a_visitor(browser: Browser, course: Course, code: str) -> None:
    browser.get("/xac-minh")
    page = browser.submit("check-code", code=code)
    shown = page.one(".//*[@data-certificate]")
    assert (shown.get("data-certificate"), shown.get("data-state")) == (code, "in-force")
    papers.has(words(shown), NAME, course.title, f"{course.file.periods} tiết")


def opened(browser: Browser, address: str) -> Page:
    """The page that the last button led to, which must be this one."""
    assert browser.page is not None
    assert browser.page.address.split("#")[0] == address
    return browser.page


def asked_on(page: Page) -> list[str]:
    """The questions on a page, in their order."""
    return [one.get("data-question", "") for one in page.all(".//fieldset[@data-question]")]


def offered(page: Page) -> set[str]:
    """The addresses of the pictures on a page and of the files to download from it."""
    found = {one.get("src", "") for one in page.all(".//article//img")}
    found |= {one.get("href", "") for one in page.all(".//article//a[@download]")}
    return {address for address in found if re.match("/tep/", address)}


def shares(page: Page) -> dict[str, str]:
    """What each question that was answered earned, in percent."""
    return {
        asked.get("data-question", ""): one.get("data-share", "")
        for asked in page.all(".//fieldset[@data-question]")
        for one in asked.iter("div")
        if one.get("data-share") is not None
    }


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_the_right_answer_to_any_question_of_a_course_earns_all_its_points(folder: Path):
    """A quiz draws a part of the bank; whoever draws another part must be able to pass too."""
    course = Course(folder)
    for name, question in course.questions.items():
        right = course.right(name)
        values = right if isinstance(right, list) else [right]
        assert mark(question, response_for(question, values)).is_right, name
