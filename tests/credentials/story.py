"""A small province to issue certificates in: a department, two centres, their people, a course."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

from app.catalog.models import Course
from app.credentials import rules
from app.kernel import keys, site
from app.kernel.database import session
from app.learning.models import Completion, Enrollment
from app.organization.models import Unit
from app.people.models import Person
from tests import world

NOW = datetime(2026, 11, 20, 3, 0, tzinfo=UTC)
TODAY = date(2026, 11, 20)
SITE = "https://hoc.khuyencong.example"


def settle(settings: Any) -> None:
    """Give this process the keys and the address that create_app would."""
    keys.use(keys.key_folder(settings.keys_url))
    site.use(SITE)


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


def an_enrollment(person: Person, course: Course, unit: Unit, *, lessons_done: int) -> Enrollment:
    """Somebody on their way."""
    started = NOW - timedelta(days=19)
    enrollment = Enrollment(
        person_id=person.id,
        course_id=course.id,
        version_id=course.current_id or 0,
        unit_id=unit.id,
        enrolled_at=started,
        last_activity_at=started,
        lessons_done=lessons_done,
    )
    session().add(enrollment)
    session().flush()
    return enrollment


class Province:
    """A department over two centres; a commune office below the first centre."""

    def __init__(self) -> None:
        self.department = world.a_unit("Sở Công Thương tỉnh Minh Sơn", kind="department")
        self.centre = world.a_unit("Trung tâm Khuyến công Minh Sơn", parent=self.department)
        self.office = world.a_unit("Phòng Kinh tế xã Tân Lạc", kind="commune", parent=self.centre)
        self.neighbour = world.a_unit("Trung tâm Khuyến công Bình Giang", parent=self.department)
        self.manager = world.a_manager(self.centre, "Lê Văn Quản")
        self.course = world.a_course(
            "Lập đề án khuyến công",
            lessons=3,
            final_quiz={"draw": []},
            certificate={"valid_months": 36, "skills": []},
        )

    def completions(self, names: Sequence[str], unit: Unit | None = None) -> list[Completion]:
        """One completion for each name, of 15 November."""
        unit = unit or self.office
        return [self.completion(world.a_person(name, unit=unit), unit) for name in names]

    def completion(self, person: Person, unit: Unit | None = None) -> Completion:
        """The course completed by somebody on 15 November, after two weeks."""
        return world.a_completion(
            person, self.course, completed_at=NOW - timedelta(days=5), unit=unit or self.office
        )
