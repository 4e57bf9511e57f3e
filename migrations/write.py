"""Write the next migration by comparing the models with an empty, fully migrated database."""

from __future__ import annotations

import sys
from tempfile import TemporaryDirectory

from alembic import command

from app import features
from app.kernel import schema
from app.kernel.database import Database


def write(message: str) -> None:
    """Write migrations/versions/… for what changed in the models since the last one."""
    with TemporaryDirectory() as folder:
        database = Database(f"sqlite:///{folder}/empty.db")
        schema.upgrade(database)
        config = schema.alembic_config()
        with database.engine.begin() as connection:
            config.attributes["connection"] = connection
            command.revision(config, message=message, autogenerate=True)
        database.dispose()


if __name__ == "__main__":
    if len(sys.argv) != 2 or not features.TABLES:
        sys.exit('usage: bin/migration "why"')
    write(sys.argv[1])
