"""Reads of the catalog: what is offered, a course, a lesson, a file."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, case, cast, func, select, text
from sqlalchemy.dialects.postgresql import TSQUERY
from sqlalchemy.orm import joinedload

from app.catalog import search
from app.catalog.editions import Edition, editions
from app.catalog.models import (
    LEVELS,
    THEMES,
    Course,
    CourseText,
    CourseVersion,
    Lesson,
    VersionFile,
)
from app.catalog.rules import LENGTHS, length_of
from app.kernel.database import is_sqlite, session


@dataclass(frozen=True)
class Facets:
    """How many courses each choice would leave, the other choices kept."""

    theme: Mapping[str, int]
    level: Mapping[str, int]
    length: Mapping[str, int]


@dataclass(frozen=True)
class Offered:
    """A course on offer, as it is today."""

    id: int
    slug: str
    edition: Edition


@dataclass(frozen=True)
class Catalogue:
    """The courses on offer after search and filters, and what the filters would leave."""

    courses: Sequence[Offered]
    facets: Facets


def catalogue(*, query: str = "", theme: str = "", level: str = "", length: str = "") -> Catalogue:
    """Current courses that match, best first for a search, by title otherwise; two statements.

    A choice that does not exist filters nothing.
    """
    tiers = _found(query) if query.strip() else None
    rows = session().execute(select(Course.id, Course.slug, Course.current_id)).all()
    read = editions(row.current_id for row in rows if row.current_id is not None)
    courses = [
        Offered(row.id, row.slug, read[row.current_id])
        for row in rows
        if row.current_id is not None and (tiers is None or row.id in tiers)
    ]
    courses.sort(key=lambda course: (course.edition.title_sort, course.id))
    if tiers is not None:
        courses.sort(key=lambda course: tiers[course.id])
    wanted = {
        "theme": theme if theme in THEMES else "",
        "level": level if level in LEVELS else "",
        "length": length if length in LENGTHS else "",
    }
    return Catalogue(
        [c for c in courses if _fits(c, wanted)],
        Facets(**{name: _counts(courses, wanted, name) for name in wanted}),
    )


def _traits(course: Offered) -> dict[str, str]:
    read = course.edition
    return {"theme": read.theme, "level": read.level, "length": length_of(read.periods)}


def _fits(course: Offered, wanted: Mapping[str, str], *, but: str = "") -> bool:
    traits = _traits(course)
    return all(not value or name == but or traits[name] == value for name, value in wanted.items())


def _counts(courses: Sequence[Offered], wanted: Mapping[str, str], name: str) -> Mapping[str, int]:
    return Counter(_traits(c)[name] for c in courses if _fits(c, wanted, but=name))


def _found(query: str) -> dict[int, int]:
    """Ids of the courses that hold every word of a query, with their tier (0 is best)."""
    matches: list[ColumnElement[bool]]
    if is_sqlite():
        queries = search.sqlite_queries(query)
        matches = [
            CourseText.id.in_(
                select(text("rowid"))
                .select_from(text("course_search"))
                .where(
                    text(f"course_search MATCH :tier{tier}").bindparams(**{f"tier{tier}": match})
                )
            )
            for tier, match in enumerate(queries)
        ]
    else:
        queries = search.postgresql_queries(query)
        matches = [
            CourseText.words.op("@@", is_comparison=True)(cast(match, TSQUERY)) for match in queries
        ]
    if not queries:
        return {}
    tier_of = case(*((match, tier) for tier, match in enumerate(matches)), else_=len(matches))
    statement = (
        select(CourseText.course_id, func.min(tier_of))
        .where(matches[-1])
        .group_by(CourseText.course_id)
    )
    return {row[0]: row[1] for row in session().execute(statement)}


def open_course(slug: str) -> Course | None:
    """A published course with its current version, in one statement."""
    return session().scalar(
        select(Course)
        .where(Course.slug == slug, Course.current_id.is_not(None))
        .options(joinedload(Course.current))
    )


def all_slugs() -> set[str]:
    """The slugs of every published course."""
    return set(session().scalars(select(Course.slug).where(Course.current_id.is_not(None))))


def lessons_of(version_id: int) -> Sequence[Lesson]:
    """The lessons of a version in their order, in one statement."""
    return (
        session()
        .scalars(select(Lesson).where(Lesson.version_id == version_id).order_by(Lesson.position))
        .all()
    )


def version_of(slug: str, number: int | None = None) -> CourseVersion | None:
    """A version of a course by its number; without one, the current version."""
    statement = select(CourseVersion).join(Course, Course.id == CourseVersion.course_id)
    if number is None:
        statement = statement.where(CourseVersion.id == Course.current_id)
    else:
        statement = statement.where(CourseVersion.number == number)
    return session().scalar(statement.where(Course.slug == slug))


def files_of(version_id: int) -> Mapping[str, str]:
    """The files of a version: path to hash in the file store."""
    rows = session().execute(
        select(VersionFile.path, VersionFile.hash)
        .where(VersionFile.version_id == version_id)
        .order_by(VersionFile.path)
    )
    return {row.path: row.hash for row in rows}


def media_file(digest: str, name: str) -> VersionFile | None:
    """A published media file by hash and name; a course's own text is never found here."""
    found = session().scalars(
        select(VersionFile).where(VersionFile.hash == digest, VersionFile.path.like("media/%"))
    )
    return next((file for file in found if file.path.rpartition("/")[2] == name), None)
