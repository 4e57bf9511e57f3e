"""The table of courses counts what a learner meets."""

from __future__ import annotations

from collections.abc import Mapping

from app.catalog.check import ready
from app.catalog.content import CourseContent
from app.catalog.figures import figures, markdown_table, together
from tests.catalog.folders import LESSON, QUESTION, SVG, checked

ASKING = """---
title: Hỏi
minutes: 25
---

Một hai ba bốn năm.

![Sơ đồ](media/so-do.svg)

/// question | hoi-mot
Câu này không tính vào số chữ?

- [x] Đúng
- [x] Cũng đúng
- [ ] Sai
///

/// question | hoi-hai
Bao nhiêu?

= 12
///
"""


def a_course(changes: Mapping[str, str] | None = None, slug: str = "du-toan") -> CourseContent:
    return ready(checked(changes, slug=slug))


def test_lessons_words_questions_and_minutes_are_counted():
    counted = figures(a_course({"02-hoi.md": ASKING}))
    assert counted.words == (9, 7)  # alt text and caption are read too, questions are not
    assert (counted.asked, counted.bank) == (2, 1)
    assert counted.kinds == {"one": 1, "multiple": 1, "number": 1}
    assert (counted.minutes, counted.periods) == (30 + 25 + 15, 1)


def test_reading_takes_a_minute_for_every_200_words_begun_in_each_lesson():
    long = LESSON.replace("Dự toán có", "chữ " * 200 + "Dự toán có")
    assert figures(a_course({"01-du-toan.md": long, "02-hoi.md": ASKING})).reading_minutes == 3


def test_a_picture_shown_twice_counts_once_and_a_translated_one_not_at_all():
    english = "---\ntitle: Budget\n---\n\n![Chart](media/chart.svg)\n"
    other = SVG.replace("40", "50")
    changes = {"02-hoi.md": ASKING, "01-du-toan.en.md": english, "media/chart.svg": other}
    assert figures(a_course(changes)).pictures == 1
    more = changes | {"02-hoi.md": ASKING + "\n![Hai](media/hai.svg)\n", "media/hai.svg": other}
    assert figures(a_course(more)).pictures == 2


def test_the_table_has_a_row_a_course_a_column_a_kind_and_a_sum():
    english = {"01-du-toan.en.md": "---\ntitle: Budget\n---\n\nOne.\n"}
    asking = {"02-hoi.md": ASKING, "questions/du-toan.md": QUESTION.format(id="khac-01")}
    table = markdown_table([a_course(english), a_course(asking, slug="hoi")])
    heads, _marks, first, second, whole = [
        [cell.strip() for cell in line.strip("|").split("|")] for line in table.splitlines()
    ]
    assert heads[:2] == ["Khóa học", "Ngôn ngữ"]
    assert [head for head in heads if "lựa chọn" in head or "Điền" in head] == [
        "Một lựa chọn",
        "Nhiều lựa chọn",
        "Điền số",
    ]
    assert first[:5] == ["`du-toan`", "vi, en", "1", "9", "9"]
    assert second[:5] == ["`hoi`", "vi", "2", "16", "7–9"]
    assert whole[:5] == ["Tổng cộng", "", "3", "25", "7–9"]
    assert {len(row) for row in (heads, first, second, whole)} == {len(heads)}


def test_a_course_alone_needs_no_sum():
    assert len(markdown_table([a_course()]).splitlines()) == 3


def test_several_courses_together_are_their_sum():
    one = figures(a_course())
    both = together([one, one])
    assert (both.words, both.kinds["one"]) == (one.words * 2, 2)
    assert (both.minutes, both.periods) == (one.minutes * 2, one.periods * 2)
