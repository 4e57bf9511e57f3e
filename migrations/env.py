"""Alembic's entry: run through app.preparation or the tests, never with an ini file."""

from __future__ import annotations

from alembic import context

from app import features  # noqa: F401  imports every module with tables
from app.kernel.database import Base

connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=Base.metadata,
    render_as_batch=connection.dialect.name == "sqlite",
    compare_type=True,
    compare_server_default=False,
    transaction_per_migration=False,
)
with context.begin_transaction():
    context.run_migrations()
