"""The road on PostgreSQL while processes are killed between two clicks: what the product said
it has, it has."""

from __future__ import annotations

import os
import re
import signal
from collections.abc import Callable
from email import message_from_bytes
from email.policy import default

import pytest
from playwright.sync_api import Page, expect

from tests.journeys.answers import Course, asked_on, fieldset
from tests.journeys.conftest import SEEN_COURSE, Site, act, command, enter_as, publish
from tests.journeys.test_serving import wait_until

pytestmark = pytest.mark.journey


class Crew:
    """The processes of a site by role, and a way to kill one without warning."""

    def __init__(self, site: Site) -> None:
        self.site = site
        wait_until(lambda: len(site.children()) == 3)
        # In the order in which the supervisor starts them.
        self.pids = dict(zip(("web 1", "web 2", "worker"), sorted(site.children()), strict=True))
        self.killed: list[str] = []

    def kill(self, role: str) -> None:
        """Kill a process as the kernel does when memory runs out, once all of them are up."""
        self.whole()
        os.kill(self.pids.pop(role), signal.SIGKILL)
        self.killed.append(role)

    def whole(self) -> None:
        """Wait until whoever was killed has been replaced."""
        wait_until(lambda: len(self.site.children()) == 3, seconds=120)
        (new,) = set(self.site.children()) - set(self.pids.values()) or {None}
        if new is not None:
            self.pids[self.killed[-1]] = new


def test_nothing_that_was_acknowledged_is_lost(postgres_site: Site, window: Callable[..., Page]):
    """A course that was never seen before, from its folder to a certificate."""
    publish(postgres_site, SEEN_COURSE)
    course, crew = Course(SEEN_COURSE), Crew(postgres_site)
    page = window(postgres_site)

    crew.kill("web 1")
    enter_as(page, "hoc-vien")
    crew.kill("web 2")
    page.goto(course.address())
    act(page, "enroll")
    for key in course.lessons:
        expect(page).to_have_url(re.compile(f"/bai/{key}$"))
        for name in course.asked_in[key]:
            course.give(page, name)
            fieldset(page, name).locator("[data-action='answer']").click()
            expect(fieldset(page, name).locator(".outcome.right")).to_be_visible()
        crew.kill("web 1" if key == course.lessons[0] else "worker")
        page.reload()
        expect(page.locator(".outcome.right")).to_have_count(len(course.asked_in[key]))
        act(page, "finish-lesson")
    crew.kill("web 2")
    page.goto(course.address())
    expect(page.locator("main progress").first).to_be_visible()
    expect(page.locator("#lessons ~ .card .done")).to_have_count(len(course.lessons))

    page.goto(course.address("kiem-tra"))
    act(page, "start-quiz")
    asked = asked_on(page)
    for number, (name, role) in enumerate(
        zip(asked, ("web 1", "worker", "web 2", "web 1"), strict=True), 1
    ):
        course.give(page, name)
        expect(page.locator("[data-saved-bar]")).to_have_js_property("value", number)
        crew.kill(role)
    page.reload()
    assert asked_on(page) == asked
    expect(page.locator("[data-saved-bar]")).to_have_js_property("value", len(asked))
    crew.kill("worker")  # the letter about the certificate has nobody to send it now
    act(page, "submit-quiz")
    expect(page.locator("[data-score]")).to_have_attribute("data-score", "100.0")

    crew.kill("web 2")
    page.goto("/giay-chung-nhan")
    own = page.locator("[data-certificate][data-state='in-force']").filter(has_text=course.title)
    code = own.get_attribute("data-certificate")
    number = re.search(r"Số vào sổ (\S+)", own.inner_text())
    assert code is not None and number is not None
    crew.kill("web 1")
    with page.expect_download() as waiting:
        own.locator("a[download]").click()
    assert waiting.value.path().read_bytes().startswith(b"%PDF-")
    crew.kill("web 2")
    visitor = window(postgres_site)
    visitor.goto(f"/xac-minh/{code}")
    expect(visitor.locator("[data-certificate]")).to_contain_text(number[1])

    # The worker that came after finds the letter in the queue, and the register is whole.
    crew.whole()
    wait_until(lambda: any(number[1] in text for text in letters(postgres_site)), seconds=120)
    verified = command(postgres_site, "certificates", "verify")
    assert verified.returncode == 0, verified.stdout + verified.stderr
    told = postgres_site.told()
    for role in ("web 1", "web 2", "worker"):
        assert told.count(f"{role} ended with -9") == crew.killed.count(role), told
    assert "Traceback" not in told


def letters(site: Site) -> list[str]:
    """The letters that were sent: kept in the instance folder."""
    return [
        str(message_from_bytes(path.read_bytes(), policy=default).get_body())
        for path in (site.instance / "mail").rglob("*.eml")
    ]
