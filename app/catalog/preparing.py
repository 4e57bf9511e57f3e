"""Renders a course as its files say it: every lesson and question in every language."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from app.catalog.blocks import questions_in
from app.catalog.bundle import Bundle
from app.catalog.content import LessonPage, ReadyLesson, ReadyQuestion
from app.catalog.media import media_of
from app.catalog.render import Part, Renderer
from app.catalog.source import Asked, CourseSource, Lesson, LessonText, Topic, stamp
from app.kernel.words import _l
from app.questions.kinds import Question
from app.questions.problems import Problem, ProblemList
from app.questions.translation import with_answers_of


@dataclass(frozen=True)
class Prepared:
    """Lessons and questions ready to be stored, the media they use, what was wrong."""

    lessons: tuple[ReadyLesson, ...]
    questions: tuple[ReadyQuestion, ...]
    used: Collection[str]
    problems: tuple[Problem, ...]


def prepare(course: CourseSource) -> Prepared:
    """Render a course; what is wrong with its pictures, links and formulas is found here."""
    return _Preparing(course).run()


def media_address(bundle: Bundle, path: str) -> str:
    """Where a media file is served: under its content's hash, for ever the same bytes."""
    return f"/tep/{bundle.media_hash(path)}/{path.rpartition('/')[2]}"


class _Preparing:
    def __init__(self, course: CourseSource) -> None:
        self.course = course
        self.bundle = course.bundle
        self.problems: list[Problem] = []
        self.used: set[str] = set()
        self.renderers: dict[str, Renderer] = {}

    def run(self) -> Prepared:
        media = media_of(self.bundle, lambda path: media_address(self.bundle, path))
        addresses = {}
        for lesson in self.course.lessons:
            address = f"/khoa-hoc/{self.bundle.slug}/bai/{lesson.key}"
            for text in (lesson.source, *lesson.translations.values()):
                addresses[text.path] = address

        def renderer(language: str) -> Renderer:
            if language not in self.renderers:
                self.renderers[language] = Renderer(language, media, addresses)
            return self.renderers[language]

        lessons = tuple(self._lesson(lesson, renderer) for lesson in self.course.lessons)
        questions = tuple(
            self._question(asked, place, renderer) for asked, place in self.course.asked()
        )
        for one in self.renderers.values():
            self.used |= one.used_by_questions()
        return Prepared(lessons, questions, frozenset(self.used), tuple(self.problems))

    def _lesson(self, lesson: Lesson, renderer: Callable[[str], Renderer]) -> ReadyLesson:
        own = self.course.language
        ids = tuple(block.id for block in questions_in(list(lesson.source.blocks)))
        pages = {own: self._page(lesson.source, renderer(own), own)}
        source_stamp = stamp(self.bundle.text(lesson.source.path))
        for language, text in lesson.translations.items():
            page = self._page(text, renderer(language), language)
            is_stale = text.file.of is not None and text.file.of != source_stamp
            pages[language] = replace(
                page, parts=with_all_questions(page.parts, ids), is_stale=is_stale
            )
        file = lesson.source.file
        return ReadyLesson(lesson.number, lesson.key, file.was, file.kind, file.minutes, ids, pages)

    def _page(self, text: LessonText, renderer: Renderer, language: str) -> LessonPage:
        problems = ProblemList(text.path)
        rendered = renderer.lesson(list(text.blocks), problems)
        self.used |= rendered.media
        minutes = text.file.minutes
        if language == self.course.language and rendered.reading_minutes > minutes:
            problems.remind(
                text.file.lines.get("minutes", 1),
                "minutes-short",
                _l(
                    "riêng việc đọc đã cần khoảng %(reading)s phút, bài ghi %(minutes)s phút",
                    reading=rendered.reading_minutes,
                    minutes=minutes,
                ),
            )
        self.problems += problems.found
        return LessonPage(
            language,
            text.file.title,
            text.file.objectives,
            rendered.parts,
            rendered.text,
            tuple((h.level, h.id, h.text) for h in rendered.headings),
        )

    def _question(
        self, asked: Asked, place: Lesson | Topic, renderer: Callable[[str], Renderer]
    ) -> ReadyQuestion:
        own = self.course.language
        others: Mapping[str, Asked] = {
            language: found[asked.question.id]
            for language, found in self._translated_questions(place)
            if asked.question.id in found
        }
        source = with_answers_of(asked.question, [o.question for o in others.values()])
        languages = {own: self._text(asked, source, renderer(own))}
        for language, other in others.items():
            question = replace(
                other.question,
                texts=source.texts,
                number=other.question.number
                and source.number
                and replace(other.question.number, unit_keys=source.number.unit_keys),
            )
            languages[language] = self._text(other, question, renderer(language))
        return ReadyQuestion(
            asked.question,
            place.name if isinstance(place, Topic) else None,
            place.key if isinstance(place, Lesson) else None,
            languages,
        )

    def _translated_questions(
        self, place: Lesson | Topic
    ) -> Iterable[tuple[str, Mapping[str, Asked]]]:
        if isinstance(place, Topic):
            return place.translations.items()
        return ((language, text.questions) for language, text in place.translations.items())

    def _text(self, asked: Asked, question: Question, renderer: Renderer) -> Question:
        problems = ProblemList(asked.path)
        rendered = renderer.question(question, asked.body, problems)
        self.problems += problems.found
        return rendered


def with_all_questions(parts: Sequence[Part], ids: Sequence[str]) -> tuple[Part, ...]:
    """A translation's parts with the questions it leaves out, each beside its neighbour."""
    found = list(parts)
    shown = {part["question"] for part in parts if "question" in part}
    for index, id_ in enumerate(ids):
        if id_ in shown:
            continue
        before = [i for i, part in enumerate(found) if part.get("question") in ids[:index]]
        behind = [i for i, part in enumerate(found) if part.get("question") in ids[index + 1 :]]
        place = before[-1] + 1 if before else behind[0] if behind else len(found)
        found.insert(place, {"question": id_})
        shown.add(id_)
    return tuple(found)
