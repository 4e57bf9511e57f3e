"""Making an installation ready: schema, courses, the demo or the first link. Safe to repeat."""

from __future__ import annotations

from flask import Flask

from app.kernel import clock, schema
from app.kernel.database import Database
from app.people import actions, queries


def prepare(app: Flask) -> list[str]:
    """Migrate, publish courses/ and, on a demo, make the invented province.

    Returns lines for the terminal: what was done and how to sign in.
    """
    from app import demo
    from app.catalog.commands import publish_all

    database: Database = app.extensions["database"]
    settings = app.extensions["settings"]
    lines = []
    if schema.upgrade(database):
        lines.append("Cơ sở dữ liệu đã sẵn sàng. · The database is ready.")
    with app.app_context():
        lines += publish_all(database)
        if settings.demo:
            with database.unit_of_work():
                if demo.make(now=clock.now()):
                    lines.append("Đã tạo tỉnh minh họa. · The demo province is made.")
        else:
            lines += first_link(database, settings.site_url)
    return lines


def first_link(database: Database, site_url: str | None) -> list[str]:
    """A one-time link for the first administrator, as long as there is none."""
    with database.unit_of_work():
        if queries.is_founded():
            return []
        token = actions.invite(None, purpose="found", now=clock.now())
    base = site_url or "http://{address}"
    return [
        "Mở liên kết sau (dùng một lần) để tạo quản trị viên và đơn vị đầu tiên:",
        "Open this one-time link to make the first administrator and the first unit:",
        f"  {base}/loi-moi/{token}",
    ]
