"""A quiz on a weak network: what was chosen is never lost, and the page says where it is."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.journeys.answers import Course, asked_on, fieldset
from tests.journeys.conftest import SEEN_COURSE, Site, act, enter_as

pytestmark = pytest.mark.journey

COURSE = Course(SEEN_COURSE)


@pytest.fixture
def quiz(shared_site: Site, window: Callable[..., Page]) -> Page:
    """A phone with a running quiz of four questions on it."""
    page = window(shared_site)
    enter_as(page, "cong-tac-vien")
    page.goto(COURSE.address())
    if page.locator("[data-action='enroll']").count():
        act(page, "enroll")
    page.goto(COURSE.address("kiem-tra"))
    act(page, "start-quiz")
    return page


def saved(page: Page, count: int) -> None:
    """The server has so many answers, and nothing waits."""
    expect(page.locator("[data-saved-bar]")).to_have_js_property("value", count)
    expect(page.locator("[data-waiting]")).to_be_hidden()


def given(page: Page, name: str) -> list[str]:
    """What is ticked or typed at a question."""
    asked = fieldset(page, name)
    typed = asked.locator("input[type=text]")
    if typed.count():
        return [typed.input_value()]
    return [one.input_value() for one in asked.locator("input:checked").all()]


def test_answers_wait_while_there_is_no_network_and_are_saved_when_it_is_back(quiz: Page):
    asked = asked_on(quiz)
    COURSE.give(quiz, asked[0])
    saved(quiz, 1)
    quiz.context.set_offline(True)
    for name in asked[1:3]:
        COURSE.give(quiz, name)
    waiting = quiz.locator("[data-waiting]")
    expect(waiting).to_have_text("2 câu chờ gửi")
    expect(waiting).to_be_visible()
    # Handing in needs the network, and says so instead of losing the page.
    quiz.locator("[data-action='submit-quiz']").click()
    expect(quiz.locator("[data-left]")).to_contain_text("Đang mất mạng")
    quiz.context.set_offline(False)
    saved(quiz, 3)
    before = [given(quiz, name) for name in asked]
    quiz.reload()
    saved(quiz, 3)
    assert [given(quiz, name) for name in asked] == before

    # A tab that is closed while answers wait: the next one sends them.
    quiz.context.set_offline(True)
    COURSE.give(quiz, asked[3])
    expect(quiz.locator("[data-waiting]")).to_have_text("1 câu chờ gửi")
    context, address = quiz.context, quiz.url
    quiz.close()
    context.set_offline(False)
    again = context.new_page()
    again.goto(address)
    saved(again, 4)
    act(again, "submit-quiz")
    expect(again.locator("[data-score]")).to_have_attribute("data-score", "100.0")


def test_two_tabs_on_one_attempt_share_it(shared_site: Site, window: Callable[..., Page]):
    one = window(shared_site)
    enter_as(one, "giang-vien")
    one.goto(COURSE.address())
    act(one, "enroll")
    one.goto(COURSE.address("kiem-tra"))
    act(one, "start-quiz")
    two = one.context.new_page()
    two.goto(one.url)
    asked = asked_on(one)
    assert asked_on(two) == asked
    COURSE.give(one, asked[0], right=False)
    saved(one, 1)
    COURSE.give(two, asked[1])
    saved(two, 2)
    COURSE.give(two, asked[0])  # thought better of it, in the other tab
    saved(two, 2)
    COURSE.give(one, asked[2])
    saved(one, 3)
    one.reload()
    saved(one, 3)
    assert [given(one, name) for name in asked[:2]] == [given(two, name) for name in asked[:2]]
    # Handed in from the tab that never saw the third answer: it counts all the same.
    assert given(two, asked[2]) in ([], [""])
    COURSE.give(two, asked[3])
    saved(two, 4)
    act(two, "submit-quiz")
    expect(two.locator("[data-score]")).to_have_attribute("data-score", "100.0")
    # The other tab learns of it with its next answer.
    COURSE.give(one, asked[3], right=False)
    expect(one.locator("[data-score]")).to_have_attribute("data-score", "100.0")
