"""A checked course, rendered and ready to be stored: what a version holds."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from app.catalog.bundle import Bundle
from app.catalog.course_file import CourseFile, LessonKind
from app.catalog.render import RENDERER, Part, minutes_to_read
from app.questions.kinds import Question, content_hash, to_json


@dataclass(frozen=True)
class LessonPage:
    """A lesson in one language, as it is shown and searched.

    `is_stale` tells a translation whose source has moved on.
    """

    language: str
    title: str
    objectives: tuple[str, ...]
    parts: tuple[Part, ...]
    text: str
    headings: tuple[tuple[int, str, str], ...]
    is_stale: bool = False

    @property
    def words(self) -> int:
        """How many words there are to read, questions not counted."""
        return len(self.text.split())

    @property
    def reading_minutes(self) -> int:
        """About how long reading takes."""
        return minutes_to_read(self.words)

    @property
    def content_hash(self) -> str:
        """The name of what is read; lessons that read the same share their stored row."""
        return _hash([RENDERER, self.title, self.objectives, self.parts, self.text, self.headings])


@dataclass(frozen=True)
class ReadyLesson:
    """A lesson as it will be stored, its pages by language."""

    number: int
    key: str
    was: str | None
    kind: LessonKind
    minutes: int
    question_ids: tuple[str, ...]
    pages: Mapping[str, LessonPage]


@dataclass(frozen=True)
class ReadyQuestion:
    """A question as it will be stored: rendered, in every language, marks from the source.

    `topic` is its file in the bank, None where it stands in a lesson (`lesson_key`).
    `source` is as written, and gives the hash that statistics hang on.
    """

    source: Question
    topic: str | None
    lesson_key: str | None
    languages: Mapping[str, Question]

    @property
    def id(self) -> str:
        """The id that is kept for ever."""
        return self.source.id

    @property
    def content_hash(self) -> str:
        """The name of the question's content in all its languages."""
        return _hash(
            {
                "renderer": RENDERER,
                "source": content_hash(self.source),
                "languages": {name: to_json(q) for name, q in sorted(self.languages.items())},
            }
        )

    def to_json(self) -> dict[str, Any]:
        """The question in every language as plain JSON values."""
        return {name: to_json(question) for name, question in self.languages.items()}


@dataclass(frozen=True)
class CourseContent:
    """A course without an error: everything that a version is made of."""

    bundle: Bundle
    file: CourseFile
    lessons: tuple[ReadyLesson, ...]
    questions: tuple[ReadyQuestion, ...]

    @property
    def minutes(self) -> int:
        """What a learner needs: lessons and the final quiz."""
        return course_minutes(self.file, self.lessons)


def course_minutes(file: CourseFile, lessons: Iterable[ReadyLesson]) -> int:
    """The minutes of lessons and final quiz together."""
    quiz = file.final_quiz.minutes if file.final_quiz else 0
    return sum(lesson.minutes for lesson in lessons) + (quiz or 0)


def _hash(value: object) -> str:
    text = json.dumps(value, ensure_ascii=False, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()
