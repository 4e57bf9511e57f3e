"""The invented province: made once, alive on any day, with somebody in every state."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

from app import demo
from app.assessment.models import Attempt
from app.catalog import shipped
from app.catalog.models import Course
from app.credentials import queries as credentials
from app.credentials.models import Certificate, CertificateEvent, Recognition, Register
from app.credentials.rules import State
from app.demo.units import CENTRE, MINISTRY, NEIGHBOUR
from app.home.queries import running, year_of
from app.kernel.clock import local_date
from app.kernel.database import Database, session
from app.kernel.words import fold
from app.learning.models import Completion, Enrollment
from app.organization.models import Unit, UnitPast
from app.organization.queries import ids_below, unit_by_code
from app.people import demo_roles
from app.people.models import Account, Membership, Person, RoleGrant
from app.requirements.models import Requirement
from app.requirements.queries import open_duties
from tests.conftest import an_app, settings_for

pytestmark = pytest.mark.xdist_group("demo")  # one process makes the province for all tests

NOW = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
TODAY = local_date(NOW)


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def province(
    request: pytest.FixtureRequest,
    migrated: Callable[[str], Any],
    with_courses: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Flask]:
    """The application with the shipped courses and the demo; made once for each database."""
    folder = tmp_path_factory.mktemp("demo")
    if request.param == "sqlite":
        url = f"sqlite:///{shutil.copyfile(with_courses, folder / 'demo.sqlite')}"
        shutil.copytree(with_courses.parent / "instance", folder / "instance")
    else:
        server = migrated("postgresql")
        server.copy("template_app", "demo")
        url = server.url("demo")
    app = an_app(settings_for(url, folder / "instance", DEMO="1"))
    database: Database = app.extensions["database"]
    with app.app_context():
        assert bool(shipped.publish_all(database)) is not database.is_sqlite
        assert demo.make(database, now=NOW)
    yield app
    database.dispose()


@pytest.fixture(scope="module")
def with_courses(migrated: Callable[[str], Any], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An SQLite database with the shipped courses and nothing else, to copy."""
    file = tmp_path_factory.mktemp("courses") / "courses.sqlite"
    shutil.copyfile(migrated("sqlite"), file)
    app = an_app(settings_for(f"sqlite:///{file}", file.parent / "instance"))
    with app.app_context():
        assert shipped.publish_all(app.extensions["database"])
    app.extensions["database"].dispose()
    return file


@pytest.fixture
def told(province: Flask) -> Iterator[Flask]:
    """The demo inside a unit of work that only reads."""
    with province.app_context(), province.extensions["database"].unit_of_work(write=False):
        yield province


def _person(code: str) -> Person:
    found = session().scalar(select(Person).where(Person.staff_code == code))
    assert found is not None, code
    return found


def _courses_open(code: str) -> dict[str, Enrollment]:
    return {way.slug: way.enrollment for way in running(_person(code).id)}


def test_making_it_again_changes_nothing(province: Flask):
    database: Database = province.extensions["database"]

    def counts() -> list[int]:
        with database.unit_of_work(write=False) as opened:
            tables = (Unit, Person, Membership, Enrollment, Attempt, Certificate, Requirement)
            return [opened.scalar(select(func.count()).select_from(t)) or 0 for t in tables]

    before = counts()
    with province.app_context():
        assert demo.make(database, now=NOW + timedelta(days=1)) is False
    assert counts() == before


def test_without_courses_it_is_a_province_that_has_not_learnt_yet(app: Flask):
    database: Database = app.extensions["database"]
    with app.app_context():
        assert demo.make(database, now=NOW)
        with database.unit_of_work(write=False):
            assert session().scalar(select(func.count()).select_from(Person)) == 64
            assert session().scalar(select(func.count()).select_from(Enrollment)) == 0


@pytest.mark.parametrize("value", [value for value, _code, _label in demo_roles.BUTTONS])
def test_each_button_signs_in(province: Flask, value: str):
    browser = province.test_client()
    answer = browser.post(
        "/dang-nhap/thu", data={"vai": value}, headers={"Sec-Fetch-Site": "same-origin"}
    )
    assert answer.status_code == 303
    # Whoever is signed in has no use for the sign-in page.
    assert browser.get("/dang-nhap").status_code == 303


def test_the_buttons_are_the_people_they_promise(told: Flask):
    roles = {
        value: {
            (grant.role, grant.unit.code)
            for grant in session().scalars(
                select(RoleGrant).where(RoleGrant.person_id == demo_roles.person_for(value).id)
            )
        }
        for value, _code, _label in demo_roles.BUTTONS
    }
    assert roles == {
        "hoc-vien": set(),
        "hoc-vien-moi": set(),
        "cong-tac-vien": set(),
        "giang-vien": {("trainer", "MS-SCT")},
        "quan-ly": {("manager", "MS-TTKC")},
        "quan-ly-so": {("manager", "MS-SCT")},
        "quan-ly-bo": {("manager", "BCT")},
        "quan-tri": {("administrator", "BCT")},
    }


def test_the_learner_holds_a_certificate_learns_one_course_and_may_still_enroll_in_k2(told: Flask):
    learner = _person("MS0001")
    states = [state for _c, state in credentials.certificates_of(learner.id, today=TODAY)]
    assert states == [State.IN_FORCE]
    assert set(_courses_open("MS0001")) == {"nhap-mon-chuyen-giao-cong-nghe"}
    k2 = session().scalars(select(Course).where(Course.slug == "ky-nang-cong-tac-vien")).one()
    assert (
        k2.id
        not in session()
        .scalars(select(Enrollment.course_id).where(Enrollment.person_id == learner.id))
        .all()
    )
    year = year_of(learner.id, TODAY)
    assert (year.periods, year.target, year.basis) == (4, 24, "Mục tiêu năm 2026 do Trung tâm đặt")


def test_somebody_is_in_every_state_of_learning(told: Flask):
    newcomer = _person("MS0003")
    assert running(newcomer.id) == []

    started = _courses_open("MS0024")["nhap-mon-chuyen-doi-so"]
    half = _courses_open("MS0101")["ky-nang-cong-tac-vien"]
    quiz_open = _courses_open("MS0004")["nhap-mon-chuyen-giao-cong-nghe"]
    assert (started.lessons_done, half.lessons_done, quiz_open.lessons_done) == (0, 3, 4)

    def attempts(code: str, slug: str) -> list[tuple[bool | None, bool]]:
        rows = session().scalars(
            select(Attempt)
            .join(Course, Course.id == Attempt.course_id)
            .where(Attempt.person_id == _person(code).id, Course.slug == slug)
            .order_by(Attempt.number)
        )
        return [(a.has_passed, a.closed_at is not None) for a in rows]

    assert attempts("MS0004", "nhap-mon-chuyen-giao-cong-nghe") == []
    assert attempts("MS0005", "nhap-mon-chuyen-giao-cong-nghe") == [(False, True)]
    assert attempts("MS0008", "nhap-mon-chuyen-giao-cong-nghe") == [(False, True)] * 3
    assert attempts("MS0016", "nhap-mon-chuyen-doi-so") == [(None, False)]
    assert attempts("MS0116", "ky-nang-cong-tac-vien") == [(True, True)]
    assert _courses_open("MS0116")["ky-nang-cong-tac-vien"].lessons_done == 5

    waiting = session().scalars(select(Attempt).where(Attempt.person_id == _person("MS0010").id))
    assert [NOW - a.closed_at for a in waiting] == [timedelta(hours=3)]


def test_completions_spread_over_eleven_months_and_none_lies_ahead(told: Flask):
    moments = session().scalars(select(Completion.completed_at)).all()
    assert len({(at.year, at.month) for at in moments}) >= 10
    assert NOW - timedelta(days=340) < min(moments) <= max(moments) < NOW
    percents = session().scalars(select(Completion.percent)).all()
    assert all(percent is not None and percent >= 50 for percent in percents)


def test_the_centre_issues_at_once_and_its_neighbour_waits_for_a_decision(told: Flask):
    def units(code: str) -> Any:
        return ids_below([unit_by_code(code).id])  # type: ignore[union-attr]

    standing = session().scalars(select(Recognition).where(Recognition.is_standing)).all()
    assert [decision.unit.code for decision in standing] == [CENTRE]
    # In the centre, only papers that lack something wait.
    at_centre = credentials.waiting([standing[0].unit_id])
    assert {w.person.staff_code for w in at_centre} == {"MS0015", "MS0109"}
    assert all(w.lacks for w in at_centre)
    neighbour = unit_by_code(NEIGHBOUR)
    assert neighbour is not None
    assert len(credentials.waiting([neighbour.id])) == 4
    batches = session().scalars(select(Recognition).where(Recognition.unit_id == neighbour.id))
    assert len(batches.all()) == 2


def test_registers_are_whole_and_their_numbers_follow_the_days(told: Flask):
    assert credentials.first_broken_line() is None
    for register in session().scalars(select(Register)):
        lines = session().scalars(
            select(Certificate)
            .where(Certificate.register_id == register.id)
            .order_by(Certificate.number)
        )
        rows = lines.all()
        assert [c.number for c in rows] == list(range(1, register.last_number + 1))
        assert [c.issued_at for c in rows] == sorted(c.issued_at for c in rows)
        assert all(c.printed["illustration"] for c in rows)


def test_one_certificate_is_revoked_and_one_replaced(told: Flask):
    kinds = session().scalars(
        select(CertificateEvent.kind).where(CertificateEvent.kind != "issued")
    )
    assert sorted(kinds) == ["revoked", "superseded"]
    renamed = credentials.certificates_of(_person("MS0014").id, today=TODAY)
    assert {(c.printed["name"], state) for c, state in renamed} == {
        ("Bùi Thị Nhung", State.SUPERSEDED),
        ("Bùi Thị Tuyết Nhung", State.IN_FORCE),
    }


def test_duties_are_overdue_soon_and_later(told: Flask):
    def days(code: str) -> list[int]:
        return [duty.days_left(TODAY) for duty in open_duties(_person(code).id, TODAY)]

    assert days("MS0101") == [-12]
    assert days("MS0003") == [6, 45]
    assert days("VK0105") == [20]


def test_names_and_people_are_of_every_shape(told: Flask):
    people = session().scalars(select(Person)).all()
    names = [person.full_name for person in people]
    assert {len(name.split()) for name in names} >= {1, 2, 3, 4, 5, 9}
    assert {"Y Ơn", "Lò Văn Ặng", "H'Hen Niê", "Tươi"} <= set(names)
    assert sum(fold(name) == "nguyen thi hoa" for name in names) == 5
    assert names.count("Nguyễn Văn Hùng") == 2
    assert any(not p.email for p in people)
    assert any(p.birth_date is None for p in people)
    assert any(not p.phone for p in people)
    assert any(m.ends_on for p in people for m in p.memberships)
    assert sum(len(p.memberships) == 2 for p in people) >= 10
    assert session().scalars(select(Account.password_hash).distinct()).all() == [None]


def test_invented_units_are_marked_and_the_real_provinces_are_not(told: Flask):
    flags = session().execute(select(Unit.is_illustration)).scalars().all()
    assert (flags.count(True), flags.count(False)) == (35, 34)
    cities = session().scalars(
        select(Unit.name).join(UnitPast, UnitPast.unit_id == Unit.id).where(~Unit.is_illustration)
    )
    assert set(cities) == {"Thành phố Quảng Ninh", "Thành phố Bắc Ninh", "Thành phố Đồng Nai"}
    assert unit_by_code("75").parent.code == MINISTRY  # type: ignore[union-attr]
    former = (
        session()
        .scalars(
            select(UnitPast.name).join(Unit, Unit.id == UnitPast.unit_id).where(Unit.code == CENTRE)
        )
        .all()
    )
    assert former == ["Trung tâm Khuyến công và Tư vấn phát triển công nghiệp tỉnh Minh Sơn"]


def test_just_after_midnight_it_works_and_the_same_now_tells_the_same_story(
    with_courses: Path, tmp_path: Path
):
    now = datetime(2027, 1, 3, 17, 1, tzinfo=UTC)

    def story(name: str) -> list[Any]:
        url = f"sqlite:///{shutil.copyfile(with_courses, tmp_path / name)}"
        app = an_app(settings_for(url, tmp_path / f"{name}-instance"))
        database: Database = app.extensions["database"]
        with app.app_context():
            assert demo.make(database, now=now)
        with database.unit_of_work(write=False) as opened:
            columns = (Attempt.person_id, Attempt.percent, Attempt.closed_at)
            rows = opened.execute(select(*columns).order_by(Attempt.id)).all()
        database.dispose()
        return list(rows)

    first = story("one")
    assert all(row.closed_at is None or row.closed_at < now for row in first)
    assert story("two") == first
