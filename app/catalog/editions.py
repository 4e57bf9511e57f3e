"""Published versions as they are read. A version never changes, so each process keeps those in
use in memory: reading a lesson asks the database only for what is the learner's own.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date
from functools import cached_property
from typing import Any

from sqlalchemy import or_, select

from app.catalog.models import (
    Course,
    CourseVersion,
    Lesson,
    LessonContent,
    Question,
    VersionQuestion,
)
from app.kernel.database import kept, session
from app.questions.kinds import Question as Asked
from app.questions.kinds import from_json


@dataclass(frozen=True)
class EditionLesson:
    """A lesson's place in an edition, as in models.Lesson."""

    key: str
    was: str
    position: int
    kind: str
    minutes: int
    titles: Mapping[str, str]
    contents: Mapping[str, str]
    stale: Sequence[str]


@dataclass(frozen=True)
class EditionQuestion:
    """One wording of a question, as in models.Question."""

    id: int
    course_id: int
    key: str
    kind: str
    content: Mapping[str, Any]

    @cached_property
    def wordings(self) -> Mapping[str, Asked]:
        """The question by language, read from its content once."""
        return {language: from_json(content) for language, content in self.content.items()}


@dataclass(frozen=True)
class LessonText:
    """A lesson as it reads in one language, as in models.LessonContent."""

    title: str
    parts: Sequence[Mapping[str, str]]
    objectives: Sequence[str]
    headings: Sequence[Any]

    @property
    def has_questions(self) -> bool:
        """Whether anything is asked in it."""
        return any("question" in part for part in self.parts)


@dataclass(frozen=True)
class Edition:
    """A version with its lessons, as in models.CourseVersion."""

    id: int
    course_id: int
    number: int
    title: Mapping[str, str]
    title_sort: str
    summary: Mapping[str, str]
    objectives: Mapping[str, Sequence[str]]
    language: str
    theme: str
    level: str
    audience: Sequence[str]
    periods: int
    minutes: int
    authors: Sequence[str]
    legal_basis: Sequence[str]
    requires: Sequence[str]
    reviewed_on: date
    closes_on: date | None
    completion: Mapping[str, Any]
    final_quiz: Mapping[str, Any] | None
    certificate: Mapping[str, Any] | None
    change: str
    what_changed: Mapping[str, str]
    lessons: tuple[EditionLesson, ...] = ()

    def text(self, field: str, language: str) -> Any:
        """A field in a language, or in the course's own where it is not translated."""
        values: Mapping[str, Any] = getattr(self, field)
        return values.get(language) or values[self.language]


_VERSION = select(*(getattr(CourseVersion, f.name) for f in fields(Edition) if f.name != "lessons"))
_LESSONS = select(*(getattr(Lesson, f.name) for f in fields(EditionLesson)))
_TEXT = select(*(getattr(LessonContent, f.name) for f in fields(LessonText)))
_QUESTIONS = select(*(getattr(Question, f.name) for f in fields(EditionQuestion)))


def edition(version_id: int) -> Edition:
    """A version with its lessons. Raises LookupError for a version that does not exist."""
    found = editions([version_id])
    if version_id not in found:
        raise LookupError(f"no course version {version_id}")
    return found[version_id]


def editions(version_ids: Iterable[int]) -> dict[int, Edition]:
    """Versions by their ids; two statements for any number of them, or none once read."""
    return kept("edition", version_ids, _editions)


def lesson_text(digest: str) -> LessonText | None:
    """A lesson as it reads in one language; one statement, or none once read."""

    def load(hashes: list[str]) -> dict[str, LessonText]:
        rows = session().execute(
            _TEXT.add_columns(LessonContent.hash).where(LessonContent.hash.in_(hashes))
        )
        return {row.hash: LessonText(*row[:-1]) for row in rows}

    return kept("lesson text", [digest], load).get(digest)


def lesson_questions(version_id: int, lesson_key: str) -> Mapping[str, EditionQuestion]:
    """The questions of a lesson by key, in their order; one statement, or none once read."""

    def load(places: list[tuple[int, str]]) -> dict[tuple[int, str], dict[str, EditionQuestion]]:
        rows = session().execute(
            _QUESTIONS.join(VersionQuestion, VersionQuestion.question_id == Question.id)
            .where(
                VersionQuestion.version_id == version_id, VersionQuestion.lesson_key == lesson_key
            )
            .order_by(VersionQuestion.position)
        )
        return {places[0]: {row.key: EditionQuestion(*row) for row in rows}}

    place = (version_id, lesson_key)
    return kept("lesson questions", [place], load)[place]


def questions_by_id(ids: Iterable[int]) -> dict[int, EditionQuestion]:
    """Questions by their row ids; one statement, or none once read."""

    def load(lacking: list[int]) -> dict[int, EditionQuestion]:
        rows = session().execute(_QUESTIONS.where(Question.id.in_(lacking)))
        return {row.id: EditionQuestion(*row) for row in rows}

    return kept("question", ids, load)


def _editions(version_ids: list[int]) -> dict[int, Edition]:
    # Who reads one course soon sees the others: what is current comes along.
    wanted = or_(
        CourseVersion.id.in_(version_ids),
        CourseVersion.id.in_(select(Course.current_id).where(Course.current_id.is_not(None))),
    )
    lessons: dict[int, list[EditionLesson]] = {}
    for row in session().execute(
        _LESSONS.add_columns(Lesson.version_id)
        .join(CourseVersion, CourseVersion.id == Lesson.version_id)
        .where(wanted)
        .order_by(Lesson.position)
    ):
        lessons.setdefault(row.version_id, []).append(EditionLesson(*row[:-1]))
    return {
        row.id: Edition(**row._mapping, lessons=tuple(lessons.get(row.id, ())))
        for row in session().execute(_VERSION.where(wanted))
    }
