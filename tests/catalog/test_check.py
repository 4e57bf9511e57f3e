"""Every error and reminder of the format, each shown by a folder that has it."""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping
from pathlib import Path

import html5lib
import pytest

import app.catalog
import app.questions
from app.catalog.check import check_folder, ready
from app.catalog.preparing import with_all_questions
from app.catalog.rules import CourseHasErrors
from app.catalog.source import stamp
from app.kernel import words
from tests.catalog.folders import COURSE, LESSON, QUESTION, SVG, a_bundle, a_content, checked, write

Changes = Mapping[str, str | bytes | None]

ONE = QUESTION.format(id="hoi-1")
ENGLISH_OF = "---\ntitle: What a budget is\nof: {of}\n---\n\nA budget has **grounds**.\n"
ENGLISH = ENGLISH_OF.format(of=stamp(a_bundle().text("01-du-toan.md")))
CURRENT = {"01-du-toan.en.md": ENGLISH}


def in_course(old: str, new: str) -> Changes:
    assert old in COURSE
    return {"course.yml": COURSE.replace(old, new)}


def in_lesson(old: str, new: str) -> Changes:
    assert old in LESSON
    return {"01-du-toan.md": LESSON.replace(old, new)}


def after_lesson(text: str) -> Changes:
    return {"01-du-toan.md": f"{LESSON}\n{text}\n"}


def asked(text: str) -> Changes:
    return after_lesson(f"/// question | hoi-1\n{text}\n///")


ERRORS: dict[str, tuple[Changes, str, int]] = {
    # Files
    "no-course-file": ({"course.yml": None}, "course.yml", 1),
    "file-unknown": ({"ghi-chu.txt": "x"}, "ghi-chu.txt", 1),
    "file-outside": ({"../x.md": "x"}, "../x.md", 1),
    "file-name": ({"media/a b.svg": SVG}, "media/a b.svg", 1),
    "file-kind": ({"media/a.exe": "x"}, "media/a.exe", 1),
    "file-twice": ({"media/SO-DO.svg": SVG}, "media/so-do.svg", 1),
    "file-big": ({"01-du-toan.md": LESSON + "x" * 1_100_000}, "01-du-toan.md", 1),
    "file-encoding": ({"01-du-toan.md": b"a\n\xff"}, "01-du-toan.md", 2),
    "no-lessons": ({"01-du-toan.md": None}, "course.yml", 1),
    "svg-unsafe": (
        {"media/so-do.svg": SVG.replace("<rect", "<script/><rect")},
        "media/so-do.svg",
        1,
    ),
    # course.yml
    "yaml": (in_course("periods: 1", "periods: &a 1"), "course.yml", 7),
    "yaml-shape": (in_course("level: foundation", "level: a: b"), "course.yml", 5),
    "key-twice": (in_course("periods: 1", "periods: 1\nperiods: 2"), "course.yml", 8),
    "unknown-key": (in_course("periods: 1", "periods: 1\nperiod: 2"), "course.yml", 8),
    "missing-key": (in_course("theme: extension-skills\n", ""), "course.yml", 1),
    "bad-value": (in_course("level: foundation", "level: dễ"), "course.yml", 5),
    "language": ({"01-du-toan.vi.md": ENGLISH}, "01-du-toan.vi.md", 1),
    "completion-lessons": (in_course("lessons: all", "lessons: [khong-co]"), "course.yml", 12),
    "final-quiz-missing": (
        in_course(COURSE[COURSE.index("final_quiz:\n") :], ""),
        "course.yml",
        13,
    ),
    "final-quiz-mark": (in_course("  final_quiz: 50\n", ""), "course.yml", 14),
    "draw-topic": (in_course("from: du-toan", "from: khac"), "course.yml", 17),
    "draw-short": (in_course("count: 1", "count: 2"), "course.yml", 17),
    "requires": (in_course("periods: 1", "periods: 1\nrequires: [du-toan]"), "course.yml", 8),
    "review-not-built": (
        in_course("  minutes: 15", "  minutes: 15\n  review: after-close"),
        "course.yml",
        15,
    ),
    "assignment-not-built": (
        in_lesson("minutes: 30", "minutes: 30\nkind: assignment"),
        "01-du-toan.md",
        4,
    ),
    "practice-not-built": (
        in_lesson("minutes: 30", "minutes: 30\nkind: practice\ndraw: [{from: du-toan, count: 1}]"),
        "01-du-toan.md",
        4,
    ),
    # Lessons
    "no-front-matter": ({"01-du-toan.md": "Chữ"}, "01-du-toan.md", 1),
    "lesson-empty": (in_lesson(LESSON[LESSON.index("\nDự") :], ""), "01-du-toan.md", 5),
    "lesson-number-twice": ({"01-khac.md": LESSON}, "01-khac.md", 1),
    "lesson-key-twice": ({"02-du-toan.md": LESSON}, "02-du-toan.md", 1),
    "lesson-was": (in_lesson("minutes: 30", "minutes: 30\nwas: du-toan"), "01-du-toan.md", 4),
    "callout-unknown": (after_lesson("/// notes\nx\n///"), "01-du-toan.md", 10),
    "callout-open": (after_lesson("/// note\nx"), "01-du-toan.md", 10),
    "callout-stray": (after_lesson("x\n///"), "01-du-toan.md", 11),
    "callout-deep": (
        after_lesson("\n".join(["/// note"] * 7 + ["x"] + ["///"] * 7)),
        "01-du-toan.md",
        16,
    ),
    "callout-option": (after_lesson("/// note\n    minutes: 5\n\nx\n///"), "01-du-toan.md", 11),
    "callout-indented": (after_lesson("- x\n\n    /// note\n    y"), "01-du-toan.md", 12),
    "code-open": (after_lesson("```\nx"), "01-du-toan.md", 10),
    "picture-alt": (after_lesson("![](media/so-do.svg)"), "01-du-toan.md", 10),
    "media-missing": (after_lesson("![a](media/khac.svg)"), "01-du-toan.md", 10),
    "media-outside": (after_lesson("![a](https://example.org/a.svg)"), "01-du-toan.md", 10),
    "media-kind": (
        {**after_lesson("![a](media/a.pdf)"), "media/a.pdf": "x"},
        "01-du-toan.md",
        10,
    ),
    "download-missing": (after_lesson("/// download | a\nx\n///"), "01-du-toan.md", 10),
    "formula": (after_lesson("$x^$"), "01-du-toan.md", 10),
    # Questions
    "bank-empty": ({"questions/trong.md": "# Chưa có"}, "questions/trong.md", 1),
    "question-nested": (after_lesson(f"/// note\n{ONE}///"), "01-du-toan.md", 11),
    "question-id": (after_lesson("/// question\nx\n- [x] a\n- [ ] b\n///"), "01-du-toan.md", 10),
    "question-id-twice": (
        after_lesson(QUESTION.format(id="du-toan-01")),
        "questions/du-toan.md",
        1,
    ),
    "question-option": (asked("    diem: 2\nx\n- [x] a\n- [ ] b"), "01-du-toan.md", 11),
    "question-type": (asked("    type: mot\nx\n- [x] a\n- [ ] b"), "01-du-toan.md", 11),
    "question-prompt": (asked("- [x] a\n- [ ] b"), "01-du-toan.md", 10),
    "question-answers": (asked("Hỏi?"), "01-du-toan.md", 10),
    "question-right": (asked("x\n- [ ] a\n- [ ] b"), "01-du-toan.md", 10),
    "question-rubric": (asked("    type: essay\nx"), "01-du-toan.md", 10),
    "choice-shape": (asked("x\n- [] a\n- [x] b\n- [ ] c"), "01-du-toan.md", 12),
    "answer-empty": (asked("x\n- [x] a\n- [ ]"), "01-du-toan.md", 13),
    "answer-twice": (asked("x\n- [x] a\n- [ ] a"), "01-du-toan.md", 13),
    "text-between-answers": (asked("x\n- [x] a\ny\n- [ ] b"), "01-du-toan.md", 13),
    "label-block": (asked("x\n- [x] a\n\n  - y\n- [ ] b"), "01-du-toan.md", 12),
    "number-shape": (asked("    type: number\nx\n= 12.5"), "01-du-toan.md", 13),
    "blank-shape": (asked("x [[a / b]]"), "01-du-toan.md", 11),
    "kind-not-built": (asked("x\n- a :: b\n- c :: d"), "01-du-toan.md", 10),
    # Translations
    "translation-orphan": ({"02-khac.en.md": ENGLISH}, "02-khac.en.md", 1),
    "translation-question": ({"01-du-toan.en.md": ENGLISH + "\n" + ONE}, "01-du-toan.en.md", 8),
    "translation-answers": (
        {
            **after_lesson(ONE),
            "01-du-toan.en.md": ENGLISH
            + "\n"
            + ONE.replace("- [ ] Sai\n", "- [ ] Sai\n- [ ] Ba\n"),
        },
        "01-du-toan.en.md",
        8,
    ),
}
REMINDERS: dict[str, tuple[Changes, str, int]] = {
    "lesson-long": (in_lesson("minutes: 30", "minutes: 46"), "01-du-toan.md", 3),
    "minutes-short": (
        {"01-du-toan.md": LESSON.replace("minutes: 30", "minutes: 1") + "chữ " * 300},
        "01-du-toan.md",
        3,
    ),
    "periods": (in_course("periods: 1", "periods: 8"), "course.yml", 7),
    "question-unused": (
        {"questions/khac.md": QUESTION.format(id="khac-01")},
        "questions/khac.md",
        1,
    ),
    "link-broken": (after_lesson("[a](09-khong-co.md)"), "01-du-toan.md", 10),
    "picture-big": ({"media/so-do.svg": SVG + " " * 310_000}, "media/so-do.svg", 1),
    "media-unused": ({"media/thua.svg": SVG}, "media/thua.svg", 1),
    "heading-first": (after_lesson("# Một"), "01-du-toan.md", 10),
    "heading-jump": (after_lesson("#### Một"), "01-du-toan.md", 10),
    "raw-html": (after_lesson("<script>x</script>"), "01-du-toan.md", 10),
    "law-date": (after_lesson("/// law\nNghị định 45.\n///"), "01-du-toan.md", 10),
    "what-changed": (in_course("periods: 1", "periods: 1\nchange: correction"), "course.yml", 8),
    "translation-unstamped": (
        {"01-du-toan.en.md": ENGLISH_OF.replace("of: {of}\n", "")},
        "01-du-toan.en.md",
        1,
    ),
    "translation-stale": (
        {"01-du-toan.en.md": ENGLISH_OF.format(of="0" * 16)},
        "01-du-toan.en.md",
        3,
    ),
    "translation-missing": (
        {**CURRENT, "02-hai.md": LESSON, "media/so-do.svg": SVG},
        "02-hai.md",
        1,
    ),
    "translation-marks": (
        {
            **after_lesson(ONE),
            "01-du-toan.en.md": ENGLISH
            + "\n"
            + ONE.replace("[x]", "[?]").replace("[ ]", "[x]").replace("[?]", "[ ]"),
        },
        "01-du-toan.en.md",
        8,
    ),
}


def test_the_course_of_these_tests_has_no_problem():
    assert [str(p) for p in checked().problems] == []


@pytest.mark.parametrize("code", ERRORS)
def test_an_error_is_found_where_it_stands_and_leaves_nothing_to_publish(code: str):
    changes, file, line = ERRORS[code]
    result = checked(changes)
    assert (code, file, line) in [(p.code, p.file, p.line) for p in result.errors], [
        str(p) for p in result.problems
    ]
    assert result.content is None
    with pytest.raises(CourseHasErrors):
        ready(result)


@pytest.mark.parametrize("code", REMINDERS)
def test_a_reminder_is_found_where_it_stands_and_keeps_nothing_back(code: str):
    changes, file, line = REMINDERS[code]
    result = checked(changes)
    assert (code, file, line) in [(p.code, p.file, p.line) for p in result.reminders], [
        str(p) for p in result.problems
    ]
    assert result.content is not None


# Shown in tests of their own: they need a link, a zip, a slug or a limit made smaller.
ELSEWHERE = {"file-link", "zip", "slug", "too-big"}


def test_every_code_in_the_source_is_shown_here():
    found: set[str] = set()
    for room in (app.catalog, app.questions):
        assert room.__file__
        for path in Path(room.__file__).parent.glob("*.py"):
            for node in ast.walk(ast.parse(path.read_text("utf-8"))):
                if isinstance(node, ast.Call):
                    found |= _codes(node)
    assert found - set(ERRORS) - set(REMINDERS) == ELSEWHERE
    assert set(ERRORS) | set(REMINDERS) <= found


def _codes(call: ast.Call) -> set[str]:
    name = getattr(call.func, "attr", getattr(call.func, "id", ""))
    if name not in ("error", "remind", "_error", "_remind", "YamlProblem"):
        return set()
    return {
        arg.value
        for arg in call.args
        if isinstance(arg, ast.Constant)
        and isinstance(arg.value, str)
        and re.fullmatch(r"[a-z]+(-[a-z]+)*", arg.value)
    }


def test_a_problem_reads_as_file_line_level_message_and_code():
    problem = checked(ERRORS["bad-value"][0]).errors[0]
    assert re.fullmatch(r"course\.yml:5: lỗi: .+ \[bad-value\]", str(problem))


def test_a_problem_speaks_the_readers_language():
    problem = checked(ERRORS["no-lessons"][0]).errors[0]
    words.set_translator(lambda text: {"lỗi": "error"}.get(text, text))
    try:
        assert ": error: " in str(problem)
    finally:
        words.set_translator(str)


def test_an_unknown_key_suggests_the_one_that_was_meant():
    assert "“periods”" in str(checked(ERRORS["unknown-key"][0]).errors[0])


def test_draws_from_one_pool_never_run_short():
    three = "\n".join(QUESTION.format(id=f"q-{n}") for n in range(3))
    draws = "    - {from: du-toan, count: 2}\n    - {from: du-toan, count: 1}\n"
    enough = in_course("    - {from: du-toan, count: 1}\n", draws)
    assert checked({**enough, "questions/du-toan.md": three}).errors == ()
    assert [p.code for p in checked({**enough, "questions/du-toan.md": ONE}).errors] == [
        "draw-short",
        "draw-short",
    ]


def test_a_draw_takes_only_what_its_tags_and_difficulty_allow():
    easy = QUESTION.format(id="q-1").replace(
        "q-1\n", "q-1\n    difficulty: easy\n    tags: [gia]\n"
    )
    for wanted, errors in (("tags: [gia]", 0), ("tags: [khac]", 1), ("difficulty: hard", 1)):
        changes = {
            **in_course("count: 1}", f"count: 1, {wanted}}}"),
            "questions/du-toan.md": easy,
        }
        assert len(checked(changes).errors) == errors, wanted


def test_required_courses_must_exist_where_the_others_are_known(tmp_path: Path):
    folder = write(
        tmp_path / "du-toan", in_course("periods: 1", "periods: 1\nrequires: [nhap-mon]")
    )
    assert check_folder(folder).errors == ()
    assert check_folder(folder, known_courses={"nhap-mon"}).errors == ()
    assert [p.code for p in check_folder(folder, known_courses={"khac"}).errors] == ["requires"]


# Content


def test_a_lesson_is_rendered_in_every_language_it_has():
    content = a_content(CURRENT)
    lesson = content.lessons[0]
    assert (lesson.pages["vi"].title, lesson.pages["en"].title) == (
        "Dự toán là gì",
        "What a budget is",
    )
    assert not lesson.pages["en"].is_stale
    assert content.minutes == 45


def test_a_stale_translation_is_still_shown_and_says_so():
    assert a_content(REMINDERS["translation-stale"][0]).lessons[0].pages["en"].is_stale


def test_a_question_that_a_translation_leaves_out_keeps_its_place():
    parts = ({"html": "a"}, {"question": "q-2"}, {"html": "b"})
    assert with_all_questions(parts, ["q-1", "q-2", "q-3"]) == (
        {"html": "a"},
        {"question": "q-1"},
        {"question": "q-2"},
        {"question": "q-3"},
        {"html": "b"},
    )


def test_a_question_that_a_translation_leaves_out_is_shown_in_the_sources_language():
    content = a_content({**after_lesson(ONE), **CURRENT})
    page = content.lessons[0].pages["en"]
    assert page.parts[-1] == {"question": "hoi-1"}
    question = next(q for q in content.questions if q.id == "hoi-1")
    assert set(question.languages) == {"vi"}


def test_media_are_addressed_by_their_content():
    content = a_content()
    digest = content.bundle.media_hash("media/so-do.svg")
    assert f'src="/tep/{digest}/so-do.svg"' in content.lessons[0].pages["vi"].parts[0]["html"]


# The courses that come with the product


SHIPPED = sorted(Path(__file__).parents[2].glob("courses/*/course.yml"))
WRITTEN_FOR_TESTS = sorted(Path(__file__).parent.glob("courses/*/course.yml"))


@pytest.mark.parametrize("path", [*SHIPPED, *WRITTEN_FOR_TESTS], ids=lambda p: p.parent.name)
def test_a_real_course_has_no_error(path: Path):
    assert [str(p) for p in check_folder(path.parent).errors] == []


@pytest.mark.parametrize("path", [*SHIPPED, *WRITTEN_FOR_TESTS], ids=lambda p: p.parent.name)
def test_a_real_course_renders_to_strict_html_with_ids_that_stand_once(path: Path):
    content = check_folder(path.parent).content
    assert content is not None
    for lesson in content.lessons:
        for page in lesson.pages.values():
            ids: list[str] = []
            for part in page.parts:
                parser = html5lib.HTMLParser(strict=True, namespaceHTMLElements=False)
                fragment = parser.parseFragment(part.get("html", ""))
                ids += [e.get("id") for e in fragment.iter() if e.get("id")]
            assert len(ids) == len(set(ids))
    for question in content.questions:
        for shown in question.languages.values():
            for choice in shown.choices:
                parser = html5lib.HTMLParser(strict=True)
                parser.parseFragment(f"<label><span>{choice.text}</span></label>")
                assert not re.search(r"<(p|div|ul|ol|table|pre)\b", choice.text)
