"""Reads of the catalog: what is offered, a course, a lesson, a file."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any

from sqlalchemy import ColumnElement, Select, bindparam, case, cast, func, select, text
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
    searched: Sequence[Offered]
    """What the search alone finds."""
    wanted: Mapping[str, str]

    @cached_property
    def facets(self) -> Facets:
        """How many courses each choice would leave."""
        counts = {name: _counts(self.searched, self.wanted, name) for name in self.wanted}
        return Facets(**counts)


def catalogue(*, query: str = "", theme: str = "", level: str = "", length: str = "") -> Catalogue:
    """Current courses that match, best first for a search, by title otherwise; two statements.

    A choice that does not exist filters nothing.
    """
    tiers = _found(query) if query.strip() else None
    rows = session().execute(_OFFERED).all()
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
    return Catalogue([c for c in courses if _fits(c, wanted)], courses, wanted)


_COURSE: Any = Course.__table__.c
_OFFERED = select(_COURSE.id, _COURSE.slug, _COURSE.current_id)


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
    on_sqlite = is_sqlite()
    queries = search.sqlite_queries(query) if on_sqlite else search.postgresql_queries(query)
    if not queries:
        return {}
    asked = {f"tier{tier}": match for tier, match in enumerate(queries)}
    rows = session().execute(_search(len(queries), on_sqlite=on_sqlite), asked)
    return {row[0]: row[1] for row in rows}


@cache
def _search(tiers: int, *, on_sqlite: bool) -> Select[Any]:
    """The statement of a search in so many tiers, put together once."""
    words: Any = CourseText.__table__.c
    matches: list[ColumnElement[bool]]
    if on_sqlite:
        matches = [
            words.id.in_(
                select(text("rowid"))
                .select_from(text("course_search"))
                .where(text(f"course_search MATCH :tier{tier}"))
            )
            for tier in range(tiers)
        ]
    else:
        matches = [
            words.words.op("@@", is_comparison=True)(cast(bindparam(f"tier{tier}"), TSQUERY))
            for tier in range(tiers)
        ]
    tier_of = case(*((match, tier) for tier, match in enumerate(matches)), else_=tiers)
    return select(words.course_id, func.min(tier_of)).where(matches[-1]).group_by(words.course_id)


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
