"""What the people of the story learn: courses begun, half done, failed, passed, completed."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import select

from app.assessment import actions as assessment
from app.assessment.models import Attempt
from app.catalog.models import Course, CourseVersion, Lesson, Question, VersionQuestion
from app.demo.moments import Act, chance_of, moment
from app.demo.persons import Somebody
from app.kernel.database import session
from app.kernel.envelope import Envelope
from app.learning import actions as learning
from app.learning.models import Enrollment
from app.people.models import Person
from app.questions.kinds import Question as Asked
from app.questions.kinds import from_json

SLUGS = {
    "K2": "ky-nang-cong-tac-vien",
    "S1": "nhap-mon-chuyen-doi-so",
    "C2": "nhap-mon-chuyen-giao-cong-nghe",
}

# The attempts of a way, in days before its last day: whether each was passed.
_ATTEMPTS: dict[str, tuple[tuple[int, bool], ...]] = {
    "failed-once": ((0, False),),
    "failed": ((4, False), (2, False), (0, False)),
    "passed": ((0, True),),
    "done": ((0, True),),
}
_SECOND_TRY = ((2, False), (0, True))
"""One in five of those who complete needed two attempts."""


@dataclass(frozen=True)
class Published:
    """A course with what a way through it needs, read once."""

    course: Course
    version: CourseVersion
    lessons: tuple[str, ...]
    asked: Mapping[str, Sequence[Question]]
    """The questions in each lesson."""
    bank: Sequence[Question]
    """Held so that no attempt loads them again."""


@dataclass
class Way:
    """One person's way through one course: `plot` says how far, `last_day` when, in days ago."""

    person: Person
    published: Published
    plot: str
    last_day: int
    now: datetime
    chance: random.Random
    enrollment: Enrollment | None = field(default=None, init=False)

    def acts(self) -> list[Act]:
        """What the person does, moment by moment."""
        keys = self.published.lessons
        count = {"started": 0, "half": len(keys) // 2, "passed": len(keys) - 1}
        finished = keys[: count.get(self.plot, len(keys))]
        attempts = _ATTEMPTS.get(self.plot, ())
        if self.plot == "done" and self.chance.random() < 0.2:
            attempts = _SECOND_TRY
        read_by = self.last_day + (attempts[0][0] + 1 if attempts else 0)
        moments = self._spread(read_by, len(finished) + 1)
        acts = [Act(moments[0], self._enroll)]
        acts += [
            Act(at, lambda at, key=key: self._finish(key, at))  # type: ignore[misc]
            for at, key in zip(moments[1:], finished, strict=True)
        ]
        if self.plot == "half":
            acts.append(Act(moments[-1] + timedelta(minutes=9), self._answer_next))
        acts += [
            self._attempt(self._at(self.last_day + days), passes=passes)
            for days, passes in attempts
        ]
        if self.plot == "waiting":
            acts.append(self._attempt(self.now - timedelta(hours=3), passes=False))
        if self.plot == "running":
            acts.append(Act(self.now - timedelta(minutes=2), self._start))
        return acts

    def _spread(self, last: int, count: int) -> list[datetime]:
        """So many moments in the order of time, the last one on a day; one is on that day."""
        last = max(last, 1)
        days = sorted((last + self.chance.randint(1, 13) for _ in range(count - 1)), reverse=True)
        return sorted(self._at(day) for day in [*days, last])

    def _at(self, days: int) -> datetime:
        return moment(self.now, days, self.chance.randint(7, 20), self.chance.randint(0, 59))

    def _enroll(self, at: datetime) -> None:
        self.enrollment = learning.enroll(self.person, self.published.course, now=at)

    def _finish(self, key: str, at: datetime) -> None:
        learning.finish_lesson(self._enrolled(), key, self._envelope(at), now=at)

    def _answer_next(self, at: datetime) -> None:
        """Answer the first two questions of the lesson that is being read."""
        key = self.published.lessons[self._enrolled().lessons_done]
        for number, question in enumerate(self.published.asked.get(key, ())[:2]):
            moment_of = at + timedelta(minutes=number)
            learning.answer(
                self._enrolled(),
                question,
                lesson_key=key,
                values=right(self._content(question)),
                envelope=self._envelope(moment_of),
                now=moment_of,
            )

    def _attempt(self, at: datetime, *, passes: bool) -> Act:
        """One attempt, started and submitted; it counts from the moment it is submitted."""
        took = timedelta(minutes=self.chance.randint(6, 17))
        return Act(at, lambda at: self._submit(self._start(at - took), at, passes=passes))

    def _start(self, at: datetime) -> Attempt:
        return assessment.start(
            self.person,
            self.published.version,
            round_=self._enrolled().round,
            now=at,
            chance=self.chance,
        )

    def _submit(self, attempt: Attempt, at: datetime, *, passes: bool) -> None:
        questions = [item.question for item in attempt.items]
        share = self.chance.uniform(0.68, 1.0) if passes else self.chance.uniform(0.1, 0.35)
        known = set(self.chance.sample(questions, round(share * len(questions))))
        answers = {
            question.key: (right if question in known else wrong)(self._content(question))
            for question in questions
        }
        assessment.submit(attempt, answers, self._envelope(at), now=at)

    def _content(self, question: Question) -> Asked:
        return from_json(question.content[self.published.version.language])

    def _envelope(self, at: datetime) -> Envelope:
        uuid = UUID(int=self.chance.getrandbits(128), version=4)
        return Envelope(uuid=str(uuid), client_time=at)

    def _enrolled(self) -> Enrollment:
        assert self.enrollment is not None, "nobody learns before enrolling"
        return self.enrollment


def ways(people: Mapping[str, Somebody], *, now: datetime) -> list[Way]:
    """Everybody's ways through the courses that are published."""
    shelf = {short: published(slug) for short, slug in SLUGS.items()}
    found = []
    for code, somebody in people.items():
        for line in somebody.story:
            short, rest = line.split(":")
            plot, last_day = rest.split("@")
            course = shelf[short]
            if course is not None:
                chance = chance_of(code, short)
                found.append(Way(somebody.person, course, plot, int(last_day), now, chance))
    return found


def published(slug: str) -> Published | None:
    """A published course with its lessons and questions."""
    course = session().scalar(select(Course).where(Course.slug == slug))
    version = course.current if course else None
    if course is None or version is None:
        return None
    keys = session().scalars(
        select(Lesson.key).where(Lesson.version_id == version.id).order_by(Lesson.position)
    )
    rows = session().execute(
        select(VersionQuestion.lesson_key, Question)
        .join(Question, Question.id == VersionQuestion.question_id)
        .where(VersionQuestion.version_id == version.id)
        .order_by(VersionQuestion.position)
    )
    asked: dict[str, list[Question]] = {}
    bank: list[Question] = []
    for key, question in rows:
        (asked.setdefault(key, []) if key else bank).append(question)
    return Published(course, version, tuple(keys), asked, bank)


def right(question: Asked) -> list[str]:
    """The right answer, as a form would send it."""
    if question.choices:
        return [choice.key for choice in question.choices if choice.right]
    if question.number:
        return [f"{question.number.value:f}".replace(".", ",")]
    return [question.texts[0].text]


def wrong(question: Asked) -> list[str]:
    """An answer that earns nothing, as a form would send it."""
    if question.choices:
        return [choice.key for choice in question.choices if not choice.right][:1]
    if question.number:
        beyond = question.number.value + question.number.tolerance + question.number.scale
        return [f"{beyond:f}".replace(".", ",")]
    return ["chưa rõ"]
