"""Verbs of the catalog: publish a checked course."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import delete, func, select

from app.catalog import search
from app.catalog.content import CourseContent, LessonPage, ReadyLesson, ReadyQuestion
from app.catalog.course_file import CourseFile, FinalQuiz
from app.catalog.models import (
    Course,
    CourseText,
    CourseVersion,
    Lesson,
    LessonContent,
    Question,
    VersionFile,
    VersionPublished,
    VersionQuestion,
)
from app.kernel import news
from app.kernel.database import is_sqlite, serialize, session
from app.kernel.files import files
from app.kernel.words import sort_key
from app.people.models import Person


def store_files(content: CourseContent) -> None:
    """Put a course's files into the file store; slow, so do it before a transaction opens."""
    for data in content.bundle.files.values():
        files().store(data)


def publish(content: CourseContent, *, by: Person | None, now: datetime) -> CourseVersion:
    """Make a checked course (`check.ready`) the current version of its slug.

    The same content twice changes nothing; a content that was current before becomes current
    again. Tells VersionPublished when the current version changed.
    """
    serialize(f"course:{content.bundle.slug}")
    course = _course(content.bundle.slug, now)
    digest = content.bundle.content_hash
    version = session().scalar(
        select(CourseVersion).where(
            CourseVersion.course_id == course.id, CourseVersion.content_hash == digest
        )
    )
    if version is None:
        version = _make_version(course, content, digest, by, now)
    previous_id = course.current_id
    if previous_id == version.id:
        return version
    course.current_id = version.id
    session().flush()
    _index(course, content)
    news.tell(VersionPublished(version, previous_id), now=now)
    return version


def _course(slug: str, now: datetime) -> Course:
    course = session().scalar(select(Course).where(Course.slug == slug))
    if course is None:
        course = Course(slug=slug, created_at=now)
        session().add(course)
        session().flush()
    return course


def _make_version(
    course: Course, content: CourseContent, digest: str, by: Person | None, now: datetime
) -> CourseVersion:
    file = content.file
    latest = session().scalar(
        select(func.max(CourseVersion.number)).where(CourseVersion.course_id == course.id)
    )
    version = CourseVersion(
        course_id=course.id,
        number=(latest or 0) + 1,
        content_hash=digest,
        title=dict(file.title),
        title_sort=sort_key(file.title[file.language]),
        summary=dict(file.summary),
        objectives={name: list(rows) for name, rows in file.objectives.items()},
        language=file.language,
        theme=file.theme,
        level=file.level,
        audience=list(file.audience),
        periods=file.periods,
        minutes=content.minutes,
        authors=list(file.authors),
        legal_basis=list(file.legal_basis),
        requires=list(file.requires),
        reviewed_on=file.reviewed_on,
        closes_on=file.closes_on,
        completion=completion_rule(file, content.lessons),
        final_quiz=_final_quiz(file.final_quiz),
        certificate={
            "valid_months": file.certificate.valid_months,
            "skills": list(file.certificate.skills),
        },
        # A version that does not say what it is reaches everyone, as a correction does.
        change=file.change or ("correction" if latest else ""),
        what_changed=dict(file.what_changed),
        published_at=now,
        published_by_id=by.id if by else None,
    )
    session().add(version)
    session().flush()
    _add_lessons(version, content.lessons)
    _add_questions(version, content.questions)
    _add_files(version, content)
    session().flush()
    return version


def completion_rule(file: CourseFile, lessons: tuple[ReadyLesson, ...]) -> dict[str, Any]:
    """What completes the course: which lessons count, how many are needed, the pass mark."""
    rule = file.completion
    keys = [lesson.key for lesson in lessons]
    counted = list(rule.lessons) if isinstance(rule.lessons, tuple) else keys
    needed = rule.lessons if isinstance(rule.lessons, int) else len(counted)
    return {"lessons": counted, "lessons_needed": needed, "final_quiz": rule.final_quiz}


def _final_quiz(quiz: FinalQuiz | None) -> dict[str, Any] | None:
    if quiz is None:
        return None
    return {
        "minutes": quiz.minutes,
        "attempts": quiz.attempts,
        "wait_hours": quiz.wait_hours,
        "shuffle": quiz.shuffle,
        "review": quiz.review,
        "draw": [
            {
                "from": draw.topic,
                "count": draw.count,
                "tags": list(draw.tags),
                "difficulty": draw.difficulty,
            }
            for draw in quiz.draw
        ],
    }


def _add_lessons(version: CourseVersion, lessons: tuple[ReadyLesson, ...]) -> None:
    pages = {page.content_hash: page for lesson in lessons for page in lesson.pages.values()}
    known = set(
        session().scalars(select(LessonContent.hash).where(LessonContent.hash.in_(list(pages))))
    )
    session().add_all(
        _lesson_content(digest, page) for digest, page in pages.items() if digest not in known
    )
    session().add_all(
        Lesson(
            version_id=version.id,
            key=lesson.key,
            was=lesson.was or "",
            position=position,
            kind=lesson.kind,
            minutes=lesson.minutes,
            titles={name: page.title for name, page in lesson.pages.items()},
            contents={name: page.content_hash for name, page in lesson.pages.items()},
            stale=[name for name, page in lesson.pages.items() if page.is_stale],
            draw=[],
        )
        for position, lesson in enumerate(lessons, 1)
    )


def _lesson_content(digest: str, page: LessonPage) -> LessonContent:
    return LessonContent(
        hash=digest,
        title=page.title,
        parts=[dict(part) for part in page.parts],
        objectives=list(page.objectives),
        headings=[list(heading) for heading in page.headings],
        plain_text=page.text,
    )


def _add_questions(version: CourseVersion, questions: tuple[ReadyQuestion, ...]) -> None:
    rows = session().scalars(select(Question).where(Question.course_id == version.course_id))
    known = {(row.key, row.hash): row for row in rows}
    for ready in questions:
        name = (ready.id, ready.content_hash)
        if name not in known:
            known[name] = Question(
                course_id=version.course_id,
                key=ready.id,
                hash=ready.content_hash,
                kind=ready.source.kind,
                content=ready.to_json(),
            )
            session().add(known[name])
    session().flush()
    session().add_all(
        VersionQuestion(
            version_id=version.id,
            question_id=known[(ready.id, ready.content_hash)].id,
            key=ready.id,
            lesson_key=ready.lesson_key,
            topic=ready.topic,
            position=position,
            points=float(ready.source.points),
            difficulty=ready.source.difficulty or "",
            tags=list(ready.source.tags),
        )
        for position, ready in enumerate(questions, 1)
    )


def _add_files(version: CourseVersion, content: CourseContent) -> None:
    for path, data in content.bundle.files.items():
        session().add(
            VersionFile(version_id=version.id, path=path, hash=files().store(data), size=len(data))
        )


def _index(course: Course, content: CourseContent) -> None:
    """Make search look in the current version, in every language it is written in."""
    session().execute(delete(CourseText).where(CourseText.course_id == course.id))
    file = content.file
    languages = {name for lesson in content.lessons for name in lesson.pages}
    for language in sorted({file.language, *languages}):
        pages = [lesson.pages[language] for lesson in content.lessons if language in lesson.pages]
        title = file.title.get(language, "")
        body = " ".join(
            [
                file.summary.get(language, ""),
                *file.objectives.get(language, ()),
                *(f"{page.title} {page.text}" for page in pages),
            ]
        )
        session().add(
            CourseText(
                course_id=course.id,
                language=language,
                title=" ".join(search.words_of(title)),
                body=" ".join(search.words_of(body)),
                title_fold=" ".join(search.folded_words_of(title)),
                body_fold=" ".join(search.folded_words_of(body)),
                words="" if is_sqlite() else search.weighted_words(title, body),
            )
        )
    session().flush()
