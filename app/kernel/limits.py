"""Limits on how often something may be tried, shared by all processes through the database."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import delete, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Mapped, mapped_column

from app.kernel.database import Base, is_sqlite, session


class RateCounter(Base):
    """How often a key was tried in one window of time."""

    __tablename__ = "rate_counter"

    key: Mapped[str] = mapped_column(primary_key=True)
    window_start: Mapped[datetime] = mapped_column(primary_key=True)
    tries: Mapped[int] = mapped_column(default=0)


def take(key: str, *, limit: int, window: timedelta, now: datetime) -> bool:
    """Count one try and say whether it is still within `limit` tries a `window`.

    Call it in a unit of work of its own that commits, so that a refused try counts too.
    """
    start = _start(window, now)
    dialect = sqlite if is_sqlite() else postgresql
    statement = dialect.insert(RateCounter).values(key=key, window_start=start, tries=1)
    statement = statement.on_conflict_do_update(
        index_elements=["key", "window_start"], set_={"tries": RateCounter.tries + 1}
    ).returning(RateCounter.tries)
    tries = session().execute(statement).scalar_one()
    return bool(tries <= limit)


def give_back(key: str, *, window: timedelta, now: datetime) -> None:
    """Uncount one try, because it was no guess."""
    session().execute(
        update(RateCounter)
        .where(
            RateCounter.key == key,
            RateCounter.window_start == _start(window, now),
            RateCounter.tries > 0,
        )
        .values(tries=RateCounter.tries - 1)
    )


def _start(window: timedelta, now: datetime) -> datetime:
    seconds = int(window.total_seconds())
    return datetime.fromtimestamp(int(now.timestamp()) // seconds * seconds, tz=now.tzinfo)


def forgive(key: str) -> None:
    """Forget a key's tries, after a success."""
    session().execute(delete(RateCounter).where(RateCounter.key == key))


def sweep(*, now: datetime) -> None:
    """Drop counters older than a day."""
    limit = now - timedelta(days=1)
    session().execute(delete(RateCounter).where(RateCounter.window_start < limit))
