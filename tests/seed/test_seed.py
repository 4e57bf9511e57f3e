"""The synthetic country: the same on both databases, and true to the rules of every room."""

from __future__ import annotations

import hashlib
import shutil
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import asdict
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select
from sqlalchemy.orm import aliased, joinedload, selectinload

from app.assessment.models import Attempt, AttemptItem, LessonAnswer, Response
from app.assessment.queries import bank_of, passing_attempt
from app.assessment.rules import percent
from app.catalog import shipped
from app.catalog.models import Course, CourseVersion, Question
from app.credentials import freezing
from app.credentials.models import (
    Certificate,
    CertificateEvent,
    Recognition,
    RecognizedCompletion,
    Register,
)
from app.credentials.queries import first_broken_line, standing_decision_for
from app.kernel import audit, clock, files, keys
from app.kernel.chain import verify
from app.kernel.clock import local_date
from app.kernel.database import Base, Database, session
from app.learning import rules as learning_rules
from app.learning.actions import enroll
from app.learning.models import Completion, Enrollment, FinishedLesson
from app.learning.queries import finished_keys
from app.organization.actions import found_unit
from app.organization.models import Unit, UnitLine
from app.people import rules as people_rules
from app.people.actions import join_unit, register_person
from app.people.models import Account, Membership, Person, RoleGrant
from app.people.queries import primary_membership
from app.questions import marking
from app.questions.kinds import from_json
from app.seed import commands, making
from tests.browser import Browser
from tests.conftest import an_app, settings_for
from tests.world import a_unit

pytestmark = pytest.mark.xdist_group("seed")  # one process makes the country for all tests

LEARNERS = 200
FIRST, SECOND, THIRD = (
    "ky-nang-cong-tac-vien",
    "nhap-mon-chuyen-doi-so",
    "nhap-mon-chuyen-giao-cong-nghe",
)
UNTIL = date(2026, 11, 23)
END = datetime(2026, 11, 22, 17, tzinfo=UTC)
BEGINNING = END - timedelta(days=3 * 365 + 1)

Country = Callable[[str], Flask]


@pytest.fixture(scope="module")
def courses(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three of the shipped courses; one asks for another first."""
    folder = tmp_path_factory.mktemp("courses")
    for slug in (FIRST, SECOND, THIRD):
        shutil.copytree(shipped.FOLDER / slug, folder / slug)
    file = folder / SECOND / "course.yml"
    file.write_text(f"{file.read_text()}requires: [{FIRST}]\n")
    return folder


@pytest.fixture(scope="module")
def countries(
    migrated: Callable[[str], Any],
    courses: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Country]:
    """Give the application on a seeded database of a kind, made once."""
    made: dict[str, Flask] = {}

    def country(kind: str) -> Flask:
        if kind not in made:
            folder = tmp_path_factory.mktemp(f"seed-{kind}")
            if kind == "sqlite":
                url = f"sqlite:///{shutil.copyfile(migrated(kind), folder / 'seed.sqlite')}"
            else:
                migrated(kind).copy("template_app", "seed")
                url = migrated(kind).url("seed")
            made[kind] = an_app(settings_for(url, folder / "instance"))
            with made[kind].app_context():
                making.make(
                    made[kind].extensions["database"],
                    learners=LEARNERS,
                    seed="1",
                    until=UNTIL,
                    say=lambda _line: None,
                    courses_in=courses,
                )
        return made[kind]

    yield country
    for app in made.values():
        app.extensions["database"].dispose()


@pytest.fixture(params=["sqlite", "postgresql"])
def country(request: pytest.FixtureRequest, countries: Country) -> Flask:
    """The application on a seeded database; its folders of keys and files are the process's."""
    app = countries(request.param)
    settings = app.extensions["settings"]
    keys.use(keys.key_folder(settings.keys_url))
    files.use(files.FileStore(settings.storage_url))
    return app


@pytest.fixture
def seeded(country: Flask) -> Iterator[Database]:
    """The seeded database inside a unit of work; whatever a test adds is taken back."""
    database: Database = country.extensions["database"]
    with database.unit_of_work() as opened:
        yield database
        opened.rollback()


def _all(model: type[Any]) -> list[Any]:
    return list(session().scalars(select(model)))


def _count(model: type[Base]) -> int:
    return session().scalar(select(func.count()).select_from(model)) or 0


# The same rows


def _hashes(app: Flask) -> dict[str, str]:
    """A hash of every table's rows, read through the product's own types."""
    found = {}
    with app.extensions["database"].unit_of_work(write=False) as opened:
        for table in Base.metadata.sorted_tables:
            # PostgreSQL alone keeps search words in a column.
            columns = [c for c in table.columns if (table.name, c.name) != ("course_text", "words")]
            rows = opened.execute(select(*columns).order_by(*table.primary_key.columns))
            lines = "\n".join(repr(tuple(row)) for row in rows)
            found[table.name] = hashlib.sha256(lines.encode()).hexdigest()
    return found


def test_the_same_seed_makes_the_same_rows_on_both_databases(countries: Country):
    assert _hashes(countries("sqlite")) == _hashes(countries("postgresql"))


def test_another_seed_makes_other_people_and_one_learner_is_enough(
    countries: Country,
    courses: Path,
    migrated: Callable[[str], Any],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
):
    monkeypatch.setattr(commands, "FOLDER", courses)  # fewer to publish
    file = shutil.copyfile(migrated("sqlite"), tmp_path / "other.sqlite")
    app = an_app(settings_for(f"sqlite:///{file}", tmp_path / "instance"))
    database: Database = app.extensions["database"]
    result = app.test_cli_runner().invoke(
        args=["seed", "--learners", "1", "--seed", "2", "--until", UNTIL.isoformat()]
    )
    assert result.exit_code == 0, result.output
    assert "85  person" in result.stdout

    def managers(of: Database) -> list[str]:
        names = select(Person.full_name).where(Person.staff_code.like("%-QL"))
        with of.unit_of_work(write=False) as opened:
            return list(opened.scalars(names.order_by(Person.id)))

    other = managers(database)
    with database.unit_of_work(write=False):
        assert first_broken_line() is None
    database.dispose()
    assert len(other) == 70
    assert other != managers(countries("sqlite").extensions["database"])


# What is there


def test_the_country_has_every_province_with_its_offices_and_every_commune(seeded: Database):
    kinds: dict[str, int] = defaultdict(int)
    for unit in _all(Unit):
        kinds[unit.kind] += 1
    assert kinds["province"] + kinds["municipality"] == 34
    assert kinds["department"] == kinds["centre"] == 34
    assert kinds["commune"] + kinds["ward"] + kinds["special_zone"] == 3321
    assert (kinds["ministry"], kinds["agency"], kinds["network"]) == (1, 1, 30)


def test_nothing_can_be_taken_for_real(seeded: Database):
    assert all(unit.is_illustration for unit in _all(Unit))
    assert all(certificate.printed["illustration"] for certificate in _all(Certificate))
    people = _all(Person)
    assert {p.email.rpartition(".")[2] for p in people if p.email} == {"example"}
    assert {p.phone[:5] for p in people if p.phone} == {"+8453"}
    assert {account.password_hash for account in _all(Account)} == {None}


def test_names_are_of_every_shape(seeded: Database):
    names = [person.full_name for person in _all(Person)]
    assert {len(name.split()) for name in names} >= {1, 2, 3, 4, 5, 6}
    assert {"Nguyễn Thị Hoa", "Nguyễn Thị Hòa", "Nguyễn Thị Họa"} <= set(names)
    assert any("'" in name for name in names)
    assert any("-" in name for name in names)
    assert names.count("Nguyễn Văn Hùng") > 1
    family = sum(name.startswith("Nguyễn ") for name in names)
    assert 0.2 < family / len(names) < 0.5


def test_people_move_leave_and_hold_two_places(seeded: Database):
    places: dict[int, list[Membership]] = defaultdict(list)
    for membership in _all(Membership):
        places[membership.person_id].append(membership)
    held = list(places.values())
    assert any(len(m) == 2 and all(one.ends_on is None for one in m) for m in held)
    assert any(len(m) == 2 and m[0].ends_on == m[1].starts_on for m in held)
    assert any(len(m) == 1 and m[0].ends_on for m in held)


def test_every_office_has_its_manager_and_the_site_an_administrator(seeded: Database):
    roles: dict[str, int] = defaultdict(int)
    for grant in _all(RoleGrant):
        roles[grant.role] += 1
    assert roles["manager"] == 2 + 34 + 34
    assert roles["administrator"] == 1
    assert roles["trainer"] > 5


def test_somebody_is_in_every_state_of_learning(seeded: Database):
    assert _count(Enrollment) > 1.5 * LEARNERS
    done = _count(Completion)
    assert LEARNERS / 2 < done < _count(Enrollment)
    assert done > _count(RecognizedCompletion), "some wait for a decision"
    assert {e.lessons_done for e in _all(Enrollment)} >= {0, 1, 2, 3, 4, 5, 6}
    assert {(a.has_passed, a.was_overdue) for a in _all(Attempt)} == {
        (True, False),
        (False, False),
        (False, True),
    }
    assert {r.is_standing for r in _all(Recognition)} == {True, False}
    assert {e.kind for e in _all(CertificateEvent)} == {"issued", "revoked", "superseded"}
    assert _count(Response) > 0
    assert {a.share for a in _all(LessonAnswer)} >= {0.0, 1.0}


def test_everything_happens_within_the_three_years_in_the_order_of_ids(seeded: Database):
    for column in (
        Person.created_at,
        Enrollment.enrolled_at,
        FinishedLesson.received_at,
        Attempt.started_at,
        Completion.completed_at,
        Certificate.issued_at,
    ):
        model: Any = column.class_
        moments = list(session().scalars(select(column).order_by(model.id)))
        assert moments == sorted(moments), column
        assert BEGINNING <= moments[0] <= moments[-1] < END, column
    assert (session().scalar(select(func.max(Attempt.closed_at))) or END) < END


# True to the rules


def test_every_reference_leads_to_a_row(seeded: Database):
    lost = []
    for table in Base.metadata.sorted_tables:
        for key in table.foreign_keys:
            target = key.column.table.alias("target")
            there = select(target.c[key.column.name]).where(target.c[key.column.name] == key.parent)
            statement = (
                select(func.count())
                .select_from(table)
                .where(key.parent.is_not(None), ~there.exists())
            )
            if session().scalar(statement):
                lost.append(f"{table.name}.{key.parent.name}")
    assert lost == []


def test_units_and_lines_are_as_the_room_founds_them(seeded: Database):
    def facts(unit: Unit) -> tuple[Any, ...]:
        lines = session().execute(
            select(UnitLine.ancestor_id, UnitLine.depth).where(
                UnitLine.unit_id == unit.id, UnitLine.depth > 0
            )
        )
        names = (unit.kind, unit.name, unit.name_sort, unit.name_fold, unit.place_name)
        return (*names, unit.parent_id, unit.opened_on, sorted(map(tuple, lines)))

    for code in ("BCT", "01", "48-SCT", "79-TTKC", "92-CTV", "00004"):
        unit = session().scalars(select(Unit).where(Unit.code == code)).one()
        again = found_unit(
            code=f"X-{code}",
            kind=unit.kind,
            name=unit.name,
            parent=unit.parent,
            opened_on=unit.opened_on,
            place_name=unit.place_name,
            is_illustration=True,
            by=None,
            now=END,
        )
        assert facts(unit) == facts(again)


def test_people_are_as_the_room_registers_them(seeded: Database):
    for person in _all(Person):
        again = Person()
        again.rename(people_rules.check_name(person.full_name))
        assert (person.full_name, person.name_sort, person.name_fold) == (
            again.full_name,
            again.name_sort,
            again.name_fold,
        )
        assert people_rules.check_email(person.email) == person.email
        assert people_rules.phone_in_e164(person.phone) == person.phone
        assert people_rules.check_staff_code(person.staff_code) == person.staff_code


def test_attempts_are_drawn_answered_and_marked_as_the_product_does(seeded: Database):
    attempts = session().scalars(
        select(Attempt).options(selectinload(Attempt.items).joinedload(AttemptItem.question))
    )
    versions = {v.id: v for v in _all(CourseVersion)}
    banks = {id_: {q.id: q.topic for q in bank_of(id_)} for id_ in versions}
    by_way: dict[tuple[int, int], list[Attempt]] = defaultdict(list)
    for attempt in attempts:
        by_way[attempt.person_id, attempt.course_id].append(attempt)
        version = versions[attempt.version_id]
        quiz = version.final_quiz or {}
        drawn: dict[str, int] = defaultdict(int)
        for item in attempt.items:
            drawn[banks[version.id][item.question_id]] += 1
            content = from_json(item.question.content[version.language])
            response = marking.response_for(content, item.answer or [])
            assert item.points == float(marking.mark(content, response).points)
            assert sorted(item.choice_order) == sorted(c.key for c in content.choices)
        assert drawn == {one["from"]: one["count"] for one in quiz["draw"]}
        points = [item.points or 0 for item in attempt.items]
        assert attempt.percent == percent(points, [item.max_points for item in attempt.items])
        assert attempt.has_passed == (attempt.percent >= version.completion["final_quiz"])
        assert attempt.deadline == attempt.started_at + timedelta(minutes=quiz["minutes"])
        assert attempt.closed_at is not None and attempt.closed_at <= attempt.deadline
    for tries in by_way.values():
        tries.sort(key=lambda one: one.number)
        quiz = versions[tries[0].version_id].final_quiz or {}
        assert [one.number for one in tries] == list(range(1, len(tries) + 1))
        assert len(tries) <= quiz["attempts"]
        assert not any(one.has_passed for one in tries[:-1])
        for earlier, later in pairwise(tries):
            assert earlier.closed_at is not None
            assert later.started_at - earlier.closed_at >= timedelta(hours=quiz["wait_hours"])


def test_a_completion_has_all_its_facts_and_whoever_has_them_all_completed(seeded: Database):
    rows = session().scalars(
        select(Enrollment).options(
            joinedload(Enrollment.version), joinedload(Enrollment.completion)
        )
    )
    for enrollment in rows:
        finished = finished_keys(enrollment.id)
        rule = enrollment.version.completion
        assert enrollment.lessons_done == learning_rules.lessons_that_count(rule, finished)
        best = passing_attempt(enrollment.person_id, enrollment.course_id, enrollment.round)
        points = learning_rules.points(
            rule,
            finished,
            best_percent=best.percent if best else None,
            has_passed=best is not None,
        )
        done = enrollment.completion
        assert learning_rules.is_complete(points) == (done is not None)
        if done is None:
            continue
        assert best is not None
        assert (done.percent, done.periods) == (best.percent, enrollment.version.periods)
        assert done.started_at == enrollment.enrolled_at
        place = primary_membership(enrollment.person_id, local_date(done.completed_at))
        assert place is not None
        assert (done.unit_id, done.unit_name) == (place.unit_id, place.unit.name)


def test_nobody_begins_a_course_before_completing_what_it_asks_for(seeded: Database):
    asked = {c.slug: c.id for c in _all(Course)}
    done = {c.person_id: c.completed_at for c in _all(Completion) if c.course_id == asked[FIRST]}
    begun = [e for e in _all(Enrollment) if e.course_id == asked[SECOND]]
    assert len(begun) > 20
    assert all(done[e.person_id] < e.enrolled_at for e in begun)


def test_questions_answered_in_lessons_are_marked_as_the_product_does(seeded: Database):
    for answer in _all(LessonAnswer):
        question = session().get_one(Question, answer.question_id)
        content = from_json(next(iter(question.content.values())))
        mark = marking.mark(content, marking.response_for(content, answer.answer))
        assert answer.share == float(mark.share)


def test_registers_and_the_audit_chain_hold(seeded: Database):
    assert first_broken_line() is None
    assert verify().findings == ()
    assert session().scalar(select(func.count(audit.AuditSeal.sequence))) == _count(audit.AuditRow)
    assert session().scalar(select(func.sum(Register.last_number))) == _count(Certificate)


def test_a_certificate_says_what_its_rows_say(seeded: Database):
    for certificate in _all(Certificate):
        recognition = certificate.recognized.recognition
        words = freezing.words_of(
            certificate.completion,
            certificate.person,
            recognition,
            register_number=certificate.register_no,
            code=certificate.code,
            issued_on=certificate.issued_on,
        )
        assert certificate.printed == asdict(words)
        assert not freezing.lacks(certificate.completion, certificate.person)
        assert recognition.decision_date >= local_date(certificate.completion.completed_at) or (
            recognition.is_standing
        )
        assert certificate.issuer_id == recognition.unit_id


def test_nobody_waits_where_a_decision_stands_unless_something_lacks(seeded: Database):
    recognized = aliased(RecognizedCompletion)
    waiting = session().scalars(
        select(Completion)
        .outerjoin(recognized, recognized.completion_id == Completion.id)
        .where(recognized.id.is_(None))
    )
    for completion in waiting:
        assert completion.unit_id is not None
        standing = standing_decision_for(completion.unit_id)
        if standing is not None and standing.made_at < completion.completed_at:
            assert freezing.lacks(completion, completion.person)


# Life goes on


def test_the_site_goes_on_from_there(seeded: Database):
    now = clock.now()
    person = register_person(full_name="Nguyễn Thị Mới", now=now)
    centre = session().scalars(select(Unit).where(Unit.code == "79-TTKC")).one()
    join_unit(person, centre, kind="officer", is_primary=True, starts_on=local_date(now), now=now)
    course = session().scalars(select(Course).where(Course.slug == FIRST)).one()
    enroll(person, course, now=now)
    assert person.id == LEARNERS + len(_all(RoleGrant)) + 1


@pytest.mark.parametrize(
    ("staff_code", "pages"),
    [
        ("KC", ("/", "/khoa-hoc", "/ho-so-boi-duong", "/giay-chung-nhan")),
        ("TTKC79-QL", ("/quan-ly", "/quan-ly/hoc-vien", "/quan-ly/cong-nhan")),
        ("BCT-QL", ("/quan-ly", "/quan-ly/hoc-vien", "/quan-ly/giay-chung-nhan")),
    ],
)
def test_pages_open(country: Flask, staff_code: str, pages: tuple[str, ...]):
    with country.extensions["database"].unit_of_work(write=False):
        statement = (
            select(Person)
            .join(Account, Account.person_id == Person.id)
            .where(Person.staff_code.startswith(staff_code))
        )
        if staff_code == "KC":
            statement = statement.where(Person.id.in_(select(Certificate.person_id)))
        person = session().scalars(statement.order_by(Person.id)).first()
        code = session().scalar(select(Certificate.code).limit(1))
    assert person is not None
    browser = Browser(country)
    assert browser.get(f"/xac-minh/{code}").status == 200
    browser.sign_in(person)
    for address in pages:
        assert browser.get(address).status == 200


# Refusals


def _run(app: Flask, *arguments: str) -> Any:
    return app.test_cli_runner().invoke(args=["seed", "--seed", "1", *arguments])


def test_it_is_refused_where_units_or_people_exist(app: Flask):
    database: Database = app.extensions["database"]
    with database.unit_of_work():
        a_unit("Trung tâm có thật")
    before = _hashes(app)
    result = _run(app, "--learners", "5")
    assert result.exit_code == 1
    assert "đã có người hoặc đơn vị" in result.stderr
    assert _hashes(app) == before


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("--learners", "0"), "ít nhất 1 học viên"),
        (("--learners", "-3"), "ít nhất 1 học viên"),
        (("--learners", "5", "--until", "2999-01-01"), "còn ở phía trước"),
    ],
)
def test_what_makes_no_sense_is_refused(app: Flask, arguments: tuple[str, ...], says: str):
    result = _run(app, *arguments)
    assert result.exit_code == 1
    assert says in result.stderr
    with app.extensions["database"].unit_of_work(write=False):
        assert _count(Unit) == 0
