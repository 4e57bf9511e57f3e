"""Every step of learning can be done from the keyboard alone, with the focus always in sight."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.journeys.answers import Course, asked_on
from tests.journeys.conftest import SEEN_COURSE, Site

pytestmark = pytest.mark.journey

FURTHEST = 200  # presses of Tab: more than any page has places to stop at


def test_an_officer_learns_with_the_keyboard_alone(shared_site: Site, window: Callable[..., Page]):
    course = Course(SEEN_COURSE)
    page = window(shared_site, desktop=True)
    page.goto("/dang-nhap")
    page.keyboard.press("Tab")
    expect(page.locator(".skip")).to_be_focused()
    press(page, "Enter")  # straight to what the page is about
    go(page, "button[name='vai'][value='hoc-vien-moi']", leads_to="/")
    go(page, "nav.nav a[href='/khoa-hoc']", leads_to="/khoa-hoc")
    go(page, f".card.link a[href='{course.address()}']", leads_to=course.address())
    go(page, "[data-action='enroll']", leads_to=course.address("bai", course.lessons[0]))
    go(page, "[data-action='finish-lesson']", leads_to=course.address("bai", course.lessons[1]))

    for name in course.asked_in[course.lessons[1]]:
        answer(page, course, name)
        tab_to(page, f"[data-question='{name}'] [data-action='answer']")
        press(page, "Enter")
        # The focus goes on to the outcome, so that it is read out and Tab goes on from there.
        expect(page.locator(f"[data-question='{name}'] .outcome.right")).to_be_focused()
    go(page, "[data-action='finish-lesson']", leads_to=course.address("kiem-tra"))

    go(page, "[data-action='start-quiz']", leads_to=course.address("kiem-tra"))
    asked = asked_on(page)
    for name in asked:
        answer(page, course, name)
    expect(page.locator("[data-saved-bar]")).to_have_js_property("value", len(asked))
    go(page, "[data-action='submit-quiz']", leads_to=course.address("kiem-tra", "1"))
    expect(page.locator("[data-score]")).to_have_attribute("data-score", "100.0")

    # The menu opens, closes and gives the focus back; then out of the door.
    tab_to(page, "details.menu summary")
    press(page, "Enter")
    expect(page.locator("[data-action='sign-out']")).to_be_visible()
    press(page, "Escape")
    expect(page.locator("[data-action='sign-out']")).to_be_hidden()
    expect(page.locator("details.menu summary")).to_be_focused()
    press(page, "Enter")
    go(page, "[data-action='sign-out']", leads_to="/")
    expect(page.locator("nav.nav a[href='/dang-nhap']")).to_be_visible()


def test_a_wrong_sign_in_is_told_and_mended_by_keyboard(
    shared_site: Site, window: Callable[..., Page]
):
    page = window(shared_site, desktop=True)
    page.goto("/dang-nhap")
    tab_to(page, "#name")
    page.keyboard.type("MS9999")
    tab_to(page, "#password")
    page.keyboard.type("không phải mật khẩu này")
    with page.expect_navigation():
        press(page, "Enter")
    expect(page.get_by_role("alert")).to_be_visible()
    tab_to(page, "[role='alert'] a[href='#name']")
    press(page, "Enter")
    expect(page.locator("#name")).to_be_focused()


def answer(page: Page, course: Course, name: str) -> None:
    """Answer a question with Tab, arrows, Space and letters."""
    question, inside = course.questions[name], f"[data-question='{name}']"
    if question.kind == "one":
        right = next(choice.key for choice in question.choices if choice.right)
        tab_to(page, f"{inside} input[type=radio]")
        press(page, "Space")
        for _try in question.choices:
            if page.locator(f"{inside} input:checked").get_attribute("value") == right:
                break
            press(page, "ArrowDown")
        expect(page.locator(f"{inside} input[value='{right}']")).to_be_checked()
    elif question.choices:
        for choice in question.choices:
            if choice.right:
                tab_to(page, f"{inside} input[value='{choice.key}']")
                press(page, "Space")
                expect(page.locator(f"{inside} input[value='{choice.key}']")).to_be_checked()
    else:
        tab_to(page, f"{inside} input[type=text]")
        page.keyboard.type(course.spoken(name))


def go(page: Page, selector: str, *, leads_to: str) -> None:
    """Tab to a link or button, press Enter, and come to its page."""
    tab_to(page, selector)
    with page.expect_navigation():
        press(page, "Enter")
    expect(page).to_have_url(re.compile(re.escape(leads_to) + "$"))


def tab_to(page: Page, selector: str) -> None:
    """Press Tab, round the page if need be, until the focus is there; it must be visible."""
    for _press in range(FURTHEST):
        page.keyboard.press("Tab")
        if page.evaluate("s => document.activeElement.matches(s)", selector):
            break
    else:
        raise AssertionError(f"{page.url}: Tab never comes to {selector}")
    shown = page.evaluate(
        """() => {
            const box = document.activeElement.getBoundingClientRect();
            // The link of a card draws its ring round the whole card, with its ::after.
            return {ring: [null, "::after"].some(part =>
                        getComputedStyle(document.activeElement, part).outlineStyle !== "none"),
                    inside: box.bottom > 0 && box.top < innerHeight};
        }"""
    )
    assert shown == {"ring": True, "inside": True}, f"{page.url}: no focus seen on {selector}"


def press(page: Page, key: str) -> None:
    """Press one key."""
    page.keyboard.press(key)
