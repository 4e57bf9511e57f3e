"""The first page of whoever comes, and the health address."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, jsonify
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from app.kernel.web import database, open_to, page, without_database

pages = Blueprint("home", __name__, template_folder="templates")


@pages.get("/")
@open_to("public")
def index() -> Any:
    return page("home/front.html")


@pages.get("/health")
@open_to("public")
@without_database
def health() -> Any:
    try:
        with database().unit_of_work(write=False) as current:
            current.execute(text("SELECT 1"))
    except SQLAlchemyError:
        return jsonify(database="down"), 503
    return jsonify(database="up")
