"""A course as its files say it: course.yml, lessons, question bank and their translations."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from app.catalog.blocks import Block, QuestionBlock, cut, questions_in
from app.catalog.bundle import Bundle, bank_name, lesson_name
from app.catalog.course_file import (
    BankFile,
    CourseFile,
    LessonFile,
    read_bank_file,
    read_course_file,
    read_lesson_file,
    split_front_matter,
)
from app.catalog.yaml_form import LANGUAGES
from app.kernel.words import _l
from app.questions.grammar import read_question
from app.questions.kinds import Question
from app.questions.problems import Problem, ProblemList
from app.questions.translation import Mismatch, translated


@dataclass(frozen=True)
class Asked:
    """A question where it stands: its file, its body as written, how it reads."""

    path: str
    body: tuple[str, ...]
    question: Question


@dataclass(frozen=True)
class LessonText:
    """A lesson in one language."""

    path: str
    file: LessonFile
    blocks: tuple[Block, ...]
    questions: Mapping[str, Asked]


@dataclass(frozen=True)
class Lesson:
    """A lesson with its translations by language."""

    number: int
    key: str
    source: LessonText
    translations: Mapping[str, LessonText]


@dataclass(frozen=True)
class Topic:
    """A file of the question bank with its translations by language."""

    name: str
    path: str
    file: BankFile
    questions: Mapping[str, Asked]
    translations: Mapping[str, Mapping[str, Asked]]


@dataclass(frozen=True)
class CourseSource:
    """A whole course, read. `file` is None where course.yml could not be read."""

    bundle: Bundle
    file: CourseFile | None
    lessons: tuple[Lesson, ...]
    topics: tuple[Topic, ...]
    problems: tuple[Problem, ...] = field(compare=False)

    @property
    def language(self) -> str:
        """The language the course is written in."""
        return self.file.language if self.file else "vi"

    def asked(self) -> Iterator[tuple[Asked, Topic | Lesson]]:
        """Every question of the source, lessons first, with the place it stands in."""
        for lesson in self.lessons:
            for asked in lesson.source.questions.values():
                yield asked, lesson
        for topic in self.topics:
            for asked in topic.questions.values():
                yield asked, topic


def stamp(text: str) -> str:
    """The name of a content that translations name in `of:`."""
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def read_course(bundle: Bundle) -> CourseSource:
    """Read every file of a course; what is wrong with each is in `problems`."""
    return _Reader(bundle).read()


class _Reader:
    def __init__(self, bundle: Bundle) -> None:
        self.bundle = bundle
        self.problems: list[Problem] = []
        self.ids: dict[str, str] = {}

    def read(self) -> CourseSource:
        file = None
        if "course.yml" in self.bundle.files:
            problems = ProblemList("course.yml")
            file = read_course_file(self.bundle.text("course.yml"), problems)
            self.problems += problems.found
        self.language = file.language if file else "vi"
        lessons = self._lessons()
        topics = self._topics()
        return CourseSource(self.bundle, file, lessons, topics, tuple(self.problems))

    # Lessons

    def _lessons(self) -> tuple[Lesson, ...]:
        names = {path: name for path in self.bundle.files if (name := lesson_name(path))}
        numbers: dict[int, str] = {}
        keys: dict[str, str] = {}
        lessons = []
        for path, (number, key, language) in sorted(names.items(), key=lambda n: n[1][0]):
            if language:
                continue
            problems = ProblemList(path)
            if number in numbers:
                problems.error(
                    1,
                    "lesson-number-twice",
                    _l(
                        "số bài %(number)s đã dùng ở “%(other)s”",
                        number=number,
                        other=numbers[number],
                    ),
                )
            if key in keys:
                problems.error(
                    1,
                    "lesson-key-twice",
                    _l("khóa “%(key)s” đã dùng ở “%(other)s”", key=key, other=keys[key]),
                )
            numbers[number] = keys[key] = path
            self.problems += problems.found
            source = self._lesson_text(path, None)
            if source:
                lessons.append(Lesson(number, key, source, self._translations(path, source)))
        self._orphans(names)
        return tuple(lessons)

    def _orphans(self, names: Mapping[str, tuple[int, str, str | None]]) -> None:
        for path, (_, _, language) in names.items():
            if language:
                self._check_translation(path, language)

    def _check_translation(self, path: str, language: str) -> None:
        source = path.removesuffix(f".{language}.md") + ".md"
        problems = ProblemList(path)
        if language not in LANGUAGES:
            problems.error(
                1,
                "language",
                _l(
                    "không có ngôn ngữ “%(language)s”; các ngôn ngữ được dùng: %(known)s",
                    language=language,
                    known=", ".join(LANGUAGES),
                ),
            )
        elif language == self.language:
            problems.error(
                1,
                "language",
                _l(
                    "khóa học viết bằng ngôn ngữ này; bản gốc không mang đuôi .%(language)s.md",
                    language=language,
                ),
            )
        elif source not in self.bundle.files:
            problems.error(
                1,
                "translation-orphan",
                _l("bản dịch này không có bản gốc “%(original)s”", original=source),
            )
        self.problems += problems.found

    def _lesson_text(self, path: str, source: LessonText | None) -> LessonText | None:
        problems = ProblemList(path)
        front, body, first_line = split_front_matter(self.bundle.text(path))
        file = read_lesson_file(front, problems, is_translation=source is not None)
        blocks = cut(body, problems, first_line=first_line)
        questions = self._questions(blocks, problems, source.questions if source else None)
        if not body.strip():
            problems.error(first_line, "lesson-empty", _l("bài chưa có nội dung"))
        self.problems += problems.found
        return LessonText(path, file, tuple(blocks), questions) if file else None

    def _translations(self, path: str, source: LessonText) -> dict[str, LessonText]:
        found = {}
        for language, other in self._translated_files(path):
            text = self._lesson_text(other, source)
            if text:
                self._check_stamp(other, path, text.file.of, text.file.lines.get("of", 1))
                found[language] = text
        return found

    def _translated_files(self, path: str) -> Iterator[tuple[str, str]]:
        for language in LANGUAGES:
            other = path.removesuffix(".md") + f".{language}.md"
            if language != self.language and other in self.bundle.files:
                yield language, other

    def _check_stamp(self, path: str, source: str, of: str | None, line: int) -> None:
        problems = ProblemList(path)
        if of is None:
            problems.remind(
                1,
                "translation-unstamped",
                _l("bản dịch chưa ghi of:; chạy courses stamp khi bản dịch đã khớp bản gốc"),
            )
        elif of != stamp(self.bundle.text(source)):
            problems.remind(
                line,
                "translation-stale",
                _l("bản gốc “%(original)s” đã đổi sau khi dịch", original=source),
            )
        self.problems += problems.found

    # Questions

    def _questions(
        self, blocks: list[Block], problems: ProblemList, source: Mapping[str, Asked] | None
    ) -> dict[str, Asked]:
        found: dict[str, Asked] = {}
        for block in questions_in(blocks):
            if source is None:
                self._read_question(block, problems, found)
            else:
                self._read_translation(block, problems, source, found)
        return found

    def _read_question(
        self, block: QuestionBlock, problems: ProblemList, found: dict[str, Asked]
    ) -> None:
        place = f"{problems.file}:{block.line}"
        if block.id in self.ids:
            problems.error(
                block.line,
                "question-id-twice",
                _l("mã “%(id)s” đã dùng ở %(place)s", id=block.id, place=self.ids[block.id]),
            )
        elif block.id:
            self.ids[block.id] = place
        question = read_question(block.id, block.body, line=block.line, problems=problems)
        if question and block.id not in found:
            found[block.id] = Asked(problems.file, block.body, question)

    def _read_translation(
        self,
        block: QuestionBlock,
        problems: ProblemList,
        source: Mapping[str, Asked],
        found: dict[str, Asked],
    ) -> None:
        asked = source.get(block.id)
        if asked is None:
            if block.id not in self.ids:
                problems.error(
                    block.line,
                    "translation-question",
                    _l("bản gốc không có câu hỏi “%(id)s”", id=block.id),
                )
            return
        if block.id in found:
            problems.error(
                block.line,
                "question-id-twice",
                _l(
                    "mã “%(id)s” đã dùng ở %(place)s",
                    id=block.id,
                    place=f"{problems.file}:{found[block.id].question.line}",
                ),
            )
            return
        question = read_question(
            block.id, block.body, line=block.line, problems=problems, source=asked.question
        )
        if question is None:
            return
        try:
            both = translated(asked.question, question)
        except Mismatch:
            problems.error(
                block.line,
                "translation-answers",
                _l(
                    "bản dịch không có cùng loại và cùng số đáp án như bản gốc (%(place)s)",
                    place=f"{asked.path}:{asked.question.line}",
                ),
            )
            return
        if both.disagrees:
            problems.remind(
                block.line,
                "translation-marks",
                _l(
                    "đáp án đúng khác bản gốc (%(place)s); bản gốc được dùng để chấm",
                    place=f"{asked.path}:{asked.question.line}",
                ),
            )
        found[block.id] = Asked(problems.file, block.body, both.question)

    def _topics(self) -> tuple[Topic, ...]:
        topics = []
        for path in self.bundle.files:
            name = bank_name(path)
            if name and name[1]:
                self._check_translation(path, name[1])
            elif name:
                file, questions = self._topic(path, None)
                translations = {}
                for language, other in self._translated_files(path):
                    other_file, texts = self._topic(other, questions)
                    self._check_stamp(other, path, other_file.of, 2)
                    translations[language] = texts
                topics.append(Topic(name[0], path, file, questions, translations))
        return tuple(topics)

    def _topic(
        self, path: str, source: Mapping[str, Asked] | None
    ) -> tuple[BankFile, Mapping[str, Asked]]:
        problems = ProblemList(path)
        front, body, first_line = split_front_matter(self.bundle.text(path))
        file = read_bank_file(front, problems)
        blocks = cut(body, problems, first_line=first_line)
        questions = self._questions(blocks, problems, source)
        if not any(questions_in(blocks)):
            problems.error(1, "bank-empty", _l("tệp chưa có câu hỏi nào"))
        self.problems += problems.found
        return file, questions
