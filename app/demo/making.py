"""Making the demo: once, in one unit of work."""

from __future__ import annotations

from datetime import datetime

from app.demo import learning, papers, persons, units
from app.demo.moments import play
from app.kernel.database import Database
from app.organization.queries import unit_by_code


def make(database: Database, *, now: datetime) -> bool:
    """Make the invented province with its people and what they did; False when it is there.

    Courses are to be published before: what is not published, nobody has learnt.
    """
    with database.unit_of_work():
        if unit_by_code(units.MINISTRY) is not None:
            return False
        found = units.found(now=now)
        people = persons.register(found, now=now)
        acts = [act for way in learning.ways(people, now=now) for act in way.acts()]
        acts += papers.acts(found, people, now=now) + persons.acts(people, now=now)
        play(acts)
    return True
