"""A department over two centres, their managers, people and completions, to be reported."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Any

from app.credentials import actions as credentials
from app.credentials.rules import Decision
from app.learning.models import Completion
from app.organization.models import Unit
from app.people.models import Person
from tests.world import NOW, a_completion, a_course, a_manager, a_person, a_unit

IN_MARCH = datetime(2026, 3, 5, 3, 0, tzinfo=UTC)
IN_JUNE = datetime(2026, 6, 15, 3, 0, tzinfo=UTC)
YEAR = {"tu": "01/01/2026", "den": "31/12/2026"}


class Province:
    """Two centres under one department; each has a manager, and so has the department."""

    def __init__(self) -> None:
        self.department = a_unit("Sở Công Thương tỉnh Minh Sơn", kind="department")
        self.centre = a_unit("Trung tâm Khuyến công Minh Sơn", parent=self.department)
        self.office = a_unit("Phòng Kinh tế xã Tân Lạc", parent=self.centre, kind="commune")
        self.neighbour = a_unit("Trung tâm Khuyến công Bình Giang", parent=self.department)
        self.manager = a_manager(self.centre, "Lê Văn Quản")
        self.their_manager = a_manager(self.neighbour, "Bùi Thị Lý")
        self.director = a_manager(self.department, "Đỗ Minh Trưởng")
        self.skills = a_course("Kỹ năng cộng tác viên khuyến công", slug="ky-nang", periods=12)
        self.digital = a_course(
            "Chuyển đổi số cơ bản", slug="so-hoa", periods=8, theme="digital-transformation"
        )

    def trained(
        self, name: str, unit: Unit | None = None, *, at: datetime = IN_MARCH, **others: Any
    ) -> tuple[Person, Completion]:
        """Somebody who completed the course of skills."""
        person = a_person(name, unit=unit or self.centre, **others)
        return person, a_completion(person, self.skills, completed_at=at)

    def recognize(
        self,
        completions: Sequence[Completion],
        *,
        unit: Unit | None = None,
        number: str = "45/QĐ-TTKC",
        day: date = date(2026, 7, 1),
        now: datetime = NOW,
    ) -> None:
        """Recognise completions by a decision; their certificates are issued at once."""
        credentials.recognize(
            unit or self.centre,
            [completion.id for completion in completions],
            Decision(number=number, day=day, signer_name="Trần Quốc Ưng", signer_title="Giám đốc"),
            roots=[self.department.id],
            by=self.director,
            now=now,
        )
