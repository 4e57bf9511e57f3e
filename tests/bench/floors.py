"""What pages are measured beside: a bare route, a reading floor and a writing floor.

The bare one is a Flask route on the same server and nothing else. The two floors stand inside
the product's frame (sign-in, language, headers, transaction) and do through SQLAlchemy Core what
any page must: three indexed reads and a compiled template of 4 KB, or one upsert with its commit.
"""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Flask, Response, redirect, render_template, request
from sqlalchemy import Column, Connection, Integer, MetaData, String, Table, insert, select
from sqlalchemy.dialects import postgresql, sqlite

from app.kernel.database import is_sqlite, session
from app.kernel.web import open_to

BARE, READING, WRITING = "/bench/bare", "/bench/reading", "/bench/writing"
NOTES_A_GROUP = 10

_metadata = MetaData()
NOTES = Table(
    "bench_note",
    _metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("group_id", Integer, nullable=False, index=True),
    Column("title", String, nullable=False),
    Column("times", Integer, nullable=False),
)

pages = Blueprint("bench", __name__, template_folder="templates")


def bare() -> Flask:
    """An application with one route, outside every frame."""
    app = Flask("bare", static_folder=None)

    @app.get(BARE)
    def answer() -> Response:
        return Response("được", mimetype="text/plain")

    return app


@pages.get(READING)
@open_to("learner")
def reading() -> Any:
    """Three indexed reads, and a page of 4 KB."""
    number = request.args.get("n", 1, type=int)
    notes = NOTES.c
    note = session().execute(select(NOTES).where(notes.id == number)).one()
    group = session().execute(
        select(notes.id, notes.title, notes.times).where(notes.group_id == note.group_id)
    )
    other = session().execute(select(notes.title).where(notes.id == note.group_id + 1)).scalar_one()
    return render_template("bench/reading.html", note=note, group=group.all(), other=other)


@pages.post(WRITING)
@open_to("learner")
def writing() -> Any:
    """One upsert; the frame commits it."""
    number = request.form.get("n", 1, type=int)
    dialect = sqlite if is_sqlite() else postgresql
    session().execute(
        dialect.insert(NOTES)
        .values(id=number, group_id=0, title="", times=1)
        .on_conflict_do_update(index_elements=["id"], set_={"times": NOTES.c.times + 1})
    )
    return redirect(READING, 303)


def make_table(connection: Connection, *, count: int) -> None:
    """Make the floors' own table anew, with `count` rows."""
    _metadata.drop_all(connection)
    _metadata.create_all(connection)
    rows = [
        {"id": n, "group_id": n // NOTES_A_GROUP, "title": f"Ghi chép số {n}", "times": 0}
        for n in range(count)
    ]
    for first in range(0, count, 5_000):
        connection.execute(insert(NOTES), rows[first : first + 5_000])
