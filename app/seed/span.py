"""The three years of a seed, counted in seconds from its first midnight in Vietnam."""

from __future__ import annotations

import random
from datetime import date, datetime, time, timedelta

from app.kernel.clock import VIETNAM

YEARS = 3
DAY = 24 * 60 * 60
HOUR, MINUTE = 60 * 60, 60
_AHEAD_OF_UTC = 7 * HOUR
"""Vietnam keeps one offset all year and has done so since 1975."""


class Span:
    """From three years before a day to that day's first second, when all has happened.

    A moment is a whole number of seconds from the start, a day a whole number of days.
    """

    def __init__(self, until: date, *, has_zone: bool) -> None:
        self.until = until
        self.first_day = until - timedelta(days=365 * YEARS + 1)
        self.days = (until - self.first_day).days
        self.end = self.days * DAY
        self._start = datetime.combine(self.first_day, time(0), VIETNAM)
        self._zone = "+00" if has_zone else ""
        self._day_texts: dict[int, str] = {}

    def at(self, moment: int) -> datetime:
        """The moment as the product hands it about."""
        return self._start + timedelta(seconds=moment)

    def text(self, moment: int) -> str:
        """The moment as the database keeps it: in UTC, with a zone where columns have one."""
        days, seconds = divmod(moment - _AHEAD_OF_UTC, DAY)
        minutes, second = divmod(seconds, 60)
        hour, minute = divmod(minutes, 60)
        return f"{self.day_text(days)} {hour:02}:{minute:02}:{second:02}.000000{self._zone}"

    def day(self, days: int) -> date:
        """The calendar day so many days after the first."""
        return self.first_day + timedelta(days=days)

    def day_text(self, days: int) -> str:
        """The calendar day so many days after the first, as the database keeps it."""
        known = self._day_texts.get(days)
        if known is None:
            known = self._day_texts[days] = self.day(days).isoformat()
        return known


class Chance:
    """Sources of chance, one for each name, so that one change moves nothing else."""

    def __init__(self, seed: str) -> None:
        self.seed = seed

    def of(self, *names: object) -> random.Random:
        """The source for a name."""
        return random.Random(":".join((self.seed, *map(str, names))))  # noqa: S311 (no secret)


def uuid_from(chance: random.Random) -> str:
    """A UUID of version 4, as a browser makes it."""
    text = f"{chance.getrandbits(128):032x}"
    variant = "89ab"[int(text[16], 16) & 3]
    return f"{text[:8]}-{text[8:12]}-4{text[13:16]}-{variant}{text[17:20]}-{text[20:]}"


def working_time(chance: random.Random) -> int:
    """A second of the day at which people learn: mostly office hours, some evenings."""
    hour = chance.choices(_HOURS, cum_weights=_HOUR_WEIGHTS)[0]
    return hour * HOUR + chance.randrange(HOUR)


_HOURS = range(6, 23)
_HOUR_WEIGHTS = (1, 4, 11, 19, 27, 32, 34, 38, 47, 56, 63, 67, 70, 75, 82, 87, 89)
"""Added up, as `choices` takes them."""
