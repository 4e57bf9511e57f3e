"""How much there is in a course: the table for its authors and for whoever chooses courses."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from app.catalog.content import CourseContent
from app.kernel.words import _l
from app.questions.kinds import KINDS, Kind

_PICTURE = re.compile(r"<img\b[^>]*\bsrc=\"([^\"]+)\"")

_KIND_NAMES = {
    "one": _l("Một lựa chọn"),
    "multiple": _l("Nhiều lựa chọn"),
    "number": _l("Điền số"),
    "text": _l("Trả lời ngắn"),
    "blanks": _l("Điền chỗ trống"),
    "matching": _l("Ghép đôi"),
    "order": _l("Xếp thứ tự"),
    "essay": _l("Tự luận"),
}


@dataclass(frozen=True)
class CourseFigures:
    """One course, or several together, in numbers, counted in the language it is written in.

    `words` has an entry a lesson, counted as for the reading time (Vietnamese: syllables) and
    without its questions. `pictures` counts a drawing once. `reading_minutes` is reading alone,
    `minutes` all that the course declares: lessons with their activities, and the final quiz.
    """

    words: tuple[int, ...]
    asked: int
    bank: int
    kinds: Mapping[Kind, int]
    pictures: int
    reading_minutes: int
    minutes: int
    periods: int


def figures(content: CourseContent) -> CourseFigures:
    """Count a course without errors."""
    pages = [lesson.pages[content.file.language] for lesson in content.lessons]
    html = [part.get("html", "") for page in pages for part in page.parts]
    return CourseFigures(
        words=tuple(page.words for page in pages),
        asked=sum(question.topic is None for question in content.questions),
        bank=sum(question.topic is not None for question in content.questions),
        kinds=Counter(question.source.kind for question in content.questions),
        pictures=len({address for piece in html for address in _PICTURE.findall(piece)}),
        reading_minutes=sum(page.reading_minutes for page in pages),
        minutes=content.minutes,
        periods=content.file.periods,
    )


def together(counted: Sequence[CourseFigures]) -> CourseFigures:
    """Several courses as one."""
    return CourseFigures(
        words=tuple(words for one in counted for words in one.words),
        asked=sum(one.asked for one in counted),
        bank=sum(one.bank for one in counted),
        kinds=sum((Counter(one.kinds) for one in counted), Counter()),
        pictures=sum(one.pictures for one in counted),
        reading_minutes=sum(one.reading_minutes for one in counted),
        minutes=sum(one.minutes for one in counted),
        periods=sum(one.periods for one in counted),
    )


def markdown_table(contents: Sequence[CourseContent]) -> str:
    """Courses in the order given as a table in Markdown, with a last row for all of them.

    A kind of question has a column where any of the courses asks it.
    """
    counted = [figures(content) for content in contents]
    whole = together(counted)
    kinds = [kind for kind in KINDS if whole.kinds.get(kind)]
    heads = [
        _l("Khóa học"),
        _l("Ngôn ngữ"),
        _l("Số bài"),
        _l("Số chữ"),
        _l("Số chữ một bài"),
        _l("Câu hỏi trong bài"),
        _l("Câu hỏi trong ngân hàng"),
        *(_KIND_NAMES[kind] for kind in kinds),
        _l("Số hình"),
        _l("Phút đọc"),
        _l("Tổng số phút"),
        _l("Tiết"),
    ]
    rows = [
        [f"`{content.bundle.slug}`", _languages(content), *_numbers(one, kinds)]
        for content, one in zip(contents, counted, strict=True)
    ]
    if len(rows) > 1:
        rows.append([str(_l("Tổng cộng")), "", *_numbers(whole, kinds)])
    marks = ["---", "---", *["---:"] * (len(heads) - 2)]
    lines = [[str(head) for head in heads], marks, *rows]
    return "".join(f"| {' | '.join(cells)} |\n" for cells in lines)


def _languages(content: CourseContent) -> str:
    own = content.file.language
    others = {language for lesson in content.lessons for language in lesson.pages} - {own}
    return ", ".join([own, *sorted(others)])


def _numbers(one: CourseFigures, kinds: Sequence[Kind]) -> list[str]:
    shortest, longest = min(one.words), max(one.words)
    return [
        str(len(one.words)),
        str(sum(one.words)),
        str(longest) if shortest == longest else f"{shortest}–{longest}",
        str(one.asked),
        str(one.bank),
        *(str(one.kinds.get(kind, 0)) for kind in kinds),
        str(one.pictures),
        str(one.reading_minutes),
        str(one.minutes),
        str(one.periods),
    ]
