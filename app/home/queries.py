"""Reads of the first page: everything a learner needs first, at a fixed number of statements."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import and_, bindparam, func, select

from app.catalog.editions import Edition, editions
from app.catalog.models import Course, CourseVersion
from app.credentials.models import Certificate
from app.credentials.queries import ended
from app.kernel.clock import VIETNAM
from app.kernel.database import session
from app.learning.models import Completion, Enrollment
from app.learning.queries import Way, enrollments_of
from app.organization.models import UnitLine, UnitSetting
from app.people.models import Membership

SUGGESTIONS = 4
YEARLY_TARGET = "yearly_target"


@dataclass(frozen=True)
class Year:
    """Periods that a person completed in a year, beside the target their unit set, if any."""

    year: int
    periods: int
    target: int | None
    basis: str


def running(person_id: int) -> list[Way]:
    """A person's courses that are not completed, the latest activity first; one statement."""
    return [way for way in enrollments_of(person_id) if not way.is_completed]


@dataclass(frozen=True)
class Suggestion:
    """A course that one might begin."""

    slug: str
    edition: Edition


# Put together once, not for each request: this page is the most read of all.
_NOT_BEGUN = (
    select(Course.slug, Course.current_id)
    .outerjoin(
        Enrollment,
        and_(Enrollment.course_id == Course.id, Enrollment.person_id == bindparam("person_id")),
    )
    .where(Enrollment.id.is_(None), Course.current_id.is_not(None))
)
_NEWEST = (
    select(Certificate)
    .where(Certificate.person_id == bindparam("person_id"), ~ended())
    .order_by(Certificate.issued_at.desc(), Certificate.id.desc())
    .limit(1)
)
_PERIODS = (
    select(func.coalesce(func.sum(Completion.periods), 0))
    .where(
        Completion.person_id == bindparam("person_id"),
        Completion.completed_at >= bindparam("start"),
    )
    .scalar_subquery()
)
_TARGET = (
    select(UnitSetting.value)
    .join(UnitLine, UnitLine.ancestor_id == UnitSetting.unit_id)
    .join(Membership, Membership.unit_id == UnitLine.unit_id)
    .where(
        Membership.person_id == bindparam("person_id"),
        Membership.is_primary,
        Membership.ends_on.is_(None),
        UnitSetting.name == YEARLY_TARGET,
    )
    .order_by(UnitLine.depth)
    .limit(1)
    .scalar_subquery()
)
_YEAR = select(_PERIODS.label("periods"), _TARGET.label("target"))


def suggested(person_id: int, today: date) -> list[Suggestion]:
    """Open courses that the person never enrolled in, in Vietnamese order; one statement."""
    rows = session().execute(_NOT_BEGUN, {"person_id": person_id})
    current = {slug: version_id for slug, version_id in rows if version_id is not None}
    read = editions(current.values())
    offered = [Suggestion(slug, read[version_id]) for slug, version_id in current.items()]
    still_open = [
        one for one in offered if one.edition.closes_on is None or one.edition.closes_on >= today
    ]
    return sorted(still_open, key=lambda one: one.edition.title_sort)


def newest_certificate(person_id: int) -> Certificate | None:
    """The certificate issued to a person last, of those that were not taken back."""
    return session().scalar(_NEWEST, {"person_id": person_id})


def year_of(person_id: int, today: date) -> Year:
    """This year's periods and the nearest unit's target, in one statement.

    The target is the operator's own: no general legal minimum is in force (domain.md 0, 7).
    """
    start = datetime(today.year, 1, 1, tzinfo=VIETNAM)
    row = session().execute(_YEAR, {"person_id": person_id, "start": start}).one()
    value = row.target or {}
    is_this_year = value.get("year") == today.year
    return Year(
        year=today.year,
        periods=int(row.periods),
        target=value.get("periods") if is_this_year else None,
        basis=value.get("basis", "") if is_this_year else "",
    )


@dataclass(frozen=True)
class Offer:
    """What the front page may say of the catalogue: counted, never invented."""

    courses: int
    periods: int


def offer() -> Offer:
    """How many courses and periods are published."""
    row = (
        session()
        .execute(
            select(func.count(Course.id), func.coalesce(func.sum(CourseVersion.periods), 0)).join(
                CourseVersion, CourseVersion.id == Course.current_id
            )
        )
        .one()
    )
    return Offer(courses=int(row[0]), periods=int(row[1]))
