"""What managers count agrees with a recount of the facts, however it is counted."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

from app.credentials.actions import revoke
from app.credentials.models import Certificate, CertificateEvent, RecognizedCompletion
from app.learning.models import Completion, Enrollment
from app.organization.queries import Breadth, ids_below
from app.people.actions import join_unit, leave_unit
from app.people.models import Membership, Person
from app.reporting import figures
from app.reporting.lists import BY_ADDRESS, COURSE, STATE, THEME, UNIT, Scope
from app.reporting.queries import measured, options
from tests.reporting.story import IN_JUNE, IN_MARCH, Province
from tests.world import NOW, TODAY, a_completion, a_person

FIRST, LAST = date(2026, 1, 1), date(2026, 12, 31)


@pytest.fixture
def province(app: Any, session: Any) -> Province:
    """People with one place and with several, merged ones, certificates of every fate."""
    made = Province()
    anh, first = made.trained("Trần Thị Ánh")
    _an, second = made.trained("Đỗ Văn An", made.office, at=IN_JUNE)
    _uu, third = made.trained("Phạm Quốc Ưu", made.neighbour)
    a_completion(anh, made.digital, completed_at=IN_JUNE)
    join_unit(anh, made.office, kind="collaborator", is_primary=False, starts_on=TODAY, now=NOW)
    join_unit(anh, made.neighbour, kind="collaborator", is_primary=False, starts_on=TODAY, now=NOW)
    only = a_person("Y Ơn", unit=made.office)
    place = only.memberships[0]
    place.is_primary = False
    gone = a_person("Lò Văn Ặng", unit=made.office)
    leave_unit(gone.memberships[0], on=TODAY, by=None, now=NOW)
    leaves = a_person("Vũ Thị Ẩn", unit=made.office)
    leaves.memberships[0].ends_on = TODAY + timedelta(days=30)
    twin = a_person("Trần Thị Ánh", unit=made.centre)
    a_completion(twin, made.skills, completed_at=IN_MARCH + timedelta(days=40))
    twin.current_id = anh.id
    made.recognize([first, second])
    made.recognize([third], unit=made.neighbour, number="9/QĐ-BG")
    revoked = session.scalars(select(Certificate).where(Certificate.completion_id == second.id))
    revoke(revoked.one(), by=made.director, reason="Nhầm", decision="1/QĐ", now=NOW)
    session.flush()
    return made


def recount(unit_id: int, session: Any) -> dict[str, int]:
    """The same figures the long way round: every row of the unit, looked at one by one."""
    units = set(session.scalars(ids_below([unit_id])))
    merged = set(session.scalars(select(Person.id).where(Person.current_id.is_not(None))))
    places = session.scalars(select(Membership)).all()
    enrollments = [e for e in session.scalars(select(Enrollment)) if e.unit_id in units]
    completions = [c for c in session.scalars(select(Completion)) if c.unit_id in units]
    done = {c.enrollment_id for c in session.scalars(select(Completion))}
    recognized = set(session.scalars(select(RecognizedCompletion.completion_id)))
    ended = set(
        session.scalars(
            select(CertificateEvent.certificate_id).where(CertificateEvent.kind != "issued")
        )
    )
    holding = [c for c in session.scalars(select(Certificate)) if c.id not in ended]
    here = {c.id for c in completions}
    return {
        "people": len(
            {p.person_id for p in places if p.unit_id in units and p.holds_on(TODAY)} - merged
        ),
        "active": len({e.person_id for e in enrollments}),
        "enrolled": len(enrollments),
        "cohort_completed": sum(e.id in done for e in enrollments),
        "completed": len(completions),
        "periods": sum(c.periods for c in completions),
        "certified": sum(c.completion_id in here for c in holding),
        "waiting": len(here - recognized),
    }


def counted(unit_id: int, scope: Scope) -> dict[str, int]:
    found = figures.overview(unit_id, FIRST, LAST, scope)
    names = ["people", "active", "enrolled", "cohort_completed", "completed", "periods"]
    result = {name: getattr(found.whole, name) for name in (*names, "certified")}
    return result | {"waiting": found.waiting}


@pytest.mark.parametrize("breadth", [Breadth.PART, Breadth.MOST, Breadth.ALL])
def test_figures_are_those_of_a_recount(province, session, breadth):
    session.flush()
    if breadth is Breadth.ALL:
        assert measured(Scope((province.department.id,), TODAY)).breadth is Breadth.ALL
    scope = Scope((province.department.id,), TODAY, breadth=breadth)
    assert counted(province.department.id, scope) == recount(province.department.id, session)
    for unit in (province.centre, province.office, province.neighbour):
        assert counted(unit.id, scope) == recount(unit.id, session)


def test_a_part_counts_what_it_counts_as_a_whole(province, session):
    scope = Scope((province.department.id,), TODAY, breadth=Breadth.ALL)
    for part in figures.overview(province.department.id, FIRST, LAST, scope).parts:
        own = recount(part.unit_id, session)
        for name in ("people", "enrolled", "cohort_completed", "completed", "certified"):
            assert getattr(part, name) == own[name], (part.name, name)


@pytest.mark.parametrize("address", list(BY_ADDRESS))
@pytest.mark.parametrize("breadth", [Breadth.PART, Breadth.MOST, Breadth.ALL])
def test_a_list_counts_and_shows_exactly_its_rows(province, session, address, breadth):
    listed = BY_ADDRESS[address]
    scope = Scope((province.department.id,), TODAY, breadth=breadth)
    some = {
        "": [{}],
        UNIT: [{UNIT: str(province.centre.id)}],
        COURSE: [{COURSE: "ky-nang"}],
        THEME: [{THEME: "digital-transformation"}],
        "tim": [{"tim": "tran anh"}],
        STATE: [{STATE: option.value} for option in options(listed, scope, {})[STATE]],
        "sort": [{"sap-xep": column.key} for column in listed.columns if column.sort],
    }
    for arguments in (one for several in some.values() for one in several):
        asked = listed.ask(arguments, scope, options(listed, scope, arguments))
        rows = [asked.values(row) for row in asked.sources(session)]
        page = asked.page(session)
        assert asked.count(session) == page.total == len(rows), arguments
        assert [asked.values(row.source) for row in page.rows] == rows, arguments


def test_what_is_at_hand_is_what_the_facts_say(province, session):
    late = {c.enrollment_id: c.completed_at for c in session.scalars(select(Completion))}
    session.expire_all()
    for enrollment in session.scalars(select(Enrollment)):
        assert enrollment.completed_at == late.get(enrollment.id)
    held = dict(
        session.execute(
            select(Certificate.completion_id, func.max(Certificate.issued_on))
            .where(
                Certificate.id.not_in(
                    select(CertificateEvent.certificate_id).where(CertificateEvent.kind != "issued")
                )
            )
            .group_by(Certificate.completion_id)
        ).all()
    )
    recognized = set(session.scalars(select(RecognizedCompletion.completion_id)))
    for completion in session.scalars(select(Completion)):
        assert completion.certified_on == held.get(completion.id)
        assert (completion.recognized_at is not None) == (completion.id in recognized)
    assert held
