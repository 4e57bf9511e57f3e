"""Reads of reporting: scopes, a person's record, exports. Each at a fixed number of
statements, whatever the number of learners. What is counted stands in figures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from sqlalchemy import func, or_, select
from sqlalchemy.orm import aliased, selectinload

from app.catalog.models import Course, CourseVersion
from app.catalog.words import THEME_NAMES
from app.credentials.models import (
    Certificate,
    Recognition,
    RecognizedCompletion,
)
from app.credentials.queries import same_person
from app.kernel.database import session
from app.kernel.lists.filters import Option, Options
from app.kernel.lists.listing import Asked, List
from app.learning.models import Completion, Enrollment
from app.organization.models import Unit, UnitLine
from app.organization.queries import breadth_of, unit_choices
from app.people.models import Membership, Person
from app.people.queries import holds_on
from app.people.rules import MEMBERSHIP_NAMES
from app.reporting import rules
from app.reporting.administrative import Issuer, TrainedList, grouped_by_person, scope_line
from app.reporting.lists import (
    COURSE,
    MEMBER,
    STATE,
    STATES,
    THEME,
    UNIT,
    Scope,
    certificate_state,
    ended_by,
    is_latest_certificate,
    progress,
    title_in,
)
from app.reporting.models import ReportExport

# Scopes and choices


def measured(scope: Scope) -> Scope:
    """A scope with how much of the country it is: pages are found by that. One statement."""
    return replace(scope, breadth=breadth_of(scope.roots))


def unit_options(scope: Scope, chosen: str = "") -> list[Option]:
    """The units of a scope as a tree: the nearest levels, and the way to the chosen one."""
    is_number = chosen.isascii() and chosen.isdigit() and len(chosen) < 19
    choices = unit_choices(scope.roots, chosen=int(chosen) if is_number else None)
    return [Option(str(unit.id), unit.name, unit.depth) for unit in choices.units]


def course_options(language: str) -> list[Option]:
    """Every published course, by title."""
    return [
        Option(slug, title)
        for slug, title in session().execute(
            select(Course.slug, title_in(language))
            .join(CourseVersion, CourseVersion.id == Course.current_id)
            .order_by(CourseVersion.title_sort)
        )
    ]


def options(listed: List[Scope], scope: Scope, arguments: Mapping[str, str]) -> Options:
    """The values that a scope may choose in a list's filters: two or three statements."""
    return {
        UNIT: unit_options(scope, arguments.get(UNIT, "")),
        COURSE: course_options(scope.language),
        THEME: [Option(key, str(name)) for key, name in THEME_NAMES.items()],
        STATE: [Option(key, str(name)) for key, name in STATES.get(listed.name, {}).items()],
        MEMBER: [Option(key, str(name)) for key, name in MEMBERSHIP_NAMES.items()],
    }


# A person


@dataclass(frozen=True)
class CourseRecord:
    """One round of a course in a person's record."""

    source: Any
    """A row with the course, enrollment, completion, decision and certificate."""
    state: str
    """What holds of the certificate, in words; nothing where there is none."""

    @property
    def progress(self) -> float | None:
        """The share of the lessons that is finished."""
        return progress(self.source)


@dataclass(frozen=True)
class Record:
    """What a person has learned: every round of every course, the latest first."""

    courses: tuple[CourseRecord, ...]

    @property
    def completed(self) -> tuple[CourseRecord, ...]:
        """The completed rounds."""
        return tuple(c for c in self.courses if c.source.completed_at)

    @property
    def periods(self) -> int:
        """The sum of the periods of all completions."""
        return sum(c.source.periods for c in self.completed)

    @property
    def certified(self) -> int:
        """How many certificates hold."""
        return sum(1 for c in self.courses if c.source.register_no and not c.source.ended_by)


def person_for(person_id: int, scope: Scope) -> tuple[Person, bool] | None:
    """A person as a scope may see them, and whether all of their record belongs to it.

    A member of today is seen whole. Who left is seen with what happened in the scope's
    units. Anybody else is not there.
    """
    place = aliased(Membership)
    # Said of the number itself: of each person's id PostgreSQL would first list all members.
    is_member = (
        select(place.id)
        .where(
            place.person_id == person_id,
            place.unit_id.in_(scope.units),
            holds_on(place, scope.on),
        )
        .exists()
    )
    was_here = (
        select(Enrollment.id)
        .where(
            Enrollment.person_id.in_(same_person(person_id)),
            Enrollment.unit_id.in_(scope.units),
        )
        .exists()
    )
    row = (
        session()
        .execute(
            select(Person, is_member.label("is_member"))
            .where(Person.id == person_id, Person.current_id.is_(None), or_(is_member, was_here))
            .options(selectinload(Person.memberships).joinedload(Membership.unit))
        )
        .one_or_none()
    )
    return (row[0], bool(row.is_member)) if row else None


def places_of(person: Person, on: date) -> list[tuple[str, str]]:
    """(unit, kind and position) of a loaded person's memberships on a day, the primary first."""
    held = [
        m for m in person.memberships if m.starts_on <= on and (not m.ends_on or on < m.ends_on)
    ]
    return [
        (m.unit.name, " · ".join(filter(None, (str(MEMBERSHIP_NAMES[m.kind]), m.position))))
        for m in sorted(held, key=lambda m: not m.is_primary)
    ]


def record_of(person_id: int, *, language: str, on: date, scope: Scope | None = None) -> Record:
    """A person's training record in two statements; within a scope's units where one is given."""
    # Read first: PostgreSQL turns no more than eight tables (join_collapse_limit) to begin here.
    ids = session().scalars(same_person(person_id)).all()
    statement = (
        select(
            Enrollment.id,
            Course.slug,
            title_in(language),
            CourseVersion.theme,
            CourseVersion.completion.label("rule"),
            Enrollment.round,
            Enrollment.enrolled_at,
            Enrollment.last_activity_at,
            Enrollment.lessons_done,
            Unit.name.label("unit_name"),
            Completion.completed_at,
            func.coalesce(Completion.periods, CourseVersion.periods).label("periods"),
            Completion.source,
            Completion.percent,
            Recognition.decision_number,
            Recognition.decision_date,
            Certificate.code,
            Certificate.register_no,
            Certificate.issued_on,
            Certificate.expires_on,
            ended_by().label("ended_by"),
        )
        .select_from(Enrollment)
        .join(Course, Course.id == Enrollment.course_id)
        .join(CourseVersion, CourseVersion.id == Enrollment.version_id)
        .outerjoin(Unit, Unit.id == Enrollment.unit_id)
        .outerjoin(Completion, Completion.enrollment_id == Enrollment.id)
        .outerjoin(RecognizedCompletion, RecognizedCompletion.completion_id == Completion.id)
        .outerjoin(Recognition, Recognition.id == RecognizedCompletion.recognition_id)
        .outerjoin(Certificate, is_latest_certificate())
        .where(Enrollment.person_id.in_(ids))
        .order_by(
            func.coalesce(Completion.completed_at, Enrollment.last_activity_at).desc(),
            Enrollment.id.desc(),
        )
    )
    if scope is not None:
        statement = statement.where(Enrollment.unit_id.in_(scope.units))
    return Record(
        tuple(
            CourseRecord(row, certificate_state(row, on) if row.register_no else "")
            for row in session().execute(statement)
        )
    )


# The administrative list


def issuer_for(unit_id: int) -> tuple[Issuer, bool]:
    """Whose list it is, and whether the unit is illustration: one statement."""
    above = (
        session()
        .execute(
            select(Unit.name, Unit.place_name, Unit.is_illustration)
            .join(UnitLine, UnitLine.ancestor_id == Unit.id)
            .where(UnitLine.unit_id == unit_id)
            .order_by(UnitLine.depth)
        )
        .all()
    )
    place = next((row.place_name for row in above if row.place_name), "")
    superior = above[1].name if len(above) > 1 else ""
    return Issuer(superior, above[0].name, place), above[0].is_illustration


def trained_rows(asked: Asked[Scope]) -> list[Any]:
    """The completions of an administrative list, a person's together.

    Raises TooLongForPaper above what paper holds.
    """
    rows: list[Any] = []
    for row in asked.sources(session()):
        if len(rows) == rules.DOCUMENT_ROWS:
            raise rules.TooLongForPaper
        rows.append(row)
    return rows


def trained_list(asked: Asked[Scope], rows: Sequence[Any]) -> TrainedList:
    """The administrative list of a question, in the name of the manager's own unit."""
    issuer, is_illustration = issuer_for(own_root(asked))
    return TrainedList(
        issuer=issuer,
        scope_line=scope_line(asked.words),
        year=asked.scope.on.year,
        people=grouped_by_person(rows),
        is_illustration=is_illustration,
    )


def own_root(asked: Asked[Scope]) -> int:
    """The unit in whose name somebody asks: of their own units the one above what was chosen."""
    chosen = asked.arguments.get(UNIT)
    if chosen is None:
        return asked.scope.roots[0]
    return (
        session()
        .scalars(
            select(UnitLine.ancestor_id)
            .where(UnitLine.unit_id == int(chosen), UnitLine.ancestor_id.in_(asked.scope.roots))
            .order_by(UnitLine.depth)
            .limit(1)
        )
        .one()
    )


# Exports


def exports_by(person_id: int) -> Sequence[ReportExport]:
    """The ten last exports that somebody made."""
    return (
        session()
        .scalars(
            select(ReportExport)
            .where(ReportExport.made_by_id == person_id)
            .order_by(ReportExport.id.desc())
            .limit(10)
        )
        .all()
    )


def export_for(export_id: int, person_id: int, roots: Sequence[int]) -> ReportExport | None:
    """An export that one made, or that people below one's own units made; else None.

    In either case of units that are still one's own today: an old file is no way around a scope.
    """
    export = session().get(ReportExport, export_id)
    if export is None:
        return None
    covered = set(export.filters["roots"])
    nearest = 0 if export.made_by_id == person_id else 1
    below = session().scalars(
        select(UnitLine.unit_id).where(
            UnitLine.ancestor_id.in_(roots),
            UnitLine.unit_id.in_(covered),
            UnitLine.depth >= nearest,
        )
    )
    return export if covered and covered <= set(below) else None
