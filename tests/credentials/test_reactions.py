"""What follows from a completion: a certificate where a unit decided so, and a letter."""

import pytest
from sqlalchemy import select

from app.credentials import actions
from app.credentials.models import Certificate
from app.kernel.mail import MailMessage
from app.kernel.news import tell
from app.learning.models import CourseCompleted
from tests import world
from tests.credentials.story import NOW, Province, a_decision, settle


@pytest.fixture
def province(app, session, settings):
    settle(settings)
    made = Province()
    actions.open_standing_decision(made.centre, a_decision(), by=made.manager, now=NOW)
    return made


def complete(province, unit):
    person = world.a_person("Lò Thị Mai", unit=unit, email=f"mai.{unit.id}@vi-du.example")
    tell(CourseCompleted(province.completion(person, unit)), now=NOW)
    return person


def test_a_completion_under_a_standing_decision_is_certified_and_told_by_mail(province, session):
    person = complete(province, province.office)
    [certificate] = session.scalars(select(Certificate))
    assert certificate.person_id == person.id
    [letter] = session.scalars(select(MailMessage))
    assert letter.to_address == person.email
    assert "Lập đề án khuyến công, số vào sổ 0001/2026" in letter.body


def test_a_completion_at_the_neighbours_waits(province, session):
    complete(province, province.neighbour)
    assert session.scalars(select(Certificate)).all() == []
    assert session.scalars(select(MailMessage)).all() == []
