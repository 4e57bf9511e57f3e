"""The first page of whoever comes, and the health address."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, jsonify, redirect, url_for
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from app.catalog.words import LEVEL_NAMES, THEME_NAMES
from app.home import queries
from app.kernel import clock
from app.kernel.web import database, me, open_to, page, signed_in, without_database
from app.requirements.queries import open_duties

MOST_RUNNING = 6

pages = Blueprint("home", __name__, template_folder="templates")


@pages.get("/")
@open_to("public")
def index() -> Any:
    who = signed_in()
    if who is None:
        return page("home/front.html", offer=queries.offer(), themes=THEME_NAMES)
    if who.is_a("manager"):
        return redirect(url_for("reporting.overview"), 303)
    return _learner_home()


def _learner_home() -> Any:
    person, today = me(), clock.today()
    running = queries.running(person.id)
    duties = open_duties(person.id, today)
    required = {duty.slug for duty in duties}
    offered = [c for c in queries.suggested(person.id, today) if c.slug not in required]
    return page(
        "home/learner.html",
        person=person,
        running=running[:MOST_RUNNING],
        percents={way.slug: way.percent for way in running},
        duties=duties,
        suggested=offered[: queries.SUGGESTIONS],
        certificate=queries.newest_certificate(person.id),
        year=queries.year_of(person.id, today),
        today=today,
        themes=THEME_NAMES,
        levels=LEVEL_NAMES,
    )


@pages.get("/health")
@open_to("public")
@without_database
def health() -> Any:
    try:
        with database().unit_of_work(write=False) as current:
            current.execute(text("SELECT 1"))
    except (SQLAlchemyError, OSError):
        return jsonify(database="down"), 503
    return jsonify(database="up")
