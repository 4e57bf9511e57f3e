"""Making the country: once, on an empty site, in steps that a later run would refuse to repeat."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path

from sqlalchemy import inspect, select

from app.kernel import schema
from app.kernel.database import Database, session
from app.organization.models import Unit
from app.people.models import Person
from app.seed import learning, loading, papers, persons, shelf, units
from app.seed.loading import Loader
from app.seed.span import Chance, Span
from app.seed.trail import Trail


def is_taken(database: Database) -> bool:
    """Whether the site has people or units already, real ones or those of an earlier seed."""
    with database.engine.connect() as connection:
        if not inspect(connection).has_table(Person.__tablename__):
            return False
    with database.unit_of_work(write=False):
        return any(
            session().scalar(select(model.id).limit(1)) is not None for model in (Person, Unit)
        )


def make(
    database: Database,
    *,
    learners: int,
    seed: str,
    until: date,
    say: Callable[[str], None],
    courses_in: Path,
) -> dict[str, int]:
    """Make the country; returns how many rows each table was given.

    The site has to be empty (`is_taken`); its schema is brought up to date and the courses of
    a folder are published first. Each chunk is a transaction of its own: whoever stops it half
    way has a site that is taken, to be thrown away.
    """
    schema.upgrade(database)
    span = Span(until, has_zone=not database.is_sqlite)
    chance = Chance(f"{seed}:{learners}:{until.isoformat()}")
    for slug in shelf.publish(database, courses_in, now=span.at(0)):
        say(f"khóa học · course {slug}")
    courses = shelf.shelf(database)
    loader, trail = Loader(database), Trail(database, span, chance)

    country = units.plan(span)
    trail.begin(loader)
    units.write(country, loader, trail, span)
    say(f"{len(country.all)} đơn vị · units")
    population = persons.make(learners, country, loader, trail, span, chance)
    say(f"{len(population.learners)} học viên · learners")
    learnt = learning.plan(population, courses, span, chance)
    say(
        f"{len(learnt.begun)} lượt ghi danh · enrollments, {len(learnt.finished)} bài đã học · "
        f"finished lessons, {len(learnt.sittings)} lượt làm bài · attempts"
    )
    learning.write(learnt, loader, span, chance)
    say(f"{len(learnt.done)} lượt hoàn thành · completions")
    papers.make(database, country, population, learnt, courses, loader, trail, span, chance)
    say(f"{loader.counts.get('certificate', 0)} giấy chứng nhận · certificates")
    loading.settle(database)
    return loader.counts
