"""Alembic's entry: run through app.preparation or the tests, never with an ini file."""

from __future__ import annotations

from typing import Any

from alembic import context

from app import features  # noqa: F401  imports every module with tables
from app.kernel.database import Base, UtcDateTime


def plain_types(kind: str, thing: Any, _context: Any) -> str | bool:
    """Migrations must still run when our column types are long renamed: write plain ones."""
    if kind == "type" and isinstance(thing, UtcDateTime):
        return "sa.DateTime(timezone=True)"
    return False


def known_to_models(_thing: Any, _name: str | None, kind: str, reflected: bool, other: Any) -> bool:
    """Search tables are declared beside the models and stand in no migration."""
    return not (kind == "table" and reflected and other is None)


connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=Base.metadata,
    render_as_batch=connection.dialect.name == "sqlite",
    compare_type=True,
    render_item=plain_types,
    include_object=known_to_models,
    compare_server_default=False,
    transaction_per_migration=False,
)
with context.begin_transaction():
    context.run_migrations()
