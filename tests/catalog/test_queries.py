"""What the catalogue finds and shows, at a fixed number of statements."""

from __future__ import annotations

import pytest
from sqlalchemy.orm import Session

from app.catalog import actions, queries, search
from app.kernel import files as kernel_files
from app.kernel.files import FileStore
from tests import world
from tests.browser import Statements
from tests.catalog.folders import COURSE, LESSON, a_content

NOW = world.NOW


@pytest.fixture(autouse=True)
def _store(tmp_path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(kernel_files, "_store", FileStore((tmp_path / "files").as_uri()))


def published(slug: str, title: str, body: str = "Thân bài.", **changes: str) -> None:
    course = COURSE.replace('vi: "Dự toán kinh phí", en: "Budgeting"', f'vi: "{title}"')
    for old, new in changes.items():
        course = course.replace(f"{old}: {_VALUES[old]}", f"{old}: {new}")
    files = {"course.yml": course, "01-du-toan.md": f"{LESSON}\n{body}\n"}
    actions.publish(a_content(files, slug=slug), by=None, now=NOW)


_VALUES = {"theme": "extension-skills", "level": "foundation", "periods": "1"}


def slugs(query: str = "", **filters: str) -> list[str]:
    return [course.slug for course in queries.catalogue(query=query, **filters).courses]


@pytest.fixture
def three(session: Session) -> None:
    published("a-khuyen-cong", "Kỹ năng khuyến công", "Việc đào tạo thợ.")
    published("b-khuyen-bao", "Khuyên bảo công nhân", "Dạo chơi cùng nhau.", periods="6")
    published("c-dang", "Đặng Thị Ưng kể chuyện", "Về nghề khuyến công.", level="advanced")


CASES = {
    "khuyen cong": ["a-khuyen-cong", "b-khuyen-bao", "c-dang"],
    "khuyến công": ["a-khuyen-cong", "c-dang", "b-khuyen-bao"],
    "KHUYẾN CÔNG": ["a-khuyen-cong", "c-dang", "b-khuyen-bao"],
    "dao tao": ["a-khuyen-cong"],
    "đào tạo": ["a-khuyen-cong"],
    "dạo": ["b-khuyen-bao", "a-khuyen-cong"],
    "dang thi ung": ["c-dang"],
    "đặng": ["c-dang"],
    "khong co gi": [],
    "!!!": [],
    '"': [],
    "AND": [],
    "ke-chuyen": ["c-dang"],
    "title: ke": [],
    "du toan": ["c-dang", "b-khuyen-bao", "a-khuyen-cong"],
}


@pytest.mark.usefixtures("three")
def test_search_finds_with_and_without_marks_and_ranks_exact_marks_first():
    assert {query: slugs(query) for query in CASES} == CASES


@pytest.mark.usefixtures("three")
def test_search_follows_the_current_version():
    published("a-khuyen-cong", "Kỹ năng mới", "Không còn chữ ấy.")
    assert slugs("đào tạo") == []
    assert slugs("kỹ năng mới") == ["a-khuyen-cong"]


@pytest.mark.usefixtures("three")
def test_without_a_search_courses_stand_in_vietnamese_order():
    assert slugs() == ["c-dang", "b-khuyen-bao", "a-khuyen-cong"]


@pytest.mark.usefixtures("three")
def test_filters_narrow_and_say_what_each_choice_would_leave():
    assert slugs(level="advanced") == ["c-dang"]
    assert slugs(length="medium") == ["b-khuyen-bao"]
    assert slugs(level="khong-co") == slugs()
    facets = queries.catalogue(level="advanced").facets
    assert dict(facets.level) == {"foundation": 2, "advanced": 1}
    assert dict(facets.length) == {"short": 1}


def test_the_words_of_a_text_are_the_same_for_both_databases():
    assert search.words_of("Nghị định 45/2012/NĐ-CP") == ["nghị", "định", "45", "2012", "nđ", "cp"]
    assert search.folded_words_of("Đào_tạo ĐẶNG") == ["dao", "tao", "dang"]
    assert search.weighted_words("Ơn", "ơn") == "'ơn':1A,3B 'on':2C,4D"
    assert search.sqlite_queries('a" OR b')[1] == '{title} : ("a" AND "or" AND "b")'


def test_a_long_course_can_be_searched(session: Session):
    published("dai", "Dài", "đề án khuyến công " * 20_000)
    assert slugs("đề án") == ["dai"]


# A course and its lessons


def test_a_lesson_has_its_content_in_every_language_and_says_which_is_stale(session: Session):
    stale = "---\ntitle: What a budget is\nof: 0000000000000000\n---\n\nA budget.\n"
    version = actions.publish(a_content({"01-du-toan.en.md": stale}), by=None, now=NOW)
    lesson = queries.lessons_of(version.id)[0]
    assert lesson.titles == {"vi": "Dự toán là gì", "en": "What a budget is"}
    assert set(lesson.contents) == {"vi", "en"}
    assert lesson.stale == ["en"]


@pytest.mark.usefixtures("three")
def test_the_catalogue_and_a_course_cost_the_same_for_any_number_of_courses():
    with Statements().counting() as searched:
        queries.catalogue(query="khuyen cong")
    with Statements().counting() as opened:
        course = queries.open_course("c-dang")
        assert course is not None
        assert course.current is not None
        queries.lessons_of(course.current.id)
    # The search, the courses; their versions and lessons, which a process reads only once.
    assert (len(searched), len(opened)) == (4, 2)


def test_a_course_is_found_by_slug_and_version_by_number(session: Session):
    first = actions.publish(a_content(), by=None, now=NOW)
    second = actions.publish(a_content({"01-du-toan.md": LESSON + "Thêm.\n"}), by=None, now=NOW)
    assert queries.version_of("du-toan", 1) == first
    assert queries.version_of("du-toan") == second
    assert queries.version_of("khac") is None
    assert queries.open_course("khac") is None
    assert queries.all_slugs() == {"du-toan"}
