"""Pages of learning through a browser without script, on both databases."""

from __future__ import annotations

import pytest

from tests.world import RIGHT, a_learner, a_written_course

ADDRESS = "/khoa-hoc/khao-sat-co-so"


@pytest.fixture
def learner(app, database):
    with database.unit_of_work():
        a_written_course()
        return a_learner("Nguyễn Thị Hồng Ánh")


def right_answers(page) -> dict[str, object]:
    """The answers of the bank for the choices a page shows, by question."""
    answers = {}
    for fieldset in page.all(".//fieldset[@data-question]"):
        key = fieldset.get("data-question")
        wanted = RIGHT[key]
        boxes = [
            label.find("input").get("value")
            for label in fieldset.iter("label")
            if label.find("input") is not None
            and "".join(label.find("span").itertext()).strip() in wanted
        ]
        answers[key] = boxes if boxes else wanted[0]
    return answers


def test_without_script_the_whole_way_from_catalogue_to_completion_works(browser, learner):
    browser.sign_in(learner)
    page = browser.get("/khoa-hoc")
    page = browser.follow("Khảo sát cơ sở công nghiệp nông thôn")
    assert "Đạt từ 50% điểm bài kiểm tra cuối khóa" in page
    page = browser.submit("enroll")
    assert page.heading == "Hỏi và ghi"
    page = browser.submit("finish-lesson")
    assert page.heading == "Giữ lời"
    page = browser.submit("finish-lesson")
    assert page.heading == "Bài kiểm tra cuối khóa"
    page = browser.submit("start-quiz")
    page = browser.submit("save-answer", right_answers(page))
    assert "Đã lưu 4 câu" in page
    page = browser.submit("submit-quiz")
    assert page.one(".//*[@data-score]").get("data-score") == "100.0"
    assert "Anh/chị đã hoàn thành khóa học" in page
    page = browser.get(ADDRESS)
    assert "Đã hoàn thành" in page
