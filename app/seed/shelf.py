"""The courses that people learn: what a way through each of them needs, read once."""

from __future__ import annotations

import json
import random
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from itertools import islice, permutations
from pathlib import Path

from sqlalchemy import select

from app.assessment.queries import bank_of
from app.assessment.rules import BankQuestion, draw, percent
from app.catalog import actions
from app.catalog.bundle import from_folder
from app.catalog.check import check
from app.catalog.models import Course, CourseVersion, Lesson, Question, VersionQuestion
from app.catalog.shipped import course_folders
from app.kernel.database import Database, session
from app.questions import marking
from app.questions.kinds import Question as Asked
from app.questions.kinds import from_json

_ORDERS = 60
"""How many of the ways to shuffle a question's choices are used."""


@dataclass(frozen=True)
class SeedQuestion:
    """A question with a right and a wrong answer, marked by the product's rules beforehand."""

    id: int
    key: str
    max_points: float
    orders: tuple[str, ...]
    """The choices shuffled, as JSON."""
    right: str
    """A right answer as JSON, and what it earns."""
    right_points: float
    right_share: float
    wrong: str
    wrong_points: float
    wrong_share: float


@dataclass(frozen=True)
class SeedLesson:
    """A lesson, whether completion counts it, and the questions in it."""

    key: str
    counts: bool
    questions: tuple[SeedQuestion, ...]


@dataclass(frozen=True)
class SeedCourse:
    """A published course."""

    id: int
    slug: str
    version: CourseVersion
    requires: tuple[str, ...]
    lessons: tuple[SeedLesson, ...]
    lessons_needed: int
    bank: tuple[BankQuestion, ...]
    questions: dict[int, SeedQuestion]
    pass_mark: float | None
    minutes: int | None
    attempts: int
    wait_hours: int

    def drawn(self, chance: random.Random) -> list[SeedQuestion]:
        """The questions of one attempt, drawn and shuffled as the product does it."""
        quiz = self.version.final_quiz or {}
        ids = draw(quiz["draw"], self.bank, chance)
        if quiz.get("shuffle", True):
            chance.shuffle(ids)
        return [self.questions[id_] for id_ in ids]


def publish(database: Database, folder: Path, *, now: datetime) -> list[str]:
    """Publish the courses of a folder that were never published; returns their slugs."""
    folders = course_folders(folder)
    known = {folder.name for folder in folders}
    with database.unit_of_work(write=False):
        there = set(session().scalars(select(Course.slug)))
    added = []
    for path in folders:
        if path.name in there:
            continue
        bundle, found = from_folder(path)
        content = check(bundle, found, known_courses=known).content
        if content is not None:
            actions.store_files(content)
            with database.unit_of_work():
                actions.publish(content, by=None, now=now)
            added.append(path.name)
    return added


def shelf(database: Database) -> list[SeedCourse]:
    """Every published course, those that others require first."""
    with database.unit_of_work(write=False):
        rows = session().scalars(
            select(CourseVersion)
            .join(Course, Course.current_id == CourseVersion.id)
            .where(CourseVersion.closes_on.is_(None))
            .order_by(Course.slug)
        )
        slugs = {row.id: row.slug for row in session().execute(select(Course.id, Course.slug))}
        courses = [_course(version, slugs[version.course_id]) for version in rows.all()]
    return list(_in_order(courses))


def _in_order(courses: list[SeedCourse]) -> Iterable[SeedCourse]:
    waiting, done = courses, set[str]()
    while waiting:
        ready = [course for course in waiting if set(course.requires) <= done]
        yield from ready
        done |= {course.slug for course in ready}
        if not ready:
            return  # they require one another, or what is not published
        waiting = [course for course in waiting if course.slug not in done]


def _course(version: CourseVersion, slug: str) -> SeedCourse:
    placed = session().execute(
        select(VersionQuestion.lesson_key, Question)
        .join(Question, Question.id == VersionQuestion.question_id)
        .where(VersionQuestion.version_id == version.id)
        .order_by(VersionQuestion.lesson_key, VersionQuestion.position, Question.id)
    )
    questions: dict[int, SeedQuestion] = {}
    by_lesson: dict[str, list[SeedQuestion]] = {}
    for lesson_key, question in placed:
        content = from_json(question.content[version.language])
        if content.is_marked:
            questions[question.id] = _question(question, content)
            if lesson_key:
                by_lesson.setdefault(lesson_key, []).append(questions[question.id])
    rule, quiz = version.completion, version.final_quiz or {}
    lessons = session().scalars(
        select(Lesson).where(Lesson.version_id == version.id).order_by(Lesson.position)
    )
    return SeedCourse(
        id=version.course_id,
        slug=slug,
        version=version,
        requires=tuple(version.requires),
        lessons=tuple(
            SeedLesson(
                lesson.key, lesson.key in rule["lessons"], tuple(by_lesson.get(lesson.key, ()))
            )
            for lesson in lessons
        ),
        lessons_needed=int(rule["lessons_needed"]),
        bank=tuple(bank_of(version.id)),
        questions=questions,
        pass_mark=rule.get("final_quiz") if quiz else None,
        minutes=quiz.get("minutes"),
        attempts=quiz.get("attempts") or 3,
        wait_hours=quiz.get("wait_hours") or 0,
    )


def _question(question: Question, content: Asked) -> SeedQuestion:
    keys = [choice.key for choice in content.choices]
    orders = [json.dumps(order) for order in islice(permutations(keys), _ORDERS)]
    right, wrong = _answers(content)
    right_mark = marking.mark(content, marking.response_for(content, right))
    wrong_mark = marking.mark(content, marking.response_for(content, wrong))
    return SeedQuestion(
        id=question.id,
        key=question.key,
        max_points=float(content.points),
        orders=tuple(orders),
        right=json.dumps(right),
        right_points=float(right_mark.points),
        right_share=float(right_mark.share),
        wrong=json.dumps(wrong),
        wrong_points=float(wrong_mark.points),
        wrong_share=float(wrong_mark.share),
    )


def _answers(content: Asked) -> tuple[list[str], list[str]]:
    """A right and a wrong answer, as a form would send them."""
    if content.choices:
        right = [choice.key for choice in content.choices if choice.right]
        return right, [choice.key for choice in content.choices if not choice.right][:1]
    if content.number:
        number = content.number
        beyond = number.value + number.tolerance + number.scale
        return [_typed(number.value)], [_typed(beyond)]
    return [content.texts[0].text], ["chưa rõ"]


def _typed(number: object) -> str:
    return f"{number:f}".replace(".", ",")


def percent_of(drawn: list[SeedQuestion], known: int) -> tuple[float, float]:
    """Points and percent of an attempt; bit n of `known` says that answer n is right."""
    points = [
        question.right_points if known >> place & 1 else question.wrong_points
        for place, question in enumerate(drawn)
    ]
    return sum(points), percent(points, [question.max_points for question in drawn])
