"""Required training: whom it reaches, what stands on the first page, what its manager sees."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import inspect

from app.catalog.models import CourseVersion
from app.kernel import clock
from app.people.actions import join_unit, leave_unit
from app.people.queries import primary_membership
from app.requirements import actions, queries, rules
from tests import world
from tests.browser import Browser
from tests.world import NOW, TODAY

WEEK = timedelta(days=7)


def required(course: Any, unit: Any, *, weeks: int = 1, kind: str = "") -> Any:
    return actions.require(
        course, unit, membership_kind=kind, due_on=TODAY + weeks * WEEK, by=None, now=NOW
    )


def duties(person: Any) -> list[str]:
    return [duty.slug for duty in queries.open_duties(person.id, TODAY)]


@pytest.mark.usefixtures("session")
class TestReach:
    def test_a_requirement_reaches_the_unit_and_all_below_and_nobody_else(self):
        top, other = world.a_unit(), world.a_unit()
        low = world.a_unit(parent=world.a_unit(parent=top))
        required(world.a_course(slug="k2"), top)
        assert duties(world.a_person(unit=top)) == ["k2"]
        assert duties(world.a_person(unit=low)) == ["k2"]
        assert duties(world.a_person(unit=other)) == []

    def test_a_requirement_for_one_kind_of_member_reaches_that_kind_only(self):
        unit = world.a_unit()
        required(world.a_course(slug="k2"), unit, kind="collaborator")
        assert duties(world.a_person(unit=unit, kind="officer")) == []
        assert duties(world.a_person(unit=unit, kind="collaborator")) == ["k2"]

    def test_a_second_place_brings_its_duties_along_and_takes_them_away(self):
        network = world.a_unit(kind="network")
        required(world.a_course(slug="k2"), network, kind="collaborator")
        person = world.a_person(kind="officer")
        place = join_unit(
            person,
            network,
            kind="collaborator",
            is_primary=False,
            starts_on=TODAY,
            now=NOW,
        )
        assert duties(person) == ["k2"]
        leave_unit(place, on=TODAY, by=None, now=NOW)
        assert duties(person) == []

    def test_duties_stand_by_urgency_and_a_course_stands_once(self):
        top = world.a_unit()
        unit = world.a_unit(parent=top)
        later, sooner = world.a_course(slug="a-sau"), world.a_course(slug="b-truoc")
        required(later, top, weeks=3)
        required(sooner, top, weeks=1)
        required(later, unit, weeks=2)
        person = world.a_person(unit=unit)
        assert duties(person) == ["b-truoc", "a-sau"]
        assert queries.open_duties(person.id, TODAY)[1].due_on == TODAY + 2 * WEEK

    def test_a_completed_course_is_no_duty(self):
        unit, course = world.a_unit(), world.a_course(slug="k2")
        required(course, unit)
        person, other = world.a_person(unit=unit), world.a_person(unit=unit)
        world.a_completion(person, course)
        assert duties(person) == []
        assert duties(other) == ["k2"]

    def test_a_withdrawn_requirement_is_no_duty_and_stays_on_record(self):
        unit = world.a_unit()
        requirement = required(world.a_course(), unit)
        person = world.a_person(unit=unit)
        for _ in range(2):
            actions.withdraw(requirement, by=None, now=NOW)
        assert duties(person) == []
        assert requirement.withdrawn_at == NOW

    def test_nobody_can_be_asked_for_yesterday_but_for_today(self):
        unit, course = world.a_unit(), world.a_course()
        with pytest.raises(rules.DueInThePast):
            actions.require(course, unit, due_on=TODAY - timedelta(days=1), by=None, now=NOW)
        assert actions.require(course, unit, due_on=TODAY, by=None, now=NOW).due_on == TODAY

    def test_the_same_is_not_asked_of_the_same_people_twice(self):
        unit, course = world.a_unit(), world.a_course()
        first = required(course, unit)
        with pytest.raises(rules.AlreadyRequired):
            required(course, unit, weeks=2)
        required(course, unit, kind="officer")
        actions.withdraw(first, by=None, now=NOW)
        required(course, unit, weeks=2)

    def test_figures_count_each_person_once(self):
        top, course = world.a_unit(), world.a_course()
        low = world.a_unit(parent=top)
        required(course, top)
        done, twice = world.a_person(unit=top), world.a_person(unit=low)
        join_unit(twice, top, kind="collaborator", is_primary=False, starts_on=TODAY, now=NOW)
        gone = world.a_person(unit=low)
        place = primary_membership(gone.id, TODAY)
        assert place is not None
        leave_unit(place, on=TODAY, by=None, now=NOW)
        world.a_completion(done, course)
        world.a_completion(gone, course)
        (row,) = queries.requirements_in([top.id], TODAY)
        assert (row.done, row.reached) == (1, 2)

    def test_a_manager_sees_the_requirements_of_their_units_only(self):
        mine, theirs = world.a_unit(), world.a_unit()
        course = world.a_course()
        own, other = required(course, mine), required(course, theirs)
        assert [r.requirement for r in queries.requirements_in([mine.id], TODAY)] == [own]
        assert queries.requirement_in(other.id, [mine.id]) is None


def test_a_manager_requires_a_course_and_takes_it_back(app: Flask, browser: Browser):
    with app.extensions["database"].unit_of_work():
        unit, neighbour = world.a_unit("Trung tâm Minh Sơn"), world.a_unit("Trung tâm Hải Bình")
        course = world.a_course("Kỹ năng số")
        manager = world.a_manager(unit)
        other = actions.require(
            course, neighbour, due_on=clock.today() + WEEK, by=None, now=clock.now()
        )
    browser.sign_in(manager)
    page = browser.get("/quan-ly/giao-hoc")
    assert "Hải Bình" not in page.html
    assert "từ hôm nay" in browser.submit("require", due_on="01/01/2020", status=422)
    page = browser.submit("require", due_on=(clock.today() + WEEK).strftime("%d/%m/%Y"))
    ((title, place, *_, done, _progress, _act),) = page.table("requirements").values()
    assert (title, place, done) == ("Kỹ năng số", "Trung tâm Minh Sơn", "0/1")
    browser.post(f"/quan-ly/giao-hoc/{other.id}/rut", status=404)
    sent = {
        "course_id": course.id,
        "unit_id": neighbour.id,
        "membership_kind": "",
        "due_on": "01/01/2030",
    }
    browser.post("/quan-ly/giao-hoc", sent, status=422)
    browser.get("/quan-ly/giao-hoc")
    assert "Chưa giao khóa học nào" in browser.submit("withdraw-requirement")


def test_a_course_without_a_translation_is_shown_in_english_under_its_own_title(
    app: Flask, browser: Browser
):
    with app.extensions["database"].unit_of_work() as current:
        unit, course = world.a_unit(), world.a_course()
        first = current.get_one(CourseVersion, course.current_id)
        fields = {c.key: getattr(first, c.key) for c in inspect(CourseVersion).columns}
        fields |= {"id": None, "number": 2, "content_hash": "0" * 64, "title": {"vi": "Kỹ năng số"}}
        second = CourseVersion(**fields)
        current.add(second)
        current.flush()
        course.current_id = second.id
        manager = world.a_manager(unit)
        actions.require(course, unit, due_on=clock.today() + WEEK, by=None, now=clock.now())
    browser.sign_in(manager)
    browser.get("/quan-ly/giao-hoc")
    page = browser.submit("switch-language")
    assert page.language == "en"
    assert "Kỹ năng số" in page
