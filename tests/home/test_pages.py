"""The first page of a learner: where to go on, what is asked, what was earned."""

from __future__ import annotations

import re

from sqlalchemy import select

from app.credentials.actions import revoke
from app.credentials.models import Certificate
from tests.reporting.story import Province
from tests.world import NOW, a_learner, a_written_course

ADDRESS = "/khoa-hoc/khao-sat-co-so"


def test_going_on_leads_to_the_lesson_after_the_finished_one(browser, database):
    with database.unit_of_work():
        a_written_course()
        learner = a_learner()
    browser.sign_in(learner)
    browser.get(ADDRESS)
    browser.submit("enroll")
    onward = browser.submit("finish-lesson").address
    browser.get("/")
    assert browser.follow("Học tiếp").address == onward


def test_the_first_page_and_the_course_tell_one_share(browser, database):
    with database.unit_of_work():
        a_written_course()
        learner = a_learner()
    browser.sign_in(learner)
    browser.get(ADDRESS)
    browser.submit("enroll")
    browser.submit("finish-lesson")
    shares = [
        re.findall(r"[0-9]+", page.one(".//progress").get("value"))
        for page in (browser.get("/"), browser.get(ADDRESS))
    ]
    assert shares[0] == shares[1] != ["0"]


def test_a_certificate_that_was_taken_back_is_not_the_newest(browser, database, app):
    with database.unit_of_work():
        province = Province()
        anh, completion = province.trained("Trần Thị Ánh")
        province.recognize([completion])
    browser.sign_in(anh)
    assert "Giấy chứng nhận mới nhất" in browser.get("/")
    with database.unit_of_work() as current:
        [certificate] = current.scalars(select(Certificate))
        revoke(certificate, reason="Cấp nhầm", by=None, now=NOW)
    assert "Giấy chứng nhận mới nhất" not in browser.get("/")
