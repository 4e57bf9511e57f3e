"""What offices do in the story: targets, requirements, decisions, certificates taken back."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import select

from app.catalog.models import Course
from app.credentials import actions as credentials
from app.credentials import queries as register
from app.credentials.models import Certificate
from app.credentials.rules import Decision
from app.demo.learning import SLUGS
from app.demo.moments import Act, day_before, moment
from app.demo.persons import RENAMED, Somebody
from app.demo.units import AGENCY, CENTRE, DEPARTMENT, NEIGHBOUR
from app.kernel.clock import local_date
from app.kernel.database import session
from app.learning.models import Completion
from app.organization.models import Unit, UnitSetting
from app.organization.queries import ids_below
from app.people.models import Person
from app.requirements import actions as requirements

STANDING_SINCE = 390
REVOKED = 80

# Days ago, unit, abbreviation in its decisions' numbers, who enters it, signing for, title, name.
_BATCHES = (
    (270, AGENCY, "QĐ-ĐCK", "MS0913", "", "Cục trưởng", "Nhâm Quốc Việt"),
    (195, NEIGHBOUR, "QĐ-TTKC&XTTM", "MS0914", "", "Giám đốc", "Võ Thành Nghĩa"),
    (90, NEIGHBOUR, "QĐ-TTKC&XTTM", "MS0914", "KT. Giám đốc", "Phó Giám đốc", "Lục Thị Hạnh"),
    (75, DEPARTMENT, "QĐ-SCT", "MS0912", "KT. Giám đốc", "Phó Giám đốc", "Nghiêm Xuân Trường"),
)

# Days ago it was asked, unit, course, of whom, by whom, days from now until it is due.
_REQUIREMENTS = (
    (130, CENTRE, "K2", "collaborator", "MS0911", -12),
    (45, CENTRE, "S1", "", "MS0911", 6),
    (20, DEPARTMENT, "C2", "officer", "MS0912", 45),
    (40, NEIGHBOUR, "K2", "", "MS0914", 20),
)


def acts(units: Mapping[str, Unit], people: Mapping[str, Somebody], *, now: datetime) -> list[Act]:
    """Every act of an office, with its moment."""
    office = Office(units, {code: somebody.person for code, somebody in people.items()}, now)
    return [
        Act(moment(now, STANDING_SINCE, 9), office.decide_for_good),
        Act(moment(now, STANDING_SINCE, 10), office.set_target),
        *(office.batch(number, *batch) for number, batch in enumerate(_BATCHES, 21)),
        *(act for asked in _REQUIREMENTS for act in office.requirement(*asked)),
        Act(moment(now, RENAMED, 15), office.reissue),
        Act(moment(now, REVOKED, 15), office.revoke),
    ]


class Office:
    """The desks at which the story's papers are made."""

    def __init__(
        self, units: Mapping[str, Unit], people: Mapping[str, Person], now: datetime
    ) -> None:
        self.units, self.people, self.now = units, people, now

    def decide_for_good(self, at: datetime) -> None:
        """The centre recognises whoever completes, by one decision made beforehand."""
        decision = Decision(
            number="38/QĐ-TTKC",
            day=day_before(self.now, STANDING_SINCE + 3),
            signer_name="Hoàng Thị Minh Nguyệt",
            signer_title="Giám đốc",
        )
        credentials.open_standing_decision(
            self.units[CENTRE], decision, by=self.people["MS0911"], now=at
        )

    def set_target(self, at: datetime) -> None:
        """The centre's own aim for this year: no law in force sets one."""
        year = local_date(self.now).year
        basis = f"Mục tiêu năm {year} do Trung tâm đặt"
        session().add(
            UnitSetting(
                unit_id=self.units[CENTRE].id,
                name="yearly_target",
                value={"year": year, "periods": 24, "basis": basis},
            )
        )

    def batch(
        self,
        number: int,
        days: int,
        unit_code: str,
        sign: str,
        entered_by: str,
        signing_for: str,
        title: str,
        name: str,
    ) -> Act:
        """Recognition, by one decision, of all in a unit who wait and whose papers are whole."""
        decision = Decision(
            number=f"{number}/{sign}",
            day=day_before(self.now, days),
            signer_name=name,
            signer_title=title,
            signing_for=signing_for,
        )
        unit = self.units[unit_code]

        def recognize(at: datetime) -> None:
            done = session().scalars(
                select(Completion.id).where(Completion.unit_id.in_(ids_below([unit.id])))
            )
            waiting = register.waiting_among([unit.id], done.all())
            ready = [one.completion.id for one in waiting if not one.lacks]
            if ready:
                by = self.people[entered_by]
                credentials.recognize(unit, ready, decision, roots=[unit.id], by=by, now=at)

        return Act(moment(self.now, days, 21, 30), recognize)

    def requirement(
        self, days: int, unit_code: str, short: str, kind: str, by: str, due_in: int
    ) -> list[Act]:
        """A course asked of a unit's people; nothing where the course is not published."""
        course = session().scalar(select(Course).where(Course.slug == SLUGS[short]))
        if course is None:
            return []

        def require(at: datetime) -> None:
            requirements.require(
                course,
                self.units[unit_code],
                membership_kind=kind,
                due_on=day_before(self.now, -due_in),
                by=self.people[by],
                now=at,
            )

        return [Act(moment(self.now, days, 8, 15), require)]

    def reissue(self, at: datetime) -> None:
        """A changed name gets a new paper; the old one keeps its number."""
        for certificate in self._certificates("MS0014"):
            credentials.reissue(
                certificate,
                reason="Họ tên được thay đổi theo quyết định về hộ tịch",
                by=self.people["MS0911"],
                now=at,
            )

    def revoke(self, at: datetime) -> None:
        """A paper taken back for a cause."""
        for certificate in self._certificates("MS0009"):
            credentials.revoke(
                certificate,
                reason="Bài kiểm tra do người khác làm thay",
                decision=f"số 52/QĐ-TTKC ngày {local_date(at):%d/%m/%Y}",
                by=self.people["MS0911"],
                now=at,
            )

    def _certificates(self, staff_code: str) -> list[Certificate]:
        holder = self.people[staff_code].id
        return [
            certificate
            for certificate, _state in register.certificates_of(holder, today=local_date(self.now))
        ]
