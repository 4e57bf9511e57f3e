"""Plausible names: family names as often as they are, given names by gender and generation.

Three in a hundred come from a list of hard cases: one word and many, a tone apart, đ and Đ,
hyphens and apostrophes, capitals, the same name again and again. Twelve in a hundred are built
as minorities build theirs: with or without a family name, before or behind.
"""

from __future__ import annotations

import csv
import random
from collections.abc import Iterable, Mapping
from functools import lru_cache
from itertools import accumulate
from pathlib import Path

from app.kernel.words import fold, name_sort_key, nfc

_HARD_EVERY = 33
"""Every so many learners a hard case, in turn; more often where there are few learners."""
_MINORITY_SHARE = 0.12
_YOUNGER_SINCE = 1984


def _rows(file: str) -> list[dict[str, str]]:
    with Path(__file__).with_name(file).open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


class _Weighted:
    """Rows of a table, drawn as often as their weight says."""

    def __init__(self, rows: Iterable[Mapping[str, str]]) -> None:
        self.rows = list(rows)
        self.weights = list(accumulate(int(row["weight"]) for row in self.rows))

    def draw(self, chance: random.Random) -> Mapping[str, str]:
        return chance.choices(self.rows, cum_weights=self.weights)[0]


class Names:
    """Draws names; hard cases come in turn."""

    def __init__(self, chance: random.Random, *, people: int = 0) -> None:
        self._chance = chance
        self._hard = _rows("hard_names.csv")
        self._hard_every = min(_HARD_EVERY, max(3, people // len(self._hard)))
        self._families = _Weighted(_rows("family_names.csv"))
        self._parts: dict[tuple[str, str, str], _Weighted] = {}
        self._minorities: dict[str, _Weighted] = {}
        given, minorities = _rows("given_names.csv"), _rows("minority_names.csv")
        for gender in ("male", "female"):
            self._minorities[gender] = _Weighted(r for r in minorities if r["gender"] == gender)
            for generation in ("older", "younger"):
                for part in ("middle", "given"):
                    place = (part, gender, generation)
                    self._parts[place] = _Weighted(
                        row
                        for row in given
                        if (row["part"], row["gender"], row["generation"]) == place
                    )

    def hard(self, number: int) -> tuple[str, str] | None:
        """The hard case (name, gender) that a learner's number brings, if any."""
        turn, rest = divmod(number, self._hard_every)
        if rest:
            return None
        row = self._hard[turn % len(self._hard)]
        return nfc(row["name"]), row["gender"]

    def draw(self, gender: str, birth_year: int) -> str:
        """A name for somebody of a gender born in a year."""
        chance = self._chance
        if chance.random() < _MINORITY_SHARE:
            row = self._minorities[gender].draw(chance)
            first = chance.choice(row["first"].split("|"))
            second = chance.choice(row["second"].split("|"))
            return nfc(row["pattern"].format(first, second))
        generation = "younger" if birth_year >= _YOUNGER_SINCE else "older"
        family = self._families.draw(chance)["name"]
        given = self._parts["given", gender, generation].draw(chance)["name"]
        middle = given
        while middle.endswith(given):
            middle = self._parts["middle", gender, generation].draw(chance)["name"]
        return nfc(f"{family} {middle} {given}")


@lru_cache(maxsize=20_000)
def keys_of(full_name: str) -> tuple[str, str]:
    """What a name is sorted and searched by, as `Person.rename` sets them."""
    return name_sort_key(full_name), fold(full_name)
