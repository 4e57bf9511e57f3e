"""Vietnamese text: normal form, search folding, sorting, dates and numbers for people.

Sources: domain.md sections 6.2 to 6.4 (measured against the reference collation).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import date, datetime
from decimal import Decimal
from functools import cache
from typing import Any

from app.kernel import clock

Translate = Callable[[str], str]
_translate: Translate = str


def _as_written(_language: str) -> Translate:
    return str


_catalogue: Callable[[str], Translate] = _as_written
_speaking: ContextVar[Translate | None] = ContextVar("speaking", default=None)


def set_translator(translate: Translate) -> None:
    """Let lazy words speak the reader's language (the web frame and commands fill this)."""
    global _translate
    _translate = translate


def set_catalogue(catalogue: Callable[[str], Translate]) -> None:
    """Where `speaking` finds the sentences of a language (the web frame fills this)."""
    global _catalogue
    _catalogue = catalogue


@contextmanager
def speaking(language: str) -> Iterator[None]:
    """Let words speak one language in a block: for files and jobs, which nobody reads yet.

    A sentence is looked up once, however many rows say it.
    """
    token = _speaking.set(cache(_catalogue(language)))
    try:
        yield
    finally:
        _speaking.reset(token)


class Words:
    """A sentence kept in its source language until somebody reads it.

    Domain code cannot know who reads, so it hands out Words; `str()` translates.
    """

    def __init__(self, source: str, **values: Any) -> None:
        self.source = source
        self.values = values

    def __str__(self) -> str:
        text = (_speaking.get() or _translate)(self.source)
        return text % self.values if self.values else text

    def __repr__(self) -> str:
        return f"Words({self.source!r})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Words) and (self.source, self.values) == (
            other.source,
            other.values,
        )

    def __hash__(self) -> int:
        return hash(self.source)

    def __html__(self) -> str:
        from markupsafe import escape

        return str(escape(str(self)))


def _l(source: str, **values: Any) -> Words:
    """Mark a Vietnamese sentence for translation; values fill its %(name)s places."""
    return Words(source, **values)


def nfc(text: str) -> str:
    """One spelling for one word: NFC, single spaces, no outer space, no control characters."""
    if (
        # Most texts are so already. A printable text has no space but the plain one.
        text.isprintable()
        and "  " not in text
        and not text.startswith(" ")
        and not text.endswith(" ")
        and unicodedata.is_normalized("NFC", text)
    ):
        return text
    text = "".join(" " if c.isspace() else c for c in text if c.isspace() or c.isprintable())
    # Last, since a letter and its mark may meet only once what stood between them is gone.
    return unicodedata.normalize("NFC", " ".join(text.split()))


_FOLD_TABLE: dict[int, str] = {ord("đ"): "d", ord("Đ"): "d"}


def fold(text: str) -> str:
    """Text as people type it in a hurry: lower case, no marks, đ as d, single spaces."""
    decomposed = unicodedata.normalize("NFD", text.translate(_FOLD_TABLE))
    bare = "".join(c for c in decomposed if not unicodedata.combining(c))
    return " ".join(bare.lower().split())


# Letters in Vietnamese order; ă â đ ê ô ơ ư are letters of their own (domain.md 6.4).
# A key is made of hexadecimal digits alone: whatever collation a PostgreSQL database has,
# it leaves their order as it is, while most of them skip signs.
_LETTERS = "aăâbcdđeêfghijklmnoôơpqrstuưvwxyz"
_LETTER_RANK = {letter: f"{rank:02x}" for rank, letter in enumerate(_LETTERS, start=0x30)}
_PLAIN, _END = "10", "00"
_TONES = {"\u0300": "11", "\u0309": "12", "\u0303": "13", "\u0301": "14", "\u0323": "15"}
_SHAPES = {"\u0306", "\u0302", "\u031b"}


def sort_key(text: str) -> str:
    """A string whose order is Vietnamese order: letters first, then tones, then case.

    Spaces and signs come before digits, digits before letters. About 50 µs a name, so it
    is computed when a name is saved, never when a list is read.
    """
    letters: list[str] = []
    tones: list[str] = []
    cases: list[str] = []
    clusters: list[list[str]] = []
    for char in unicodedata.normalize("NFD", text.strip()):
        if unicodedata.combining(char) and clusters:
            clusters[-1].append(char)
        else:
            clusters.append([char])
    for base, *marks in clusters:
        shape = "".join(m for m in marks if m in _SHAPES)
        letter = unicodedata.normalize("NFC", base.lower() + shape)
        if letter in _LETTER_RANK:
            letters.append(_LETTER_RANK[letter])
        elif base.isdigit():
            letters.append(f"{0x20 + unicodedata.digit(base, 0):02x}")
        elif base.isalpha():
            letters.append(f"ff{ord(base):06x}")
        else:
            letters.append(f"{0x10 if base.isspace() else 0x11:02x}")
        tones.append(next((_TONES[m] for m in marks if m in _TONES), _PLAIN))
        cases.append("11" if base.isupper() else _PLAIN)
    return "".join(letters) + _END + _without_tail(tones) + _END + _without_tail(cases)


def _without_tail(weights: list[str]) -> str:
    """Weights without the plain ones at the end, so that keys stay short."""
    kept = len(weights)
    while kept and weights[kept - 1] == _PLAIN:
        kept -= 1
    return "".join(weights[:kept])


def name_sort_key(full_name: str) -> str:
    """The key that lists people: by given name (the last word), then by the whole name."""
    words = full_name.split()
    return sort_key(words[-1] if words else "") + _END + sort_key(full_name)


# Both placements of a tone on oa, oe, uy are the same word: folding makes them equal.
name_fold = fold


def show_date(value: date | datetime | None) -> str:
    """23/11/2026; nothing for no date. A moment is shown as its day in Vietnam."""
    if value is None:
        return ""
    if isinstance(value, datetime):
        value = clock.local_date(value)
    return f"{value.day:02}/{value.month:02}/{value.year}"


def show_moment(value: datetime | None) -> str:
    """08:05 23/11/2026, in Vietnam's time."""
    if value is None:
        return ""
    there = clock.local(value)
    return f"{there.hour:02}:{there.minute:02} {show_date(there.date())}"


def show_long_date(value: date) -> str:
    """ "ngày 23 tháng 11 năm 2026"; zero before days under 10 and months 1 and 2 only.

    Source: Decree 30/2020/NĐ-CP as reported in domain.md 6.1.
    """
    month = f"{value.month:02}" if value.month < 3 else str(value.month)
    return f"ngày {value.day:02} tháng {month} năm {value.year}"


def show_number(value: int | float | Decimal | None, decimals: int | None = None) -> str:
    """1.234,5: a dot between thousands, a comma before decimals."""
    if value is None:
        return ""
    if decimals is None:
        decimals = 0 if float(value).is_integer() else 1
    text = f"{value:,.{decimals}f}"
    return text.translate(str.maketrans(",.", ".,"))


def show_percent(share: float | None) -> str:
    """87,5% from 0.875; whole per cents without decimals."""
    if share is None:
        return ""
    return show_number(round(share * 100, 1)) + "%"


_DATE = re.compile(r"(\d{1,2})[/.\-](\d{1,2})[/.\-](\d{4})")


def read_date(text: str) -> date | None:
    """A date as Vietnamese type it (23/11/2026) or as a browser sends it (2026-11-23).

    None for what is no date, and for years before 1900: those are slips of the finger.
    """
    text = text.strip()
    try:
        if match := _DATE.fullmatch(text):
            day, month, year = map(int, match.groups())
            found = date(year, month, day)
        else:
            found = date.fromisoformat(text)
    except ValueError:
        return None
    return found if found.year >= 1900 else None
