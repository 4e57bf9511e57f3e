"""Everything works where no script runs: an old phone, a strict office, a broken network."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.journeys.answers import Course, asked_on, fieldset
from tests.journeys.conftest import SEEN_COURSE, Site, act, enter_as

pytestmark = pytest.mark.journey


def test_a_course_is_taken_and_certified_without_any_script(
    shared_site: Site, window: Callable[..., Page]
):
    course = Course(SEEN_COURSE)
    page = window(shared_site, java_script_enabled=False)
    enter_as(page, "hoc-vien")
    page.goto(course.address())
    act(page, "enroll")
    for key in course.lessons:
        expect(page).to_have_url(re.compile(f"/bai/{key}$"))
        for name in course.asked_in[key]:
            course.give(page, name)
            with page.expect_navigation():
                fieldset(page, name).locator("[data-action='answer']").click()
            # Led back to where one was reading, with the outcome in sight.
            assert page.url.endswith(f"#form-{name}")
            expect(fieldset(page, name).locator(".outcome.right")).to_be_in_viewport()
        act(page, "finish-lesson")
    act(page, "start-quiz")
    asked = asked_on(page)
    for name in asked[:2]:
        course.give(page, name)
    act(page, "save-answer")
    expect(page.locator("[data-saved]")).to_have_text("Đã lưu 2 câu")
    for name in asked[2:]:
        course.give(page, name)
    act(page, "submit-quiz")
    expect(page.locator("[data-score]")).to_have_attribute("data-score", "100.0")
    page.goto("/giay-chung-nhan")
    own = page.locator("[data-certificate][data-state='in-force']").filter(has_text=course.title)
    with page.expect_download() as waiting:
        own.locator("a[download]").click()
    assert waiting.value.path().read_bytes().startswith(b"%PDF-")
