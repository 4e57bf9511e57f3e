"""A small province to issue certificates in: a department, two centres, their people, a course."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

from app.catalog.models import Course, CourseVersion
from app.credentials import rules
from app.kernel import keys, site
from app.kernel.database import session
from app.kernel.words import sort_key
from app.learning.models import Completion, Enrollment
from app.organization.models import Unit, UnitLine
from app.people.models import Person

NOW = datetime(2026, 11, 20, 3, 0, tzinfo=UTC)
TODAY = date(2026, 11, 20)
SITE = "https://hoc.khuyencong.example"


def settle(settings: Any) -> None:
    """Give this process the keys and the address that create_app would."""
    keys.use(keys.key_folder(settings.keys_url))
    site.use(SITE)


def a_unit(
    name: str, kind: str = "centre", parent: Unit | None = None, *, place: str = "Minh Sơn"
) -> Unit:
    """A unit with its lines to all above it."""
    made = Unit(
        code=f"DV{abs(hash((name, kind))) % 10**8}",
        kind=kind,
        name=name,
        name_sort=sort_key(name),
        name_fold=name.lower(),
        parent=parent,
        opened_on=date(2020, 1, 1),
        since=date(2020, 1, 1),
        place_name=place,
    )
    session().add(made)
    session().flush()
    above = (
        session().query(UnitLine).filter(UnitLine.unit_id == parent.id).all() if parent else []
    )
    session().add(UnitLine(ancestor_id=made.id, unit_id=made.id, depth=0))
    session().add_all(
        UnitLine(ancestor_id=line.ancestor_id, unit_id=made.id, depth=line.depth + 1)
        for line in above
    )
    session().flush()
    return made


_people = 0


def a_person(name: str = "Nguyễn Thị Hồng Ánh", **others: Any) -> Person:
    """A person who has all that a certificate needs."""
    global _people
    _people += 1
    given = {"birth_date": date(1988, 2, 5), "gender": "female", **others}
    person = Person(staff_code=f"CB{_people:05}", created_at=NOW, **given)
    person.rename(name)
    session().add(person)
    session().flush()
    return person


def a_course(
    slug: str = "lap-de-an", title: str = "Lập đề án khuyến công", **others: Any
) -> CourseVersion:
    """The current version of a course of three lessons and a quiz."""
    course = Course(slug=slug, created_at=NOW)
    values: dict[str, Any] = {
        "completion": {"lessons": ["mot", "hai", "ba"], "lessons_needed": 3, "final_quiz": 50},
        "final_quiz": None,
        "certificate": {"valid_months": 36},
        **others,
    }
    version = CourseVersion(
        course=course,
        number=1,
        content_hash=f"hash-of-{slug}",
        title={"vi": title, "en": "Preparing a project"},
        title_sort=sort_key(title),
        summary={"vi": ""},
        objectives={"vi": []},
        language="vi",
        theme="extension-skills",
        level="foundation",
        audience=[],
        periods=8,
        minutes=360,
        authors=[],
        legal_basis=[],
        requires=[],
        reviewed_on=date(2026, 11, 1),
        published_at=NOW,
        **values,
    )
    session().add_all([course, version])
    session().flush()
    course.current = version
    session().flush()
    return version


def an_enrollment(person: Person, version: CourseVersion, unit: Unit, **others: Any) -> Enrollment:
    """Somebody on their way."""
    started = NOW - timedelta(days=19)
    enrollment = Enrollment(
        person=person,
        course=version.course,
        version=version,
        unit_id=unit.id,
        enrolled_at=started,
        last_activity_at=started,
        **others,
    )
    session().add(enrollment)
    session().flush()
    return enrollment


def a_completion(
    person: Person, version: CourseVersion, unit: Unit, *, at: datetime | None = None
) -> Completion:
    """A course completed on 15 November, by somebody of a unit."""
    enrollment = an_enrollment(person, version, unit, lessons_done=3)
    completion = Completion(
        enrollment=enrollment,
        person=person,
        course=version.course,
        version=version,
        unit_id=unit.id,
        unit_name=unit.name,
        source="online",
        started_at=enrollment.enrolled_at,
        completed_at=at or NOW - timedelta(days=5),
        percent=85.0,
        periods=version.periods,
    )
    session().add(completion)
    session().flush()
    return completion


def a_decision(**others: Any) -> rules.Decision:
    """Decision 45/QĐ-TTKC of 18 November."""
    values: dict[str, Any] = {
        "number": "45/QĐ-TTKC",
        "day": date(2026, 11, 18),
        "signer_name": "Trần Quốc Ưng",
        "signer_title": "Giám đốc",
        **others,
    }
    return rules.Decision(**values)


class Province:
    """A department over two centres; a commune office below the first centre."""

    def __init__(self) -> None:
        self.department = a_unit("Sở Công Thương tỉnh Minh Sơn", "department")
        self.centre = a_unit("Trung tâm Khuyến công Minh Sơn", parent=self.department)
        self.office = a_unit("Phòng Kinh tế xã Tân Lạc", "commune", self.centre)
        self.neighbour = a_unit("Trung tâm Khuyến công Bình Giang", parent=self.department)
        self.manager = a_person("Lê Văn Quản")
        self.version = a_course()

    def completions(self, names: Sequence[str], unit: Unit | None = None) -> list[Completion]:
        """One completion for each name."""
        return [a_completion(a_person(n), self.version, unit or self.office) for n in names]
