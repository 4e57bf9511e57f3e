"""The floors stand where they say: two inside the product's frame, the bare one outside."""

from __future__ import annotations

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from app.kernel import clock
from app.kernel.database import Database
from app.people import actions as people
from app.people.queries import account_of
from tests.bench import floors, pages, serving
from tests.bench.serving import HEADER
from tests.world import a_learner

SAME_SITE = {"Sec-Fetch-Site": "same-origin"}


@pytest.fixture
def measured(app: Flask, database: Database) -> Flask:
    with database.engine.begin() as connection:
        floors.make_table(connection, count=40)
    return serving.with_floors(app)


@pytest.fixture
def visitor(measured: Flask) -> FlaskClient:
    return measured.test_client()


@pytest.fixture
def learner(measured: Flask, database: Database) -> FlaskClient:
    with database.unit_of_work():
        account = account_of(a_learner().id)
        assert account is not None
        token = people.start_session(account, agent="", now=clock.now())
    client = measured.test_client()
    with client.session_transaction() as kept:
        kept["_user_id"] = token
    return client


def statements(answer: TestResponse) -> int:
    return int(answer.headers[HEADER].split()[1])


def times_written(database: Database, number: int) -> int:
    with database.unit_of_work(write=False) as session:
        notes = floors.NOTES.c
        return session.execute(select(notes.times).where(notes.id == number)).scalar_one()


def test_the_bare_route_is_outside_the_frame_and_asks_the_database_nothing(visitor: FlaskClient):
    answer = visitor.get(floors.BARE)
    assert answer.status_code == 200
    assert "Content-Security-Policy" not in answer.headers
    assert statements(answer) == 0


def test_both_floors_ask_who_is_there(visitor: FlaskClient):
    assert visitor.get(floors.READING).status_code == 303
    assert visitor.post(floors.WRITING, headers=SAME_SITE).status_code == 401


def test_the_reading_floor_signs_in_and_reads_three_times(learner: FlaskClient):
    answer = learner.get(f"{floors.READING}?n=7")
    assert answer.status_code == 200
    assert statements(answer) == 1 + 3
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    assert answer.headers["Cache-Control"] == "private, no-cache"
    assert 3_600 < len(answer.data) < 4_600, "a template of about 4 KB"


def test_the_writing_floor_signs_in_and_writes_once(learner: FlaskClient, database: Database):
    answer = learner.post(floors.WRITING, data={"n": "7"}, headers=SAME_SITE)
    assert answer.status_code == 303
    assert statements(answer) == 1 + 1
    assert times_written(database, 7) == 1


def test_the_writing_floor_is_refused_across_sites_like_any_form(
    learner: FlaskClient, database: Database
):
    answer = learner.post(floors.WRITING, data={"n": "7"}, headers={"Sec-Fetch-Site": "cross-site"})
    assert answer.status_code == 403
    assert times_written(database, 7) == 0


def test_every_answer_says_its_statements_anew(learner: FlaskClient):
    assert [statements(learner.get(floors.READING)) for _ in range(2)] == [4, 4]


def test_every_page_that_is_measured_has_a_view(measured: Flask):
    assert {page.view for page in pages.PAGES.values()} <= set(measured.view_functions)


def test_a_page_is_made_slow_without_losing_who_may_call_it(
    app: Flask, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("BENCH_SLOW", "learning.lesson=5")
    plain = app.view_functions["learning.lesson"]
    slowed = serving.with_floors(app).view_functions["learning.lesson"]
    assert slowed is not plain
    assert slowed.open_to == plain.open_to  # type: ignore[attr-defined]
