"""Making an installation ready: schema, courses, the demo or the first link. Safe to repeat."""

from __future__ import annotations

from app import create_app
from app.kernel import clock, schema
from app.kernel.database import Database
from app.people import actions, queries
from config import Settings


def migrate(settings: Settings) -> bool:
    """Bring the database of some settings to the newest schema; True when it changed."""
    app = create_app(settings)
    database: Database = app.extensions["database"]
    try:
        return schema.upgrade(database)
    finally:
        database.dispose()


def prepare(settings: Settings, *, demo: bool, address: str) -> list[str]:
    """Migrate, publish courses/ and, on a demo, make the invented province.

    `address` is where the site will be served, for links; SITE_URL goes before it.
    Returns lines for the terminal: what was done, and how to sign in.
    """
    from app import demo as invented
    from app.catalog import shipped

    app = create_app(settings)
    database: Database = app.extensions["database"]
    lines = []
    if schema.upgrade(database):
        lines.append("Cơ sở dữ liệu đã sẵn sàng. · The database is ready.")
    with app.app_context():
        lines += shipped.publish_all(database)
        lines += (
            _demo(invented.make(database, now=clock.now()))
            if demo
            else first_link(database, settings.site_url or address)
        )
    database.dispose()
    return lines


def _demo(was_made: bool) -> list[str]:
    if not was_made:
        return []
    return ["Đã tạo tỉnh minh họa. · The demo province is made."]


def first_link(database: Database, base: str) -> list[str]:
    """A one-time link for the first administrator, as long as there is none."""
    with database.unit_of_work():
        if queries.is_founded():
            return []
        token = actions.invite(None, purpose="found", now=clock.now())
    return [
        "Mở liên kết sau (dùng một lần) để tạo quản trị viên và đơn vị đầu tiên:",
        "Open this one-time link to make the first administrator and the first unit:",
        f"  {base}/loi-moi/{token}",
    ]
