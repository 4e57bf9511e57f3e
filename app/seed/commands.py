"""The command that makes a synthetic country to measure on."""

from __future__ import annotations

import time
from datetime import datetime

import click
from flask.cli import with_appcontext

from app.catalog.shipped import FOLDER
from app.kernel import clock
from app.kernel.commandline import current_database, fail
from app.seed import making

_TAKEN = (
    "Cơ sở dữ liệu này đã có người hoặc đơn vị nên không gieo gì thêm. Hãy dùng một cơ sở dữ liệu "
    "trống (đặt INSTANCE_PATH hoặc DATABASE_URL khác); nếu lần gieo trước dừng giữa chừng thì xóa "
    "cơ sở dữ liệu đó rồi chạy lại."
)


@click.command("seed")
@click.option("--learners", required=True, type=int, help="How many learners, 1 or more.")
@click.option("--seed", "seed", required=True, help="The same seed makes the same rows.")
@click.option(
    "--until",
    type=click.DateTime(["%Y-%m-%d"]),
    help="The day at whose start the three years end; today if left out.",
)
@with_appcontext
def command(learners: int, seed: str, until: datetime | None) -> None:
    """Make a synthetic country on an empty site: units, people, three years of learning.

    Refused where people or units exist.
    """
    day = until.date() if until else clock.today()
    if learners < 1:
        fail(f"Cần ít nhất 1 học viên, không phải {learners}.")
    if day > clock.today():
        fail(f"Ngày cuối {day} còn ở phía trước.")
    database = current_database()
    if making.is_taken(database):
        fail(_TAKEN)
    began = time.monotonic()

    def say(line: str) -> None:
        click.echo(f"{time.monotonic() - began:6.1f} s  {line}")

    counts = making.make(
        database, learners=learners, seed=seed, until=day, courses_in=FOLDER, say=say
    )
    for table, rows in sorted(counts.items()):
        click.echo(f"{rows:>10}  {table}")
    say("xong · done")
