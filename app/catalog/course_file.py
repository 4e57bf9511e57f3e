"""course.yml and the front matter of lessons, as frozen, closed values.

Closed: an unknown key is an error, with its line and the nearest known name.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from types import MappingProxyType
from typing import Literal

from app.catalog.yaml_form import LANGUAGES, LONGEST_TEXT, Form, Language, open_form
from app.kernel.words import _l
from app.questions.kinds import DIFFICULTIES, Difficulty, Question
from app.questions.problems import ProblemList

Theme = Literal["digital-transformation", "technology-transfer", "extension-skills"]
Level = Literal["foundation", "practitioner", "advanced"]
Audience = Literal["officer", "collaborator", "trainer", "manager", "enterprise"]
Review = Literal["after-submit", "after-pass", "after-close", "never"]
Change = Literal["correction", "substantial"]
LessonKind = Literal["reading", "practice", "assignment"]

THEMES: tuple[Theme, ...] = ("digital-transformation", "technology-transfer", "extension-skills")
LEVELS: tuple[Level, ...] = ("foundation", "practitioner", "advanced")
AUDIENCES: tuple[Audience, ...] = (
    "officer",
    "collaborator",
    "trainer",
    "manager",
    "enterprise",
)
REVIEWS: tuple[Review, ...] = ("after-submit", "after-pass", "after-close", "never")
CHANGES: tuple[Change, ...] = ("correction", "substantial")
LESSON_KINDS: tuple[LessonKind, ...] = ("reading", "practice", "assignment")

PERIOD_MINUTES = 45  # one tiết, by custom (domain.md section 4)


@dataclass(frozen=True)
class Draw:
    """How many questions a quiz takes from one topic, and which may be taken."""

    topic: str
    count: int
    tags: tuple[str, ...] = ()
    difficulty: Difficulty | None = None
    line: int = field(default=0, compare=False)

    def matches(self, topic: str, question: Question) -> bool:
        """Whether this draw may take that question: its topic, all its tags, its difficulty."""
        return (
            topic == self.topic
            and set(self.tags) <= set(question.tags)
            and self.difficulty in (None, question.difficulty)
        )


@dataclass(frozen=True)
class FinalQuiz:
    """The final quiz. `minutes` and `attempts` are None where there is no limit."""

    draw: tuple[Draw, ...]
    minutes: int | None = None
    attempts: int | None = None
    wait_hours: int = 0
    shuffle: bool = True
    review: Review = "after-pass"
    line: int = field(default=0, compare=False)


@dataclass(frozen=True)
class Completion:
    """What completes the course. `lessons` is None for all, a number, or the keys.

    `final_quiz` is the percentage that passes; None where there is no final quiz.
    """

    lessons: int | tuple[str, ...] | None = None
    final_quiz: int | None = None
    assignments: tuple[str, ...] = ()
    line: int = field(default=0, compare=False)
    lines: Mapping[str, int] = field(default_factory=dict, compare=False)


@dataclass(frozen=True)
class CertificateFile:
    """What the certificate says. `valid_months` is None where it does not expire."""

    valid_months: int | None = None
    skills: tuple[str, ...] = ()


@dataclass(frozen=True)
class CourseFile:
    """course.yml. Texts by language hold at least the course's own language."""

    title: Mapping[str, str]
    summary: Mapping[str, str]
    language: Language
    theme: Theme
    level: Level
    audience: tuple[Audience, ...]
    periods: int
    objectives: Mapping[str, tuple[str, ...]]
    authors: tuple[str, ...]
    reviewed_on: date
    completion: Completion
    legal_basis: tuple[str, ...] = ()
    requires: tuple[str, ...] = ()
    closes_on: date | None = None
    final_quiz: FinalQuiz | None = None
    certificate: CertificateFile = CertificateFile()
    change: Change | None = None
    what_changed: Mapping[str, str] = field(default_factory=dict)
    lines: Mapping[str, int] = field(default_factory=dict, compare=False)


@dataclass(frozen=True)
class LessonFile:
    """A lesson's front matter. `of` names the content that a translation translates."""

    title: str
    minutes: int
    objectives: tuple[str, ...] = ()
    kind: LessonKind = "reading"
    was: str | None = None
    of: str | None = None
    draw: tuple[Draw, ...] = ()
    lines: Mapping[str, int] = field(default_factory=dict, compare=False)


@dataclass(frozen=True)
class BankFile:
    """The optional front matter of a file of questions."""

    title: str = ""
    of: str | None = None


def split_front_matter(text: str) -> tuple[str | None, str, int]:
    """(front matter, the rest, the line where the rest begins). None where there is none."""
    lines = text.split("\n")
    if not lines or lines[0].rstrip() != "---":
        return None, text, 1
    for index in range(1, len(lines)):
        if lines[index].rstrip() in ("---", "..."):
            return "\n".join(lines[1:index]), "\n".join(lines[index + 1 :]), index + 2
    return None, text, 1


def read_course_file(text: str, problems: ProblemList) -> CourseFile | None:
    """course.yml, or None where problems leave none."""
    before = len(problems.found)
    form = open_form(text, 1, problems)
    if form is None:
        return None
    language = form.word("language", LANGUAGES, required=True) or "vi"
    values = {
        "title": form.texts("title", language),
        "summary": form.texts("summary", language, longest=LONGEST_TEXT),
        "language": language,
        "theme": form.word("theme", THEMES, required=True),
        "level": form.word("level", LEVELS, required=True),
        "audience": form.words("audience", AUDIENCES),
        "periods": form.whole("periods", 1, 500, required=True),
        "objectives": form.rows_by_language("objectives", language),
        "authors": form.rows("authors", required=True),
        "reviewed_on": form.day("reviewed_on", required=True),
        "completion": _completion(form.form("completion", required=True)),
        "legal_basis": form.rows("legal_basis"),
        "requires": form.keys("requires"),
        "closes_on": form.day("closes_on"),
        "final_quiz": _final_quiz(form.form("final_quiz")),
        "certificate": _certificate(form.form("certificate")),
        "change": form.word("change", CHANGES),
        "what_changed": form.texts("what_changed", language, required=False, longest=LONGEST_TEXT),
        "lines": MappingProxyType(dict(form.keys_node.key_lines)),
    }
    form.close()
    if any(p.is_error for p in problems.found[before:]):
        return None
    return CourseFile(**values)  # type: ignore[arg-type]


def read_lesson_file(
    front: str | None, problems: ProblemList, *, is_translation: bool
) -> LessonFile | None:
    """A lesson's front matter, or None where problems leave none."""
    before = len(problems.found)
    if front is None:
        problems.error(
            1,
            "no-front-matter",
            _l("bài phải bắt đầu bằng phần khai báo giữa hai dòng ---, với title và minutes"),
        )
        return None
    form = open_form(front, 2, problems)
    if form is None:
        return None
    kind = form.word("kind", LESSON_KINDS) or "reading"
    lesson = LessonFile(
        title=form.line("title", required=True),
        minutes=form.whole("minutes", 1, 600, required=not is_translation) or 0,
        objectives=form.rows("objectives"),
        kind=kind,
        was=form.key("was"),
        of=form.line("of") or None,
        draw=_draws(form) if "draw" in form.keys_node.items else (),
        lines=MappingProxyType(dict(form.keys_node.key_lines)),
    )
    if kind == "assignment":
        form.skip("rubric", "files", "max_mb", "text")
    form.close()
    return None if any(p.is_error for p in problems.found[before:]) else lesson


def read_bank_file(front: str | None, problems: ProblemList) -> BankFile:
    """The front matter of a file of questions; all of it may be left out."""
    form = open_form(front or "", 2, problems)
    if form is None:
        return BankFile()
    bank = BankFile(title=form.line("title"), of=form.line("of") or None)
    form.close()
    return bank


def _completion(form: Form | None) -> Completion:
    if form is None:
        return Completion()
    completion = Completion(
        lessons=form.lessons(),
        final_quiz=form.whole("final_quiz", 1, 100),
        assignments=form.keys("assignments"),
        line=form.keys_node.line,
        lines=MappingProxyType(dict(form.keys_node.key_lines)),
    )
    form.close()
    return completion


def _final_quiz(form: Form | None) -> FinalQuiz | None:
    if form is None:
        return None
    quiz = FinalQuiz(
        draw=_draws(form),
        minutes=form.whole("minutes", 1, 600),
        attempts=form.whole("attempts", 1, 100),
        wait_hours=form.whole("wait_hours", 0, 24 * 365) or 0,
        shuffle=form.truth("shuffle", default=True),
        review=form.word("review", REVIEWS) or "after-pass",
        line=form.keys_node.line,
    )
    form.close()
    return quiz


def _draws(form: Form) -> tuple[Draw, ...]:
    draws = []
    for row in form.forms("draw"):
        topic = row.key("from", required=True)
        count = row.whole("count", 1, 200, required=True)
        tags = row.keys("tags")
        difficulty = row.word("difficulty", DIFFICULTIES)
        row.close()
        if topic and count:
            draws.append(Draw(topic, count, tags, difficulty, row.keys_node.line))
    return tuple(draws)


def _certificate(form: Form | None) -> CertificateFile:
    if form is None:
        return CertificateFile()
    certificate = CertificateFile(form.whole("valid_months", 1, 600), form.keys("skills"))
    form.close()
    return certificate
