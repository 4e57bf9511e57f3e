"""Reads of courses as learners meet them: catalogue, course, lesson, quiz, progress."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import ColumnElement, and_, bindparam, exists, func, or_, select
from sqlalchemy.orm import aliased, contains_eager, joinedload

from app.assessment.models import Attempt
from app.catalog.editions import Edition, EditionLesson, edition, editions
from app.catalog.models import Course, CourseVersion
from app.kernel.database import session
from app.learning import rules
from app.learning.models import Completion, Enrollment, FinishedLesson


@dataclass(frozen=True)
class Way:
    """A learner's way through one course: where they are, in percent."""

    enrollment: Enrollment
    edition: Edition
    slug: str
    percent: int
    is_completed: bool


@dataclass(frozen=True)
class Standing:
    """A published course and where a person stands in it."""

    course: Course
    enrollment: Enrollment | None
    """The latest round, with its completion."""
    edition: Edition
    """What the person reads: the version they are on, else the course's current one."""


@dataclass(frozen=True)
class LessonEntry:
    """A lesson of a version and whether the learner finished it."""

    lesson: EditionLesson
    is_finished: bool


@dataclass(frozen=True)
class RequiredCourse:
    """A course that comes first, and whether the person completed it."""

    slug: str
    titles: dict[str, Any] = field(default_factory=dict)
    is_completed: bool = False

    def title(self, language: str) -> str:
        """Its title in a language, or in its own; its slug while it is not published."""
        return str(self.titles.get(language) or next(iter(self.titles.values()), "") or self.slug)


def current_version(course_id: int) -> CourseVersion | None:
    """What the course is today."""
    return session().scalar(
        select(CourseVersion)
        .join(Course, Course.current_id == CourseVersion.id)
        .where(Course.id == course_id)
    )


def _has_passed() -> ColumnElement[bool]:
    return exists().where(
        Attempt.person_id == Enrollment.person_id,
        Attempt.course_id == Enrollment.course_id,
        Attempt.round == Enrollment.round,
        Attempt.has_passed.is_(True),
    )


_WAYS = (
    select(Enrollment, Course.slug, _has_passed())
    .join(Course, Course.id == Enrollment.course_id)
    .outerjoin(Completion, Completion.enrollment_id == Enrollment.id)
    .where(Enrollment.person_id == bindparam("person_id"))
    .options(contains_eager(Enrollment.completion))
    .order_by(Completion.id.is_not(None), Enrollment.last_activity_at.desc(), Enrollment.id.desc())
)


def progress_of(person_id: int) -> dict[int, Way]:
    """A person's ways through courses, the latest round of each, by course id; one statement."""
    ways = sorted(enrollments_of(person_id), key=lambda way: way.enrollment.round)
    return {way.enrollment.course_id: way for way in ways}


# Statements that every learner's page sends are put together once, not for each request.
_STANDING = (
    select(Course, Enrollment)
    .outerjoin(
        Enrollment,
        and_(Enrollment.course_id == Course.id, Enrollment.person_id == bindparam("person_id")),
    )
    .outerjoin(Completion, Completion.enrollment_id == Enrollment.id)
    .where(Course.slug == bindparam("slug"), Course.current_id.is_not(None))
    .options(contains_eager(Enrollment.completion))
    .order_by(Enrollment.round.desc())
    .limit(1)
)
_LATEST = (
    select(Enrollment)
    .where(
        Enrollment.person_id == bindparam("person_id"),
        Enrollment.course_id == bindparam("course_id"),
    )
    .options(joinedload(Enrollment.completion))
    .order_by(Enrollment.round.desc())
    .limit(1)
)
_OF_ROUND = _LATEST.where(Enrollment.round == bindparam("round"))
# Columns alone are read from the table: asked of the class, they cost twice as much.
_DONE: Any = FinishedLesson.__table__.c
_FINISHED = select(_DONE.lesson_key).where(_DONE.enrollment_id == bindparam("enrollment_id"))
_FINISHED_WITH = select(_DONE.enrollment_id, _DONE.lesson_key, _DONE.uuid).where(
    or_(_DONE.enrollment_id == bindparam("enrollment_id"), _DONE.uuid == bindparam("uuid"))
)


def standing(slug: str, person_id: int | None) -> Standing | None:
    """A published course and a person's latest round in it; one statement, as the rest never
    changes. None where no course is published under the slug."""
    row = session().execute(_STANDING, {"slug": slug, "person_id": person_id}).first()
    if row is None:
        return None
    course, enrollment = row
    assert course.current_id is not None
    version_id = enrollment.version_id if enrollment else course.current_id
    return Standing(course, enrollment, edition(version_id))


def enrollment_of(
    person_id: int, course_id: int, *, round_: int | None = None
) -> Enrollment | None:
    """A person's enrollment in a course with its completion: the latest round, or one."""
    asked = {"person_id": person_id, "course_id": course_id, "round": round_}
    return session().scalar(_OF_ROUND if round_ is not None else _LATEST, asked)


def enrollment_at_hand(person_id: int, course_id: int, round_: int) -> Enrollment | None:
    """A round of a person in a course: as this unit of work has read it already, where it has;
    no statement then."""
    for read in session().identity_map.values():
        if isinstance(read, Enrollment) and (read.person_id, read.course_id, read.round) == (
            person_id,
            course_id,
            round_,
        ):
            return read
    return enrollment_of(person_id, course_id, round_=round_)


def enrollments_of(person_id: int) -> list[Way]:
    """Every course a person is or was on: open ones first, the latest activity first.

    One statement. Link an open one to `learning.resume`, which finds the lesson.
    """
    rows = session().execute(_WAYS, {"person_id": person_id})
    found = rows.all()
    read = editions(row[0].version_id for row in found)
    return [
        _way(enrollment, read[enrollment.version_id], slug, bool(has_passed))
        for enrollment, slug, has_passed in found
    ]


def _way(enrollment: Enrollment, read: Edition, slug: str, has_passed: bool) -> Way:
    is_completed = enrollment.completion is not None
    percent = (
        100
        if is_completed
        else rules.percent_done(read.completion, enrollment.lessons_done, has_passed=has_passed)
    )
    return Way(enrollment, read, slug, percent, is_completed)


def completions_of(person_id: int) -> Sequence[Completion]:
    """A person's completions with course and version, the latest first; one statement."""
    return (
        session()
        .scalars(
            select(Completion)
            .where(Completion.person_id == person_id)
            .options(joinedload(Completion.version), joinedload(Completion.course))
            .order_by(Completion.completed_at.desc(), Completion.id.desc())
        )
        .all()
    )


def completion_of(enrollment_id: int) -> Completion | None:
    """The completion of an enrollment."""
    return session().scalar(select(Completion).where(Completion.enrollment_id == enrollment_id))


def required_courses(
    version: CourseVersion | Edition, person_id: int | None
) -> list[RequiredCourse]:
    """The courses that come before a version, in its order, and which the person completed."""
    if not version.requires:
        return []
    done = exists().where(Completion.course_id == Course.id, Completion.person_id == person_id)
    rows = session().execute(
        select(Course.slug, CourseVersion.title, done)
        .join(CourseVersion, CourseVersion.id == Course.current_id)
        .where(Course.slug.in_(version.requires))
    )
    known = {slug: RequiredCourse(slug, title, bool(done)) for slug, title, done in rows}
    return [known.get(slug, RequiredCourse(slug)) for slug in version.requires]


def outline(read: Edition, enrollment_id: int | None) -> list[LessonEntry]:
    """The lessons of an edition in order, and which of them a learner finished; one statement."""
    finished = finished_keys(enrollment_id) if enrollment_id is not None else set()
    return [LessonEntry(lesson, lesson.key in finished) for lesson in read.lessons]


def finished_keys(enrollment_id: int) -> set[str]:
    """The keys of the lessons that a learner finished."""
    return set(session().scalars(_FINISHED, {"enrollment_id": enrollment_id}))


def finished_by_enrollment(enrollment_ids: Sequence[int]) -> dict[int, set[str]]:
    """The keys of the finished lessons of some enrollments, by their ids."""
    rows = session().execute(
        select(FinishedLesson.enrollment_id, FinishedLesson.lesson_key).where(
            FinishedLesson.enrollment_id.in_(enrollment_ids)
        )
    )
    found: dict[int, set[str]] = {}
    for enrollment_id, key in rows:
        found.setdefault(enrollment_id, set()).add(key)
    return found


def finished_with(enrollment_id: int, uuid: str) -> tuple[set[str], bool]:
    """The keys of the lessons that a learner finished, and whether a lesson was finished with
    this UUID already; one statement."""
    asked = {"enrollment_id": enrollment_id, "uuid": uuid}
    rows = session().execute(_FINISHED_WITH, asked).all()
    keys = {row.lesson_key for row in rows if row.enrollment_id == enrollment_id}
    return keys, any(row.uuid == uuid for row in rows)


def last_substantial_number(course_id: int, *, up_to: int) -> int:
    """The number of the last version that learners have to accept; 0 when there is none."""
    return (
        session().scalar(
            select(func.max(CourseVersion.number)).where(
                CourseVersion.course_id == course_id,
                CourseVersion.number <= up_to,
                CourseVersion.change == "substantial",
            )
        )
        or 0
    )


def left_behind(version: CourseVersion, *, since_number: int, most: int) -> Sequence[Enrollment]:
    """Open enrollments on an earlier version of the course, from a number on, that may move to
    this one by themselves (see rules.moves_by_itself); the first so many."""
    own = aliased(CourseVersion)
    return (
        session()
        .scalars(
            select(Enrollment)
            .join(own, own.id == Enrollment.version_id)
            .outerjoin(Completion, Completion.enrollment_id == Enrollment.id)
            .where(
                Enrollment.course_id == version.course_id,
                Enrollment.version_id != version.id,
                own.number >= since_number,
                own.number < version.number,
                Completion.id.is_(None),
            )
            .options(contains_eager(Enrollment.version, alias=own))
            .order_by(Enrollment.id)
            .limit(most)
        )
        .all()
    )
