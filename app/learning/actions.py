"""Verbs of learning: enroll, answer, finish a lesson, complete, move to a new version."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, update
from sqlalchemy.orm.attributes import set_committed_value

from app.assessment import actions as assessment
from app.assessment import queries as attempts
from app.assessment.models import Attempt, AttemptClosed, LessonAnswer
from app.catalog import queries as catalog
from app.catalog.editions import EditionQuestion, edition
from app.catalog.models import Course, CourseVersion, Lesson, Question, VersionPublished
from app.kernel import jobs, news
from app.kernel.clock import local_date
from app.kernel.database import is_sqlite, serialize, session
from app.kernel.envelope import Envelope, new_uuid
from app.learning import queries, rules
from app.learning.models import Completion, CourseCompleted, Enrollment, FinishedLesson
from app.people.models import Person
from app.people.queries import primary_membership

# Put together once: every submitted quiz ends with it.
_ENROLLMENT: Any = Enrollment.__table__
_TOUCH = update(_ENROLLMENT).where(_ENROLLMENT.c.id == bindparam("enrollment"))

TAKEN_AT_ONCE = 100
"""How many learners one transaction moves to a new version."""


def enroll(person: Person, course: Course, *, now: datetime) -> Enrollment:
    """Put a person on the course's current version. Asking twice is asking once.

    Raises CourseClosed once the course takes no more learners, PrerequisiteMissing while
    courses that come first are not completed.
    """
    serialize(f"enroll:{person.id}:{course.id}")
    already = queries.enrollment_of(person.id, course.id)
    if already is not None:
        return already
    version = course.current
    if version is None:
        raise ValueError(f"{course.slug} was never published")
    rules.check_open(version.closes_on, today=local_date(now))
    required = queries.required_courses(version, person.id)
    rules.check_prerequisites([r.title(version.language) for r in required if not r.is_completed])
    place = primary_membership(person.id, local_date(now))
    enrollment = Enrollment(
        person_id=person.id,
        course_id=course.id,
        version_id=version.id,
        version=version,
        completion=None,
        unit_id=place.unit_id if place else None,
        round=1,
        enrolled_at=now,
        last_lesson_key="",
        last_activity_at=now,
        lessons_done=0,
    )
    session().add(enrollment)
    session().flush()
    return enrollment


def answer(
    enrollment: Enrollment,
    question: Question | EditionQuestion,
    *,
    lesson_key: str,
    values: Sequence[str],
    envelope: Envelope,
    now: datetime,
) -> LessonAnswer:
    """Answer a question inside a lesson of the learner's version. A repeat gives the first back.

    Raises NothingAnswered for an empty answer.
    """
    if not any(value.strip() for value in values):
        raise rules.NothingAnswered
    given = assessment.answer_in_lesson(
        session().get_one(Person, enrollment.person_id),
        question,
        lesson_key=lesson_key,
        language=edition(enrollment.version_id).language,
        values=values,
        envelope=envelope,
        now=now,
    )
    _touch(enrollment, lesson_key, now=now)
    return given


def finish_lesson(
    enrollment: Enrollment, lesson_key: str, envelope: Envelope, *, now: datetime
) -> None:
    """Mark a lesson of the learner's version as finished. Finishing twice is finishing once."""
    _hold(enrollment)
    finished, is_repeat = queries.finished_with(enrollment.id, envelope.uuid)
    if lesson_key not in finished:
        if is_repeat:
            return
        _add_finished(enrollment.id, lesson_key, envelope, now=now)
        finished.add(lesson_key)
        _count(enrollment, finished)
    _touch(enrollment, lesson_key, now=now)
    _complete_held(enrollment, finished=finished, now=now)


def start_quiz(enrollment: Enrollment, *, now: datetime) -> Attempt:
    """Start an attempt at the final quiz of the learner's version, or go on with the open one.

    Raises NoQuiz, AlreadyPassed, NoAttemptsLeft, AttemptTooSoon or BankTooSmall.
    """
    version = edition(enrollment.version_id)
    if version.final_quiz is None:
        raise rules.NoQuiz
    attempt = assessment.start(
        session().get_one(Person, enrollment.person_id),
        version,
        round_=enrollment.round,
        now=now,
    )
    enrollment.last_activity_at = now
    return attempt


def complete_if_done(enrollment: Enrollment, *, now: datetime) -> Completion | None:
    """Record the completion once nothing is left, with what is true now; tells CourseCompleted.

    Returns the completion, the earlier one if there is one, or None.
    """
    _hold(enrollment)
    return _complete_held(enrollment, now=now)


def _complete_held(
    enrollment: Enrollment,
    *,
    finished: set[str] | None = None,
    passed: Attempt | None = None,
    now: datetime,
) -> Completion | None:
    """What `complete_if_done` does, for an enrollment that this transaction holds.

    `finished` and `passed` are what it knows already: the finished lessons, and the attempt
    that passed (after which there is no other).
    """
    version = edition(enrollment.version_id)
    if enrollment.lessons_done < version.completion["lessons_needed"]:
        return enrollment.completion  # as it is for most who finish a lesson
    already = enrollment.completion
    if already is None and enrollment.completed_at is not None:
        already = queries.completion_of(enrollment.id)
    if already is not None:
        return already
    pass_mark, best = version.completion.get("final_quiz"), None
    if pass_mark is not None:
        best = passed or attempts.passing_attempt(
            enrollment.person_id, enrollment.course_id, enrollment.round
        )
        if best is None:
            return None
    if finished is None:
        session().flush()
        finished = queries.finished_keys(enrollment.id)
    asked = rules.points(
        version.completion,
        finished,
        best_percent=best.percent if best else None,
        has_passed=best is not None,
    )
    if not rules.is_complete(asked):
        return None
    place = primary_membership(enrollment.person_id, local_date(now))
    completion = Completion(
        enrollment=enrollment,
        person_id=enrollment.person_id,
        course_id=enrollment.course_id,
        version_id=version.id,
        unit_id=place.unit_id if place else None,
        unit_name=place.unit.name if place else "",
        source="online",
        started_at=enrollment.enrolled_at,
        completed_at=now,
        percent=best.percent if best else None,
        periods=version.periods,
    )
    session().add(completion)
    session().flush()
    news.tell(CourseCompleted(completion), now=now)
    return completion


def follow_attempt(event: AttemptClosed, now: datetime) -> None:
    """What follows a closed attempt: perhaps nothing is left of the course."""
    attempt = event.attempt
    enrollment = queries.enrollment_at_hand(attempt.person_id, attempt.course_id, attempt.round)
    if enrollment is None:
        return
    if now > enrollment.last_activity_at:
        session().execute(_TOUCH, {"enrollment": enrollment.id, "last_activity_at": now})
        set_committed_value(enrollment, "last_activity_at", now)
    if attempt.has_passed:
        _hold(enrollment)
        _complete_held(enrollment, passed=attempt, now=now)


def accept_version(enrollment: Enrollment, *, now: datetime) -> None:
    """Take the learner to the course's current version; what is finished stays finished.

    Accepting twice, or after completion, changes nothing.
    """
    _hold(enrollment)
    current = queries.current_version(enrollment.course_id)
    if current is None or current.id == enrollment.version_id:
        return
    if queries.completion_of(enrollment.id) is not None:
        return
    _move(
        enrollment,
        current,
        catalog.lessons_of(current.id),
        queries.finished_keys(enrollment.id),
        now=now,
    )
    _complete_held(enrollment, now=now)


def follow_publication(event: VersionPublished, now: datetime) -> None:
    """What follows a publication: a correction reaches everyone who is still learning.

    The first few move with the publication itself; a job takes along the rest, so that no
    transaction grows with the number of learners.
    """
    if take_along(event.version, now=now) == TAKEN_AT_ONCE:
        jobs.enqueue(
            "take-along",
            {"version_id": event.version.id},
            key=f"take-along:{event.version.id}",
            now=now,
        )


def take_along(version: CourseVersion, *, now: datetime) -> int:
    """Take open enrollments along, at most TAKEN_AT_ONCE, unless the version is a substantial
    change; returns how many it took.

    Learners whose version lacks an earlier substantial change stay until they accept.
    """
    if version.change == "substantial":
        return 0
    last = queries.last_substantial_number(version.course_id, up_to=version.number)
    movable = queries.left_behind(version, since_number=last, most=TAKEN_AT_ONCE)
    finished = queries.finished_by_enrollment([enrollment.id for enrollment in movable])
    lessons = catalog.lessons_of(version.id)
    for enrollment in movable:
        _move(enrollment, version, lessons, finished.get(enrollment.id, set()), now=now)
        if enrollment.lessons_done >= version.completion["lessons_needed"]:
            complete_if_done(enrollment, now=now)
    session().flush()
    return len(movable)


def _move(
    enrollment: Enrollment,
    version: CourseVersion,
    lessons: Sequence[Lesson],
    finished: set[str],
    *,
    now: datetime,
) -> None:
    """Put an enrollment on another version; lessons that were renamed stay finished."""
    for lesson in lessons:
        if lesson.was in finished and lesson.key not in finished:
            _add_finished(enrollment.id, lesson.key, Envelope(uuid=new_uuid()), now=now)
            finished.add(lesson.key)
        if lesson.was and lesson.was == enrollment.last_lesson_key:
            enrollment.last_lesson_key = lesson.key
    enrollment.version_id, enrollment.version = version.id, version
    _count(enrollment, finished)


def _add_finished(
    enrollment_id: int, lesson_key: str, envelope: Envelope, *, now: datetime
) -> None:
    session().add(
        FinishedLesson(
            enrollment_id=enrollment_id,
            lesson_key=lesson_key,
            uuid=envelope.uuid,
            client_time=envelope.client_time,
            sequence=envelope.sequence,
            device=envelope.device,
            received_at=now,
        )
    )


def _count(enrollment: Enrollment, finished: set[str]) -> None:
    completion = edition(enrollment.version_id).completion
    enrollment.lessons_done = rules.lessons_that_count(completion, finished)


def _touch(enrollment: Enrollment, lesson_key: str, *, now: datetime) -> None:
    enrollment.last_lesson_key = lesson_key
    enrollment.last_activity_at = now
    session().flush()


def _hold(enrollment: Enrollment) -> None:
    """Let one transaction at a time change this enrollment, and count from what is so now: it
    may have been read before another transaction ended. On SQLite whoever writes is alone.
    """
    session().flush()
    if not is_sqlite():
        session().refresh(enrollment, ["lessons_done", "completed_at"], with_for_update=True)
